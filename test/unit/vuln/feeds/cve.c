/* CVE records: whose score counts, SSVC, products by CPE, what is skipped. */
#include "../unit-feed.h"
#include "vuln/software.h"

#include <math.h>

#define V31 \
	"{\"cvssV3_1\":{\"version\":\"3.1\",\"baseScore\":7.8,\"baseSeverity\":\"HIGH\",\"vectorString\":\"CVSS:3.1/" \
	"AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H\"}}"
#define V98 \
	"{\"cvssV3_1\":{\"version\":\"3.1\",\"baseScore\":9.8,\"vectorString\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/" \
	"C:H/I:H/A:H\"}}"
#define SSVC \
	"{\"other\":{\"type\":\"ssvc\",\"content\":{\"options\":[{\"Exploitation\":\"active\"},{\"Automatable\":" \
	"\"yes\"},{\"Technical Impact\":\"total\"}]}}}"
#define RECORD(id, state, cna, adp) \
	"{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"" id \
	"\",\"state\":\"" state "\",\"dateUpdated\":\"2031-01-02T00:00:00Z\"},\"containers\":{\"cna\":{" cna \
	"},\"adp\":[{\"providerMetadata\":{" \
	"\"shortName\":\"CISA-ADP\"}" adp "}]}}\n"

static void
the_cna_counts_before_cisa(void **state)
{
	ARENA_AUTO a = { 0 };
	struct feed_report r = feed_import_text(
		state, "cves",
		STR(RECORD("CVE-2031-0001", "PUBLISHED", "\"title\":\"One\",\"metrics\":[" V31 "]",
			   ",\"metrics\":[" V98 "," SSVC "]")
			    RECORD("CVE-2031-0002", "PUBLISHED",
				   "\"descriptions\":[{\"lang\":\"en\",\"value\":\"Two words\"}]",
				   ",\"metrics\":[" V98 "]") RECORD("CVE-2031-0003", "REJECTED", "\"x\":1", "")
				    RECORD("nonsense", "PUBLISHED", "\"x\":1", "") "{\"cveMetadata\":\n"));
	assert_string_equal(r.feed, "cve");
	assert_int_equal(r.count.read, 5);
	assert_int_equal(r.count.kept, 2);
	assert_int_equal(skipped_for(&r, "rejected"), 1);
	assert_int_equal(skipped_for(&r, "no-id"), 1);
	assert_int_equal(skipped_for(&r, "invalid"), 1);
	struct vulnerability one = feed_known(state, &a, "CVE-2031-0001"), two = feed_known(state, &a, "CVE-2031-0002");
	assert_int_equal(lround(one.cvss * 10), 78);
	assert_int_equal(one.severity, SEVERITY_HIGH);
	assert_str(one.title, "One");
	assert_str(one.vector, "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H");
	assert_int_equal(one.ssvc.exploitation, SSVC_EXPLOITATION_ACTIVE);
	assert_int_equal(one.ssvc.automatable, SSVC_AUTOMATABLE_YES);
	assert_int_equal(one.ssvc.impact, SSVC_IMPACT_TOTAL);
	assert_int_equal(lround(two.cvss * 10), 98);
	assert_int_equal(two.severity, SEVERITY_CRITICAL);
	assert_str(two.title, "Two words");
	assert_int_equal(two.ssvc.exploitation, SSVC_EXPLOITATION_UNKNOWN);
}

/* A list of names times a list of versions: a small file that would cost hours, beside one that is kept. */
static void
a_record_that_multiplies_is_left_out(void **state)
{
	BUF_AUTO text = { 0 };
	buf_add(&text, STR(RECORD("CVE-2031-0001", "PUBLISHED", "\"title\":\"One\"", "")));
	buf_add(&text, STR("{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":\"CVE-2031-"
			   "0002\",\"state\":\"PUBLISHED\"},\"containers\":{\"cna\":{\"affected\":[{\"cpes\":["));
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "%s\"cpe:2.3:a:v:p%d:*:*:*:*:*:*:*:*\"", i ? "," : "", i);
	buf_add(&text, STR("],\"versions\":["));
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "%s{\"version\":\"%d\",\"status\":\"affected\"}", i ? "," : "", i % 4);
	buf_add(&text, STR("]}]}}}\n"));
	struct feed_report r = feed_import_text(state, "cves", buf_str(&text));
	assert_int_equal(r.count.kept, 1);
	assert_int_equal(skipped_for(&r, "too-large"), 1);
}

