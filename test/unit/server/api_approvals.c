/* What people, vendors, rings and wards say, and what each host is told of it. */
#include "server/directory.h"
#include "fleet.h"
#include "store/sql.h"

#define RULES \
	"policy: ward-pc\n" \
	"approve:\n" \
	"  - {classification: security, after: 0d}\n"
#define WINDOW \
	"install:\n" \
	"  windows:\n" \
	"    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"

static void
ward(struct world *w, struct member *m, const char *yaml)
{
	fleet_enrol(w, m, "pc", "ward-3");
	m->updates = FLEET_UPDATES;
	fleet_check_in(w, m);
	assert_int_equal(fleet_policy(w, "ward-pc", yaml).status, 200);
	fleet_settle(w, m);
}

static struct str
made_id(const struct answer *a)
{
	assert_int_equal(a->status, 200);
	return json_get_str(a->json, "id");
}

static void
a_persons_word_beats_the_rules_and_can_be_taken_back(void **state)
{
	struct world *w = *state;
	struct member m;
	ward(w, &m, RULES WINDOW);
	struct answer a = world_cli(w, "POST", "/api/v1/verdicts",
				    "{\"patch\":\"deb:nano@2\",\"verdict\":\"approved\",\"reason\":\"tested\"}");
	struct str approved = made_id(&a);
	a = world_cli(
		w, "POST", "/api/v1/verdicts",
		"{\"patch\":\"deb:bash@2\",\"verdict\":\"rejected\",\"group\":\"ward-3\",\"reason\":\"breaks x\"}");
	assert_int_equal(a.status, 200);
	fleet_settle(w, &m);
	assert_true(fleet_goes(&m, "deb:nano@2"));
	assert_false(fleet_goes(&m, "deb:bash@2"));
	assert_state(w, &m, "deb:bash@2", "not-applicable");
	a = world_cli(w, "DELETE", arena_printf(&w->arena, "/api/v1/verdicts/%.*s", STR_ARG(approved)).ptr, NULL);
	assert_int_equal(a.status, 200);
	fleet_settle(w, &m);
	assert_false(fleet_goes(&m, "deb:nano@2"));
	/* Withdrawn: everywhere, and told to hosts that may have it. */
	a = world_cli(w, "POST", "/api/v1/verdicts",
		      "{\"patch\":\"deb:bash@2\",\"verdict\":\"withdrawn\",\"reason\":\"bad\"}");
	assert_int_equal(a.status, 200);
	fleet_settle(w, &m);
	assert_int_equal(json_get(m.directive, "withdrawn")->count, 1);
	assert_state(w, &m, "deb:bash@2", "withdrawn");
	/* Without a reason, or about an update that nobody knows. */
	assert_int_equal(
		world_cli(w, "POST", "/api/v1/verdicts", "{\"patch\":\"deb:bash@2\",\"verdict\":\"approved\"}").status,
		400);
	assert_int_equal(world_cli(w, "POST", "/api/v1/verdicts",
				   "{\"patch\":\"deb:none@2\",\"verdict\":\"approved\",\"reason\":\"x\"}")
				 .status,
			 404);
}

static void
a_hold_comes_at_once_and_ends_by_itself(void **state)
{
	struct world *w = *state;
	struct member m;
	char until[TIME_RFC3339_MAX];
	ward(w, &m, RULES WINDOW);
	m.asks = arena_printf(&w->arena, "[{\"ask\":\"hold\",\"why\":\"surgery\",\"until\":\"%s\",\"at\":\"%s\"}]",
			      time_rfc3339(w->now + HOUR, until), "2027-01-15T08:00:00Z")
			 .ptr;
	const char *asks = m.asks;
	fleet_check_in(w, &m); /* its own answer carries it */
	assert_int_equal(json_get(m.directive, "holds")->count, 1);
	assert_state(w, &m, "deb:bash@2", "held");
	m.asks = asks; /* asked again because the answer was lost: still one */
	fleet_check_in(w, &m);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/holds", NULL).json, "total", 0), 1);
	w->now += 2 * HOUR;
	fleet_settle(w, &m);
	assert_int_equal(json_get(m.directive, "holds")->count, 0);
	assert_state(w, &m, "deb:bash@2", "waiting-window");
	/* A person holds the whole ward, and releases it. */
	assert_int_equal(world_cli(w, "POST", "/api/v1/holds", "{\"group\":\"wrad-3\",\"why\":\"inspection\"}").status,
			 404); /* it would keep nobody from being patched */
	struct answer a = world_cli(w, "POST", "/api/v1/holds", "{\"group\":\"ward-3\",\"why\":\"inspection\"}");
	struct str id = made_id(&a);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "held");
	m.asks = "[{\"ask\":\"release\",\"at\":\"2027-01-15T12:00:00Z\"}]"; /* not the ward's to release */
	fleet_check_in(w, &m);
	assert_int_equal(json_get(m.directive, "holds")->count, 1);
	a = world_cli(w, "DELETE", arena_printf(&w->arena, "/api/v1/holds/%.*s", STR_ARG(id)).ptr, NULL);
	assert_int_equal(a.status, 200);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "waiting-window");
}

