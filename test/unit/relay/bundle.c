#include "relay/bundle.h"

#include "base/json.h"
#include "relay/limit.h"

#include "../os/unit.h"

#include <sys/stat.h>
#include <unistd.h>

static const int64_t DAY = INT64_C(86400000), MADE = INT64_C(1790000000000);

struct scene {
	struct arena a;
	struct key *key;
	const char *data, *stick;
	struct cache *cache;
	struct digest_map *digests;
	struct clock clock;
	int64_t now;
	size_t letters, files, asked; /* what the callbacks saw; asked: fail the n-th file */
	struct buf names;
};

static int64_t
scene_now(void *user)
{
	return ((struct scene *)user)->now;
}

static struct scene *
scene_new(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	s->now = MADE + DAY;
	s->clock = (struct clock){ scene_now, s };
	s->data = arena_cstr(&s->a, str_of(unit_path(state, "relay")));
	s->stick = arena_cstr(&s->a, str_of(unit_path(state, "stick")));
	assert_ok(dir_make(s->data, 0700, &unit_err));
	assert_ok(key_generate(&s->key, &unit_err));
	struct cache_options o = { .folder = unit_path(state, "relay/cache"), .size_max = 1 << 30, .clock = &s->clock };
	assert_ok(cache_open(&o, &s->cache, &unit_err));
	assert_ok(digest_map_open(unit_path(state, "relay/known"), &s->digests, &unit_err));
	return s;
}

static void
scene_free(struct scene *s)
{
	digest_map_close(s->digests);
	cache_close(s->cache);
	key_free(s->key);
	buf_free(&s->names);
	arena_free(&s->a);
	free(s);
}

struct what {
	const char *kind, *name, *text, *url;
};

/* A bundle of these members for the site "ward", below the stick. */
static const char *
bundle(struct scene *s, int64_t counter, int64_t since, const struct what *what, size_t count)
{
	BUF_AUTO id = { 0 };
	assert_ok(key_id(s->key, &id, &unit_err));
	struct bundle_make w = {
		.folder = arena_printf(&s->a, "%s/mamori-down-ward-%lld", s->stick, (long long)counter).ptr,
		.part_size = 64,
		.sign = bundle_sign_key,
		.sign_user = s->key
	};
	w.head = (struct bundle_head){ .id = arena_printf(&s->a, "id-%lld", (long long)counter),
				       .site = STR("ward"),
				       .server = STR("main"),
				       .key = arena_str(&s->a, buf_str(&id)),
				       .counter = counter,
				       .since = since,
				       .made = MADE,
				       .expires = MADE + 30 * DAY };
	for (size_t i = 0; i < count; i++) {
		struct bundle_member m = { .kind = str_of(what[i].kind), .name = str_of(what[i].name) };
		const char *path = arena_printf(&s->a, "%s/in-%lld-%zu", s->data, (long long)counter, i).ptr;
		assert_ok(file_write(path, str_of(what[i].text), 0600, &unit_err));
		assert_ok(bundle_member_prepare(&s->a, path, s->data, false, &m, &unit_err));
		if (what[i].url) {
			m.urls = ARENA_ARRAY(&s->a, struct str, 2);
			m.urls[0] = str_of(what[i].url);
			m.urls[1] = arena_printf(&s->a, "%s-too", what[i].url);
			m.url_count = 2;
		}
		*ARRAY_PUSH(&s->a, &w.list.members) = m;
	}
	assert_ok(bundle_make(&w, &s->a, NULL, &unit_err));
	return w.folder;
}

static bool
on_letter(void *user, struct str host, struct str bytes, struct err *e)
{
	struct scene *s = user;
	(void)bytes, (void)e;
	s->letters++;
	buf_addf(&s->names, "%.*s ", STR_ARG(host));
	return true;
}

static bool
on_file(void *user, struct str kind, struct str name, const char *path, struct err *e)
{
	struct scene *s = user;
	if (++s->files == s->asked)
		return err_set(e, ERR_SYSTEM, "the power went");
	assert_true(file_exists(path));
	buf_addf(&s->names, "%.*s:%.*s ", STR_ARG(kind), STR_ARG(name));
	return true;
}

