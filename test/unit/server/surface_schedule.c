/* When discovery runs by itself, by the calendar of the server's zone. */
#include "server/surface_job.h"

#include "world.h"

#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)

/* Wall clock. */
static int64_t
at(int year, unsigned month, unsigned day, int hour, int minute)
{
	return time_days(year, month, day) * DAY + (hour * 60 + minute) * MINUTE;
}

static const struct surface_schedule nightly = { .every = SURFACE_DAILY, .from = 22 * 60, .until = 5 * 60 };

static void
a_window_may_go_over_midnight(void **state)
{
	(void)state;
	assert_false(surface_schedule_open(&nightly, at(2026, 11, 22, 21, 59)));
	assert_true(surface_schedule_open(&nightly, at(2026, 11, 22, 22, 0)));
	assert_true(surface_schedule_open(&nightly, at(2026, 11, 23, 4, 59)));
	assert_false(surface_schedule_open(&nightly, at(2026, 11, 23, 5, 0)));
	const struct surface_schedule always = { .every = SURFACE_DAILY };
	for (int hour = 0; hour < 24; hour++)
		assert_true(surface_schedule_open(&always, at(2026, 11, 22, hour, 30)));
}

static void
days_are_those_of_the_calendar(void **state)
{
	struct surface_schedule s = nightly;
	(void)state;
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 22, 23, 0)), at(2026, 11, 23, 22, 0));
	s.every = SURFACE_WEEKLY;
	s.day = 6; /* 2026-11-22 is a Sunday */
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 16, 0, 0)), at(2026, 11, 22, 22, 0));
	assert_int_equal(surface_schedule_slot(&s, at(2026, 11, 23, 3, 0)), time_days(2026, 11, 22));
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 22, 22, 0)), at(2026, 11, 29, 22, 0));
	s.every = SURFACE_MONTHLY;
	s.day = 31;
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 22, 0, 0)), at(2026, 11, 30, 22, 0));
	assert_int_equal(surface_schedule_next(&s, at(2026, 12, 1, 0, 0)), at(2026, 12, 31, 22, 0));
	assert_int_equal(surface_schedule_next(&s, at(2028, 2, 1, 0, 0)), at(2028, 2, 29, 22, 0));
	s.day = 15;
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 22, 0, 0)), at(2026, 12, 15, 22, 0));
	s.every = SURFACE_OFF;
	assert_int_equal(surface_schedule_next(&s, at(2026, 11, 22, 0, 0)), 0);
	assert_true(surface_schedule_slot(&s, at(2026, 11, 22, 0, 0)) == INT64_MIN);
}

static enum surface_act
tick(struct world *w, int64_t now)
{
	struct err e = { 0 };
	enum surface_act act;
	ok(store_begin(w->st, &e));
	ok(surface_schedule_tick(&w->app, w->st, now, &act, &e));
	ok(store_commit(w->st, &e));
	return act;
}

static struct str
work_state(struct world *w)
{
	struct err e = { 0 };
	struct surface_work work;
	ok(surface_work_get(w->st, &w->arena, &work, &e));
	return work.state;
}

static void
set(struct world *w, const struct surface_schedule *s)
{
	struct err e = { 0 };
	ok(store_begin(w->st, &e));
	ok(surface_schedule_put(w->st, s, &e));
	ok(store_commit(w->st, &e));
}

static void
end(struct world *w, int64_t now)
{
	struct err e = { 0 };
	const struct surface_end ended = { .state = STR("done"), .ended = now, .run = 1 };
	ok(store_begin(w->st, &e));
	ok(surface_end_put(w->st, &ended, &e));
	ok(store_commit(w->st, &e));
}

