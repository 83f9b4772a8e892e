/* CSAF and VEX in the manner of Red Hat, of SUSE and of an appliance's vendor. */
#include "../unit-feed.h"

#define DOC(id, tree, vulnerabilities) \
	"{\"document\":{\"category\":\"csaf_vex\",\"csaf_version\":\"2.0\",\"title\":\"A " \
	"title\",\"tracking\":{\"id\":\"" id \
	"\",\"status\":\"final\",\"current_release_date\":\"2031-01-02T00:00:00Z\"}},\"product_tree\":{" tree \
	"},\"vulnerabilities\":[" vulnerabilities "]}"
#define PRODUCT(category, name, id, helper) \
	"{\"category\":\"" category "\",\"name\":\"" name "\",\"product\":{\"name\":\"" name "\",\"product_id\":\"" id \
	"\",\"product_identification_helper\":{" helper "}}}"
#define RELATION(component, platform) \
	"{\"category\":\"default_component_of\",\"full_product_name\":{\"name\":\"x\",\"product_id\":\"" platform \
	":" component "\"},\"product_reference\":\"" component "\",\"relates_to_product_reference\":\"" platform "\"}"

#define RED_HAT \
	DOC("RHSA-2031:0001", \
	    "\"branches\":[{\"category\":\"vendor\",\"name\":\"Red Hat\",\"branches\":[" PRODUCT("product_name", "Red Hat Enterprise Linux 9", "BaseOS-9", "\"cpe\":\"cpe:/o:redhat:enterprise_linux:9::baseos\"") "," PRODUCT( \
		    "product_version", "openssl", "openssl-1:3.0.7-5.el9.x86_64", \
		    "\"purl\":\"pkg:rpm/redhat/openssl@3.0.7-5.el9?arch=x86_64&epoch=1\"") "," PRODUCT("product_" \
												       "version", \
												       "openssl", \
												       "openssl-1:3." \
												       "0.7-5.el9." \
												       "src", \
												       "\"purl\":" \
												       "\"pkg:rpm/" \
												       "redhat/" \
												       "openssl@3.0." \
												       "7-5.el9?arch=" \
												       "src&epoch=" \
												       "1\"") "," PRODUCT("product_version", \
															  "libxml2", \
															  "libxml2", \
															  "") "]}],\"relationships\":[" RELATION("openssl-1:3.0.7-5.el9.x86_64", \
																				 "BaseOS-9") "," RELATION("openssl-1:3.0.7-5.el9.src", \
																							  "BaseOS-9") "," RELATION("libxml2", \
																										   "BaseOS-9") "]", \
	    "{\"cve\":\"CVE-2031-0001\",\"product_status\":{\"fixed\":[\"BaseOS-9:openssl-1:3.0.7-5.el9.x86_64\"," \
	    "\"BaseOS-9:" \
	    "openssl-1:3.0.7-5.el9.src\"]},\"threats\":[{\"category\":\"impact\",\"details\":\"Important\"}]}," \
	    "{\"cve\":\"CVE-2031-0002\",\"product_status\":{\"known_affected\":[\"BaseOS-9:libxml2\"]}," \
	    "\"remediations\":[{" \
	    "\"category\":\"no_fix_planned\",\"details\":\"Will not fix\",\"product_ids\":[\"BaseOS-9:libxml2\"]}]}," \
	    "{\"cve\":\"CVE-2031-0003\",\"product_status\":{\"known_not_affected\":[\"BaseOS-9:libxml2\"]}}," \
	    "{\"cve\":\"CVE-2031-0004\",\"product_status\":{\"under_investigation\":[\"BaseOS-9:libxml2\"]}}," \
	    "{\"cve\":\"CVE-2031-0005\",\"product_status\":{\"fixed\":[\"nobody\"]}}")

static void
red_hat(void **state)
{
	ARENA_AUTO a = { 0 };
	struct feed_report r = feed_import_text(state, "json", STR(RED_HAT));
	assert_string_equal(r.feed, "csaf");
	assert_int_equal(r.count.read, 5);
	assert_int_equal(r.count.kept, 4);
	assert_int_equal(skipped_for(&r, "no-product"), 1);
	assert_string_equal(feed_findings(state, &a, "rhel:9", "openssl", "1:3.0.7-4.el9"),
			    "CVE-2031-0001 1:3.0.7-5.el9|RHSA-2031:0001: openssl before 1:3.0.7-5.el9 in rhel:9; "
			    "1:3.0.7-4.el9 is installed;");
	assert_string_equal(feed_findings(state, &a, "rhel:9", "openssl", "1:3.0.7-5.el9"), "");
	assert_string_equal(
		feed_findings(state, &a, "rhel:9", "libxml2", "2.9"),
		"CVE-2031-0002 |RHSA-2031:0001: libxml2 in rhel:9 has no fixed version (Will not fix); 2.9 is "
		"installed;");
	assert_int_equal(feed_known(state, &a, "CVE-2031-0001").severity, SEVERITY_HIGH);
}