static void
a_vendor_answers_by_link_without_an_account(void **state)
{
	struct world *w = *state;
	struct member m;
	ward(w, &m, RULES "vendor-validation: {unknown: {wait: 14d, then: apply}, forbidden: never}\n" WINDOW);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/vendors/EMR%20%3Cb%3E",
				   "{\"contact\":\"emr@example.org\",\"groups\":[\"ward-3\"]}")
				 .status,
			 200);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "waiting-vendor");
	struct answer a = world_cli(w, "POST", "/api/v1/vendors/EMR%20%3Cb%3E/links", "{}");
	assert_int_equal(a.status, 200);
	struct str link = json_get_str(a.json, "link");
	const char *path = link.ptr + str_find(link, STR("/vendor/"));
	struct sender s = { .door = DOOR_DASHBOARD,
			    .headers = { .host = STR("127.0.0.1:8443"), .origin = STR("https://127.0.0.1:8443") },
			    .uid = -1 };
	a = world_send(w, &s, "GET", path, NULL);
	assert_int_equal(a.status, 200);
	assert_true(str_contains(a.text, STR("EMR &lt;b&gt;")));
	assert_false(str_contains(a.text, STR("<b>")));
	assert_true(str_contains(a.text, STR("deb:bash@2")));
	/* A button pressed too early, and answers to what was never asked, do not use the link up. */
	assert_int_equal(world_send(w, &s, "POST", path, "").status, 400);
	a = world_send(w, &s, "POST", path, "p0=deb%3Abash%402&n0=later&p1=deb%3Aother%401&a1=validated");
	assert_int_equal(a.status, 400);
	assert_true(str_contains(a.text, STR("the link still works")));
	assert_int_equal(world_send(w, &s, "POST", path, "p0=deb%3Abash%402&a0=unknown").status, 400);
	assert_int_equal(world_send(w, &s, "GET", path, NULL).status, 200);
	a = world_send(w, &s, "POST", path,
		       "p0=deb%3Abash%402&a0=forbidden&n0=crashes+%3Cscript%3E&p1=deb%3Aother%401&a1=validated");
	assert_int_equal(a.status, 200);
	assert_int_equal(world_send(w, &s, "GET", path, NULL).status, 404); /* once */
	assert_int_equal(world_send(w, &s, "GET", "/vendor/guess", NULL).status, 404);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "vendor-forbidden");
	/* By spreadsheet they change their mind; a row without an answer is none. */
	a = world_cli(w, "POST", "/api/v1/vendors/EMR%20%3Cb%3E/sheet",
		      "{\"csv\":\"patch,answer,note\\ndeb:bash@2,検証済,fixed\\ndeb:nano@2,,\\n\"}");
	assert_int_equal(json_get_i64(a.json, "kept", 0), 1);
	assert_int_equal(json_get_i64(a.json, "read", 0), 2);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "waiting-window");
	/* The same as .xlsx: what goes out comes back, in the words of either language. */
	struct sender ja = { .door = DOOR_SOCKET, .uid = 0, .lang = LANG_JA };
	a = world_send(w, &ja, "GET", "/api/v1/vendors/EMR%20%3Cb%3E/sheet?form=xlsx", NULL);
	assert_int_equal(a.status, 200);
	a = world_cli(
		w, "POST", "/api/v1/vendors/EMR%20%3Cb%3E/sheet",
		arena_printf(&w->arena, "{\"file\":\"%s\"}", arena_cstr(&w->arena, json_get_str(a.json, "file"))).ptr);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "kept", 0), 1);
	/* What stays open past its deadline is listed. */
	w->now += 15 * DAY;
	a = world_cli(w, "GET", "/api/v1/vendor-answers?overdue=true", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("vendor-overdue")));
}

static void
a_workaround_stands_in_until_it_is_patched(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct member m;
	ward(w, &m, RULES WINDOW);
	assert_int_equal(world_cli(w, "POST", "/api/v1/mitigations",
				   "{\"subject\":\"deb:nano@2\",\"workaround\":\"nobody edits\",\"owner\":\"IT\"}")
				 .status,
			 200);
	assert_state(w, &m, "deb:nano@2", "mitigated");
	ok(planner_tick(w->st, w->now, &e));
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/mitigations", NULL).json, "total", 0), 1);
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(m.id));
	fleet_result(w, &m, slot.ptr, "deb:nano@2", "installed");
	fleet_check_in(w, &m);
	ok(planner_tick(w->st, w->now, &e));
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/mitigations", NULL).json, "total", 0), 0);
}

