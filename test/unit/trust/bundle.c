#include "trust/bundle.h"

#include "base/json.h"

#include "../os/unit.h"

#include <sys/stat.h>
#include <unistd.h>

enum { MEMBERS = 40 };
static const int64_t DAY = INT64_C(86400000), MADE = INT64_C(1790000000000);

struct scene {
	struct arena a;
	struct key *key;
	struct bundle_make w;
	const char *work, *out;
	struct bundle_place place;
	struct bundle_head head;
	struct bundle_list list;
};

/* Bytes that do not pack, and some that do. */
static void
member_add(void **state, struct scene *s, size_t i)
{
	BUF_AUTO text = { 0 };
	struct bundle_member m = { .kind = STR("content"), .url_count = 1 };
	size_t len = 1000 + i * 997;
	if (i % 2) {
		random_bytes(buf_reserve(&text, len), len);
		text.len = len;
	} else {
		while (text.len < len)
			buf_addf(&text, "line of member %zu\n", i);
	}
	const char *path = arena_printf(&s->a, "%s/in-%zu", s->work, i).ptr;
	assert_ok(file_write(path, buf_str(&text), 0600, &unit_err));
	assert_ok(bundle_member_prepare(&s->a, path, s->work, i % 2 == 0, &m, &unit_err));
	assert_int_equal(m.packed, i % 2 == 0);
	m.name = arena_printf(&s->a, "pool/m_%zu.deb", i);
	m.urls = ARENA_ARRAY(&s->a, struct str, 1);
	m.urls[0] = arena_printf(&s->a, "http://deb.example.org/pool/m_%zu.deb", i);
	*ARRAY_PUSH(&s->a, &s->w.list.members) = m;
}

static struct scene *
scene_new(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	s->work = arena_cstr(&s->a, str_of(unit_path(state, "work")));
	s->out = arena_cstr(&s->a, str_of(unit_path(state, "stick/mamori-down-ward-7")));
	assert_ok(dir_make(s->work, 0755, &unit_err));
	assert_ok(key_generate(&s->key, &unit_err));
	BUF_AUTO id = { 0 };
	assert_ok(key_id(s->key, &id, &unit_err));
	s->w = (struct bundle_make){
		.folder = s->out, .part_size = 100000, .sign = bundle_sign_key, .sign_user = s->key
	};
	s->w.head = (struct bundle_head){ .id = STR("abc"),
					  .site = STR("ward"),
					  .server = STR("main"),
					  .key = arena_str(&s->a, buf_str(&id)),
					  .counter = 7,
					  .since = 5,
					  .made = MADE,
					  .expires = MADE + 30 * DAY };
	for (size_t i = 0; i < MEMBERS; i++)
		member_add(state, s, i);
	s->place = (struct bundle_place){ .folder = s->out };
	return s;
}

static void
scene_free(struct scene *s)
{
	key_free(s->key);
	arena_free(&s->a);
	free(s);
}

static void
scene_make(struct scene *s)
{
	size_t kept;
	if (!bundle_make(&s->w, &s->a, &kept, &unit_err))
		fail_msg("%s", unit_err.text);
	assert_int_equal(kept, 0);
}

static bool
scene_read(struct scene *s, enum bundle_reason *reason)
{
	return bundle_read_head(&s->place, s->key, &s->a, &s->head, reason, &unit_err) &&
	       bundle_read_list(&s->place, &s->head, &s->a, &s->list, reason, &unit_err) &&
	       bundle_check_parts(&s->place, &s->head, &s->list, reason, &unit_err);
}