#define SUSE \
	DOC("SUSE-SU-2031:0001-1", \
	    "\"branches\":[" PRODUCT("product_name", "SLES 15 SP5", "SUSE Linux Enterprise Server 15 SP5", \
				     "\"cpe\":\"cpe:/o:suse:sles:15:sp5\"") "," PRODUCT("product_version", "zlib", \
											"zlib-1.2.11-150000.3.1.x86_" \
											"64", \
											"") "],\"relationships\":" \
											    "[" RELATION("zlib-1.2." \
													 "11-150000." \
													 "3.1.x86_64", \
													 "SUSE Linux " \
													 "Enterprise " \
													 "Server 15 " \
													 "SP5") "]", \
	    "{\"cve\":\"CVE-2031-0001\",\"product_status\":{\"recommended\":[],\"first_fixed\":[\"SUSE Linux " \
	    "Enterprise Server " \
	    "15 " \
	    "SP5:zlib-1.2.11-150000.3.1.x86_64\"]},\"scores\":[{\"cvss_v3\":{\"vectorString\":\"CVSS:3.1/AV:N/AC:L/" \
	    "PR:N/" \
	    "UI:N/S:U/C:H/I:H/A:H\"}}]}")

static void
suse(void **state)
{
	ARENA_AUTO a = { 0 };
	assert_int_equal(feed_import_text(state, "json", STR(SUSE)).count.kept, 1);
	assert_string_equal(feed_findings(state, &a, "sles:15.5", "zlib", "1.2.11-150000.2.1"),
			    "CVE-2031-0001 1.2.11-150000.3.1|SUSE-SU-2031:0001-1: zlib before 1.2.11-150000.3.1 in "
			    "sles:15.5; 1.2.11-150000.2.1 is installed;");
	assert_int_equal(feed_known(state, &a, "CVE-2031-0001").severity, SEVERITY_CRITICAL);
}

#define APPLIANCE \
	DOC("VENDOR-1", \
	    "\"branches\":[{\"category\":\"product_version_range\",\"name\":\"vers:generic/" \
	    ">=7.0|<7.2.5\",\"product\":{\"name\":" \
	    "\"VPN\",\"product_id\":\"P1\",\"product_identification_helper\":{\"cpe\":\"cpe:2.3:o:vendor:vpn:*:*:*:*:" \
	    "*:*:*:*\"}}}]", \
	    "{\"cve\":\"CVE-2031-0001\",\"product_status\":{\"known_affected\":[\"P1\"]}}")

static void
an_appliance(void **state)
{
	ARENA_AUTO a = { 0 };
	assert_int_equal(feed_import_text(state, "json", STR(APPLIANCE)).count.kept, 1);
	assert_int_equal(strncmp(feed_findings(state, &a, "cpe", "o:vendor:vpn", "7.2.4"), "CVE-2031-0001", 13), 0);
	assert_string_equal(feed_findings(state, &a, "cpe", "o:vendor:vpn", "7.2.5"), "");
	assert_string_equal(feed_findings(state, &a, "cpe", "o:vendor:vpn", "6.4"), "");
}

/* Ten thousand versions of one product, each with its word on what to do: every one is kept, once. */
static void
a_long_list_of_versions(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO products = { 0 }, ids = { 0 }, text = { 0 };
	for (int i = 0; i < 10000; i++) {
		buf_addf(&products,
			 "%s{\"product_id\":\"P%d\",\"product_identification_helper\":{\"cpe\":\"cpe:2.3:o:vendor:vpn:%"
			 "d:*:*:"
			 "*:*:*:*:*\"}}",
			 i ? "," : "", i, i);
		buf_addf(&ids, "%s\"P%d\",\"P%d\"", i ? "," : "", i, i);
	}
	buf_addf(&text,
		 "{\"document\":{\"csaf_version\":\"2.0\",\"tracking\":{\"id\":\"V-1\"}},\"product_tree\":{\"full_"
		 "product_"
		 "names\":[%s]},\"vulnerabilities\":[{\"cve\":\"CVE-2031-0001\",\"product_status\":{\"known_affected\":"
		 "[%s]},"
		 "\"remediations\":[{\"category\":\"workaround\",\"details\":\"turn it off\",\"product_ids\":[%s]}]}]}",
		 buf_cstr(&products), buf_cstr(&ids), buf_cstr(&ids));
	assert_int_equal(feed_import_text(state, "json", buf_str(&text)).count.kept, 1);
	const char *found = feed_findings(state, &a, "cpe", "o:vendor:vpn", "9999");
	assert_int_equal(strncmp(found, "CVE-2031-0001", 13), 0);
	assert_string_equal(strchr(found, '|'), "|V-1: o:vendor:vpn 9999 (turn it off), which is installed;");
	assert_string_equal(feed_findings(state, &a, "cpe", "o:vendor:vpn", "10000"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(red_hat),
		unit_test_in_folder(suse),
		unit_test_in_folder(an_appliance),
		unit_test_in_folder(a_long_list_of_versions),
	};
	return cmocka_run_group_tests_name("vuln/feeds/csaf", tests, NULL, NULL);
}
