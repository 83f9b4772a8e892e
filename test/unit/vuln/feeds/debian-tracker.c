/* The tracker's states: an open issue stays a finding and says why, "0" is not affected. */
#include "../unit-feed.h"

#define RELEASE(fields) "{\"releases\":{\"bookworm\":{" fields ",\"repositories\":{\"bookworm\":\"1\"}}}}"
#define TRACKER \
	"{\"a\":{" \
	"\"CVE-2031-0001\":" RELEASE("\"status\":\"resolved\",\"fixed_version\":\"2-1\",\"urgency\":\"medium\"") "," \
														 "\"C" \
														 "VE-" \
														 "203" \
														 "1-" \
														 "000" \
														 "2\"" \
														 ":" RELEASE( \
															 "\"status\":\"resolved\",\"fixed_version\":\"0\",\"urgency\":\"unimportant\"") "," \
																									"\"CVE-2031-0003\":" RELEASE( \
																										"\"status\":\"open\",\"urgency\":\"low**\",\"nodsa\":\"Minor issue\",\"nodsa_reason\":\"\"") "," \
																																					     "\"CVE-2031-0004\":" RELEASE( \
																																						     "\"status\":\"open\",\"urgency\":\"high\",\"nodsa\":\"EOL upstream\",\"nodsa_reason\":\"ignored\"") "," \
																																																			 "\"CVE-2031-0005\":" RELEASE("\"status\":\"undetermined\",\"urgency\":\"low\"") "," \
																																																													 "\"CVE-2031-0006\":" RELEASE( \
																																																														 "\"status\":\"open\",\"urgency\":\"not yet assigned\"") "," \
																																																																					 "\"CVE-2031-0007\":{\"releases\":{\"hurd\":{\"status\":\"open\"}}}," \
																																																																					 "\"CVE-2031-0008\":[1]}," \
																																																																					 "\"b\":{\"CVE-2031-0001\":" RELEASE( \
																																																																						 "\"status\":\"open\",\"urgency\":\"end-of-life\"") "},\"c\":3}"

static void
states_are_honoured(void **state)
{
	ARENA_AUTO a = { 0 };
	struct feed_report r = feed_import_text(state, "json", STR(TRACKER));
	assert_string_equal(r.feed, "debian-tracker");
	assert_int_equal(r.count.read, 10);
	assert_int_equal(r.count.kept, 7);
	assert_int_equal(skipped_for(&r, "malformed"), 2);
	assert_int_equal(skipped_for(&r, "no-release"), 1);
	assert_string_equal(feed_findings(state, &a, "debian:12", "a", "1-1"),
			    "CVE-2031-0001 2-1|DEBIAN-CVE-2031-0001: a before 2-1 in debian:12; 1-1 is installed;"
			    "CVE-2031-0003 |DEBIAN-CVE-2031-0003: a in debian:12 has no fixed version (no DSA: minor "
			    "issue); 1-1 is installed;"
			    "CVE-2031-0004 |DEBIAN-CVE-2031-0004: a in debian:12 has no fixed version (ignored: EOL "
			    "upstream); 1-1 is installed;"
			    "CVE-2031-0006 |DEBIAN-CVE-2031-0006: a in debian:12 has no fixed version; 1-1 is "
			    "installed;");
	assert_string_equal(feed_findings(state, &a, "debian:12", "b", "9"),
			    "CVE-2031-0001 |DEBIAN-CVE-2031-0001: b in debian:12 has no fixed version (end of life); 9 "
			    "is installed;");
	assert_string_equal(feed_findings(state, &a, "debian:13", "a", "1-1"), "");
	assert_int_equal(feed_known(state, &a, "CVE-2031-0004").severity, SEVERITY_HIGH);
}

static void
what_is_cut_off_changes_nothing(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str whole = STR(TRACKER);
	feed_import_text(state, "json", whole);
	for (size_t len = whole.len - 1; len > 40; len -= 37) {
		struct feed_report r = feed_import_text(state, "json", str_head(whole, len));
		assert_int_equal(r.error.code, ERR_INPUT);
		assert_int_equal(r.count.kept, 0);
	}
	assert_int_equal(strncmp(feed_findings(state, &a, "debian:12", "a", "1-1"), "CVE-2031-0001", 13), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(states_are_honoured),
		unit_test_in_folder(what_is_cut_off_changes_nothing),
	};
	return cmocka_run_group_tests_name("vuln/feeds/debian-tracker", tests, NULL, NULL);
}
