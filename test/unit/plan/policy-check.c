#include "plan/policy-yaml.h"

#include "../os/unit.h"
#include "base/time.h"
#include "base/tr.h"
#include "plan/calendar.h"

/* The world of these tests: Sunday, 2026-11-22; one group; the holidays. */
static bool
read_yaml(struct arena *a, const char *yaml, bool strict, struct policy_remarks *remarks)
{
	struct str_list groups = { 0 };
	struct day_lists lists = { 0 };
	struct policy_world world = { .groups = &groups, .lists = &lists, .strict = strict };
	struct policy p;

	lang_set_thread(LANG_EN);
	assert_true(time_parse(STR("2026-11-22"), &world.now));
	*ARRAY_PUSH(a, &groups.items) = STR("ward-3");
	day_list_holidays_jp(a, ARRAY_PUSH(a, &lists.lists));
	return policy_from_yaml(a, str_of(yaml), &world, &p, remarks);
}

#define W(text) "policy: p\ninstall:\n  windows:\n" text
static const struct {
	const char *yaml;
	bool refused;
	unsigned line;
	const char *said; /* NULL: nothing */
} cases[] = {
	{ W("    - {weekly: [mon], at: '22:00', for: 4h, ready-by: '07:30'}\n"), false, 0, NULL },
	{ W("    - {name: a, weekly: [mon], at: '22:00', for: 4h}\n    - {name: b, weekly: [tue], at: '01:00', for: "
	    "1h}\n"),
	  false, 5, "windows “a” and “b” overlap, first on 2026-11-24" },
	{ W("    - {name: a, weekly: [mon], at: '22:00', for: 3h}\n    - {name: b, weekly: [tue], at: '01:00', for: "
	    "1h}\n"),
	  false, 0, NULL }, /* one ends as the other begins */
	{ W("    - {name: a, weekly: [mon, tue], at: '22:00', for: 30h}\n"), false, 4, "“a” and “a” overlap" },
	/* a device may be anywhere: nothing to compare */
	{ W("    - {weekly: [mon], at: '22:00', for: 4h}\n    - {weekly: [mon], at: '22:00', for: 4h, tz: UTC}\n"),
	  false, 0, NULL },
	{ W("    - {name: a, weekly: [mon], at: '08:00', for: 4h, tz: Asia/Tokyo}\n"
	    "    - {name: b, weekly: [sun], at: '23:00', for: 2h, tz: UTC}\n"),
	  false, 5, "overlap" },
	{ W("    - {weekly: [mon], at: '22:00', for: 4h, tz: Asia/Tokio}\n"), true, 4, "no time zone “Asia/Tokio”" },
	{ W("    - {monthly: [30, 31], months: [2], at: '22:00', for: 4h}\n"), true, 4, "can never come" },
	{ W("    - {monthly: [29], months: [2], at: '22:00', for: 4h}\n"), false, 0, NULL },
	{ W("    - {dates: [2026-11-01], at: '22:00', for: 4h}\n"), false, 4, "no day in the next ten years" },
	{ W("    - {weekly: [mon], at: '22:00', for: 4h}\n  valid: {to: 2026-01-01}\n"), false, 4,
	  "no day in the next ten" },
	{ W("    - {weekly: [mon], at: '22:00', for: 4h}\n  blackout: [{from: 2026-01-01}]\n"), false, 4,
	  "no day in the next" },
	{ W("    - {name: a, weekly: [mon], at: '22:00', for: 1h}\n    - {name: a, weekly: [tue], at: '22:00', for: "
	    "1h}\n"),
	  true, 5, "two windows “a”" },
	{ W("    - {weekly: [mon], at: '22:00', for: 4h, ready-by: '01:00'}\n"), false, 4, "ready before it ends" },
	{ W("    - {weekly: [mon], at: '22:00', for: 4h, cutoff: 1h}\n  spread: 3h\n"), false, 4,
	  "“spread” is as long" },
	{ W("    - {days: 祝日, at: '22:00', for: 4h}\n"), false, 0, NULL },
	{ W("    - {days: 休診日, at: '22:00', for: 4h}\n"), false, 4, "no list of days “休診日”" },
	{ "policy: p\nreboot:\n  windows: [{dates: [2026-01-01], at: '1:00', for: 1h}]\n", false, 3,
	  "no day in the next" },
	{ "policy: p\nreboot: {mode: never, unit: atomic}\n", false, 2, "never installed" },
	{ "policy: p\napplies-to: {groups: [ward-3, ward-4]}\n", false, 2, "no group “ward-4”" },
	{ "policy: p\nrings:\n  - {name: a, groups: [ward-9]}\n", false, 3, "no group “ward-9”" },
	{ "policy: p\nsteps: [{group: dbs, do: patch}]\n", false, 2, "no group “dbs”" },
	{ "policy: p\nrings:\n  - {name: all}\n  - {name: later, tags: [x]}\n", false, 3, "stay empty" },
	{ "policy: p\nrings:\n  - {name: a, tags: [x]}\n  - {name: a}\n", true, 4, "two rings “a”" },
	{ "policy: p\napprove:\n  - {classification: any, after: 1d}\n  - {severity: [high], after: 3d}\n", false, 4,
	  "rule 2 can never fit: rule 1" },
	{ "policy: p\napprove:\n  - {severity: [high, low]}\n  - {severity: [high], never: true}\n", false, 4,
	  "rule 2 contradicts rule 1" },
	{ "policy: p\napprove:\n  - {app: 'Google.*'}\n  - {app: Google.Chrome, after: 1d}\n", false, 4,
	  "rule 2 can never" },
	{ "policy: p\napprove:\n  - {app: Google.Chrome}\n  - {app: 'Google.*', after: 1d}\n", false, 0, NULL },
	{ "policy: p\napprove:\n  - {severity: [high]}\n  - {severity: [high, low]}\n", false, 0, NULL },
	{ "policy: p\napprove:\n  - {known-exploited: true}\n  - {classification: security}\n", false, 0, NULL },
};

static void
what_shows_only_in_the_whole(void **state)
{
	if (!file_exists("/usr/share/zoneinfo/Asia/Tokyo"))
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct policy_remarks remarks = { 0 };
		bool ok = read_yaml(&a, cases[i].yaml, false, &remarks);
		const struct policy_remark *r = remarks.items.items;
		if (ok == cases[i].refused || remarks.items.count != (cases[i].said ? 1 : 0))
			fail_msg("%s: %zu remarks: %.*s", cases[i].yaml, remarks.items.count,
				 STR_ARG(r ? r->text : STR("")));
		if (cases[i].said && (r->warning == cases[i].refused || r->line != cases[i].line ||
				      !str_contains(r->text, str_of(cases[i].said))))
			fail_msg("%s: line %u: %.*s", cases[i].yaml, r->line, STR_ARG(r->text));
	}
}

static void
strict_where_it_is_installed(void **state)
{
	static const char *const refused[] = {
		"policy: p\napplies-to: {groups: [ward-4]}\n",
		"policy: p\nrings:\n  - {name: a, groups: [ward-9]}\n",
		W("    - {days: 休診日, at: '22:00', for: 4h}\n"),
	};

	for (size_t i = 0; i < COUNT(refused); i++) {
		ARENA_AUTO a = { 0 };
		struct policy_remarks remarks = { 0 };
		if (read_yaml(&a, refused[i], true, &remarks) || remarks.items.items[0].warning)
			fail_msg("taken: %s", refused[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shows_only_in_the_whole),
		cmocka_unit_test(strict_where_it_is_installed),
	};

	return cmocka_run_group_tests_name("plan/policy-check", tests, NULL, NULL);
}
