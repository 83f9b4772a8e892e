/* From a policy to the directive in a check-in, and to the one sentence that every page shows. */
#include "fleet.h"

#define WARD \
	"policy: ward-pc\n" \
	"approve:\n" \
	"  - {classification: security, after: 0d}\n" \
	"install:\n" \
	"  windows:\n" \
	"    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"

#define AGED \
	"policy: ward-pc\n" \
	"approve:\n" \
	"  - {classification: security, after: 4d}\n" \
	"install:\n" \
	"  windows:\n" \
	"    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"

static void
a_host_without_a_policy_gets_no_directive(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", NULL);
	m.updates = FLEET_UPDATES;
	fleet_check_in(w, &m);
	fleet_settle(w, &m);
	assert_null(m.directive);
	assert_state(w, &m, "deb:bash@2", "missing");
}

static void
a_policy_reaches_its_hosts_and_says_what_will_happen(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	m.updates = FLEET_UPDATES;
	fleet_check_in(w, &m);
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	fleet_settle(w, &m);
	assert_non_null(m.directive);
	assert_true(fleet_goes(&m, "deb:bash@2"));
	assert_false(fleet_goes(&m, "deb:nano@2")); /* no rule fits it */
	assert_int_equal(json_get(m.directive, "zones")->count, 1);
	assert_state(w, &m, "deb:bash@2", "waiting-window");
	assert_state(w, &m, "deb:nano@2", "waiting-approval");
	/* Nothing new: the same serial, and nothing is sent. */
	int64_t serial = m.serial;
	struct answer a = fleet_check_in(w, &m);
	assert_null(json_get(a.json, "directive"));
	assert_int_equal(m.serial, serial);
	/* A day later it is renewed, so that whoever is cut off then has all its time left. */
	w->now += DAY + HOUR;
	fleet_settle(w, &m);
	assert_true(m.serial > serial);
}

static void
a_refused_policy_leaves_the_one_in_force(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	struct answer a = fleet_policy(w, "ward-pc", "policy: ward-pc\nwindws: 3\n");
	assert_int_equal(a.status, 400);
	const struct json *remark = &json_get(a.json, "remarks")->item[0];
	assert_int_equal(json_get_i64(remark, "line", 0), 2);
	assert_int_equal(json_get_i64(remark, "column", 0), 1);
	assert_int_equal(fleet_policy(w, "ward-pc", "policy: ward-pc\napplies-to: {groups: [nobody]}\n").status, 400);
	a = world_cli(w, "GET", "/api/v1/policies/ward-pc", NULL);
	assert_int_equal(json_get_i64(a.json, "version", 0), 1);
	assert_true(str_eq(json_get_str(a.json, "yaml"), STR(WARD)));
	/* Another one for the same machines, of the same rank: taken, but it is said which of them counts. */
	a = fleet_policy(w, "all-pc", "policy: all-pc\napprove: []\n");
	assert_int_equal(a.status, 200);
	assert_true(str_contains(a.text, STR("policy ward-pc is for the same machines")));
	assert_true(str_contains(a.text, STR("all-pc counts")));
	a = fleet_policy(w, "all-pc", "policy: all-pc\nrank: 7\napprove: []\n");
	assert_int_equal(json_get(a.json, "remarks")->count, 0);
	/* Under another name than it has. */
	assert_int_equal(fleet_policy(w, "other", WARD).status, 400);
}

