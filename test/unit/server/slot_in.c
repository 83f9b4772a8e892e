/* What hosts say of their slots, and what follows for others: steps of a server system, halts, learned times. */
#include "fleet.h"

#include "store/step.h"

#define RULES "approve:\n  - {classification: security, after: 0d}\n"
#define WINDOW \
	"install:\n  windows:\n" \
	"    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"
#define START INT64_C(1800018000000) /* 2027-01-15 22:00 in Tokyo */

static const char *
report_pass(struct world *w, const struct member *m, const char *policy, const char *reason, int pass, const char *more)
{
	char start[TIME_RFC3339_MAX], end[TIME_RFC3339_MAX];
	time_rfc3339(START, start);
	time_rfc3339(START + 4 * HOUR, end);
	return arena_printf(&w->arena,
			    "{\"id\":\"%s/night/2027-01-15/%.*s\",\"start\":\"%s\",\"end\":\"%s\",\"act\":\"wait\","
			    "\"reason\":\"%s\",\"why\":\"x\",\"until\":null,\"pass\":%d,\"finished\":[],%s}",
			    policy, STR_ARG(m->id), start, end, reason, pass, more)
		.ptr;
}

static const char *
report(struct world *w, const struct member *m, const char *policy, const char *reason, const char *more)
{
	return report_pass(w, m, policy, reason, 0, more);
}

#define HEALTHY "\"install_ms\":0,\"reboot_ms\":0,\"healthy\":true"
#define ILL "\"install_ms\":0,\"reboot_ms\":0,\"healthy\":false"

static size_t
services(const struct member *m, const char *key)
{
	size_t count;
	const struct json *s = json_get_array(m->directive, key, &count);
	for (size_t i = 0; i < count; i++)
		assert_true(str_eq(s[i].text, STR("emr")));
	return count;
}

static int
host_patch(struct world *w, const struct member *m, const char *body)
{
	return world_cli(w, "PATCH", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(m->id)).ptr, body).status;
}

#define assert_why(w, m, words) \
	do { \
		struct str said_ = STR(""); \
		struct str stands_ = fleet_state(w, m, "deb:bash@2", &said_); \
		if (!str_contains(said_, STR(words))) \
			fail_msg("%.*s: %.*s", STR_ARG(stands_), STR_ARG(said_)); \
	} while (0)

/* ---- steps ---- */

struct hospital {
	struct member app[2], db;
};

static void
all_settle(struct world *w, struct hospital *s)
{
	fleet_settle(w, &s->app[0]);
	fleet_settle(w, &s->app[1]);
	fleet_settle(w, &s->db);
}

static void
hospital_make(struct world *w, struct hospital *s)
{
	fleet_enrol(w, &s->app[0], "emr-1", "app-servers");
	fleet_enrol(w, &s->app[1], "emr-2", "app-servers");
	fleet_enrol(w, &s->db, "emr-db", "db-servers");
	struct member *all[] = { &s->app[0], &s->app[1], &s->db };
	for (size_t i = 0; i < COUNT(all); i++) {
		all[i]->updates = FLEET_UPDATES;
		fleet_check_in(w, all[i]);
	}
	assert_int_equal(fleet_policy(w, "emr",
				      "policy: emr\n" RULES WINDOW "steps:\n"
				      "  - {group: app-servers, do: stop-service, service: emr}\n"
				      "  - {group: db-servers, do: patch, need: backup-newer-than 24h}\n"
				      "  - {group: app-servers, do: patch}\n")
				 .status,
			 200);
	all_settle(w, s);
}

/* Both application servers say that their services are down. */
static void
apps_stop(struct world *w, struct hospital *s)
{
	w->now = START - 6 * 60000;
	all_settle(w, s); /* all are there */
	w->now = START + 60000;
	assert_int_equal(host_patch(w, &s->db, "{\"backup_at\":\"2027-01-15T12:00:00Z\"}"), 200);
	all_settle(w, s);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(services(&s->app[i], "stop_services"), 1);
		s->app[i].slot = report(w, &s->app[i], "emr", "steps", HEALTHY);
	}
	fleet_check_in(w, &s->app[0]);
	fleet_check_in(w, &s->db);
	assert_false(fleet_goes(&s->db, "deb:bash@2")); /* one still runs */
	fleet_check_in(w, &s->app[1]);
	fleet_check_in(w, &s->db);
	assert_true(fleet_goes(&s->db, "deb:bash@2"));
}

