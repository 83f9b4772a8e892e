/* Mitigations of emergencies on a virtual host: the real decision, carried out, and judged from what is true. */
#include "patch/simulate-internal.h"
#include "plan/mitigate.h"

bool
sim_mitigated(const struct sim_host *h)
{
	for (unsigned i = 0; i < SIM_SOURCES; i++)
		if (h->mitigated[i])
			return true;
	return false;
}

static struct str
id_of(const struct sim *m, const struct sim_host *h, unsigned source, unsigned version)
{
	return m->patches.items[sim_place(m, h->system, source, version)].id;
}

/* What the plan names, and what is mitigated already and not in: as on a real host. */
static size_t
missing_of(struct sim *m, const struct sim_host *h, struct str *ids)
{
	bool staged[SIM_SOURCES];
	size_t n = sim_missing(m, h, ids, staged);

	for (unsigned i = 0; i < SIM_SOURCES; i++)
		if (h->mitigated[i] > h->installed[i])
			ids[n++] = id_of(m, h, i, h->mitigated[i]);
	return n;
}

static void
begin(struct sim *m, struct sim_host *h, const struct sim_patch *p)
{
	if (!h->mitigated[p->source])
		sim_trace(m, h, "mitigates %.*s", STR_ARG(p->id));
	h->mitigated[p->source] = (uint16_t)p->version;
	if (!h->first_mitigated && p->known_exploited)
		h->first_mitigated = m->now;
}

void
sim_mitigate(struct sim *m, struct sim_host *h)
{
	struct str ids[2 * SIM_SOURCES];
	struct mitigate_list l;
	uint16_t before[SIM_SOURCES];
	int64_t clock = m->now + h->skew;
	struct mitigate_facts f = { .now = clock > h->contact ? clock : h->contact,
				    .host = h->name,
				    .slot = h->s.slot.len ? h->s.slot : STR(""),
				    .missing = ids,
				    .missing_count = missing_of(m, h, ids),
				    .local_hold = STR("") };

	if (!h->d.policy.emergency.set && !sim_mitigated(h))
		return;
	if (h->hold_until > m->now && m->o->fault != INVARIANT_HOLD) {
		f.local_hold = STR("surgery");
		f.local_hold_until = h->hold_until + h->skew;
	}
	mitigate_decide(&h->d, &f, &m->scratch, &l);
	memcpy(before, h->mitigated, sizeof(before));
	/* A fault that is to be seen: what is in stays mitigated, what is missing is not. */
	if (m->o->fault != INVARIANT_MITIGATE)
		memset(h->mitigated, 0, sizeof(h->mitigated));
	for (size_t i = 0; m->o->fault != INVARIANT_MITIGATE && i < l.patches.count; i++) {
		const struct sim_patch *p = sim_patch_find(m, l.patches.items[i].patch);
		h->mitigated[p->source] = before[p->source];
		if (l.patches.items[i].state == MITIGATE_DUE)
			begin(m, h, p);
		else
			h->mitigated[p->source] = 0;
	}
	check_mitigated(m, h);
}

/* ---- judged ---- */

static bool
has_row(const struct policy *p)
{
	return p->emergency.set && p->emergency.mitigate_at_once && p->emergency.mitigations.count > 0;
}

static void
check_one(struct sim *m, struct sim_host *h, const struct directive_patch *d)
{
	const struct sim_patch *p = sim_patch_find(m, d->patch);
	bool held = h->hold_until > m->now, alone = h->pair.len == 0 || !h->d.policy.redundancy;

	/* Its package lists name this very version, and nobody has to be waited for. */
	if (!d->emergency || h->installed[p->source] >= p->version || h->known[p->source] != p->version || held ||
	    !alone)
		return;
	if (!h->mitigated[p->source])
		sim_violation(m, h, INVARIANT_MITIGATE, "%.*s is an emergency with a row, and is not mitigated",
			      STR_ARG(p->id));
}

void
check_mitigated(struct sim *m, struct sim_host *h)
{
	const struct sim_host *partner = h->partner == SIZE_MAX ? NULL : &m->hosts[h->partner];
	bool any = sim_mitigated(h);

	for (size_t i = 0; has_row(&h->d.policy) && i < h->d.patches.count; i++)
		check_one(m, h, &h->d.patches.items[i]);
	for (unsigned i = 0; i < SIM_SOURCES; i++)
		if (h->mitigated[i] && h->installed[i] >= h->mitigated[i])
			sim_violation(m, h, INVARIANT_MITIGATE, "source %u is in, and still mitigated", i);
	if (any && h->hold_until > m->now)
		sim_violation(m, h, INVARIANT_HOLD, "its services are stopped although it is held");
	if (any && partner && h->d.policy.redundancy && (partner->down || (partner->on && sim_mitigated(partner))))
		sim_violation(m, h, INVARIANT_PAIR, "mitigated while %.*s is down or mitigated as well",
			      STR_ARG(partner->name));
}
