#include "slot-scene.h"

/* ---- one slot ---- */

static void
a_window_opens_installs_and_is_done_once(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	assert_int_equal(scene_decide(c).act, SLOT_WAIT);
	assert_int_equal(c->o.reason, SLOT_BEFORE_WINDOW);
	assert_int_equal(c->o.until, at("2026-11-24T13:00:00Z"));
	assert_string_equal(c->o.slot_id.ptr, "ward-pc/night/2026-11-24/pc-1");
	scene_run(c, "2026-11-30T00:00:00Z");
	assert_story(c, "install rescan health close:done");
	assert_int_equal(c->acts[0].at, at("2026-11-24T13:00:00Z"));
	assert_int_equal(c->s.finished_count, 1);
	assert_int_equal(c->s.finished[0].how, SLOT_DONE);
}

static void
install_and_reboot_are_one_slot_with_scripts_around(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new("{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"scripts\":{\"pre\":\"a.sh\","
				 "\"post\":\"b.sh\"}}");
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->needs_reboot = true;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "pre-script install post-script reboot rescan health close:done");
}

static void
services_are_restarted_where_that_is_enough(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->f.services_need_restart = true;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "install restart-services rescan health close:done");
}

static void
a_second_pass_takes_what_the_first_made_possible(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_approve(c, BASH);
	scene_miss(c, OPENSSL);
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c)); /* install */
	scene_miss(c, BASH); /* appears with the rescan */
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "install rescan health install rescan health close:done");
	assert_int_equal(c->acts[0].pass, 1);
	assert_int_equal(c->acts[3].pass, 2);
}

static void
a_patch_that_fails_ends_the_slot(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->fails = true;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "install rescan health close:install-failed");
	scene_run(c, "2026-12-02T00:00:00Z"); /* and is tried in the next */
	assert_int_equal(scene_count(c, SLOT_INSTALL), 2);
}

static void
a_failed_pre_script_installs_nothing_and_runs_the_post_script(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new("{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"scripts\":{\"pre\":\"a.sh\","
				 "\"post\":\"b.sh\"}}");
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->pre_fails = true;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "pre-script post-script rescan health close:pre-failed");
}

static void
a_failed_health_check_is_how_the_slot_ends(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->unhealthy = true;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "install rescan health close:health-failed");
}

static void
services_that_were_stopped_run_again_before_the_slot_ends(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	*ARRAY_PUSH(&c->arena, &c->d.stop_services) = STR("emr");
	scene_run(c, "2026-11-25T00:00:00Z");
	/* Nobody ever said that it may start again: the end of the window does. */
	assert_story(c, "stop-services start-services close:done");
	assert_int_equal(c->acts[1].at, at("2026-11-24T17:00:00Z"));
}

static void
the_step_after_it_starts_services_early(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	*ARRAY_PUSH(&c->arena, &c->d.stop_services) = STR("emr");
	scene_run(c, "2026-11-24T14:00:00Z");
	assert_int_equal(c->o.reason, SLOT_STEPS);
	*ARRAY_PUSH(&c->arena, &c->d.start_services) = STR("emr");
	c->d.stop_services.count = 0;
	scene_run(c, "2026-11-24T14:30:00Z");
	assert_story(c, "stop-services start-services close:done");
	/* It only stepped aside for the others: its own turn comes in the same window, once. */
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	scene_run(c, "2026-11-24T15:00:00Z");
	assert_story(c, "stop-services start-services close:done install rescan health close:done");
	scene_miss(c, "deb:bash@2");
	scene_approve(c, "deb:bash@2");
	scene_run(c, "2026-11-24T17:00:00Z");
	assert_int_equal(c->act_count, 7);
}

static void
withdrawn_patches_go_back_and_are_not_installed(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	struct str removable = STR(BASH);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	*ARRAY_PUSH(&c->arena, &c->d.withdrawn) = STR(OPENSSL);
	*ARRAY_PUSH(&c->arena, &c->d.withdrawn) = STR(BASH);
	c->f.removable = &removable;
	c->f.removable_count = 1;
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c));
	assert_int_equal(c->o.patch_count, 1);
	c->f.removable_count = 0;
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "withdraw rescan health close:done");
}

/* ---- what keeps a slot from starting: one row each ---- */

struct blocked {
	const char *name;
	void (*arrange)(struct scene *c);
	const char *when;
	enum slot_reason reason;
	const char *until; /* NULL: not asked */
};

static void
hold(struct scene *c)
{
	*ARRAY_PUSH(&c->arena, &c->d.holds) =
		(struct directive_hold){ STR("h"), STR("ward 3"), STR("surgery"), at("2026-11-24T15:00:00Z") };
}

static void
hold_here(struct scene *c)
{
	c->f.local_hold = STR("surgery");
}

