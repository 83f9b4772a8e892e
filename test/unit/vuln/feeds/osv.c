/* Ranges and versions of OSV records. */
#include "../unit-feed.h"

#define OSV(ecosystem, inside) \
	"{\"id\":\"X-1\",\"modified\":\"2031-01-01T00:00:00Z\",\"aliases\":[\"CVE-2031-0001\"],\"affected\":[{" inside \
	",\"package\":{\"ecosystem\":\"" ecosystem "\",\"name\":\"c\"}}]}\n"
#define RANGE(events) "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]"

static void
events_are_ranges(void **state)
{
	static const struct {
		const char *inside, *affected, *safe; /* versions, with blanks between */
	} rows[] = {
		{ RANGE("{\"introduced\":\"0\"},{\"fixed\":\"2\"}"), "1 1.9", "2 3" },
		{ RANGE("{\"introduced\":\"0\"},{\"last_affected\":\"2\"}"), "1 2", "2.1" },
		{ RANGE("{\"introduced\":\"1\"},{\"fixed\":\"2\"},{\"introduced\":\"3\"},{\"fixed\":\"4\"}"), "1 3.5",
		  "0.9 2 4" },
		{ RANGE("{\"fixed\":\"4\"},{\"introduced\":\"3\"},{\"fixed\":\"2\"},{\"introduced\":\"1\"}"), "1 3.5",
		  "0.9 2 4" },
		{ RANGE("{\"introduced\":\"1\"}"), "1 99", "0.9" },
		{ RANGE("{\"introduced\":\"1\"},{\"limit\":\"5\"}"), "1 4.9", "5 6" },
		{ RANGE("{\"introduced\":\"1\"},{\"limit\":\"*\"}"), "1 6", "0.1" },
		{ "\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]}],\"versions\":[\"1\",\"3\"]",
		  "1 3", "2" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		buf_addf(&text,
			 "{\"id\":\"X-1\",\"modified\":\"2031-01-01T00:00:00Z\",\"aliases\":[\"CVE-2031-0001\"],"
			 "\"affected\":[{%s,\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"c\"}}]}\n",
			 rows[i].inside);
		assert_int_equal(feed_import_text(state, "osv", buf_str(&text)).count.kept, 1);
		for (int safe = 0; safe < 2; safe++) {
			struct str list = str_of(safe ? rows[i].safe : rows[i].affected), v;
			while (str_word(&list, &v)) {
				bool found = feed_findings(state, &a, "debian:12", "c", arena_cstr(&a, v))[0] != '\0';
				if (found == (safe == 1))
					fail_msg("row %zu: %.*s", i, STR_ARG(v));
			}
		}
	}
}

static void
rolling_systems_have_no_release(void **state)
{
	ARENA_AUTO a = { 0 };
	assert_int_equal(
		feed_import_text(state, "osv", STR(OSV("Wolfi", RANGE("{\"introduced\":\"0\"},{\"fixed\":\"2-r1\"}"))))
			.count.kept,
		1);
	assert_true(strstr(feed_findings(state, &a, "wolfi:20230201", "c", "2-r0"), "CVE-2031-0001 2-r1|") != NULL);
	assert_string_equal(feed_findings(state, &a, "wolfi:20230201", "c", "2-r1"), "");
}

/* As SUSE, openSUSE and Rocky publish: the package is the source. */
#define SUSE(id, cve, system, name, purl, fixed, inside) \
	"{\"id\":\"" id "\",\"modified\":\"2031-01-01T00:00:00Z\",\"related\":[\"" cve \
	"\"],\"affected\":[{\"package\":{\"ecosystem\":\"" system "\",\"name\":\"" name "\",\"purl\":\"" purl \
	"\"}," RANGE("{\"introduced\":\"0\"},{\"fixed\":\"" fixed "\"}") inside "}]}\n"
#define BINARIES(list) ",\"ecosystem_specific\":{\"binaries\":[" list "]}"

static const char *
findings_of(void **state, struct arena *a, const char *os, const struct package *p)
{
	struct vuln_index *ix;
	struct package one = *p;
	struct package_list list = { .items = &one, .count = 1 };
	struct match_request r = { .os = str_of(os), .packages = &list, .now = unit_instant };
	struct match_result out;
	BUF_AUTO text = { 0 };
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	assert_ok(match_run(ix, &r, a, &out, &unit_err));
	for (size_t i = 0; i < out.count; i++)
		buf_addf(&text, "%.*s %.*s %.*s|%.*s;", STR_ARG(out.findings[i].vulnerability.id),
			 STR_ARG(out.findings[i].source), STR_ARG(out.findings[i].fixed), STR_ARG(out.findings[i].why));
	vuln_index_close(ix);
	return arena_cstr(a, buf_str(&text));
}

static struct package
rpm(const char *name, const char *version, const char *source, const char *source_version)
{
	return (struct package){ .name = str_of(name),
				 .version = str_of(version),
				 .arch = STR("x86_64"),
				 .source = str_of(source),
				 .source_version = str_of(source_version) };
}

/* Every binary package that a record lists is meant, in its own version; a record without a list means all that are
 * built from the source; and one that both mean is found once. */
static void
sources_mean_their_binary_packages(void **state)
{
	ARENA_AUTO a = { 0 };
	static const char text[] = SUSE("SUSE-SU-2031:1-1", "CVE-2031-0001", "openSUSE:Leap 15.6", "c",
					"pkg:rpm/opensuse/c", "5-1",
					BINARIES("{\"libc1\":\"5-1\",\"c-module\":\"1.2-1\"},7,{\"c-tools\":\"5-1\"}"))
		SUSE("SUSE-SU-2031:2-1", "CVE-2031-0002", "openSUSE:Leap 15.6", "c", "pkg:rpm/opensuse/c", "6-1", "")
			SUSE("SUSE-SU-2031:3-1", "CVE-2031-0001", "openSUSE:Leap 15.6", "c", "pkg:rpm/opensuse/c",
			     "5-1", "") SUSE("RLSA-2031:4", "CVE-2031-0003", "Rocky Linux:9", "bind",
					     "pkg:rpm/rocky-linux/bind?distro=rocky-linux-9&epoch=2", "9.18-1.el9", "");
	struct feed_report report = feed_import_text(state, "osv", str_of(text));
	assert_int_equal(report.count.kept, 4);
	const struct {
		const char *os;
		struct package package;
		const char *findings;
	} rows[] = {
		{ "opensuse-leap:15.6", rpm("libc1", "4-1", "c", "4-1"),
		  "CVE-2031-0001 c 5-1|SUSE-SU-2031:1-1: libc1 before 5-1 in opensuse-leap:15.6; 4-1 is installed;"
		  "CVE-2031-0002 c 6-1|SUSE-SU-2031:2-1: c before 6-1 in opensuse-leap:15.6; 4-1 is installed;" },
		{ "opensuse-leap:15.6", rpm("c-module", "1.1-9", "c", "6-1"),
		  "CVE-2031-0001 c 1.2-1|SUSE-SU-2031:1-1: c-module before 1.2-1 in opensuse-leap:15.6; 1.1-9 is "
		  "installed;" },
		{ "opensuse-leap:15.6", rpm("c-module", "1.2-1", "c", "6-1"), "" },
		{ "opensuse-leap:15.6", rpm("c-extra", "0.1-1", "c", "5-1"),
		  "CVE-2031-0002 c 6-1|SUSE-SU-2031:2-1: c before 6-1 in opensuse-leap:15.6; 5-1 is installed;" },
		{ "opensuse-leap:15.6", rpm("c", "1-1", "not-c", "1-1"), "" },
		{ "rocky:9", rpm("bind-libs", "2:9.16-9.el9", "bind", "2:9.16-9.el9"),
		  "CVE-2031-0003 bind 2:9.18-1.el9|RLSA-2031:4: bind before 2:9.18-1.el9 in rocky:9; 2:9.16-9.el9 is "
		  "installed;" },
		{ "rocky:9", rpm("bind-utils", "32:9.16-9.el9", "bind", "32:9.16-9.el9"), "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(findings_of(state, &a, rows[i].os, &rows[i].package), rows[i].findings);
}

/* What one record may say has a bound, and what is beyond it is named. */
static void
a_record_without_end_is_left_out(void **state)
{
	static const struct {
		int cves, packages, ranges;
		const char *reason;
	} rows[] = {
		{ 1, 1, 1, NULL },
		{ 2000, 2000, 1, NULL },
		{ 1, 1, 100001, "too-large" },
		{ 5000, 5000, 1, "too-large" },
		{ 20001, 1, 1, "too-large" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO text = { 0 };
		buf_add(&text, STR("{\"id\":\"X-1\",\"modified\":\"2031-01-02T00:00:00Z\",\"aliases\":["));
		for (int k = 0; k < rows[i].cves; k++)
			buf_addf(&text, "%s\"CVE-2031-%d\"", k ? "," : "", 10000 + k);
		buf_add(&text, STR("],\"affected\":["));
		for (int k = 0; k < rows[i].packages; k++) {
			buf_addf(&text,
				 "%s{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"p%d\"},\"versions\":[\"1\"],"
				 "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[",
				 k ? "," : "", k);
			for (int m = 0; m < rows[i].ranges; m++)
				buf_addf(&text, "%s{\"introduced\":\"%d\"},{\"fixed\":\"%d\"}", m ? "," : "", 2 * m,
					 2 * m + 1);
			buf_add(&text, STR("]}]}"));
		}
		buf_add(&text, STR("]}\n{\"id\":\"X-2\"}\n"));
		struct feed_report r = feed_import_text(state, "osv.jsonl", buf_str(&text));
		assert_int_equal(r.count.kept, rows[i].reason ? 0 : 1);
		if (rows[i].reason) {
			assert_int_equal(skipped_for(&r, rows[i].reason), 1);
			assert_non_null(strstr(r.error.text, "too-large 1"));
		}
	}
}

/* A date that nobody can have written would hide every correction for ever. */
static void
a_date_to_come_hides_nothing(void **state)
{
	static const char *const texts[] = {
		"{\"id\":\"X-1\",\"modified\":\"9999-12-31T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":"
		"\"Debian:12\","
		"\"name\":\"a\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"0."
		"1\"}]}]}]}",
		"{\"id\":\"X-1\",\"modified\":\"9999-12-30T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":"
		"\"Debian:12\","
		"\"name\":\"a\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":"
		"\"2\"}]}]}]}",
	};
	ARENA_AUTO a = { 0 };
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .add = true, .clock = &clock };
	const char *path = unit_path(state, "osv.json");
	struct feed_status *status;
	size_t count;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct feed_report r;
		unit_put(state, "osv.json", str_of(texts[i]));
		assert_ok(feed_import(&o, &path, 1, &r, &unit_err));
		assert_int_equal(r.count.kept, 1);
	}
	assert_non_null(strstr(feed_findings(state, &a, "debian:12", "a", "1"), "before 2 in"));
	/* And the feed grows old like any other. */
	int64_t later = clock_now(&clock) + INT64_C(30) * 24 * 3600 * 1000;
	assert_ok(feed_status_read(o.data, &a, later, &status, &count, &unit_err));
	for (size_t i = 0; i < count; i++)
		if (strcmp(status[i].feed, "osv") == 0)
			assert_true(status[i].stale);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(events_are_ranges),
		unit_test_in_folder(rolling_systems_have_no_release),
		unit_test_in_folder(a_date_to_come_hides_nothing),
		unit_test_in_folder(a_record_without_end_is_left_out),
		unit_test_in_folder(sources_mean_their_binary_packages),
	};
	return cmocka_run_group_tests_name("vuln/feeds/osv", tests, NULL, NULL);
}
