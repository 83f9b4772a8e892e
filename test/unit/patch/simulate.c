#include "patch/simulate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

static struct simulate_report
simulate(struct arena *a, unsigned hosts, unsigned days, uint64_t seed, enum invariant fault)
{
	struct simulate_options o = { .hosts = hosts, .days = days, .seed = seed, .fault = fault, .trace = SIZE_MAX };
	struct simulate_report r;
	struct err e = { 0 };

	if (!simulate_run(&o, a, &r, &e))
		fail_msg("%s", e.text);
	return r;
}

static void
a_fleet_goes_through_its_days_without_a_violation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		ARENA_AUTO a = { 0 };
		struct simulate_report r = simulate(&a, 700, 60, seed, INVARIANTS);
		if (r.violated)
			fail_msg("seed %d: %.*s", (int)seed, STR_ARG(r.first));
		for (size_t i = 0; i < r.groups.count; i++) {
			const struct simulate_group *g = &r.groups.items[i];
			assert_true(g->approved > 0);
			/* Most of it is in: a fleet that does nothing violates nothing either. */
			if (g->installed * 10 < g->approved * 6)
				fail_msg("%.*s: %d of %d", STR_ARG(g->name), (int)g->installed, (int)g->approved);
		}
		assert_true(r.acts > 10000);
		/* What it went through: policies edited while slots ran, relays gone for a day, models that differ. */
		assert_true(r.edited_in_slot > 0 && r.edited_slots > 1000 && r.relay_hosts > 100);
		assert_true(r.models[0].installs > 100 && r.models[3].installs > 100);
		assert_true(r.models[3].install_ms > r.models[0].install_ms * 2);
		assert_true(r.models[3].reboot_ms > r.models[0].reboot_ms * 2);
	}
}

/* Each check can fail: the executor does what it forbids, and it is found. */
static void
each_invariant_is_seen_when_it_is_broken(void **state)
{
	(void)state;
	for (enum invariant i = 0; i < INVARIANTS; i++) {
		ARENA_AUTO a = { 0 };
		struct simulate_report r = simulate(&a, 400, 60, 5, i);
		if (r.violations[i] == 0)
			fail_msg("nobody saw a broken %s", invariant_name(i));
	}
}

static void
the_same_seed_gives_the_same_report(void **state)
{
	(void)state;
	ARENA_AUTO a = { 0 };
	struct simulate_report x = simulate(&a, 200, 30, 9, INVARIANTS), y = simulate(&a, 200, 30, 9, INVARIANTS);
	assert_int_equal(x.decisions, y.decisions);
	assert_int_equal(x.acts, y.acts);
	for (size_t i = 0; i < x.groups.count; i++)
		assert_memory_equal(x.groups.items[i].waiting, y.groups.items[i].waiting,
				    sizeof(x.groups.items[i].waiting));
	struct simulate_report z = simulate(&a, 200, 30, 10, INVARIANTS);
	assert_int_not_equal(x.decisions, z.decisions);
}

static void
an_emergency_reaches_everybody_within_38_minutes(void **state)
{
	(void)state;
	ARENA_AUTO a = { 0 };
	struct simulate_options o = {
		.hosts = 300, .days = 1, .seed = 1, .emergency = true, .fault = INVARIANTS, .trace = SIZE_MAX
	};
	struct simulate_report r;
	struct err e = { 0 };
	assert_true(simulate_run(&o, &a, &r, &e));
	assert_int_equal(r.violated, 0);
	assert_int_equal(r.emergency_patched, r.emergency_hosts);
	assert_in_range(r.emergency_last, 1, 38 * 60000);
	/* Every host has a row; of a pair the second may be patched in the turn that it gets. Mitigated within a check-in,
	 * but for those that wait for their partner. */
	assert_true(r.emergency_mitigated * 10 > r.emergency_hosts * 9);
	assert_in_range(r.mitigated_last, 1, r.emergency_last);
}

static void
impossible_sizes_are_refused(void **state)
{
	(void)state;
	static const unsigned bad[][2] = { { 0, 1 }, { 1, 0 }, { 1000000, 1 }, { 1, 10000 } };
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct simulate_options o = { .hosts = bad[i][0], .days = bad[i][1], .trace = SIZE_MAX };
		struct simulate_report r;
		struct err e = { 0 };
		assert_false(simulate_run(&o, &a, &r, &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fleet_goes_through_its_days_without_a_violation),
		cmocka_unit_test(each_invariant_is_seen_when_it_is_broken),
		cmocka_unit_test(the_same_seed_gives_the_same_report),
		cmocka_unit_test(an_emergency_reaches_everybody_within_38_minutes),
		cmocka_unit_test(impossible_sizes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
