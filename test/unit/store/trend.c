/* Days of the trend: written as sums change, also when nothing happens, kept to a bound, the same after a restart. */
#include "store/trend.h"

#include "store/finding.h"
#include "store/sql.h"
#include "world.h"

enum { DAY_ONE = 20000 };

static void
finding(struct world *w, const char *host, const char *id, int severity, int64_t due)
{
	struct err e = { 0 };
	struct finding_row f = {
		.host = str_of(host),
		.package = STR("openssl"),
		.source = STR("openssl"),
		.installed = STR("1"),
		.aliases = STR("[]"),
		.advisories = STR("[]"),
		.running = -1,
		.why = STR("why"),
		.due = due,
		.action = 3,
		.vulnerability = { .id = str_of(id),
				   .severity = severity,
				   .cvss = -1,
				   .epss = -1,
				   .kev = severity == 4 },
	};
	ok(vulnerability_put(w->st, &f.vulnerability, &e));
	ok(finding_insert_all(w->st, f.host, &(const struct finding_row *){ &f }, 1, &e));
}

/* Matched on this day with the findings that it has. */
static void
matched(struct world *w, const char *host, int64_t day)
{
	struct err e = { 0 };
	struct host h = { .id = str_of(host), .matched_at = day * INT64_C(86400000) };
	ok(host_set_match(w->st, &h, &e));
	ok(finding_sum(w->st, h.id, h.matched_at, &e));
	ok(trend_keep(w->st, day, &e));
}

static struct trend_day
day_at(struct world *w, const char *group, int64_t day)
{
	struct err e = { 0 };
	struct trend_day *days, none = { 0 };
	size_t count;
	ok(trend_read(w->st, &w->arena, group ? str_of(group) : STR_NONE, day, day, &days, &count, &e));
	return count ? days[0] : none;
}

static void
a_day_is_what_the_hosts_had_then(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "h1", "pc-1", HOST_ACTIVE);
	world_host(w, "h2", "pc-2", HOST_ACTIVE);
	ok(host_set_group(w->st, STR("h2"), STR("ward-3"), &e));
	finding(w, "h1", "CVE-1", 4, (DAY_ONE - 1) * INT64_C(86400000));
	finding(w, "h1", "CVE-2", 2, 0);
	matched(w, "h1", DAY_ONE);
	matched(w, "h2", DAY_ONE);
	ok(trend_add(w->st, STR_NONE, 2, 0, &e));
	ok(trend_keep(w->st, DAY_ONE, &e));
	struct trend_day d = day_at(w, NULL, DAY_ONE);
	assert_int_equal(d.hosts, 2);
	assert_int_equal(d.clean, 1);
	assert_int_equal(d.open[4], 1);
	assert_int_equal(d.open[2], 1);
	assert_int_equal(d.kev, 1);
	assert_int_equal(d.overdue, 1);
	assert_int_equal(d.added, 2);
	assert_int_equal(day_at(w, "ward-3", DAY_ONE).clean, 1);
	assert_int_equal(day_at(w, "ward-3", DAY_ONE).open[4], 0);
}

static void
nothing_happens_and_the_day_is_there(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct trend_day *days;
	size_t count;
	world_host(w, "h1", "pc-1", HOST_ACTIVE);
	finding(w, "h1", "CVE-1", 4, 0);
	matched(w, "h1", DAY_ONE);
	ok(trend_add(w->st, STR_NONE, 1, 0, &e));
	ok(trend_keep(w->st, DAY_ONE, &e));
	/* The server is started again, and nothing changes for nine days. */
	store_close(w->st);
	w->st = NULL;
	ok(store_open(w->path, STORE_WRITE, &w->st, &e));
	ok(trend_keep(w->st, DAY_ONE + 5, &e));
	ok(trend_read(w->st, &w->arena, STR_NONE, DAY_ONE - 3, DAY_ONE + 9, &days, &count, &e));
	assert_int_equal(count, 10); /* nothing is known of the days before the first */
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(days[i].day, DAY_ONE + (int64_t)i);
		assert_int_equal(days[i].open[4], 1);
		assert_int_equal(days[i].added, i == 0);
	}
	/* A window that begins behind the last row. */
	ok(trend_read(w->st, &w->arena, STR_NONE, DAY_ONE + 7, DAY_ONE + 9, &days, &count, &e));
	assert_int_equal(count, 3);
	assert_int_equal(days[0].open[4], 1);
	assert_int_equal(days[0].added, 0);
}

