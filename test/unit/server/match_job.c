/* From sections to findings, and which pending update brings each fix. */
#include "server/match_job.h"

#include "store/trend.h"
#include "vuln/feed.h"
#include "world.h"

#define DSA \
	"[18 Feb 2026] DSA-9001-1 openssl - security update\n" \
	"\t{CVE-2026-1001 CVE-2026-1002}\n" \
	"\t[bookworm] - openssl 3.0.17-1\n" \
	"[17 Feb 2026] DSA-9000-1 bash - security update\n" \
	"\t{CVE-2026-2001}\n" \
	"\t[bookworm] - bash 5.2-3\n"
#define SYSTEM \
	"{\"os\":{\"id\":\"debian\",\"version\":\"12\",\"name\":\"Debian GNU/Linux 12 " \
	"(bookworm)\",\"codename\":\"bookworm\"," \
	"\"like\":\"\"},\"hostname\":\"ward-3-pc-07\",\"kernel\":{\"running\":null,\"installed\":[]},\"reboot_" \
	"signals\":[]}"
#define PACKAGES \
	"{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"bash\",\"5.2-2\",\"amd64\",\"\",\"\"]," \
	"[\"libssl3\",\"3.0.15-1\",\"amd64\",\"openssl\",\"\"],[\"openssl\",\"3.0.15-1\",\"amd64\",\"\",\"\"]]}"
#define UPDATES \
	"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[{\"id\":\"deb:openssl@3.0.18-1\",\"title\":\"openssl " \
	"3.0.15-1 → 3.0.18-1\"," \
	"\"source\":\"openssl\",\"version\":\"3.0.18-1\",\"security\":true,\"origins\":\"Debian-Security\",\"size\":" \
	"5," \
	"\"staged\":true,\"kept_back\":null,\"packages\":[{\"name\":\"libssl3\",\"arch\":\"amd64\",\"from\":\"3.0.15-" \
	"1\"," \
	"\"to\":\"3.0.18-1\",\"size\":5}],\"cves\":[\"CVE-2026-1001\",\"CVE-2026-7777\"]}]}"

static void
import(struct world *w)
{
	struct err e = { 0 };
	struct feed_report report = { 0 };
	const char *path = path_join(&w->arena, w->dir, "DSA.list");
	struct feed_import_options o = { .data = w->dir, .clock = &w->clock };
	ok(file_write(path, STR(DSA), 0600, &e));
	ok(feed_import(&o, &path, 1, &report, &e));
	assert_int_equal(report.error.code, ERR_NONE);
	ok(app_index_reload(&w->app, &e));
}

static void
put(struct world *w, const char *name, const char *body)
{
	char hash[SHA256_HEX_LEN];
	sha256_hex(str_of(body), hash);
	struct str check_in = arena_printf(
		&w->arena, "{\"protocol\":1,\"machine\":\"machine-1\",\"sections\":{\"%s\":\"%s\"}}", name, hash);
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", check_in.ptr).status, 200);
	struct str path = arena_printf(&w->arena, "/agent/v1/sections/%s", name);
	assert_int_equal(world_agent(w, "PUT", path.ptr, body).status, 204);
}

static void
enrolled(struct world *w)
{
	struct token t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	put(w, "system", SYSTEM);
	put(w, "packages", PACKAGES);
	put(w, "updates", UPDATES);
}

static void
match(struct world *w)
{
	struct err e = { 0 };
	struct match_job j;
	bool due;
	ok(match_compute(&w->app, w->st, w->host, &j, &due, &e));
	assert_true(due);
	ok(match_store(w->st, &j, &e));
	match_job_free(&j);
}

static void
findings_name_the_update_that_fixes_them(void **state)
{
	struct world *w = *state;
	import(w);
	enrolled(w);
	match(w);
	struct str path = arena_printf(&w->arena, "/api/v1/hosts/%.*s/findings?sort=package", STR_ARG(w->host));
	struct answer a = world_cli(w, "GET", path.ptr, NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 5); /* bash, and two CVEs of two packages of openssl */
	const struct json *items = json_get(a.json, "items")->item;
	assert_true(str_eq(json_get_str(&items[0], "package"), STR("bash")));
	assert_null(json_get_str(&items[0], "patch").ptr); /* nothing pending brings it */
	for (int i = 1; i < 5; i++)
		assert_true(str_eq(json_get_str(&items[i], "patch"), STR("deb:openssl@3.0.18-1")));

	assert_true(str_eq(json_get_str(&items[1], "source"), STR("openssl")));
	/* None of them has a severity in these feeds. */
	path = arena_printf(&w->arena, "/api/v1/hosts/%.*s/findings?severity=low,unknown", STR_ARG(w->host));
	assert_int_equal(json_get_i64(world_cli(w, "GET", path.ptr, NULL).json, "total", 0), 5);
	path = arena_printf(&w->arena, "/api/v1/hosts/%.*s/findings?severity=critical,high", STR_ARG(w->host));
	assert_int_equal(json_get_i64(world_cli(w, "GET", path.ptr, NULL).json, "total", -1), 0);
	assert_int_equal(
		json_get_i64(world_cli(w, "GET", "/api/v1/vulnerabilities?severity=unknown", NULL).json, "total", 0),
		3);

	struct answer h = world_cli(w, "GET", "/api/v1/hosts", NULL);
	const struct json *counts = json_get(json_get(h.json, "items")->item, "findings");
	assert_int_equal(json_get_i64(counts, "unknown", 0), 3); /* each vulnerability once */
	assert_true(str_eq(json_get_str(json_get(h.json, "items")->item, "name"), STR("ward-3-pc-07")));
	struct answer v = world_cli(w, "GET", "/api/v1/vulnerabilities/CVE-2026-1001", NULL);
	assert_int_equal(v.status, 200);
	assert_int_equal(json_get(v.json, "findings")->count, 2);
}

