#include "agent/slot_run.h"

#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

/* Tuesdays at 22:00 for four hours, nothing starts in the last one. */
#define WINDOWS \
	"\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\"],\"at\":\"22:00\",\"for\":\"4h\",\"cutoff\":\"1h\"}]"
#define NIGHT "\"install\":{" WINDOWS "}"
#define CLEAN "\"install\":{" WINDOWS ",\"passes\":{\"until-clean\":true,\"max-reboots\":3}}"
#define MONDAY "2026-11-23T12:00:00Z"
#define BEFORE "2026-11-24T21:50:00Z"
#define INSIDE "2026-11-24T22:05:00Z"
#define SLOT "ward/night/2026-11-24/host-1"

static const char plain[] = "{\"policy\":\"ward\"," NIGHT ",\"reboot\":{\"mode\":\"if-needed\"}}";

static void
enrol_at(struct world *w, const char *at)
{
	world_time(w, at);
	world_enrol(w);
}

static void
minutes(struct world *w, int64_t n)
{
	w->m->now += n * 60000;
}

static unsigned
ends(const struct world *w, const char *patch, const char *state)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w->m->slot_results; i++)
		n += strcmp(w->m->slot_result[i].patch, patch) == 0 && strcmp(w->m->slot_result[i].state, state) == 0;
	return n;
}

/* ---- directives ---- */

static void
a_directive_is_taken_kept_and_named(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 1);
	assert_string_equal(world_report(w, "reason"), "before-window");
	assert_non_null(strstr(w->m->slot, "before-window"));
}

static void
forged_foreign_and_older_directives_are_refused(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	w->m->directive_forged = true;
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 0);
	w->m->directive_forged = false;
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" }, .host = "host-2" });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 0);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" }, .serial = 7 });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 7);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p1@2" }, .serial = 6 });
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 7);
	world_time(w, INSIDE);
	world_turn(w);
	assert_int_equal(world_version(w, 0), 2);
	assert_int_equal(world_version(w, 1), 1);
}

/* ---- a slot ---- */

static void
what_is_approved_is_installed_in_its_window_and_nothing_else(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2", "deb:p1@2" } });
	world_turn(w);
	assert_int_equal(w->m->applied[0] + w->m->applied[1], 0);
	world_time(w, BEFORE);
	/* It comes back at the very start, although its interval would be later or earlier. */
	assert_in_range(world_turn(w), 269, 331);
	w->m->now += 9 * 60000 + 50000;
	assert_int_equal(world_turn(w), 10);
	world_time(w, INSIDE);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
	assert_int_equal(w->m->applied[1], 1);
	assert_int_equal(w->m->applied[2] + w->m->applied[3], 0);
	assert_int_equal(ends(w, "deb:p0@2", "installed"), 1);
	assert_int_equal(ends(w, "deb:p1@2", "installed"), 1);
	for (unsigned i = 0; i < w->m->slot_results; i++) {
		assert_string_equal(w->m->slot_result[i].order, "slot:" SLOT "/1");
		assert_string_equal(w->m->slot_result[i].trigger, "window");
	}
	assert_non_null(strstr(w->m->slot, "\"" SLOT "\""));
	assert_non_null(strstr(w->m->slot, "\"healthy\":true"));
	assert_int_equal(w->m->reboots_asked, 0);
	/* The slot had its turn. */
	minutes(w, 30);
	world_turn(w);
	assert_int_equal(w->m->applied[0] + w->m->applied[1], 2);
}

static void
without_a_server_it_does_the_same_and_tells_later(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, "2026-11-24T12:00:00Z");
	world_turn(w);
	w->m->away = true;
	world_time(w, BEFORE);
	w->m->now += 9 * 60000;
	/* The server does not answer: it still wakes at the slot's start. */
	assert_int_equal(world_turn(w), 60);
	world_time(w, INSIDE);
	world_turn(w);
	assert_int_equal(world_version(w, 0), 2);
	assert_int_equal(w->m->slot_results, 0);
	w->m->away = false;
	minutes(w, 5);
	world_turn(w);
	assert_int_equal(ends(w, "deb:p0@2", "installed"), 1);
	assert_non_null(strstr(w->m->slot, "\"" SLOT "\""));
}

static void
an_expired_directive_starts_nothing(void **state)
{
	struct world *w = *state;
	int64_t soon;
	enrol_at(w, MONDAY);
	assert_true(time_parse(STR(BEFORE), &soon));
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" }, .expires = soon });
	world_turn(w);
	world_time(w, "2026-11-24T12:00:00Z");
	world_turn(w);
	w->m->away = true;
	world_time(w, INSIDE);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 0);
	assert_string_equal(world_report(w, "reason"), "directive-expired");
}

