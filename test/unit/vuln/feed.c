/* Importing by its promises: read = kept + skipped, what cannot be understood changes nothing. */
#include "unit-feed.h"
#include "vuln/ops.h"

#include <math.h>

#define DSA \
	"[02 Mar 2031] DSA-2-1 b - security update\n\t{CVE-2031-0002}\n\t[bookworm] - b 2-1\n" \
	"[01 Mar 2031] DSA-1-1 a - security update\n\t{CVE-2031-0001}\n\t[bookworm] - a 1-2\n"
#define OSV(id, extra) \
	"{\"id\":\"" id "\",\"modified\":\"2031-01-01T00:00:00Z\"" extra \
	",\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"c\"},\"ranges\":[{\"type\":" \
	"\"ECOSYSTEM\"," \
	"\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"2\"}]}]}]}\n"

static struct feed_report
import(void **state, bool add, const char *path)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .add = add, .clock = &clock };
	struct feed_report r;
	assert_ok(feed_import(&o, &path, 1, &r, &unit_err));
	uint64_t skipped = 0;
	for (size_t i = 0; i < r.count.skipped_count; i++)
		skipped += r.count.skipped[i].count;
	assert_int_equal(r.count.read, r.count.kept + skipped);
	return r;
}

static bool
known(void **state, const char *id)
{
	ARENA_AUTO a = { 0 };
	struct vuln_index *ix;
	struct vulnerability v;
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	bool yes = vuln_lookup(ix, &a, str_of(id), &v);
	vuln_index_close(ix);
	return yes;
}

static void
lists_are_counted_and_found(void **state)
{
	unit_put(state, "DSA", STR(DSA "[xx Mar 2031] DSA-0-1 z\n\t[bookworm] - z 1\n[01 Jan 2031] DSA-3-1 none\n"));
	struct feed_report r = import(state, false, unit_path(state, "DSA"));
	assert_string_equal(r.feed, "debian-dsa");
	assert_int_equal(r.error.code, ERR_NONE);
	assert_int_equal(r.count.read, 4);
	assert_int_equal(r.count.kept, 2);
	assert_true(known(state, "CVE-2031-0001"));
	assert_false(known(state, "CVE-2031-0009"));
}

static void
importing_replaces_and_add_merges(void **state)
{
	unit_put(state, "one", STR(DSA));
	unit_put(state, "two", STR("[03 Mar 2031] DSA-4-1 d\n\t{CVE-2031-0004}\n\t[bookworm] - d 2\n"));
	import(state, false, unit_path(state, "one"));
	import(state, true, unit_path(state, "two"));
	assert_true(known(state, "CVE-2031-0001"));
	assert_true(known(state, "CVE-2031-0004"));
	import(state, false, unit_path(state, "two"));
	assert_false(known(state, "CVE-2031-0001"));
	assert_true(known(state, "CVE-2031-0004"));
}

static void
bad_records_never_lose_the_good_ones(void **state)
{
	unit_put(state, "lines",
		 STR(OSV("GHSA-1", "") "{\"id\":\"GHSA-2\",\n" OSV("GHSA-3", ",\"withdrawn\":\"2031-01-02T00:00:00Z\"")
			     OSV("GHSA-4", ",\"aliases\":[\"CVE-2031-0044\"]") "[1]\n"));
	struct feed_report r = import(state, false, unit_path(state, "lines"));
	assert_string_equal(r.feed, "osv");
	assert_int_equal(r.count.read, 5);
	assert_int_equal(r.count.kept, 2);
	assert_true(known(state, "GHSA-1"));
	assert_true(known(state, "GHSA-4"));
	assert_true(known(state, "CVE-2031-0044"));
	assert_false(known(state, "GHSA-3"));
}

