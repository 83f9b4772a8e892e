#include "patch/ring.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define NOW (10000 * HOUR)

static const char policy_json[] = "{\"policy\":\"p\",\"rings\":[{\"name\":\"pilot\",\"tags\":[\"pilot\"],\"soak\":"
				  "\"24h\",\"min-success\":0.9},{\"name\":"
				  "\"early\",\"groups\":[\"ward-3\"],\"soak\":\"2h\",\"min-success\":0.5},{\"name\":"
				  "\"rest\",\"max-at-once\":\"20%\","
				  "\"error-stop\":3}],\"redundancy\":{\"groups\":true},\"steps\":[{\"group\":\"app\","
				  "\"do\":\"stop-service\",\"service\":"
				  "\"emr\"},{\"group\":\"db\",\"do\":\"patch\",\"need\":\"backup-newer-than "
				  "24h\"},{\"group\":\"app\",\"do\":\"patch\"}],"
				  "\"install\":{\"windows\":[{\"weekly\":[\"tue\"],\"at\":\"22:00\",\"for\":\"4h\"}]}}";

struct stage {
	struct arena a;
	struct policy p;
	struct str why;
};

static void
stage_cleanup(struct stage *s)
{
	arena_free(&s->a);
}
#define STAGE_AUTO __attribute__((cleanup(stage_cleanup))) struct stage

static void
stage_set(struct stage *s)
{
	struct err e = { 0 };
	struct json *j;

	if (!json_parse(&s->a, str_of(policy_json), NULL, &j, &e) || !policy_from_json(&s->a, j, &s->p, &e))
		fail_msg("%s", e.text);
}

static void
rings_release_after_success_and_soak(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct ring_count counts[3];
		bool halted;
		size_t ring;
		enum ring_state want;
		size_t because;
		int64_t until;
	} rows[] = {
		{ "the first needs nobody", { { .hosts = 10 } }, false, 0, RING_RELEASED, 0, 0 },
		{ "nobody has it yet", { { .hosts = 10 }, { .hosts = 5 } }, false, 1, RING_WAITS, 0, 0 },
		{ "eight of ten",
		  { { .hosts = 10, .installed = 8, .last_installed = NOW - 99 * HOUR } },
		  false,
		  2,
		  RING_WAITS,
		  0,
		  0 },
		{ "nine of ten, an hour ago",
		  { { .hosts = 10, .installed = 9, .last_installed = NOW - HOUR } },
		  false,
		  1,
		  RING_SOAKING,
		  0,
		  NOW + 23 * HOUR },
		{ "soaked, and the next ring is empty",
		  { { .hosts = 10, .installed = 9, .failed = 1, .reached = NOW - 24 * HOUR, .last_installed = NOW } },
		  false,
		  2,
		  RING_RELEASED,
		  2,
		  0 },
		{ "the middle one waits",
		  { { .hosts = 10, .installed = 10, .last_installed = NOW - 24 * HOUR },
		    { .hosts = 4, .installed = 1 } },
		  false,
		  2,
		  RING_WAITS,
		  1,
		  0 },
		{ "two failed: the rate is out of reach",
		  { { .hosts = 10, .failed = 2 } },
		  false,
		  1,
		  RING_HALTED,
		  0,
		  0 },
		{ "one came up unwell", { { .hosts = 10, .failed = 1, .unhealthy = 1 } }, false, 2, RING_HALTED, 0, 0 },
		{ "error stop in the last ring halts the first",
		  { { .hosts = 10 }, { 0 }, { .hosts = 100, .failed = 3 } },
		  false,
		  0,
		  RING_HALTED,
		  2,
		  0 },
		{ "a halt stays",
		  { { .hosts = 10, .installed = 10, .last_installed = 1 } },
		  true,
		  1,
		  RING_HALTED,
		  1,
		  0 },
	};
	STAGE_AUTO s = { 0 };
	stage_set(&s);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ring_decision d;
		struct ring_count counts[3];
		memcpy(counts, rows[i].counts, sizeof(counts));
		for (size_t k = 0; k < COUNT(counts); k++)
			counts[k].members = counts[k].hosts ? counts[k].hosts : 1;
		ring_decide(&s.p, counts, rows[i].halted, rows[i].ring, NOW, &d);
		if (d.state != rows[i].want || d.because != rows[i].because || d.until != rows[i].until)
			fail_msg("%s: %d because of %zu", rows[i].name, (int)d.state, d.because);
		assert_int_equal(ring_why(&s.a, &s.p, counts, &d).len > 0, d.state != RING_RELEASED);
	}
}

