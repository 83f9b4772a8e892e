#include "agent/mitigation.h"

#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

#define MONDAY "2026-11-23T12:00:00Z"
#define NEVER \
	"\"install\":{\"windows\":[{\"name\":\"far\",\"dates\":[\"2036-01-01\"],\"at\":\"22:00\",\"for\":\"4h\"}]}"
#define EMERGENCY(rows) \
	"{\"policy\":\"servers\"," NEVER ",\"emergency\":{\"when\":[\"known-exploited\"],\"mitigations\":[" rows "]}}"
#define SMBD "{\"patch\":\"p0\",\"stop-service\":[\"smbd\",\"no-nmbd\"],\"close-port\":[\"22/tcp\"]}"
#define DROP_IN "root/etc/systemd/system/smbd.service.d/mamori-mitigation.conf"

/* Its update waits for the other machine of its pair: only the mitigation is at once. */
static void
direct(struct world *w, const char *policy, bool emergency)
{
	world_direct(
		w, &(struct world_directive){
			   .policy = policy, .patches = { "deb:p0@2" }, .emergency = emergency, .lease_needed = true });
}

static void
enrol(struct world *w)
{
	world_time(w, MONDAY);
	world_enrol(w);
	world_turn(w);
}

static bool
stopped(struct world *w)
{
	return strstr(w->m->down_units, "smbd.service ") && file_exists(world_path(w, DROP_IN));
}

static bool
as_before(struct world *w)
{
	return w->m->down_units[0] == 0 && !file_exists(world_path(w, DROP_IN)) &&
	       !file_exists(world_path(w, "state/" MITIGATION_MEMORY)) && !strstr(w->m->nft, "dport");
}

static unsigned
count(const struct world *w, const char *command)
{
	unsigned n = 0;
	for (const char *at = w->m->commands; (at = strstr(at, command)); at++)
		n++;
	return n;
}

static void
it_is_done_with_the_directive_and_undone_with_the_update(void **state)
{
	struct world *w = *state;
	enrol(w);
	direct(w, EMERGENCY(SMBD), true);
	world_turn(w);
	assert_true(stopped(w) && strstr(w->m->nft, "tcp dport 22"));
	assert_int_equal(world_version(w, 0), 1); /* the update itself waits */
	/* One check-in and the server knows; what is not there is told so; people at the machine are called. */
	assert_non_null(strstr(w->m->mitigations, "\"what\":\"smbd\",\"except\":null,\"state\":\"in-force\""));
	assert_non_null(strstr(w->m->mitigations, "\"what\":\"no-nmbd\",\"except\":null,\"state\":\"not-applicable\""));
	assert_non_null(strstr(w->m->commands, "wall mamori: EMERGENCY"));
	world_turn(w);
	assert_int_equal(count(w, "systemctl stop"), 1);

	world_direct(w, &(struct world_directive){
				.policy = EMERGENCY(SMBD), .patches = { "deb:p0@2" }, .emergency = true });
	for (int i = 0; i < 4 && world_version(w, 0) == 1; i++)
		world_turn(w);
	assert_int_equal(world_version(w, 0), 2);
	world_turn(w);
	assert_true(as_before(w));
	assert_int_equal(count(w, "systemctl start"), 1);
	assert_string_equal(w->m->mitigations, "[]");
	assert_non_null(strstr(w->m->commands, "wall mamori: the emergency is over"));
}

static void
it_ends_when_nothing_asks_for_it(void **state)
{
	struct world *w = *state;
	static const char *const policies[] = { EMERGENCY(""), EMERGENCY("{\"patch\":\"p3\",\"stop-service\":[\"x\"]}"),
						"{\"policy\":\"servers\"," NEVER ",\"emergency\":\"off\"}" };
	enrol(w);
	for (size_t i = 0; i < COUNT(policies) + 1; i++) {
		direct(w, EMERGENCY(SMBD), true);
		world_turn(w);
		assert_true(stopped(w));
		/* Last: the same policy, but no emergency any more. */
		direct(w, i < COUNT(policies) ? policies[i] : EMERGENCY(SMBD), i < COUNT(policies));
		world_turn(w);
		assert_true(!stopped(w) && w->m->down_units[0] == 0);
	}
}

static void
what_did_not_run_is_not_started(void **state)
{
	struct world *w = *state;
	enrol(w);
	snprintf(w->m->down_units, sizeof(w->m->down_units), "smbd.service ");
	direct(w, EMERGENCY(SMBD), true);
	world_turn(w);
	assert_true(stopped(w));
	direct(w, EMERGENCY(""), true);
	world_turn(w);
	assert_int_equal(count(w, "systemctl start"), 0);
	assert_false(file_exists(world_path(w, DROP_IN)));
}

static void
it_holds_after_a_restart_and_without_a_server(void **state)
{
	struct world *w = *state;
	enrol(w);
	direct(w, EMERGENCY(SMBD), true);
	world_turn(w);
	world_reboot(w);
	w->m->away = true;
	w->m->nft[0] = w->m->down_units[0] = 0; /* and somebody started it */
	world_turn(w);
	assert_true(stopped(w) && strstr(w->m->nft, "tcp dport 22"));
}

