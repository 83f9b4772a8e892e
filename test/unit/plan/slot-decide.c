#include "slot-scene.h"

#define PROMPT \
	"{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"reboot\":{\"mode\":\"prompt\",\"prompt\":{\"defer\":2," \
	"\"every\":\"1h\",\"deadline\":\"24h\"}}}"
#define ASAP(reboot) \
	"{\"policy\":\"p\"," NIGHT ",\"missed\":{\"asap\":{\"within\":\"2d\",\"reboot\":" reboot \
	"}}},\"notice\":\"0s\"}"

static struct scene *
ready(const char *policy)
{
	struct scene *c = scene_new(policy);

	scene_approve(c, OPENSSL);
	scene_miss(c, OPENSSL);
	return c;
}

/* Off from now on until then; the clock is confirmed by the first contact. */
static void
off_until(struct scene *c, const char *then)
{
	c->f.now = at(then);
	c->f.confirmed = c->f.now;
	scene_boot(c);
}

/* ---- missed slots ---- */

static void
pain_6_machine_off_at_its_slot_is_patched_afterwards(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(ASAP("true"));
	c->needs_reboot = true;
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-11-25T01:00:00Z");
	scene_run(c, "2026-11-25T03:00:00Z");
	assert_story(c, "install reboot rescan health close:done");
	assert_int_equal(c->s.finished[0].kind, SLOT_BY_MISSED);
	scene_run(c, "2026-11-26T03:00:00Z");
	assert_int_equal(scene_count(c, SLOT_INSTALL), 1);
}

static void
made_up_without_a_reboot_it_waits_for_the_window(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(ASAP("false"));
	c->needs_reboot = true;
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-11-25T01:00:00Z");
	scene_run(c, "2026-11-25T03:00:00Z");
	assert_story(c, "install rescan health close:reboot-waits");
	scene_run(c, "2026-12-01T14:00:00Z");
	assert_story(c, "install rescan health close:reboot-waits reboot rescan health close:done");
	assert_int_equal(c->acts[4].at, at("2026-12-01T13:00:00Z"));
}

static void
missed_for_too_long_waits_for_the_next_window(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(ASAP("true"));
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-11-27T01:00:00Z");
	scene_run(c, "2026-11-27T03:00:00Z");
	assert_story(c, "close:missed");
	scene_run(c, "2026-12-02T03:00:00Z");
	assert_story(c, "close:missed install rescan health close:done");
}

static void
by_the_other_rules_a_missed_slot_is_told_and_the_next_takes_it(void **state)
{
	(void)state;
	static const char *const rules[] = { "skip", "next-window" };
	for (size_t i = 0; i < COUNT(rules); i++) {
		ARENA_AUTO a = { 0 };
		struct str p =
			arena_printf(&a, "{\"policy\":\"p\"," NIGHT ",\"missed\":\"%s\"},\"notice\":\"0s\"}", rules[i]);
		SCENE_AUTO c = ready(p.ptr);
		scene_run(c, "2026-11-24T12:00:00Z");
		off_until(c, "2026-11-25T01:00:00Z");
		scene_run(c, "2026-12-02T03:00:00Z");
		assert_story(c, "close:missed install rescan health close:done");
		assert_int_equal(c->acts[1].at, at("2026-12-01T13:00:00Z"));
	}
}

/* Skip: not made up for in the same window either; whoever switches the machine on at night wants to use it. */
static void
switched_on_late_within_the_window_the_rules_differ(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *on, *story;
	} rows[] = {
		{ "\"next-window\"", "2026-11-24T14:00:00Z", "install rescan health close:done" },
		{ "\"skip\"", "2026-11-24T14:00:00Z", "close:missed" },
		{ "{\"asap\":{\"within\":\"2d\"}}", "2026-11-24T14:00:00Z", "install rescan health close:done" },
		/* in time enough */
		{ "\"skip\"", "2026-11-24T13:10:00Z", "install rescan health close:done" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct str p =
			arena_printf(&a, "{\"policy\":\"p\"," NIGHT ",\"missed\":%s},\"notice\":\"0s\"}", rows[i].rule);
		SCENE_AUTO c = ready(p.ptr);
		scene_run(c, "2026-11-24T10:00:00Z");
		off_until(c, rows[i].on);
		scene_run(c, "2026-11-24T18:00:00Z");
		assert_story(c, rows[i].story);
		if (c->s.finished[0].how != SLOT_MISSED)
			continue;
		assert_int_equal(c->s.finished[0].kind, SLOT_BY_MISSED);
		scene_run(c, "2026-12-02T03:00:00Z");
		assert_story(c, "close:missed install rescan health close:done");
		assert_int_equal(c->acts[1].at, at("2026-12-01T13:00:00Z"));
	}
}

