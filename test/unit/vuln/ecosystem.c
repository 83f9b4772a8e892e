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
		{ "Red Hat:enterprise_linux:8::appstream", "rhel:8" },
		{ "Ubuntu:24.04", "ubuntu:24.04" },
		{ "SUSE:Linux Enterprise Server 15 SP5", "sles:15.5" },
		{ "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "sles:15.5" },
		{ "SUSE:Linux Enterprise Server for SAP Applications 12", "sles_sap:12" },
		{ "openSUSE:Leap 15.6", "opensuse-leap:15.6" },
		{ "openSUSE:Tumbleweed", "opensuse-tumbleweed" },
		{ "Photon OS:5.0", "photon:5.0" },
		{ "Mageia:9", "mageia:9" },
		{ "Azure Linux:3", "azurelinux:3" },
		{ "openEuler:22.03-LTS-SP3", "openeuler:22.03-LTS-SP3" },
		{ "openEuler:24.03-LTS", "openeuler:24.03-LTS" },
		{ "Alpaquita:23", "alpaquita:23" },
		{ "Wolfi", "wolfi" },
		{ "Chainguard", "chainguard" },
		{ "Ubuntu:Pro:22.04:LTS", "" },
		{ "Red Hat:rhel_eus:9.2::baseos", "" },
		{ "SUSE:Linux Enterprise Server 15 SP3-LTSS", "" },
		{ "SUSE:Manager Server 4.3", "" },
		{ "openSUSE:Leap Micro 5.5", "" },
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
	assert_ptr_equal(ecosystem_of_os(STR("azurelinux:3"))->scheme, &version_rpm);
	assert_true(ecosystem_of_os(STR("openeuler:22.03-LTS-SP3"))->by_source);
	assert_ptr_equal(ecosystem_of_os(STR("alpine:3.20"))->scheme, &version_apk);
	assert_str(ecosystem_system(STR("wolfi:20230201")), "wolfi");
	assert_str(ecosystem_system(STR("debian:12")), "debian:12");
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