static void
a_machine_that_needs_it_restarts_once_and_goes_on(void **state)
{
	struct world *w = *state;
	static const char always[] = "{\"policy\":\"ward\"," NIGHT ",\"reboot\":{\"mode\":\"always\"}}";
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = always, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	world_turn(w);
	assert_true(w->m->down);
	assert_int_equal(w->m->reboots_asked, 1);
	assert_non_null(strstr(w->m->slot, "\"reboot\"")); /* told before it went */
	world_reboot(w);
	world_turn(w);
	minutes(w, 5);
	world_turn(w);
	assert_int_equal(w->m->reboots_asked, 1);
	assert_int_equal(w->m->applied[0], 1);
	assert_non_null(strstr(w->m->slot, "\"how\":\"done\""));
}

static void
a_service_that_stays_down_is_no_success(void **state)
{
	struct world *w = *state;
	static const char always[] = "{\"policy\":\"ward\"," NIGHT ",\"reboot\":{\"mode\":\"always\"}}";
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = always, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	world_turn(w);
	world_reboot(w);
	w->m->service_down = true;
	world_turn(w);
	assert_non_null(strstr(w->m->slot, "\"healthy\":false"));
	assert_non_null(strstr(w->m->slot, "viewer.service"));
	assert_non_null(strstr(w->m->slot, "health-failed"));
}

static void
services_with_old_code_are_restarted_instead_of_the_machine(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	w->m->stale = true;
	world_turn(w);
	assert_non_null(strstr(w->m->commands, "systemctl try-restart -- old.service\n"));
	assert_int_equal(w->m->reboots_asked, 0);
}

static void
a_reboot_that_cannot_be_started_does_not_repeat_for_ever(void **state)
{
	struct world *w = *state;
	static const char always[] = "{\"policy\":\"ward\"," NIGHT ",\"reboot\":{\"mode\":\"always\"}}";
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = always, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	w->m->reboot_fails = true;
	for (int i = 0; i < 20; i++) {
		world_turn(w);
		minutes(w, 5);
	}
	assert_in_range(w->m->reboots_asked, 1, 3);
	assert_int_equal(w->m->applied[0], 1);
}

static void
a_running_slot_keeps_the_policy_it_began_with(void **state)
{
	struct world *w = *state;
	static const char always[] = "{\"policy\":\"ward\"," CLEAN ",\"reboot\":{\"mode\":\"always\"}}";
	static const char never[] =
		"{\"policy\":\"ward\"," NIGHT ",\"reboot\":{\"mode\":\"never\"},\"scripts\":{\"post\":\"missing.sh\"}}";
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = always, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	world_turn(w);
	assert_true(w->m->down);
	/* While it was down, the policy was changed and another update approved. */
	world_direct(w, &(struct world_directive){ .policy = never, .patches = { "deb:p0@2", "deb:p1@2" } });
	world_reboot(w);
	world_turn(w);
	assert_int_equal(w->m->named_serial, 2);
	assert_int_equal(w->m->applied[1], 1);
	assert_int_equal(w->m->reboots_asked, 2); /* by the old policy */
	world_reboot(w);
	world_turn(w);
	assert_non_null(strstr(w->m->slot, "\"how\":\"done\""));
}

/* ---- what keeps it from starting ---- */

static void
a_script_that_nobody_signed_is_told_as_what_kept_the_slot_from_beginning(void **state)
{
	struct world *w = *state;
	static const char scripted[] = "{\"policy\":\"ward\"," NIGHT ",\"scripts\":{\"pre\":\"pre.sh\"}}";
	static const char words[] = "the slot was not begun (the script pre.sh of the policy is signed neither by";
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = scripted, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, INSIDE);
	for (int i = 0; i < 3; i++)
		world_turn(w);
	assert_int_equal(w->m->applied[0], 0);
	const char *why = world_report(w, "why");
	if (!str_starts(str_of(why), str_of(words)) || !strstr(why, "; waits for the window ") || strlen(why) > 500)
		fail_msg("%s", why);
	assert_non_null(strstr(w->m->slot, words)); /* the server was told */
	/* However many looks later. */
	world_time(w, "2026-11-26T12:00:00Z");
	world_turn(w);
	assert_true(str_starts(str_of(world_report(w, "why")), str_of(words)));
	/* It is about the last slot alone. */
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	world_time(w, "2026-12-01T22:05:00Z");
	for (int i = 0; i < 4; i++)
		world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
	assert_string_equal(world_report(w, "script"), "");
	assert_null(strstr(w->m->slot, "not begun"));
}

