/* The invariants, judged from what is done and what is true: rings, windows and limits are worked out here once more, from
 * the policy's text and the log, not by the code that decided. */
#include "base/time.h"
#include "patch/simulate-internal.h"

#include <stdarg.h>
#include <stdio.h>

void
sim_violation(struct sim *m, const struct sim_host *h, enum invariant i, const char *fmt, ...)
{
	char text[400], when[TIME_RFC3339_MAX];
	va_list ap;

	m->out->violations[i]++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_trace(m, h, "VIOLATION %s: %s", invariant_name(i), text);
	if (m->out->first_host != SIZE_MAX)
		return;
	m->out->first_host = h->id;
	m->out->first = arena_printf(m->a, "%s: %.*s at %s: %s", invariant_name(i), STR_ARG(h->name),
				     time_rfc3339(m->now, when), text);
}

/* ---- windows ---- */

/* The host's clock where nobody could correct it. */
static int64_t
time_at(const struct sim *m, const struct sim_host *h)
{
	return h->net ? m->now : m->now + h->skew;
}

static bool
was_off(const struct sim_host *h, int64_t at)
{
	for (size_t i = 0; i < SIM_OFF; i++) {
		if (h->off[i].from && h->off[i].from <= at && (h->off[i].to == 0 || h->off[i].to > at))
			return true;
	}
	return false;
}

static bool
slot_by_id(struct sim *m, const struct sim_host *h, const struct policy *p, struct str id, struct slot *out)
{
	struct calendar_world world = { &m->zone, m->o->zones, m->o->zone_count, m->o->lists };
	struct slot near[96];
	int64_t t = time_at(m, h);
	size_t n = calendar_slots(&p->install, &world, h->name, t - 30 * SIM_DAY, t + 1, near, COUNT(near));

	for (size_t i = n; i-- > 0;) {
		if (str_eq(slot_id(&m->scratch, p->name, &near[i], h->name), id)) {
			*out = near[i];
			return true;
		}
	}
	return false;
}

/* Skip means that nothing starts late on a machine that was off when the slot began. */
static void
check_late(struct sim *m, struct sim_host *h, const struct policy *p, const struct slot *slot)
{
	for (size_t i = 0; p->install.missed == MISSED_SKIP && h->skewed_until < slot->start && i < SIM_OFF; i++) {
		int64_t from = h->off[i].from, to = h->off[i].to;
		if (from && from < slot->start && to > slot->start + SIM_HOUR / 4 && to - from > 3 * SIM_HOUR / 2)
			sim_violation(m, h, INVARIANT_WINDOW,
				      "it was off when its window opened, and the policy says skip");
	}
}

static void
check_window(struct sim *m, struct sim_host *h, const struct policy *p, const struct slot_decision *d)
{
	int64_t t = time_at(m, h);
	struct slot slot;

	if (str_contains(d->slot_id, STR("/emergency/"))) {
		for (size_t i = 0; i < d->patch_count; i++) {
			if (!p->emergency.set || !sim_patch_find(m, d->patches[i])->known_exploited)
				sim_violation(m, h, INVARIANT_WINDOW, "%.*s is no emergency", STR_ARG(d->patches[i]));
		}
		return;
	}
	if (str_contains(d->slot_id, STR("/ward/"))) {
		if (!h->ward_asked || t < h->ward_asked - SIM_HOUR || t > h->ward_asked + 5 * SIM_HOUR)
			sim_violation(m, h, INVARIANT_WINDOW, "the ward did not choose this time");
		return;
	}
	if (!slot_by_id(m, h, p, d->slot_id, &slot) || t < slot.start) {
		sim_violation(m, h, INVARIANT_WINDOW, "no window is open: %.*s", STR_ARG(d->slot_id));
		return;
	}
	check_late(m, h, p, &slot);
	if (t <= slot.cutoff)
		return;
	bool made_up = p->install.missed == MISSED_ASAP && t <= slot.end + p->install.missed_within &&
		       (was_off(h, slot.start - h->skew) || slot.start < h->skewed_until);
	if (t < slot.end && !made_up)
		sim_violation(m, h, INVARIANT_CUTOFF, "%s starts after the cutoff", slot_act_name(d->act));
	else if (!made_up)
		sim_violation(m, h, INVARIANT_WINDOW, "%s starts after %.*s", slot_act_name(d->act),
			      STR_ARG(d->slot_id));
}