/* What an advisory says of its one CVE gives way to the CVE record, whichever comes first. */
static void
records_count_before_advisories(void **state)
{
	const struct str osv =
		STR("{\"id\":\"GHSA-1\",\"modified\":\"2031-01-01T00:00:00Z\",\"aliases\":[\"CVE-2031-0001\"],"
		    "\"severity\":[{"
		    "\"type\":\"x\",\"score\":\"9.9\"}],\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\","
		    "\"name\":\"c\"},"
		    "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"2\"}]}]}]}\n");
	ARENA_AUTO a = { 0 };
	feed_import_text(state, "osv", osv);
	assert_int_equal(lround(feed_known(state, &a, "CVE-2031-0001").cvss * 10), 99);
	feed_import_text(state, "cves", STR(RECORD("CVE-2031-0001", "PUBLISHED", "\"metrics\":[" V31 "]", "")));
	assert_int_equal(lround(feed_known(state, &a, "CVE-2031-0001").cvss * 10), 78);
	assert_int_equal(feed_known(state, &a, "GHSA-1").severity, SEVERITY_HIGH);
}

#define ENTRY(versions, cpe) "{\"vendor\":\"Acme\",\"product\":\"VPN\"" cpe ",\"versions\":[" versions "]}"
#define CPE ",\"cpes\":[\"cpe:2.3:o:acme:vpn:*:*:*:*:*:*:*:*\"]"
#define ALONE(version) "{\"version\":\"" version "\",\"status\":\"affected\"}"
#define BELOW(version) "{\"version\":\"0\",\"lessThan\":\"" version "\",\"status\":\"affected\"}"
#define FROM_BELOW(from, version) "{\"version\":\"" from "\",\"lessThan\":\"" version "\",\"status\":\"affected\"}"

