/* One row of a table: short, in the reader's language, and no state without its sentence. */
#include "patch/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/sentence.h"
#include "base/str.h"

#define NOW INT64_C(1800000000000)
#define INTERVAL 300000

static const struct host_patch example = {
	.host_name = STR("ward-3-pc-07"),
	.patch = STR("deb:openssl@3.0.17-1~deb12u2"),
	.order_by = STR("admin"),
	.at = NOW,
	.kept_back = STR("No such file or directory"),
	.last_seen = NOW,
};

static struct str
why_in(struct arena *a, enum lang lang, struct host_patch p)
{
	LANG_ENGLISH_AUTO;
	lang_set_thread(lang);
	return host_patch_why(a, &p, INTERVAL, NOW);
}

/* Latin letters that stay are names, ids and commands. */
static bool
is_japanese(struct str s)
{
	size_t wide = 0;
	for (size_t i = 0; i < s.len; i++)
		wide += (unsigned char)s.ptr[i] >= 0xe3;
	return wide >= 4;
}

static void
each_has_one(struct host_patch p)
{
	ARENA_AUTO a = { 0 };
	struct str english = why_in(&a, LANG_EN, p), japanese = why_in(&a, LANG_JA, p);
	if (!english.len || english.len > 100 || str_contains(english, STR("mamori ")))
		fail_msg("%.*s", STR_ARG(english));
	if (str_eq(english, japanese) || !is_japanese(japanese))
		fail_msg("not Japanese: %.*s", STR_ARG(japanese));
}

static void
every_state_has_a_short_sentence_in_both_languages(void **state)
{
	(void)state;
	for (int s = 0; s < PATCH_STATES; s++) {
		struct host_patch p = example;
		p.state = (enum patch_state)s;
		each_has_one(p);
		p.order_state = STR("fetched");
		each_has_one(p);
		p.order_state = STR("expired");
		each_has_one(p);
		p.order_state = STR("queued");
		p.last_seen = NOW - 86400000;
		each_has_one(p);
	}
}

static void
what_nobody_ordered_says_no_more(void **state)
{
	ARENA_AUTO a = { 0 };
	(void)state;
	assert_true(str_eq(why_in(&a, LANG_EN, example), STR("Not ordered yet.")));
}

static void
a_failure_gives_the_reason_or_the_last_word(void **state)
{
	ARENA_AUTO a = { 0 };
	struct host_patch p = example;
	(void)state;
	p.state = PATCH_FAILED;
	p.words = STR("Reading state\ndpkg: error processing x\n\n");
	assert_true(str_ends(why_in(&a, LANG_EN, p), STR(": dpkg: error processing x")));
	p.why = STR("installing updates: the disk is full (E: no space)");
	assert_true(str_ends(why_in(&a, LANG_EN, p), p.why));
	assert_true(str_contains(why_in(&a, LANG_JA, p), STR("ディスク")));
	assert_true(str_ends(why_in(&a, LANG_JA, p), STR("(E: no space)")));
}

static void
a_stranger_s_long_reason_is_cut_at_a_character(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct host_patch p = example;
	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_add(&text, STR("漢"));
	p.state = PATCH_FAILED;
	p.why = buf_str(&text);
	struct str why = why_in(&a, LANG_EN, p);
	assert_in_range(why.len, 200, 300);
	assert_true(str_is_utf8(why));
	assert_true(str_ends(why, STR("…")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_a_short_sentence_in_both_languages),
		cmocka_unit_test(what_nobody_ordered_says_no_more),
		cmocka_unit_test(a_failure_gives_the_reason_or_the_last_word),
		cmocka_unit_test(a_stranger_s_long_reason_is_cut_at_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
