/* One turn: is the clock believed, is a slot in work, else which slot could begin, else what is prepared for the next. */
#include "plan/slot-internal.h"

enum {
	CLOCK_BACK_MINUTES = 10,
	CLOCK_GRACE_HOURS = 1,
	LOOK_AGAIN_HOURS = 12, /* a host that hears nothing still looks at its clock */
	MISSED_MAX = 32,
	OPEN_MAX = 16,
	EMERGENCY_HOURS = 2, /* a host that was off when the time of the rule ran out */
	WARD_HOURS = 4,
	REBOOT_HOURS = 2,
	STAGE_LEAD_HOURS = 6,
	STAGE_AGAIN_HOURS = 1,
	/* A host that is on looks at its windows in time, and keeps its clock durably at least once an hour. */
	LATE_MINUTES = 15,
	ABSENT_MINUTES = 90,
};

/* ---- the clock ---- */

static int64_t
clock_doubt(const struct turn *t)
{
	const struct slot_state *s = t->s;
	int64_t now = t->now, from = s->clock_doubt;

	if (t->f->confirmed && now - t->f->confirmed <= SLOT_DAY &&
	    now - t->f->confirmed >= -CLOCK_BACK_MINUTES * SLOT_MINUTE)
		return 0;
	if (s->clock_seen && now < s->clock_seen - CLOCK_BACK_MINUTES * SLOT_MINUTE)
		return s->clock_seen;
	bool jumped = t->f->clock_jumped || (s->clock_seen && now - s->clock_seen > SLOT_DAY);
	if (from && (now < from || now - from > SLOT_DAY))
		from = now; /* it jumped again */
	else if (!from && jumped)
		from = now;
	return from && now < from + CLOCK_GRACE_HOURS * SLOT_HOUR ? from + CLOCK_GRACE_HOURS * SLOT_HOUR : 0;
}

/* ---- the calendar ---- */

static struct calendar_world
world_of(const struct turn *t)
{
	return (struct calendar_world){ t->f->device, t->own->zones, t->own->zone_count, &t->own->lists };
}

static void
cache_fill(struct turn *t, struct slot_cache *c)
{
	const struct calendar_rules *r = &t->p->install, *reboot = &t->p->reboot.windows;
	struct calendar_world world = world_of(t);
	struct slot open[OPEN_MAX];
	size_t count = calendar_slots(r, &world, t->f->host, t->now, t->now + 1, open, COUNT(open));

	*c = (struct slot_cache){ .directive = t->own, .windows = r->windows.items, .device = t->f->device };
	c->serial = t->own->serial;
	c->from = t->now;
	c->until = INT64_MAX;
	for (size_t i = count; i > 0 && c->open_count < COUNT(c->open); i--)
		c->open[c->open_count++] = open[i - 1];
	for (size_t i = 0; i < count; i++)
		c->until = open[i].end < c->until ? open[i].end : c->until;
	c->has_next = calendar_next(r, &world, t->f->host, t->now, &c->next);
	if (c->has_next && c->next.start < c->until)
		c->until = c->next.start;
	if (reboot->windows.count == 0)
		return;
	c->has_reboot = calendar_slots(reboot, &world, t->f->host, t->now, t->now + 1, &c->reboot, 1) > 0;
	if (c->has_reboot && c->reboot.end < c->until)
		c->until = c->reboot.end;
	c->has_reboot_next = calendar_next(reboot, &world, t->f->host, t->now, &c->reboot_next);
	if (c->has_reboot_next && c->reboot_next.start < c->until)
		c->until = c->reboot_next.start;
}

static bool
cache_fits(const struct turn *t, const struct slot_cache *c)
{
	return c->directive == t->own && c->windows == t->p->install.windows.items && c->device == t->f->device &&
	       c->serial == t->own->serial && c->from <= t->now && t->now < c->until;
}

/* ---- which slot could begin ---- */

static enum go
try_slot(struct turn *t, enum slot_kind kind, const struct slot *slot, struct str id)
{
	t->kind = kind;
	t->slot = *slot;
	t->id = id;
	if (slot_is_finished(t->s, id))
		return GO_ON;
	return slot_pass_start(t);
}

static struct slot
slot_without_window(int64_t start, int64_t length)
{
	return (struct slot){ .start = start, .end = start + length, .cutoff = start + length };
}

static struct str
made_id(const struct turn *t, const char *what, int64_t number)
{
	return arena_printf(t->a, "%.*s/%s/%lld/%.*s", STR_ARG(t->p->name), what, (long long)number,
			    STR_ARG(t->f->host));
}