/* Reads, and it must fail for this reason with this in its sentence. */
static void
refused(struct scene *s, enum bundle_reason expected, const char *words)
{
	enum bundle_reason reason;
	if (scene_read(s, &reason))
		fail_msg("taken, though %s", bundle_reason_name(expected));
	if (reason != expected)
		fail_msg("%s instead of %s: %s", bundle_reason_name(reason), bundle_reason_name(expected),
			 unit_err.text);
	if (!strstr(unit_err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", unit_err.text, words);
}

static const char *
part(struct scene *s, size_t i)
{
	return bundle_part_path(&s->a, s->out, i);
}

static void
byte_flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+e");
	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	int c = fgetc(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_true(fputc(c ^ 1, f) != EOF);
	assert_int_equal(fclose(f), 0);
}

static void
what_was_written_is_read(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	const char **found;
	size_t count;
	scene_make(s);
	assert_ok(bundle_find(&s->a, unit_path(state, "stick"), &found, &count, &unit_err));
	assert_int_equal(count, 1);
	assert_string_equal(found[0], s->out);
	assert_ok(bundle_find(&s->a, s->out, &found, &count, &unit_err));
	assert_int_equal(count, 1);
	assert_ok(scene_read(s, &reason));
	assert_true(s->head.parts.count > 3);
	assert_int_equal(s->head.counter, 7);
	assert_int_equal(s->list.members.count, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct bundle_member *m = &s->list.members.items[i];
		BUF_AUTO text = { 0 };
		BUF_AUTO before = { 0 };
		assert_ok(bundle_member_buf(&s->place, &s->head, m, 1 << 20, &text, &reason, &unit_err));
		assert_ok(file_read(arena_printf(&s->a, "%s/in-%zu", s->work, i).ptr, 1 << 20, &before, &unit_err));
		assert_true(str_eq(buf_str(&text), buf_str(&before)));
		assert_string_equal(m->urls[0].ptr, s->w.list.members.items[i].urls[0].ptr);
	}
	assert_false(file_exists(arena_printf(&s->a, "%s/.making", s->out).ptr));
	scene_free(s);
}

static void
it_is_judged(void **state)
{
	struct bundle_head h = { .direction = BUNDLE_DOWN,
				 .site = STR("ward"),
				 .server = STR("main"),
				 .counter = 7,
				 .since = 5,
				 .made = MADE,
				 .expires = MADE + 30 * DAY };
	const struct {
		struct bundle_expect x;
		enum bundle_reason reason;
		const char *words;
	} cases[] = {
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 6, MADE, false }, BUNDLE_FINE, "" },
		{ { BUNDLE_DOWN, STR_NONE, STR_NONE, 5, MADE, false }, BUNDLE_FINE, "" },
		{ { BUNDLE_UP, STR("ward"), STR("main"), 6, MADE, false }, BUNDLE_WRONG_WAY, "goes down" },
		{ { BUNDLE_DOWN, STR("lab"), STR("main"), 6, MADE, false }, BUNDLE_FOREIGN_SITE, "ward" },
		{ { BUNDLE_DOWN, STR("ward"), STR("other"), 6, MADE, false }, BUNDLE_FOREIGN_SERVER, "main" },
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 7, MADE, false }, BUNDLE_OLD, "number 7" },
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 9, MADE, false }, BUNDLE_OLD, "number 9" },
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 4, MADE, false }, BUNDLE_GAP, "number 5" },
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 6, MADE + 30 * DAY, false }, BUNDLE_EXPIRED, "expired" },
		{ { BUNDLE_DOWN, STR("ward"), STR("main"), 9, MADE, true }, BUNDLE_FINE, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum bundle_reason reason;
		bool ok = bundle_judge(&h, &cases[i].x, &reason, &unit_err);
		if (reason != cases[i].reason || ok != (cases[i].reason == BUNDLE_FINE))
			fail_msg("case %zu: %s", i, bundle_reason_name(reason));
		if (!ok && !strstr(unit_err.text, cases[i].words))
			fail_msg("case %zu: %s", i, unit_err.text);
	}
}

static void
damage_is_named(void **state)
{
	struct scene *s = scene_new(state);
	scene_make(s);
	byte_flip(part(s, 1), 50000);
	refused(s, BUNDLE_DAMAGED, "part 2 of");
	assert_non_null(strstr(unit_err.text, "pool/m_1"));
	byte_flip(part(s, 1), 50000);
	assert_int_equal(truncate(part(s, 2), 99999), 0);
	refused(s, BUNDLE_DAMAGED, "part 3 of");
	assert_non_null(strstr(unit_err.text, "cut, 99999"));
	assert_int_equal(unlink(part(s, 2)), 0);
	assert_int_equal(unlink(part(s, 0)), 0);
	refused(s, BUNDLE_INCOMPLETE, "missing: 1, 3");
	assert_int_equal(symlink("/dev/zero", part(s, 0)), 0);
	refused(s, BUNDLE_UNREADABLE, "part-0001");
	scene_free(s);
}