/* Away for a week and back late in the window: both are told, and neither is made up for. */
static void
skip_holds_where_an_earlier_slot_was_missed_as_well(void **state)
{
	(void)state;
	SCENE_AUTO c = ready("{\"policy\":\"p\"," NIGHT ",\"missed\":\"skip\"},\"notice\":\"0s\"}");
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-12-01T14:00:00Z");
	scene_run(c, "2026-12-02T03:00:00Z");
	assert_story(c, "close:missed close:missed");
	assert_true(str_ends(c->s.finished[1].id, STR("2026-12-01/pc-1")));
	assert_true(str_ends(c->s.finished[0].id, STR("2026-11-24/pc-1")));
}

/* The agent was away for a moment, or the machine was on: nothing was missed. */
static void
a_machine_that_was_on_has_not_skipped_its_slot(void **state)
{
	(void)state;
	SCENE_AUTO c = ready("{\"policy\":\"p\"," NIGHT ",\"missed\":\"skip\"},\"notice\":\"0s\"}");
	scene_run(c, "2026-11-24T12:30:00Z");
	scene_turn(c); /* its check-in */
	off_until(c, "2026-11-24T13:40:00Z");
	scene_run(c, "2026-11-24T18:00:00Z");
	assert_story(c, "install rescan health close:done");
}

static void
a_new_host_has_missed_nothing(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(ASAP("true"));
	scene_now(c, "2026-11-25T01:00:00Z");
	scene_run(c, "2026-11-25T03:00:00Z");
	assert_story(c, "");
}

static void
switched_on_within_the_window_it_starts(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-11-24T15:30:00Z");
	scene_run(c, "2026-11-24T17:00:00Z");
	assert_story(c, "install rescan health close:done");
}

static void
a_unit_is_not_made_up_for_where_no_reboot_is_allowed(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(ASAP("false"));
	c->d.policy.reboot.atomic = true;
	scene_run(c, "2026-11-24T12:00:00Z");
	off_until(c, "2026-11-25T01:00:00Z");
	scene_run(c, "2026-11-25T03:00:00Z");
	assert_story(c, "close:missed");
}

/* ---- reboots ---- */

