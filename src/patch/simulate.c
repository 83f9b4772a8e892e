/* The loop of the simulator: events by time, nothing polled. */
#include "base/time.h"
#include "patch/simulate-internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const invariant_names[INVARIANTS] = {
	[INVARIANT_WINDOW] = "window",     [INVARIANT_CUTOFF] = "cutoff", [INVARIANT_TWICE] = "twice",
	[INVARIANT_PAIR] = "pair",         [INVARIANT_HALT] = "halt",     [INVARIANT_AHEAD] = "ahead",
	[INVARIANT_REBOOTS] = "reboots",   [INVARIANT_UNIT] = "unit",     [INVARIANT_REASON] = "reason",
	[INVARIANT_SERVICES] = "services", [INVARIANT_HOLD] = "hold",     [INVARIANT_EDIT] = "edit",
	[INVARIANT_MITIGATE] = "mitigate",
};

const char *
invariant_name(enum invariant i)
{
	return invariant_names[i];
}

/* splitmix64: the same dice for the same question, whatever else happens. */
uint64_t
sim_dice(const struct sim *m, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t z = m->o->seed + a * 0x9e3779b97f4a7c15U + b * 0xbf58476d1ce4e5b9U + c * 0x94d049bb133111ebU;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

bool
sim_chance(const struct sim *m, double share, uint64_t a, uint64_t b, uint64_t c)
{
	return (double)(sim_dice(m, a, b, c) >> 11) < share * 9007199254740992.0;
}

/* ---- events ---- */

/* Flatter than a heap of two ways: fewer lines of memory for each of some hundred thousand events. */
enum { HEAP_WAYS = 4 };

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	return a->host != b->host ? a->host < b->host : a->kind < b->kind;
}

void
sim_event(struct sim *m, int64_t at, size_t host, enum sim_event_kind kind, uint32_t stamp)
{
	struct sim_event e = { at > m->now ? at : m->now, (uint32_t)host, stamp, kind };

	if (e.at >= m->end)
		return;
	*ARRAY_PUSH(&m->memory, &m->heap) = e;
	size_t i = m->heap.count - 1;
	for (; i > 0 && before(&e, &m->heap.items[(i - 1) / HEAP_WAYS]); i = (i - 1) / HEAP_WAYS)
		m->heap.items[i] = m->heap.items[(i - 1) / HEAP_WAYS];
	m->heap.items[i] = e;
}

static struct sim_event
event_take(struct sim *m)
{
	struct sim_event first = m->heap.items[0], last = m->heap.items[--m->heap.count];
	size_t i = 0, n = m->heap.count;

	for (;;) {
		size_t child = HEAP_WAYS * i + 1, end = child + HEAP_WAYS < n ? child + HEAP_WAYS : n;
		if (child >= n)
			break;
		for (size_t k = child + 1; k < end; k++)
			if (before(&m->heap.items[k], &m->heap.items[child]))
				child = k;
		if (!before(&m->heap.items[child], &last))
			break;
		m->heap.items[i] = m->heap.items[child];
		i = child;
	}
	if (n > 0)
		m->heap.items[i] = last;
	return first;
}

void
sim_turn_at(struct sim *m, struct sim_host *h, int64_t at)
{
	sim_event(m, at, h->id, SIM_TURN, ++h->turn_stamp);
}

void
sim_trace(struct sim *m, const struct sim_host *h, const char *fmt, ...)
{
	char text[512], when[TIME_RFC3339_MAX];
	struct str line;
	va_list ap;

	if (m->o->trace != h->id || !m->o->line)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line = arena_printf(&m->scratch, "%s %.*s %s", time_rfc3339(m->now, when), STR_ARG(h->name), text);
	m->o->line(m->o->user, line);
}

static void
event_run(struct sim *m, const struct sim_event *e)
{
	struct sim_host *h = &m->hosts[e->host];

	switch (e->kind) {
	case SIM_TURN:
		if (e->stamp == h->turn_stamp)
			sim_turn(m, h);
		break;
	case SIM_DONE:
		if (e->stamp == h->done_stamp)
			sim_done(m, h);
		break;
	case SIM_DAILY:
		sim_daily(m, h);
		break;
	case SIM_POWER_OFF:
	case SIM_POWER_ON:
		if (e->stamp == h->power_stamp)
			sim_power(m, h, e->kind == SIM_POWER_ON);
		break;
	case SIM_NET_ON:
		h->net = m->now >= h->relay_back;
		sim_contact(m, h);
		break;
	case SIM_CONTACT:
		sim_contact(m, h);
		break;
	case SIM_SERVER:
		sim_server(m);
		break;
	case SIM_EDIT:
		sim_edit(m);
		break;
	}
}

/* ---- the end: who has what, and why not ---- */

