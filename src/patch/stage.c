#include "patch/stage.h"

#include "base/codec.h"
#include "base/sentence.h"
#include "trust/key.h"

static bool
counts_read(struct policy_set *set, struct arena *a, const struct policy *p, struct str patch, int64_t lifted_at,
	    struct ring_count *counts, struct err *e)
{
	struct ring_sum *sums;
	size_t count;
	int64_t heard = set->now - STAGE_SILENT_MS, seen;
	if (!ring_patch_seen(set->st, patch, &seen, e) ||
	    !ring_sums(set->st, a, p->name, patch, heard, lifted_at, &sums, &count, e))
		return false;
	for (size_t i = 0; i < p->rings.count; i++) {
		int64_t members;
		if (!ring_hosts(set->st, p->name, (int64_t)i, &members, e))
			return false;
		counts[i].members = (unsigned)members;
		counts[i].seen = seen;
	}
	for (size_t i = 0; i < count; i++) {
		const struct ring_sum *s = &sums[i];
		if (s->ring < 0 || (size_t)s->ring >= p->rings.count)
			continue;
		const struct ring *ring = &p->rings.items[s->ring];
		struct ring_count *c = &counts[s->ring];
		*c = (struct ring_count){
			.members = c->members,
			.seen = c->seen,
			.hosts = (unsigned)s->hosts,
			.installed = (unsigned)s->installed,
			.failed = (unsigned)s->failed,
			.running = (unsigned)s->running,
			.unhealthy = (unsigned)s->unhealthy,
			.first_installed = s->first_installed,
			.last_installed = s->last_installed,
		};
		unsigned needed = ring_needed(ring, c->hosts);
		if (c->installed >= needed &&
		    !ring_reached(set->st, p->name, patch, s->ring, heard, needed, &c->reached, e))
			return false;
	}
	return true;
}

/* What a ring was once let have it keeps when the last machine of a ring before it goes. */
static bool
released_before(struct policy_set *set, struct arena *a, struct str policy, struct str patch, struct stage_view *v,
		struct err *e)
{
	struct ring_stage row;
	bool found;
	if (!ring_stage_get(set->st, a, policy, patch, &row, &found, e))
		return false;
	for (size_t i = 0; found && i < v->policy->rings.count; i++) {
		struct ring_decision before;
		if (v->decisions[i].state == RING_EMPTY && ring_decisions_read(a, row.decisions, i, &before) &&
		    before.state == RING_RELEASED)
			v->decisions[i] = before;
	}
	return true;
}

bool
stage_look(struct policy_set *set, struct arena *a, struct str policy, struct str patch, struct stage_view *out,
	   bool *found, struct err *e)
{
	struct stage_view v = { .policy = policy_set_find(set, policy) };
	int64_t lifted_at;
	*found = v.policy && v.policy->rings.count > 0;
	if (!*found)
		return true;
	size_t rings = v.policy->rings.count;
	v.counts = ARENA_ARRAY(a, struct ring_count, rings);
	v.decisions = ARENA_ARRAY(a, struct ring_decision, rings);
	if (!ring_halted(set->st, policy, patch, &v.halted, &lifted_at, e) ||
	    !counts_read(set, a, v.policy, patch, lifted_at, v.counts, e))
		return false;
	for (size_t i = 0; i < rings; i++)
		ring_decide(v.policy, v.counts, v.halted, i, set->now, &v.decisions[i]);
	if (!released_before(set, a, policy, patch, &v, e))
		return false;
	*out = v;
	return true;
}

static struct str
halt_why(struct arena *a, const struct stage_view *v, size_t ring)
{
	LANG_ENGLISH_AUTO;
	lang_set_thread(LANG_EN);
	const struct ring_count *c = &v->counts[ring];
	struct str name = v->policy->rings.items[ring].name;
	if (c->unhealthy)
		return arena_printf(a, tr("A health check failed after it in ring %.*s (%u of %u hosts)."),
				    STR_ARG(name), c->unhealthy, c->hosts);
	return arena_printf(a, tr("It failed on %u of %u hosts of ring %.*s."), c->failed, c->hosts, STR_ARG(name));
}

bool
stage_make(struct policy_set *set, struct arena *a, struct str policy, struct str patch, struct stage_work *out,
	   struct err *e)
{
	struct stage_work w = { .row = { .policy = policy, .patch = patch, .decisions = STR("[]"), .due = INT64_MAX } };
	struct stage_view v;
	bool found;
	size_t ring = 0;
	if (!stage_look(set, a, policy, patch, &v, &found, e))
		return err_wrap(e, "the rings of %.*s", STR_ARG(patch));
	if (!found) {
		*out = w;
		return true;
	}
	if (!v.halted && ring_halts(v.policy, v.counts, &ring)) {
		w.halts = true;
		w.halt = (struct ring_halt){ .policy = policy,
					     .patch = patch,
					     .ring = v.policy->rings.items[ring].name,
					     .why = halt_why(a, &v, ring),
					     .at = set->now };
		for (size_t i = 0; i < v.policy->rings.count; i++)
			ring_decide(v.policy, v.counts, true, i, set->now, &v.decisions[i]);
	}
	w.row.decisions = ring_decisions_write(a, v.decisions, v.policy->rings.count);
	for (size_t i = 0; i < v.policy->rings.count; i++)
		if (v.decisions[i].until > set->now && v.decisions[i].until < w.row.due)
			w.row.due = v.decisions[i].until;
	*out = w;
	return true;
}

bool
stage_keep(struct store *st, struct arena *a, const struct stage_work *w, int64_t now, bool *halted,
	   struct ring_halt *halt, struct err *e)
{
	bool before = false, changed;
	int64_t lifted_at;
	*halted = false;
	if (w->halts && !ring_halted(st, w->halt.policy, w->halt.patch, &before, &lifted_at, e))
		return false;
	/* Counted before an approver let it go on: those failures are known, and counted anew. */
	bool stale = w->halts && lifted_at > w->halt.at;
	if (w->halts && !before && !stale) {
		unsigned char bytes[9];
		BUF_AUTO id = { 0 };
		random_bytes(bytes, sizeof(bytes));
		hex_encode(&id, bytes, sizeof(bytes));
		*halt = w->halt;
		halt->id = arena_str(a, buf_str(&id));
		halt->at = now;
		if (!ring_halt_insert(st, halt, e))
			return false;
		*halted = true;
	}
	return stale || ring_stage_put(st, &w->row, &changed, e);
}