/* ---- rings ---- */

#define RINGS \
	"rings:\n" \
	"  - {name: pilot, tags: [pilot], soak: 1d, min-success: 0.9, error-stop: 1}\n" \
	"  - {name: rest}\n"

static void
pair(struct world *w, struct member *pilot, struct member *rest, const char *yaml)
{
	fleet_enrol(w, pilot, "pilot-pc", "ward-3");
	fleet_enrol(w, rest, "rest-pc", "ward-3");
	pilot->updates = rest->updates = FLEET_UPDATES;
	fleet_check_in(w, pilot);
	fleet_check_in(w, rest);
	assert_int_equal(world_cli(w, "PATCH", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(pilot->id)).ptr,
				   "{\"tags\":[\"pilot\"]}")
				 .status,
			 200);
	assert_int_equal(fleet_policy(w, "ward-pc", yaml).status, 200);
	fleet_settle(w, pilot);
	fleet_settle(w, rest);
}

static void
the_rest_waits_until_the_pilot_has_soaked(void **state)
{
	struct world *w = *state;
	struct member pilot, rest;
	pair(w, &pilot, &rest, RULES WINDOW RINGS);
	assert_true(fleet_goes(&pilot, "deb:bash@2"));
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	assert_state(w, &rest, "deb:bash@2", "waiting-ring");
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(pilot.id));
	fleet_result(w, &pilot, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &pilot);
	fleet_settle(w, &rest);
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	w->now += DAY + HOUR;
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&rest, "deb:bash@2"));
}

static void
a_failing_pilot_halts_everyone_until_an_approver_says_so(void **state)
{
	struct world *w = *state;
	struct member pilot, rest;
	pair(w, &pilot, &rest, RULES WINDOW RINGS);
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(pilot.id));
	fleet_result(w, &pilot, slot.ptr, "deb:bash@2", "failed");
	fleet_check_in(w, &pilot);
	fleet_settle(w, &rest);
	fleet_settle(w, &pilot);
	assert_false(fleet_goes(&pilot, "deb:bash@2"));
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	/* Where it failed it says so, with the installer's words; the others wait. */
	struct str why = STR("");
	assert_true(str_eq(fleet_state(w, &pilot, "deb:bash@2", &why), STR("failed")));
	assert_true(str_contains(why, STR("dpkg: no space left")));
	assert_true(str_contains(why, STR("Halted: it failed in ring pilot.")));
	assert_state(w, &rest, "deb:bash@2", "waiting-ring");
	struct answer a = world_cli(w, "GET", "/api/v1/halts", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("\"halted\"")));
	/* Days do not lift it. */
	w->now += 30 * DAY;
	fleet_settle(w, &rest);
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	struct str id = json_get_str(&json_get(a.json, "items")->item[0], "id");
	w->now += 1000;
	a = world_cli(w, "POST", arena_printf(&w->arena, "/api/v1/halts/%.*s/resume", STR_ARG(id)).ptr,
		      "{\"reason\":\"the disk was full\"}");
	assert_int_equal(a.status, 200);
	fleet_check_in(w, &pilot); /* heard of again */
	fleet_settle(w, &pilot);
	assert_true(fleet_goes(&pilot, "deb:bash@2"));
	fleet_settle(w, &rest);
	assert_false(fleet_goes(&rest, "deb:bash@2"));
}

static void
tags_set(struct world *w, const struct member *m, const char *body)
{
	assert_int_equal(
		world_cli(w, "PATCH", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(m->id)).ptr, body).status,
		200);
}