static void
lease(struct scene *c)
{
	c->d.lease_needed = true;
	*ARRAY_PUSH(&c->arena, &c->d.leases) =
		(struct directive_lease){ STR("ward-pc/night/2026-11-17/pc-1"), INT64_MAX };
}

static void
lease_over(struct scene *c)
{
	c->d.lease_needed = true;
	*ARRAY_PUSH(&c->arena, &c->d.leases) =
		(struct directive_lease){ STR("ward-pc/night/2026-11-24/pc-1"), at("2026-11-24T12:00:00Z") };
}

static void
expired(struct scene *c)
{
	c->d.expires = at("2026-11-24T12:59:00Z");
}

static void
slow(struct scene *c)
{
	c->s.install_ms = HOURS(3); /* half as much again does not fit into four hours */
}

static void
slow_model(struct scene *c)
{
	c->d.install_estimate = HOURS(2);
	c->d.reboot_estimate = HOURS(1);
}

static void
input(struct scene *c)
{
	c->d.policy.idle_first = MINUTES(10);
	c->f.idle = MINUTES(4);
}

static void
process(struct scene *c)
{
	c->d.policy.busy.up_to = HOURS(2);
	c->f.running_process = STR("viewer.exe");
}

static void
disk(struct scene *c)
{
	c->f.disk_short = true;
}

static void
battery(struct scene *c)
{
	c->f.on_battery = true;
}

static void
unstaged(struct scene *c)
{
	c->staged[0] = false;
	c->s.stage_tried = at("2026-11-24T12:55:00Z");
}

static void
ward_later(struct scene *c)
{
	c->f.ward_later = at("2026-11-24T16:00:00Z");
}

static void
unit_prompted(struct scene *c)
{
	c->d.policy.reboot.atomic = true;
	c->d.policy.reboot.mode = REBOOT_PROMPT;
	c->f.logged_on = true;
	c->s.asks = 1;
	c->s.asked_since = at("2026-11-24T12:30:00Z");
	c->s.ask_at = at("2026-11-24T13:30:00Z");
}

static void
unit_not_logged_on(struct scene *c)
{
	c->d.policy.reboot.atomic = c->d.policy.reboot.never_logged_on = true;
	c->f.logged_on = true;
}

static void
clock_back(struct scene *c)
{
	c->s.clock_seen = at("2026-11-25T00:00:00Z");
}

static void
clock_forward(struct scene *c)
{
	c->s.clock_seen = at("2026-11-20T00:00:00Z");
}

static void
nothing(struct scene *c)
{
	c->d.patches.count = 0;
}

static void
clean(struct scene *c)
{
	c->f.missing_count = 0;
}

static void
soaking(struct scene *c)
{
	c->d.patches.items[0].since = at("2026-11-24T14:00:00Z");
}

static void
fine(struct scene *c)
{
	(void)c;
}

static void
no_window(struct scene *c)
{
	c->d.policy.install.windows.count = 0;
}

static const struct blocked blocked[] = {
	{ "before the window", fine, "2026-11-24T12:59:00Z", SLOT_BEFORE_WINDOW, "2026-11-24T13:00:00Z" },
	{ "no window", no_window, "2026-11-24T13:00:00Z", SLOT_NO_WINDOW, NULL },
	{ "nothing approved", nothing, "2026-11-24T12:00:00Z", SLOT_NOTHING_APPROVED, NULL },
	{ "clean", clean, "2026-11-24T12:00:00Z", SLOT_CLEAN, NULL },
	{ "soaks until 14:00", soaking, "2026-11-24T13:00:00Z", SLOT_BEFORE_WINDOW, "2026-11-24T14:00:00Z" },
	{ "held by the ward", hold, "2026-11-24T13:00:00Z", SLOT_HELD, "2026-11-24T15:00:00Z" },
	{ "held at the machine", hold_here, "2026-11-24T13:00:00Z", SLOT_HELD, "2026-11-24T17:00:00Z" },
	{ "a lease for another slot", lease, "2026-11-24T13:00:00Z", SLOT_NO_LEASE, NULL },
	{ "a lease that is over", lease_over, "2026-11-24T13:00:00Z", SLOT_NO_LEASE, NULL },
	{ "offline for too long", expired, "2026-11-24T13:00:00Z", SLOT_DIRECTIVE_EXPIRED, NULL },
	{ "learned to take long", slow, "2026-11-24T13:00:00Z", SLOT_TOO_SHORT, NULL },
	{ "its model takes long", slow_model, "2026-11-24T13:00:00Z", SLOT_TOO_SHORT, NULL },
	{ "somebody types", input, "2026-11-24T13:00:00Z", SLOT_BUSY_INPUT, "2026-11-24T13:06:00Z" },
	{ "the viewer runs", process, "2026-11-24T13:00:00Z", SLOT_BUSY_PROCESS, "2026-11-24T15:00:00Z" },
	{ "disk full", disk, "2026-11-24T13:00:00Z", SLOT_DISK_FULL, NULL },
	{ "on battery", battery, "2026-11-24T13:00:00Z", SLOT_BATTERY, NULL },
	{ "not downloaded", unstaged, "2026-11-24T13:00:00Z", SLOT_NOT_STAGED, "2026-11-24T13:10:00Z" },
	{ "the ward chose 16:00Z", ward_later, "2026-11-24T13:00:00Z", SLOT_WARD_CHOSE, "2026-11-24T16:00:00Z" },
	{ "a unit, and the user was asked", unit_prompted, "2026-11-24T13:00:00Z", SLOT_ATOMIC,
	  "2026-11-24T13:30:00Z" },
	{ "a unit, and somebody is logged on", unit_not_logged_on, "2026-11-24T13:00:00Z", SLOT_ATOMIC, NULL },
	{ "the clock went back", clock_back, "2026-11-24T13:00:00Z", SLOT_CLOCK, "2026-11-24T17:00:00Z" },
	{ "the clock jumped ahead", clock_forward, "2026-11-24T13:00:00Z", SLOT_CLOCK, "2026-11-24T14:00:00Z" },
};

