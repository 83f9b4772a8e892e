/* What hangs on domains: organisations, networks, names, addresses, services, certificates, and what all of these depend on. */
#include "surface/domain.h"
#include "surface/own-internal.h"

static uint32_t
edge_id(const struct graph *g, const struct edge *e)
{
	return e ? (uint32_t)(e - g->edges) : GRAPH_NONE;
}

static void
approve(struct graph *g, struct node *n, enum own_rule rule, uint32_t by, const struct edge *e)
{
	own_set(g, n, OWN_APPROVED, rule, by, edge_id(g, e), own_rule_row(rule)->weight);
}

/* Less than approved: never over what is known better, or what a person said. */
static void
suppose(struct graph *g, struct node *n, enum ownership own, enum own_rule rule, uint32_t by, const struct edge *e)
{
	if (n->own == OWN_UNKNOWN)
		own_set(g, n, own, rule, by, edge_id(g, e), own_rule_row(rule)->weight);
}

static bool
open_to_judgement(const struct node *n)
{
	return !own_approved(n) && !own_given(n);
}

/* ---- organisations and networks: in every round ---- */

/* Who registered a seed is the owner; of other domains only who also is the subject of a certificate for one of ours:
 * agencies register domains for their customers. */
static const struct edge *
owner_of(const struct graph *g, const struct node *organisation, uint32_t *by)
{
	static const enum fact_kind kinds[] = { FACT_REGISTRANT, FACT_REGISTRANT_JA, FACT_REGISTRANT_EN };
	const struct edge *e, *registered = NULL;
	bool certified = false;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		for (size_t i = 0; (e = graph_in(g, organisation, kinds[k], &i));) {
			const struct node *domain = graph_at(g, e->from);
			if (domain->seed || (own_approved(domain) && !registered)) {
				registered = e;
				*by = domain->id;
			}
			if (domain->seed)
				return e;
		}
	}
	for (size_t i = 0; registered && (e = graph_in(g, organisation, FACT_CERTIFICATE_ORGANISATION, &i));) {
		const struct edge *named;
		for (size_t k = 0; (named = graph_out(g, graph_at(g, e->from), FACT_CERTIFICATE_NAME, &k));)
			certified |= named->number <= CERTIFICATE_NAMES_MAX &&
				     own_approved(own_domain_of(g, graph_at(g, named->to)));
	}
	return certified ? registered : NULL;
}

static bool
organisation(struct own_judge *j, struct node *n)
{
	uint32_t by = GRAPH_NONE;
	const struct edge *e = n->org->usable ? owner_of(j->g, n, &by) : NULL;
	if (e) {
		approve(j->g, n, RULE_OWNER_OF, by, e);
		return true;
	}
	by = own_organisation(j, n);
	if (by != GRAPH_NONE)
		suppose(j->g, n, OWN_CANDIDATE, RULE_HOLDER, by, NULL);
	return false;
}

struct inside {
	bool ours, others;
};

static struct inside
names_inside(const struct graph *g, const struct node *network)
{
	struct inside in = { 0 };
	const struct edge *lies, *points;
	for (size_t k = 0; (lies = graph_in(g, network, FACT_IN_NETWORK, &k));) {
		for (size_t p = 0; (points = graph_in(g, graph_at(g, lies->from), FACT_ADDRESS, &p));) {
			const struct node *domain = own_domain_of(g, graph_at(g, points->from));
			in.ours |= own_approved(domain);
			in.others |= domain && !own_approved(domain) && domain->own != OWN_CANDIDATE;
		}
	}
	return in;
}

/* A network is ours when its holder is, and a name of ours lies inside. A holder who is called almost like us, as a branch
 * abroad is, is one where nobody else's names lie inside. */
static bool
network(struct own_judge *j, struct node *n)
{
	const struct graph *g = j->g;
	const struct edge *e;
	struct inside in = { 0 };
	bool looked = false;
	for (size_t i = 0; (e = graph_out(g, n, FACT_HOLDER, &i));) {
		const struct node *holder = graph_at(g, e->to);
		uint32_t same = own_organisation(j, holder);
		uint32_t ours = same != GRAPH_NONE ? same : own_organisation_like(j, holder);
		if (ours == GRAPH_NONE)
			continue;
		in = looked ? in : names_inside(g, n);
		looked = true;
		if (in.ours && (same != GRAPH_NONE || !in.others)) {
			approve(j->g, n, RULE_HOLDER, ours, e);
			return true;
		}
		suppose(j->g, n, OWN_CANDIDATE, RULE_HOLDER, ours, e);
	}
	return false;
}

