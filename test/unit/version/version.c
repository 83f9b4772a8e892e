#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "version/version.h"

static void
schemes_are_found_by_name(void **state)
{
	assert_ptr_equal(version_scheme_find(STR("deb")), &version_deb);
	assert_ptr_equal(version_scheme_find(STR("rpm")), &version_rpm);
	assert_ptr_equal(version_scheme_find(STR("apk")), &version_apk);
	assert_ptr_equal(version_scheme_find(STR("pep440")), &version_pep440);
	for (size_t i = 0; version_scheme_at(i); i++)
		assert_ptr_equal(version_scheme_find(str_of(version_scheme_at(i)->name)), version_scheme_at(i));
	assert_null(version_scheme_find(STR("debian")));
	assert_null(version_scheme_find(STR("de")));
	assert_null(version_scheme_find(STR_NONE));
}

/* What a stranger could send: a megabyte of digits, less of other patterns, and the same with another end. */
static void
huge_versions_are_compared_and_have_no_key(void **state)
{
	static const char *const patterns[] = { "1", "0.", "0-", "a",     "a1",      "1.",   "0a",
						".", "-",  "~",  "1x86 ", "1.0.ga.", "0_rc", "\xff" };
	enum { HUGE = 1 << 20, LARGE = 1 << 17 };

	for (size_t n = 0; n < COUNT(patterns); n++) {
		BUF_AUTO low = { 0 }, high = { 0 }, key = { 0 };

		while (low.len < (n == 0 ? HUGE : LARGE))
			buf_add(&low, str_of(patterns[n]));
		buf_add(&high, buf_str(&low));
		buf_add(&high, STR(".1"));
		for (size_t i = 0; version_scheme_at(i); i++) {
			const struct version_scheme *s = version_scheme_at(i);
			int order = s->compare(buf_str(&low), buf_str(&high));
			int turned = s->compare(buf_str(&high), buf_str(&low));

			assert_int_equal((order > 0) - (order < 0), (turned < 0) - (turned > 0));
			assert_int_equal(s->compare(buf_str(&low), buf_str(&low)), 0);
			s->valid(buf_str(&low));
			assert_false(s->key(buf_str(&low), &key));
			assert_int_equal(key.len, 0);
			assert_true(s->key(str_head(buf_str(&low), VERSION_KEY_INPUT_MAX), &key));
			assert_true(key.len <= 6 * VERSION_KEY_INPUT_MAX + 64);
			buf_truncate(&key, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes_are_found_by_name),
		cmocka_unit_test(huge_versions_are_compared_and_have_no_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