/* What records really say of versions; where nobody can compare, it is in doubt and never safe. */
static void
versions_as_publishers_write_them(void **state)
{
	static const struct {
		const char *record, *version, *told;
	} rows[] = {
#define ROW(cna, adp, version, told) \
	{ RECORD("CVE-2031-0001", "PUBLISHED", "\"affected\":[" cna "]", ",\"affected\":[" adp "]"), version, told }
		/* The CNA's words, the product's name from CISA. */
		ROW(ENTRY(ALONE("7.0.1-5035 and older versions"), ""), ENTRY(ALONE("1.0"), CPE), "7.0.1-5035",
		    "affected"),
		ROW(ENTRY(ALONE("7.0.1-5035 and older versions"), ""), ENTRY(ALONE("1.0"), CPE), "7.0.1-5036", "safe"),
		ROW(ENTRY(ALONE("1.0"), ""), ENTRY(ALONE(">= 2.0, < 2.5"), CPE), "2.4", "safe"),
		ROW(ENTRY("", ""), ENTRY(ALONE(">= 2.0, < 2.5"), CPE), "2.4", "affected"),
		/* The CNA's end is no version: CISA's counts, and where it has none either, it is in doubt. */
		ROW(ENTRY(BELOW("publication"), ""), ENTRY(BELOW("2.5"), CPE), "2.4", "affected"),
		ROW(ENTRY(BELOW("publication"), CPE), ENTRY(BELOW("2.5"), CPE), "2.5", "safe"),
		ROW(ENTRY(BELOW("publication"), CPE), "", "2.5", "doubtful"),
		ROW(ENTRY(FROM_BELOW("3.0", "https://example.org/notes"), CPE), "", "2.5", "safe"),
		ROW(ENTRY(FROM_BELOW("2.0", "https://example.org/notes"), CPE), "", "2.5", "doubtful"),
		ROW(ENTRY(ALONE("see the notes"), CPE), "", "2.5", "doubtful"),
		/* Of another form than what is installed. */
		ROW(ENTRY(BELOW("R05.32"), CPE), "", "2.5", "doubtful"),
		ROW(ENTRY(BELOW("R05.32"), CPE), "", "R05.31", "affected"),
		ROW(ENTRY(BELOW("R05.32"), CPE), "", "R05.32", "safe"),
		ROW(ENTRY(BELOW("8.0 U3b"), CPE), "", "8.0.2", "affected"),
		ROW(ENTRY(BELOW("8.0 U3b"), CPE), "", "8.0.3.00200", "doubtful"),
		ROW(ENTRY(BELOW("8.0U2"), CPE), "", "8.0.2", "safe"),
		ROW(ENTRY(FROM_BELOW("5.1.x", "5.1.3"), CPE), "", "5.0.9", "safe"),
		ROW(ENTRY(FROM_BELOW("5.1.x", "5.1.3"), CPE), "", "5.1.2", "affected"),
		/* Fixes of several branches. */
		ROW(ENTRY(BELOW("115.16.0") "," BELOW("128.3.1") "," BELOW("131.0.1"), CPE), "", "115.17.0", "safe"),
		ROW(ENTRY(BELOW("131.0.1") "," BELOW("115.16.0") "," BELOW("128.3.1"), CPE), "", "115.15.0",
		    "affected"),
		ROW(ENTRY(BELOW("115.16.0") "," BELOW("128.3.1"), CPE), "", "116.0", "affected"),
		ROW(ENTRY(BELOW("115.16.0") "," BELOW("128.3.1"), CPE), "", "102.0", "affected"),
		ROW(ENTRY(BELOW("7.0.5") "," BELOW("7.2.3"), CPE), "", "7.0.6", "safe"),
		ROW(ENTRY(BELOW("7.0.5") "," BELOW("7.2.3"), CPE), "", "7.1.0", "affected"),
		ROW(ENTRY(FROM_BELOW("8.0", "8.0 U1e") "," FROM_BELOW("8.0", "8.0 U2d"), CPE), "", "8.0 U1e", "safe"),
		ROW(ENTRY(FROM_BELOW("8.0", "8.0 U1e") "," FROM_BELOW("8.0", "8.0 U2d"), CPE), "", "8.0 U1d",
		    "affected"),
		ROW(ENTRY(FROM_BELOW("8.0", "8.0 U1e") "," FROM_BELOW("8.0", "8.0 U2d"), CPE), "", "8.0 U2c",
		    "affected"),
		ROW(ENTRY(FROM_BELOW("8.0", "8.0 U1e") "," FROM_BELOW("8.0", "8.0 U2d"), CPE), "", "8.0.0", "affected"),
		ROW(ENTRY(FROM_BELOW("10.1.0", "10.1.10") "," FROM_BELOW("10.1.0", "10.1.9-h3"), CPE), "", "10.1.9-h3",
		    "safe"),
		ROW(ENTRY(FROM_BELOW("10.1.0", "10.1.10") "," FROM_BELOW("10.1.0", "10.1.9-h3"), CPE), "", "10.1.9-h2",
		    "affected"),
		ROW(ENTRY(BELOW("22.6R2.3") "," BELOW("9.1R18.5") "," BELOW("22.6R1.2"), CPE), "", "22.6R2.2",
		    "affected"),
		ROW(ENTRY(BELOW("22.6R2.3") "," BELOW("9.1R18.5") "," BELOW("22.6R1.2"), CPE), "", "22.6R1.2", "safe"),
		ROW(ENTRY(BELOW("22.6R2.3") "," BELOW("9.1R18.5") "," BELOW("22.6R1.2"), CPE), "", "9.1R18.9", "safe"),
		ROW(ENTRY(FROM_BELOW("1.0", "1.5.3"), CPE) "," ENTRY(FROM_BELOW("1.0", "1.6.2"), CPE), "", "1.5.4",
		    "affected"),
		ROW(ENTRY(FROM_BELOW("3.1", "5.0") "," FROM_BELOW("3.0", "4.5"), CPE), "", "4.7", "affected"),
		/* VMware's bulletins: the build decides, where it is known. */
		ROW(ENTRY(FROM_BELOW("8.0", "ESXi80U1d-23299997") "," FROM_BELOW("8.0", "ESXi80U2sb-23305545"), CPE),
		    "", "8.0.1-23299997", "safe"),
		ROW(ENTRY(FROM_BELOW("8.0", "ESXi80U1d-23299997") "," FROM_BELOW("8.0", "ESXi80U2sb-23305545"), CPE),
		    "", "8.0.2-22380479", "affected"),
		ROW(ENTRY(FROM_BELOW("8.0", "ESXi80U1d-23299997") "," FROM_BELOW("8.0", "ESXi80U2sb-23305545"), CPE),
		    "", "8.0 U2", "doubtful"),
		ROW(ENTRY(FROM_BELOW("8.0", "ESXi80U1d-23299997") "," FROM_BELOW("8.0", "ESXi80U2sb-23305545"), CPE),
		    "", "7.0.3", "safe"),
		/* Two ends of one branch are none: what is fixed here is not fixed there. */
		ROW(ENTRY(BELOW("20.005.30635") "," BELOW("20.005.30636"), CPE), "", "20.005.30635", "affected"),
#undef ROW
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		assert_int_equal(feed_import_text(state, "cves", str_of(rows[i].record)).count.kept, 1);
		struct software list = { .cpe = arena_printf(&a, "cpe:2.3:o:acme:vpn:*:*:*:*:*:*:*:*"),
					 .version = str_of(rows[i].version) };
		struct software_result out;
		struct vuln_index *ix;
		assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
		assert_ok(software_match(ix, &list, 1, unit_instant, &a, &out, &unit_err));
		const char *told = out.count == 1 ? "affected" : out.unsure_count == 1 ? "doubtful" : "safe";
		if (strcmp(told, rows[i].told) != 0)
			fail_msg("%s is %s, not %s, by %s", rows[i].version, told, rows[i].told, rows[i].record);
		vuln_index_close(ix);
	}
}

