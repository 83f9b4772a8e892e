#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

static void
views_compare(void **state)
{
	assert_true(str_eq(STR(""), STR_NONE));
	assert_true(str_eq(STR("a\0b"), str_sub("a\0b", 3)));
	assert_false(str_eq(STR("a"), STR("b")));
	assert_true(str_eq_nocase(STR("OpenSSL"), STR("openssl")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR(""), STR_NONE), 0);
	assert_true(str_starts(STR("deb:x"), STR("deb:")));
	assert_false(str_starts(STR("de"), STR("deb")));
	assert_true(str_ends(STR("a.zip"), STR(".zip")));
	assert_false(str_ends(STR("zip"), STR(".zip")));
	assert_true(str_starts(STR_NONE, STR("")));
}

static void
places_are_found(void **state)
{
	assert_int_equal(str_find_char(STR("a-b-c"), '-'), 1);
	assert_int_equal(str_rfind_char(STR("a-b-c"), '-'), 3);
	assert_int_equal(str_find_char(STR_NONE, '-'), -1);
	assert_int_equal(str_rfind_char(STR("abc"), '-'), -1);
	assert_int_equal(str_find(STR("haystack"), STR("st")), 3);
	assert_int_equal(str_find(STR("hay"), STR("haystack")), -1);
	assert_int_equal(str_find(STR("hay"), STR("")), 0);
	assert_true(str_contains(STR("a\0b"), STR("\0b")));
}

static void
pieces_are_cut(void **state)
{
	static const char *const expected[] = { "a", "", "b" };
	struct str rest = STR("a,,b,"), piece;
	size_t n = 0;

	for (; str_cut(&rest, ',', &piece); n++)
		assert_true(n < 3 && str_eq(piece, str_of(expected[n])));
	assert_int_equal(n, 3);
	rest = STR("one\r\n\ntwo");
	assert_true(str_line(&rest, &piece) && str_eq(piece, STR("one")));
	assert_true(str_line(&rest, &piece) && str_eq(piece, STR("")));
	assert_true(str_line(&rest, &piece) && str_eq(piece, STR("two")));
	assert_false(str_line(&rest, &piece));
	rest = STR("  two\t words ");
	assert_true(str_word(&rest, &piece) && str_eq(piece, STR("two")));
	assert_true(str_word(&rest, &piece) && str_eq(piece, STR("words")));
	assert_false(str_word(&rest, &piece));
}

static void
a_split_tells_whether_there_was_one(void **state)
{
	struct str before, after;

	assert_true(str_split(STR("k=v=w"), '=', &before, &after));
	assert_true(str_eq(before, STR("k")) && str_eq(after, STR("v=w")));
	assert_false(str_split(STR("k"), '=', &before, &after));
	assert_true(str_eq(before, STR("k")) && str_eq(after, STR("")));
}

static void
trimmed_and_shortened(void **state)
{
	assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
	assert_true(str_eq(str_trim(STR(" \n ")), STR("")));
	assert_true(str_eq(str_skip(STR("abc"), 9), STR("")));
	assert_true(str_eq(str_head(STR("abc"), 2), STR("ab")));
	assert_null(str_skip(STR_NONE, 3).ptr);
}

static void
whole_numbers(void **state)
{
	uint64_t u = 7;
	int64_t i = 7;

	assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	u = 7;
	assert_false(str_to_u64(STR("18446744073709551616"), &u));
	assert_false(str_to_u64(STR(""), &u));
	assert_false(str_to_u64(STR("+1"), &u));
	assert_false(str_to_u64(STR("1 "), &u));
	assert_int_equal(u, 7); /* written only on success */
	assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_true(str_to_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
	assert_false(str_to_i64(STR("9223372036854775808"), &i));
	assert_false(str_to_i64(STR("-9223372036854775809"), &i));
	assert_false(str_to_i64(STR("-"), &i));
	assert_true(str_to_i64(STR("-0"), &i) && i == 0);
}

static void
check_double(const char *text, double expected)
{
	double d = 99;

	if (!str_to_double(str_of(text), &d) || d != expected)
		fail_msg("%s gave %.17g, not %.17g", text, d, expected);
}

static void
fractions_are_the_nearest_double(void **state)
{
	static const char *const bad[] = { "",    "-",   ".5", "5.", "1e",  "1e+",   "0x10",
					   "inf", "nan", "1 ", " 1", "1,5", "1e999", "1.5.2" };
	double d = 7;

	check_double("0", 0);
	check_double("9.8", 9.8);
	check_double("-0.00064", -0.00064);
	check_double("0.1", 0.1);
	check_double("123456789012345678901234567890", 123456789012345678901234567890.0);
	check_double("0.30000000000000004", 0.1 + 0.2);
	check_double("1e-400", 0);
	check_double("2.2250738585072014e-308", 2.2250738585072014e-308);
	check_double("179769313486231570000000000000000000000e270", 1.7976931348623157e308);
	check_double("0.000000000000000000000000000000000000000000001e45", 1);
	check_double("9007199254740993", 9007199254740992.0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(str_to_double(str_of(bad[i]), &d));
	assert_true(d == 7);
}

static void
utf8_is_judged(void **state)
{
	assert_true(str_is_utf8(STR("皮膚科 ascii \xf0\x9f\x98\x80")));
	assert_true(str_is_utf8(STR("")));
	assert_false(str_is_utf8(STR("a\0b")));
	assert_false(str_is_utf8(STR("\x80")));
	assert_false(str_is_utf8(STR("\xc0\xaf"))); /* overlong */
	assert_false(str_is_utf8(STR("\xe0\x80\xaf")));
	assert_false(str_is_utf8(STR("\xed\xa0\x80"))); /* surrogate */
	assert_false(str_is_utf8(STR("\xf4\x90\x80\x80"))); /* past U+10FFFF */
	assert_false(str_is_utf8(STR("\xe3\x81"))); /* cut off */
}

/* The index of advisories stores hashes: they must never change. */
static void
hashes_are_stable_and_differ(void **state)
{
	char text[] = "aaaaaaaaaaaaaaaaa";
	uint64_t whole = str_hash(str_of(text), 0);

	assert_true(str_hash(STR("openssl"), 1) != str_hash(STR("openssl"), 2));
	assert_true(str_hash(STR("a"), 0) != str_hash(STR("a\0"), 0));
	for (size_t i = 0; text[i]; i++) {
		text[i] = 'b';
		assert_true(str_hash(str_of(text), 0) != whole);
		text[i] = 'a';
	}
	assert_true(str_hash(STR(""), 0) == UINT64_C(0x3cd3dbad86edf806));
	assert_true(str_hash(STR("openssl"), 0) == UINT64_C(0x47169adfe2c9c88e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_compare),
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(pieces_are_cut),
		cmocka_unit_test(a_split_tells_whether_there_was_one),
		cmocka_unit_test(trimmed_and_shortened),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(fractions_are_the_nearest_double),
		cmocka_unit_test(utf8_is_judged),
		cmocka_unit_test(hashes_are_stable_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
