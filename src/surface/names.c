/* Which names below a domain of ours are asked about: all of them, as a rule; beyond names_max the most telling ones. A zone with a
 * million random names, or a certificate search that tells 200,000 names of one domain, would else be asked about for hours. What
 * is not asked about is known all the same, and told. */
#include "surface/discover-internal.h"

#include <stdlib.h>

enum {
	NAMES_DEFAULT = 5000,
	MADE_BY_PEOPLE = 3, /* weights: a label as people write it */
	EACH_SERVICE = 2, /* a source that names it; the first one says nothing */
	POINTED_TO = 3, /* a record leads to it */
	SERVICES_MOST = 3,
	LABEL_MOST = 24, /* bytes of a label that people write */
	DIGITS_MOST = 4,
	CONSONANTS_MOST = 4, /* in a row */
	TURNS_MOST = 2, /* between letters and digits */
};

struct wanted {
	struct node *name;
	unsigned worth;
	int64_t newest;
};

/* ---- what a label looks like ---- */

/* Of machines are "a8f3e91c", "xkqzvbtr", "i-0c4de2"; of people "vpn2", "web-tokyo". */
static bool
part_is_of_people(struct str part)
{
	unsigned digits = 0, row = 0, longest = 0, turns = 0;
	bool was_digit = false;
	for (size_t i = 0; i < part.len; i++) {
		char c = part.ptr[i];
		bool digit = c >= '0' && c <= '9';
		row = digit || memchr("aeiouy", c, 6) ? 0 : row + 1;
		longest = row > longest ? row : longest;
		digits += digit;
		turns += i > 0 && digit != was_digit;
		was_digit = digit;
	}
	return digits <= DIGITS_MOST && longest <= CONSONANTS_MOST && turns <= TURNS_MOST;
}

static bool
label_is_of_people(struct str label)
{
	struct str part;
	if (str_starts(label, STR("xn--")))
		return true;
	if (label.len > LABEL_MOST)
		return false;
	while (str_cut(&label, '-', &part))
		if (!part_is_of_people(part))
			return false;
	return true;
}

bool
names_of_people(struct str name, struct str domain)
{
	struct str labels = str_head(name, name.len > domain.len ? name.len - domain.len - 1 : 0), label;
	while (str_cut(&labels, '.', &label))
		if (!label_is_of_people(label))
			return false;
	return true;
}

/* ---- how much a name tells ---- */

static bool
points(enum fact_kind k)
{
	return k == FACT_ALIAS || k == FACT_NAME_SERVER || k == FACT_MAIL || k == FACT_SERVICE_AT || k == FACT_SPF ||
	       k == FACT_NEXT_NAME || k == FACT_REVERSE;
}

static void
look_at(struct wanted *w, const struct edge *e, unsigned *services)
{
	*services |= 1u << e->service;
	w->newest = e->at > w->newest ? e->at : w->newest;
}

static struct wanted
weigh(const struct graph *g, struct node *n, const struct node *domain)
{
	struct wanted w = { .name = n };
	unsigned services = 0, named = 0;
	bool pointed = false;
	for (size_t i = 0; i < n->in.count; i++) {
		const struct edge *e = &g->edges[n->in.items[i]];
		look_at(&w, e, &services);
		pointed |= points(e->kind);
	}
	for (size_t i = 0; i < n->out.count; i++)
		look_at(&w, &g->edges[n->out.items[i]], &services);
	for (unsigned s = 0; s < SERVICES; s++)
		named += services >> s & 1;
	named = named > SERVICES_MOST ? SERVICES_MOST : named;
	w.worth = (named > 1 ? (named - 1) * EACH_SERVICE : 0) + (pointed ? POINTED_TO : 0) +
		  (names_of_people(n->name, domain->name) ? MADE_BY_PEOPLE : 0);
	return w;
}

static int
most_telling(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	if (x->worth != y->worth)
		return x->worth > y->worth ? -1 : 1;
	if (x->newest != y->newest)
		return x->newest > y->newest ? -1 : 1;
	return str_cmp(x->name->name, y->name->name);
}

/* ---- one domain ---- */

static void
ask(struct run *r, struct node *n)
{
	n->asked |= ASKED_ADDRESSES;
	n->left = false;
	run_ask(r, SERVICE_DNS, "A %.*s", STR_ARG(n->name));
	run_ask(r, SERVICE_DNS, "AAAA %.*s", STR_ARG(n->name));
}

/* A person named it, or its address is known by DNS already: neither grows with what strangers say. */
static bool
at_once(const struct graph *g, const struct node *n)
{
	return n->seed || n->rule == RULE_VERDICT || graph_has(g, n, FACT_ADDRESS);
}

static bool
waits(const struct node *n)
{
	return n->own == OWN_APPROVED && !n->stays && !(n->asked & ASKED_ADDRESSES);
}

/* Of more names than may be asked about a part stays free for what later answers tell. */
static void
choose(struct run *r, struct node *domain, size_t waiting, unsigned room, unsigned reserve)
{
	const struct graph *g = &r->d->graph;
	struct wanted *all = xcalloc(waiting, sizeof(*all));
	size_t count = 0;
	for (struct node *n = graph_at(g, domain->first_name); n && count < waiting; n = graph_at(g, n->next_name))
		if (waits(n))
			all[count++] = weigh(g, n, domain);
	qsort(all, count, sizeof(*all), most_telling);
	for (size_t i = 0; i < count; i++) {
		all[i].name->left = true;
		if (room == 0 || (all[i].worth == 0 && room <= reserve))
			continue;
		ask(r, all[i].name);
		domain->names_asked++;
		room--;
	}
	free(all);
}

void
names_ask(struct run *r, struct node *domain)
{
	const struct graph *g = &r->d->graph;
	unsigned most = r->o->names_max ? r->o->names_max : NAMES_DEFAULT;
	unsigned room = domain->names_asked < most ? most - domain->names_asked : 0;
	size_t waiting = 0;
	for (struct node *n = graph_at(g, domain->first_name); n; n = graph_at(g, n->next_name)) {
		if (waits(n) && at_once(g, n))
			ask(r, n);
		waiting += waits(n);
	}
	if (waiting > room) {
		choose(r, domain, waiting, room, most / 5);
		return;
	}
	for (struct node *n = graph_at(g, domain->first_name); waiting && n; n = graph_at(g, n->next_name)) {
		if (!waits(n))
			continue;
		ask(r, n);
		domain->names_asked++;
	}
}

void
names_end(struct run *r)
{
	const struct graph *g = &r->d->graph;
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		struct node *domain = n->left && waits(n) ? graph_at(g, n->domain) : NULL;
		if (!domain)
			continue;
		r->d->names_left++;
		r->d->domains_left += domain->names_left++ == 0;
	}
}
