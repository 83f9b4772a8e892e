/* Inside a slot: the order of the steps of a pass, the next pass, the end. */
#include "plan/slot-internal.h"

/* A pass begins after these. */
static bool
between_passes(const struct turn *t)
{
	enum slot_step step = t->s->step;

	return !t->in_work || step == SLOT_STEP_IDLE || step == SLOT_STEP_TOLD || step == SLOT_STEP_STOPPED ||
	       step == SLOT_STEP_STAGE || step == SLOT_STEP_HEALTH;
}

static enum go
act(struct turn *t, enum slot_act a)
{
	return turn_act(t, a, t->kind == SLOT_BY_EMERGENCY ? SLOT_EMERGENCY : SLOT_OPEN);
}

static void
find_due(struct turn *t)
{
	struct due due = { 0 };

	if (t->kind != SLOT_BY_REBOOT)
		slot_due(t, t->now, t->kind == SLOT_BY_EMERGENCY, &due);
	t->due = due.patches;
	t->due_count = due.count;
	turn_wake(t, due.later);
}

/* How this slot ended, by what is known now. */
static enum slot_reason
close_reason(const struct turn *t)
{
	const struct slot_state *s = t->s;

	if (s->failed_health)
		return SLOT_HEALTH_FAILED;
	if (s->failed_pre)
		return SLOT_PRE_FAILED;
	if (t->due_count > 0 && s->interrupted)
		return SLOT_INTERRUPTED;
	if (t->due_count > 0 && s->pass > 0 && !s->progress)
		return SLOT_INSTALL_FAILED;
	if (slot_reboot_wanted(t))
		return s->reboots >= t->p->passes.max_reboots ? SLOT_REBOOTS_USED_UP : SLOT_REBOOT_WAITS;
	return SLOT_DONE;
}

/* They run again when the server says so, or when the slot is over: what told us to stop them is silent once that is done. */
static bool
still_stopped_by_order(const struct turn *t)
{
	return t->newest->start_services.count == 0 && t->now < t->slot.end && !slot_directive_over(t);
}

/* The end of the slot; services that were stopped for it run again first. */
static enum go
finish(struct turn *t, enum slot_reason reason)
{
	if (t->s->stopped.items.count > 0) {
		bool fine = reason == SLOT_DONE || reason == SLOT_CLEAN;
		if (fine && still_stopped_by_order(t))
			return turn_wait(t, SLOT_STEPS, t->slot.end);
		act(t, SLOT_START_SERVICES);
		t->out->services = t->s->stopped;
		return GO_ACTED;
	}
	turn_act(t, SLOT_CLOSE, reason);
	t->out->announce = t->kind == SLOT_BY_EMERGENCY;
	return GO_ACTED;
}

static bool
services_to_stop(const struct turn *t)
{
	return t->newest->stop_services.count > 0 && t->s->stopped.items.count == 0 && t->kind != SLOT_BY_REBOOT &&
	       t->s->step != SLOT_STEP_STARTED;
}

/* The first thing of a pass that is still to be done. */
static enum go
first_act(struct turn *t)
{
	bool fresh = between_passes(t);
	bool withdraw = t->f->removable_count > 0 && t->kind != SLOT_BY_REBOOT;

	if (fresh && services_to_stop(t)) {
		act(t, SLOT_STOP_SERVICES);
		t->out->services.items.items = t->newest->stop_services.items;
		t->out->services.items.count = t->newest->stop_services.count;
		return GO_ACTED;
	}
	if (fresh)
		t->out->pass = t->s->pass + 1;
	if (t->due_count == 0 && !withdraw)
		return fresh ? slot_reboot(t) : GO_ON;
	if (fresh && t->p->scripts.pre.len)
		return act(t, SLOT_PRE_SCRIPT);
	if (withdraw && (fresh || t->s->step == SLOT_STEP_PRE)) {
		act(t, SLOT_WITHDRAW);
		t->out->patches = arena_alloc(t->a, t->f->removable_count, sizeof(struct str));
		memcpy(t->out->patches, t->f->removable, t->f->removable_count * sizeof(struct str));
		t->out->patch_count = t->f->removable_count;
		return GO_ACTED;
	}
	return t->due_count > 0 ? act(t, SLOT_INSTALL) : GO_ON;
}

/* Is there a reason for a pass, or for keeping the slot? */
static bool
work_to_do(struct turn *t)
{
	return t->due_count > 0 || (t->f->removable_count > 0 && t->kind != SLOT_BY_REBOOT) || services_to_stop(t) ||
	       slot_reboot_wanted(t);
}

