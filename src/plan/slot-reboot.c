/* When a reboot goes: mode, limits, who is logged on, the prompt with its deferrals. */
#include "plan/slot-internal.h"

enum { IDLE_MINUTES = 10, LATE_MINUTES = 30 };

bool
slot_reboot_wanted(const struct turn *t)
{
	enum reboot_mode mode = t->p->reboot.mode;

	if (mode == REBOOT_NEVER)
		return false;
	if (mode == REBOOT_ALWAYS && t->in_work && t->s->progress && !t->s->rebooted)
		return true;
	return t->f->reboot_needed && !t->s->reboot_vain;
}

bool
slot_input(const struct turn *t)
{
	int64_t enough = t->p->idle_first ? t->p->idle_first : IDLE_MINUTES * SLOT_MINUTE;

	return t->f->logged_on && t->f->idle >= 0 && t->f->idle < enough;
}

/* So many deferrals, then the deadline; who does not answer defers too. */
static enum go
prompt(struct turn *t, enum slot_reason reason)
{
	const struct reboot_rules *r = &t->p->reboot;
	int64_t every = r->every ? r->every : SLOT_HOUR;

	if (t->s->consent || t->f->reboot_consent || t->f->ward_now || t->kind == SLOT_BY_WARD)
		return GO_ON;
	if (r->deadline && t->s->asked_since && t->now >= t->s->asked_since + r->deadline)
		return GO_ON;
	if (t->s->asks && t->now < t->s->ask_at && !t->f->ward_later) {
		turn_wake(t, r->deadline ? t->s->asked_since + r->deadline : 0);
		return turn_wait(t, reason, t->s->ask_at);
	}
	if (t->f->ward_later > t->now && t->s->asks <= r->defer)
		return turn_wait(t, reason, t->f->ward_later < t->now + every ? t->f->ward_later : t->now + every);
	if (t->s->asks > r->defer)
		return GO_ON;
	turn_act(t, SLOT_NOTIFY, SLOT_REBOOT_WAITS);
	t->out->ask_now = true;
	t->out->ask_later = t->s->asks < r->defer;
	return GO_ACTED;
}

enum go
slot_reboot_people(struct turn *t, enum slot_reason reason, bool must)
{
	const struct reboot_rules *r = &t->p->reboot;
	int64_t enough = t->p->idle_first ? t->p->idle_first : IDLE_MINUTES * SLOT_MINUTE;

	if (!t->f->logged_on)
		return GO_ON;
	if (r->never_logged_on)
		return turn_wait(t, reason, 0);
	if (r->mode == REBOOT_PROMPT && !must)
		return prompt(t, reason);
	if (r->when_idle && !must && t->kind != SLOT_BY_WARD && slot_input(t))
		return turn_wait(t, reason, t->now + enough - t->f->idle);
	return GO_ON;
}

static bool
emergency_may_reboot(const struct turn *t)
{
	switch (t->p->emergency.reboot) {
	case EMERGENCY_REBOOT_FORCE:
		return true;
	case EMERGENCY_REBOOT_CONSENT:
		return t->s->consent || t->f->reboot_consent || t->newest->reboot_consented;
	case EMERGENCY_REBOOT_NEVER:
		break;
	}
	return false;
}

/* May this slot hold a reboot at all? */
static bool
slot_takes_reboots(const struct turn *t)
{
	const struct reboot_rules *r = &t->p->reboot;

	if (t->s->reboots >= t->p->passes.max_reboots)
		return false;
	switch (t->kind) {
	case SLOT_BY_EMERGENCY:
		return emergency_may_reboot(t);
	case SLOT_BY_MISSED:
		return t->p->install.missed_reboot;
	case SLOT_BY_WINDOW:
		return r->atomic || r->windows.windows.count == 0;
	case SLOT_BY_WARD:
	case SLOT_BY_REBOOT:
	case SLOT_KINDS:
		break;
	}
	return true;
}

enum go
slot_reboot(struct turn *t)
{
	const struct reboot_rules *r = &t->p->reboot;
	/* A unit that began is ended, also when somebody came meanwhile: at the last moment, or shortly after the end. */
	bool unit = r->atomic && (t->s->progress || t->s->interrupted);
	int64_t last = t->slot.end + (unit ? LATE_MINUTES * SLOT_MINUTE : 0);
	int64_t end = t->slot.ready_by && t->slot.ready_by < t->slot.end ? t->slot.ready_by : t->slot.end;
	int64_t latest = end - slot_estimate(t, false) - 5 * SLOT_MINUTE;
	enum go go;

	if (!slot_reboot_wanted(t) || !slot_takes_reboots(t) || t->now >= last)
		return GO_ON;
	if (!unit && t->slot.ready_by && t->now + slot_estimate(t, false) > t->slot.ready_by)
		return GO_ON;
	if (t->doubt_until)
		return turn_wait(t, SLOT_CLOCK, t->doubt_until);
	go = slot_holds(t);
	if (go == GO_ON)
		go = slot_lease(t, unit ? SLOT_LEASE_LATE_MS : 0);
	if (go == GO_ON)
		go = slot_reboot_people(t, SLOT_REBOOT_WAITS, unit && t->now >= latest);
	if (go == GO_WAITS && unit)
		turn_wake(t, latest);
	if (go == GO_WAITS)
		turn_wake(t, last);
	return go == GO_ON ? turn_act(t, SLOT_REBOOT, t->kind == SLOT_BY_EMERGENCY ? SLOT_EMERGENCY : SLOT_OPEN) : go;
}
