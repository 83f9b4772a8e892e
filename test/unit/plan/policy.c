#include "plan/policy.h"

#include "../os/unit.h"
#include "plan/policy-yaml.h"

static struct policy
policy_of(struct arena *a, const char *yaml)
{
	struct policy p;
	struct policy_remarks remarks = { 0 };

	if (!policy_from_yaml(a, str_of(yaml), NULL, &p, &remarks))
		fail_msg("%.*s", STR_ARG(remarks.items.items[0].text));
	return p;
}

static struct policy_subject
subject(struct arena *a)
{
	struct policy_subject s = { .id = STR("1"),
				    .name = STR("ward-3-pc-07"),
				    .group = STR("ward-3"),
				    .os = STR("debian:12"),
				    .role = STR("ward"),
				    .site = STR("main") };

	*ARRAY_PUSH(a, &s.groups.items) = STR("ward-3");
	*ARRAY_PUSH(a, &s.groups.items) = STR("emr");
	*ARRAY_PUSH(a, &s.tags.items) = STR("pilot");
	return s;
}

static void
who_is_meant(void **state)
{
	static const struct {
		const char *applies;
		int narrow;
	} cases[] = {
		{ "{}", 0 },
		{ "{os: [linux]}", 1 },
		{ "{os: [debian]}", 1 },
		{ "{os: ['debian:12']}", 1 },
		{ "{os: ['debian:1']}", -1 },
		{ "{os: [windows]}", -1 },
		{ "{os: [deb]}", -1 },
		{ "{sites: [main]}", 2 },
		{ "{groups: [emr]}", 3 },
		{ "{groups: [other, ward-3], os: [linux]}", 3 },
		{ "{groups: [ward]}", -1 },
		{ "{roles: [ward]}", 4 },
		{ "{tags: [pilot]}", 4 },
		{ "{tags: [pilot], groups: [other]}", -1 }, /* all that is named is to fit */
		{ "{names: [WARD-3-*]}", 5 },
		{ "{names: ['*-07', x]}", 5 },
		{ "{names: ['*pc*0*']}", 5 },
		{ "{names: ['ward-3-pc-0']}", -1 },
		{ "{names: ['*08']}", -1 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct policy_subject s = subject(&a);
		struct policy p = policy_of(&a, arena_printf(&a, "policy: p\napplies-to: %s\n", cases[i].applies).ptr);
		if (policy_specificity(&p, &s) != cases[i].narrow)
			fail_msg("%s: %d", cases[i].applies, policy_specificity(&p, &s));
	}
}

static void
line_by_line_from_the_strongest(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy_subject s = subject(&a);
	const struct policy all[] = {
		policy_of(&a, "policy: everybody\nrank: 1\nnotice: 2d\nemergency: {when: [exposed]}\n"
			      "install: {spread: 9m, missed: {asap: {within: 5d}}, windows: [{weekly: [mon], at: "
			      "'1:00', for: 1h}]}\n"),
		policy_of(&a, "policy: ward-b\napplies-to: {groups: [ward-3]}\nrank: 20\nemergency: off\n"
			      "install: {spread: 7m}\n"),
		policy_of(&a, "policy: ward-a\napplies-to: {groups: [emr]}\nrank: 20\ninstall: {spread: 8m}\n"
			      "approve: []\n"),
		policy_of(&a, "policy: ward-z\napplies-to: {groups: [emr]}\nrank: 10\napprove: [{never: true}]\n"),
		policy_of(&a, "policy: windows\napplies-to: {os: [windows]}\nnotice: 9d\n"),
	};
	struct effective_policy e;

	policy_effective(all, COUNT(all), &s, &a, &e);
	assert_int_equal(e.applied.items.count, 4);
	assert_str(e.applied.items.items[0], "ward-z");
	assert_str(e.applied.items.items[1], "ward-a");
	assert_str(e.applied.items.items[2], "ward-b");
	assert_str(e.applied.items.items[3], "everybody");
	assert_str(e.origin[POLICY_APPROVE], "ward-z");
	assert_int_equal(e.policy.approve.count, 1);
	assert_str(e.origin[POLICY_INSTALL_SPREAD], "ward-a");
	assert_int_equal(e.policy.install.spread, 8 * 60000);
	assert_str(e.origin[POLICY_EMERGENCY], "ward-b");
	assert_false(e.policy.emergency.set);
	assert_str(e.origin[POLICY_INSTALL_WINDOWS], "everybody");
	assert_int_equal(e.policy.install.windows.count, 1);
	assert_str(e.origin[POLICY_INSTALL_MISSED], "everybody");
	assert_true(e.policy.install.missed == MISSED_ASAP && e.policy.install.missed_within == 5 * 86400000);
	assert_int_equal(e.policy.notice, 2 * 86400000);
	assert_int_equal(e.origin[POLICY_REBOOT].len, 0);
	assert_str(e.policy.name, "everybody"); /* whose windows they are: slots are named after it */
}

static void
nobody_has_a_word(void **state)
{
	ARENA_AUTO a = { 0 };
	struct policy_subject s = subject(&a);
	struct effective_policy e;

	policy_effective(NULL, 0, &s, &a, &e);
	assert_int_equal(e.applied.items.count, 0);
	assert_int_equal(e.policy.written, 0);
	assert_int_equal(e.policy.offline_for, 14 * INT64_C(86400000));
	assert_int_equal(e.policy.settings.smb1, -1);
}

static void
every_line_has_its_name(void **state)
{
	for (int k = 0; k < POLICY_KEYS; k++) {
		assert_true(strlen(policy_key_name((enum policy_key)k)) > 3);
		for (int i = 0; i < k; i++)
			assert_string_not_equal(policy_key_name((enum policy_key)i),
						policy_key_name((enum policy_key)k));
	}
	assert_string_equal(policy_key_name(POLICY_INSTALL_WINDOWS), "install.windows");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_meant),
		cmocka_unit_test(line_by_line_from_the_strongest),
		cmocka_unit_test(nobody_has_a_word),
		cmocka_unit_test(every_line_has_its_name),
	};

	return cmocka_run_group_tests_name("plan/policy", tests, NULL, NULL);
}