static void
nothing_is_stopped_before_a_backup_is_known(void **state)
{
	struct world *w = *state;
	struct hospital s;
	hospital_make(w, &s);
	assert_false(fleet_goes(&s.db, "deb:bash@2"));
	assert_int_equal(services(&s.app[0], "stop_services"), 0);
	assert_state(w, &s.db, "deb:bash@2", "waiting-window");
	assert_why(w, &s.db, "no backup of it is known");
	assert_why(w, &s.app[0], "no backup of it is known");
	assert_int_equal(host_patch(w, &s.db, "{\"backup_at\":\"2027-01-13T00:00:00Z\"}"), 200);
	all_settle(w, &s);
	assert_why(w, &s.db, "hours old");
	struct answer a =
		world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(s.db.id)).ptr, NULL);
	assert_true(str_eq(json_get_str(a.json, "backup_at"), STR("2027-01-13T00:00:00Z")));
	assert_int_equal(host_patch(w, &s.db, "{\"backup_at\":\"2099-01-01T00:00:00Z\"}"), 400);
	assert_int_equal(host_patch(w, &s.db, "{\"backup_at\":7}"), 400);
}

static void
a_server_system_goes_in_order(void **state)
{
	struct world *w = *state;
	struct hospital s;
	hospital_make(w, &s);
	apps_stop(w, &s);
	assert_int_equal(services(&s.app[0], "stop_services"), 1);
	assert_false(fleet_goes(&s.app[0], "deb:bash@2"));
	assert_why(w, &s.app[0], "step 2 of 3, group db-servers");
	/* The database has it: applications are patched and started. */
	struct str slot = arena_printf(&w->arena, "emr/night/2027-01-15/%.*s", STR_ARG(s.db.id));
	fleet_result(w, &s.db, slot.ptr, "deb:bash@2", "installed");
	s.db.slot = report(w, &s.db, "emr", "done", HEALTHY);
	fleet_check_in(w, &s.db);
	for (size_t i = 0; i < 2; i++) {
		fleet_check_in(w, &s.app[i]);
		assert_true(fleet_goes(&s.app[i], "deb:bash@2"));
		assert_int_equal(services(&s.app[i], "start_services"), 1);
		assert_int_equal(services(&s.app[i], "stop_services"), 0);
	}
}

static void
a_failed_database_keeps_the_rest_waiting(void **state)
{
	struct world *w = *state;
	struct hospital s;
	hospital_make(w, &s);
	apps_stop(w, &s);
	s.db.slot = report(w, &s.db, "emr", "health-failed", ILL);
	fleet_check_in(w, &s.db);
	fleet_check_in(w, &s.app[0]);
	assert_false(fleet_goes(&s.app[0], "deb:bash@2"));
	assert_int_equal(services(&s.app[0], "stop_services"), 0);
	assert_int_equal(services(&s.app[0], "start_services"), 1); /* patients do not wait for our patching */
	assert_why(w, &s.app[0], "failed on 1 of 1 hosts");
	/* Patched, and still ill. */
	struct str slot = arena_printf(&w->arena, "emr/night/2027-01-15/%.*s", STR_ARG(s.db.id));
	fleet_result(w, &s.db, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &s.db);
	fleet_check_in(w, &s.app[0]);
	assert_false(fleet_goes(&s.app[0], "deb:bash@2"));
	assert_why(w, &s.app[0], "not all of its hosts are well");
	/* Well again. */
	s.db.slot = report(w, &s.db, "emr", "done", HEALTHY);
	fleet_check_in(w, &s.db);
	fleet_check_in(w, &s.app[0]);
	assert_true(fleet_goes(&s.app[0], "deb:bash@2"));
}

/* What broke it may be mended by its next update only. */
static void
an_ill_database_gets_its_next_update_in_the_next_night(void **state)
{
	struct world *w = *state;
	struct hospital s;
	hospital_make(w, &s);
	apps_stop(w, &s);
	s.db.slot = report(w, &s.db, "emr", "health-failed", ILL);
	fleet_check_in(w, &s.db);
	for (size_t i = 0; i < 2; i++)
		s.app[i].slot = report(w, &s.app[i], "emr", "done", HEALTHY);
	all_settle(w, &s);
	assert_int_equal(services(&s.app[0], "stop_services"), 0);
	assert_why(w, &s.db, "failed on 1 of 1 hosts");
	w->now = START + 13 * HOUR;
	all_settle(w, &s);
	w->now += 6 * 60000;
	all_settle(w, &s);
	assert_int_equal(services(&s.app[0], "stop_services"), 1);
	assert_why(w, &s.db, "step 1 of 3, group app-servers");
}