static void
holds_leases_people_and_batteries_are_respected(void **state)
{
	struct world *w = *state;
	static const char careful[] =
		"{\"policy\":\"ward\",\"install\":{" WINDOWS ",\"idle-first\":\"10m\",\"while-running\":{\"wait\":["
		"\"viewer.exe\"],\"up-to\":\"2h\",\"then\":\"skip\","
		"\"skips\":2,\"afterwards\":\"ward-chooses\"}}}";
	enrol_at(w, MONDAY);
	world_direct(w,
		     &(struct world_directive){
			     .policy = careful, .patches = { "deb:p0@2" }, .hold = "surgery", .lease_needed = true });
	world_turn(w);
	world_time(w, INSIDE);
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "held");
	assert_non_null(strstr(world_report(w, "why"), "surgery"));
	world_direct(w,
		     &(struct world_directive){ .policy = careful, .patches = { "deb:p0@2" }, .lease_needed = true });
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "no-lease");
	const struct world_directive leased = {
		.policy = careful, .patches = { "deb:p0@2" }, .lease_needed = true, .lease = SLOT
	};
	world_direct(w, &leased);
	w->m->on_battery = true;
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "battery");
	w->m->on_battery = false;
	w->m->used = true;
	w->m->idle = 60000;
	world_direct(w, &leased); /* each time it was handed back, and asked for again */
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "busy-input");
	w->m->idle = 11 * 60000;
	snprintf(w->m->process, sizeof(w->m->process), "viewer.exe");
	world_direct(w, &leased);
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "busy-process");
	assert_int_equal(w->m->applied[0], 0);
	w->m->process[0] = 0;
	minutes(w, 5);
	w->m->idle = 16 * 60000;
	world_direct(w, &leased);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
}

static void
a_lease_of_no_use_goes_back_and_is_not_used_any_more(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	const struct world_directive leased = {
		.policy = plain, .patches = { "deb:p0@2" }, .lease_needed = true, .lease = SLOT
	};
	world_turn(w);
	world_time(w, INSIDE);
	world_direct(w, &leased);
	w->m->on_battery = true;
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "battery");
	assert_string_equal(world_report(w, "lease_unused"), SLOT);
	/* The answer was lost; its partner may have begun meanwhile. */
	w->m->away = true;
	w->m->on_battery = false;
	minutes(w, 5);
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "no-lease");
	assert_int_equal(w->m->applied[0], 0);
	w->m->away = false;
	minutes(w, 5);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 0);
	assert_non_null(strstr(w->m->slot, "\"lease_unused\":\"" SLOT "\""));
	/* Granted once more. */
	world_direct(w, &leased);
	minutes(w, 5);
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
}

static void
a_host_that_is_cut_off_keeps_its_lease(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_turn(w);
	world_time(w, BEFORE);
	world_direct(w, &(struct world_directive){
				.policy = plain, .patches = { "deb:p0@2" }, .lease_needed = true, .lease = SLOT });
	world_turn(w);
	world_turn(w);
	w->m->away = true;
	minutes(w, 15);
	w->m->on_battery = true;
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "battery");
	w->m->on_battery = false;
	minutes(w, 5);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
}

static void
a_clock_that_jumps_starts_nothing_until_the_server_agrees(void **state)
{
	struct world *w = *state;
	enrol_at(w, MONDAY);
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	world_turn(w);
	w->m->away = true;
	minutes(w, 5);
	world_turn(w);
	/* Into the window, by the wall clock alone. */
	int64_t before = w->m->now;
	world_time(w, INSIDE);
	w->m->up_since += w->m->now - before;
	world_turn(w);
	assert_string_equal(world_report(w, "reason"), "clock");
	assert_int_equal(w->m->applied[0], 0);
	w->m->away = false;
	minutes(w, 5);
	world_turn(w);
	assert_int_equal(w->m->applied[0], 1);
}

static void
withdrawn_updates_are_taken_back_where_it_can_be_done(void **state)
{
	struct world *w = *state;
	struct world_directive d = { .policy = plain, .patches = { "deb:p0@2", "deb:p1@2" } };
	enrol_at(w, MONDAY);
	world_direct(w, &d);
	world_turn(w);
	world_time(w, INSIDE);
	world_turn(w);
	assert_int_equal(world_version(w, 0), 2);
	world_direct(w, &(struct world_directive){ .policy = plain, .withdrawn = "deb:p0@2" });
	world_time(w, "2026-11-30T12:00:00Z");
	world_turn(w);
	assert_int_equal(world_version(w, 0), 2); /* in its window */
	world_time(w, "2026-12-01T22:05:00Z");
	world_turn(w);
	assert_int_equal(world_version(w, 0), 1);
	assert_int_equal(w->m->taken_back[0], 1);
	assert_int_equal(ends(w, "deb:p0@2", "installed"), 2); /* once in, once gone back from */
	assert_non_null(strstr(w->m->slot_result[w->m->slot_results - 1].why, "deb:p0@2 was withdrawn"));
	/* The other has no way back, and it says so. */
	world_direct(w, &(struct world_directive){ .policy = plain, .withdrawn = "deb:p1@2" });
	world_time(w, "2026-12-08T22:05:00Z");
	world_turn(w);
	world_turn(w);
	assert_int_equal(w->m->taken_back[1], 0);
	assert_non_null(strstr(w->m->slot, "cannot be taken back"));
}