/* What the index knows of a vulnerability's score after importing one record with this `severity`. */
static struct vulnerability
scored(void **state, const char *severity)
{
	BUF_AUTO line = { 0 };
	ARENA_AUTO a = { 0 };
	struct vuln_index *ix;
	struct vulnerability v;
	buf_addf(&line,
		 "{\"id\":\"GHSA-5\",\"modified\":\"2031-01-01T00:00:00Z\",\"severity\":[%s],\"affected\":[{"
		 "\"package\":{"
		 "\"ecosystem\":\"Debian:12\",\"name\":\"c\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{"
		 "\"introduced\":\"0\"},{\"fixed\":\"2\"}]}]}]}\n",
		 severity);
	unit_put(state, "scored", buf_str(&line));
	assert_int_equal(import(state, false, unit_path(state, "scored")).count.kept, 1);
	assert_ok(vuln_index_open(unit_path(state, "data"), &ix, &unit_err));
	assert_true(vuln_lookup(ix, &a, STR("GHSA-5"), &v));
	vuln_index_close(ix);
	return v;
}

#define V2 "{\"type\":\"CVSS_V2\",\"score\":\"AV:N/AC:L/Au:N/C:C/I:C/A:C\"}" /* 10.0 */
#define V3 "{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H\"}" /* 7.8 */
#define V4 \
	"{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N\"}" /* 6.9 */

static void
vectors_give_scores(void **state)
{
	static const struct {
		const char *severity;
		int tenths;
		enum severity word;
	} rows[] = {
		{ V3, 78, SEVERITY_HIGH },
		{ V2, 100, SEVERITY_HIGH },
		{ V4, 69, SEVERITY_MEDIUM },
		{ V2 "," V4 "," V3, 69, SEVERITY_MEDIUM }, /* the newest version */
		{ V3 "," V2, 78, SEVERITY_HIGH },
		{ V4 ",{\"type\":\"x\",\"score\":\"3.1\"}", 31, SEVERITY_LOW }, /* what was published */
		{ "{\"type\":\"x\",\"score\":\"9.1\"}," V4, 91, SEVERITY_CRITICAL },
		{ "{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:L/AC:L\"}", -10, SEVERITY_UNKNOWN },
		{ V3 ",{\"type\":\"Ubuntu\",\"score\":\"low\"}", 78, SEVERITY_LOW }, /* the publisher's own word */
		{ "{\"type\":\"CVSS_V3\",\"score\":\"11\"}", -10, SEVERITY_UNKNOWN },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vulnerability v = scored(state, rows[i].severity);
		if ((int)lround(v.cvss * 10) != rows[i].tenths || v.severity != rows[i].word)
			fail_msg("%s: %.1f %s", rows[i].severity, v.cvss, severity_name(v.severity));
	}
}

static void
an_advisory_without_end_loses_no_other(void **state)
{
	BUF_AUTO list = { 0 };
	buf_add(&list, STR("[03 Mar 2031] DSA-3-1 c - security update\n\t{CVE-2031-0003}\n"));
	for (int i = 0; i < 100002; i++)
		buf_addf(&list, "\t[bookworm] - c%d 3-1\n", i);
	buf_add(&list, STR(DSA));
	unit_put(state, "DSA", buf_str(&list));
	struct feed_report r = import(state, false, unit_path(state, "DSA"));
	assert_int_equal(r.count.read, 3);
	assert_int_equal(r.count.kept, 2);
	assert_int_equal(skipped_for(&r, "too-large"), 1);
}

static void
a_folder_counts_what_it_does_not_know(void **state)
{
	unit_put(state, "f/DSA", STR(DSA));
	unit_put(state, "f/README", STR("words\n"));
	unit_put(state, "f/empty", STR(""));
	unit_put(state, "f/in/one.json", STR(OSV("GHSA-1", "")));
	unit_put(state, "f/in/cut.json", STR("{\"id\":\"GHSA-5\",\"modified\":\"2031\",\"affected\":[{"));
	BUF_AUTO deep = { 0 };
	buf_add(&deep, STR("{\"dataType\":\"CVE_RECORD\",\"dataVersion\":\"5.1\",\"cveMetadata\":"));
	for (int i = 0; i < 1000; i++)
		buf_add_char(&deep, '[');
	unit_put(state, "f/in/deep.json", buf_str(&deep));
	struct feed_report r = import(state, false, unit_path(state, "f"));
	assert_int_equal(r.error.code, ERR_NONE);
	assert_int_equal(r.count.read, 7);
	assert_int_equal(skipped_for(&r, "too-large"), 1);
	assert_int_equal(r.count.kept, 3);
	assert_string_equal(r.feed, "debian-dsa,osv");
	assert_true(known(state, "GHSA-1"));
}

