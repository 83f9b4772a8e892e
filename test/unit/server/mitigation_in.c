/* What hosts say about mitigations of emergencies, and what everybody is shown of it. */
#include "fleet.h"

#define RULES "approve:\n  - {classification: any, after: 0d}\n"
#define WINDOW "install:\n  windows:\n    - {name: far, dates: [2036-01-01], at: '22:00', for: 4h, tz: Asia/Tokyo}\n"
#define EMERGENCY "emergency:\n  when: [unknown, low, medium, high, critical]\n"
#define ROWS "  mitigations: [{patch: bash, stop-service: [shells]}]\n"
#define ACT(state) \
	"[{\"patch\":\"deb:bash@2\",\"state\":\"" state "\",\"since\":\"2027-01-15T05:00:00Z\",\"acts\":[{\"act\":" \
	"\"stop-service\",\"what\":\"shells\",\"state\":\"" state \
	"\",\"since\":\"2027-01-15T05:00:00Z\",\"why\":\"no\"}]}]"

#define assert_why(w, m, words) \
	do { \
		struct str said_ = STR(""); \
		fleet_state(w, m, "deb:bash@2", &said_); \
		if (!str_contains(said_, STR(words))) \
			fail_msg("“%.*s” lacks “%s”", STR_ARG(said_), words); \
	} while (0)

static void
host_make(struct world *w, struct member *m, const char *name, const char *policy)
{
	fleet_enrol(w, m, name, "servers");
	m->updates = FLEET_UPDATES;
	fleet_check_in(w, m);
	assert_int_equal(fleet_policy(w, "servers", policy).status, 200);
	fleet_settle(w, m);
	fleet_settle(w, m);
}

static void
an_emergency_without_a_row_says_so(void **state)
{
	struct world *w = *state;
	struct member m;
	host_make(w, &m, "srv-1", "policy: servers\n" RULES WINDOW EMERGENCY);
	assert_why(w, &m, "no mitigation is written for it in policy servers; install at once");
	assert_int_equal(fleet_policy(w, "servers", "policy: servers\n" RULES WINDOW EMERGENCY ROWS).status, 200);
	fleet_settle(w, &m);
	assert_why(w, &m, "with the next check-in policy servers has it mitigated: shells stopped");
}

static void
what_a_host_did_is_its_state_and_sentence(void **state)
{
	struct world *w = *state;
	struct member m;
	host_make(w, &m, "srv-1", "policy: servers\n" RULES WINDOW EMERGENCY ROWS);
	m.mitigations = ACT("in-force");
	fleet_check_in(w, &m);
	assert_state(w, &m, "deb:bash@2", "mitigated");
	assert_why(w, &m, "shells stopped since 2027-01-15");
	assert_why(w, &m, "by policy servers until bash 2 is installed.");
	struct answer a = world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(m.id)).ptr, NULL);
	assert_true(str_contains(a.text, STR("\"act\":\"stop-service\",\"what\":\"shells\"")));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/audit", NULL).text, STR("mitigation.begin")));
	/* An agent that says nothing changes nothing; what failed is no mitigation. */
	m.mitigations = NULL;
	fleet_check_in(w, &m);
	assert_state(w, &m, "deb:bash@2", "mitigated");
	m.mitigations = ACT("failed");
	fleet_check_in(w, &m);
	assert_false(str_eq(fleet_state(w, &m, "deb:bash@2", NULL), STR("mitigated")));
	assert_why(w, &m, "the mitigation failed, install at once: no");
	m.mitigations = "{\"not\":\"a list\"}";
	assert_int_equal(fleet_check_in(w, &m).status, 400);
	m.mitigations = "[]";
	fleet_check_in(w, &m);
	struct str audit = world_cli(w, "GET", "/api/v1/audit", NULL).text;
	assert_true(str_contains(audit, STR("mitigation.end")) && str_contains(audit, STR("mitigation.failed")));
}

