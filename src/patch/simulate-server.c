/* The virtual server: what came out, who may have it, and what each host is told when it checks in. */
#include "patch/simulate-internal.h"

struct sim_patch *
sim_patch_find(struct sim *m, struct str id)
{
	uintptr_t place = (uintptr_t)table_get(&m->by_id, id);

	return place ? &m->patches.items[place - 1] : NULL;
}

static size_t
place_of(const struct sim *m, const struct sim_patch *p)
{
	return (size_t)(p - m->patches.items);
}

/* ---- what comes out ---- */

static void
patch_vendor(const struct sim *m, struct sim_patch *p, size_t n)
{
	uint64_t d = sim_dice(m, n, 4, 0) % 10;

	if (p->source % 4 != 0)
		return;
	p->answered = d < 7 ? p->first_seen + (int64_t)(2 + sim_dice(m, n, 4, 1) % 20) * SIM_DAY : 0;
	p->answer = d == 0 ? VENDOR_FORBIDDEN : VENDOR_VALIDATED;
}

static void
patch_new(struct sim *m, unsigned system, unsigned source)
{
	size_t n = m->patches.count;
	unsigned before = m->newest[system][source];
	struct sim_patch p = { .system = system, .source = source, .first_seen = m->now };
	uint64_t d = sim_dice(m, n, 2, 0);
	bool bad = d % 12 == 0;

	p.version = before ? m->patches.items[before - 1].version + 1 : 1;
	p.before = before;
	p.id = arena_printf(&m->memory, "deb:source-%u-%u@%u", system, source, p.version);
	p.severity = 1 + (int)(d / 12 % 4);
	p.known_exploited = d / 48 % 15 == 0;
	p.feature = !p.known_exploited && d / 720 % 8 == 0;
	p.fails = bad ? 0.2 : 0.004;
	p.breaks = bad && d / 5760 % 2 ? 0.02 : 0;
	p.reboots = d / 11520 % 3 == 0 ? 0.9 : 0.05;
	p.services = 0.4;
	patch_vendor(m, &p, n);
	*ARRAY_PUSH(&m->memory, &m->patches) = p;
	*table_put(&m->by_id, p.id, NULL) = (void *)(uintptr_t)(n + 1); // NOLINT(performance-no-int-to-ptr)
	m->newest[system][source] = (unsigned)n + 1;
}

/* A bad one is taken back two days after its first halt. */
static void
patches_withdraw(struct sim *m)
{
	for (size_t i = 0; i < m->patches.count; i++) {
		struct sim_patch *p = &m->patches.items[i];
		for (unsigned k = 0; k < m->policy_count && !p->withdrawn; k++) {
			const struct sim_line *l = sim_line(m, k, i);
			p->withdrawn =
				l->halted_at && m->now - l->halted_at > 2 * SIM_DAY && sim_chance(m, 0.7, i, 5, 0);
		}
	}
}

static void
patches_come(struct sim *m)
{
	if (m->o->emergency) {
		if (m->now == m->start) {
			m->server_next = m->start + 10 * SIM_HOUR;
			return;
		}
		m->server_next = INT64_MAX;
		for (unsigned s = 0; s < SIM_SYSTEMS; s++) {
			patch_new(m, s, 0);
			m->patches.items[m->patches.count - 1].known_exploited = true;
			m->patches.items[m->patches.count - 1].fails = 0;
			m->patches.items[m->patches.count - 1].breaks = 0;
		}
		m->emergency_at = m->now - SIM_MINUTE; /* reading the feed, matching, signing */
		return;
	}
	uint64_t d = sim_dice(m, (uint64_t)(m->now / SIM_HOUR), 3, 0);
	/* Two to five a week for each system, twice as many on some days. */
	if (m->patches.count + SIM_SYSTEMS < SIM_PATCHES_MAX)
		patch_new(m, d % SIM_SYSTEMS, (unsigned)(d / 2 % SIM_SOURCES));
	patches_withdraw(m);
	m->server_next = m->now + (int64_t)(6 + d / 64 % 36) * SIM_HOUR;
}