/* JVN's title where the reader's language is Japanese; else the one that the store has. */
static void
titles_follow_the_reader(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct feed_report report = { 0 };
	const char *path = path_join(&w->arena, w->dir, "jvn.json");
	struct feed_import_options o = { .data = w->dir, .clock = &w->clock };
	import(w);
	ok(file_write(
		path,
		STR("{\"$schema\":\"https://jvndb.jvn.jp/schema/myjvn_feed_1.0.json\",\"feed\":{\"entry\":[{\"id\":"
		    "\"JVNDB-2026-000001\",\"title\":\"題名\",\"summary\":\"概要\",\"references\":[{\"summary\":\"CVE-"
		    "2026-1001\"}]}]}}"),
		0600, &e));
	ok(feed_import(&o, &path, 1, &report, &e));
	assert_int_equal(report.count.kept, 1);
	ok(app_index_reload(&w->app, &e));
	enrolled(w);
	match(w);
	struct sender reader = { .door = DOOR_SOCKET, .uid = 0, .lang = LANG_JA };
	struct answer a = world_send(w, &reader, "GET", "/api/v1/vulnerabilities/CVE-2026-1001", NULL);
	assert_true(str_eq(json_get_str(a.json, "title"), STR("題名")));
	assert_true(str_eq(json_get_str(a.json, "summary"), STR("概要")));
	a = world_cli(w, "GET", "/api/v1/vulnerabilities/CVE-2026-1001", NULL);
	assert_false(str_eq(json_get_str(a.json, "title"), STR("題名")));
	assert_null(json_get_str(a.json, "summary").ptr);
}

static void
an_update_lists_what_advisories_and_its_changelog_name(void **state)
{
	struct world *w = *state;
	import(w);
	enrolled(w);
	match(w);
	struct answer a = world_cli(w, "GET", "/api/v1/patches/deb%3Aopenssl%403.0.18-1", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "vulnerabilities", 0), 3);
	const struct json *fixes = json_get(a.json, "fixes");
	assert_int_equal(fixes->count, 3);
	for (size_t i = 0; i < fixes->count; i++) {
		bool changelog = str_eq(json_get_str(&fixes->item[i], "vulnerability"), STR("CVE-2026-7777"));
		assert_true(str_eq(json_get_str(&fixes->item[i], "source"),
				   changelog ? STR("changelog") : STR("advisory")));
	}
}

static void
without_any_feed_the_changelog_still_tells(void **state)
{
	struct world *w = *state;
	enrolled(w);
	match(w);
	struct answer a = world_cli(w, "GET", "/api/v1/patches/deb%3Aopenssl%403.0.18-1", NULL);
	assert_int_equal(json_get_i64(a.json, "vulnerabilities", 0), 2);
}

static void
what_was_computed_from_old_sections_is_dropped(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct match_job j;
	bool due;
	import(w);
	enrolled(w);
	ok(match_compute(&w->app, w->st, w->host, &j, &due, &e));
	put(w, "packages", "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"bash\",\"5.2-3\",\"amd64\",\"\",\"\"]]}");
	ok(match_store(w->st, &j, &e));
	match_job_free(&j);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/vulnerabilities", NULL).json, "total", -1), 0);
	match(w);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/vulnerabilities", NULL).json, "total", -1), 0);
}

static void
the_index_has_a_number_that_every_reader_keeps(void **state)
{
	struct world *w = *state;
	import(w);
	struct answer a = world_cli(w, "GET", "/api/v1/feeds", NULL);
	int64_t generation = json_get_i64(json_get(a.json, "index"), "generation", -1);
	assert_true(generation > 0 && generation < INT64_C(1) << 53);
}