static void
java_says_it_in_its_own_way(void **state)
{
	static const struct {
		const char *version, *told;
	} rows[] = {
		{ "8.0.3610.9", "affected" }, { "8.0.3510.10", "affected" }, { "1.8.0_351", "affected" },
		{ "8.0.3710.11", "safe" },    { "8u371", "safe" },           { "11.0.18", "affected" },
		{ "11.0.2", "affected" },     { "11.0.19", "safe" },         { "17.0.1", "safe" },
	};
	(void)feed_import_text(state, "cves",
			       STR(RECORD("CVE-2031-0001", "PUBLISHED", "\"title\":\"Java\"",
					  ",\"affected\":[{\"vendor\":\"oracle\",\"product\":\"jre\",\"cpes\":["
					  "\"cpe:2.3:a:oracle:jre:11.0.18:*:*:*:*:*:*:*\",\"cpe:2.3:a:oracle:jre:1.8.0:"
					  "update361:*:*:*:*:*:*\"],"
					  "\"versions\":[" ALONE("11.0.18") "," ALONE("1.8.0") "]}]")));
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct software list = { .publisher = STR("Oracle Corporation"),
					 .name = STR("Java 8 Update 361"),
					 .version = str_of(rows[i].version) };
		struct software_result out;
		struct vuln_index *ix;
		assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
		assert_ok(software_match(ix, &list, 1, unit_instant, &a, &out, &unit_err));
		if ((out.count == 1) != (strcmp(rows[i].told, "affected") == 0))
			fail_msg("Java %s is not %s", rows[i].version, rows[i].told);
		vuln_index_close(ix);
	}
}

/* Another word in an old record is no new reason to act. */
static void
due_dates_count_from_the_publication(void **state)
{
	ARENA_AUTO a = { 0 };
	struct software list = { .cpe = STR("cpe:2.3:o:acme:vpn:2.4:*:*:*:*:*:*:*") };
	struct software_result out;
	struct vuln_index *ix;
	int64_t published;
	(void)feed_import_text(state, "cves",
			       STR("{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":{\"cveId\":"
				   "\"CVE-2031-0001\",\"state\":\"PUBLISHED\",\"datePublished\":"
				   "\"2030-03-04T00:00:00Z\",\"dateUpdated\":\"2031-01-02T00:00:00Z\"},\"containers\":{"
				   "\"cna\":{\"affected\":[" ENTRY(BELOW("2.5"), CPE) "]}}}\n"));
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	assert_ok(software_match(ix, &list, 1, unit_instant, &a, &out, &unit_err));
	assert_int_equal(out.count, 1);
	assert_true(time_parse(STR("2030-03-04T00:00:00Z"), &published));
	assert_int_equal(out.findings[0].finding.date, published);
	vuln_index_close(ix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_cna_counts_before_cisa),
		unit_test_in_folder(a_record_that_multiplies_is_left_out),
		unit_test_in_folder(records_count_before_advisories),
		unit_test_in_folder(versions_as_publishers_write_them),
		unit_test_in_folder(java_says_it_in_its_own_way),
		unit_test_in_folder(due_dates_count_from_the_publication),
	};
	return cmocka_run_group_tests_name("vuln/feeds/cve", tests, NULL, NULL);
}
