#include "relay/digest.h"

#include "base/arena.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	struct digest_map *map;
};

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/mamori-known-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_true(digest_map_open(f->folder, &f->map, NULL));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	digest_map_close(f->map);
	assert_true(dir_remove_all(f->folder, NULL));
	free(f);
	return 0;
}

static void
name_of(unsigned i, char url[64], struct digest *d)
{
	snprintf(url, 64, "http://h/pool/%u.deb", i);
	memset(d, 0, sizeof(*d));
	memcpy(d->sha256, &i, sizeof(i));
	d->size = i + 1;
}

static void
learn(struct digest_map *m, const char *source, unsigned from, unsigned until)
{
	DIGEST_BATCH_AUTO b = digest_batch_new();
	char url[64];
	struct digest d;
	for (unsigned i = from; i < until; i++) {
		name_of(i, url, &d);
		digest_batch_add(b, str_of(url), &d);
	}
	assert_true(digest_map_replace(m, str_of(source), b, NULL));
}

static bool
knows(struct digest_map *m, unsigned i)
{
	char url[64];
	struct digest d, found;
	name_of(i, url, &d);
	if (!digest_find(m, str_of(url), &found))
		return false;
	assert_memory_equal(d.sha256, found.sha256, SHA256_LEN);
	assert_int_equal(d.size, found.size);
	return true;
}

static void
finds_every_name(void **state)
{
	struct fixture *f = *state;
	learn(f->map, "one", 0, 5000);
	learn(f->map, "two", 5000, 6000);
	assert_int_equal(digest_map_count(f->map), 6000);
	for (unsigned i = 0; i < 6000; i++)
		assert_true(knows(f->map, i));
	assert_false(knows(f->map, 6000));
	digest_map_close(f->map);
	assert_true(digest_map_open(f->folder, &f->map, NULL));
	assert_true(knows(f->map, 0) && knows(f->map, 5999));
	assert_true(digest_map_has(f->map, STR("one"), NULL));
	assert_false(digest_map_has(f->map, STR("three"), NULL));
}

static void
a_source_is_replaced_whole(void **state)
{
	struct fixture *f = *state;
	learn(f->map, "one", 0, 10);
	learn(f->map, "one", 5, 15);
	assert_false(knows(f->map, 0));
	assert_true(knows(f->map, 14));
	learn(f->map, "one", 0, 0);
	assert_false(knows(f->map, 14));
	assert_int_equal(digest_map_count(f->map), 0);
}

static void
damage_is_not_known(void **state)
{
	struct fixture *f = *state;
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct str *names;
	size_t count;
	learn(f->map, "one", 0, 100);
	assert_true(dir_list(&a, f->folder, 10, &names, &count, NULL));
	assert_int_equal(count, 1);
	const char *path = path_join(&a, f->folder, arena_cstr(&a, names[0]));
	assert_true(file_read(path, 1 << 20, &text, NULL));
	for (size_t i = 0; i < text.len; i += 97) {
		text.ptr[i] ^= 1;
		assert_true(file_write(path, buf_str(&text), 0644, NULL));
		digest_map_close(f->map);
		assert_true(digest_map_open(f->folder, &f->map, NULL));
		assert_int_equal(digest_map_count(f->map), 0);
		text.ptr[i] ^= 1;
	}
	assert_true(file_write(path, str_head(buf_str(&text), text.len - 1), 0644, NULL));
	digest_map_close(f->map);
	assert_true(digest_map_open(f->folder, &f->map, NULL));
	assert_int_equal(digest_map_count(f->map), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_every_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_source_is_replaced_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_is_not_known, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