static bool
take(struct scene *s, enum bundle_reason *reason, struct relay_bundle_result *r)
{
	struct relay_bundle_import in = { .data = s->data,
					  .folder = s->stick,
					  .key = s->key,
					  .cache = s->cache,
					  .digests = s->digests,
					  .clock = &s->clock,
					  .letter = on_letter,
					  .file = on_file,
					  .user = s };
	return relay_bundle_take(&in, &s->a, r, reason, &unit_err);
}

static void
refused(struct scene *s, enum bundle_reason expected, const char *words)
{
	enum bundle_reason reason;
	struct relay_bundle_result r;
	if (take(s, &reason, &r))
		fail_msg("taken, though %s", bundle_reason_name(expected));
	if (reason != expected || !strstr(unit_err.text, words))
		fail_msg("%s: %s", bundle_reason_name(reason), unit_err.text);
}

static int64_t
counter(struct scene *s)
{
	struct relay_bundle_state st;
	assert_ok(relay_bundle_state_read(s->data, &s->a, &st, &unit_err));
	return st.counter;
}

static const struct what first[] = {
	{ "content", "Release", "the release of a suite, which is somewhat longer than a part",
	  "http://deb.example.org/dists/s/InRelease" },
	{ "content", "a.deb", "package a", "http://deb.example.org/pool/a.deb" },
	{ "content", "b.deb", "package b", "http://deb.example.org:80/pool/b.deb" },
	{ "letter", "host-1", "a letter", NULL },
	{ "tuf", "1.root.json", "{}", NULL },
	{ "index", "feeds", "feeds", NULL },
	{ "later", "news", "of a newer server", NULL },
};

static void
a_bundle_is_taken_in(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	struct cache_entry entry;
	struct digest d;
	refused(s, BUNDLE_UNREADABLE, "stick");
	assert_ok(dir_make(s->stick, 0755, &unit_err));
	refused(s, BUNDLE_NONE, "no bundle");
	bundle(s, 1, 0, first, COUNT(first));
	if (!take(s, &reason, &r))
		fail_msg("%s", unit_err.text);
	assert_int_equal(r.content, 3);
	assert_int_equal(r.letters, 1);
	assert_string_equal(buf_cstr(&s->names), "host-1 later:news tuf: index:feeds ");
	assert_true(cache_find(s->cache, STR("http://deb.example.org/pool/b.deb"), &entry));
	assert_true(entry.verified);
	assert_true(cache_has(s->cache, STR("http://deb.example.org/pool/a.deb-too")));
	assert_true(digest_find(s->digests, STR("http://deb.example.org/dists/s/InRelease"), &d));
	assert_int_equal(counter(s), 1);
	assert_false(file_exists(arena_printf(&s->a, "%s/bundles/id-1", s->data).ptr));
	refused(s, BUNDLE_OLD, "number 1");
	scene_free(s);
}

/* `bundle import` is another program than `relay run`: what that was told about its size counts. */
static void
an_import_keeps_to_the_size_that_the_relay_was_told(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	static const uint64_t sizes[] = { 20, 1 << 20 }; /* the bundle's files have some 60 bytes */
	bundle(s, 1, 0, first, COUNT(first));
	assert_int_equal(cache_limit_kept(s->data), 0);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_ok(cache_limit_keep(s->data, sizes[i], &unit_err));
		assert_int_equal(cache_limit_kept(s->data), sizes[i]);
		cache_close(s->cache);
		struct cache_options o = { .folder = unit_path(state, "relay/cache"),
					   .size_max = cache_limit_kept(s->data),
					   .clock = &s->clock };
		assert_ok(cache_open(&o, &s->cache, &unit_err));
		assert_int_equal(cache_stats(s->cache).size_max, sizes[i]);
		assert_int_equal(take(s, &reason, &r), i == 1);
		if (i == 0)
			assert_int_equal(unit_err.code, ERR_NO_SPACE);
	}
	assert_ok(cache_limit_keep(s->data, 0, &unit_err)); /* back to what the disk gives */
	assert_int_equal(cache_limit_kept(s->data), 0);
	scene_free(s);
}

