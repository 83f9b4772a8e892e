/* The evidence of one domain. */
#include "base/buf.h"
#include "surface/own-internal.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct weighing {
	const struct own_judge *j;
	const struct node *domain;
	struct evidence *out;
	size_t count, max;
	int64_t created; /* when it was last registered; 0: not known */
};

static void
found(struct weighing *w, enum own_rule rule, const struct edge *e, uint32_t by)
{
	uint32_t edge = e ? (uint32_t)(e - w->j->g->edges) : GRAPH_NONE;
	for (size_t i = 0; i < w->count; i++)
		if (w->out[i].rule == rule && w->out[i].by == by)
			return;
	if (w->count < w->max)
		w->out[w->count++] = (struct evidence){ rule, edge, by };
}

uint32_t
own_organisation(const struct own_judge *j, const struct node *organisation)
{
	if (!organisation || organisation->own == OWN_EXCLUDED || !organisation->org->usable)
		return GRAPH_NONE;
	if (own_approved(organisation))
		return organisation->id;
	for (size_t i = 0; i < j->organisations.count; i++) {
		const struct node *ours = graph_at(j->g, j->organisations.items[i]);
		if (ours->org->usable && org_name_likeness(ours->org, organisation->org) >= ORG_SAME)
			return ours->id;
	}
	return GRAPH_NONE;
}

/* ---- who registered it ---- */

uint32_t
own_organisation_like(const struct own_judge *j, const struct node *organisation)
{
	for (size_t i = 0; organisation->org->usable && i < j->organisations.count; i++) {
		const struct node *ours = graph_at(j->g, j->organisations.items[i]);
		if (ours->org->usable && org_name_likeness(ours->org, organisation->org) >= OWN_LIKE)
			return ours->id;
	}
	return GRAPH_NONE;
}

static void
registration(struct weighing *w)
{
	static const enum fact_kind kinds[] = { FACT_REGISTRANT, FACT_REGISTRANT_JA, FACT_REGISTRANT_EN };
	const struct graph *g = w->j->g;
	const struct edge *e;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		for (size_t i = 0; (e = graph_out(g, w->domain, kinds[k], &i));) {
			const struct node *owner = graph_at(g, e->to);
			uint32_t ours = own_organisation(w->j, owner);
			enum own_rule rule = ours != GRAPH_NONE ? RULE_REGISTRANT : RULE_REGISTRANT_LIKE;
			ours = ours != GRAPH_NONE ? ours : own_organisation_like(w->j, owner);
			if (ours != GRAPH_NONE)
				found(w, rule, e, ours);
		}
	}
	for (size_t i = 0; (e = graph_out(g, w->domain, FACT_CONTACT_MAIL, &i));) {
		const struct node *mail = own_domain_of(g, graph_at(g, e->to));
		if (own_approved(mail) && mail != w->domain)
			found(w, RULE_CONTACT, e, mail->id);
	}
}

/* ---- certificates ---- */

/* A certificate from before the domain's registration speaks of whoever had it then. */
static bool
outdated(const struct weighing *w, const struct node *certificate)
{
	const int64_t day = 86400000;
	size_t i = 0;
	const struct edge *from = graph_out(w->j->g, certificate, FACT_CERTIFICATE_FROM, &i);
	return w->created && from && from->number + day < w->created;
}

static void
certificate(struct weighing *w, const struct edge *named)
{
	const struct graph *g = w->j->g;
	const struct node *c = graph_at(g, named->from);
	const struct edge *e;
	if (named->number > CERTIFICATE_NAMES_MAX || c->own == OWN_EXCLUDED || outdated(w, c))
		return;
	for (size_t i = 0; (e = graph_out(g, c, FACT_CERTIFICATE_ORGANISATION, &i));) {
		uint32_t ours = own_organisation(w->j, graph_at(g, e->to));
		if (ours != GRAPH_NONE)
			found(w, RULE_CERTIFICATE_OWNER, named, ours);
	}
	for (size_t i = 0; (e = graph_out(g, c, FACT_CERTIFICATE_NAME, &i));) {
		const struct node *other = own_domain_of(g, graph_at(g, e->to));
		if (own_approved(other) && other != w->domain)
			found(w, RULE_CERTIFICATE_SHARED, named, other->id);
	}
}

/* ---- its zone ---- */

static void
pointing(struct weighing *w, enum fact_kind kind, enum own_rule rule)
{
	const struct graph *g = w->j->g;
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(g, w->domain, kind, &i));) {
		const struct node *to = e->to == GRAPH_NONE ? NULL : own_domain_of(g, graph_at(g, e->to));
		if (own_approved(to) && to != w->domain)
			found(w, rule, e, to->id);
	}
}

struct str
own_servers_key(const struct graph *g, struct arena *a, const struct node *domain)
{
	uint32_t ids[16];
	size_t count = 0;
	const struct edge *e;
	BUF_AUTO text = { 0 };
	for (size_t i = 0; count < COUNT(ids) && (e = graph_out(g, domain, FACT_NAME_SERVER, &i));) {
		size_t at = count;
		for (; at > 0 && ids[at - 1] > e->to; at--)
			ids[at] = ids[at - 1];
		if (at > 0 && ids[at - 1] == e->to)
			memmove(ids + at, ids + at + 1, (count - at) * sizeof(ids[0]));
		else
			ids[at] = e->to, count++;
	}
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%u ", ids[i]);
	return arena_str(a, buf_str(&text));
}