static void
what_cannot_be_understood_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"no feed",
		"[[[[[[",
		"{\"id\":\"X\",\"modified\":\"\",\"affected\":[",
		"{\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":\"CVE-2031-0008\"},",
		"[03 Mar 2031] DSA-8-1 c - security update\n\t{CVE-2031-0008}\n\t[bookworm] - c 3-1\n[02 Mar 2031] "
		"DSA-",
		"#model_version:v1,score_date:2031-01-01T00:00:00Z\ncve,epss,percentile\nCVE-2031-0008,0.1,0.2\nCVE-"
		"2031-00",
		"PK\003\004 no zip",
		"\037\213\010 no gzip"
	};
	unit_put(state, "good", STR(DSA));
	import(state, false, unit_path(state, "good"));
	for (size_t i = 0; i < COUNT(bad); i++) {
		unit_put(state, "bad", str_of(bad[i]));
		struct feed_report r = import(state, false, unit_path(state, "bad"));
		if (r.error.code != ERR_INPUT || !r.error.text[0] || r.count.kept)
			fail_msg("%s: %d %s", bad[i], (int)r.error.code, r.error.text);
		assert_true(known(state, "CVE-2031-0001"));
		assert_false(known(state, "CVE-2031-0008"));
	}
	struct feed_report r = import(state, false, unit_path(state, "missing"));
	assert_int_equal(r.error.code, ERR_NOT_FOUND);
}

static void
an_open_index_stays_what_it_was(void **state)
{
	ARENA_AUTO a = { 0 };
	struct vuln_index *old;
	struct vulnerability v;
	unit_put(state, "one", STR(DSA));
	unit_put(state, "two", STR("[03 Mar 2031] DSA-4-1 d\n\t{CVE-2031-0004}\n\t[bookworm] - d 2\n"));
	import(state, false, unit_path(state, "one"));
	assert_ok(vuln_index_open(unit_path(state, "data"), &old, &unit_err));
	import(state, false, unit_path(state, "two"));
	assert_true(vuln_lookup(old, &a, STR("CVE-2031-0001"), &v));
	assert_false(known(state, "CVE-2031-0001"));
	vuln_index_close(old);
}

static void
pain_15_a_stale_feed_is_no_success(void **state)
{
	ARENA_AUTO a = { 0 };
	struct feed_status *list;
	size_t count, feeds = 0, imported = 0;
	unit_put(state, "DSA", STR(DSA));
	import(state, false, unit_path(state, "DSA"));
	assert_ok(feed_status_read(unit_path(state, "data"), &a, unit_instant, &list, &count, &unit_err));
	for (; feeds_all[feeds]; feeds++) {
		assert_string_equal(feed_ages[feeds].feed, feeds_all[feeds]->name);
		assert_string_equal(list[feeds].feed, feeds_all[feeds]->name);
		assert_true(list[feeds].stale_after >= 7 * DAY_MS);
	}
	assert_null(feed_ages[feeds].feed);
	assert_int_equal(count, feeds);
	for (size_t i = 0; i < count; i++) {
		imported += list[i].imported_at != 0;
		if (strcmp(list[i].feed, "debian-dsa") != 0)
			continue;
		/* The newest advisory is a month old: whatever the import's own age, the data is stale. */
		assert_int_equal(list[i].records, 2);
		assert_true(list[i].imported_at == unit_instant);
		assert_true(list[i].stale);
	}
	assert_int_equal(imported, 1);
}