static void
versions_are_kept_and_taken_back(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	m.updates = FLEET_UPDATES;
	fleet_check_in(w, &m);
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	assert_int_equal(fleet_policy(w, "ward-pc", WARD "rank: 7\n").status, 200);
	struct answer a = world_cli(w, "POST", "/api/v1/policies/ward-pc/revert", "{\"version\":1}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "version", 0), 3);
	a = world_cli(w, "GET", "/api/v1/policies/ward-pc/versions", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 3);
	const struct json *newest = &json_get(a.json, "items")->item[0];
	assert_true(json_get_bool(newest, "in_force", false));
	assert_true(str_eq(json_get_str(newest, "what"), STR("revert")));
	fleet_settle(w, &m);
	assert_true(fleet_goes(&m, "deb:bash@2"));
	/* Deleted: the host must hear that nothing is to be done any more. */
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/policies/ward-pc", NULL).status, 204);
	fleet_settle(w, &m);
	assert_false(fleet_goes(&m, "deb:bash@2"));
	assert_int_equal(world_cli(w, "GET", "/api/v1/policies/ward-pc", NULL).status, 404);
}

static void
results_of_slots_become_history(void **state)
{
	struct world *w = *state;
	struct member m, other;
	fleet_enrol(w, &other, "pc-2", "ward-3");
	fleet_enrol(w, &m, "pc", "ward-3");
	m.updates = FLEET_UPDATES;
	fleet_check_in(w, &m);
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	fleet_settle(w, &m);
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(m.id));
	fleet_result(w, &m, slot.ptr, "deb:bash@2", "installed");
	struct answer a = fleet_check_in(w, &m);
	assert_int_equal(json_get(a.json, "accepted")->count, 1);
	assert_state(w, &m, "deb:bash@2", "installed");
	a = world_cli(w, "GET", "/api/v1/history", NULL);
	const struct json *row = &json_get(a.json, "items")->item[0];
	assert_true(str_eq(json_get_str(row, "trigger"), STR("window")));
	assert_true(str_eq(json_get_str(row, "by"), STR("ward-pc")));
	/* A slot of another host, a policy that never was, an update that nobody misses. */
	struct str wrong[] = {
		arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(other.id)),
		arena_printf(&w->arena, "made-up/night/2027-01-15/%.*s", STR_ARG(m.id)),
	};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		fleet_result(w, &m, wrong[i].ptr, "deb:nano@2", "installed");
		assert_int_equal(json_get(fleet_check_in(w, &m).json, "accepted")->count, 0);
	}
	fleet_result(w, &m, slot.ptr, "deb:none@9", "installed");
	assert_int_equal(json_get(fleet_check_in(w, &m).json, "accepted")->count, 0);
}

static void
the_effective_policy_names_the_origin_of_every_line(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	assert_int_equal(
		fleet_policy(w, "ward-3", "policy: ward-3\napplies-to: {groups: [ward-3]}\noffline-for: 7d\n").status,
		200);
	struct answer a =
		world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/hosts/%.*s/policy", STR_ARG(m.id)).ptr, NULL);
	assert_int_equal(a.status, 200);
	size_t count, found = 0;
	const struct json *lines = json_get_array(a.json, "lines", &count);
	for (size_t i = 0; i < count; i++) {
		struct str key = json_get_str(&lines[i], "key"), from = json_get_str(&lines[i], "from");
		found += str_eq(key, STR("install.windows")) && str_eq(from, STR("ward-pc"));
		found += str_eq(key, STR("offline-for")) && str_eq(from, STR("ward-3"));
		found += str_eq(key, STR("rings")) && !from.len;
	}
	assert_int_equal(found, 3);
}

static void
the_calendar_counts_hosts_and_updates(void **state)
{
	struct world *w = *state;
	struct member a, b;
	fleet_enrol(w, &a, "pc-1", "ward-3");
	fleet_enrol(w, &b, "pc-2", "ward-3");
	a.updates = FLEET_UPDATES;
	fleet_check_in(w, &a);
	fleet_check_in(w, &b);
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	fleet_settle(w, &a);
	struct answer c = world_cli(w, "GET", "/api/v1/calendar?from=2027-01-15&until=2027-01-18&group=ward-3", NULL);
	assert_int_equal(c.status, 200);
	assert_int_equal(json_get_i64(c.json, "total", 0), 3);
	const struct json *first = &json_get(c.json, "items")->item[0];
	assert_int_equal(json_get_i64(first, "hosts", 0), 2);
	assert_int_equal(json_get_i64(first, "patches", 0), 1);
	assert_true(str_eq(json_get_str(first, "start"), STR("2027-01-15T13:00:00Z")));
	c = world_cli(w, "GET", "/api/v1/slots/tomorrow", NULL);
	assert_int_equal(c.status, 200);
	first = &json_get(c.json, "items")->item[0];
	assert_int_equal(json_get(first, "hosts")->count, 2);
	/* Nothing happens outside the windows; then a policy says otherwise. */
	const struct json *outside = json_get(world_cli(w, "GET", "/api/v1/calendar", NULL).json, "outside");
	assert_false(json_get_bool(outside, "emergency", true) || json_get_bool(outside, "missed", true));
	assert_int_equal(fleet_policy(w, "urgent",
				      "policy: urgent\nemergency: {when: [known-exploited, exposed], within: 38m}\n"
				      "install:\n  missed: {asap: {within: 2d}}\n")
				 .status,
			 200);
	outside = json_get(world_cli(w, "GET", "/api/v1/calendar", NULL).json, "outside");
	assert_true(json_get_bool(outside, "emergency", false) && json_get_bool(outside, "missed", false));
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/policies/urgent", NULL).status, 204);
	fleet_settle(w, &a);
	/* A restart may begin until the window's end, and nobody knows yet how long one takes. */
	int64_t end = 0, back = 0;
	assert_true(time_parse(json_get_str(first, "end"), &end) && time_parse(json_get_str(first, "back_by"), &back));
	assert_true(back == end + 600000);
	assert_true(str_contains(c.text, STR("bash 1 → 2")));
	assert_false(str_contains(c.text, STR("nano 1 → 2"))); /* it waits, but no rule lets it in */
	/* What becomes old enough only after that slot is none of its updates; then it is. */
	assert_int_equal(fleet_policy(w, "ward-pc", AGED).status, 200);
	fleet_settle(w, &a);
	for (int later = 0; later < 2; later++) {
		c = world_cli(w, "GET", "/api/v1/slots/tomorrow", NULL);
		assert_int_equal(str_contains(c.text, STR("bash 1 → 2")), later);
		c = world_cli(w, "GET", "/api/v1/calendar?group=ward-3", NULL);
		assert_int_equal(json_get_i64(&json_get(c.json, "items")->item[0], "patches", -1), later);
		w->now += 4 * DAY;
		fleet_settle(w, &a);
	}
}

