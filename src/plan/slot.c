/* What a host keeps: before an act, after it, after a crash. */
#include "plan/slot-internal.h"

#include <stdlib.h>

enum { RECOVER_TRIES = 3 };

static const enum slot_step step_of[SLOT_ACTS] = {
	[SLOT_STAGE] = SLOT_STEP_STAGE,           [SLOT_NOTIFY] = SLOT_STEP_TOLD,
	[SLOT_STOP_SERVICES] = SLOT_STEP_STOPPED, [SLOT_PRE_SCRIPT] = SLOT_STEP_PRE,
	[SLOT_WITHDRAW] = SLOT_STEP_WITHDRAW,     [SLOT_INSTALL] = SLOT_STEP_INSTALL,
	[SLOT_POST_SCRIPT] = SLOT_STEP_POST,      [SLOT_RESTART_SERVICES] = SLOT_STEP_SERVICES,
	[SLOT_REBOOT] = SLOT_STEP_REBOOT,         [SLOT_RESCAN] = SLOT_STEP_RESCAN,
	[SLOT_HEALTH] = SLOT_STEP_HEALTH,         [SLOT_START_SERVICES] = SLOT_STEP_STARTED,
};

static enum slot_act
act_of(enum slot_step step)
{
	for (enum slot_act a = SLOT_STAGE; a < SLOT_CLOSE; a++) {
		if (step_of[a] == step)
			return a;
	}
	return SLOT_WAIT;
}

/* ---- begin ---- */

/* Answers of the ward and what asks for a reboot, seen in any turn. */
static bool
take_answers(struct slot_state *s, const struct directive *d, const struct slot_decision *decision,
	     const struct slot_facts *f)
{
	bool changed = false;
	struct turn t = { .newest = d, .own = d, .p = &d->policy, .s = s, .f = f, .now = f->now };
	int64_t at = turn_ward_time(&t), every = d->policy.reboot.every ? d->policy.reboot.every : SLOT_HOUR;

	if (f->reboot_consent && !s->consent)
		s->consent = changed = true;
	if (f->ward_later > f->now && s->asks > 0) { /* about the reboot */
		s->ask_at = f->ward_later < f->now + every ? f->ward_later : f->now + every;
		changed = true;
	} else if (at != s->ward_time) {
		if (f->ward_later > f->now && !f->ward_now)
			s->deferrals++;
		s->ward_time = at;
		changed = true;
	}
	if (f->ward_now && s->asks > 0)
		s->consent = true;
	if (f->reboot_needed != (s->reboot_pending_since != 0)) {
		s->reboot_pending_since = f->reboot_needed ? f->now : 0;
		s->asks = f->reboot_needed ? s->asks : 0;
		s->reboot_vain = s->reboot_vain && f->reboot_needed;
		changed = true;
	}
	(void)decision;
	return changed;
}

static bool
keep_time(struct slot_state *s, const struct directive *d, const struct slot_decision *decision,
	  const struct slot_facts *f, struct arena *a)
{
	bool changed = false;

	if (decision->doubted) {
		bool first = !s->clock_doubt || f->now < s->clock_doubt || f->now - s->clock_doubt > SLOT_DAY;
		/* What lies before the time that was believed waits for that time, not for a grace. */
		if (first && f->now >= s->clock_seen)
			s->clock_doubt = f->now;
		return first;
	}
	changed = s->clock_doubt != 0 || s->clock_seen / SLOT_HOUR != f->now / SLOT_HOUR;
	s->clock_doubt = 0;
	s->clock_seen = f->now;
	if (!str_eq(s->policy, d->policy.name)) {
		s->policy = arena_str(a, d->policy.name);
		changed = true;
	}
	if (!decision->missed_waits)
		s->accounted = f->now;
	return changed;
}

static bool
keep_waited(struct slot_state *s, const struct slot_decision *decision, struct arena *a)
{
	if (!decision->open_id.len)
		return false;
	bool same = str_eq(s->waited, decision->open_id);
	/* That it is too late by now says less than why nothing began in time. */
	if (same && (s->blocked == decision->open_reason ||
		     (s->blocked != SLOT_NOTHING_APPROVED &&
		      (decision->open_reason == SLOT_AFTER_CUTOFF || decision->open_reason == SLOT_TOO_SHORT))))
		return false;
	if (!same)
		s->waited = arena_str(a, decision->open_id);
	s->blocked = decision->open_reason;
	s->waited_start = decision->open_start;
	s->waited_end = decision->open_end;
	return true;
}

static void
finished_add(struct slot_state *s, const struct slot_decision *d, int64_t now, struct arena *a)
{
	struct str id = str_eq(s->slot, d->slot_id) ? s->slot : arena_str(a, d->slot_id);

	if (s->finished_count < SLOT_FINISHED_MAX)
		s->finished_count++;
	memmove(&s->finished[1], &s->finished[0], (s->finished_count - 1) * sizeof(s->finished[0]));
	s->finished[0] = (struct slot_finished){
		id, now, d->reason, d->kind, s->slot.len ? s->pass : 0, s->slot.len ? s->reboots : 0
	};
}