static void
zone(struct weighing *w)
{
	const struct own_judge *j = w->j;
	const struct edge *e;
	ARENA_AUTO a = { 0 };
	pointing(w, FACT_NAME_SERVER, RULE_NAME_SERVER);
	pointing(w, FACT_MAIL, RULE_MAIL);
	pointing(w, FACT_SPF, RULE_MAIL_POLICY);
	pointing(w, FACT_DMARC_REPORT, RULE_MAIL_POLICY);
	for (size_t i = 0; (e = graph_out(j->g, w->domain, FACT_TOKEN, &i));) {
		const struct node *other = table_get(&j->tokens, e->text);
		if (other && other != w->domain)
			found(w, RULE_TOKEN, e, other->id);
	}
	struct str servers = own_servers_key(j->g, &a, w->domain);
	const struct node *same = servers.len ? table_get(&j->servers, servers) : NULL;
	if (same && same != w->domain) {
		size_t i = 0;
		found(w, RULE_SAME_SERVERS, graph_out(j->g, w->domain, FACT_NAME_SERVER, &i), same->id);
	}
}

/* ---- where it lies ---- */

bool
own_network_holds(struct str network, struct str address)
{
	unsigned char net[16], it[16];
	char text[2][64];
	struct str base, prefix;
	uint64_t bits;
	if (!str_split(network, '/', &base, &prefix) || !str_to_u64(prefix, &bits) || base.len >= 64 ||
	    address.len >= 64)
		return false;
	memcpy(text[0], base.ptr, base.len);
	memcpy(text[1], address.ptr, address.len);
	text[0][base.len] = text[1][address.len] = '\0';
	int family = str_find_char(base, ':') >= 0 ? AF_INET6 : AF_INET;
	size_t most = family == AF_INET ? 32 : 128;
	if (bits > most || inet_pton(family, text[0], net) != 1 || inet_pton(family, text[1], it) != 1)
		return false;
	unsigned char mask = (unsigned char)(0xff00u >> (bits % 8));
	return memcmp(net, it, bits / 8) == 0 && (bits % 8 == 0 || ((net[bits / 8] ^ it[bits / 8]) & mask) == 0);
}

static void
address(struct weighing *w, const struct node *name)
{
	const struct graph *g = w->j->g;
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(g, name, FACT_ADDRESS, &i));) {
		struct str at = graph_at(g, e->to)->name;
		for (size_t n = 0; n < w->j->networks.count; n++) {
			const struct node *ours = graph_at(g, w->j->networks.items[n]);
			if (own_network_holds(ours->name, at))
				found(w, RULE_ADDRESS, e, ours->id);
		}
	}
}

/* ---- what others say ---- */

static void
named_by_others(struct weighing *w)
{
	const struct graph *g = w->j->g;
	const struct edge *e;
	for (size_t i = 0; (e = graph_in(g, w->domain, FACT_LINK, &i));) {
		const struct node *page = own_domain_of(g, graph_at(g, e->from));
		if (own_approved(page) && page != w->domain)
			found(w, RULE_LINK, e, page->id);
	}
	for (size_t i = 0; (e = graph_in(g, w->domain, FACT_MENTION, &i));) {
		uint32_t ours = own_organisation(w->j, graph_at(g, e->from));
		if (ours != GRAPH_NONE)
			found(w, RULE_MENTION, e, ours);
	}
	struct str label, rest;
	if (!str_split(w->domain->name, '.', &label, &rest) || label.len < LABEL_MIN)
		return;
	const struct node *same = table_get(&w->j->labels, label);
	if (same && same != w->domain)
		found(w, RULE_LABEL, NULL, same->id);
}

static int
by_weight(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;
	double dx = own_rule_row(x->rule)->weight, dy = own_rule_row(y->rule)->weight;
	if (dx != dy)
		return dx < dy ? 1 : -1;
	return x->by < y->by ? -1 : x->by > y->by;
}

size_t
own_weigh(const struct own_judge *j, const struct node *domain, struct evidence *out, size_t max)
{
	struct weighing w = { .j = j, .domain = domain, .out = out, .max = max };
	const struct graph *g = j->g;
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(g, domain, FACT_CREATED, &i));)
		w.created = e->number > w.created ? e->number : w.created;
	registration(&w);
	zone(&w);
	named_by_others(&w);
	const struct node *name = domain;
	for (uint32_t next = domain->first_name; name; name = graph_at(g, next), next = name ? name->next_name : 0) {
		address(&w, name);
		for (size_t i = 0; (e = graph_in(g, name, FACT_CERTIFICATE_NAME, &i));)
			certificate(&w, e);
	}
	qsort(out, w.count, sizeof(*out), by_weight);
	return w.count;
}

double
own_sum(const struct evidence *evidence, size_t count, unsigned *classes, double *confidence)
{
	double best[CLASSES] = { 0 }, sum = 0, doubt = 1;
	*classes = 0;
	for (size_t i = 0; i < count; i++) {
		const struct own_rule_row *r = own_rule_row(evidence[i].rule);
		best[r->class] = r->weight > best[r->class] ? r->weight : best[r->class];
	}
	for (size_t i = 0; i < CLASSES; i++) {
		*classes += best[i] > 0;
		sum += best[i];
		doubt *= 1 - best[i];
	}
	*confidence = 1 - doubt;
	return sum;
}