static void
pain_3_reboot_after_patching_by_mode(void **state)
{
	(void)state;
	static const struct {
		const char *mode;
		bool needed;
		const char *story;
	} rows[] = {
		{ "if-needed", true, "install reboot rescan health close:done" },
		{ "if-needed", false, "install rescan health close:done" },
		{ "always", false, "install reboot rescan health close:done" },
		{ "never", true, "install rescan health close:done" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct str p =
			arena_printf(&a, "{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"reboot\":{\"mode\":\"%s\"}}",
				     rows[i].mode);
		SCENE_AUTO c = ready(p.ptr);
		c->needs_reboot = rows[i].needed;
		scene_run(c, "2026-11-25T00:00:00Z");
		assert_story(c, rows[i].story);
	}
}

static void
pain_4_deferrals_are_limited_then_it_reboots(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(PROMPT);
	c->needs_reboot = c->f.logged_on = true;
	scene_run(c, "2026-11-24T20:00:00Z");
	/* Asked, deferred twice by silence, then by force: three hours after the first question. */
	assert_story(c, "install notify notify notify reboot rescan health close:done");
	assert_int_equal(c->acts[4].at - c->acts[1].at, HOURS(3));
}

static void
an_answer_reboots_at_once(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(PROMPT);
	c->needs_reboot = c->f.logged_on = true;
	scene_run(c, "2026-11-24T13:30:00Z");
	c->f.reboot_consent = true;
	scene_run(c, "2026-11-24T13:40:00Z");
	assert_story(c, "install notify reboot rescan health close:done");
}

static void
questions_go_on_after_the_window_and_end_at_the_deadline(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(PROMPT);
	c->d.policy.reboot.defer = 100;
	c->needs_reboot = c->f.logged_on = true;
	scene_run(c, "2026-11-26T00:00:00Z");
	assert_int_equal(scene_count(c, SLOT_REBOOT), 1);
	for (size_t i = 0; i < c->act_count; i++) {
		if (c->acts[i].act == SLOT_REBOOT)
			assert_in_range(c->acts[i].at - c->acts[1].at, HOURS(24), HOURS(24) + MINUTES(5));
	}
	assert_false(c->f.reboot_needed);
}

static void
pain_5_no_prompt_in_mid_batch_and_one_reboot_for_all(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(PROMPT);
	scene_approve(c, BASH);
	scene_miss(c, BASH);
	c->needs_reboot = true; /* nobody there */
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "install reboot rescan health close:done");
	/* Somebody is: nothing is asked before both are in, and then for one reboot. */
	SCENE_AUTO d = ready(PROMPT);
	scene_approve(d, BASH);
	scene_miss(d, BASH);
	d->needs_reboot = d->f.logged_on = true;
	scene_run(d, "2026-11-25T00:00:00Z");
	assert_story(d, "install notify notify notify reboot rescan health close:done");
	assert_int_equal(d->f.missing_count, 0);
}

static void
pain_7_installs_at_night_and_reboots_in_a_window_of_its_own(void **state)
{
	(void)state;
	SCENE_AUTO c =
		ready("{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"reboot\":{\"windows\":[{\"name\":\"sunday\","
		      "\"weekly\":[\"sun\"],\"at\":\"06:00\",\"for\":\"1h\"}]}}");
	c->needs_reboot = true;
	scene_run(c, "2026-11-30T00:00:00Z");
	assert_story(c, "install rescan health close:reboot-waits reboot rescan health close:done");
	assert_int_equal(c->acts[4].at, at("2026-11-28T21:00:00Z"));
}

static void
reboots_never_exceed_the_policys_number(void **state)
{
	(void)state;
	SCENE_AUTO c = ready("{\"policy\":\"p\"," NIGHT ",\"passes\":{\"until-clean\":true,\"max-reboots\":2}},"
			     "\"notice\":\"0s\"}");
	static const char *const more[] = { "deb:a@1", "deb:b@1", "deb:c@1" };
	size_t next = 0;
	for (size_t i = 0; i < COUNT(more); i++)
		scene_approve(c, more[i]);
	c->needs_reboot = true;
	scene_now(c, "2026-11-24T13:00:00Z");
	while (c->f.now < at("2026-11-24T17:00:00Z") && scene_turn(c)) {
		if (c->o.act == SLOT_REBOOT && next < COUNT(more)) /* each boot brings another */
			scene_miss(c, more[next++]);
		if (c->o.act == SLOT_CLOSE)
			break;
	}
	assert_int_equal(scene_count(c, SLOT_REBOOT), 2);
	assert_int_equal(c->o.reason, SLOT_REBOOTS_USED_UP);
}

static void
a_reboot_that_cures_nothing_is_not_repeated(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new(WARD_PC);
	c->d.expires = INT64_MAX;
	c->stubborn = c->f.reboot_needed = true;
	scene_run(c, "2027-01-25T00:00:00Z");
	assert_int_equal(scene_count(c, SLOT_REBOOT), 1);
}

static void
a_unit_reboots_at_the_last_moment_although_somebody_came(void **state)
{
	(void)state;
	SCENE_AUTO c =
		ready("{\"policy\":\"p\"," NIGHT "},\"notice\":\"0s\",\"reboot\":{\"unit\":\"atomic\",\"logged-on\":"
		      "\"when-idle\"}}");
	c->needs_reboot = true;
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c));
	c->f.logged_on = true;
	while (c->f.now < at("2026-11-24T18:00:00Z")) {
		c->f.idle = MINUTES(1); /* somebody types all the time */
		if (!scene_turn(c))
			c->f.now += MINUTES(5);
	}
	assert_story(c, "install reboot rescan health close:done");
	assert_true(c->acts[1].at < at("2026-11-24T17:00:00Z"));
	assert_true(c->acts[1].at > at("2026-11-24T16:30:00Z"));
}