/* ---- who may have it ---- */

static struct approval_facts
facts_of(const struct sim *m, const struct sim_channel *c, const struct sim_patch *p)
{
	struct approval_facts f = { .app = STR("source"), .severity = p->severity, .first_seen = p->first_seen };

	f.classification = p->feature ? STR("feature") : STR("security");
	f.known_exploited = f.exposed = p->known_exploited;
	f.pilot = c->ring == 0;
	if (p->withdrawn) {
		f.verdict = VERDICT_WITHDRAWN;
		f.verdict_by = STR("administrator");
	}
	if (p->source % 4 == 0) {
		f.vendor = p->answered && p->answered <= m->now ? p->answer : VENDOR_UNKNOWN;
		f.vendor_name = STR("EMR vendor");
		f.vendor_asked = p->first_seen;
	}
	return f;
}

/* Those that this one supersedes and that this ring never got. */
static size_t
older_of(struct sim *m, const struct sim_channel *c, const struct sim_patch *p, struct approval_facts *out)
{
	size_t n = 0;

	for (size_t i = place_of(m, p); i > 0 && n < SIM_OLDER; i--) {
		const struct sim_patch *o = &m->patches.items[i - 1];
		if (o->system != p->system || o->source != p->source)
			continue;
		if (o->withdrawn)
			continue;
		if (sim_line(m, c->policy, i - 1)->released[c->ring])
			break;
		out[n++] = facts_of(m, c, o);
	}
	return n;
}

static void
again_at(struct sim_channel *c, int64_t at)
{
	if (at && (c->again == 0 || at < c->again))
		c->again = at;
}

/* Hosts of each ring that such an update is for. A ring that the virtual fleet leaves empty is no misspelt one. */
static void
line_hosts(const struct sim *m, unsigned policy, unsigned system, struct sim_line *l)
{
	for (size_t i = 0; i < POLICY_RINGS_MAX; i++)
		l->counts[i].members = 1;
	for (size_t i = 0; i < m->channels.count; i++) {
		const struct sim_channel *c = &m->channels.items[i];
		if (c->policy == policy && c->system == system)
			l->counts[c->ring].hosts = c->hosts;
	}
}

/* Its newest version, approved and released for this ring? */
static bool
source_decide(struct sim *m, struct sim_channel *c, unsigned source, struct directive_patch *out)
{
	const struct policy *policy = &m->policies[c->policy];
	struct approval_facts older[SIM_OLDER];
	struct approval verdict;
	struct ring_decision ring;
	unsigned place = m->newest[c->system][source];

	if (!place)
		return false;
	const struct sim_patch *p = &m->patches.items[place - 1];
	struct sim_line *l = sim_line(m, c->policy, place - 1);
	struct approval_facts f = facts_of(m, c, p);
	f.pilot_proved = c->ring > 0 && l->counts[0].reached && m->now - l->counts[0].reached > SIM_DAY;
	approval_inherit(policy, &f, older, older_of(m, c, p, older));
	approval_decide(policy, &f, m->now, &verdict);
	if (f.vendor == VENDOR_UNKNOWN && p->answered)
		again_at(c, p->answered);
	if (verdict.state != APPROVAL_YES) {
		again_at(c, verdict.until > m->now ? verdict.until : 0);
		if (verdict.state == APPROVAL_WAITS_VENDOR)
			again_at(c, m->now + SIM_DAY);
		return false;
	}
	if (!l->counts[c->ring].hosts)
		line_hosts(m, c->policy, c->system, l);
	for (size_t i = 0; i < POLICY_RINGS_MAX; i++)
		l->counts[i].seen = p->first_seen;
	ring_decide(policy, l->counts, l->halted_at && m->o->fault != INVARIANT_HALT, c->ring, m->now, &ring);
	/* An emergency does not wait for the rings before, but for a halt it does. */
	if (ring.state != RING_RELEASED && !(verdict.emergency && ring.state != RING_HALTED)) {
		again_at(c, ring.until);
		return false;
	}
	if (!l->released[c->ring])
		l->released[c->ring] = m->now;
	*out = (struct directive_patch){ .patch = p->id, .emergency = verdict.emergency };
	out->emergency_by = verdict.emergency ? p->first_seen + policy->emergency.within : 0;
	return true;
}