static void
nothing_begins_while_one_of_them_is_silent(void **state)
{
	struct world *w = *state;
	struct hospital s;
	hospital_make(w, &s);
	assert_int_equal(host_patch(w, &s.db, "{\"backup_at\":\"2027-01-15T07:00:00Z\"}"), 200);
	all_settle(w, &s);
	assert_int_equal(services(&s.app[0], "stop_services"), 1);
	w->now += HOUR;
	fleet_check_in(w, &s.app[1]);
	fleet_settle(w, &s.app[0]);
	w->now += 6 * 60000;
	fleet_settle(w, &s.app[0]);
	assert_int_equal(services(&s.app[0], "stop_services"), 0);
	assert_why(w, &s.app[0], "1 of 1 hosts of group db-servers are silent");
}

/* ---- halts ---- */

static void
a_machine_that_is_ill_afterwards_halts_the_ring_at_once(void **state)
{
	struct world *w = *state;
	struct member pilot, rest;
	fleet_enrol(w, &pilot, "pilot-pc", "ward-3");
	fleet_enrol(w, &rest, "rest-pc", "ward-3");
	pilot.updates = rest.updates = FLEET_UPDATES;
	fleet_check_in(w, &pilot);
	fleet_check_in(w, &rest);
	assert_int_equal(host_patch(w, &pilot, "{\"tags\":[\"pilot\"]}"), 200);
	assert_int_equal(fleet_policy(w, "ward-pc",
				      "policy: ward-pc\n" RULES WINDOW
				      "rings:\n  - {name: pilot, tags: [pilot], soak: 1h, min-success: 100%}\n"
				      "  - {name: rest}\n")
				 .status,
			 200);
	fleet_settle(w, &pilot);
	fleet_settle(w, &rest);
	w->now = START + 60000;
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(pilot.id));
	fleet_result(w, &pilot, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &pilot);
	w->now += 2 * HOUR;
	fleet_check_in(w, &pilot);
	fleet_settle(w, &rest);
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&rest, "deb:bash@2")); /* soaked */
	pilot.slot = report(w, &pilot, "ward-pc", "health-failed", ILL);
	fleet_check_in(w, &pilot);
	/* No planner came by. */
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/halts", NULL).json, "total", 0), 1);
	fleet_check_in(w, &rest);
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	/* Said once more it is the same halt. */
	fleet_check_in(w, &pilot);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/halts", NULL).json, "total", 0), 1);
}

/* ---- learned times ---- */

static void
times_are_learned_per_model(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct member m[10], young;
	int64_t changed;
	for (size_t i = 0; i < COUNT(m); i++) {
		fleet_enrol(w, &m[i], "pc", "ward-3");
		ok(host_set_model(w->st, m[i].id, STR("Maker M1"), &e));
		m[i].slot = report(w, &m[i], "ward-pc", "done",
				   arena_printf(&w->arena, "\"install_ms\":%zu,\"reboot_ms\":%zu,\"healthy\":true",
						(i + 1) * 60000, (i + 1) * 1000)
					   .ptr);
		fleet_check_in(w, &m[i]);
	}
	fleet_enrol(w, &young, "new", "ward-3");
	ok(host_set_model(w->st, young.id, STR("Maker M1"), &e));
	fleet_check_in(w, &young);
	assert_int_equal(fleet_policy(w, "ward-pc", "policy: ward-pc\n" RULES WINDOW).status, 200);
	ok(model_times_learn(w->st, &w->arena, &changed, &e));
	assert_int_equal(changed, 1);
	fleet_settle(w, &young);
	assert_int_equal(json_get_i64(young.directive, "install_estimate", 0), 9 * 60000);
	assert_int_equal(json_get_i64(young.directive, "reboot_estimate", 0), 9000);
	/* Nothing new: nobody gets another directive for it. */
	ok(model_times_learn(w->st, &w->arena, &changed, &e));
	assert_int_equal(changed, 0);
	/* All take twice as long: followed by a quarter of the way. */
	for (size_t i = 0; i < COUNT(m); i++) {
		m[i].slot = report(w, &m[i], "ward-pc", "done",
				   arena_printf(&w->arena, "\"install_ms\":%zu,\"reboot_ms\":%zu,\"healthy\":true",
						(i + 1) * 120000, (i + 1) * 1000)
					   .ptr);
		fleet_check_in(w, &m[i]);
	}
	w->now += HOUR;
	ok(planner_tick(w->st, w->now, &e));
	fleet_settle(w, &young);
	assert_int_equal(json_get_i64(young.directive, "install_estimate", 0), 9 * 75000);
}