static void
an_automatic_logon_is_not_use(void **state)
{
	(void)state;
	SCENE_AUTO c =
		ready("{\"policy\":\"p\",\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\"],\"at\":"
		      "\"22:00\",\"for\":\"4h\"}],\"idle-first\":\"10m\"},\"notice\":\"0s\"}");
	c->f.logged_on = true;
	c->f.idle = HOURS(9); /* since the machine logged itself on */
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_int_equal(scene_count(c, SLOT_INSTALL), 1);
}

/* ---- emergency ---- */

#define EMERGENCY \
	"{\"policy\":\"p\"," NIGHT \
	"},\"notice\":\"0s\",\"emergency\":{\"when\":[\"known-exploited\",\"exposed\"],\"within\":" \
	"\"38m\",\"reboot\":\"ward-consents\"}}"

static struct scene *
emergency(void)
{
	struct scene *c = ready(EMERGENCY);

	c->d.patches.items[0].emergency = true;
	c->d.patches.items[0].emergency_by = c->f.now + MINUTES(38);
	c->needs_reboot = true;
	return c;
}

static void
an_emergency_installs_at_once_and_reboots_in_the_window(void **state)
{
	(void)state;
	SCENE_AUTO c = emergency();
	c->staged[0] = false;
	scene_run(c, "2026-11-24T04:00:00Z");
	assert_story(c, "notify stage install rescan health close:reboot-waits");
	assert_true(c->o.reboot_pending);
	assert_int_equal(c->acts[0].reason, SLOT_EMERGENCY);
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "notify stage install rescan health close:reboot-waits reboot rescan health close:done");
}

static void
an_emergency_reboots_when_two_approvers_agree(void **state)
{
	(void)state;
	SCENE_AUTO c = emergency();
	c->d.reboot_consented = true;
	scene_run(c, "2026-11-24T04:00:00Z");
	assert_story(c, "notify install reboot rescan health close:done");
}

static void
an_emergency_respects_holds_and_redundancy(void **state)
{
	(void)state;
	SCENE_AUTO c = emergency();
	c->f.local_hold = STR("surgery");
	scene_run(c, "2026-11-24T04:00:00Z");
	assert_story(c, "");
	assert_int_equal(c->o.reason, SLOT_HELD);
	c->f.local_hold = STR_NONE;
	c->d.lease_needed = true;
	scene_run(c, "2026-11-24T05:00:00Z");
	assert_story(c, "");
	*ARRAY_PUSH(&c->arena, &c->d.leases) =
		(struct directive_lease){ slot_emergency_id(&c->arena, &c->d, HOST), at("2026-11-24T06:00:00Z") };
	scene_run(c, "2026-11-24T06:00:00Z");
	assert_int_equal(scene_count(c, SLOT_INSTALL), 1);
}

/* ---- crashes ---- */

static void
pain_10_killed_at_each_step_no_pass_runs_twice(void **state)
{
	(void)state;
	for (size_t kill = 0; kill < 14; kill++) {
		SCENE_AUTO c =
			ready("{\"policy\":\"p\"," NIGHT "},\"notice\":\"1h\",\"scripts\":{\"pre\":\"a.sh\",\"post\":"
			      "\"b.sh\"}}");
		enum slot_act interrupted;
		c->needs_reboot = true;
		size_t turns = 0;
		while (c->f.now < at("2026-11-26T00:00:00Z")) {
			if (turns++ == kill) {
				/* Made durable, and gone in the act: another boot when it comes back. */
				scene_decide(c);
				slot_begin(&c->s, &c->d, &c->o, &c->f, &c->arena);
				if (c->o.act == SLOT_INSTALL && kill % 2)
					scene_installed(c);
				if (c->o.act != SLOT_WAIT && c->o.act != SLOT_CLOSE) {
					c->acts[c->act_count].act = c->o.act;
					c->acts[c->act_count].pass = c->o.pass;
					c->acts[c->act_count++].at = c->f.now;
				}
				c->f.now += MINUTES(5);
				c->f.boot = arena_printf(&c->arena, "boot-%u", ++c->boots);
				c->f.reboot_needed = false;
				slot_recover(&c->s, &c->f, &c->arena, &interrupted);
				continue;
			}
			if (!scene_turn(c))
				c->f.now = c->o.until ? c->o.until : at("2026-11-26T00:00:00Z");
		}
		assert_int_equal(c->s.slot.len, 0); /* nothing hangs */
		assert_true(scene_count(c, SLOT_REBOOT) <= 2);
		assert_true(scene_count(c, SLOT_INSTALL) <= 1);
		assert_true(scene_count(c, SLOT_PRE_SCRIPT) <= 1);
		assert_true(scene_count(c, SLOT_CLOSE) <= 1);
	}
}