static void
a_date_that_passes_is_overdue_the_day_after(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "h1", "pc-1", HOST_ACTIVE);
	finding(w, "h1", "CVE-1", 4, (DAY_ONE + 1) * INT64_C(86400000));
	matched(w, "h1", DAY_ONE);
	for (int64_t day = DAY_ONE + 1; day <= DAY_ONE + 2; day++) {
		ok(finding_sum_due(w->st, day * INT64_C(86400000), &e));
		ok(trend_keep(w->st, day, &e));
	}
	assert_int_equal(day_at(w, NULL, DAY_ONE).overdue, 0);
	assert_int_equal(day_at(w, NULL, DAY_ONE + 1).overdue, 0);
	assert_int_equal(day_at(w, NULL, DAY_ONE + 2).overdue, 1);
	struct finding_counts counts;
	ok(finding_count_actions(w->st, &counts, &e));
	assert_int_equal(counts.overdue_now, 1);
	assert_int_equal(counts.overdue_hosts, 1);
}

static void
a_group_that_empties_shows_nothing_from_then_on(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "h1", "pc-1", HOST_ACTIVE);
	ok(host_set_group(w->st, STR("h1"), STR("ward-3"), &e));
	finding(w, "h1", "CVE-1", 4, 0);
	matched(w, "h1", DAY_ONE);
	ok(host_set_group(w->st, STR("h1"), STR("ward-4"), &e));
	ok(trend_keep(w->st, DAY_ONE + 1, &e));
	ok(trend_prune(w->st, DAY_ONE + 1, &e));
	assert_int_equal(day_at(w, "ward-3", DAY_ONE).open[4], 1);
	assert_int_equal(day_at(w, "ward-3", DAY_ONE + 2).open[4], 0);
	assert_int_equal(day_at(w, "ward-4", DAY_ONE + 2).open[4], 1);
	assert_int_equal(day_at(w, NULL, DAY_ONE + 2).open[4], 1);
}

static void
old_days_go_and_the_line_goes_on(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "h1", "pc-1", HOST_ACTIVE);
	for (int64_t day = DAY_ONE; day < DAY_ONE + 20; day++) {
		ok(trend_add(w->st, STR_NONE, 1, 1, &e));
		ok(trend_fix_add(w->st, STR_NONE, day, 4, 1000, &e));
		ok(trend_keep(w->st, day, &e));
	}
	ok(trend_prune(w->st, DAY_ONE + TREND_DAYS_MAX + 10, &e));
	int64_t rows;
	SQL_AUTO q = sql_new(w->st, "SELECT count(*) FROM trend");
	ok(sql_number(&q, &rows, &e));
	assert_int_equal(rows, 10); /* the tenth, which stands for all days before it, and the nine behind it */
	assert_int_equal(day_at(w, NULL, DAY_ONE + 15).hosts, 1);
	struct trend_fixed fixed[HOST_SEVERITIES];
	ok(trend_fixed_read(w->st, STR_NONE, DAY_ONE, DAY_ONE + 30, fixed, &e));
	assert_int_equal(fixed[4].fixed, 10);
	assert_int_equal(fixed[4].waited, 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_day_is_what_the_hosts_had_then),
		TEST(nothing_happens_and_the_day_is_there),
		TEST(a_date_that_passes_is_overdue_the_day_after),
		TEST(a_group_that_empties_shows_nothing_from_then_on),
		TEST(old_days_go_and_the_line_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
