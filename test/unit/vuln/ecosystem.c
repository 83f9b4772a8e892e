#include "vuln/ecosystem.h"
#include "unit.h"

static void
osv_names_become_our_keys(void **state)
{
	static const char *const names[][2] = {
		{ "Debian:12", "debian:12" },
		{ "Ubuntu:22.04:LTS", "ubuntu:22.04" },
		{ "AlmaLinux:9", "almalinux:9" },
		{ "Rocky Linux:9", "rocky:9" },
		{ "Alpine:v3.20", "alpine:3.20" },
		{ "Red Hat:enterprise_linux:9::baseos", "rhel:9" },
		{ "Ubuntu:Pro:22.04:LTS", "" },
		{ "Debian", "" },
		{ "npm", "" },
		{ "Maven:12", "" },
	};
	ARENA_AUTO a = { 0 };
	for (size_t i = 0; i < COUNT(names); i++)
		assert_str(ecosystem_os_key(str_of(names[i][0]), &a), names[i][1]);
}

static void
systems_know_their_scheme(void **state)
{
	assert_ptr_equal(ecosystem_of_os(STR("debian:12"))->scheme, &version_deb);
	assert_true(ecosystem_of_os(STR("debian:12"))->by_source);
	assert_ptr_equal(ecosystem_of_os(STR("rocky:9"))->scheme, &version_rpm);
	assert_false(ecosystem_of_os(STR("rocky:9"))->by_source);
	assert_ptr_equal(ecosystem_of_os(STR("alpine:3.20"))->scheme, &version_apk);
	assert_null(ecosystem_of_os(STR("plan9:4")));
	assert_str(debian_release_key(STR("trixie")), "debian:13");
	assert_null(debian_release_key(STR("sid")).ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(osv_names_become_our_keys),
		cmocka_unit_test(systems_know_their_scheme),
	};
	return cmocka_run_group_tests_name("vuln/ecosystem", tests, NULL, NULL);
}