static void
after_a_crash_in_the_installation_nothing_more_is_installed_in_that_slot(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	enum slot_act interrupted;
	scene_now(c, "2026-11-24T13:00:00Z");
	scene_decide(c);
	slot_begin(&c->s, &c->d, &c->o, &c->f, &c->arena);
	assert_true(c->s.begun);
	slot_recover(&c->s, &c->f, &c->arena, &interrupted);
	assert_int_equal(interrupted, SLOT_INSTALL);
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_story(c, "rescan health close:interrupted");
}

static void
a_reboot_that_did_not_happen_is_tried_again_but_not_for_ever(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	enum slot_act interrupted;
	unsigned tries = 0;
	c->needs_reboot = true;
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_true(scene_turn(c));
	for (int i = 0; i < 20; i++) {
		scene_decide(c);
		if (c->o.act != SLOT_REBOOT)
			break;
		tries++;
		slot_begin(&c->s, &c->d, &c->o, &c->f, &c->arena);
		slot_recover(&c->s, &c->f, &c->arena, &interrupted); /* the same boot */
		assert_int_equal(interrupted, SLOT_REBOOT);
	}
	assert_in_range(tries, 2, 5);
}

/* ---- the clock ---- */

static void
a_jump_ahead_is_believed_after_an_hour_or_a_contact(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	scene_turn(c);
	scene_now(c, "2026-12-01T13:30:00Z");
	c->d.expires = INT64_MAX;
	assert_false(scene_turn(c));
	assert_int_equal(c->o.reason, SLOT_CLOCK);
	c->f.now += MINUTES(30);
	assert_false(scene_turn(c));
	c->f.now += MINUTES(30);
	assert_true(scene_turn(c));

	SCENE_AUTO d = ready(WARD_PC);
	scene_turn(d);
	scene_now(d, "2026-12-01T13:30:00Z");
	d->d.expires = INT64_MAX;
	assert_false(scene_turn(d));
	d->f.confirmed = d->f.now;
	while (d->act_count == 0 || d->acts[d->act_count - 1].act == SLOT_CLOSE)
		assert_true(scene_turn(d));
	assert_int_equal(d->acts[d->act_count - 1].act, SLOT_INSTALL);
}

static void
a_clock_set_back_never_opens_a_window_again(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	scene_run(c, "2026-11-25T00:00:00Z");
	scene_miss(c, OPENSSL);
	scene_now(c, "2026-11-24T13:00:00Z");
	assert_false(scene_turn(c));
	assert_int_equal(c->o.reason, SLOT_CLOCK);
	c->f.confirmed = c->f.now; /* also when the server says that it was so: the slot had its turn */
	assert_false(scene_turn(c));
	assert_int_equal(c->o.reason, SLOT_FINISHED);
}

/* ---- pains ---- */

static void
pain_1_third_friday_is_kept(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(
		"{\"policy\":\"p\",\"install\":{\"windows\":[{\"name\":\"third\",\"nth\":[3],\"weekday\":[\"fri\"],"
		"\"at\":\"01:30\",\"for\":\"2h\"}]},\"notice\":\"0s\"}");
	c->d.expires = INT64_MAX;
	scene_run(c, "2026-12-31T00:00:00Z");
	assert_story(c, "install rescan health close:done");
	assert_int_equal(c->acts[0].at, at("2026-12-17T16:30:00Z"));
}