static void
nobody_goes_first_where_the_pilot_is_misspelt(void **state)
{
	struct world *w = *state;
	struct member pilot, rest;
	pair(w, &pilot, &rest, RULES WINDOW "rings:\n  - {name: pilot, tags: [pliot], soak: 1d}\n  - {name: rest}\n");
	assert_false(fleet_goes(&pilot, "deb:bash@2"));
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	struct str why = STR("");
	assert_true(str_eq(fleet_state(w, &rest, "deb:bash@2", &why), STR("waiting-ring")));
	assert_true(str_contains(why, STR("Ring pilot has no machine")));
	struct answer a = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(str_contains(a.text, STR("ring pilot of policy ward-pc has no machine")));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/rings?policy=ward-pc&patch=deb:bash%402", NULL).text,
				 STR("\"empty\"")));
	w->now += 30 * DAY; /* time alone proves nothing */
	fleet_check_in(w, &pilot);
	fleet_settle(w, &rest);
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	/* A person may let one update go on … */
	assert_int_equal(world_cli(w, "POST", "/api/v1/verdicts",
				   "{\"patch\":\"deb:nano@2\",\"verdict\":\"approved\",\"reason\":\"tried it\"}")
				 .status,
			 200);
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&rest, "deb:nano@2"));
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	/* … or give a machine the tag: it goes first, the rest waits for it. */
	tags_set(w, &pilot, "{\"tags\":[\"pliot\"]}");
	fleet_settle(w, &pilot);
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&pilot, "deb:bash@2"));
	assert_false(fleet_goes(&rest, "deb:bash@2"));
	assert_false(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("has no machine")));
}

static void
what_the_pilot_proved_stays_released_when_its_machine_goes(void **state)
{
	struct world *w = *state;
	struct member pilot, rest;
	pair(w, &pilot, &rest, RULES WINDOW RINGS);
	struct str slot = arena_printf(&w->arena, "ward-pc/night/2027-01-15/%.*s", STR_ARG(pilot.id));
	fleet_result(w, &pilot, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &pilot);
	fleet_settle(w, &rest);
	w->now += DAY + HOUR;
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&rest, "deb:bash@2"));
	tags_set(w, &pilot, "{\"tags\":[]}");
	fleet_settle(w, &pilot);
	fleet_settle(w, &rest);
	assert_true(fleet_goes(&rest, "deb:bash@2"));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("has no machine")));
}

static void
a_ring_that_nobody_is_in_is_told_when_the_policy_is_put(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "pc", "ward-3");
	tags_set(w, &m, "{\"tags\":[\"early\"]}");
	struct answer a = fleet_policy(w, "ward-pc",
				       RULES WINDOW "rings:\n"
						    "  - {name: early, tags: [early]}\n"
						    "  - {name: pilot, tags: [early, pliot], soak: 1d}\n"
						    "  - {name: rest}\n");
	assert_int_equal(a.status, 200);
	const struct json *remarks = json_get(a.json, "remarks");
	assert_int_equal(remarks->count, 1);
	assert_int_equal(json_get_i64(&remarks->item[0], "line", 0), 9);
	assert_int_equal(json_get_i64(&remarks->item[0], "column", 0), 33);
	assert_true(str_contains(json_get_str(&remarks->item[0], "text"), STR("no machine has the tag “pliot”")));
	assert_true(str_eq(json_get_str(&remarks->item[0], "level"), STR("warning")));
}

/* ---- leases ---- */

static const char *
slot_now(struct world *w, const struct member *m, const char *finished)
{
	char start[TIME_RFC3339_MAX], end[TIME_RFC3339_MAX];
	time_rfc3339(INT64_C(1800018000000), start); /* 2027-01-15 22:00 in Tokyo */
	time_rfc3339(INT64_C(1800018000000) + 4 * HOUR, end);
	return arena_printf(
		       &w->arena,
		       "{\"id\":\"ward-pc/night/2027-01-15/%.*s\",\"start\":\"%s\",\"end\":\"%s\",\"act\":\"wait\","
		       "\"reason\":\"no-lease\",\"why\":\"x\",\"until\":null,\"pass\":0,\"finished\":[%s],"
		       "\"install_ms\":0,\"reboot_ms\":0,\"healthy\":true}",
		       STR_ARG(m->id), start, end, finished)
		.ptr;
}

static bool
leased(const struct member *m)
{
	return json_get(m->directive, "leases")->count == 1;
}

/* Two of one group, at the start of their slot. */
static void
redundant(struct world *w, struct member *a, struct member *b)
{
	pair(w, a, b, RULES WINDOW "redundancy: {groups: true}\n");
	const struct member *both[] = { a, b };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(world_cli(w, "PATCH",
					   arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(both[i]->id)).ptr,
					   "{\"redundancy\":\"nurses\"}")
					 .status,
				 200);
	fleet_settle(w, a);
	fleet_settle(w, b);
	assert_true(json_get_bool(a->directive, "lease_needed", false));
	w->now = INT64_C(1800018000000) + 60000;
	fleet_check_in(w, b);
}

/* The report with one more member. */
static const char *
slot_says(struct world *w, const char *slot, const char *member)
{
	return arena_printf(&w->arena, "{%s,%s", member, slot + 1).ptr;
}