/* ---- who is not back in the morning ---- */

static int64_t
not_back(struct world *w, const char *state, const struct member *m)
{
	struct answer a = world_cli(w, "GET", "/api/v1/not-back", NULL);
	assert_int_equal(a.status, 200);
	const struct json *items = json_get(a.json, "items");
	for (size_t i = 0; i < items->count; i++)
		if (str_eq(json_get_str(json_get(&items->item[i], "host"), "id"), m->id))
			assert_true(str_eq(json_get_str(&items->item[i], "state"), str_of(state)));
	bool alarm = str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("\"not-back\""));
	assert_int_equal(alarm, items->count > 0);
	return json_get_i64(a.json, "total", -1);
}

static void
tick(struct world *w)
{
	struct err e = { 0 };
	ok(planner_tick(w->st, w->now, &e));
}

static int64_t
morning_lists(struct world *w, const struct member *m)
{
	struct answer a = world_cli(w, "GET", "/api/v1/not-back?kept=true", NULL);
	assert_int_equal(a.status, 200);
	int64_t total = json_get_i64(a.json, "total", -1);
	if (total > 0) {
		const struct json *row = &json_get(a.json, "items")->item[0];
		assert_true(str_eq(json_get_str(json_get(row, "host"), "id"), m->id));
		assert_true(str_eq(json_get_str(row, "at"), STR("2027-01-15T22:00:00Z")));
		assert_true(str_eq(json_get_str(row, "state"), STR("silent")));
	}
	return total;
}

static void
who_is_not_back_by_seven_is_listed(void **state)
{
	struct world *w = *state;
	struct member idle, gone;
	const int64_t seven = START + 9 * HOUR;
	fleet_enrol(w, &idle, "idle", "ward-3");
	fleet_enrol(w, &gone, "gone", "ward-3");
	assert_int_equal(
		fleet_policy(w, "ward-pc",
			     "policy: ward-pc\n" RULES
			     "install:\n  windows:\n    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, "
			     "sun], at: '22:00', for: 4h, ready-by: '07:00', tz: Asia/Tokyo}\n")
			.status,
		200);
	w->now = START + HOUR;
	idle.slot = report(w, &idle, "ward-pc", "done", HEALTHY); /* switched off, with nothing begun */
	gone.slot = report_pass(w, &gone, "ward-pc", "reboot", 1, HEALTHY);
	fleet_check_in(w, &idle);
	fleet_check_in(w, &gone);
	w->now = seven - HOUR;
	assert_int_equal(not_back(w, "silent", &gone), 0); /* it still has time */
	tick(w);
	assert_int_equal(morning_lists(w, &gone), 0);
	w->now = seven;
	assert_int_equal(not_back(w, "silent", &gone), 1);
	/* The list is made at seven, once, and stays when the machine is back. */
	tick(w);
	w->now += 60000;
	tick(w);
	assert_int_equal(morning_lists(w, &gone), 1);
	struct answer audit = world_cli(w, "GET", "/api/v1/audit", NULL);
	assert_true(str_contains(audit.text, STR("slot.not-back")));
	assert_true(str_contains(audit.text, STR("1: gone")));
	fleet_check_in(w, &gone);
	assert_int_equal(not_back(w, "silent", &gone), 0);
	tick(w);
	assert_int_equal(morning_lists(w, &gone), 1);
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text,
				 STR("1 machines were not back: gone")));
	gone.slot = report(w, &gone, "ward-pc", "done", ILL);
	fleet_check_in(w, &gone);
	assert_int_equal(not_back(w, "unhealthy", &gone), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_stopped_before_a_backup_is_known),
		TEST(a_server_system_goes_in_order),
		TEST(a_failed_database_keeps_the_rest_waiting),
		TEST(an_ill_database_gets_its_next_update_in_the_next_night),
		TEST(nothing_begins_while_one_of_them_is_silent),
		TEST(a_machine_that_is_ill_afterwards_halts_the_ring_at_once),
		TEST(times_are_learned_per_model),
		TEST(who_is_not_back_by_seven_is_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