/* Addresses of one AS to which names of others point. */
struct strangers {
	const struct node *as; /* NULL: not looked at yet */
	const struct node *address[64];
	size_t count;
};

static bool
points_elsewhere(const struct graph *g, const struct node *address)
{
	const struct edge *points;
	for (size_t i = 0; (points = graph_in(g, address, FACT_ADDRESS, &i));) {
		const struct node *domain = own_domain_of(g, graph_at(g, points->from));
		if (domain && !own_approved(domain) && domain->own != OWN_CANDIDATE)
			return true;
	}
	return false;
}

static void
strangers_find(const struct graph *g, const struct node *as, struct strangers *out)
{
	const struct edge *lies;
	*out = (struct strangers){ .as = as };
	for (size_t i = 0; out->count < COUNT(out->address) && (lies = graph_in(g, as, FACT_IN_AS, &i));) {
		const struct node *n = graph_at(g, lies->from);
		if (n->is == THING_ADDRESS && points_elsewhere(g, n))
			out->address[out->count++] = n;
	}
}

/* Nobody else is told to hold it, and nobody else's names lie inside. */
static bool
is_nobody_elses(const struct own_judge *j, const struct node *network, const struct strangers *s)
{
	const struct edge *e, *of_as;
	for (size_t i = 0; (e = graph_out(j->g, network, FACT_HOLDER, &i));) {
		bool same = own_organisation(j, graph_at(j->g, e->to)) != GRAPH_NONE;
		for (size_t k = 0; !same && (of_as = graph_out(j->g, s->as, FACT_HOLDER, &k));)
			same = of_as->to == e->to;
		if (!same)
			return false;
	}
	for (size_t i = 0; i < s->count; i++)
		if (own_network_holds(network->name, s->address[i]->name))
			return false;
	return !names_inside(j->g, network).others;
}

/* A network is ours where an AS announces it that a person named. A provider's AS announces its customers' as well. */
static bool
announced(struct own_judge *j, struct node *n, struct strangers *s)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(j->g, n, FACT_IN_AS, &i));) {
		const struct node *as = graph_at(j->g, e->to);
		if (!as->seed || as->stays || !own_approved(as))
			continue;
		if (s->as != as)
			strangers_find(j->g, as, s);
		if (!is_nobody_elses(j, n, s))
			continue;
		approve(j->g, n, RULE_ORIGIN, as->id, e);
		return true;
	}
	return false;
}

bool
own_holders(struct own_judge *j)
{
	struct strangers strangers = { 0 };
	bool more = false;
	for (size_t i = 0; i < j->g->count; i++) {
		struct node *n = j->g->nodes[i];
		if (!open_to_judgement(n))
			continue;
		if (n->is == THING_ORGANISATION)
			more |= organisation(j, n);
		else if (n->is == THING_NETWORK || n->is == THING_AS)
			more |= (n->is == THING_NETWORK && announced(j, n, &strangers)) || network(j, n);
	}
	return more;
}

/* ---- names ---- */

/* An alias that leads back to itself: nothing is there, whoever is asked. */
static bool
in_circle(const struct graph *g, const struct node *n)
{
	enum { LINKS_MAX = 16 };
	const struct node *at = n;
	for (unsigned links = 0; links < LINKS_MAX; links++) {
		size_t i = 0;
		const struct edge *e = graph_out(g, at, FACT_ALIAS, &i);
		if (!e || graph_has(g, at, FACT_ADDRESS))
			return false;
		at = graph_at(g, e->to);
		if (at == n)
			return true;
	}
	return false;
}

/* Names of old certificates that are nowhere any more are no assets, unless they still point somewhere. */
static bool
gone(const struct graph *g, const struct node *n)
{
	if (in_circle(g, n))
		return true;
	return graph_has(g, n, FACT_ABSENT) && !graph_has(g, n, FACT_ADDRESS) && !graph_has(g, n, FACT_DANGLING);
}