/* EPSS's list ends where it ends: cut after a line it is as whole as before. */
static void
a_list_that_was_cut_off_replaces_nothing(void **state)
{
	static const struct {
		int lines;
		bool fewer;
		uint64_t left;
	} steps[] = { { 150, false, 150 }, { 74, false, 150 },  { 75, false, 75 },
		      { 10, false, 10 },   { 150, false, 150 }, { 74, true, 74 } };
	struct clock clock = unit_clock();
	for (size_t i = 0; i < COUNT(steps); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO list = { 0 };
		struct feed_import_options o = { .data = unit_path(state, "data"),
						 .fewer = steps[i].fewer,
						 .clock = &clock };
		const char *path = unit_path(state, "epss");
		struct feed_report r;
		struct feed_status *all;
		size_t count;
		buf_add(&list, STR("cve,epss,percentile\n"));
		for (int k = 0; k < steps[i].lines; k++)
			buf_addf(&list, "CVE-2030-%04d,0.5,0.9\n", k);
		unit_put(state, "epss", buf_str(&list));
		assert_ok(feed_import(&o, &path, 1, &r, &unit_err));
		bool kept = steps[i].left == (uint64_t)steps[i].lines;
		assert_int_equal(r.error.code, kept ? ERR_NONE : ERR_REFUSED);
		assert_int_equal(r.count.kept, kept ? steps[i].left : 0);
		assert_ok(feed_status_read(o.data, &a, unit_instant, &all, &count, &unit_err));
		for (size_t k = 0; k < count; k++)
			if (strcmp(all[k].feed, "epss") == 0)
				assert_int_equal(all[k].records, steps[i].left);
	}
}

static void
two_imports_at_once_are_refused(void **state)
{
	struct clock clock = unit_clock();
	struct feed_import_options o = { .data = unit_path(state, "data"), .clock = &clock };
	const char *path = unit_path(state, "DSA");
	struct feed_report r;
	struct err e = { 0 };
	unit_put(state, "DSA", STR(DSA));
	assert_ok(dir_make(unit_path(state, "data/feeds"), 0755, &unit_err));
	FD_AUTO lock = -1;
	assert_ok(file_lock(unit_path(state, "data/feeds/lock"), &lock, &unit_err));
	assert_false(feed_import(&o, &path, 1, &r, &e));
	assert_int_equal(e.code, ERR_BUSY);
}

/* A newer mamori finds an index that it cannot read, beside feeds that it can. */
static void
an_index_of_another_version_is_built_anew(void **state)
{
	ARENA_AUTO a = { 0 };
	struct vuln_index *ix = NULL;
	struct err e = { 0 };
	const char *data = unit_path(state, "data");
	assert_true(feed_index_rebuild(unit_path(state, "nothing"), 1, &e));
	unit_put(state, "DSA", STR(DSA));
	import(state, false, unit_path(state, "DSA"));
	const char *index = path_join(&a, data, "feeds/index");
	FILE *f = fopen(index, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 8, SEEK_SET), 0); /* behind the magic: version and byte order */
	fputs("\xfe\xfe\xfe\xfe", f);
	fclose(f);
	assert_false(vuln_index_open(data, &ix, &e));
	assert_ok(feed_index_rebuild(data, 1, &unit_err));
	assert_true(known(state, "CVE-2031-0001"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(lists_are_counted_and_found),
		unit_test_in_folder(importing_replaces_and_add_merges),
		unit_test_in_folder(bad_records_never_lose_the_good_ones),
		unit_test_in_folder(vectors_give_scores),
		unit_test_in_folder(an_advisory_without_end_loses_no_other),
		unit_test_in_folder(a_folder_counts_what_it_does_not_know),
		unit_test_in_folder(what_cannot_be_understood_changes_nothing),
		unit_test_in_folder(an_open_index_stays_what_it_was),
		unit_test_in_folder(pain_15_a_stale_feed_is_no_success),
		unit_test_in_folder(two_imports_at_once_are_refused),
		unit_test_in_folder(a_list_that_was_cut_off_replaces_nothing),
		unit_test_in_folder(an_index_of_another_version_is_built_anew),
	};
	return cmocka_run_group_tests_name("vuln/feed", tests, NULL, NULL);
}
