/* What must be true before a pass starts. Each check gives its reason; their order is the order in which people would ask. */
#include "plan/slot-internal.h"

enum { STAGE_AGAIN_MINUTES = 15, UNKNOWN_MINUTES = 30 };

int64_t
slot_estimate(const struct turn *t, bool with_install)
{
	int64_t install = t->s->install_ms ? t->s->install_ms : t->own->install_estimate;
	int64_t reboot = t->s->reboot_ms ? t->s->reboot_ms : t->own->reboot_estimate;
	int64_t sum = (with_install ? install : 0) + (t->p->reboot.mode != REBOOT_NEVER ? reboot : 0);

	/* A unit needs room for its reboot also where nothing was learned yet. */
	if (install == 0 && with_install && t->p->reboot.atomic && t->p->reboot.mode != REBOOT_NEVER) {
		int64_t quarter = (t->slot.end - t->slot.start) / 4;
		return quarter < UNKNOWN_MINUTES * SLOT_MINUTE ? quarter : UNKNOWN_MINUTES * SLOT_MINUTE;
	}
	return sum + sum / 2; /* half as much again: a mean is exceeded every other time */
}

bool
slot_directive_over(const struct turn *t)
{
	return t->newest->expires && t->now >= t->newest->expires;
}

static void
held_by(struct turn *t, struct str why, struct str by, int64_t until)
{
	if (!t->said)
		t->out->held_until = until;
	turn_detail(t, why, by);
}

bool
slot_held(struct turn *t, int64_t at, int64_t *until)
{
	const struct directive *d = t->newest;

	if (t->f->local_hold.len && (t->f->local_hold_until == 0 || t->f->local_hold_until > at)) {
		*until = t->f->local_hold_until;
		held_by(t, t->f->local_hold, STR_NONE, *until);
		return true;
	}
	for (size_t i = 0; i < d->holds.count; i++) {
		const struct directive_hold *h = &d->holds.items[i];
		if (h->until && h->until <= at)
			continue;
		*until = h->until;
		held_by(t, h->why, h->by, h->until);
		return true;
	}
	return false;
}

enum go
slot_holds(struct turn *t)
{
	int64_t until = 0;

	return slot_held(t, t->now, &until) ? turn_wait(t, SLOT_HELD, until) : GO_ON;
}

enum go
slot_lease(struct turn *t, int64_t late)
{
	const struct directive *d = t->newest;

	if (!d->lease_needed)
		return GO_ON;
	for (size_t i = 0; i < d->leases.count; i++) {
		if (d->leases.items[i].until + late > t->now && str_eq(d->leases.items[i].slot, t->id))
			return GO_ON;
	}
	return turn_wait(t, SLOT_NO_LEASE, 0);
}

/* Before the cutoff, and long enough for what was learned. */
static enum go
check_time(struct turn *t)
{
	int64_t limit = t->slot.cutoff;

	if (t->now >= t->slot.cutoff)
		return t->in_work ? GO_ON : turn_wait(t, SLOT_AFTER_CUTOFF, t->slot.end);
	if (t->kind == SLOT_BY_EMERGENCY || t->kind == SLOT_BY_REBOOT)
		return GO_ON;
	if (t->slot.ready_by && t->slot.ready_by < limit)
		limit = t->slot.ready_by;
	if (t->now + slot_estimate(t, t->due_count > 0) > limit)
		return turn_wait(t, SLOT_TOO_SHORT, 0);
	return GO_ON;
}

/* Install and reboot are one unit: what would leave its reboot for later does not begin. */
static enum go
check_unit(struct turn *t)
{
	const struct reboot_rules *r = &t->p->reboot;

	if (r->mode == REBOOT_NEVER || t->kind == SLOT_BY_EMERGENCY)
		return GO_ON;
	if (t->s->reboots >= t->p->passes.max_reboots && t->in_work && t->s->pass > 0)
		return turn_wait(t, SLOT_REBOOTS_USED_UP, 0);
	if (!r->atomic || t->due_count == 0)
		return GO_ON;
	if (t->p->passes.max_reboots == 0 || (t->kind == SLOT_BY_MISSED && !t->p->install.missed_reboot))
		return turn_wait(t, SLOT_ATOMIC, 0);
	return slot_reboot_people(t, SLOT_ATOMIC, false);
}

/* Skipped too often: what then. */
static enum go
busy_then(struct turn *t, enum busy_then then, enum slot_reason reason)
{
	switch (then) {
	case BUSY_PROCEED:
		return GO_ON;
	case BUSY_WARD_CHOOSES:
		if (t->s->told > t->slot.start || t->f->ward_now)
			return turn_wait(t, SLOT_WARD_CHOOSES, 0);
		turn_act(t, SLOT_NOTIFY, SLOT_WARD_CHOOSES);
		t->out->ask_now = t->out->ask_later = true;
		return GO_ACTED;
	case BUSY_SKIP:
		break;
	}
	/* This occasion is over: the next slot is the next try. */
	return turn_act(t, SLOT_CLOSE, reason);
}