static void
of_several_the_oldest_new_one(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	struct digest d;
	static const struct what second[] = { { "content", "c.deb", "package c",
						"http://deb.example.org/pool/c.deb" } };
	bundle(s, 3, 2, second, 1);
	refused(s, BUNDLE_GAP, "number 2");
	bundle(s, 2, 0, first, 2);
	assert_ok(take(s, &reason, &r));
	assert_int_equal(r.head.counter, 2);
	assert_ok(take(s, &reason, &r));
	assert_int_equal(r.head.counter, 3);
	assert_true(digest_find(s->digests, STR("http://deb.example.org/pool/a.deb"), &d));
	assert_true(digest_find(s->digests, STR("http://deb.example.org/pool/c.deb"), &d));
	bundle(s, 4, 0, second, 1);
	assert_ok(take(s, &reason, &r));
	assert_int_equal(r.there, 1);
	assert_false(digest_find(s->digests, STR("http://deb.example.org/pool/a.deb"), &d));
	scene_free(s);
}

static void
what_broke_off_goes_on(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	bundle(s, 1, 0, first, COUNT(first));
	s->asked = 1;
	refused(s, BUNDLE_UNREADABLE, "power");
	assert_int_equal(counter(s), 0);
	s->asked = 0;
	assert_ok(take(s, &reason, &r));
	assert_int_equal(r.bytes, 0);
	assert_int_equal(r.there, 3);
	assert_int_equal(counter(s), 1);
	scene_free(s);
}

static void
parts_on_two_media(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	const char *folder = bundle(s, 1, 0, first, COUNT(first)), *away = unit_path(state, "away");
	const char *one = bundle_part_path(&s->a, folder, 0), *two = bundle_part_path(&s->a, folder, 1);
	assert_int_equal(rename(two, away), 0);
	refused(s, BUNDLE_INCOMPLETE, "missing: 2");
	assert_false(cache_has(s->cache, STR("http://deb.example.org/pool/a.deb")));
	assert_int_equal(rename(away, two), 0);
	assert_int_equal(unlink(one), 0);
	assert_ok(take(s, &reason, &r));
	assert_int_equal(r.content, 3);
	scene_free(s);
}

static void
others_are_foreign(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct relay_bundle_result r;
	bundle(s, 1, 0, first, 2);
	struct relay_bundle_import in = { .data = s->data,
					  .folder = s->stick,
					  .key = s->key,
					  .site = STR("laboratory"),
					  .cache = s->cache,
					  .clock = &s->clock };
	assert_false(relay_bundle_take(&in, &s->a, &r, &reason, &unit_err));
	assert_int_equal(reason, BUNDLE_FOREIGN_SITE);
	KEY_AUTO other = NULL;
	assert_ok(key_generate(&other, &unit_err));
	in.site = STR("ward");
	in.key = other;
	assert_false(relay_bundle_take(&in, &s->a, &r, &reason, &unit_err));
	assert_int_equal(reason, BUNDLE_FOREIGN_SERVER);
	s->now = MADE + 31 * DAY;
	refused(s, BUNDLE_EXPIRED, "expired");
	assert_int_equal(counter(s), 0);
	scene_free(s);
}

/* A clock that was set back does not make an expired bundle good: the last signed time counts. */
static void
the_clock_is_the_later_one(void **state)
{
	struct scene *s = scene_new(state);
	struct relay_bundle_state st = { .site = STR("ward"), .id = STR("x"), .counter = 0, .seen = MADE + 40 * DAY };
	BUF_AUTO text = { 0 };
	relay_bundle_state_write(&st, &(struct json_writer){ .out = &text });
	assert_ok(dir_make(unit_path(state, "relay/bundles"), 0700, &unit_err));
	assert_ok(file_write(unit_path(state, "relay/bundles/state.json"), buf_str(&text), 0600, &unit_err));
	bundle(s, 1, 0, first, 2);
	s->now = MADE;
	refused(s, BUNDLE_EXPIRED, "expired");
	scene_free(s);
}

