#include "plan/approval.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#define DAY INT64_C(86400000)
#define NOW (1000 * DAY)

static const char policy_json[] = "{\"policy\":\"ward-pc\",\"approve\":[{\"known-exploited\":true,\"after\":\"0d\"},{"
				  "\"classification\":\"security\","
				  "\"severity\":[\"critical\",\"high\"],\"after\":\"3d\"},{\"app\":\"Google.*\","
				  "\"after\":\"1d\"},{\"classification\":"
				  "\"feature\",\"never\":true}],\"vendor-validation\":{\"unknown\":{\"wait\":\"14d\","
				  "\"then\":\"apply-to-pilot\"},"
				  "\"forbidden\":\"never\"},\"emergency\":{\"when\":[\"known-exploited\",\"exposed\"],"
				  "\"within\":\"38m\"},\"install\":{"
				  "\"windows\":[{\"weekly\":[\"tue\"],\"at\":\"22:00\",\"for\":\"4h\"}]}}";

static void
policy_read(struct arena *a, struct policy *p)
{
	struct err e = { 0 };
	struct json *j;

	if (!json_parse(a, str_of(policy_json), NULL, &j, &e) || !policy_from_json(a, j, p, &e))
		fail_msg("%s", e.text);
}

static const struct {
	const char *name;
	struct approval_facts f;
	enum approval_state state;
	int64_t until;
	bool emergency;
	const char *why;
} rows[] = {
	{ "a high one after three days",
	  { .classification = STR("security"), .severity = 3, .first_seen = NOW - 3 * DAY },
	  APPROVAL_YES,
	  0,
	  false,
	  "approved by rule 2 of policy ward-pc: security, critical or high, after 3 d" },
	{ "a high one a day early",
	  { .classification = STR("security"), .severity = 3, .first_seen = NOW - 2 * DAY },
	  APPROVAL_WAITS,
	  NOW + DAY,
	  false,
	  NULL },
	{ "no rule",
	  { .classification = STR("security"), .severity = 1, .first_seen = NOW - 99 * DAY },
	  APPROVAL_WAITS_PERSON,
	  0,
	  false,
	  "waits for a person's approval: no rule of policy ward-pc fits" },
	{ "an application by pattern",
	  { .app = STR("google.chrome"), .severity = 1, .first_seen = NOW - DAY },
	  APPROVAL_YES,
	  0,
	  false,
	  NULL },
	{ "never",
	  { .classification = STR("feature"), .first_seen = NOW - 99 * DAY },
	  APPROVAL_NEVER,
	  0,
	  false,
	  "rule 4 of policy ward-pc says never: feature" },
	{ "a person's yes beats age",
	  { .classification = STR("feature"),
	    .first_seen = NOW,
	    .verdict = VERDICT_APPROVED,
	    .verdict_by = STR("sato") },
	  APPROVAL_YES,
	  0,
	  false,
	  "approved by sato" },
	{ "rejected",
	  { .known_exploited = true, .first_seen = NOW, .verdict = VERDICT_REJECTED, .verdict_by = STR("sato") },
	  APPROVAL_REJECTED,
	  0,
	  false,
	  "rejected by sato" },
	{ "rejected with a reason",
	  { .first_seen = NOW,
	    .verdict = VERDICT_REJECTED,
	    .verdict_by = STR("sato"),
	    .verdict_reason = STR("breaks the viewer") },
	  APPROVAL_REJECTED,
	  0,
	  false,
	  "rejected by sato: breaks the viewer" },
	{ "withdrawn everywhere, emergency or not",
	  { .known_exploited = true, .exposed = true, .verdict = VERDICT_WITHDRAWN, .verdict_by = STR("sato") },
	  APPROVAL_WITHDRAWN,
	  0,
	  false,
	  "withdrawn by sato" },
	{ "known exploited and exposed",
	  { .known_exploited = true, .exposed = true, .first_seen = NOW },
	  APPROVAL_YES,
	  0,
	  true,
	  NULL },
	{ "known exploited only",
	  { .known_exploited = true, .first_seen = NOW },
	  APPROVAL_YES,
	  0,
	  false,
	  "approved by rule 1 of policy ward-pc: known exploited" },
	{ "forbidden by the vendor, although a person agrees",
	  { .verdict = VERDICT_APPROVED, .vendor = VENDOR_FORBIDDEN, .vendor_name = STR("ACME") },
	  APPROVAL_VENDOR_FORBIDDEN,
	  0,
	  false,
	  "forbidden by vendor ACME" },
	{ "the vendor has time",
	  { .known_exploited = true,
	    .first_seen = NOW - 9 * DAY,
	    .vendor = VENDOR_UNKNOWN,
	    .vendor_asked = NOW - 4 * DAY },
	  APPROVAL_WAITS_VENDOR,
	  NOW + 10 * DAY,
	  false,
	  NULL },
	{ "the vendor's time is over: the first ring",
	  { .known_exploited = true, .vendor = VENDOR_UNKNOWN, .vendor_asked = NOW - 14 * DAY, .pilot = true },
	  APPROVAL_YES,
	  0,
	  false,
	  NULL },
	{ "the vendor's time is over: not the others",
	  { .known_exploited = true,
	    .vendor = VENDOR_UNKNOWN,
	    .vendor_asked = NOW - 14 * DAY,
	    .vendor_name = STR("ACME") },
	  APPROVAL_WAITS_VENDOR,
	  0,
	  false,
	  "vendor ACME did not answer in time: the first ring tries it, then the others follow" },
	{ "the first ring proved it: nobody is frozen for ever",
	  { .known_exploited = true, .vendor = VENDOR_UNKNOWN, .vendor_asked = NOW - 14 * DAY, .pilot_proved = true },
	  APPROVAL_YES,
	  0,
	  false,
	  NULL },
	{ "validated", { .known_exploited = true, .vendor = VENDOR_VALIDATED }, APPROVAL_YES, 0, false, NULL },
};