static void
a_damaged_head_or_list(void **state)
{
	struct scene *s = scene_new(state);
	BUF_AUTO text = { 0 };
	scene_make(s);
	const char *list = path_join(&s->a, s->out, BUNDLE_LIST_FILE),
		   *head = path_join(&s->a, s->out, BUNDLE_HEAD_FILE);
	byte_flip(list, 100);
	refused(s, BUNDLE_DAMAGED, "list of members");
	byte_flip(list, 100);
	assert_ok(file_read(head, 1 << 20, &text, &unit_err));
	ptrdiff_t at = str_find(buf_str(&text), STR("counter\\\":7"));
	assert_true(at > 0);
	text.ptr[at + (ptrdiff_t)strlen("counter\\\":")] = '9';
	assert_ok(file_write(head, buf_str(&text), 0644, &unit_err));
	refused(s, BUNDLE_FORGED, "signature");
	assert_ok(file_write(head, STR("{\"document\":\"{}\"}"), 0644, &unit_err));
	refused(s, BUNDLE_DAMAGED, "form");
	assert_ok(file_write(head, STR("rubbish"), 0644, &unit_err));
	refused(s, BUNDLE_DAMAGED, "damaged");
	assert_int_equal(unlink(head), 0);
	refused(s, BUNDLE_NONE, "bundle.json");
	assert_int_equal(mkfifo(head, 0600), 0);
	refused(s, BUNDLE_UNREADABLE, "bundle.json");
	scene_free(s);
}

static void
another_server_s_bundle_is_foreign(void **state)
{
	struct scene *s = scene_new(state);
	scene_make(s);
	key_free(s->key);
	assert_ok(key_generate(&s->key, &unit_err));
	refused(s, BUNDLE_FOREIGN_SERVER, "main");
	scene_free(s);
}

static bool
sign_fails(void *user, const char *type, struct str document, struct buf *out, struct err *e)
{
	(void)user, (void)type, (void)document, (void)out;
	return err_set(e, ERR_UNREACHABLE, "no key");
}