static struct simulate_group *
group_of(struct sim *m, const struct sim_host *h)
{
	return &m->out->groups.items[h->policy];
}

static void
host_count(struct sim *m, struct sim_host *h)
{
	struct simulate_group *g = group_of(m, h);
	const struct sim_channel *c = &m->channels.items[h->channel];
	bool lost = !h->net || !h->on;

	for (size_t i = 0; i < c->patches.count; i++) {
		const struct sim_patch *p = sim_patch_find(m, c->patches.items[i].patch);
		g->approved++;
		if (h->installed[p->source] >= p->version)
			g->installed++;
		else
			g->waiting[lost ? SLOT_MISSED : h->last_reason]++;
	}
	check_end(m, h);
}

static void
shares(struct sim *m, unsigned policy, struct simulate_group *g)
{
	static const double parts[] = { 0.5, 0.9, 0.99 };
	const uint64_t *hours = &m->delays[(size_t)policy * SIM_DELAYS];
	uint64_t sum = 0, all = g->approved - g->installed;

	for (size_t i = 0; i < SIM_DELAYS; i++)
		all += hours[i];
	for (size_t i = 0, k = 0; i < SIM_DELAYS && k < COUNT(parts); i++) {
		sum += hours[i];
		while (k < COUNT(parts) && all > 0 && (double)sum >= parts[k] * (double)all)
			g->share[k++] = (int64_t)(i + 1) * SIM_HOUR;
	}
}

static int
time_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
emergency_count(struct sim *m)
{
	struct simulate_report *r = m->out;
	size_t n = 0;

	r->emergency_hosts = (unsigned)m->host_count;
	for (size_t i = 0; m->emergency_at && i < m->host_count; i++) {
		int64_t took = m->hosts[i].first_mitigated ? m->hosts[i].first_mitigated - m->emergency_at : 0;
		r->emergency_mitigated += took > 0;
		r->mitigated_last = took > r->mitigated_last ? took : r->mitigated_last;
	}
	for (size_t i = 0; i < m->host_count; i++) {
		if (m->emergency_done[i])
			m->emergency_done[n++] = m->emergency_done[i];
	}
	r->emergency_patched = (unsigned)n;
	if (n == 0)
		return;
	qsort(m->emergency_done, n, sizeof(*m->emergency_done), time_order);
	r->emergency_half = m->emergency_done[(n - 1) / 2] - m->emergency_at;
	r->emergency_last = n == m->host_count ? m->emergency_done[n - 1] - m->emergency_at : 0;
}

static void
sim_report(struct sim *m)
{
	struct simulate_report *r = m->out;

	for (size_t i = 0; i < m->host_count; i++)
		host_count(m, &m->hosts[i]);
	for (unsigned i = 0; i < r->groups.count; i++)
		shares(m, i, &r->groups.items[i]);
	for (size_t i = 0; i < m->patches.count; i++)
		r->withdrawn += m->patches.items[i].withdrawn;
	for (size_t i = 0; i < m->policy_count * SIM_PATCHES_MAX; i++)
		r->halts += m->lines[i].halted_at != 0;
	r->patches = (unsigned)m->patches.count;
	for (size_t i = 0; i < INVARIANTS; i++)
		r->violated += r->violations[i];
	emergency_count(m);
}

static void
sim_loop(struct sim *m)
{
	unsigned day = 0;

	while (m->heap.count > 0) {
		struct sim_event e = event_take(m);
		m->now = e.at;
		event_run(m, &e);
		/* One turn's decisions: the chunk is given back once it has grown. */
		if (m->scratch.used > 1 << 18)
			arena_free(&m->scratch);
		if (m->o->progress && (m->now - m->start) / SIM_DAY >= day)
			m->o->progress(m->o->user, day++, m->o->days);
	}
	m->now = m->end;
}

static void
sim_free(struct sim **m)
{
	arena_free(&(*m)->memory);
	arena_free(&(*m)->scratch);
	table_free(&(*m)->by_id);
	free(*m);
}

bool
simulate_run(const struct simulate_options *o, struct arena *a, struct simulate_report *out, struct err *e)
{
	__attribute__((cleanup(sim_free))) struct sim *m = xcalloc(1, sizeof(*m));

	*out = (struct simulate_report){ .first_host = SIZE_MAX };
	m->o = o;
	m->out = out;
	m->a = a;
	m->start = m->now = time_days(2026, 11, 2) * SIM_DAY - 9 * SIM_HOUR; /* a Monday in Tokyo */
	m->end = m->start + o->days * SIM_DAY;
	m->zone = o->device ? *o->device : (struct zone){ .name = STR("Asia/Tokyo"), .offset = 9 * 3600 };
	if (!sim_fleet(m, e))
		return false;
	sim_server(m);
	sim_loop(m);
	sim_report(m);
	return true;
}