static void
findings_go_when_the_fix_is_installed(void **state)
{
	struct world *w = *state;
	import(w);
	enrolled(w);
	match(w);
	put(w, "packages",
	    "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"bash\",\"5.2-3\",\"amd64\",\"\",\"\"],"
	    "[\"openssl\",\"3.0.18-1\",\"amd64\",\"\",\"\"]]}");
	match(w);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/vulnerabilities", NULL).json, "total", -1), 0);
}

static struct json *
first_finding(struct world *w, const char *filter)
{
	struct str path = arena_printf(&w->arena, "/api/v1/findings?sort=package%s", filter);
	struct answer a = world_cli(w, "GET", path.ptr, NULL);
	assert_int_equal(a.status, 200);
	assert_true(json_get_i64(a.json, "total", 0) > 0);
	return json_get(a.json, "items")->item;
}

/* By what the machine is and by the set of deadlines that was chosen. */
static void
due_dates_follow_the_machine_and_the_settings(void **state)
{
	struct world *w = *state;
	import(w);
	enrolled(w);
	match(w);
	const struct json *f = first_finding(w, "");
	assert_true(str_eq(json_get_str(f, "action"), STR("next-window"))); /* not rated */
	assert_true(str_eq(json_get_str(f, "due"), STR("2026-04-18T00:00:00Z"))); /* 60 days after the advisory */
	assert_true(json_get_str(f, "action_why").len > 0);
	assert_int_equal(world_cli(w, "PATCH", "/api/v1/settings", "{\"deadlines\":\"none\"}").status, 400);
	struct answer a = world_cli(w, "PATCH", "/api/v1/settings", "{\"deadlines\":\"cis\"}");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "deadlines"), STR("cis")));
	match(w);
	f = first_finding(w, "");
	assert_true(str_eq(json_get_str(f, "due"), STR("2026-03-19T00:00:00Z"))); /* 30 days */
	struct str path = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(w->host));
	assert_int_equal(world_cli(w, "PATCH", path.ptr, "{\"importance\":\"huge\"}").status, 400);
	assert_int_equal(world_cli(w, "PATCH", path.ptr, "{\"exposed\":1}").status, 400);
	assert_int_equal(world_cli(w, "PATCH", path.ptr, "{}").status, 400);
	a = world_cli(w, "PATCH", path.ptr, "{\"importance\":\"high\",\"exposed\":true}");
	assert_int_equal(a.status, 200);
	assert_true(json_get_bool(a.json, "exposed", false));
	assert_true(str_eq(json_get_str(a.json, "importance"), STR("high")));
	a = world_cli(w, "PATCH", path.ptr, "{\"group\":\"ward-3\"}"); /* the rest stays */
	assert_true(json_get_bool(a.json, "exposed", false));
}

/* A day begins at midnight where the server stands: an hour past it in Tokyo, the day before is over. */
static void
days_are_those_of_the_servers_zone(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	const struct zone zones[] = { { .name = STR("UTC") }, { .name = STR("Asia/Tokyo"), .offset = 9 * 3600 } };
	const char *const days[] = { "2026-04-18", "2026-04-19" };
	import(w);
	w->now = INT64_C(1776528000000); /* 2026-04-18T16:00:00Z */
	enrolled(w);
	for (size_t i = 0; i < COUNT(zones); i++) {
		w->app.zone = zones[i];
		match(w);
		ok(trend_keep(w->st, app_day(&w->app, w->now), &e));
		const struct json *f = first_finding(w, "&vulnerability=CVE-2026-2001");
		assert_true(str_eq(json_get_str(f, "due"), STR("2026-04-18T00:00:00Z")));
		assert_int_equal(json_get_bool(f, "overdue", false), i == 1);
		struct answer a = world_cli(w, "GET", "/api/v1/findings?due=overdue", NULL);
		assert_int_equal(json_get_i64(a.json, "total", -1), i == 1 ? 1 : 0);
		a = world_cli(w, "GET", "/api/v1/hosts", NULL);
		assert_int_equal(json_get_i64(json_get(json_get(a.json, "items")->item, "actions"), "overdue", -1), i);
		a = world_cli(w, "GET", "/api/v1/trend?days=1", NULL);
		const struct json *items = json_get(a.json, "items");
		assert_int_equal(items->count, 1);
		assert_true(str_eq(json_get_str(&items->item[0], "day"), str_of(days[i])));
	}
}