static void
names_below(struct graph *g, struct node *domain)
{
	for (struct node *n = graph_at(g, domain->first_name); n; n = graph_at(g, n->next_name)) {
		if (n->rule == RULE_VERDICT || gone(g, n))
			continue;
		const struct edge *e = n->in.count    ? &g->edges[n->in.items[0]]
				       : n->out.count ? &g->edges[n->out.items[0]]
						      : NULL;
		if (n->wildcard == BY_WILDCARD_ALONE && domain->own == OWN_APPROVED)
			suppose(g, n, OWN_MONITOR, RULE_WILDCARD, domain->id, e);
		else
			own_set(g, n, domain->own, RULE_BELOW, domain->id, edge_id(g, e), domain->confidence);
	}
}

/* ---- addresses ---- */

static bool
certificate_is_ours(const struct graph *g, const struct node *certificate)
{
	const struct edge *e;
	bool ours = false;
	for (size_t i = 0; (e = graph_out(g, certificate, FACT_CERTIFICATE_NAME, &i));) {
		if (e->number > CERTIFICATE_NAMES_MAX)
			return false;
		const struct node *domain = own_domain_of(g, graph_at(g, e->to));
		if (domain && !own_approved(domain))
			return false;
		ours |= domain != NULL;
	}
	return ours;
}

static const struct edge *
shows_ours(const struct graph *g, const struct node *address)
{
	const struct edge *service, *shown;
	for (size_t i = 0; (service = graph_in(g, address, FACT_SERVICE, &i));)
		for (size_t k = 0; (shown = graph_out(g, graph_at(g, service->from), FACT_SERVICE_CERTIFICATE, &k));)
			if (certificate_is_ours(g, graph_at(g, shown->to)))
				return shown;
	return NULL;
}

/* Others have names there, too: shared hosting, a CDN. A reverse name of the operator's does not count. */
static bool
shared(const struct graph *g, const struct node *address)
{
	static const enum fact_kind kinds[] = { FACT_ADDRESS, FACT_NAME_SEEN };
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(g, address, FACT_TAG, &i));)
		if (str_eq(e->text, STR("cdn")))
			return true;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		for (size_t i = 0; (e = graph_in(g, address, kinds[k], &i));) {
			const struct node *domain = own_domain_of(g, graph_at(g, e->from));
			if (domain && !own_approved(domain) && domain->own != OWN_CANDIDATE)
				return true;
		}
	}
	return false;
}

static const struct edge *
reverse_is_ours(const struct graph *g, const struct node *address)
{
	const struct edge *e, *forward;
	for (size_t i = 0; (e = graph_out(g, address, FACT_REVERSE, &i));) {
		const struct node *name = graph_at(g, e->to);
		if (!own_approved(own_domain_of(g, name)))
			continue;
		for (size_t k = 0; (forward = graph_out(g, name, FACT_ADDRESS, &k));)
			if (forward->to == address->id)
				return e;
	}
	return NULL;
}

static const struct node *
network_of_ours(const struct own_judge *j, const struct node *address)
{
	for (size_t i = 0; i < j->networks.count; i++) {
		const struct node *n = graph_at(j->g, j->networks.items[i]);
		if (own_network_holds(n->name, address->name))
			return n;
	}
	return NULL;
}

static void
address(struct own_judge *j, struct node *n)
{
	const struct graph *g = j->g;
	const struct edge *e, *points = NULL;
	const struct node *inside = network_of_ours(j, n);
	if (inside) {
		approve(j->g, n, RULE_INSIDE, inside->id, NULL);
		return;
	}
	for (size_t i = 0; !points && (e = graph_in(g, n, FACT_ADDRESS, &i));)
		if (own_approved(graph_at(g, e->from)))
			points = e;
	if (!points)
		return;
	const struct edge *shown = shared(g, n) ? NULL : shows_ours(g, n);
	const struct edge *reverse = shown || shared(g, n) ? NULL : reverse_is_ours(g, n);
	if (shown || reverse)
		approve(j->g, n, RULE_POINTS_AND_SHOWS, points->from, points);
	else
		suppose(j->g, n, OWN_DEPENDENCY, RULE_POINTS, points->from, points);
}

