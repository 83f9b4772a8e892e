#include "relay/cache.h"

#include "relay/cache-internal.h"

#include "base/arena.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#define URL STR("http://deb.example.org/a.deb")

struct fixture {
	struct arena a;
	char folder[64];
	struct cache *cache;
	int64_t now;
	struct clock clock;
	uint64_t size_max;
	int64_t age_max;
};

static int64_t
now_is(void *user)
{
	return ((struct fixture *)user)->now;
}

static void
open_again(struct fixture *f)
{
	const struct cache_options o = { f->folder, f->size_max, f->age_max, &f->clock };
	struct err e = { 0 };
	cache_close(f->cache);
	f->cache = NULL;
	if (!cache_open(&o, &f->cache, &e))
		fail_msg("%s", e.text);
}

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/mamori-cache-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->now = INT64_C(1800000000000);
	f->clock = (struct clock){ now_is, f };
	f->size_max = 1000;
	open_again(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	cache_close(f->cache);
	assert_true(dir_remove_all(f->folder, NULL));
	arena_free(&f->a);
	free(f);
	return 0;
}

/* A file of that content beside the cache, and its digest. */
static const char *
file_of(struct fixture *f, struct str content, char sha256[SHA256_HEX_LEN])
{
	const char *path = path_join(&f->a, f->folder, "source");
	assert_true(file_write(path, content, 0644, NULL));
	sha256_hex(content, sha256);
	return path;
}

static void
put(struct fixture *f, const char *url, char fill, size_t size)
{
	char sha256[SHA256_HEX_LEN];
	struct err e = { 0 };
	BUF_AUTO content = { 0 };
	memset(buf_reserve(&content, size), fill, size);
	content.len = size;
	const char *path = file_of(f, buf_str(&content), sha256);
	if (!cache_put(f->cache, str_of(url), path, sha256, size, &e))
		fail_msg("%s", e.text);
}

static void
keeps_what_it_was_given(void **state)
{
	struct fixture *f = *state;
	char sha256[SHA256_HEX_LEN];
	struct cache_entry entry;
	uint64_t size;
	char text[16] = { 0 };
	assert_false(cache_has(f->cache, URL));
	const char *path = file_of(f, STR("hello"), sha256);
	assert_true(cache_put(f->cache, URL, path, sha256, 5, NULL));
	for (int i = 0; i < 2; i++) {
		assert_true(cache_has(f->cache, URL));
		assert_true(cache_has(f->cache, str_of(sha256)));
		assert_true(cache_find(f->cache, URL, &entry));
		assert_string_equal(entry.sha256, sha256);
		assert_int_equal(entry.size, 5);
		assert_true(entry.verified);
		FD_AUTO fd = cache_object(f->cache, sha256, &size);
		assert_true(fd >= 0);
		assert_int_equal(read(fd, text, sizeof(text)), 5);
		assert_memory_equal(text, "hello", 5);
		open_again(f);
	}
}