static void
each_reason_keeps_it_from_starting(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(blocked); i++) {
		const struct blocked *b = &blocked[i];
		SCENE_AUTO c = scene_new(WARD_PC);
		scene_approve(c, OPENSSL);
		scene_miss(c, OPENSSL);
		b->arrange(c);
		scene_now(c, b->when);
		scene_decide(c);
		if (c->o.act != SLOT_WAIT || c->o.reason != b->reason)
			fail_msg("%s: %s, %s", b->name, slot_act_name(c->o.act), slot_reason_name(c->o.reason));
		if (b->until && c->o.until != at(b->until)) {
			char text[TIME_RFC3339_MAX];
			fail_msg("%s: until %s", b->name, time_rfc3339(c->o.until, text));
		}
		struct str why = slot_why(&c->arena, &c->d, &c->o, &c->f);
		if (!why.len || str_contains(why, STR("%")))
			fail_msg("%s: “%.*s”", b->name, STR_ARG(why));
	}
}

static void
every_reason_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_decide(c);
	for (enum slot_reason r = SLOT_OPEN; r < SLOT_REASONS; r++) {
		struct slot_decision o = c->o;
		o.reason = r;
		assert_non_null(slot_reason_name(r));
		if (!slot_why(&c->arena, &c->d, &o, &c->f).len)
			fail_msg("%s has no sentence", slot_reason_name(r));
	}
	for (enum slot_act a = SLOT_WAIT; a < SLOT_ACTS; a++)
		assert_non_null(slot_act_name(a));
}

static void
sentences_name_the_window_and_the_hold(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	scene_decide(c);
	assert_string_equal(slot_why(&c->arena, &c->d, &c->o, &c->f).ptr,
			    "waits for the window Tue 22:00–02:00 of policy ward-pc");
	c->o.script = STR("the script a.sh ended with status 1: no");
	assert_string_equal(slot_why(&c->arena, &c->d, &c->o, &c->f).ptr,
			    "the slot was not begun (the script a.sh ended with status 1: no); waits for the window "
			    "Tue 22:00–02:00 of policy ward-pc");
	hold(c);
	scene_now(c, "2026-11-24T13:00:00Z");
	scene_decide(c);
	assert_string_equal(slot_why(&c->arena, &c->d, &c->o, &c->f).ptr, "held by ward 3 until Wed 00:00: surgery");
}

/* ---- the ward ---- */

static void
a_notice_comes_a_day_ahead_and_once(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new("{\"policy\":\"p\"," NIGHT "},\"notice\":\"1d\"}");
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	scene_now(c, "2026-11-23T10:00:00Z");
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "notify install rescan health close:done");
	assert_int_equal(c->acts[0].at, at("2026-11-23T13:00:00Z"));
}

static void
now_starts_outside_the_window(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->needs_reboot = c->f.logged_on = true;
	c->f.idle = 0;
	c->f.ward_now = true;
	scene_run(c, "2026-11-24T05:00:00Z");
	assert_story(c, "install reboot rescan health close:done");
	assert_int_equal(c->s.finished[0].kind, SLOT_BY_WARD);
}

static void
later_is_a_time_and_limited(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	c->d.policy.reboot.defer = 1;
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->f.ward_later = at("2026-11-24T20:00:00Z");
	scene_run(c, "2026-11-24T19:00:00Z");
	assert_story(c, "close:ward-chose");
	c->f.ward_later = at("2026-11-25T10:00:00Z"); /* one was allowed */
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "close:ward-chose install rescan health close:done");
	assert_int_equal(c->acts[1].at, at("2026-11-24T20:00:00Z"));
}