/* ---- certificates and services ---- */

static void
certificate(struct own_judge *j, struct node *n)
{
	size_t i = 0;
	const struct edge *e = graph_out(j->g, n, FACT_CERTIFICATE_NAME, &i);
	if (e && certificate_is_ours(j->g, n)) {
		approve(j->g, n, RULE_NAMES_OURS, graph_at(j->g, e->to)->domain, e);
		return;
	}
	for (i = 0; (e = graph_out(j->g, n, FACT_CERTIFICATE_NAME, &i));) {
		if (own_approved(own_domain_of(j->g, graph_at(j->g, e->to)))) {
			suppose(j->g, n, OWN_DEPENDENCY, RULE_SERVES, graph_at(j->g, e->to)->domain, e);
			return;
		}
	}
}

static void
service(struct own_judge *j, struct node *n)
{
	size_t i = 0;
	const struct edge *e = graph_out(j->g, n, FACT_SERVICE, &i);
	const struct node *at = e ? graph_at(j->g, e->to) : NULL;
	if (at && at->own != OWN_UNKNOWN)
		own_set(j->g, n, at->own, (enum own_rule)at->rule, at->id, edge_id(j->g, e), at->confidence);
}

/* ---- what ours depends on, and what looks like ours ---- */

static void
dependency(struct graph *g, const struct edge *e)
{
	struct node *to = graph_at(g, e->to);
	struct node *domain = to ? own_domain_of(g, to) : NULL;
	if (!domain || own_approved(domain) || own_approved(to))
		return;
	suppose(g, to, OWN_DEPENDENCY, RULE_SERVES, e->from, e);
	suppose(g, domain, OWN_DEPENDENCY, RULE_SERVES, e->from, e);
}

static void
dependencies(struct graph *g, const struct node *n)
{
	static const enum fact_kind kinds[] = { FACT_ALIAS, FACT_NAME_SERVER,  FACT_MAIL,
						FACT_SPF,   FACT_DMARC_REPORT, FACT_SERVICE_AT };
	for (size_t i = 0; i < n->out.count; i++) {
		const struct edge *e = &g->edges[n->out.items[i]];
		for (size_t k = 0; k < COUNT(kinds); k++)
			if (e->kind == kinds[k])
				dependency(g, e);
	}
}

#define LOOKS_LIKE 0.85

static void
look_alikes(struct own_judge *j)
{
	struct graph *g = j->g;
	ARRAY_OF(struct node *) ours = { 0 };
	for (size_t i = 0; i < g->count; i++)
		if (g->nodes[i]->is == THING_DOMAIN && own_approved(g->nodes[i]))
			*ARRAY_PUSH(&j->arena, &ours) = g->nodes[i];
	for (size_t i = 0; i < g->count; i++) {
		struct node *n = g->nodes[i];
		for (size_t k = 0; n->is == THING_DOMAIN && n->own == OWN_UNKNOWN && k < ours.count; k++)
			if (domain_likeness(n->name, ours.items[k]->name) >= LOOKS_LIKE)
				suppose(g, n, OWN_MONITOR, RULE_LOOKS_LIKE, ours.items[k]->id, NULL);
	}
}

static void
each(struct own_judge *j, enum thing is, void (*judge)(struct own_judge *j, struct node *n))
{
	for (size_t i = 0; i < j->g->count; i++)
		if (j->g->nodes[i]->is == is && open_to_judgement(j->g->nodes[i]))
			judge(j, j->g->nodes[i]);
}

void
own_rest(struct own_judge *j)
{
	struct graph *g = j->g;
	for (size_t i = 0; i < g->count; i++) {
		struct node *n = g->nodes[i];
		if (n->is == THING_DOMAIN && (own_approved(n) || n->own == OWN_EXCLUDED))
			names_below(g, n);
	}
	each(j, THING_ADDRESS, address);
	each(j, THING_CERTIFICATE, certificate);
	each(j, THING_SERVICE, service);
	for (size_t i = 0; i < g->count; i++)
		if (own_approved(g->nodes[i]) && (g->nodes[i]->is == THING_DOMAIN || g->nodes[i]->is == THING_NAME))
			dependencies(g, g->nodes[i]);
	look_alikes(j);
}