static bool
same_patches(const struct sim_channel *c, const struct directive_patch *list, size_t count)
{
	if (c->patches.count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(c->patches.items[i].patch, list[i].patch))
			return false;
	}
	return true;
}

static void
withdrawn_list(struct sim *m, struct sim_channel *c)
{
	c->withdrawn.items = NULL;
	c->withdrawn.count = c->withdrawn.cap = 0;
	for (unsigned i = 0; i < SIM_SOURCES; i++) {
		unsigned place = m->newest[c->system][i];
		if (place && m->patches.items[place - 1].withdrawn)
			*ARRAY_PUSH(&m->memory, &c->withdrawn) = m->patches.items[place - 1].id;
	}
}

static void
channel_tell(struct sim *m, unsigned channel)
{
	for (size_t i = 0; i < m->host_count; i++) {
		if (m->hosts[i].channel != channel)
			continue;
		/* Its next check-in. */
		int64_t phase =
			(int64_t)(sim_dice(m, i, 6, (uint64_t)m->now) % (uint64_t)(SIM_CHECK_IN_MINUTES * SIM_MINUTE));
		sim_event(m, m->now + phase, i, SIM_CONTACT, 0);
	}
}

static void
channel_look(struct sim *m, unsigned channel)
{
	struct sim_channel *c = &m->channels.items[channel];
	struct directive_patch list[SIM_SOURCES];
	size_t count = 0;

	c->again = 0;
	for (unsigned i = 0; i < SIM_SOURCES; i++)
		count += source_decide(m, c, i, &list[count]);
	if (same_patches(c, list, count))
		return;
	c->patches.items = ARENA_ARRAY(&m->memory, struct directive_patch, count);
	memcpy(c->patches.items, list, count * sizeof(*list));
	c->patches.count = c->patches.cap = count;
	withdrawn_list(m, c);
	c->serial++;
	channel_tell(m, channel);
}

void
sim_edit(struct sim *m)
{
	for (unsigned i = 0; i < m->channels.count; i++) {
		m->channels.items[i].serial++;
		channel_tell(m, i);
	}
}

void
sim_dirty(struct sim *m, unsigned policy)
{
	for (unsigned i = 0; i < m->channels.count; i++) {
		if (m->channels.items[i].policy == policy && m->channels.items[i].again != m->now) {
			m->channels.items[i].again = m->now;
			sim_event(m, m->now, 0, SIM_SERVER, 0);
		}
	}
}

void
sim_server(struct sim *m)
{
	bool fresh = m->now >= m->server_next;

	if (fresh || m->now == m->start)
		patches_come(m);
	for (unsigned i = 0; i < m->channels.count; i++) {
		struct sim_channel *c = &m->channels.items[i];
		if (!fresh && m->now != m->start && (c->again == 0 || c->again > m->now))
			continue;
		channel_look(m, i);
		if (c->again > m->now)
			sim_event(m, c->again, 0, SIM_SERVER, 0);
	}
	if (fresh || m->now == m->start)
		sim_event(m, m->server_next, 0, SIM_SERVER, 0);
}

/* ---- what hosts report ---- */

