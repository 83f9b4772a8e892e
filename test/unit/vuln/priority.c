/* When to act, and by when. */
#include "vuln/priority.h"
#include "unit.h"

#define DAY INT64_C(86400000)
#define NOW (INT64_C(20000) * DAY)

static struct priority
decide(const struct vulnerability *v, const char *set, bool exposed, enum importance importance)
{
	ARENA_AUTO a = { 0 };
	struct priority_policy p;
	struct priority out;
	assert_ok(priority_policy_read(STR(""), NULL, set, &a, &p, &unit_err));
	p.exposed = exposed;
	p.importance = importance;
	p.now = NOW;
	priority_decide(&p, v, NOW - 10 * DAY, true, &out);
	assert_true(out.reason.len > 10 && out.reason.ptr[out.reason.len - 1] == '.');
	assert_true(str_ends(out.reason_ja, STR("。")));
	return out;
}

static int64_t
days(const struct priority *p)
{
	return p->due ? (p->due - NOW) / DAY : INT64_MAX;
}

static void
exposure_and_exploitation_decide(void **state)
{
	struct vulnerability kev = { .severity = SEVERITY_HIGH, .epss = 0.01, .kev = true, .kev_added = NOW - DAY };
	struct vulnerability high = { .severity = SEVERITY_HIGH, .epss = 0.01 };
	struct vulnerability low = { .severity = SEVERITY_LOW, .epss = 0.001 };
	struct priority p = decide(&kev, NULL, true, IMPORTANCE_NORMAL);
	assert_int_equal(p.action, ACTION_NOW);
	assert_int_equal(days(&p), 2); /* three days from the day it became known */
	p = decide(&kev, NULL, false, IMPORTANCE_NORMAL);
	assert_int_equal(p.action, ACTION_WITHIN_DAYS);
	assert_int_equal(days(&p), 13);
	p = decide(&kev, NULL, false, IMPORTANCE_HIGH);
	assert_int_equal(p.action, ACTION_NOW);
	p = decide(&high, NULL, false, IMPORTANCE_NORMAL);
	assert_int_equal(p.action, ACTION_NEXT_WINDOW);
	assert_int_equal(days(&p), 50); /* sixty days from the fix */
	p = decide(&low, NULL, false, IMPORTANCE_NORMAL);
	assert_int_equal(p.action, ACTION_WATCH);
	assert_int_equal(p.due, 0);
	high.epss = 0.6;
	assert_int_equal(decide(&high, NULL, true, IMPORTANCE_NORMAL).action, ACTION_NOW);
	assert_int_equal(decide(&high, NULL, false, IMPORTANCE_NORMAL).action, ACTION_WITHIN_DAYS);
	high.epss = -1;
	high.ssvc = (struct ssvc){ SSVC_EXPLOITATION_POC, SSVC_AUTOMATABLE_YES, SSVC_IMPACT_TOTAL };
	assert_int_equal(decide(&high, NULL, true, IMPORTANCE_NORMAL).action, ACTION_NOW);
	assert_int_equal(decide(&high, NULL, false, IMPORTANCE_NORMAL).action, ACTION_WITHIN_DAYS);
	high.ssvc = (struct ssvc){ .exploitation = SSVC_EXPLOITATION_ACTIVE };
	assert_int_equal(decide(&high, NULL, false, IMPORTANCE_LOW).action, ACTION_WITHIN_DAYS);
}

static void
sets_of_deadlines_differ(void **state)
{
	struct vulnerability critical = { .severity = SEVERITY_CRITICAL, .epss = -1 };
	struct priority p = decide(&critical, "bod", false, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 50);
	p = decide(&critical, "pci", false, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 20);
	p = decide(&critical, "hipaa", false, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 5);
	critical.severity = SEVERITY_LOW;
	p = decide(&critical, "cis", false, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 20);
	p = decide(&critical, "pci", false, IMPORTANCE_NORMAL);
	assert_int_equal(p.due, 0);
}

static void
the_directive_s_own_date_stands(void **state)
{
	struct vulnerability kev = {
		.severity = SEVERITY_HIGH, .epss = -1, .kev = true, .kev_added = NOW - DAY, .kev_due = NOW + 20 * DAY
	};
	struct priority p = decide(&kev, NULL, false, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 20);
	p = decide(&kev, NULL, true, IMPORTANCE_NORMAL);
	assert_int_equal(days(&p), 2);
}

static void
without_a_fix_only_what_is_exploited_is_due(void **state)
{
	ARENA_AUTO a = { 0 };
	struct priority_policy p;
	struct priority out;
	struct vulnerability v = { .severity = SEVERITY_CRITICAL, .epss = -1 };
	assert_ok(priority_policy_read(STR(""), NULL, NULL, &a, &p, &unit_err));
	priority_decide(&p, &v, NOW, false, &out);
	assert_int_equal(out.due, 0);
	v.kev = true;
	v.kev_due = NOW;
	priority_decide(&p, &v, NOW, false, &out);
	assert_int_equal(out.due, NOW);
}

#define HEAD "kev,ransomware,exploitation,automatable,impact,severity,epss,exposed,importance,action,reason,reason_ja\n"

static void
own_rules_take_the_place(void **state)
{
	ARENA_AUTO a = { 0 };
	struct priority_policy p;
	struct priority out;
	struct vulnerability v = { .severity = SEVERITY_MEDIUM, .epss = 0.2 };
	assert_ok(priority_policy_read(
		STR("# ours\n" HEAD ",,,,,medium,0.2,,,act-now,\"Because, \"\"we\"\" say so.\",\n"), "rules", NULL, &a,
		&p, &unit_err));
	priority_decide(&p, &v, NOW, true, &out);
	assert_int_equal(out.action, ACTION_NOW);
	assert_str(out.reason, "Because, \"we\" say so.");
	assert_str(out.reason_ja, "Because, \"we\" say so.");
	v.epss = 0.19;
	priority_decide(&p, &v, NOW, true, &out);
	assert_int_equal(out.action, ACTION_WATCH);
}

static void
bad_rules_are_named(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"kev,action\nyes,act-now\n",
		HEAD,
		HEAD "maybe,,,,,,,,,act-now,Why,\n",
		HEAD ",,,,,,2,,,act-now,Why,\n",
		HEAD ",,,,,,,,,soon,Why,\n",
		HEAD ",,,,,,,,,act-now,\"Why,\n",
		HEAD ",,,,,,,,,act-now\n",
		HEAD ",,,,,,,,,,,,,,,,,,,,,,,\n",
		HEAD ",,,,,,,,,act-now,\xff,\n",
	};
	for (size_t i = 1; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct priority_policy p;
		struct err e = { 0 };
		assert_false(priority_policy_read(str_of(bad[i]), "rules.csv", NULL, &a, &p, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "rules.csv"));
	}
	ARENA_AUTO a = { 0 };
	struct priority_policy p;
	struct err e = { 0 };
	assert_false(priority_policy_read(STR(""), NULL, "tomorrow", &a, &p, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "hipaa"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exposure_and_exploitation_decide),
		cmocka_unit_test(sets_of_deadlines_differ),
		cmocka_unit_test(the_directive_s_own_date_stands),
		cmocka_unit_test(without_a_fix_only_what_is_exploited_is_due),
		cmocka_unit_test(own_rules_take_the_place),
		cmocka_unit_test(bad_rules_are_named),
	};
	return cmocka_run_group_tests_name("vuln/priority", tests, NULL, NULL);
}