static void
leave_slot(struct slot_state *s)
{
	s->slot = s->boot = STR_NONE;
	s->start = s->end = s->cutoff = s->ready_by = s->serial = s->stamped = 0;
	s->kind = SLOT_BY_WINDOW;
	s->emergency = s->begun = s->pre_done = s->rebooted = s->interrupted = false;
	s->failed_pre = s->failed_health = s->progress = false;
	s->pass = s->reboots = s->failures = s->installed = 0;
	s->step = SLOT_STEP_IDLE;
	s->stopped = (struct str_list){ 0 };
}

/* Its services were stopped and started for other hosts of its system, and that is all: its own turn in this window may
 * still come. */
static bool
only_stepped_aside(const struct slot_state *s, const struct slot_decision *d, int64_t now)
{
	return str_eq(s->slot, d->slot_id) && d->kind == SLOT_BY_WINDOW && d->reason == SLOT_DONE &&
	       s->step == SLOT_STEP_STARTED && s->pass == 0 && now < s->cutoff;
}

static void
begin_close(struct slot_state *s, const struct directive *d, const struct slot_decision *decision, int64_t now,
	    struct arena *a)
{
	if (only_stepped_aside(s, decision, now)) {
		leave_slot(s);
		return;
	}
	finished_add(s, decision, now, a);
	enum slot_reason how = decision->reason;
	if (how == SLOT_BUSY_PROCESS || how == SLOT_BUSY_INPUT || how == SLOT_WARD_CHOOSES) {
		s->skips++;
	} else if (how == SLOT_DONE || how == SLOT_CLEAN) {
		s->skips = s->deferrals = s->asks = 0;
		s->asked_since = s->ask_at = 0;
	} else if (how == SLOT_TOO_SHORT) {
		/* One slow day must not keep a host from its updates for ever. */
		int64_t learned = s->install_ms ? s->install_ms : d->install_estimate;
		s->install_ms = learned - learned / 4;
	}
	if (str_eq(s->waited, decision->slot_id))
		s->waited = STR_NONE;
	if (decision->kind == SLOT_BY_WARD || (s->ward_time && s->ward_time <= now))
		s->ward_time = 0;
	if (s->slot.len && str_eq(s->slot, decision->slot_id))
		leave_slot(s);
}

/* Does this act make its slot the one in work? */
static bool
enters(const struct slot_decision *d)
{
	if (d->act == SLOT_NOTIFY)
		return d->reason == SLOT_EMERGENCY;
	return d->act != SLOT_WAIT && d->act != SLOT_STAGE && d->act != SLOT_CLOSE;
}

static void
begin_notify(struct slot_state *s, const struct directive *d, const struct slot_decision *decision, int64_t now)
{
	int64_t every = d->policy.reboot.every ? d->policy.reboot.every : SLOT_HOUR;

	if (decision->reason == SLOT_REBOOT_WAITS) {
		s->asks++;
		s->ask_at = now + every;
		s->asked_since = s->asked_since ? s->asked_since : now;
	} else if (decision->reason == SLOT_BEFORE_WINDOW) {
		s->told = decision->slot.start;
	} else {
		s->told = now > decision->slot.start ? now : decision->slot.start + 1;
	}
}

static void
begin_step(struct slot_state *s, const struct slot_decision *decision, const struct slot_facts *f, struct arena *a)
{
	if (decision->pass != s->pass) {
		s->pass = decision->pass;
		s->pre_done = s->rebooted = s->progress = false;
	}
	s->step = step_of[decision->act];
	s->begun = true;
	s->stamped = f->now;
	if (!str_eq(s->boot, f->boot))
		s->boot = arena_str(a, f->boot);
	if (decision->act == SLOT_PRE_SCRIPT)
		s->pre_done = true;
	if (decision->act == SLOT_REBOOT)
		s->reboots++;
	if (decision->act != SLOT_STOP_SERVICES)
		return;
	s->stopped = (struct str_list){ 0 };
	for (size_t i = 0; i < decision->services.items.count; i++)
		*ARRAY_PUSH(a, &s->stopped.items) = arena_str(a, decision->services.items.items[i]);
}

bool
slot_begin(struct slot_state *s, const struct directive *d, const struct slot_decision *decision,
	   const struct slot_facts *f, struct arena *a)
{
	const struct directive *own = s->slot.len && f->began ? f->began : d;
	bool changed = take_answers(s, own, decision, f);

	changed |= keep_time(s, own, decision, f, a);
	changed |= keep_waited(s, decision, a);
	if (decision->act == SLOT_WAIT)
		return changed;
	if (decision->act == SLOT_CLOSE) {
		begin_close(s, own, decision, f->now, a);
		return true;
	}
	if (decision->act == SLOT_NOTIFY)
		begin_notify(s, own, decision, f->now);
	if (decision->act == SLOT_STAGE)
		s->stage_tried = f->now; /* a try that ends in a crash is a try */
	if (!s->slot.len && enters(decision)) {
		leave_slot(s);
		s->slot = str_eq(s->waited, decision->slot_id) ? s->waited : arena_str(a, decision->slot_id);
		s->kind = decision->kind;
		s->emergency = decision->kind == SLOT_BY_EMERGENCY;
		s->start = decision->slot.start;
		s->end = decision->slot.end;
		s->cutoff = decision->slot.cutoff;
		s->ready_by = decision->slot.ready_by;
		s->serial = d->serial;
		if (str_eq(s->waited, s->slot))
			s->waited = STR_NONE;
	}
	if (s->slot.len)
		begin_step(s, decision, f, a);
	return true;
}

