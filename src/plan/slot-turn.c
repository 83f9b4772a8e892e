/* The pieces of one turn: reasons to wait, the next look, which patches are due. */
#include "plan/slot-internal.h"

#include "base/table.h"

#include <stdlib.h>

static const char *const act_names[SLOT_ACTS] = {
	[SLOT_WAIT] = "wait",
	[SLOT_STAGE] = "stage",
	[SLOT_NOTIFY] = "notify",
	[SLOT_STOP_SERVICES] = "stop-services",
	[SLOT_PRE_SCRIPT] = "pre-script",
	[SLOT_WITHDRAW] = "withdraw",
	[SLOT_INSTALL] = "install",
	[SLOT_POST_SCRIPT] = "post-script",
	[SLOT_RESTART_SERVICES] = "restart-services",
	[SLOT_REBOOT] = "reboot",
	[SLOT_RESCAN] = "rescan",
	[SLOT_HEALTH] = "health",
	[SLOT_START_SERVICES] = "start-services",
	[SLOT_CLOSE] = "close",
};

static const char *const reason_names[SLOT_REASONS] = {
	[SLOT_OPEN] = "open",
	[SLOT_NOTHING_APPROVED] = "nothing-approved",
	[SLOT_CLEAN] = "clean",
	[SLOT_BEFORE_WINDOW] = "before-window",
	[SLOT_NO_WINDOW] = "no-window",
	[SLOT_AFTER_CUTOFF] = "after-cutoff",
	[SLOT_TOO_SHORT] = "too-short",
	[SLOT_HELD] = "held",
	[SLOT_NO_LEASE] = "no-lease",
	[SLOT_DIRECTIVE_EXPIRED] = "directive-expired",
	[SLOT_CLOCK] = "clock",
	[SLOT_BUSY_INPUT] = "busy-input",
	[SLOT_BUSY_PROCESS] = "busy-process",
	[SLOT_WARD_CHOOSES] = "ward-chooses",
	[SLOT_DISK_FULL] = "disk-full",
	[SLOT_BATTERY] = "battery",
	[SLOT_NOT_STAGED] = "not-staged",
	[SLOT_PRE_FAILED] = "pre-failed",
	[SLOT_INSTALL_FAILED] = "install-failed",
	[SLOT_HEALTH_FAILED] = "health-failed",
	[SLOT_REBOOT_WAITS] = "reboot-waits",
	[SLOT_REBOOTS_USED_UP] = "reboots-used-up",
	[SLOT_MISSED] = "missed",
	[SLOT_INTERRUPTED] = "interrupted",
	[SLOT_EMERGENCY] = "emergency",
	[SLOT_DONE] = "done",
	[SLOT_ATOMIC] = "atomic",
	[SLOT_WARD_CHOSE] = "ward-chose",
	[SLOT_STEPS] = "steps",
	[SLOT_FINISHED] = "finished",
};

static const char *const kind_names[SLOT_KINDS] = {
	[SLOT_BY_WINDOW] = "window", [SLOT_BY_EMERGENCY] = "emergency", [SLOT_BY_MISSED] = "missed",
	[SLOT_BY_WARD] = "ward",     [SLOT_BY_REBOOT] = "reboot",
};

const char *
slot_act_name(enum slot_act a)
{
	return act_names[a];
}

const char *
slot_reason_name(enum slot_reason r)
{
	return reason_names[r];
}

const char *
slot_kind_name(enum slot_kind k)
{
	return kind_names[k];
}

void
turn_wake(struct turn *t, int64_t at)
{
	if (at > t->now && (t->wake == 0 || at < t->wake))
		t->wake = at;
}

enum go
turn_wait(struct turn *t, enum slot_reason reason, int64_t at)
{
	bool open = t->slot.start && t->slot.start <= t->now;

	turn_wake(t, at);
	if (open) {
		turn_wake(t, t->slot.cutoff);
		turn_wake(t, t->slot.end);
	}
	if (open && !t->in_work && t->kind == SLOT_BY_WINDOW && !t->out->open_id.len) {
		t->out->open_id = t->id;
		t->out->open_reason = reason;
		t->out->open_start = t->slot.start;
		t->out->open_end = t->slot.end;
	}
	if (t->said)
		return GO_WAITS;
	t->said = true;
	t->out->act = SLOT_WAIT;
	t->out->reason = reason;
	t->out->kind = t->kind;
	t->out->slot = t->slot;
	t->out->slot_id = t->id;
	t->out->patches = t->due;
	t->out->patch_count = t->due_count;
	return GO_WAITS;
}