void
sim_count(struct sim *m, struct sim_host *h, unsigned source, unsigned version, bool installed, bool unhealthy)
{
	const struct policy *policy = &m->policies[h->policy];
	struct str id = arena_printf(&m->scratch, "deb:source-%u-%u@%u", h->system, source, version);
	struct sim_patch *p = sim_patch_find(m, id);
	struct sim_line *l = sim_line(m, h->policy, place_of(m, p));
	struct ring_count *c = &l->counts[h->ring];
	size_t because;

	line_hosts(m, h->policy, h->system, l);
	if (installed) {
		c->installed++;
		c->first_installed = c->first_installed ? c->first_installed : m->now;
		c->last_installed = m->now;
	} else {
		c->failed++;
		c->unhealthy += unhealthy;
	}
	if (policy->rings.count == 0)
		return;
	if (!c->reached && c->installed >= ring_needed(&policy->rings.items[h->ring], c->hosts)) {
		c->reached = m->now;
		sim_dirty(m, h->policy);
	}
	if (!l->halted_at && ring_halts(policy, l->counts, &because)) {
		l->halted_at = m->now;
		if (m->o->fault == INVARIANT_HALT) { /* it forgets */
			memset(l->counts, 0, sizeof(l->counts));
			return;
		}
		sim_dirty(m, h->policy);
	}
}

/* ---- what hosts are told ---- */

static void
leases_prune(struct sim *m, unsigned policy)
{
	size_t kept = 0;
	int64_t next = INT64_MAX;

	if (m->now < m->lease_next[policy])
		return;
	for (size_t i = 0; i < m->leases[policy].count; i++) {
		struct lease *l = &m->leases[policy].items[i];
		if (l->until + LEASE_GRACE_MS <= m->now)
			continue;
		if (l->until + LEASE_GRACE_MS < next)
			next = l->until + LEASE_GRACE_MS;
		m->leases[policy].items[kept++] = *l;
	}
	m->leases[policy].count = kept;
	m->lease_next[policy] = next;
	m->lease_change[policy]++;
}

void
sim_lease_back(struct sim *m, struct sim_host *h, struct str slot)
{
	size_t kept = 0, had = h->d.leases.count;

	for (size_t i = 0; i < had; i++) {
		if (!str_eq(h->leases[i].slot, slot))
			h->leases[kept++] = h->leases[i];
	}
	h->d.leases.count = kept;
	if (kept == had)
		return;
	m->lease_change[h->policy]++;
	if (h->partner != SIZE_MAX)
		sim_event(m, m->now + SIM_CHECK_IN_MINUTES * SIM_MINUTE, h->partner, SIM_CONTACT, 0);
	for (size_t i = 0; i < m->leases[h->policy].count; i++) {
		struct lease *l = &m->leases[h->policy].items[i];
		if (str_eq(l->host, h->name) && str_eq(l->slot, slot)) {
			*l = m->leases[h->policy].items[--m->leases[h->policy].count];
			return;
		}
	}
}

static bool
lease_has(const struct sim_host *h, struct str slot)
{
	for (size_t i = 0; i < h->d.leases.count; i++) {
		if (str_eq(h->leases[i].slot, slot))
			return true;
	}
	return false;
}

