#include "plan/policy-ready.h"

#include "../os/unit.h"
#include "base/time.h"
#include "base/tr.h"
#include "plan/calendar.h"
#include "plan/policy-yaml.h"

static const struct policy_answers usual = {
	.quiet_from = 22 * 60, .quiet_to = 5 * 60, .server_nth = 3, .server_weekday = 5, .pilot = { "it's 先行", 11 }
};

/* Every text is a policy without an error, and without a warning except the group that is still to be made. */
static void
read_all(struct arena *a, const struct policy_answers *q, struct policy *policies, size_t *count)
{
	struct policy_text texts[POLICY_READY_MAX];
	struct day_lists lists = { 0 };
	struct policy_world world = { .lists = &lists };

	assert_true(time_parse(STR("2026-11-22"), &world.now));
	day_list_holidays_jp(a, ARRAY_PUSH(a, &lists.lists));
	assert_ok(policy_ready(a, q, texts, count, &unit_err));
	for (size_t i = 0; i < *count; i++) {
		struct policy_remarks remarks = { 0 };
		bool ok = policy_from_yaml(a, texts[i].yaml, &world, &policies[i], &remarks);
		if (!ok || remarks.items.count > 0)
			fail_msg("%.*s: line %u: %.*s\n%.*s", STR_ARG(texts[i].name), remarks.items.items[0].line,
				 STR_ARG(remarks.items.items[0].text), STR_ARG(texts[i].yaml));
		assert_true(str_eq(policies[i].name, texts[i].name));
	}
}

static struct str
effective_line(struct arena *a, const struct policy *all, size_t count, const char *role, const char *group,
	       enum policy_key key, struct effective_policy *out)
{
	struct policy_subject s = {
		.name = STR("pc"), .role = str_of(role), .group = str_of(group), .os = STR("windows:10")
	};

	policy_effective(all, count, &s, a, out);
	return out->origin[key];
}

static void
every_machine_is_patched_and_the_narrower_counts(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy all[POLICY_READY_MAX];
	struct effective_policy e;
	size_t n;

	read_all(&a, &usual, all, &n);
	assert_int_equal(n, 5);
	assert_str(effective_line(&a, all, n, "", "", POLICY_INSTALL_WINDOWS, &e), "hospital");
	assert_str(effective_line(&a, all, n, "ward", "", POLICY_INSTALL_WINDOWS, &e), "ward-night");
	assert_str(e.origin[POLICY_APPROVE], "hospital");
	assert_int_equal(e.policy.install.windows.items[0].at, 22 * 60);
	assert_int_equal(e.policy.install.windows.items[0].length, 7 * 3600000);
	assert_str(effective_line(&a, all, n, "outpatient", "", POLICY_INSTALL_WINDOWS, &e), "outpatient-morning");
	assert_str(effective_line(&a, all, n, "server", "", POLICY_INSTALL_WINDOWS, &e), "server-inspection");
	assert_int_equal(e.policy.install.windows.items[0].nth, 1 << 3);
	assert_str(effective_line(&a, all, n, "ward", "it's 先行", POLICY_APPROVE, &e), "pilot");
	assert_str(e.origin[POLICY_INSTALL_WINDOWS], "ward-night");
	assert_str(e.origin[POLICY_RINGS], "hospital");
}

static void
other_answers(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy all[POLICY_READY_MAX];
	struct policy_answers q = usual;
	size_t n;

	q.pilot = STR_NONE;
	q.server_days = STR("祝日");
	q.quiet_from = 60;
	q.quiet_to = 2 * 60;
	read_all(&a, &q, all, &n);
	if (n != 4) {
		fail_msg("%zu policies", n);
		return;
	}
	assert_str(all[3].install.windows.items[0].days, "祝日");
	assert_int_equal(all[0].install.windows.items[0].cutoff, 15 * 60000);
}

static void
comments_are_in_the_readers_language(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy_text texts[POLICY_READY_MAX];
	size_t n;

	lang_set_thread(LANG_JA);
	assert_ok(policy_ready(&a, &usual, texts, &n, &unit_err));
	lang_set_thread(LANG_EN);
	assert_true(str_starts(texts[0].yaml, STR("# すべての端末")));
	assert_ok(policy_ready(&a, &usual, texts, &n, &unit_err));
	assert_true(str_starts(texts[0].yaml, STR("# For every machine")));
}

static void
wrong_answers_change_nothing(void **state)
{
	static const struct policy_answers wrong[] = {
		{ .quiet_from = 600, .quiet_to = 610, .server_nth = 1 },
		{ .quiet_from = -1, .quiet_to = 300, .server_nth = 1 },
		{ .quiet_from = 1320, .quiet_to = 1440, .server_nth = 1 },
		{ .quiet_from = 1320, .quiet_to = 300, .server_nth = 6 },
		{ .quiet_from = 1320, .quiet_to = 300, .server_weekday = 7 },
		{ .quiet_from = 1320, .quiet_to = 300, .pilot = { "a\nb", 3 } },
		{ .quiet_from = 1320, .quiet_to = 300, .server_days = { "a/b", 3 } },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		ARENA_AUTO a = { 0 };
		struct policy_text texts[POLICY_READY_MAX];
		size_t n = 77;
		struct err e = { 0 };
		assert_false(policy_ready(&a, &wrong[i], texts, &n, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(n, 77);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_is_patched_and_the_narrower_counts),
		cmocka_unit_test(other_answers),
		cmocka_unit_test(comments_are_in_the_readers_language),
		cmocka_unit_test(wrong_answers_change_nothing),
	};

	return cmocka_run_group_tests_name("plan/policy-ready", tests, NULL, NULL);
}