static void
pain_2_recurs_without_hands_with_a_notice_a_day_ahead(void **state)
{
	(void)state;
	SCENE_AUTO c = scene_new("{\"policy\":\"p\"," NIGHT "}}");
	c->d.expires = INT64_MAX;
	scene_approve(c, OPENSSL);
	for (int week = 0; week < 8; week++) {
		char text[TIME_RFC3339_MAX];
		scene_miss(c, OPENSSL);
		scene_run(c, time_rfc3339(at("2026-11-25T00:00:00Z") + DAYS(7 * week), text));
	}
	assert_int_equal(scene_count(c, SLOT_INSTALL), 8);
	assert_int_equal(scene_count(c, SLOT_NOTIFY), 8);
	/* The first was told as soon as it was known, the others a day ahead. */
	assert_int_equal(c->acts[c->act_count - 5].at, at("2027-01-11T13:00:00Z"));
}

static void
pain_11_what_is_said_is_what_happens(void **state)
{
	(void)state;
	SCENE_AUTO c = ready(WARD_PC);
	scene_decide(c);
	int64_t promised = c->o.slot.start;
	assert_int_equal(c->o.patch_count, 1);
	scene_run(c, "2026-11-25T00:00:00Z");
	assert_int_equal(c->acts[0].act, SLOT_INSTALL);
	assert_int_equal(c->acts[0].at, promised);
}

/* ---- properties ---- */