static void
a_redundant_pair_never_goes_together(void **state)
{
	struct world *w = *state;
	struct member a, b;
	redundant(w, &a, &b);
	a.slot = slot_now(w, &a, "");
	b.slot = slot_now(w, &b, "");
	fleet_check_in(w, &a);
	fleet_check_in(w, &b);
	assert_true(leased(&a));
	assert_false(leased(&b));
	/* The first one is done: the second one's turn. */
	a.slot = slot_now(w, &a,
			  arena_printf(&w->arena,
				       "{\"id\":\"ward-pc/night/2027-01-15/%.*s\",\"at\":\"2027-01-15T13:30:00Z\","
				       "\"how\":\"done\"}",
				       STR_ARG(a.id))
				  .ptr);
	w->now += 60000;
	fleet_check_in(w, &a);
	fleet_check_in(w, &b);
	assert_true(leased(&b));
	a.slot = slot_now(w, &a, "");
	fleet_check_in(w, &a);
	assert_false(leased(&a));
	/* A made-up slot of a hundred years keeps nobody down. */
	a.slot = "{\"id\":\"ward-pc/x/2027-01-15/other\",\"start\":\"2027-01-15T13:00:00Z\",\"end\":"
		 "\"2127-01-15T13:00:00Z\",\"healthy\":true}";
	fleet_check_in(w, &a);
	assert_false(leased(&a));
}

static void
a_lease_of_no_use_goes_to_the_other_of_the_pair(void **state)
{
	struct world *w = *state;
	struct member a, b;
	redundant(w, &a, &b);
	a.slot = slot_now(w, &a, "");
	b.slot = slot_now(w, &b, "");
	fleet_check_in(w, &a);
	fleet_check_in(w, &b);
	assert_true(leased(&a));
	assert_false(leased(&b));
	/* Somebody works on the first: one slot of another name gives nothing back, its own does, and it gets none again. */
	const char *own = slot_now(w, &a, "");
	a.slot = slot_says(w, own, "\"lease_unused\":\"ward-pc/other/2027-01-15/x\"");
	fleet_check_in(w, &a);
	assert_true(leased(&a));
	a.slot = slot_says(
		w, own,
		arena_printf(&w->arena, "\"lease_unused\":\"ward-pc/night/2027-01-15/%.*s\"", STR_ARG(a.id)).ptr);
	fleet_check_in(w, &a);
	assert_false(leased(&a));
	fleet_check_in(w, &b);
	assert_true(leased(&b));
	/* The first could again, and must wait now. */
	a.slot = own;
	fleet_check_in(w, &a);
	assert_false(leased(&a));
}

/* ---- groups ---- */

static void
groups_follow_their_rules(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "xray-07", "radiology");
	assert_int_equal(
		world_cli(w, "PUT", "/api/v1/groups/imaging", "{\"rule\":{\"names\":[\"XRAY-*\",\"ct-*\"]}}").status,
		200);
	struct answer a = world_cli(w, "GET", "/api/v1/groups/imaging/hosts", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/imaging", "{\"rule\":{\"tags\":[\"big\"]}}").status, 200);
	a = world_cli(w, "GET", "/api/v1/groups/imaging/hosts", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 0);
	a = world_cli(w, "POST", "/api/v1/groups/import",
		      "{\"csv\":\"host,department,tags\\nXRAY-07,imaging ward,big;new\\nnobody,x,y\\n\"}");
	assert_int_equal(json_get_i64(a.json, "kept", 0), 1);
	assert_int_equal(json_get_i64(json_get(a.json, "skipped"), "unknown-host", 0), 1);
	a = world_cli(w, "GET", "/api/v1/groups/imaging/hosts", NULL);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	/* A rule's group takes nobody by hand; a rule must be one. */
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/imaging/hosts",
				   arena_printf(&w->arena, "{\"hosts\":[\"%.*s\"]}", STR_ARG(m.id)).ptr)
				 .status,
			 409);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/x", "{\"rule\":{\"networks\":[\"10.0.0.0/99\"]}}").status,
			 400);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/x", "{\"rule\":{\"colour\":[\"red\"]}}").status, 400);
}