static void
refuses_another_file(void **state)
{
	struct fixture *f = *state;
	char sha256[SHA256_HEX_LEN], other[SHA256_HEX_LEN];
	struct err e = { 0 };
	const char *path = file_of(f, STR("hello"), sha256);
	sha256_hex(STR("hullo"), other);
	assert_false(cache_put(f->cache, URL, path, other, 5, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(cache_put(f->cache, URL, path, sha256, 4, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(cache_put(f->cache, URL, path, sha256, 6, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(cache_has(f->cache, URL));
	assert_false(cache_has(f->cache, str_of(sha256)));
	assert_int_equal(cache_stats(f->cache).objects, 0);
}

static void
lets_the_least_used_go(void **state)
{
	struct fixture *f = *state;
	uint64_t size;
	struct cache_entry entry;
	put(f, "http://h/1", 'a', 400);
	f->now += 1000;
	put(f, "http://h/2", 'b', 400);
	f->now += 1000;
	assert_true(cache_find(f->cache, STR("http://h/1"), &entry));
	put(f, "http://h/3", 'c', 400);
	assert_false(cache_has(f->cache, STR("http://h/1")));
	assert_true(cache_has(f->cache, STR("http://h/2")));
	assert_true(cache_has(f->cache, STR("http://h/3")));
	assert_int_equal(cache_stats(f->cache).bytes, 800);
	assert_int_equal(cache_stats(f->cache).evicted, 1);
	/* What could never fit drives nobody out. */
	assert_int_equal(cache_evict(f->cache, 5000), 0);
	/* An open file stays readable. */
	assert_true(cache_find(f->cache, STR("http://h/2"), &entry));
	FD_AUTO fd = cache_object(f->cache, entry.sha256, &size);
	assert_int_equal(cache_evict(f->cache, 1000), 2);
	char byte;
	assert_int_equal(pread(fd, &byte, 1, 399), 1);
	assert_int_equal(byte, 'b');
}

static void
age_is_slow(void **state)
{
	struct fixture *f = *state;
	f->size_max = 1 << 20;
	f->age_max = 1000;
	open_again(f);
	for (int i = 0; i < 48; i++) {
		char url[32];
		snprintf(url, sizeof(url), "http://h/%d", i);
		put(f, url, (char)('A' + i), 10);
	}
	f->now += 100000;
	/* A clock that ran away empties no more than a twenty-fourth before somebody can see it. */
	open_again(f);
	assert_int_equal(cache_evict(f->cache, 0), 3);
	assert_int_equal(cache_evict(f->cache, 0), 0);
	assert_int_equal(cache_stats(f->cache).objects, 45);
}

static void
journal_survives(void **state)
{
	struct fixture *f = *state;
	const char *journal = path_join(&f->a, f->folder, "journal");
	put(f, "http://h/1", 'a', 10);
	put(f, "http://h/2", 'b', 10);
	FD_AUTO fd = open(journal, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "not json\n{\"url\":\"http://h/3\"}\n{\"url\":\"http", 43), 43);
	open_again(f);
	assert_true(cache_has(f->cache, STR("http://h/1")));
	assert_true(cache_has(f->cache, STR("http://h/2")));
	assert_false(cache_has(f->cache, STR("http://h/3")));
	/* What is written behind the torn line is a line of its own. */
	put(f, "http://h/4", 'd', 10);
	assert_true(cache_forget(f->cache, STR("http://h/1"), NULL));
	assert_true(cache_has(f->cache, STR("http://h/4")));
	open_again(f);
	assert_true(cache_has(f->cache, STR("http://h/4")));
	assert_false(cache_has(f->cache, STR("http://h/1")));
}

static void
others_add_to_it(void **state)
{
	struct fixture *f = *state;
	const struct cache_options o = { f->folder, 1000, 0, &f->clock };
	struct cache *mine = f->cache, *second = NULL;
	struct err e = { 0 };
	if (!cache_open(&o, &second, &e))
		fail_msg("%s", e.text);
	f->cache = second;
	put(f, "http://h/1", 'a', 10);
	f->cache = mine;
	assert_true(cache_has(mine, STR("http://h/1")));
	put(f, "http://h/2", 'b', 10);
	assert_true(cache_has(second, STR("http://h/2")));
	/* A newer file of a name that this one knows: by its digest it is there at once. */
	f->cache = second;
	put(f, "http://h/2", 'c', 12);
	f->cache = mine;
	unsigned char digest[SHA256_LEN];
	sha256(STR("cccccccccccc"), digest);
	struct blob *b = cache_open_digest(mine, digest);
	assert_non_null(b);
	assert_int_equal(b->size, 12);
	blob_unref(b);
	cache_close(second);
	assert_true(cache_has(mine, STR("http://h/1")));
}

static void
what_was_cut_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct cache_entry entry;
	put(f, "http://h/1", 'a', 100);
	assert_true(cache_find(f->cache, STR("http://h/1"), &entry));
	BUF_AUTO path = { 0 };
	buf_addf(&path, "%s/objects/%.2s/%s", f->folder, entry.sha256, entry.sha256);
	assert_int_equal(truncate(path.ptr, 50), 0);
	open_again(f);
	assert_false(cache_find(f->cache, STR("http://h/1"), &entry));
	put(f, "http://h/1", 'a', 100);
	assert_true(cache_find(f->cache, STR("http://h/1"), &entry));
	assert_int_equal(cache_stats(f->cache).bytes, 100);
}

/* By a broken disk, or by somebody, while the relay runs: it is looked at when it is opened. */
static void
what_is_cut_meanwhile_is_not_opened(void **state)
{
	static const off_t wrong[] = { 99, 0, 101 };
	struct fixture *f = *state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct cache_entry entry;
		unsigned char digest[SHA256_LEN];
		BUF_AUTO path = { 0 };
		put(f, "http://h/1", 'a', 100);
		open_again(f);
		assert_true(cache_find(f->cache, STR("http://h/1"), &entry));
		buf_addf(&path, "%s/objects/%.2s/%s", f->folder, entry.sha256, entry.sha256);
		assert_int_equal(truncate(path.ptr, wrong[i]), 0);
		assert_true(cache_sha256(entry.sha256, digest));
		/* By its name, or by its digest. */
		if (i % 2 == 0)
			assert_null(cache_open_url(f->cache, STR("http://h/1"), &entry));
		else
			assert_null(cache_open_digest(f->cache, digest));
		assert_false(cache_has(f->cache, STR("http://h/1")));
		put(f, "http://h/1", 'a', 100);
		struct blob *b = cache_open_url(f->cache, STR("http://h/1"), &entry);
		assert_non_null(b);
		assert_int_equal(b->size, 100);
		blob_unref(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_what_it_was_given, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_another_file, setup, teardown),
		cmocka_unit_test_setup_teardown(lets_the_least_used_go, setup, teardown),
		cmocka_unit_test_setup_teardown(age_is_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(journal_survives, setup, teardown),
		cmocka_unit_test_setup_teardown(others_add_to_it, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_cut_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_cut_meanwhile_is_not_opened, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