static enum go
check_process(struct turn *t)
{
	const struct busy_rules *b = &t->p->busy;
	int64_t patience = t->slot.start + b->up_to;

	if (!t->f->running_process.len)
		return GO_ON;
	turn_detail(t, t->f->running_process, STR_NONE);
	if (b->skips > 0 && t->s->skips >= b->skips)
		return busy_then(t, b->afterwards, SLOT_BUSY_PROCESS);
	if (t->now < patience)
		return turn_wait(t, SLOT_BUSY_PROCESS, patience);
	return busy_then(t, b->then, SLOT_BUSY_PROCESS);
}

static enum go
check_input(struct turn *t)
{
	const struct busy_rules *b = &t->p->busy;

	/* Measured by input: whom the system logged on by itself and who touches nothing does not count. */
	if (t->p->idle_first == 0 || t->f->idle < 0 || t->f->idle >= t->p->idle_first)
		return GO_ON;
	if (b->skips > 0 && t->s->skips >= b->skips && b->afterwards != BUSY_SKIP)
		return busy_then(t, b->afterwards, SLOT_BUSY_INPUT);
	return turn_wait(t, SLOT_BUSY_INPUT, t->now + t->p->idle_first - t->f->idle);
}

/* Nothing is downloaded while patients wait for the line, but what is missing now is worth another try. */
static enum go
check_staged(struct turn *t)
{
	struct due due;

	if (t->due_count == 0)
		return GO_ON;
	slot_due(t, t->now, t->kind == SLOT_BY_EMERGENCY, &due);
	if (due.staged == due.count)
		return GO_ON;
	if (t->s->stage_tried == 0 || t->now - t->s->stage_tried >= STAGE_AGAIN_MINUTES * SLOT_MINUTE) {
		t->due = due.patches + due.staged;
		t->due_count = due.count - due.staged;
		return turn_act(t, SLOT_STAGE, t->kind == SLOT_BY_EMERGENCY ? SLOT_EMERGENCY : SLOT_NOT_STAGED);
	}
	if (due.staged == 0)
		return turn_wait(t, SLOT_NOT_STAGED, t->s->stage_tried + STAGE_AGAIN_MINUTES * SLOT_MINUTE);
	t->due = due.patches;
	t->due_count = due.staged;
	return GO_ON;
}

static enum go
check_machine(struct turn *t)
{
	if (t->due_count == 0)
		return GO_ON;
	if (t->f->disk_short)
		return turn_wait(t, SLOT_DISK_FULL, 0);
	return t->f->on_battery ? turn_wait(t, SLOT_BATTERY, 0) : GO_ON;
}

static enum go
check_directive(struct turn *t)
{
	return slot_directive_over(t) ? turn_wait(t, SLOT_DIRECTIVE_EXPIRED, 0) : GO_ON;
}

static enum go
check_clock(struct turn *t)
{
	return t->doubt_until ? turn_wait(t, SLOT_CLOCK, t->doubt_until) : GO_ON;
}

static enum go
check_lease(struct turn *t)
{
	return slot_lease(t, 0);
}

/* The ward put this slot off. */
static enum go
check_ward(struct turn *t)
{
	int64_t at = turn_ward_time(t);

	return at > t->now ? turn_wait(t, SLOT_WARD_CHOSE, at) : GO_ON;
}

enum go
slot_may_start(struct turn *t)
{
	static const struct {
		enum go (*check)(struct turn *t);
		unsigned kinds; /* bit: enum slot_kind */
	} checks[] = {
#define BY(kind) (1U << SLOT_BY_##kind)
#define BY_ALL (BY(WINDOW) | BY(EMERGENCY) | BY(MISSED) | BY(WARD) | BY(REBOOT))
		{ check_clock, BY_ALL },
		{ check_directive, BY_ALL },
		{ slot_holds, BY_ALL },
		{ check_time, BY_ALL },
		{ check_ward, BY(WINDOW) | BY(MISSED) },
		{ check_lease, BY_ALL },
		{ check_staged, BY_ALL },
		{ check_process, BY(WINDOW) | BY(MISSED) },
		{ check_input, BY(WINDOW) | BY(MISSED) },
		{ check_machine, BY_ALL },
		{ check_unit, BY_ALL },
	};
	for (size_t i = 0; i < COUNT(checks); i++) {
		enum go go = checks[i].kinds >> t->kind & 1 ? checks[i].check(t) : GO_ON;
		if (go != GO_ON)
			return go;
	}
	return GO_ON;
}