static void
a_ring_without_a_machine_proves_nothing(void **state)
{
	(void)state;
	STAGE_AUTO s = { 0 };
	struct ring_count counts[3] = { { .members = 0 }, { .members = 4, .hosts = 4 }, { .members = 9, .hosts = 9 } };
	struct ring_decision d;
	stage_set(&s);
	for (size_t ring = 1; ring < 3; ring++) {
		ring_decide(&s.p, counts, false, ring, NOW, &d);
		assert_int_equal(d.state, RING_EMPTY);
		assert_int_equal(d.because, 0);
		assert_true(str_eq(ring_why(&s.a, &s.p, counts, &d), STR("ring pilot has no machine")));
	}
	/* Members that do not need it are another matter, once they had time to look; so is a last ring that nobody is in. */
	counts[0].members = 3;
	counts[0].seen = NOW - HOUR;
	ring_decide(&s.p, counts, false, 1, NOW, &d);
	assert_int_equal(d.state, RING_SOAKING);
	assert_int_equal(d.until, NOW - HOUR + s.p.rings.items[0].soak);
	assert_true(
		str_contains(ring_why(&s.a, &s.p, counts, &d), STR("no machine of ring pilot has spoken of it yet")));
	counts[0].seen = NOW - s.p.rings.items[0].soak;
	ring_decide(&s.p, counts, false, 1, NOW, &d);
	assert_int_equal(d.state, RING_RELEASED);
	counts[1] = (struct ring_count){ .members = 4, .hosts = 4, .installed = 4, .reached = NOW - 99 * HOUR };
	counts[2] = (struct ring_count){ 0 };
	ring_decide(&s.p, counts, false, 2, NOW, &d);
	assert_int_equal(d.state, RING_RELEASED);
}

static void
hosts_are_in_the_first_ring_that_fits(void **state)
{
	(void)state;
	STAGE_AUTO s = { 0 };
	struct policy_subject host = { .group = STR("ward-3") };
	stage_set(&s);
	assert_int_equal(ring_of(&s.p, &host), 1);
	*ARRAY_PUSH(&s.a, &host.tags.items) = STR("pilot");
	assert_int_equal(ring_of(&s.p, &host), 0);
	assert_int_equal(ring_of(&s.p, &(struct policy_subject){ .group = STR("ward-9") }), 2);
	assert_int_equal(ring_needed(&s.p.rings.items[0], 10), 9);
	assert_int_equal(ring_needed(&(struct ring){ 0 }, 10), 1);
}

static struct lease_request
request(struct stage *s, const char *host, const char *group)
{
	return (struct lease_request){ .host = str_of(host),
				       .slot = STR("p/night/2026-11-24/x"),
				       .redundancy_group = str_of(group),
				       .policy = &s->p,
				       .ring = 2,
				       .ring_hosts = 10,
				       .slot_start = NOW,
				       .slot_end = NOW + 4 * HOUR,
				       .now = NOW };
}