/* Who would be in it, before anything is kept; a group that changes its kind keeps its members; names and policies. */
static void
a_group_is_shown_before_it_is_made(void **state)
{
	struct world *w = *state;
	struct member x, y;
	fleet_enrol(w, &x, "xray-07", "radiology");
	fleet_enrol(w, &y, "desk-1", "office");
	struct answer a = world_cli(w, "POST", "/api/v1/groups/preview", "{\"rule\":{\"names\":[\"xray-*\"]}}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "total", 0), 1);
	assert_int_equal(json_get_i64(a.json, "of", 0), 2);
	assert_true(str_eq(json_get_str(&json_get(a.json, "items")->item[0], "name"), STR("xray-07")));
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/groups", NULL).json, "total", 0), 2);
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/preview", "{\"rule\":{\"colour\":[\"x\"]}}").status, 400);
	/* By hand, then by a rule that fits only one of its two members, then by hand again. */
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/pilot", "{}").status, 200);
	const char *both = arena_printf(&w->arena, "{\"hosts\":[\"%.*s\",\"%.*s\"]}", STR_ARG(x.id), STR_ARG(y.id)).ptr;
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/pilot/hosts", both).status, 200);
	const char *rule = "{\"group\":\"pilot\",\"rule\":{\"names\":[\"xray-*\"]}}";
	a = world_cli(w, "POST", "/api/v1/groups/preview", rule);
	assert_true(json_get_bool(&json_get(a.json, "items")->item[0], "is", false));
	assert_true(str_eq(json_get_str(&json_get(a.json, "leaves")->item[0], "name"), STR("desk-1")));
	a = world_cli(w, "PUT", "/api/v1/groups/pilot", rule);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "hosts", 0), 1);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/pilot", "{\"rule\":null}").status, 200);
	a = world_cli(w, "POST", "/api/v1/groups/pilot/remove", both);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "hosts", -1), 0);
	/* A department's name is taken; what a policy names stays. */
	assert_int_equal(world_cli(w, "PUT", "/api/v1/groups/radiology", "{}").status, 409);
	assert_int_equal(fleet_policy(w, "p", "policy: p\napplies-to: {groups: [pilot]}\n" WINDOW).status, 200);
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/groups/pilot", NULL).status, 409);
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/policies/p", NULL).status, 204);
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/groups/pilot", NULL).status, 204);
}

static void
a_directorys_list_is_shown_before_it_is_taken(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "xray-07", "radiology");
	const char *body = "{\"dry_run\":true,\"csv\":\"host,group\\nXRAY-07,imaging\\nnobody,x\\n\"}";
	struct answer a = world_cli(w, "POST", "/api/v1/groups/import", body);
	assert_int_equal(a.status, 200);
	const struct json *move = &json_get(a.json, "moves")->item[0];
	assert_true(str_eq(json_get_str(move, "from"), STR("radiology")));
	assert_true(str_eq(json_get_str(move, "to"), STR("imaging")));
	assert_true(str_eq(json_get(a.json, "unknown")->item[0].text, STR("nobody")));
	a = world_cli(w, "GET", "/api/v1/groups", NULL);
	assert_true(str_eq(json_get_str(&json_get(a.json, "items")->item[0], "group"), STR("radiology")));
}

/* As Japanese Excel saves it, as .xlsx, and with the names that Active Directory gives. */
static void
a_directorys_list_comes_as_offices_save_it(void **state)
{
	struct world *w = *state;
	struct member m;
	fleet_enrol(w, &m, "xray-07", "radiology");
	/* "端末,部署" and "XRAY-07,表" in Shift_JIS. */
	const char *sjis = "{\"file\":\"kluWliyVlI+QDQpYUkFZLTA3LJVcDQo=\"}";
	struct answer a = world_cli(w, "POST", "/api/v1/groups/import", sjis);
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(&json_get(a.json, "moves")->item[0], "to"), STR("表")));
	static const struct {
		const char *ou, *group;
	} cases[] = {
		{ "OU=Ward3,OU=PCs,DC=example,DC=jp", "Ward3" },
		{ "CN=XRAY-07,OU=Ward 4\\\\, east,OU=PCs,DC=jp", "Ward 4, east" },
		{ "ou=3\\\\E9\\\\9A\\\\8E,dc=jp", "3階" },
		{ "Ward 5, OU=west", "Ward 5, OU=west" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		a = world_cli(
			w, "POST", "/api/v1/groups/import",
			arena_printf(&w->arena, "{\"csv\":\"Name,OU\\nxray-07,\\\"%s\\\"\\n\"}", cases[i].ou).ptr);
		assert_int_equal(a.status, 200);
		assert_true(str_eq(json_get_str(&json_get(a.json, "moves")->item[0], "to"), str_of(cases[i].group)));
	}
	/* Neither text nor bytes, both, and what is no spreadsheet. */
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/import", "{}").status, 400);
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/import", "{\"csv\":\"a\",\"file\":\"YQ==\"}").status,
			 400);
	assert_int_equal(world_cli(w, "POST", "/api/v1/groups/import", "{\"file\":\"*\"}").status, 400);
	a = world_cli(w, "PUT", "/api/v1/day-lists/x", "{\"file\":\"YQr/\"}");
	assert_int_equal(a.status, 400);
	assert_true(str_contains(a.text, STR("line 2, byte 1")));
	/* The Cabinet Office's own form: "国民の祝日・休日月日,…" and 2026/1/1 in Shift_JIS. */
	a = world_cli(
		w, "PUT", "/api/v1/day-lists/x",
		"{\"file\":\"jZGWr4LMj2qT+oFFi3iT+oyOk/osjZGWr4LMj2qT+oFFi3iT+pa8j8wNCjIwMjYvMS8xLIyzk/oNCg==\"}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "count", 0), 1);
}