static void
a_process_is_skipped_for_so_often_then_the_ward_chooses(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	c->d.policy.busy.then = BUSY_SKIP;
	c->d.policy.busy.skips = 2;
	c->d.policy.busy.afterwards = BUSY_WARD_CHOOSES;
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->f.running_process = STR("viewer.exe");
	c->d.expires = INT64_MAX;
	scene_run(c, "2026-12-08T14:00:00Z");
	assert_story(c, "close:busy-process close:busy-process notify");
	assert_int_equal(c->o.reason, SLOT_WARD_CHOOSES);
	c->f.ward_now = true;
	scene_run(c, "2026-12-08T15:00:00Z");
	assert_int_equal(scene_count(c, SLOT_INSTALL), 1);
}

/* ---- directive ---- */

static void
a_running_slot_keeps_the_policy_it_began_with(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_approve(c, BASH);
	scene_miss(c, OPENSSL);
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c));
	scene_miss(c, BASH);
	struct directive before = c->d;
	c->f.began = &before;
	assert_int_equal(c->s.serial, 1);
	/* The edit: the window is on Sunday now, and one pass is enough. */
	c->d.serial = 2;
	scene_policy(c, "{\"policy\":\"ward-pc\",\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"sun\"],"
			"\"at\":\"10:00\",\"for\":\"1h\"}],\"passes\":{\"until-clean\":false}}}");
	scene_run(c, "2026-11-24T14:00:00Z");
	assert_story(c, "install rescan health install rescan health close:done");
}

static void
a_hold_of_the_newest_directive_stops_the_next_pass(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	c->needs_reboot = true;
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c));
	hold(c);
	scene_run(c, "2026-11-24T14:59:00Z");
	assert_story(c, "install");
	assert_int_equal(c->o.reason, SLOT_HELD);
	scene_run(c, "2026-11-24T16:00:00Z");
	assert_story(c, "install reboot rescan health close:done");
}

/* ---- states as text ---- */

static void
a_state_is_written_and_read_back(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	struct err e = { 0 };
	struct slot_state back, copy;
	BUF_AUTO text = { 0 }, again = { 0 };
	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	*ARRAY_PUSH(&c->arena, &c->d.stop_services) = STR("emr");
	scene_run(c, "2026-11-24T13:02:00Z");
	struct json_writer w = { .out = &text }, w2 = { .out = &again };
	slot_state_write(&c->s, &w);
	assert_true(slot_state_parse(&c->arena, buf_str(&text), &back, &e));
	slot_state_copy(&c->arena, &back, &copy);
	slot_state_write(&copy, &w2);
	assert_string_equal(buf_cstr(&text), buf_cstr(&again));
	assert_int_equal(back.stopped.items.count, 1);
}

static void
strange_states_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "[]", "{\"step\":\"fly\"}", "{\"pass\":-1}", "{\"finished\":[{}]}" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct slot_state s;
		if (slot_state_parse(&a, str_of(bad[i]), &s, &e))
			fail_msg("taken: %s", bad[i]);
		assert_true(e.text[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_opens_installs_and_is_done_once),
		cmocka_unit_test(install_and_reboot_are_one_slot_with_scripts_around),
		cmocka_unit_test(services_are_restarted_where_that_is_enough),
		cmocka_unit_test(a_second_pass_takes_what_the_first_made_possible),
		cmocka_unit_test(a_patch_that_fails_ends_the_slot),
		cmocka_unit_test(a_failed_pre_script_installs_nothing_and_runs_the_post_script),
		cmocka_unit_test(a_failed_health_check_is_how_the_slot_ends),
		cmocka_unit_test(services_that_were_stopped_run_again_before_the_slot_ends),
		cmocka_unit_test(the_step_after_it_starts_services_early),
		cmocka_unit_test(withdrawn_patches_go_back_and_are_not_installed),
		cmocka_unit_test(each_reason_keeps_it_from_starting),
		cmocka_unit_test(every_reason_has_a_name_and_a_sentence),
		cmocka_unit_test(sentences_name_the_window_and_the_hold),
		cmocka_unit_test(a_notice_comes_a_day_ahead_and_once),
		cmocka_unit_test(now_starts_outside_the_window),
		cmocka_unit_test(later_is_a_time_and_limited),
		cmocka_unit_test(a_process_is_skipped_for_so_often_then_the_ward_chooses),
		cmocka_unit_test(a_running_slot_keeps_the_policy_it_began_with),
		cmocka_unit_test(a_hold_of_the_newest_directive_stops_the_next_pass),
		cmocka_unit_test(a_state_is_written_and_read_back),
		cmocka_unit_test(strange_states_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