static void
leases_keep_pairs_apart_and_rings_within_their_limit(void **state)
{
	(void)state;
	STAGE_AUTO s = { 0 };
	struct lease held[3];
	stage_set(&s);
	struct lease_request a = request(&s, "a", "pair"), b = request(&s, "b", "pair"), c = request(&s, "c", ""),
			     d = request(&s, "d", "");
	assert_true(lease_needed(&s.p, 2, STR_NONE));
	assert_false(lease_needed(&s.p, 0, STR_NONE));
	assert_true(lease_needed(&s.p, 0, STR("pair")));
	assert_true(lease_grant(&a, held, 0, &held[0], &s.a, &s.why));
	assert_true(lease_grant(&a, held, 1, &held[1], &s.a, &s.why)); /* once more is the same */
	assert_false(lease_grant(&b, held, 1, &held[1], &s.a, &s.why));
	assert_true(str_contains(s.why, STR("pair")));
	/* Two of ten at once, not three; steps order their hosts themselves. */
	size_t steps = s.p.steps.count;
	assert_true(lease_grant(&c, held, 1, &held[1], &s.a, &s.why));
	assert_true(lease_grant(&d, held, 2, &held[2], &s.a, &s.why));
	s.p.steps.count = 0;
	assert_false(lease_grant(&d, held, 2, &held[2], &s.a, &s.why));
	d.emergency = true;
	assert_true(lease_grant(&d, held, 2, &held[2], &s.a, &s.why));
	b.emergency = true; /* but never both of a pair */
	assert_false(lease_grant(&b, held, 1, &held[2], &s.a, &s.why));
	/* A dead host keeps it until the end of its slot, no longer. */
	b.slot_start = b.now = NOW + 4 * HOUR + LEASE_GRACE_MS;
	b.slot_end = b.now + HOUR;
	assert_true(lease_grant(&b, held, 2, &held[2], &s.a, &s.why));
	b.partner_down = true;
	assert_false(lease_grant(&b, held, 0, &held[2], &s.a, &s.why));
	b.partner_down = false;
	b.halted = true;
	assert_false(lease_grant(&b, held, 0, &held[2], &s.a, &s.why));
	s.p.steps.count = steps;
}

static void
steps_go_in_order_through_their_gates(void **state)
{
	(void)state;
	STAGE_AUTO s = { 0 };
	struct step_status st[3] = { { .hosts = 2, .healthy = true },
				     { .hosts = 1, .healthy = true, .backup = NOW - HOUR },
				     { .hosts = 2, .healthy = true } };
	size_t step;
	stage_set(&s);
	assert_true(step_due(&s.p, st, NOW, &step, &s.a, &s.why) && step == 0);
	st[1].silent = 1; /* nothing is stopped for a database that cannot be reached */
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	st[1].silent = 0;
	st[1].failed = 1; /* nor for one that has just failed: its services would be stopped again and again */
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	assert_true(str_contains(s.why, STR("failed on 1 of 1 hosts")));
	st[1].failed = 0;
	st[0].done = 1;
	assert_true(step_due(&s.p, st, NOW, &step, &s.a, &s.why) && step == 0);
	st[0].done = 2;
	assert_true(step_due(&s.p, st, NOW, &step, &s.a, &s.why) && step == 1);
	st[1].backup = NOW - 25 * HOUR;
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	st[1].backup = 0;
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	st[1].done = 1;
	st[1].healthy = false;
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	st[1].healthy = true;
	assert_true(step_due(&s.p, st, NOW, &step, &s.a, &s.why) && step == 2);
	st[2].failed = 1;
	assert_false(step_due(&s.p, st, NOW, &step, &s.a, &s.why));
	assert_true(s.why.len > 0);
	st[2].failed = 0;
	st[2].done = 2;
	assert_true(step_due(&s.p, st, NOW, &step, &s.a, &s.why) && step == 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_release_after_success_and_soak),
		cmocka_unit_test(a_ring_without_a_machine_proves_nothing),
		cmocka_unit_test(hosts_are_in_the_first_ring_that_fits),
		cmocka_unit_test(leases_keep_pairs_apart_and_rings_within_their_limit),
		cmocka_unit_test(steps_go_in_order_through_their_gates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