/* ---- end ---- */

static int64_t
learn(int64_t mean, int64_t took)
{
	return took <= 0 ? mean : mean ? (3 * mean + took) / 4 : took;
}

void
slot_ended(struct slot_state *s, const struct slot_decision *d, const struct slot_result *r, const struct slot_facts *f,
	   struct arena *a)
{
	(void)a;
	s->begun = false;
	switch ((int)d->act) {
	case SLOT_STAGE:
		s->stage_tried = r->ok ? 0 : f->now;
		break;
	case SLOT_PRE_SCRIPT:
		s->failed_pre = !r->ok;
		break;
	case SLOT_WITHDRAW:
		s->progress = s->progress || r->ok;
		break;
	case SLOT_INSTALL:
		s->progress = s->progress || r->installed > 0;
		s->installed += r->installed;
		s->failures += r->failed;
		s->install_ms = learn(s->install_ms, r->took);
		s->reboot_vain = s->reboot_vain && r->installed == 0;
		break;
	case SLOT_STOP_SERVICES:
		s->failed_health = s->failed_health || !r->ok;
		break;
	case SLOT_HEALTH:
		s->failed_health = s->failed_health || !r->ok;
		s->reboot_vain = f->reboot_needed && s->rebooted;
		break;
	case SLOT_START_SERVICES:
		s->failed_health = s->failed_health || !r->ok;
		s->stopped = (struct str_list){ 0 };
		break;
	case SLOT_REBOOT:
		s->reboots -= !r->ok && s->reboots > 0;
		break;
	default:
		break;
	}
}

bool
slot_lease_unused(const struct slot_decision *d)
{
	if (d->act != SLOT_WAIT || !d->open_id.len)
		return false;
	return d->open_reason != SLOT_NO_LEASE && d->open_reason != SLOT_NOT_STAGED && d->open_reason != SLOT_CLOCK;
}

/* ---- after a start ---- */

void
slot_recover(struct slot_state *s, const struct slot_facts *f, struct arena *a, enum slot_act *interrupted)
{
	bool booted = !str_eq(s->boot, f->boot);

	(void)a;
	*interrupted = SLOT_WAIT;
	if (!s->slot.len || !s->begun)
		return;
	s->begun = false;
	if (s->step == SLOT_STEP_REBOOT && booted) {
		s->rebooted = true;
		s->consent = false;
		s->asks = 0;
		s->asked_since = s->ask_at = 0;
		if (f->now > s->stamped && f->now - s->stamped < SLOT_DAY)
			s->reboot_ms = learn(s->reboot_ms, f->now - s->stamped);
		return;
	}
	*interrupted = act_of(s->step);
	switch ((int)s->step) {
	case SLOT_STEP_REBOOT:
		/* This boot is the one before: it never happened, and may be tried again, but not for ever. */
		if (++s->failures < RECOVER_TRIES) {
			s->reboots -= s->reboots > 0;
			s->step = SLOT_STEP_SERVICES;
		}
		break;
	case SLOT_STEP_PRE:
	case SLOT_STEP_WITHDRAW:
	case SLOT_STEP_INSTALL:
		s->interrupted = true; /* missed or finished: the rescan will tell; never once more */
		break;
	case SLOT_STEP_STARTED:
		/* Started twice does no harm, not started does; but a start that kills us is not tried for ever. */
		if (++s->failures >= RECOVER_TRIES) {
			s->failed_health = true;
			s->stopped = (struct str_list){ 0 };
		}
		break;
	case SLOT_STEP_RESCAN:
		s->step = SLOT_STEP_REBOOT;
		break;
	case SLOT_STEP_HEALTH:
		s->step = SLOT_STEP_RESCAN;
		break;
	default:
		break;
	}
}

void
slot_state_copy(struct arena *a, const struct slot_state *from, struct slot_state *to)
{
	struct slot_state s = *from;

	s.slot = arena_str(a, from->slot);
	s.boot = arena_str(a, from->boot);
	s.policy = arena_str(a, from->policy);
	s.waited = arena_str(a, from->waited);
	s.stopped = (struct str_list){ 0 };
	for (size_t i = 0; i < from->stopped.items.count; i++)
		*ARRAY_PUSH(a, &s.stopped.items) = arena_str(a, from->stopped.items.items[i]);
	for (unsigned i = 0; i < from->finished_count; i++)
		s.finished[i].id = arena_str(a, from->finished[i].id);
	*to = s;
}