static void
hostile_members(void **state)
{
	static const struct {
		struct what what;
		enum bundle_reason reason;
		const char *words;
	} cases[] = {
		{ { "content", "x", "y", "not a url" }, BUNDLE_DAMAGED, "address" },
		{ { "content", "x", "y", "file:///etc/passwd" }, BUNDLE_DAMAGED, "address" },
		{ { "tuf", "a/b.json", "y", NULL }, BUNDLE_DAMAGED, "name" },
		{ { "index", ".hidden", "y", NULL }, BUNDLE_DAMAGED, "name" },
		{ { "tuf", "../../etc/passwd", "y", NULL }, BUNDLE_DAMAGED, "malformed" },
		{ { "letter", "/etc/passwd", "y", NULL }, BUNDLE_DAMAGED, "malformed" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene *s = scene_new(state);
		bundle(s, 1, 0, &cases[i].what, 1);
		refused(s, cases[i].reason, cases[i].words);
		assert_int_equal(counter(s), 0);
		scene_free(s);
		assert_ok(dir_remove_all(unit_path(state, "relay"), &unit_err));
		assert_ok(dir_remove_all(unit_path(state, "stick"), &unit_err));
	}
	BUF_AUTO name = { 0 };
	memset(buf_reserve(&name, 100 << 10), 'a', 100 << 10);
	name.len = 100 << 10;
	struct scene *s = scene_new(state);
	const struct what huge = { "letter", buf_cstr(&name), "y", NULL };
	bundle(s, 1, 0, &huge, 1);
	refused(s, BUNDLE_DAMAGED, "list of members");
	scene_free(s);
}

static void
what_goes_back(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	struct bundle_head head;
	struct bundle_list list;
	const char *folder = NULL,
		   *letters[] = { unit_path(state, "relay/h-1.letter"), unit_path(state, "gone.letter"), NULL };
	assert_ok(file_write(letters[0], STR("signed by its host"), 0600, &unit_err));
	bundle(s, 1, 0, first, 2);
	struct relay_bundle_result r;
	assert_ok(take(s, &reason, &r));
	for (int64_t n = 1; n <= 2; n++) {
		struct relay_bundle_export x = { .data = s->data,
						 .to = s->stick,
						 .server = STR("main"),
						 .from = STR("relay-1"),
						 .key = s->key,
						 .letters = letters,
						 .status = STR("{}"),
						 .life = DAY,
						 .clock = &s->clock };
		assert_ok(relay_bundle_pack(&x, &s->a, &head, &folder, &unit_err));
		assert_int_equal(head.counter, n);
	}
	struct bundle_place p = { .folder = folder };
	assert_ok(bundle_read_head(&p, s->key, &s->a, &head, &reason, &unit_err));
	assert_ok(bundle_read_list(&p, &head, &s->a, &list, &reason, &unit_err));
	assert_ok(bundle_check_parts(&p, &head, &list, &reason, &unit_err));
	assert_int_equal(head.direction, BUNDLE_UP);
	assert_int_equal(head.seen, 1);
	assert_true(str_eq(head.site, STR("ward")) && str_eq(head.from, STR("relay-1")));
	assert_int_equal(list.members.count, 2);
	assert_true(str_eq(list.members.items[1].kind, STR("letter")) &&
		    str_eq(list.members.items[1].name, STR("h-1")));
	scene_free(s);
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_bundle_is_taken_in),
		WITH_FOLDER(of_several_the_oldest_new_one),
		WITH_FOLDER(what_broke_off_goes_on),
		WITH_FOLDER(parts_on_two_media),
		WITH_FOLDER(others_are_foreign),
		WITH_FOLDER(the_clock_is_the_later_one),
		WITH_FOLDER(hostile_members),
		WITH_FOLDER(what_goes_back),
		WITH_FOLDER(an_import_keeps_to_the_size_that_the_relay_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