/* Where departments come from by themselves. */
static void
a_directory_is_kept_and_its_failure_is_told(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct answer a = world_cli(w, "PUT", "/api/v1/directory", "{\"url\":\"ldaps://dc1\",\"base\":\"dc=jp\"}");
	assert_int_equal(a.status, 400);
	assert_false(directory_due(w->st, w->now));
	const char *set = "{\"url\":\"ldaps://dc1\",\"base\":\"dc=jp\",\"name\":\"cn\",\"group\":\"ou\",\"every\":6}";
	a = world_cli(w, "PUT", "/api/v1/directory", set);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "every", 0), 6);
	ok(store_begin(w->st, &e));
	assert_true(directory_due(w->st, w->now));
	assert_false(directory_due(w->st, w->now));
	assert_false(directory_due(w->st, w->now + 6 * 3600000 - 1));
	assert_true(directory_due(w->st, w->now + 6 * 3600000));
	ok(store_commit(w->st, &e));
	assert_false(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("stay as they were")));
	a = world_cli(w, "POST", "/api/v1/directory/result", "{\"ok\":false,\"why\":\"no answer\"}");
	assert_int_equal(a.status, 204);
	assert_true(
		str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("stay as they were: no answer")));
	assert_int_equal(world_cli(w, "DELETE", "/api/v1/directory", NULL).status, 204);
	assert_false(directory_due(w->st, w->now + 100 * DAY));
	assert_false(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("stay as they were")));
}

/* ---- emergencies ---- */

static void
sql(struct world *w, const char *text)
{
	struct err e = { 0 };
	SQL_AUTO q = sql_new(w->st, text);
	ok(sql_run(&q, &e));
}

static void
consent(struct world *w, const char *user, int status)
{
	struct str link =
		json_get_str(world_cli(w, "POST", "/api/v1/signin-links",
				       arena_printf(&w->arena, "{\"role\":\"approver\",\"user\":\"%s\"}", user).ptr)
				     .json,
			     "link");
	assert_int_equal(world_sign_in(w, link).status, 200);
	assert_int_equal(
		world_call(w, "POST", "/api/v1/emergency/consents", "{\"patch\":\"deb:bash@2\",\"reason\":\"now\"}")
			.status,
		status);
}

static void
an_exploited_update_goes_at_once_and_two_people_consent_to_a_reboot(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct member m;
	ward(w, &m,
	     "policy: ward-pc\napprove:\n  - {classification: security, after: 30d}\n"
	     "emergency: {when: [known-exploited, exposed], within: 38m, mitigate: at-once, reboot: "
	     "ward-consents}\n" WINDOW);
	sql(w, "UPDATE patch SET kev = 1 WHERE id = 'deb:bash@2'");
	fleet_settle(w, &m);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/emergencies", NULL).json, "total", -1), 0);
	assert_int_equal(world_cli(w, "PATCH", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(m.id)).ptr,
				   "{\"exposed\":true}")
				 .status,
			 200);
	fleet_settle(w, &m);
	fleet_settle(w, &m);
	const struct json *p = &json_get(m.directive, "patches")->item[0];
	int64_t by = 0;
	assert_true(json_get_bool(p, "emergency", false));
	assert_true(time_parse(json_get_str(p, "emergency_by"), &by));
	assert_int_equal(by, w->now + 38 * 60000);
	struct str reason = json_get_str(p, "reason");
	assert_true(str_starts(reason, STR("emergency since 2027-01-15T")));
	assert_true(str_contains(reason, STR("by policy ward-pc (known exploited, exposed): to be in by 2027-01-15T")));
	assert_false(json_get_bool(m.directive, "reboot_consented", true));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/overview", NULL).text, STR("\"emergency\"")));
	/* The same person twice is one. */
	consent(w, "suzuki", 204);
	consent(w, "suzuki", 409);
	fleet_settle(w, &m);
	assert_false(json_get_bool(m.directive, "reboot_consented", true));
	consent(w, "sato", 204);
	fleet_settle(w, &m);
	assert_true(json_get_bool(m.directive, "reboot_consented", false));
	struct str slot = arena_printf(&w->arena, "ward-pc/emergency/1/%.*s", STR_ARG(m.id));
	fleet_result(w, &m, slot.ptr, "deb:bash@2", "installed");
	fleet_check_in(w, &m);
	ok(planner_tick(w->st, w->now, &e));
	struct answer a = world_cli(w, "GET", "/api/v1/emergencies", NULL);
	assert_true(json_get_str(&json_get(a.json, "items")->item[0], "ended_at").len > 0);
}