enum go
turn_act(struct turn *t, enum slot_act act, enum slot_reason reason)
{
	t->out->act = act;
	t->out->reason = reason;
	t->out->kind = t->kind;
	t->out->slot = t->slot;
	t->out->slot_id = t->id;
	t->out->until = 0;
	t->out->patches = t->due;
	t->out->patch_count = t->due_count;
	t->said = true;
	return GO_ACTED;
}

void
turn_detail(struct turn *t, struct str detail, struct str by)
{
	if (t->said)
		return;
	t->out->detail = detail;
	t->out->by = by;
}

int64_t
turn_ward_time(const struct turn *t)
{
	if (t->f->ward_now)
		return t->now;
	/* A later time is a deferral: so many as the policy gives, and none beyond its deadline. */
	if (t->f->ward_later > t->now) {
		int64_t most = t->p->reboot.deadline > SLOT_DAY ? t->p->reboot.deadline : SLOT_DAY;
		if (t->s->deferrals < t->p->reboot.defer && t->f->ward_later - t->now <= most)
			return t->f->ward_later;
	}
	return t->s->ward_time;
}

/* Ids differ at their ends. */
static bool
id_eq(struct str a, struct str b)
{
	return a.len == b.len && a.len > 0 && a.ptr[a.len - 1] == b.ptr[a.len - 1] && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Ids of one host's slots differ in their middles, by the date. */
static bool
slot_id_eq(struct str a, struct str b)
{
	uint64_t x, y;

	if (a.len != b.len)
		return false;
	if (a.len >= 2 * sizeof(x)) {
		memcpy(&x, a.ptr + a.len / 2, sizeof(x));
		memcpy(&y, b.ptr + b.len / 2, sizeof(y));
		if (x != y)
			return false;
	}
	return str_eq(a, b);
}

bool
slot_is_finished(const struct slot_state *s, struct str id)
{
	for (unsigned i = 0; i < s->finished_count; i++) {
		if (slot_id_eq(s->finished[i].id, id))
			return true;
	}
	return false;
}

bool
slot_is_withdrawn(const struct directive *d, struct str patch)
{
	for (size_t i = 0; i < d->withdrawn.count; i++) {
		if (str_eq(d->withdrawn.items[i], patch))
			return true;
	}
	return false;
}

bool
slot_id_is_missing(const struct slot_facts *f, struct str patch, size_t *at)
{
	for (size_t i = 0; i < f->missing_count; i++) {
		if (id_eq(f->missing[i], patch)) {
			*at = i;
			return true;
		}
	}
	return false;
}

static void
due_add(const struct turn *t, struct due *out, size_t at, size_t max)
{
	if (!out->patches)
		out->patches = ARENA_ARRAY(t->a, struct str, max);
	struct str *end = &out->patches[out->count++];
	if (t->f->staged && t->f->staged[at]) {
		*end = out->patches[out->staged];
		end = &out->patches[out->staged++];
	}
	*end = t->f->missing[at];
}

void
slot_due(const struct turn *t, int64_t at, bool only_emergency, struct due *out)
{
	const struct directive *d = t->newest;
	TABLE_AUTO places = { 0 };
	/* A scan is quicker than a table for as many as there mostly are. */
	bool many = d->patches.count * t->f->missing_count > 4096;

	*out = (struct due){ 0 };
	for (size_t i = 0; many && i < t->f->missing_count; i++)
		*table_put(&places, t->f->missing[i], NULL) = (void *)&t->f->missing[i];
	for (size_t i = 0; t->f->missing_count > 0 && i < d->patches.count; i++) {
		const struct directive_patch *p = &d->patches.items[i];
		const struct str *found = NULL;
		size_t place = 0;

		if (only_emergency && !p->emergency)
			continue;
		if (many) {
			found = table_get(&places, p->patch);
			place = found ? (size_t)(found - t->f->missing) : 0;
		}
		if (many ? !found : !slot_id_is_missing(t->f, p->patch, &place))
			continue;
		if (slot_is_withdrawn(d, p->patch))
			continue;
		if (p->since > at)
			out->later = out->later && out->later < p->since ? out->later : p->since;
		else
			due_add(t, out, place, d->patches.count);
	}
}