static void
an_interrupted_writer_goes_on(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	size_t kept;
	s->w.sign = sign_fails;
	assert_false(bundle_make(&s->w, &s->a, &kept, &unit_err));
	size_t parts = s->w.head.parts.count;
	assert_true(parts > 3);
	/* The last part was under way. */
	assert_int_equal(rename(part(s, parts - 1), arena_printf(&s->a, "%s.new", part(s, parts - 1)).ptr), 0);
	refused(s, BUNDLE_NONE, "bundle.json");
	s->w.sign = bundle_sign_key;
	struct stat before, after;
	assert_int_equal(stat(part(s, 0), &before), 0);
	assert_ok(bundle_make(&s->w, &s->a, &kept, &unit_err));
	assert_int_equal(kept, parts - 1);
	assert_int_equal(stat(part(s, 0), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_ok(scene_read(s, &reason));
	/* Another list or another size: nothing of the old one stays. */
	s->w.part_size = 400000;
	assert_ok(bundle_make(&s->w, &s->a, &kept, &unit_err));
	assert_int_equal(kept, 0);
	assert_false(file_exists(part(s, parts - 1)));
	assert_ok(scene_read(s, &reason));
	scene_free(s);
}

static void
parts_that_come_one_by_one(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	scene_make(s);
	const char *spool = unit_path(state, "spool"), *away = unit_path(state, "away");
	assert_ok(dir_make(spool, 0700, &unit_err));
	s->place.spool = spool;
	assert_int_equal(rename(part(s, 1), away), 0);
	refused(s, BUNDLE_INCOMPLETE, "missing: 2");
	assert_ok(bundle_spool(&s->place, &s->head, &reason, &unit_err));
	for (size_t i = 0; i < s->head.parts.count; i++)
		(void)unlink(part(s, i));
	assert_int_equal(rename(away, part(s, 1)), 0);
	byte_flip(part(s, 1), 7);
	assert_false(bundle_spool(&s->place, &s->head, &reason, &unit_err));
	assert_int_equal(reason, BUNDLE_DAMAGED);
	byte_flip(part(s, 1), 7);
	assert_ok(bundle_spool(&s->place, &s->head, &reason, &unit_err));
	assert_ok(scene_read(s, &reason));
	BUF_AUTO text = { 0 };
	assert_ok(bundle_member_buf(&s->place, &s->head, &s->list.members.items[MEMBERS - 1], 1 << 20, &text, &reason,
				    &unit_err));
	scene_free(s);
}

/* What unpacks to more than was signed is stopped there, however much would follow. */
static void
a_bomb(void **state)
{
	struct scene *s = scene_new(state);
	enum bundle_reason reason;
	BUF_AUTO out = { 0 };
	BUF_AUTO zeros = { 0 };
	memset(buf_reserve(&zeros, 8 << 20), 0, 8 << 20);
	zeros.len = 8 << 20;
	const char *path = unit_path(state, "zeros");
	struct bundle_member bomb = { .kind = STR("letter"), .name = STR("bomb") };
	assert_ok(file_write(path, buf_str(&zeros), 0600, &unit_err));
	assert_ok(bundle_member_prepare(&s->a, path, s->work, true, &bomb, &unit_err));
	assert_true(bomb.stored < 10000);
	bomb.size = 5000;
	*ARRAY_PUSH(&s->a, &s->w.list.members) = bomb;
	scene_make(s);
	assert_ok(scene_read(s, &reason));
	const struct bundle_member *m = &s->list.members.items[MEMBERS];
	assert_false(bundle_member_buf(&s->place, &s->head, m, 1 << 20, &out, &reason, &unit_err));
	assert_int_equal(reason, BUNDLE_DAMAGED);
	assert_non_null(strstr(unit_err.text, "more than the 5000 bytes"));
	assert_true(out.len <= 5000);
	const char *to = unit_path(state, "to");
	assert_false(bundle_member_file(&s->place, &s->head, m, to, &reason, &unit_err));
	assert_false(file_exists(to));
	scene_free(s);
}

static void
names_and_lists_of_strangers(void **state)
{
	static const char *const good[] = { "a", "pool/main/o/openssl_1%3a3.0+deb~1_amd64.deb", "..a/b.",
					    "1.root.json" };
	static const char *const bad[] = { "",    "/",    "/etc/passwd", "../x", "a/../b",       "a//b", "a/",
					   "./a", "a\nb", "a b",         "a\\b", "\xe3\x81\x82", "a/." };
	static const char *const lines[] = {
		"{}",
		"[]",
		"{\"kind\":\"content\",\"name\":\"../x\",\"size\":1,\"sha256\":\"D\"}",
		"{\"kind\":\"Content\",\"name\":\"x\",\"size\":1,\"sha256\":\"D\"}",
		"{\"kind\":\"content\",\"name\":\"x\",\"size\":-1,\"sha256\":\"D\"}",
		"{\"kind\":\"content\",\"name\":\"x\",\"size\":1,\"sha256\":\"d\"}",
		"{\"kind\":\"content\",\"name\":\"x\",\"size\":1,\"sha256\":\"D\",\"packed\":-3}",
		"{\"kind\":\"content\",\"name\":\"x\",\"size\":1,\"sha256\":\"D\",\"urls\":[1]}",
		"{\"kind\":\"content\",\"name\":\"x\",\"size\":9223372036854775807,\"sha256\":\"D\"}",
		/* One text of two lines. */
		("{\"kind\":\"content\",\"name\":\"x\",\"size\":17592186044416,\"sha256\":\"D\"}\n"
		 "{\"kind\":\"content\",\"name\":\"x\",\"size\":1,\"sha256\":\"D\"}"),
	};
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(bundle_name_valid(str_of(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (bundle_name_valid(str_of(bad[i])))
			fail_msg("%s", bad[i]);
	for (size_t i = 0; i < COUNT(lines); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		struct bundle_list l = { 0 };
		for (const char *p = lines[i]; *p; p++) {
			if (*p == 'D')
				buf_add(&text, STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
			else
				buf_add_char(&text, *p);
		}
		if (bundle_list_parse(&a, buf_str(&text), &l, &unit_err))
			fail_msg("taken: %s", lines[i]);
		assert_int_equal(l.members.count, 0);
	}
	BUF_AUTO name = { 0 };
	memset(buf_reserve(&name, 1 << 20), 'a', 1 << 20);
	name.len = 1 << 20;
	assert_false(bundle_name_valid(buf_str(&name)));
}

int
main(void)
{
#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_was_written_is_read),
		cmocka_unit_test(it_is_judged),
		WITH_FOLDER(damage_is_named),
		WITH_FOLDER(a_damaged_head_or_list),
		WITH_FOLDER(another_server_s_bundle_is_foreign),
		WITH_FOLDER(an_interrupted_writer_goes_on),
		WITH_FOLDER(parts_that_come_one_by_one),
		WITH_FOLDER(a_bomb),
		cmocka_unit_test(names_and_lists_of_strangers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