static enum go
try_emergency(struct turn *t)
{
	int64_t by = 0;
	bool due = false;

	if (!t->p->emergency.set)
		return GO_ON;
	for (size_t i = 0; i < t->newest->patches.count; i++) {
		const struct directive_patch *p = &t->newest->patches.items[i];
		due = due || (p->emergency && p->since <= t->now);
		by = p->emergency && p->emergency_by > by ? p->emergency_by : by;
	}
	if (!due)
		return GO_ON;
	struct slot slot = slot_without_window(t->now, EMERGENCY_HOURS * SLOT_HOUR);
	if (by > slot.end)
		slot.end = slot.cutoff = by;
	return try_slot(t, SLOT_BY_EMERGENCY, &slot, slot_emergency_id(t->a, t->newest, t->f->host));
}

static enum go
try_ward(struct turn *t)
{
	int64_t at = turn_ward_time(t);

	if (at == 0 || at > t->now || at + (WARD_HOURS - 1) * SLOT_HOUR <= t->now)
		return GO_ON;
	struct slot slot = slot_without_window(at, WARD_HOURS * SLOT_HOUR);
	slot.cutoff -= SLOT_HOUR;
	return try_slot(t, SLOT_BY_WARD, &slot, made_id(t, "ward", at / SLOT_MINUTE));
}

/* A slot that came and went while the machine was off, and that has something to make up for. */
static bool
find_missed(const struct turn *t, struct slot *out)
{
	struct slot passed[MISSED_MAX];
	struct calendar_world world = world_of(t);
	int64_t from = t->s->accounted;
	bool found = false;

	/* Nothing starts or ends within the stretch that the cache is about. */
	if (from == 0 || from >= t->now || from >= t->c->from || !str_eq(t->s->policy, t->p->name))
		return false;
	if (t->now - from > 60 * SLOT_DAY)
		from = t->now - 60 * SLOT_DAY;
	size_t count = calendar_slots(&t->p->install, &world, t->f->host, from, t->now, passed, MISSED_MAX);
	for (size_t i = 0; i < count; i++) {
		struct slot *s = &passed[i];
		struct str id = slot_id(t->a, t->p->name, s, t->f->host);
		if (s->start <= from || s->end > t->now || slot_is_finished(t->s, id) || str_eq(t->s->waited, id))
			continue;
		*out = *s;
		found = true;
	}
	return found;
}

static enum go
try_missed(struct turn *t)
{
	const struct calendar_rules *r = &t->p->install;
	bool unit = t->p->reboot.atomic && t->p->reboot.mode != REBOOT_NEVER && !r->missed_reboot;
	struct slot slot;
	struct due due;
	int64_t until;

	if (!find_missed(t, &slot))
		return GO_ON;
	slot_due(t, t->now, false, &due);
	if (due.count == 0)
		return GO_ON;
	t->kind = SLOT_BY_MISSED;
	t->id = slot_id(t->a, t->p->name, &slot, t->f->host);
	until = slot.end + r->missed_within;
	if (t->c->has_next && t->c->next.start < until)
		until = t->c->next.start;
	if (r->missed != MISSED_ASAP || unit || until <= t->now || t->c->open_count > 0) {
		t->slot = slot;
		return turn_act(t, SLOT_CLOSE, SLOT_MISSED);
	}
	t->out->missed_waits = true;
	slot.start = t->now;
	slot.end = slot.cutoff = until;
	slot.ready_by = 0;
	return try_slot(t, SLOT_BY_MISSED, &slot, t->id);
}

/* The open window of before is over and nothing was begun in it: say how it ended. */
static enum go
close_waited(struct turn *t)
{
	const struct slot_state *s = t->s;

	if (!s->waited.len || t->now < s->waited_end || s->blocked == SLOT_NOTHING_APPROVED ||
	    s->blocked == SLOT_FINISHED || slot_is_finished(s, s->waited))
		return GO_ON;
	t->kind = SLOT_BY_WINDOW;
	t->slot = slot_without_window(s->waited_start, s->waited_end - s->waited_start);
	t->id = s->waited;
	return turn_act(t, SLOT_CLOSE, s->blocked);
}

/* A reboot that an earlier slot left: agreed to, asked for, or in its own window. */
static enum go
try_reboot(struct turn *t)
{
	const struct slot_state *s = t->s;
	const struct reboot_rules *r = &t->p->reboot;
	enum go go;

	if (!slot_reboot_wanted(t) || s->reboot_pending_since == 0)
		return GO_ON;
	if (r->windows.windows.count > 0 && !r->atomic) {
		if (!t->c->has_reboot)
			return GO_ON;
		struct str id = slot_id(t->a, arena_printf(t->a, "%.*s/reboot", STR_ARG(t->p->name)), &t->c->reboot,
					t->f->host);
		return try_slot(t, SLOT_BY_REBOOT, &t->c->reboot, id);
	}
	bool agreed = s->consent || t->f->reboot_consent;
	bool asked = r->mode == REBOOT_PROMPT && s->asks > 0;
	if (!agreed && !asked)
		return GO_ON;
	struct slot slot = slot_without_window(t->now, REBOOT_HOURS * SLOT_HOUR);
	go = try_slot(t, SLOT_BY_REBOOT, &slot, made_id(t, "reboot", s->reboot_pending_since / SLOT_MINUTE));
	return go;
}