/* The world's zone is UTC. */
static void
it_rests_outside_its_window_and_goes_on(void **state)
{
	struct world *w = *state;
	struct surface_schedule s = nightly;
	assert_int_equal(tick(w, at(2026, 11, 22, 23, 0)), SURFACE_ACT_NONE); /* nothing was ever set */
	s.at = at(2026, 11, 22, 12, 0);
	set(w, &s);
	assert_int_equal(tick(w, at(2026, 11, 22, 21, 0)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 11, 22, 22, 1)), SURFACE_ACT_START);
	assert_true(surface_job_was_left(w->st));
	assert_int_equal(tick(w, at(2026, 11, 23, 4, 0)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 11, 23, 5, 0)), SURFACE_ACT_REST);
	assert_true(str_eq(work_state(w), STR("resting")) && !surface_job_was_left(w->st));
	assert_int_equal(tick(w, at(2026, 11, 23, 12, 0)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 11, 23, 22, 0)), SURFACE_ACT_START);
	end(w, at(2026, 11, 23, 23, 0));
	/* That was the one of the 22nd; the one of the 23rd begins in the same night. */
	assert_int_equal(tick(w, at(2026, 11, 23, 23, 1)), SURFACE_ACT_START);
	end(w, at(2026, 11, 23, 23, 30));
	assert_int_equal(tick(w, at(2026, 11, 23, 23, 31)), SURFACE_ACT_NONE);
}

static void
what_was_missed_is_made_up_for_in_the_next_window(void **state)
{
	struct world *w = *state;
	struct surface_schedule s = { .every = SURFACE_WEEKLY, .day = 6, .from = 60, .until = 360 };
	s.at = at(2026, 11, 20, 12, 0);
	set(w, &s);
	/* The server was off all Sunday. */
	assert_int_equal(tick(w, at(2026, 11, 23, 12, 0)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 11, 24, 1, 0)), SURFACE_ACT_START);
	end(w, at(2026, 11, 24, 2, 0));
	assert_int_equal(tick(w, at(2026, 11, 25, 1, 30)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 11, 29, 1, 30)), SURFACE_ACT_START);
}

static void
one_that_was_over_before_it_was_set_is_nobodys(void **state)
{
	struct world *w = *state;
	struct surface_schedule s = { .every = SURFACE_MONTHLY, .day = 1, .from = 60, .until = 360 };
	s.at = at(2026, 11, 22, 0, 0);
	set(w, &s);
	assert_int_equal(tick(w, at(2026, 11, 22, 2, 0)), SURFACE_ACT_NONE);
	assert_int_equal(tick(w, at(2026, 12, 1, 2, 0)), SURFACE_ACT_START);
}

/* ---- over the API ---- */

#define SCHEDULE "/api/v1/surface/schedule"

static void
without_a_server_it_can_be_set_and_not_run(void **state)
{
	struct world *w = *state;
	struct answer a = world_cli(w, "GET", SCHEDULE, NULL);
	assert_true(str_eq(json_get_str(a.json, "every"), STR("off")) &&
		    str_eq(json_get_str(a.json, "state"), STR("idle")));
	a = world_cli(w, "PUT", SCHEDULE,
		      "{\"every\":\"weekly\",\"day\":\"sun\",\"from\":\"01:00\",\"until\":\"6:00\"}");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "until"), STR("06:00")) &&
		    str_eq(json_get_str(a.json, "day"), STR("sun")) && json_get_str(a.json, "next").len);
	a = world_cli(w, "POST", SCHEDULE "/run", "{}");
	assert_int_equal(a.status, 409);
	assert_true(str_contains(a.text, STR("no server is running")));
	assert_int_equal(world_cli(w, "POST", SCHEDULE "/cancel", "{}").status, 409);
}

static void
what_is_no_schedule_is_refused(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"every\":\"hourly\"}",
		"{\"every\":\"weekly\",\"day\":7}",
		"{\"every\":\"monthly\",\"day\":32}",
		"{\"every\":\"daily\",\"day\":\"mon\"}",
		"{\"every\":\"daily\",\"from\":\"24:00\"}",
		"{\"every\":\"daily\",\"until\":\"9\"}",
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_int_equal(world_cli(w, "PUT", SCHEDULE, bodies[i]).status, 400);
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "PUT", SCHEDULE, "{\"every\":\"daily\"}").status, 403);
	assert_int_equal(world_call(w, "GET", SCHEDULE, NULL).status, 200);
}

#define SEEDS "/api/v1/surface/seeds"