/* The emergency's slot of a host, as it asks for its lease. */
static const char *
slot_now(struct world *w, const struct member *m)
{
	char start[TIME_RFC3339_MAX], end[TIME_RFC3339_MAX];
	return arena_printf(&w->arena,
			    "{\"id\":\"servers/emergency/1/%.*s\",\"start\":\"%s\",\"end\":\"%s\",\"act\":\"wait\","
			    "\"reason\":\"no-lease\",\"why\":\"x\",\"until\":null,\"pass\":0,\"finished\":[],"
			    "\"healthy\":true}",
			    STR_ARG(m->id), time_rfc3339(w->now, start), time_rfc3339(w->now + 2 * HOUR, end))
		.ptr;
}

static bool
leased(const struct member *m)
{
	return json_get(m->directive, "leases")->count == 1;
}

static void
who_is_mitigated_keeps_its_pair_from_the_lease(void **state)
{
	struct world *w = *state;
	struct member a, b, *both[] = { &a, &b };
	const char *policy = "policy: servers\n" RULES WINDOW "redundancy: {groups: true}\n" EMERGENCY ROWS;
	host_make(w, &a, "srv-1", policy);
	host_make(w, &b, "srv-2", policy);
	for (size_t i = 0; i < 2; i++) {
		const char *path = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(both[i]->id)).ptr;
		assert_int_equal(world_cli(w, "PATCH", path, "{\"redundancy\":\"files\"}").status, 200);
		fleet_settle(w, both[i]);
		assert_true(json_get_bool(both[i]->directive, "paired", false));
	}
	a.mitigations = ACT("in-force");
	fleet_check_in(w, &a);
	b.slot = slot_now(w, &b);
	fleet_check_in(w, &b);
	fleet_settle(w, &b);
	assert_false(leased(&b));
	a.mitigations = "[]";
	fleet_check_in(w, &a);
	fleet_check_in(w, &b);
	fleet_settle(w, &b);
	assert_true(leased(&b));
}

static const char *
wish(struct world *w, const struct member *m, bool wishes)
{
	char start[TIME_RFC3339_MAX], end[TIME_RFC3339_MAX];
	struct str mitigate =
		wishes ? arena_printf(&w->arena, ",\"mitigate\":\"servers/emergency/mitigate/%.*s\"", STR_ARG(m->id))
		       : STR("");
	return arena_printf(
		       &w->arena,
		       "{\"id\":\"servers/night/2099-01-01/%.*s\",\"start\":\"%s\",\"end\":\"%s\",\"act\":\"wait\","
		       "\"reason\":\"window\",\"why\":\"x\",\"until\":null,\"pass\":0,\"finished\":[],"
		       "\"healthy\":true%.*s}",
		       STR_ARG(m->id), time_rfc3339(w->now + 1000 * HOUR, start),
		       time_rfc3339(w->now + 1004 * HOUR, end), STR_ARG(mitigate))
		.ptr;
}

/* No slot asks for it where nothing may be installed: the wish alone does, and the two take turns. */
static void
a_pair_that_may_only_mitigate_takes_turns(void **state)
{
	struct world *w = *state;
	struct member a, b, *both[] = { &a, &b };
	const char *policy = "policy: servers\n" RULES WINDOW "redundancy: {groups: true}\n" EMERGENCY ROWS;
	host_make(w, &a, "srv-1", policy);
	host_make(w, &b, "srv-2", policy);
	for (size_t i = 0; i < 2; i++) {
		const char *path = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(both[i]->id)).ptr;
		assert_int_equal(world_cli(w, "PATCH", path, "{\"redundancy\":\"files\"}").status, 200);
		fleet_settle(w, both[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		both[i]->slot = wish(w, both[i], true);
		fleet_check_in(w, both[i]);
		fleet_settle(w, both[i]);
	}
	assert_true(leased(&a) && !leased(&b));
	a.slot = wish(w, &a, false);
	fleet_check_in(w, &a);
	fleet_settle(w, &a);
	assert_false(leased(&a));
	fleet_check_in(w, &b);
	fleet_settle(w, &b);
	assert_true(leased(&b));
	/* Somebody else's is none of its own. */
	a.slot = wish(w, &b, true);
	fleet_check_in(w, &a);
	fleet_settle(w, &a);
	assert_false(leased(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_emergency_without_a_row_says_so),
		TEST(what_a_host_did_is_its_state_and_sentence),
		TEST(who_is_mitigated_keeps_its_pair_from_the_lease),
		TEST(a_pair_that_may_only_mitigate_takes_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