/* The policy says skip, and the machine was off when this slot began: whoever switches it on at night wants to use it. */
static enum go
skip_late(struct turn *t, const struct slot *slot, struct str id)
{
	int64_t seen = t->s->accounted;
	struct due due;

	if (seen == 0 || seen >= slot->start || slot_is_finished(t->s, id) || !str_eq(t->s->policy, t->p->name) ||
	    t->now - seen <= ABSENT_MINUTES * SLOT_MINUTE || t->now - slot->start <= LATE_MINUTES * SLOT_MINUTE)
		return GO_ON;
	slot_due(t, t->now, false, &due);
	if (due.count == 0 && !slot_reboot_wanted(t))
		return GO_ON;
	t->kind = SLOT_BY_MISSED;
	t->slot = *slot;
	t->id = id;
	t->out->missed_waits = true; /* those that passed meanwhile are still to be told */
	return turn_act(t, SLOT_CLOSE, SLOT_MISSED);
}

/* Before anything else, since whatever is done is a sign of life. */
static enum go
try_skip(struct turn *t)
{
	const struct slot_cache *c = t->c;
	enum go go = GO_ON;

	for (unsigned i = 0; t->p->install.missed == MISSED_SKIP && i < c->open_count && go != GO_ACTED; i++)
		go = skip_late(t, &c->open[i], slot_id(t->a, t->p->name, &c->open[i], t->f->host));
	return go;
}

static enum go
try_windows(struct turn *t)
{
	const struct slot_cache *c = t->c;
	enum go go = GO_ON;

	for (unsigned i = 0; i < c->open_count && go != GO_ACTED; i++) {
		struct str id = slot_id(t->a, t->p->name, &c->open[i], t->f->host);
		go = try_slot(t, SLOT_BY_WINDOW, &c->open[i], id);
		if (go == GO_ON && t->out->open_id.len == 0 && !slot_is_finished(t->s, id)) {
			t->out->open_id = id;
			t->out->open_reason = SLOT_NOTHING_APPROVED;
			t->out->open_start = c->open[i].start;
			t->out->open_end = c->open[i].end;
		}
	}
	return go == GO_ACTED ? GO_ACTED : GO_ON;
}

/* ---- before the next window ---- */

static enum go
prepare(struct turn *t, struct due *due)
{
	int64_t lead = t->p->notice > 0 ? t->p->notice : STAGE_LEAD_HOURS * SLOT_HOUR;
	int64_t first = t->slot.start - lead;
	int64_t stage = first + (int64_t)(str_hash(t->f->host, (uint64_t)t->slot.start) % (uint64_t)(lead / 2 + 1));
	int64_t again = t->s->stage_tried ? t->s->stage_tried + STAGE_AGAIN_HOURS * SLOT_HOUR : 0;

	if (t->doubt_until || slot_directive_over(t))
		return GO_ON;
	if (t->p->notice > 0 && t->s->told < t->slot.start && (due->count > 0 || slot_reboot_wanted(t))) {
		if (t->now >= first) {
			turn_act(t, SLOT_NOTIFY, SLOT_BEFORE_WINDOW);
			t->out->ask_now = t->out->ask_hold = true;
			t->out->ask_later = t->s->deferrals < t->p->reboot.defer;
			return GO_ACTED;
		}
		turn_wake(t, first);
	}
	if (due->staged == due->count)
		return GO_ON;
	turn_wake(t, stage);
	turn_wake(t, again);
	if (t->now < stage || t->now < again)
		return GO_ON;
	t->due = due->patches + due->staged;
	t->due_count = due->count - due->staged;
	return turn_act(t, SLOT_STAGE, SLOT_BEFORE_WINDOW);
}

static enum slot_reason
ahead_reason(struct turn *t, const struct due *due)
{
	int64_t until = 0;

	if (t->doubt_until)
		return SLOT_CLOCK;
	if (due->count == 0 && !slot_reboot_wanted(t))
		return t->f->missing_count > 0 ? SLOT_NOTHING_APPROVED : SLOT_CLEAN;
	/* Each contact renews it: a window that is farther away than it reaches is no reason to worry before its end is near. */
	if (slot_directive_over(t) || (t->out->expires_soon && t->c->has_next && t->newest->expires <= t->slot.start))
		return SLOT_DIRECTIVE_EXPIRED;
	if (slot_held(t, t->c->has_next ? t->slot.start : t->now, &until)) {
		turn_wake(t, until);
		return SLOT_HELD;
	}
	if (!t->c->has_next)
		return SLOT_NO_WINDOW;
	if (turn_ward_time(t) > t->now) {
		turn_wake(t, turn_ward_time(t));
		return SLOT_WARD_CHOSE;
	}
	return t->c->open_count > 0 && !t->out->open_id.len ? SLOT_FINISHED : SLOT_BEFORE_WINDOW;
}