static void
the_notice_for_the_door_knows_who_is_held(void **state)
{
	struct world *w = *state;
	struct member pc[3];
	for (size_t i = 0; i < 3; i++) {
		fleet_enrol(w, &pc[i], arena_printf(&w->arena, "pc-%zu", i).ptr, "ward-3");
		pc[i].updates = FLEET_UPDATES;
		fleet_check_in(w, &pc[i]);
	}
	assert_int_equal(fleet_policy(w, "ward-pc", WARD).status, 200);
	fleet_settle(w, &pc[0]);
	/* One over the next days, one only until this afternoon. */
	static const char *const until[] = { "2027-01-19T00:00:00Z", "2027-01-15T10:00:00Z" };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			world_cli(w, "POST", "/api/v1/holds",
				  arena_printf(&w->arena, "{\"host\":\"%.*s\",\"why\":\"surgery\",\"until\":\"%s\"}",
					       STR_ARG(pc[i].id), until[i])
					  .ptr)
				.status,
			200);
	struct answer a = world_cli(w, "GET", "/api/v1/slots/tomorrow", NULL);
	const struct json *hosts = json_get(&json_get(a.json, "items")->item[0], "hosts");
	assert_int_equal(hosts->count, 3);
	assert_true(str_eq(json_get_str(json_get(&hosts->item[0], "held"), "why"), STR("surgery")));
	assert_true(str_eq(json_get_str(json_get(&hosts->item[0], "held"), "until"), str_of(until[0])));
	assert_int_equal(json_get(&hosts->item[1], "held")->kind, JSON_KIND_NULL);
	assert_int_equal(json_get(&hosts->item[2], "held")->kind, JSON_KIND_NULL);
}

static const struct json *
day_find(const struct json *days, const char *day, const char *kind)
{
	for (size_t i = 0; i < days->count; i++)
		if (str_eq(json_get_str(&days->item[i], "day"), str_of(day)) &&
		    str_eq(json_get_str(&days->item[i], "kind"), str_of(kind)))
			return &days->item[i];
	fail_msg("no %s on %s", kind, day);
	return NULL;
}

static void
the_calendar_names_its_days(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	m.updates = FLEET_UPDATES;
	fleet_check_in(w, &m);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/day-lists/closed",
				   "{\"csv\":\"date,name\\n2027-02-12,\\\"founded, 1927\\\"\\n2027-04-01,\\n\"}")
				 .status,
			 200);
	assert_int_equal(fleet_policy(w, "ward-pc",
				      WARD
				      "  blackout:\n    - {from: 2027-02-08, to: 2027-02-09, why: accreditation}\n")
				 .status,
			 200);
	fleet_settle(w, &m);
	struct answer a = world_cli(w, "GET", "/api/v1/calendar?from=2027-02-01&until=2027-02-20", NULL);
	assert_int_equal(a.status, 200);
	const struct json *days = json_get(a.json, "days");
	assert_int_equal(days->count, 4);
	assert_true(str_eq(json_get_str(day_find(days, "2027-02-11", "holiday"), "name"), STR("建国記念の日")));
	assert_true(str_contains(json_get_str(day_find(days, "2027-02-12", "list"), "name"), STR("founded")));
	const struct json *black = day_find(days, "2027-02-09", "blackout");
	assert_true(str_eq(json_get_str(black, "name"), STR("accreditation")));
	assert_true(str_eq(json_get_str(black, "group"), STR("ward-3")));
	a = world_cli(w, "GET", "/api/v1/day-lists", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 2);
	assert_true(str_contains(a.text, STR("2027-02-11,建国記念の日")));
	/* The hospital's own list of that name is the one that counts. */
	assert_int_equal(world_cli(w, "PUT", "/api/v1/day-lists/holidays-jp", "{\"csv\":\"2027-01-01\\n\"}").status,
			 200);
	a = world_cli(w, "GET", "/api/v1/day-lists", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 2);
	assert_false(str_contains(a.text, STR("建国記念の日")));
	/* Whose rings an update's target is in. */
	a = world_cli(w, "GET", "/api/v1/patches/deb:bash%402", NULL);
	assert_true(str_eq(json_get_str(&json_get(a.json, "targets")->item[0], "policy"), STR("ward-pc")));
	/* A text that is not kept yet, as the form shows it. */
	a = world_cli(w, "POST", "/api/v1/policies/check", "{\"yaml\":\"policy: draft\\noffline-for: 7d\\n\"}");
	assert_true(str_eq(json_get_str(json_get(a.json, "policy"), "offline-for"), STR("7d")));
	a = world_cli(w, "POST", "/api/v1/policies/check", "{\"yaml\":\"policy: draft\\nwindws: 3\\n\"}");
	assert_null(json_get(a.json, "policy"));
}