/* ---- rings ---- */

static void
check_patches(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	for (size_t i = 0; i < d->patch_count; i++) {
		const struct sim_patch *p = sim_patch_find(m, d->patches[i]);
		const struct sim_line *l = sim_line(m, h->policy, (size_t)(p - m->patches.items));
		if (l->released[h->ring] == 0 || l->released[h->ring] > m->now)
			sim_violation(m, h, INVARIANT_AHEAD, "%.*s is not released for ring %u", STR_ARG(p->id),
				      h->ring);
		bool heard = l->halted_at && h->contact > l->halted_at;
		bool late = l->halted_at && h->d.lease_needed && m->now > l->halted_at + 36 * SIM_HOUR;
		if (heard || late)
			sim_violation(m, h, INVARIANT_HALT, "%.*s goes on although its ring is halted", STR_ARG(p->id));
	}
}

static void
check_set(struct sim *m, struct sim_host *h)
{
	if (h->set == SIZE_MAX || !h->database)
		return;
	const struct sim_set *s = &m->sets.items[h->set];
	if (!m->hosts[s->app[0]].stopped || !m->hosts[s->app[1]].stopped)
		sim_violation(m, h, INVARIANT_SERVICES, "the database is patched while its applications run");
}

/* ---- once ---- */

/* What is remembered of this slot; a new one begins by the policy that the host was told by then. */
static unsigned
seen_of(struct sim_host *h, struct str slot)
{
	uint64_t key = str_hash(slot, 1);
	unsigned i = 0;

	while (i < h->seen_count && h->seen[i].slot != key)
		i++;
	if (i < h->seen_count)
		return i;
	h->seen_count += h->seen_count < SIM_SEEN;
	memmove(&h->seen[1], &h->seen[0], (h->seen_count - 1) * sizeof(h->seen[0]));
	memset(&h->seen[0], 0, sizeof(h->seen[0]));
	h->seen[0].slot = key;
	h->seen[0].edited = h->edited;
	return 0;
}

static void
slot_seen(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	unsigned i = seen_of(h, d->slot_id);

	if (d->act == SLOT_INSTALL) {
		if (d->pass <= h->seen[i].pass)
			sim_violation(m, h, INVARIANT_TWICE, "pass %u of %.*s runs again", d->pass,
				      STR_ARG(d->slot_id));
		h->seen[i].pass = d->pass;
		h->seen[i].installed = true;
	}
	if (d->act == SLOT_REBOOT) {
		/* A reboot that never came about, since the agent died before it, is counted when it is tried again. */
		h->seen[i].reboots++;
		unsigned most = m->policies[h->policy].passes.max_reboots + (h->interrupted ? 3 : 0);
		if (h->seen[i].reboots > most)
			sim_violation(m, h, INVARIANT_REBOOTS, "reboot %u of %.*s", h->seen[i].reboots,
				      STR_ARG(d->slot_id));
	}
}

/* The edit adds or takes away a script: by it shows which policy the slot lives by. */
static void
check_script(struct sim *m, struct sim_host *h, unsigned seen, const struct slot_decision *d)
{
	const struct policy *p = sim_policy(m, h, h->seen[seen].edited);

	if ((d->act == SLOT_PRE_SCRIPT && p->scripts.pre.len == 0) ||
	    (d->act == SLOT_POST_SCRIPT && p->scripts.post.len == 0))
		sim_violation(m, h, INVARIANT_EDIT, "%.*s runs a script that its policy does not have",
			      STR_ARG(d->slot_id));
	if (d->act == SLOT_INSTALL && p->scripts.pre.len && !h->seen[seen].scripted)
		sim_violation(m, h, INVARIANT_EDIT, "%.*s installs without its policy's script", STR_ARG(d->slot_id));
	h->seen[seen].scripted = h->seen[seen].scripted || d->act == SLOT_PRE_SCRIPT;
}