static void
who_only_looks_changes_no_seed(void **state)
{
	struct world *w = *state;
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "PUT", SEEDS "/example.jp", "{}").status, 403);
	assert_int_equal(world_call(w, "DELETE", SEEDS "/example.jp", NULL).status, 403);
	assert_int_equal(world_call(w, "POST", SEEDS "/import", "{\"csv\":\"seed\\nexample.jp\\n\"}").status, 403);
	assert_int_equal(world_call(w, "POST", SEEDS "/undo", "{\"change\":1}").status, 403);
	world_sign_in_as(w, "operator");
	assert_int_equal(world_call(w, "PUT", SEEDS "/example.jp", "{}").status, 201);
}

static void
an_undo_takes_nothing_from_others(void **state)
{
	struct world *w = *state;
	struct answer a = world_cli(w, "PUT", SEEDS "/Example.JP", "{\"owner\":\"group\",\"company\":\"A\"}");
	assert_int_equal(a.status, 201);
	assert_true(str_eq(json_get_str(json_get(a.json, "seed"), "seed"), STR("domain:example.jp")));
	int64_t first = json_get_i64(a.json, "change", 0);
	w->now += 1000;
	a = world_cli(w, "PUT", SEEDS "/domain%3Aexample.jp", "{\"owner\":\"self\"}");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(json_get(a.json, "was"), "company"), STR("A")));
	int64_t second = json_get_i64(a.json, "change", 0);
	a = world_cli(w, "PUT", SEEDS "/domain%3Aexample.jp", "{\"owner\":\"self\"}");
	assert_int_equal(json_get_i64(a.json, "change", -1), -1); /* null: nothing changed */
	BUF_AUTO body = { 0 };
	buf_addf(&body, "{\"change\":%lld}", (long long)first);
	assert_int_equal(world_cli(w, "POST", SEEDS "/undo", buf_cstr(&body)).status, 409);
	buf_truncate(&body, 0);
	buf_addf(&body, "{\"change\":%lld}", (long long)second);
	assert_int_equal(world_cli(w, "POST", SEEDS "/undo", buf_cstr(&body)).status, 200);
	assert_int_equal(world_cli(w, "POST", SEEDS "/undo", buf_cstr(&body)).status, 404);
	a = world_cli(w, "GET", SEEDS, NULL);
	size_t count;
	const struct json *rows = json_get_array(a.json, "items", &count);
	assert_int_equal(count, 1);
	assert_true(str_eq(json_get_str(&rows[0], "company"), STR("A")));
}

static void
what_is_no_seed_is_refused(void **state)
{
	static const struct {
		const char *seed, *body;
		int status;
	} cases[] = {
		{ "co.jp", "{}", 403 },
		{ "8.8.8.0%2F24", "{}", 403 },
		{ "domian%3Aexample.jp", "{}", 400 },
		{ "example.jp", "{\"owner\":\"somebody\"}", 400 },
		{ "example.jp", "{\"country\":\"Nippon\"}", 400 },
		{ "example.jp", "{\"consent_at\":\"2099-01-01\"}", 400 },
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO path = { 0 };
		buf_addf(&path, SEEDS "/%s", cases[i].seed);
		assert_int_equal(world_cli(w, "PUT", buf_cstr(&path), cases[i].body).status, cases[i].status);
	}
	assert_int_equal(world_cli(w, "POST", SEEDS "/import", "{\"csv\":\"seed,onwer\\nexample.jp,self\\n\"}").status,
			 400);
	assert_int_equal(json_get_i64(world_cli(w, "GET", SEEDS, NULL).json, "total", -1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_may_go_over_midnight),
		cmocka_unit_test(days_are_those_of_the_calendar),
		cmocka_unit_test_setup_teardown(it_rests_outside_its_window_and_goes_on, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_was_missed_is_made_up_for_in_the_next_window, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(one_that_was_over_before_it_was_set_is_nobodys, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(without_a_server_it_can_be_set_and_not_run, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_schedule_is_refused, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(who_only_looks_changes_no_seed, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(an_undo_takes_nothing_from_others, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_seed_is_refused, world_setup, world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
