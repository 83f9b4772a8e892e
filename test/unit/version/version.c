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
	assert_null(version_scheme_find(STR("debian")));
	assert_null(version_scheme_find(STR("de")));
	assert_null(version_scheme_find(STR_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemes_are_found_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