static void
ahead(struct turn *t)
{
	struct slot_cache *c = t->c;
	struct due due;

	t->kind = SLOT_BY_WINDOW;
	t->slot = c->has_next ? c->next : (struct slot){ 0 };
	t->id = STR_NONE;
	slot_due(t, c->has_next ? c->next.start : t->now, false, &due);
	t->due = due.patches;
	t->due_count = due.count;
	turn_wake(t, due.later);
	if (c->has_next && prepare(t, &due) == GO_ACTED) {
		t->out->slot_id = slot_id(t->a, t->p->name, &c->next, t->f->host);
		return;
	}
	turn_wake(t, c->until);
	if (c->has_reboot_next && slot_reboot_wanted(t))
		turn_wake(t, c->reboot_next.start);
	if (t->said)
		return;
	enum slot_reason reason = ahead_reason(t, &due);
	if (c->has_next)
		t->id = slot_id(t->a, t->p->name, &c->next, t->f->host);
	turn_wait(t, reason, c->has_next ? c->next.start : 0);
}

static void
outside(struct turn *t)
{
	static enum go (*const tries[])(struct turn * t) = { try_skip,   close_waited, try_emergency, try_ward,
							     try_missed, try_reboot,   try_windows };

	for (size_t i = 0; i < COUNT(tries); i++) {
		if (t->doubt_until)
			break;
		if (tries[i](t) == GO_ACTED)
			return;
	}
	if (t->doubt_until)
		turn_wake(t, t->doubt_until);
	ahead(t);
}

static void
work(struct turn *t)
{
	const struct slot_state *s = t->s;

	t->in_work = true;
	t->kind = s->kind;
	t->id = s->slot;
	t->slot = (struct slot){ .start = s->start, .end = s->end, .cutoff = s->cutoff, .ready_by = s->ready_by };
	if (s->begun) { /* the caller still does it */
		turn_act(t, SLOT_WAIT, SLOT_OPEN);
		t->out->pass = s->pass;
		return;
	}
	slot_in_work(t);
}

static int64_t
expires_soon(const struct directive *d, int64_t now)
{
	int64_t ahead = (d->expires - d->issued) / 4;

	return d->expires && now < d->expires && d->expires - now <= ahead ? d->expires : 0;
}

void
slot_decide(const struct directive *d, const struct slot_state *s, const struct slot_facts *f, struct arena *a,
	    struct slot_decision *out)
{
	struct slot_cache mine = { 0 };
	const struct directive *own = s->slot.len && f->began ? f->began : d;
	struct turn t = { .newest = d, .own = own, .p = &own->policy, .s = s, .f = f, .a = a, .out = out };

	*out = (struct slot_decision){ .act = SLOT_WAIT };
	t.now = f->now;
	t.c = f->cache ? f->cache : &mine;
	t.doubt_until = clock_doubt(&t);
	out->doubted = t.doubt_until != 0;
	out->expires_soon = expires_soon(d, t.now);
	out->reboot_pending = f->reboot_needed;
	if (s->slot.len) {
		work(&t);
	} else {
		if (!cache_fits(&t, t.c))
			cache_fill(&t, t.c);
		outside(&t);
	}
	if (out->act != SLOT_WAIT)
		return;
	turn_wake(&t, t.now + LOOK_AGAIN_HOURS * SLOT_HOUR);
	if (d->expires)
		turn_wake(&t, d->expires);
	out->until = s->begun ? 0 : t.wake;
}

struct str
slot_mitigate_id(struct arena *a, const struct directive *d, struct str host)
{
	if (!d->paired || d->mitigate.count == 0 || slot_emergency_id(a, d, host).len > 0)
		return STR_NONE;
	return arena_printf(a, "%.*s" SLOT_MITIGATE "%.*s", STR_ARG(d->policy.name), STR_ARG(host));
}

struct str
slot_emergency_id(struct arena *a, const struct directive *d, struct str host)
{
	uint64_t sum = 0;
	size_t count = 0;

	/* The same set in another order is the same slot. */
	for (size_t i = 0; i < d->patches.count; i++) {
		if (!d->patches.items[i].emergency)
			continue;
		sum += str_hash(d->patches.items[i].patch, 0x6d616d6f7269);
		count++;
	}
	if (count == 0)
		return STR_NONE;
	return arena_printf(a, "%.*s/emergency/%016llx/%.*s", STR_ARG(d->policy.name), (unsigned long long)sum,
			    STR_ARG(host));
}