/* An index that cannot be opened takes nothing away, and is said; it was shown as "no known vulnerability". */
static void
an_index_that_cannot_be_opened_is_said(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct match_job j;
	bool due;
	import(w);
	enrolled(w);
	match(w);
	app_close(&w->app);
	store_close(w->st);
	w->st = NULL;
	const char *index = path_join(&w->arena, w->dir, "feeds/index");
	struct str names[] = { STR("osv"), STR("debian-dsa") };
	ok(file_write(index, STR("no index at all"), 0600, &e));
	for (size_t i = 0; i < COUNT(names); i++) /* nor can it be built anew */
		(void)!file_write(
			path_join(&w->arena, w->dir, arena_printf(&w->arena, "feeds/%.*s.feed", STR_ARG(names[i])).ptr),
			STR("no feed either"), 0600, &e);
	e = (struct err){ 0 };
	ok(app_open(&w->app, w->dir, &w->clock, &w->st, &e));
	ok(match_compute(&w->app, w->st, w->host, &j, &due, &e));
	ok(match_store(w->st, &j, &e));
	match_job_free(&j);
	struct answer a = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(json_get_str(json_get(a.json, "feeds"), "error").len > 0);
	assert_true(str_eq(json_get_str(json_get(a.json, "notices")->item, "code"), STR("not-matched")));
	assert_int_equal(json_get_i64(a.json, "not_matched", 0), 1);
	a = world_cli(w, "GET", "/api/v1/hosts?attention=not-matched", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	assert_true(json_get_str(json_get(a.json, "items")->item, "not_matched").len > 0);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/findings", NULL).json, "total", 0), 5);
}

/* A system of which no feed speaks has no findings; that is no good news. */
static void
a_system_that_no_feed_speaks_of_is_said(void **state)
{
	struct world *w = *state;
	import(w);
	enrolled(w);
	match(w);
	struct answer a = world_cli(w, "GET", "/api/v1/hosts", NULL);
	assert_null(json_get_str(json_get(a.json, "items")->item, "not_matched").ptr);
	put(w, "system",
	    "{\"os\":{\"id\":\"rocky\",\"version\":\"9\",\"name\":\"Rocky\",\"codename\":\"\",\"like\":\"\"},"
	    "\"hostname\":\"pc\",\"kernel\":{\"running\":null,\"installed\":[]},\"reboot_signals\":[]}");
	match(w);
	a = world_cli(w, "GET", "/api/v1/hosts", NULL);
	assert_true(str_contains(json_get_str(json_get(a.json, "items")->item, "not_matched"), STR("rocky:9")));
}

/* What stays keeps the day it was first seen; what is fixed counts, what is withdrawn does not. */
static void
the_trend_counts_what_was_fixed(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	import(w);
	enrolled(w);
	match(w);
	ok(trend_keep(w->st, app_day(&w->app, w->now), &e));
	struct str seen = json_get_str(first_finding(w, "&vulnerability=CVE-2026-2001"), "first_seen");
	w->now += 3 * INT64_C(86400000);
	put(w, "packages",
	    "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"bash\",\"5.2-2.1\",\"amd64\",\"\",\"\"],"
	    "[\"openssl\",\"3.0.18-1\",\"amd64\",\"\",\"\"]]}");
	match(w);
	ok(trend_keep(w->st, app_day(&w->app, w->now), &e));
	/* Another version of bash that has it still. */
	assert_true(str_eq(json_get_str(first_finding(w, "&vulnerability=CVE-2026-2001"), "first_seen"), seen));
	struct answer a = world_cli(w, "GET", "/api/v1/trend?days=7", NULL);
	const struct json *days = json_get(a.json, "items");
	assert_int_equal(days->count, 4);
	assert_int_equal(json_get_i64(&days->item[0], "new", -1), 3);
	assert_int_equal(json_get_i64(&days->item[1], "new", -1), 0);
	assert_int_equal(json_get_i64(&days->item[2], "unknown", -1), 3);
	assert_int_equal(json_get_i64(&days->item[3], "fixed", -1), 2);
	assert_int_equal(json_get_i64(&days->item[3], "unknown", -1), 1);
	const struct json *fixed = json_get(json_get(a.json, "fixed"), "unknown");
	assert_int_equal(json_get_i64(fixed, "count", -1), 2);
	assert_int_equal(json_get_i64(fixed, "mean_days", -1), 3);
	assert_int_equal(world_cli(w, "GET", "/api/v1/trend?days=0", NULL).status, 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(findings_name_the_update_that_fixes_them),
		TEST(titles_follow_the_reader),
		TEST(an_update_lists_what_advisories_and_its_changelog_name),
		TEST(without_any_feed_the_changelog_still_tells),
		TEST(what_was_computed_from_old_sections_is_dropped),
		TEST(the_index_has_a_number_that_every_reader_keeps),
		TEST(findings_go_when_the_fix_is_installed),
		TEST(due_dates_follow_the_machine_and_the_settings),
		TEST(days_are_those_of_the_servers_zone),
		TEST(an_index_that_cannot_be_opened_is_said),
		TEST(a_system_that_no_feed_speaks_of_is_said),
		TEST(the_trend_counts_what_was_fixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
