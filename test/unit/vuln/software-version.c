/* The version in what appliances and installers say of theirs. */
#include "vuln/software-version.h"
#include "unit.h"
#include "version/version.h"
#include "vuln/software.h"

static void
firmware_texts(void **state)
{
	static const char *const cases[][2] = {
		{ "7.2.4", "7.2.4" },
		{ "v7.2.4 build1396 (GA)", "7.2.4" },
		{ "FortiGate-60F v7.2.4", "7.2.4" },
		{ "FortiGate 60F v7.2.4,build1396,230131 (GA.F)", "7.2.4" },
		{ "v7.2.4,build1396,230131 (GA.F)", "7.2.4" },
		{ "FortiOS 7.2.4", "7.2.4" },
		{ "DSM 7.2.1-69057 Update 5", "7.2.1-69057 Update 5" },
		{ "7.2.1-69057-5", "7.2.1-69057-5" },
		{ "PAN-OS 10.1.9-h1", "10.1.9-h1" },
		{ "15.2(7)E3", "15.2(7)E3" },
		{ "IOS Version 15.2(7)E3", "15.2(7)E3" },
		{ "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E3, RELEASE SOFTWARE "
		  "(fc3)",
		  "15.2(7)E3" },
		{ "9.16(4)", "9.16(4)" },
		{ "Cisco Adaptive Security Appliance Software Version 9.16(4)67", "9.16(4)67" },
		{ "ArubaOS 8.10.0.6", "8.10.0.6" },
		{ "8.10.0.6_84813", "8.10.0.6" },
		{ "SonicOS 7.0.1-5035", "7.0.1-5035" },
		{ "VMware ESXi 8.0.2 build-22380479", "8.0.2" },
		{ "VMware ESXi, 8.0.2, 22380479", "8.0.2" },
		{ "8.0 Update 2", "8.0 Update 2" },
		{ "8.0 U3b", "8.0 U3b" },
		{ "QTS 5.1.3.2578 build 20231110", "5.1.3.2578 build 20231110" },
		{ "h5.1.3.2578", "h5.1.3.2578" },
		{ "R81.20 Jumbo Hotfix Take 41", "R81.20" },
		{ "SFOS 19.5.3 MR-3-Build652", "19.5.3" },
		{ "BIG-IP 16.1.4.1 Build 0.0.5 Point Release 1", "16.1.4.1" },
		{ "JUNOS 21.4R3-S5.4", "21.4R3-S5.4" },
		{ "Rev.15.02.30", "15.02.30" },
		{ "Ver.1.20", "1.20" },
		{ "バージョン7.2.4", "7.2.4" },
		{ "Version: 12.5.12 Update 1", "12.5.12 Update 1" },
		{ "8 Update 401", "8 Update 401" },
		{ "V5.21(AAZF.16)C0", "5.21(AAZF.16)C0" },
		{ "01L07NF0201", "01L07NF0201" },
		{ "8u401", "8u401" },
		{ "Version 17", "17" },
		{ "2024", "2024" },
		/* No version: not even a wrong one. */
		{ "", "" },
		{ "unknown", "" },
		{ "60F", "" },
		{ "FortiGate 60F", "" },
		{ "FortiGate-60F", "" },
		{ "TZ 370", "" },
		{ "Catalyst 9300", "" },
		{ "RTX1220", "" },
		{ "802.11ac", "" },
		{ "最新", "" },
		{ "n/a", "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str got = software_version(str_of(cases[i][0]));
		if (!str_eq(got, str_of(cases[i][1])))
			fail_msg("“%s”: “%.*s” instead of “%s”", cases[i][0], STR_ARG(got), cases[i][1]);
	}
}

static void
names_that_say_it(void **state)
{
	static const char *const cases[][2] = {
		{ "7-Zip 23.01 (x64)", "23.01" },
		{ "Mozilla Firefox 115.1 ESR (x64 ja)", "115.1" },
		{ "Java 8 Update 401 (64-bit)", "8 Update 401" },
		{ "FortiGate-60F v7.2.4,build1396,230131 (GA.F)", "7.2.4" },
		{ "DSM 7.2.1-69057 Update 5", "7.2.1-69057 Update 5" },
		{ "PuTTY release 0.80 (64-bit)", "0.80" },
		{ "FortiGate 60F", "" },
		{ "AirStation 802.11ac", "" },
		{ "Mozilla Firefox (x64 ja)", "" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_str(software_version_in_name(str_of(cases[i][0])), cases[i][1]);
}

/* As the products' records write them. */
static void
the_makers_own_forms(void **state)
{
	static const struct {
		const char *publisher, *name, *text, *version;
	} cases[] = {
		{ "Oracle Corporation", "Java 8 Update 401 (64-bit)", "8.0.4010.10", "8u401" },
		{ "Oracle Corporation", "Java 8 Update 401 (64-bit)", "", "8 Update 401" },
		{ "Oracle Corporation", "Java 8", "1.8.0_401", "8u401" },
		{ "Oracle Corporation", "Java(TM) SE Development Kit 17.0.10 (64-bit)", "17.0.10.0", "17.0.10.0" },
		{ "Python Software Foundation", "Python 3.11.4 (64-bit)", "3.11.4150.0", "3.11.4" },
		{ "OpenVPN, Inc.", "OpenVPN 2.6.8-I001 amd64", "2.6.801", "2.6.8" },
		{ "Oracle Corporation", "MySQL Server 8.0", "8.0.36", "8.0.36" },
		{ "Oracle Corporation", "MySQL Server 8.0", "", "" },
		{ "The Apache Software Foundation", "Apache Tomcat 9.0 Tomcat9 (remove only)", "", "" },
		{ "Acronis", "Acronis Cyber Protect", "16.0.37391", "37391" },
		{ "Citrix Systems, Inc.", "Citrix Workspace 2402", "24.2.1.15", "2402.1.15" },
		{ "Citrix Systems, Inc.", "Citrix Workspace 2311", "23.11.0.197", "2311.0.197" },
		{ "Zyxel", "ATP200", "V5.38(ABFW.0)", "5.38" },
		{ "Zyxel", "ATP200", "V5.37(ABFW.1)", "5.37 patch 1" },
		{ "Zyxel", "NAS326", "V5.21(AAZF.16)C0", "5.21(AAZF.16)C0" },
		{ "Citrix", "NetScaler ADC VPX", "NetScaler NS13.1: Build 49.15.nc, Date: Jul 10 2023", "13.1-49.15" },
		{ "Citrix", "NetScaler ADC VPX", "14.1-12.35", "14.1-12.35" },
		{ "Citrix", "NetScaler ADC VPX", "13.1", "" },
		{ "VMware", "ESXi", "8.0.2 build-22380479", "8.0.2-22380479" },
		{ "VMware, Inc.", "VMware ESXi", "8.0 U1d (23299997)", "8.0 U1-23299997" },
		{ "VMware", "ESXi", "7.0.3", "7.0.3" },
		{ "VMware", "ESXi", "8.0.2-22380479", "8.0.2-22380479" },
		{ "Fortinet", "FortiGate-60F v7.2.4", "", "7.2.4" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct software s = { .publisher = str_of(cases[i].publisher),
				      .name = str_of(cases[i].name),
				      .version = str_of(cases[i].text) };
		struct software_product p;
		software_product(&s, &a, &p);
		assert_true(p.count > 0);
		if (!str_eq(p.version, str_of(cases[i].version)))
			fail_msg("%s “%s”: “%.*s” instead of “%s”", cases[i].name, cases[i].text, STR_ARG(p.version),
				 cases[i].version);
	}
}

/* What is read from a box stands where it should beside what records say. */
static void
texts_and_records_agree(void **state)
{
	static const struct {
		const char *text, *record;
		int order;
	} cases[] = {
		{ "DSM 7.2.1-69057 Update 5", "7.2.1-69057-5", 0 },
		{ "QTS 5.1.3.2578 build 20231110", "5.1.3.2578_build_20231110", 0 },
		{ "9.16(4)67", "9.16.4.67", 0 },
		{ "IOS Version 15.2(7)E3", "15.2(7)e3", 0 },
		{ "8.0 Update 2", "8.0U2", 0 },
		{ "8.0 U2", "8.0U3b", -1 },
		{ "8.10.0.6_84813", "8.10.0.6", 0 },
		{ "v7.2.4,build1396,230131 (GA.F)", "7.2.4", 0 },
		{ "12.5.12 Update 1", "12.5.12_Update1", 0 },
		{ "PAN-OS 10.1.9-h1", "10.1.9-h3", -1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int order = version_generic.compare(software_version(str_of(cases[i].text)), str_of(cases[i].record));
		assert_int_equal((order > 0) - (order < 0), cases[i].order);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_texts),
		cmocka_unit_test(names_that_say_it),
		cmocka_unit_test(the_makers_own_forms),
		cmocka_unit_test(texts_and_records_agree),
	};
	return cmocka_run_group_tests_name("vuln/software-version", tests, NULL, NULL);
}
