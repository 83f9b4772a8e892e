/* CVE records: whose score counts, SSVC, products by CPE, what is skipped. */
#include "../unit-feed.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(the_cna_counts_before_cisa),
		unit_test_in_folder(a_record_that_multiplies_is_left_out),
		unit_test_in_folder(records_count_before_advisories),
	};
	return cmocka_run_group_tests_name("vuln/feeds/cve", tests, NULL, NULL);
}
