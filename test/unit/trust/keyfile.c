#include "trust/keyfile.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define PASSWORD STR("correct horse battery")

static const struct keyfile_cost cheap = { .memory_kib = 64, .passes = 1, .lanes = 1 };

static void
make(struct key **k, struct buf *text)
{
	struct err e = { 0 };
	assert_true(key_generate(k, &e));
	if (!keyfile_write(*k, "root", "Suzuki, 3rd floor", NOW, PASSWORD, &cheap, text, &e))
		fail_msg("%s", e.text);
}

static void
round_trip(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	BUF_AUTO again = { 0 };
	BUF_AUTO sig = { 0 };
	KEY_AUTO k = NULL;
	KEY_AUTO opened = NULL;
	struct keyfile f, p;
	struct err e = { 0 };
	make(&k, &text);
	assert_true(keyfile_read(&a, buf_str(&text), &f, &e));
	assert_true(str_eq(f.role, STR("root")));
	assert_true(str_eq(f.comment, STR("Suzuki, 3rd floor")));
	assert_int_equal(f.keyid.len, 64);
	assert_true(f.created == NOW);
	assert_true(f.is_private);
	if (!keyfile_open(&f, PASSWORD, &opened, &e))
		fail_msg("%s", e.text);
	assert_true(key_sign(opened, STR("message"), &sig, &e));
	assert_true(key_verify(k, STR("message"), buf_str(&sig), &e));
	assert_null(strstr(buf_cstr(&text), "PRIVATE"));
	/* The public half by itself. */
	assert_true(keyfile_write_public(k, "root", NULL, NOW, &again, &e));
	assert_true(keyfile_read(&a, buf_str(&again), &p, &e));
	assert_false(p.is_private);
	assert_true(str_eq(p.keyid, f.keyid));
	KEY_AUTO none = NULL;
	assert_false(keyfile_open(&p, PASSWORD, &none, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

static void
two_files_of_one_key_have_nothing_secret_in_common(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO one = { 0 };
	BUF_AUTO two = { 0 };
	KEY_AUTO k = NULL;
	struct keyfile f, g;
	struct err e = { 0 };
	make(&k, &one);
	assert_true(keyfile_write(k, "root", "Suzuki, 3rd floor", NOW, PASSWORD, &cheap, &two, &e));
	assert_true(keyfile_read(&a, buf_str(&one), &f, &e) && keyfile_read(&a, buf_str(&two), &g, &e));
	struct str x = json_get_str(f.whole, "private"), y = json_get_str(g.whole, "private");
	assert_true(x.len == y.len && !str_eq(x, y));
	assert_false(
		str_eq(json_get_str(json_get(f.whole, "kdf"), "salt"), json_get_str(json_get(g.whole, "kdf"), "salt")));
}

static void
wrong_passwords_are_refused(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	KEY_AUTO k = NULL;
	struct keyfile f;
	struct err e = { 0 };
	make(&k, &text);
	assert_true(keyfile_read(&a, buf_str(&text), &f, &e));
	static const char *const wrong[] = { "", "correct horse batterz", "correct horse battery ",
					     "Correct horse battery" };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		KEY_AUTO opened = NULL;
		assert_false(keyfile_open(&f, str_of(wrong[i]), &opened, &e));
		assert_int_equal(e.code, ERR_REFUSED);
		assert_null(opened);
	}
	BUF_AUTO short_one = { 0 };
	assert_false(keyfile_write(k, "root", NULL, NOW, STR("1234567"), &cheap, &short_one, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(short_one.len, 0);
	assert_false(keyfile_write(k, "Root key", NULL, NOW, PASSWORD, &cheap, &short_one, &e));
	assert_int_equal(e.code, ERR_USAGE);
}

/* Replaces `from` in a key file by `to`, of the same length or not. */
static void
changed(struct buf *text, const char *from, const char *to)
{
	BUF_AUTO out = { 0 };
	ptrdiff_t at = str_find(buf_str(text), str_of(from));
	if (at < 0)
		fail_msg("no %s in %s", from, buf_cstr(text));
	buf_add(&out, str_head(buf_str(text), (size_t)at));
	buf_add(&out, str_of(to));
	buf_add(&out, str_skip(buf_str(text), (size_t)at + strlen(from)));
	buf_truncate(text, 0);
	buf_add(text, buf_str(&out));
}

/* The clear part is under the cipher's protection, too: no other role, date or cost can be slipped in. */
static void
changes_are_found(void **state)
{
	static const struct {
		const char *from, *to;
		bool unreadable;
	} rows[] = {
		{ "\"role\":\"root\"", "\"role\":\"custom\"", false },
		{ "Suzuki", "Tanaka", false },
		{ "\"passes\":1", "\"passes\":2", false },
		{ "\"memory\":64", "\"memory\":65", false },
		{ "\"private\":\"", "\"private\":\"AAAA", false },
		{ "\"memory\":64", "\"memory\":999999999", false },
		{ "\"memory\":64", "\"memory\":0", false },
		{ "\"lanes\":1", "\"lanes\":-1", false },
		{ "argon2id", "argon2xx", false },
		{ "aes-256-gcm", "aes-256-cbc", false },
		{ "\"salt\":\"", "\"salt\":\"AAAA", false },
		{ "\"mamori-key\":1", "\"mamori-key\":2", true },
		{ "\"keyid\":\"", "\"keyid\":\"00", true },
		{ "BEGIN PUBLIC KEY", "BEGIN RSA KEY", true },
		{ "\"created\":\"2", "\"created\":\"x", true },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		KEY_AUTO k = NULL;
		KEY_AUTO opened = NULL;
		struct keyfile f;
		struct err e = { 0 };
		make(&k, &text);
		changed(&text, rows[i].from, rows[i].to);
		bool readable = keyfile_read(&a, buf_str(&text), &f, &e);
		if (readable == rows[i].unreadable)
			fail_msg("%s: readable %d", rows[i].to, readable);
		if (readable && keyfile_open(&f, PASSWORD, &opened, &e))
			fail_msg("%s: opened", rows[i].to);
		assert_true(e.code == ERR_INPUT || e.code == ERR_REFUSED);
	}
}

/* One that asks for all memory or for hours is refused before anything is computed. */
static void
costs_are_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	KEY_AUTO k = NULL;
	KEY_AUTO opened = NULL;
	struct keyfile f;
	struct err e = { 0 };
	make(&k, &text);
	changed(&text, "\"passes\":1", "\"passes\":4000000000");
	assert_true(keyfile_read(&a, buf_str(&text), &f, &e));
	assert_false(keyfile_open(&f, PASSWORD, &opened, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "figures"));
	BUF_AUTO huge = { 0 };
	memset(buf_reserve(&huge, KEYFILE_MAX + 1), ' ', KEYFILE_MAX + 1);
	huge.len = KEYFILE_MAX + 1;
	assert_false(keyfile_read(&a, buf_str(&huge), &f, &e));
	assert_int_equal(e.code, ERR_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(two_files_of_one_key_have_nothing_secret_in_common),
		cmocka_unit_test(wrong_passwords_are_refused),
		cmocka_unit_test(changes_are_found),
		cmocka_unit_test(costs_are_capped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