/* ---- the ward ---- */

static void
a_ward_acts_with_a_pin_on_its_own_machines_only(void **state)
{
	struct world *w = *state;
	struct member m, other;
	fleet_enrol(w, &other, "pc-9", "ward-9");
	ward(w, &m, RULES WINDOW);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/wards/ward-3", "{\"pin\":\"12\"}").status, 400);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/wards/ward-3", "{\"pin\":\"482913\"}").status, 204);
	w->cookie = w->csrf = STR_NONE;
	assert_int_equal(world_call(w, "GET", "/ward/machines", NULL).status, 401);
	assert_int_equal(world_call(w, "POST", "/ward/session", "{\"group\":\"ward-3\",\"pin\":\"482914\"}").status,
			 401);
	struct answer a = world_call(w, "POST", "/ward/session", "{\"group\":\"ward-3\",\"pin\":\"482913\"}");
	assert_int_equal(a.status, 200);
	struct str rest = a.cookie;
	(void)!str_cut(&rest, ';', &w->cookie);
	a.cookie = json_get_str(a.json, "csrf");
	struct answer list = world_call(w, "GET", "/ward/machines", NULL);
	assert_int_equal(json_get_i64(list.json, "total", 0), 1);
	const char *own = arena_printf(&w->arena, "/ward/machines/%.*s", STR_ARG(m.id)).ptr;
	const char *foreign = arena_printf(&w->arena, "/ward/machines/%.*s", STR_ARG(other.id)).ptr;
	const char *hold = "{\"do\":\"hold\",\"why\":\"surgery\"}";
	assert_int_equal(world_call(w, "POST", own, hold).status, 401); /* without its token */
	w->csrf = a.cookie;
	assert_int_equal(world_call(w, "POST", foreign, hold).status, 403);
	assert_int_equal(world_call(w, "POST", own, hold).status, 204);
	fleet_settle(w, &m);
	assert_state(w, &m, "deb:bash@2", "held");
	assert_int_equal(world_call(w, "POST", own, "{\"do\":\"now\"}").status, 409);
	assert_int_equal(world_call(w, "POST", own, "{\"do\":\"release\"}").status, 204);
	assert_int_equal(world_call(w, "POST", own, "{\"do\":\"now\"}").status, 204);
	assert_state(w, &m, "deb:bash@2", "queued");
	assert_state(w, &m, "deb:nano@2", "waiting-approval"); /* now is no approval */
	assert_int_equal(world_call(w, "GET", "/api/v1/hosts", NULL).status, 401); /* a ward is no user */
	/* Guessing ends after ten tries. */
	for (int i = 0; i < 9; i++)
		(void)world_call(w, "POST", "/ward/session", "{\"group\":\"ward-9\",\"pin\":\"000000\"}");
	assert_int_equal(world_call(w, "POST", "/ward/session", "{\"group\":\"ward-3\",\"pin\":\"482913\"}").status,
			 429);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_persons_word_beats_the_rules_and_can_be_taken_back),
		TEST(a_hold_comes_at_once_and_ends_by_itself),
		TEST(a_vendor_answers_by_link_without_an_account),
		TEST(a_directorys_list_comes_as_offices_save_it),
		TEST(a_directory_is_kept_and_its_failure_is_told),
		TEST(a_workaround_stands_in_until_it_is_patched),
		TEST(the_rest_waits_until_the_pilot_has_soaked),
		TEST(a_failing_pilot_halts_everyone_until_an_approver_says_so),
		TEST(nobody_goes_first_where_the_pilot_is_misspelt),
		TEST(what_the_pilot_proved_stays_released_when_its_machine_goes),
		TEST(a_ring_that_nobody_is_in_is_told_when_the_policy_is_put),
		TEST(a_redundant_pair_never_goes_together),
		TEST(a_lease_of_no_use_goes_to_the_other_of_the_pair),
		TEST(an_exploited_update_goes_at_once_and_two_people_consent_to_a_reboot),
		TEST(a_ward_acts_with_a_pin_on_its_own_machines_only),
		TEST(groups_follow_their_rules),
		TEST(a_group_is_shown_before_it_is_made),
		TEST(a_directorys_list_is_shown_before_it_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