static void
each_row_is_decided_and_told(void **state)
{
	(void)state;
	ARENA_AUTO a = { 0 };
	struct policy p;
	policy_read(&a, &p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct approval r;
		approval_decide(&p, &rows[i].f, NOW, &r);
		struct str why = approval_why(&a, &p, &rows[i].f, &r);
		if (r.state != rows[i].state || r.until != rows[i].until || r.emergency != rows[i].emergency)
			fail_msg("%s: %d: %.*s", rows[i].name, (int)r.state, STR_ARG(why));
		assert_true(why.len > 0);
		if (rows[i].why)
			assert_string_equal(why.ptr, rows[i].why);
	}
}

static void
what_is_superseded_never_wins_by_delay(void **state)
{
	(void)state;
	ARENA_AUTO a = { 0 };
	struct policy p;
	struct approval r;
	policy_read(&a, &p);
	/* A new version every two days, each to wait for three: without inheritance none would ever be approved. */
	struct approval_facts older[] = {
		{ .classification = STR("security"), .severity = 3, .first_seen = NOW - 4 * DAY },
		{ .classification = STR("security"), .severity = 4, .first_seen = NOW - 2 * DAY },
	};
	struct approval_facts f = { .classification = STR("bugfix"), .severity = 1, .first_seen = NOW };
	approval_decide(&p, &f, NOW, &r);
	assert_int_equal(r.state, APPROVAL_WAITS_PERSON);
	approval_inherit(&p, &f, older, COUNT(older));
	approval_decide(&p, &f, NOW, &r);
	assert_int_equal(r.state, APPROVAL_YES);
	assert_int_equal(r.rule, 1);
	assert_int_equal(f.severity, 4);
	/* What that rule would not have let in gives no age. */
	struct approval_facts feature = { .classification = STR("feature"), .first_seen = NOW - 99 * DAY };
	struct approval_facts g = { .classification = STR("security"), .severity = 3, .first_seen = NOW };
	approval_inherit(&p, &g, &feature, 1);
	approval_decide(&p, &g, NOW, &r);
	assert_int_equal(r.state, APPROVAL_WAITS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_decided_and_told),
		cmocka_unit_test(what_is_superseded_never_wins_by_delay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