void
sim_lease(struct sim *m, struct sim_host *h, const struct slot_decision *d)
{
	struct lease_request r = { .host = h->name, .redundancy_group = h->pair, .policy = &m->policies[h->policy] };
	const struct sim_host *partner = h->partner == SIZE_MAX ? NULL : &m->hosts[h->partner];
	struct lease granted;
	struct str why;

	if (!h->d.lease_needed || !h->on || !h->net || !d->slot_id.len || d->slot.end <= m->now ||
	    d->slot.start - m->now > SIM_DAY || lease_has(h, d->slot_id))
		return;
	r.slot = d->slot_id;
	r.ring = h->ring;
	r.ring_hosts = m->ring_hosts[h->policy * POLICY_RINGS_MAX + h->ring];
	r.slot_start = d->slot.start > m->now ? d->slot.start : m->now;
	r.slot_end = d->slot.end;
	r.now = m->now;
	r.partner_down = partner && (!partner->on || partner->broken || sim_mitigated(partner));
	r.emergency = d->kind == SLOT_BY_EMERGENCY;
	leases_prune(m, h->policy);
	/* Asked and refused, and nobody gave one back since. */
	if (h->refused == m->lease_change[h->policy] && !partner && h->refused_for == d->slot.start)
		return;
	if (!lease_grant(&r, m->leases[h->policy].items, m->leases[h->policy].count, &granted, &m->scratch, &why) &&
	    m->o->fault != INVARIANT_PAIR) {
		sim_trace(m, h, "no lease: %.*s", STR_ARG(why));
		h->refused = m->lease_change[h->policy];
		h->refused_for = d->slot.start;
		return;
	}
	if (m->o->fault == INVARIANT_PAIR)
		granted = (struct lease){ r.host, r.slot, r.redundancy_group, r.ring, r.slot_start, r.slot_end, false };
	granted.slot = arena_str(&m->memory, d->slot_id);
	if (granted.until + LEASE_GRACE_MS < m->lease_next[h->policy])
		m->lease_next[h->policy] = granted.until + LEASE_GRACE_MS;
	*ARRAY_PUSH(&m->memory, &m->leases[h->policy]) = granted;
	memmove(&h->leases[1], &h->leases[0], sizeof(h->leases) - sizeof(h->leases[0]));
	h->leases[0] = (struct directive_lease){ granted.slot, granted.until };
	if (h->d.leases.count < SIM_LEASES)
		h->d.leases.count++;
	sim_trace(m, h, "lease for %.*s", STR_ARG(granted.slot));
}

static bool
has_due(struct sim *m, const struct sim_host *h)
{
	const struct sim_channel *c = &m->channels.items[h->channel];

	for (size_t i = 0; i < c->patches.count; i++) {
		const struct sim_patch *p = sim_patch_find(m, c->patches.items[i].patch);
		if (h->installed[p->source] < p->version && h->failed[p->source] < p->version)
			return true;
	}
	return false;
}

static bool
set_idle(const struct sim_host *h)
{
	return !h->working && !h->down && !h->reboot_needed;
}

/* Every night at two; now and then one fails. */
static int64_t
backup_of(const struct sim *m, const struct sim_host *h)
{
	int64_t day = (m->now - m->start - 2 * SIM_HOUR) / SIM_DAY;

	while (day > 0 && sim_chance(m, 0.05, h->id, 8, (uint64_t)day))
		day--;
	return m->start + day * SIM_DAY + 2 * SIM_HOUR;
}

/* A server system goes step by step; what is not its step's turn gets no patches. */
static void
tell_steps(struct sim *m, struct sim_host *h)
{
	const struct policy *p = &m->policies[h->policy];
	const struct sim_set *set = &m->sets.items[h->set];
	struct sim_host *app[2] = { &m->hosts[set->app[0]], &m->hosts[set->app[1]] };
	struct sim_host *db = &m->hosts[set->database];
	bool apps_due = has_due(m, app[0]) || has_due(m, app[1]), db_due = has_due(m, db);
	struct step_status s[3] = { { .hosts = 2, .healthy = true },
				    { .hosts = 1, .healthy = true },
				    { .hosts = 2, .healthy = true } };
	size_t step;
	struct str why;

	s[0].done = (unsigned)app[0]->stopped + app[1]->stopped;
	s[1].done = !db_due && set_idle(db);
	s[1].failed = db->broken;
	s[1].silent = !db->on || !db->net;
	s[0].silent = s[2].silent = (unsigned)(!app[0]->on || !app[0]->net) + (!app[1]->on || !app[1]->net);
	s[2].done = (unsigned)!has_due(m, app[0]) + !has_due(m, app[1]);
	s[1].backup = backup_of(m, db);
	s[0].backup = s[2].backup = backup_of(m, app[0]);
	if (!apps_due && !db_due)
		s[0].done = 2;
	/* What began is ended: once the databases are patched, services need not be stopped again for the rest. */
	if (!db_due)
		s[0].done = 2;
	bool due = step_due(p, s, m->now, &step, &m->scratch, &why);
	h->d.stop_services.count = h->d.start_services.count = 0;
	h->services[0] = STR("emr");
	h->d.stop_services.items = h->d.start_services.items = h->services;
	if (!h->database && due && step <= 1 && (apps_due || db_due) && db_due)
		h->d.stop_services.count = 1;
	if (!h->database && (!due || step >= 2))
		h->d.start_services.count = 1;
	if (!due || (h->database ? step != 1 : step != 2))
		h->d.patches.count = 0;
	if (m->o->fault == INVARIANT_SERVICES && h->database)
		h->d.patches.count = m->channels.items[h->channel].patches.count;
}