static void
check_down(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	h->down = true;
	if (h->partner != SIZE_MAX && m->hosts[h->partner].down)
		sim_violation(m, h, INVARIANT_PAIR, "%s while %.*s is down as well", slot_act_name(d->act),
			      STR_ARG(m->hosts[h->partner].name));
	if (h->partner != SIZE_MAX && sim_mitigated(&m->hosts[h->partner]))
		sim_violation(m, h, INVARIANT_PAIR, "%s while the services of %.*s are stopped by a mitigation",
			      slot_act_name(d->act), STR_ARG(m->hosts[h->partner].name));
	if (h->hold_until > m->now)
		sim_violation(m, h, INVARIANT_HOLD, "%s although it is held", slot_act_name(d->act));
}

void
check_begin(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	int64_t now = m->now;
	unsigned times = 1, seen = 0;

	if (d->slot_id.len)
		seen = seen_of(h, d->slot_id);
	if (m->o->fault == INVARIANT_CUTOFF && d->act == SLOT_INSTALL && d->kind == SLOT_BY_WINDOW && d->slot.cutoff)
		m->now = d->slot.cutoff + SIM_MINUTE;
	if ((m->o->fault == INVARIANT_TWICE && d->act == SLOT_INSTALL) ||
	    (m->o->fault == INVARIANT_REBOOTS && d->act == SLOT_REBOOT))
		times = 5;
	for (; times > 0; times--) {
		if (d->act == SLOT_INSTALL || d->act == SLOT_PRE_SCRIPT)
			check_window(m, h, sim_policy(m, h, h->seen[seen].edited), d);
		if (d->slot_id.len)
			check_script(m, h, seen, d);
		if (d->act == SLOT_INSTALL) {
			check_patches(m, h, d);
			check_set(m, h);
		}
		if (d->act == SLOT_INSTALL || d->act == SLOT_REBOOT) {
			slot_seen(m, h, d);
			check_down(m, h, d);
		}
	}
	m->now = now;
}

void
check_up(struct sim *m, struct sim_host *h)
{
	(void)m;
	h->down = false;
}

/* ---- ends ---- */

void
check_close(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	const struct policy *p = &m->policies[h->policy];
	bool unit = p->reboot.atomic && p->reboot.mode != REBOOT_NEVER && !p->reboot.never_logged_on;
	uint64_t key = str_hash(d->slot_id, 1);

	if (h->stopped)
		sim_violation(m, h, INVARIANT_SERVICES, "%.*s ends with its services stopped", STR_ARG(d->slot_id));
	if (!unit || d->kind == SLOT_BY_EMERGENCY || h->interrupted || h->hold_until > m->now || !h->reboot_needed)
		return;
	for (unsigned i = 0; i < h->seen_count; i++) {
		if (h->seen[i].slot == key && h->seen[i].installed)
			sim_violation(m, h, INVARIANT_UNIT, "%.*s ends (%s) and leaves its reboot", STR_ARG(d->slot_id),
				      slot_reason_name(d->reason));
	}
}

/* The host, and those that its steps wait for. */
static bool
system_there(const struct sim *m, const struct sim_host *h)
{
	bool there = h->on && h->net;

	if (h->set == SIZE_MAX)
		return there;
	const struct sim_set *s = &m->sets.items[h->set];
	for (size_t i = s->app[0]; i <= s->database; i++)
		there = there && m->hosts[i].on && m->hosts[i].net;
	return there;
}

void
check_end(struct sim *m, struct sim_host *h)
{
	const struct sim_channel *c = &m->channels.items[h->channel];
	bool says_done = h->last_reason == SLOT_CLEAN || h->last_reason == SLOT_DONE ||
			 (h->last_reason == SLOT_NOTHING_APPROVED && h->set == SIZE_MAX);

	if (!system_there(m, h) || h->working || h->s.slot.len || h->contact < m->now - 2 * SIM_DAY)
		return;
	for (size_t i = 0; i < c->patches.count; i++) {
		const struct sim_patch *p = sim_patch_find(m, c->patches.items[i].patch);
		int64_t since = h->released[p->source];
		if (h->installed[p->source] >= p->version)
			continue;
		if (says_done && since && since < m->now - SIM_HOUR)
			sim_violation(m, h, INVARIANT_REASON, "%.*s is missing and the host says: %s", STR_ARG(p->id),
				      slot_reason_name(h->last_reason));
		else if (since && since < m->now - 35 * SIM_DAY && h->bad_close < since)
			sim_violation(m, h, INVARIANT_REASON, "%.*s is missing for five weeks and no slot says why",
				      STR_ARG(p->id));
	}
}