static uint64_t
dice(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
random_facts(struct scene *c, uint64_t *r)
{
	uint64_t d = dice(r);

	c->f.reboot_needed = d & 1;
	c->f.services_need_restart = d >> 1 & 1;
	c->f.logged_on = d >> 2 & 1;
	c->f.idle = (d >> 3 & 3) == 0 ? -1 : (int64_t)(d >> 8 & 0xfffff);
	c->f.disk_short = (d >> 32 & 15) == 0;
	c->f.on_battery = (d >> 36 & 15) == 0;
	c->f.running_process = (d >> 40 & 3) == 0 ? STR("viewer.exe") : STR_NONE;
	c->f.local_hold = (d >> 42 & 15) == 0 ? STR("surgery") : STR_NONE;
	c->f.ward_now = (d >> 46 & 31) == 0;
	c->f.ward_later = (d >> 51 & 31) == 0 ? c->f.now + (int64_t)(d & 0xffffff) : 0;
	c->f.reboot_consent = (d >> 56 & 31) == 0;
	c->f.clock_jumped = (d >> 60) == 0;
	d = dice(r);
	c->f.missing_count = 0;
	for (unsigned i = 0; i < 4; i++) {
		static const char *const names[] = { OPENSSL, BASH, "deb:a@1", "deb:b@1" };
		if (d >> i & 1) {
			scene_miss(c, names[i]);
			c->staged[c->f.missing_count - 1] = d >> (8 + i) & 1;
		}
	}
	c->fails = (d >> 16 & 7) == 0;
	c->unhealthy = (d >> 20 & 15) == 0;
	c->needs_reboot = d >> 24 & 1;
	if ((d >> 32 & 63) == 0)
		c->f.now += (int64_t)(dice(r) % (uint64_t)DAYS(3)) - DAYS(1);
}

static bool
same(const struct slot_decision *a, const struct slot_decision *b)
{
	return a->act == b->act && a->reason == b->reason && a->until == b->until && a->pass == b->pass &&
	       str_eq(a->slot_id, b->slot_id) && a->patch_count == b->patch_count && a->slot.start == b->slot.start;
}

/* Whatever the facts: the same answer twice, with and without cache and after the state went through its file; a wait has
 * an end; no pass of a slot twice; a slot that is finished stays so. */
static void
whatever_the_facts(void **state)
{
	(void)state;
	static const char *const policies[] = { WARD_PC, PROMPT, ASAP("true"), EMERGENCY };
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t r = seed * 0x9e3779b97f4a7c15U;
		SCENE_AUTO c = ready(policies[seed % COUNT(policies)]);
		struct slot_cache cache = { 0 };
		struct str last_slot = STR_NONE;
		unsigned last_pass = 0;
		scene_approve(c, BASH);
		c->d.policy.reboot.atomic = seed & 1;
		c->d.policy.idle_first = seed & 2 ? MINUTES(10) : 0;
		c->d.patches.items[1].emergency = seed & 4;
		c->d.expires = INT64_MAX;
		for (int turn = 0; turn < 300; turn++) {
			struct slot_decision once, twice;
			c->act_count = 0;
			random_facts(c, &r);
			c->f.cache = NULL;
			slot_decide(&c->d, &c->s, &c->f, &c->arena, &once);
			c->f.cache = &cache;
			slot_decide(&c->d, &c->s, &c->f, &c->arena, &twice);
			assert_true(same(&once, &twice));
			assert_true(once.act != SLOT_WAIT || once.until > c->f.now);
			assert_true(slot_why(&c->arena, &c->d, &once, &c->f).len > 0);
			if (once.act == SLOT_INSTALL) {
				assert_false(str_eq(once.slot_id, last_slot) && once.pass <= last_pass);
				last_slot = once.slot_id;
				last_pass = once.pass;
			}
			for (unsigned i = 0; i < c->s.finished_count && once.act != SLOT_WAIT &&
					     once.act != SLOT_STAGE && once.act != SLOT_NOTIFY;
			     i++)
				assert_false(str_eq(c->s.finished[i].id, once.slot_id));
			if (!scene_turn(c))
				c->f.now += (int64_t)(dice(&r) % (uint64_t)HOURS(6));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pain_1_third_friday_is_kept),
		cmocka_unit_test(pain_2_recurs_without_hands_with_a_notice_a_day_ahead),
		cmocka_unit_test(pain_3_reboot_after_patching_by_mode),
		cmocka_unit_test(pain_4_deferrals_are_limited_then_it_reboots),
		cmocka_unit_test(pain_5_no_prompt_in_mid_batch_and_one_reboot_for_all),
		cmocka_unit_test(pain_6_machine_off_at_its_slot_is_patched_afterwards),
		cmocka_unit_test(pain_7_installs_at_night_and_reboots_in_a_window_of_its_own),
		cmocka_unit_test(pain_10_killed_at_each_step_no_pass_runs_twice),
		cmocka_unit_test(pain_11_what_is_said_is_what_happens),
		cmocka_unit_test(made_up_without_a_reboot_it_waits_for_the_window),
		cmocka_unit_test(missed_for_too_long_waits_for_the_next_window),
		cmocka_unit_test(by_the_other_rules_a_missed_slot_is_told_and_the_next_takes_it),
		cmocka_unit_test(switched_on_late_within_the_window_the_rules_differ),
		cmocka_unit_test(skip_holds_where_an_earlier_slot_was_missed_as_well),
		cmocka_unit_test(a_machine_that_was_on_has_not_skipped_its_slot),
		cmocka_unit_test(a_new_host_has_missed_nothing),
		cmocka_unit_test(switched_on_within_the_window_it_starts),
		cmocka_unit_test(a_unit_is_not_made_up_for_where_no_reboot_is_allowed),
		cmocka_unit_test(an_answer_reboots_at_once),
		cmocka_unit_test(questions_go_on_after_the_window_and_end_at_the_deadline),
		cmocka_unit_test(reboots_never_exceed_the_policys_number),
		cmocka_unit_test(a_reboot_that_cures_nothing_is_not_repeated),
		cmocka_unit_test(a_unit_reboots_at_the_last_moment_although_somebody_came),
		cmocka_unit_test(an_automatic_logon_is_not_use),
		cmocka_unit_test(an_emergency_installs_at_once_and_reboots_in_the_window),
		cmocka_unit_test(an_emergency_reboots_when_two_approvers_agree),
		cmocka_unit_test(an_emergency_respects_holds_and_redundancy),
		cmocka_unit_test(after_a_crash_in_the_installation_nothing_more_is_installed_in_that_slot),
		cmocka_unit_test(a_reboot_that_did_not_happen_is_tried_again_but_not_for_ever),
		cmocka_unit_test(a_jump_ahead_is_believed_after_an_hour_or_a_contact),
		cmocka_unit_test(a_clock_set_back_never_opens_a_window_again),
		cmocka_unit_test(whatever_the_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