static size_t
channel_first(const struct sim *m, const struct sim_channel *c)
{
	for (size_t i = 0; i < m->channels.count; i++) {
		const struct sim_channel *o = &m->channels.items[i];
		if (o->policy == c->policy && o->system == c->system && o->ring == 0)
			return i;
	}
	return (size_t)(c - m->channels.items);
}

/* Since when it could have what is released now; what was taken back meanwhile begins anew. */
static void
released_note(struct sim *m, struct sim_host *h, const struct sim_channel *c)
{
	bool listed[SIM_SOURCES] = { false };

	for (size_t i = 0; i < c->patches.count; i++) {
		const struct sim_patch *p = sim_patch_find(m, c->patches.items[i].patch);
		listed[p->source] = true;
		if (h->installed[p->source] < p->version && !h->released[p->source])
			h->released[p->source] = m->now;
	}
	for (unsigned i = 0; i < SIM_SOURCES; i++)
		h->released[i] = listed[i] ? h->released[i] : 0;
}

/* Moving averages for each model, as the server keeps them. */
void
sim_learn(struct sim *m, const struct sim_host *h, enum slot_act act, int64_t took)
{
	struct simulate_model *l = &m->out->models[h->model];
	int64_t *mean = act == SLOT_INSTALL ? &l->install_ms : &l->reboot_ms;

	l->installs += act == SLOT_INSTALL;
	*mean = *mean ? (*mean * 7 + took) / 8 : took;
}

static void
policy_tell(struct sim *m, struct sim_host *h)
{
	h->d.install_estimate = m->out->models[h->model].install_ms;
	h->d.reboot_estimate = m->out->models[h->model].reboot_ms;
	if (h->edited || m->edit_at == 0 || m->now < m->edit_at)
		return;
	h->edited = true;
	h->d.policy = m->edited[h->policy];
	m->out->edited_in_slot += h->s.slot.len > 0;
	sim_trace(m, h, "hears of the edited policy%s", h->s.slot.len ? " in the middle of a slot" : "");
}

void
sim_contact(struct sim *m, struct sim_host *h)
{
	const struct sim_channel *c = &m->channels.items[h->channel];

	if (!h->on || !h->net)
		return;
	if (m->o->fault == INVARIANT_AHEAD) /* it gets what the first ring gets */
		c = &m->channels.items[channel_first(m, c)];
	h->contact = h->confirmed = m->now;
	h->skewed_until = h->skew ? m->now : h->skewed_until;
	h->skew = 0;
	for (unsigned i = 0; i < SIM_SOURCES; i++) {
		unsigned place = m->newest[h->system][i];
		unsigned version = place ? m->patches.items[place - 1].version : 0;
		h->known[i] = (uint16_t)version;
	}
	h->d.serial = h->set == SIZE_MAX ? c->serial : c->serial * 1000000 + m->now / SIM_MINUTE % 1000000;
	h->d.issued = m->now;
	h->d.expires = m->now + h->d.policy.offline_for;
	h->d.patches.items = c->patches.items;
	h->d.patches.count = c->patches.count;
	h->d.withdrawn.items = c->withdrawn.items;
	h->d.withdrawn.count = c->withdrawn.count;
	policy_tell(m, h);
	released_note(m, h, c);
	if (h->set != SIZE_MAX)
		tell_steps(m, h);
	sim_turn_at(m, h, m->now);
}