enum go
slot_pass_start(struct turn *t)
{
	enum go go;

	find_due(t);
	if (!work_to_do(t))
		return GO_ON;
	if (t->kind == SLOT_BY_EMERGENCY && t->due_count > 0 && !t->in_work) {
		go = slot_may_start(t);
		/* Loudly, before anything happens; the download need not wait for that. */
		if (go != GO_ON && !(go == GO_ACTED && t->out->act == SLOT_STAGE))
			return go;
		turn_act(t, SLOT_NOTIFY, SLOT_EMERGENCY);
		t->out->ask_hold = true;
		t->out->ask_now = t->p->emergency.reboot == EMERGENCY_REBOOT_CONSENT;
		return GO_ACTED;
	}
	go = slot_may_start(t);
	return go == GO_ON ? first_act(t) : go;
}

/* A pass of this slot was to start and cannot: wait inside the slot, or end it. */
static void
start_or_finish(struct turn *t)
{
	enum go go;
	enum slot_reason reason;

	find_due(t);
	if (t->now >= t->slot.cutoff || !work_to_do(t)) {
		reason = close_reason(t);
		finish(t, t->due_count && reason == SLOT_DONE ? SLOT_AFTER_CUTOFF : reason);
		return;
	}
	go = slot_pass_start(t);
	if (go == GO_ON) { /* a reboot that is not to be in this slot */
		finish(t, close_reason(t));
		return;
	}
	reason = t->out->reason;
	if (go == GO_ACTED) {
		if (t->out->act == SLOT_CLOSE) /* its services run again first */
			finish(t, reason);
		return;
	}
	if (reason == SLOT_TOO_SHORT || reason == SLOT_REBOOTS_USED_UP || reason == SLOT_DIRECTIVE_EXPIRED ||
	    reason == SLOT_AFTER_CUTOFF)
		finish(t, reason);
}

/* After the health check: another pass? */
static void
next_pass(struct turn *t)
{
	const struct slot_state *s = t->s;

	find_due(t);
	if (s->failed_health || s->failed_pre || s->interrupted || !s->progress || t->due_count == 0 ||
	    slot_reboot_wanted(t) || s->pass >= SLOT_PASSES_MAX || !t->p->passes.until_clean) {
		finish(t, close_reason(t));
		return;
	}
	start_or_finish(t);
}

static void
after_install(struct turn *t)
{
	enum go go;

	find_due(t);
	go = slot_reboot(t);
	if (go != GO_ON)
		return;
	if (t->f->services_need_restart && t->s->step != SLOT_STEP_SERVICES && !slot_reboot_wanted(t)) {
		act(t, SLOT_RESTART_SERVICES);
		return;
	}
	act(t, SLOT_RESCAN);
}

/* PRE or WITHDRAW is over: on with the same pass, unless it failed or time ran out meanwhile. */
static void
middle(struct turn *t)
{
	const struct slot_state *s = t->s;
	enum go go;

	find_due(t);
	if (!s->failed_pre && !s->interrupted && t->now < t->slot.cutoff && !slot_directive_over(t)) {
		go = slot_holds(t);
		if (go == GO_WAITS)
			return;
		if (first_act(t) != GO_ON)
			return;
	}
	if (t->p->scripts.post.len && s->pre_done)
		act(t, SLOT_POST_SCRIPT);
	else
		after_install(t);
}

void
slot_in_work(struct turn *t)
{
	t->out->pass = t->s->pass;
	switch (t->s->step) {
	case SLOT_STEP_IDLE:
	case SLOT_STEP_TOLD:
	case SLOT_STEP_STOPPED:
	case SLOT_STEP_STAGE:
		start_or_finish(t);
		break;
	case SLOT_STEP_PRE:
	case SLOT_STEP_WITHDRAW:
		middle(t);
		break;
	case SLOT_STEP_INSTALL:
		if (t->p->scripts.post.len)
			act(t, SLOT_POST_SCRIPT);
		else
			after_install(t);
		break;
	case SLOT_STEP_POST:
	case SLOT_STEP_SERVICES:
		after_install(t);
		break;
	case SLOT_STEP_REBOOT:
		act(t, SLOT_RESCAN);
		break;
	case SLOT_STEP_RESCAN:
		act(t, SLOT_HEALTH);
		break;
	case SLOT_STEP_HEALTH:
		next_pass(t);
		break;
	case SLOT_STEP_STARTED:
	case SLOT_STEPS_ALL:
		find_due(t);
		finish(t, close_reason(t));
		break;
	}
}