static void
three_answers_make_ready_policies(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "pilot");
	struct answer a = world_cli(w, "POST", "/api/v1/policies/assistant", "{\"pilot\":\"pilot\",\"dry_run\":true}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/policies", NULL).json, "total", -1), 0);
	a = world_cli(w, "POST", "/api/v1/policies/assistant",
		      "{\"quiet_from\":\"22:00\",\"quiet_to\":\"05:00\",\"server\":{\"nth\":2,\"weekday\":\"sun\"},"
		      "\"pilot\":\"pilot\"}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/policies", NULL).json, "total", 0),
			 (int64_t)json_get(a.json, "policies")->count);
	assert_int_equal(world_cli(w, "POST", "/api/v1/policies/assistant", "{\"quiet_from\":\"25:00\"}").status, 400);
}

/* The rings are in the policy for everybody, the hours in that of the wards, as the assistant writes them. */
#define EVERYBODY \
	"policy: hospital\nrank: 900\napprove:\n  - {classification: security, after: 0d}\n" \
	"rings:\n  - {name: pilot, groups: [it], soak: 1d, min-success: 0.9}\n  - {name: rest}\n"
#define NIGHTLY \
	"install:\n  windows:\n" \
	"    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"

static void
a_pilot_proves_for_machines_with_hours_of_their_own(void **state)
{
	struct world *w = *state;
	struct member pilot, ward;
	fleet_enrol(w, &pilot, "it-1", "it");
	fleet_enrol(w, &ward, "ward-1", "ward-3");
	pilot.updates = ward.updates = FLEET_UPDATES;
	assert_int_equal(fleet_policy(w, "hospital", EVERYBODY NIGHTLY).status, 200);
	assert_int_equal(
		fleet_policy(w, "ward-night", "policy: ward-night\napplies-to: {groups: [ward-3]}\n" NIGHTLY).status,
		200);
	fleet_check_in(w, &pilot);
	fleet_check_in(w, &ward);
	fleet_settle(w, &pilot);
	fleet_settle(w, &ward);
	assert_true(fleet_goes(&pilot, "deb:bash@2"));
	assert_false(fleet_goes(&ward, "deb:bash@2"));
	assert_state(w, &ward, "deb:bash@2", "waiting-ring");
	struct str slot = arena_printf(&w->arena, "hospital/night/2027-01-15/%.*s", STR_ARG(pilot.id));
	fleet_result(w, &pilot, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &pilot);
	fleet_settle(w, &ward);
	assert_false(fleet_goes(&ward, "deb:bash@2")); /* watched for a day */
	w->now += DAY + HOUR;
	fleet_settle(w, &pilot);
	fleet_settle(w, &ward);
	assert_true(fleet_goes(&ward, "deb:bash@2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_without_a_policy_gets_no_directive),
		TEST(a_policy_reaches_its_hosts_and_says_what_will_happen),
		TEST(a_refused_policy_leaves_the_one_in_force),
		TEST(versions_are_kept_and_taken_back),
		TEST(results_of_slots_become_history),
		TEST(the_effective_policy_names_the_origin_of_every_line),
		TEST(the_calendar_counts_hosts_and_updates),
		TEST(the_notice_for_the_door_knows_who_is_held),
		TEST(the_calendar_names_its_days),
		TEST(three_answers_make_ready_policies),
		TEST(a_pilot_proves_for_machines_with_hours_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
