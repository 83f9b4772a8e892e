#include "base/suggest.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static void
distances_are_edits(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance(STR("patch"), STR("patch")), 0);
	assert_int_equal(suggest_distance(STR("pacth"), STR("patch")), 1); /* neighbours swapped */
	assert_int_equal(suggest_distance(STR("scna"), STR("scan")), 1);
	assert_int_equal(suggest_distance(STR("jsn"), STR("json")), 1);
	assert_int_equal(suggest_distance(STR("feeds"), STR("feed")), 1);
	assert_int_equal(suggest_distance(STR("kitten"), STR("sitting")), 3);
	assert_int_equal(suggest_distance(STR(""), STR("abc")), 3);
	assert_int_equal(suggest_distance(STR("abc"), STR("")), 3);
}

static void
slips_are_near_and_other_words_are_not(void **state)
{
	(void)state;
	size_t n;
	assert_true(suggest_near(STR("pacth list"), STR("patch list"), &n));
	assert_true(suggest_near(STR("lst"), STR("list"), &n));
	assert_true(suggest_near(STR("hsot"), STR("host"), &n));
	assert_true(suggest_near(STR("singin"), STR("signin"), &n));
	assert_false(suggest_near(STR("frobnicate"), STR("feed import"), &n));
	assert_false(suggest_near(STR("x"), STR("up"), &n));
}

static void
long_words_are_far_from_everything(void **state)
{
	(void)state;
	char word[200];
	memset(word, 'a', sizeof(word));
	size_t n;
	assert_int_equal(suggest_distance(str_sub(word, 65), str_sub(word, 64)), SIZE_MAX);
	assert_int_equal(suggest_distance(str_sub(word, 64), str_sub(word, 64)), 0);
	assert_false(suggest_near(str_sub(word, sizeof(word)), STR("scan"), &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_edits),
		cmocka_unit_test(slips_are_near_and_other_words_are_not),
		cmocka_unit_test(long_words_are_far_from_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