static void
a_hold_lifts_it(void **state)
{
	struct world *w = *state;
	struct world_directive held = { .policy = EMERGENCY(SMBD), .patches = { "deb:p0@2" }, .emergency = true };
	enrol(w);
	direct(w, EMERGENCY(SMBD), true);
	world_turn(w);
	held.hold = "surgery";
	world_direct(w, &held);
	world_turn(w);
	assert_string_equal(w->m->down_units, "");
	assert_non_null(strstr(w->m->mitigations, "\"state\":\"held\""));
	held.policy = EMERGENCY("{\"patch\":\"p0\",\"stop-service\":[\"smbd\"],\"even-held\":true}");
	world_direct(w, &held);
	world_turn(w);
	assert_true(stopped(w));
}

static void
of_a_pair_only_the_one_with_the_lease(void **state)
{
	struct world *w = *state;
	struct world_directive d = { .policy = EMERGENCY(SMBD),
				     .patches = { "deb:p0@2" },
				     .emergency = true,
				     .lease_needed = true,
				     .paired = true };
	enrol(w);
	world_direct(w, &d);
	world_turn(w);
	assert_int_equal(count(w, "systemctl stop"), 0);
	assert_non_null(strstr(w->m->mitigations, "no-lease"));
	/* The slot's id as it asked for it. */
	d.lease = world_report(w, "id");
	assert_non_null(strstr(d.lease, "/emergency/"));
	world_direct(w, &d);
	world_turn(w);
	assert_true(count(w, "systemctl stop") > 0);
}

/* Forbidden by a vendor, for one: no slot of its own would ever ask for a lease. */
static void
of_a_pair_that_may_only_mitigate_one_asks_for_a_lease(void **state)
{
	struct world *w = *state;
	struct world_directive d = {
		.policy = EMERGENCY(SMBD), .mitigate = "deb:p0@2", .lease_needed = true, .paired = true
	};
	enrol(w);
	world_direct(w, &d);
	world_turn(w);
	world_turn(w);
	assert_int_equal(count(w, "systemctl stop"), 0);
	assert_non_null(strstr(w->m->mitigations, "no-lease"));
	assert_non_null(strstr(w->m->slot, "\"mitigate\":\"servers/emergency/mitigate/host-1\""));
	d.lease = "servers/emergency/mitigate/host-1";
	world_direct(w, &d);
	world_turn(w);
	world_turn(w);
	assert_true(stopped(w));
	assert_non_null(strstr(w->m->slot, "\"mitigate\":\"servers/"));
	d.mitigate = NULL; /* no emergency any more: the wish goes with it */
	world_direct(w, &d);
	world_turn(w);
	world_turn(w);
	assert_false(stopped(w));
	assert_null(strstr(w->m->slot, "\"mitigate\":"));
}

static void
what_does_not_work_is_said_and_tried_again(void **state)
{
	struct world *w = *state;
	enrol(w);
	w->m->no_nft = true;
	snprintf(w->m->down_units, sizeof(w->m->down_units), "-all ");
	direct(w, EMERGENCY(SMBD), true);
	world_turn(w);
	assert_non_null(strstr(w->m->mitigations, "smbd still runs"));
	assert_non_null(strstr(w->m->mitigations, "install nftables"));
	assert_non_null(strstr(w->m->mitigations, "\"state\":\"failed\",\"since\":null"));
	w->m->no_nft = false;
	w->m->down_units[0] = 0;
	world_turn(w);
	assert_true(stopped(w) && strstr(w->m->nft, "tcp dport 22"));
}

/* Killed at its n-th contact with the world: the next run finds what was written down, and nothing stays behind. */
static void
killed_anywhere_it_ends_as_before(void **state)
{
	struct world *w = *state;
	enrol(w);
	for (unsigned n = 1; n <= 24; n++) {
		for (int on = 1; on >= 0; on--) {
			direct(w, on ? EMERGENCY(SMBD) : EMERGENCY(""), true);
			w->m->kill_at = w->m->contacts + n;
			pid_t child = fork();
			if (child == 0) {
				struct err e = { 0 };
				(void)world_once(w, &e);
				_exit(0);
			}
			waitpid(child, NULL, 0);
			w->m->kill_at = 0;
			for (int i = 0; i < 3; i++)
				world_turn(w);
			if (on ? !stopped(w) || !strstr(w->m->nft, "dport 22")
			       : w->m->down_units[0] || file_exists(world_path(w, DROP_IN)) ||
					    strstr(w->m->nft, "dport"))
				fail_msg("killed at %u, %s: %s", n, on ? "begun" : "ended", w->m->down_units);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(it_is_done_with_the_directive_and_undone_with_the_update),
		world_test(it_ends_when_nothing_asks_for_it),
		world_test(what_did_not_run_is_not_started),
		world_test(it_holds_after_a_restart_and_without_a_server),
		world_test(a_hold_lifts_it),
		world_test(of_a_pair_only_the_one_with_the_lease),
		world_test(of_a_pair_that_may_only_mitigate_one_asks_for_a_lease),
		world_test(what_does_not_work_is_said_and_tried_again),
		world_test(killed_anywhere_it_ends_as_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