/* ---- being killed ---- */

static void
child_turn(struct world *w)
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };
		unsigned next;
		(void)!agent_once(&w->agent, &next, &e);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

#define WEEK (7LL * 86400 * 1000)

static void
turns(struct world *w, int count)
{
	for (int i = 0; i < count; i++) {
		child_turn(w);
		if (w->m->kill_at && w->m->contacts >= w->m->kill_at)
			w->m->kill_at = 0;
		if (w->m->down)
			world_reboot(w);
		minutes(w, 5);
	}
}

static bool
both_in(struct world *w, const unsigned base[2])
{
	return world_version(w, 0) == base[0] + 1 && world_version(w, 1) == base[1] + 1;
}

/* One whole slot with its reboot, in a week of its own, killed at one contact with the world: which one is told by
 * `at`, 0 none. Gives the number of contacts of the slot. */
static unsigned
killed_at(struct world *w, unsigned at, int64_t tuesday)
{
	static const char policy[] = "{\"policy\":\"ward\"," CLEAN ",\"reboot\":{\"mode\":\"always\"}}";
	unsigned base[2] = { world_version(w, 0), world_version(w, 1) };
	char p0[32], p1[32];
	snprintf(p0, sizeof(p0), "deb:p0@%u", base[0] + 1);
	snprintf(p1, sizeof(p1), "deb:p1@%u", base[1] + 1);
	memset(w->m->applied, 0, sizeof(w->m->applied));
	w->m->reboots_asked = w->m->slot_results = w->m->kill_at = 0;
	w->m->now = tuesday - 10 * 3600000LL;
	world_direct(w, &(struct world_directive){ .policy = policy, .patches = { p0, p1 } });
	child_turn(w);
	assert_int_equal(w->m->applied[0] + w->m->applied[1], 0);
	w->m->now = tuesday;
	w->m->contacts = 0;
	w->m->kill_at = at;
	turns(w, 5);
	unsigned contacts = w->m->contacts, first = w->m->applied[0] + w->m->applied[1];
	/* The same pass never twice: what was installed in this slot was installed once. */
	assert_in_range(w->m->applied[0], 0, 1);
	assert_in_range(w->m->applied[1], 0, 1);
	assert_in_range(w->m->reboots_asked, 0, 2);
	if (!both_in(w, base)) {
		/* A missed pass: it says so, and the next window makes up for it. */
		assert_true(at > 0 && first < 2);
		w->m->now = tuesday + WEEK - 10 * 3600000LL;
		child_turn(w);
		w->m->now = tuesday + WEEK;
		turns(w, 5);
	}
	assert_true(both_in(w, base));
	assert_true(ends(w, p0, "installed") >= 1 && ends(w, p1, "installed") >= 1);
	assert_non_null(strstr(w->m->slot, "\"how\":\"done\""));
	return contacts;
}

static void
killed_anywhere_it_ends_as_promised(void **state)
{
	struct world *w = *state;
	int64_t tuesday;
	enrol_at(w, MONDAY);
	assert_true(time_parse(STR(INSIDE), &tuesday));
	child_turn(w);
	unsigned all = killed_at(w, 0, tuesday);
	assert_true(all > 15);
	for (unsigned at = 1; at <= all; at++) {
		tuesday += 2 * WEEK;
		killed_at(w, at, tuesday);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_directive_is_taken_kept_and_named),
		world_test(forged_foreign_and_older_directives_are_refused),
		world_test(what_is_approved_is_installed_in_its_window_and_nothing_else),
		world_test(without_a_server_it_does_the_same_and_tells_later),
		world_test(an_expired_directive_starts_nothing),
		world_test(a_machine_that_needs_it_restarts_once_and_goes_on),
		world_test(a_service_that_stays_down_is_no_success),
		world_test(services_with_old_code_are_restarted_instead_of_the_machine),
		world_test(a_reboot_that_cannot_be_started_does_not_repeat_for_ever),
		world_test(a_running_slot_keeps_the_policy_it_began_with),
		world_test(a_script_that_nobody_signed_is_told_as_what_kept_the_slot_from_beginning),
		world_test(holds_leases_people_and_batteries_are_respected),
		world_test(a_lease_of_no_use_goes_back_and_is_not_used_any_more),
		world_test(a_host_that_is_cut_off_keeps_its_lease),
		world_test(a_clock_that_jumps_starts_nothing_until_the_server_agrees),
		world_test(withdrawn_updates_are_taken_back_where_it_can_be_done),
		world_test(killed_anywhere_it_ends_as_promised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
