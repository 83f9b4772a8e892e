/* Ownership by rounds. */
#include "surface/own-internal.h"

#include <stdlib.h>

static const struct own_rule_row rows[RULES] = {
	[RULE_SEED] = { RULE_SEED, "seed", "it was given at the start", CLASS_REGISTRATION, 1 },
	[RULE_VERDICT] = { RULE_VERDICT, "verdict", "a person decided it", CLASS_REGISTRATION, 1 },
	[RULE_REGISTRANT] = { RULE_REGISTRANT, "registrant", "it is registered by the same organisation",
			      CLASS_REGISTRATION, .7 },
	[RULE_REGISTRANT_LIKE] = { RULE_REGISTRANT_LIKE, "registrant-like",
				   "its registrant is called almost like the organisation", CLASS_REGISTRATION, .3 },
	[RULE_CONTACT] = { RULE_CONTACT, "contact", "its registration names an e-mail address of a known domain",
			   CLASS_REGISTRATION, .6 },
	[RULE_CERTIFICATE_OWNER] = { RULE_CERTIFICATE_OWNER, "certificate-owner",
				     "a certificate issued to the organisation names it", CLASS_CERTIFICATE, .6 },
	[RULE_CERTIFICATE_SHARED] = { RULE_CERTIFICATE_SHARED, "certificate-shared",
				      "a certificate names it beside a known domain", CLASS_CERTIFICATE, .5 },
	[RULE_NAME_SERVER] = { RULE_NAME_SERVER, "name-server", "its zone is served by known hosts", CLASS_ZONE, .4 },
	[RULE_MAIL] = { RULE_MAIL, "mail", "its mail goes to a known host", CLASS_ZONE, .4 },
	[RULE_MAIL_POLICY] = { RULE_MAIL_POLICY, "mail-policy", "its SPF or DMARC record names a known domain",
			       CLASS_ZONE, .3 },
	[RULE_SAME_SERVERS] = { RULE_SAME_SERVERS, "same-servers", "it has the same name servers as a known domain",
				CLASS_ZONE, .25 },
	[RULE_TOKEN] = { RULE_TOKEN, "token", "it carries the same verification token as a known domain", CLASS_ACCOUNT,
			 .5 },
	[RULE_ADDRESS] = { RULE_ADDRESS, "address", "it lies in a known network", CLASS_NETWORK, .5 },
	[RULE_LINK] = { RULE_LINK, "link", "a known page links to it", CLASS_LINK, .3 },
	[RULE_MENTION] = { RULE_MENTION, "mention", "it was found beside the organisation's name", CLASS_LINK, .2 },
	[RULE_LABEL] = { RULE_LABEL, "label", "it is called like a known domain", CLASS_LABEL, .15 },
	[RULE_BELOW] = { RULE_BELOW, "below", "it is a name below a known domain", CLASS_ZONE, .95 },
	[RULE_POINTS] = { RULE_POINTS, "points", "a known name points to it", CLASS_ZONE, .3 },
	[RULE_POINTS_AND_SHOWS] = { RULE_POINTS_AND_SHOWS, "points-and-shows",
				    "a known name points to it, and what answers there has a certificate of a known "
				    "name",
				    CLASS_CERTIFICATE, .9 },
	[RULE_HOLDER] = { RULE_HOLDER, "holder", "it is held by the same organisation", CLASS_REGISTRATION, .7 },
	[RULE_INSIDE] = { RULE_INSIDE, "inside", "it lies inside a known network", CLASS_NETWORK, .9 },
	[RULE_ORIGIN] = { RULE_ORIGIN, "origin", "an AS of ours announces it", CLASS_NETWORK, .9 },
	[RULE_OWNER_OF] = { RULE_OWNER_OF, "owner-of", "it has registered a known domain", CLASS_REGISTRATION, .9 },
	[RULE_NAMES_OURS] = { RULE_NAMES_OURS, "names-ours", "it names known domains and no others", CLASS_CERTIFICATE,
			      .9 },
	[RULE_SERVES] = { RULE_SERVES, "serves", "something of the organisation depends on it", CLASS_ZONE, .5 },
	[RULE_WILDCARD] = { RULE_WILDCARD, "wildcard",
			    "only a wildcard answers for it, as for any name: nothing says that it exists", CLASS_ZONE,
			    .1 },
	[RULE_LOOKS_LIKE] = { RULE_LOOKS_LIKE, "looks-like",
			      "it looks like a known domain, and nothing says that it is one", CLASS_LABEL, .1 },
};

const struct own_rule_row *
own_rule_row(unsigned rule)
{
	return &rows[rule < RULES ? rule : RULE_NONE];
}

void
own_set(struct graph *g, struct node *n, enum ownership own, enum own_rule rule, uint32_t by, uint32_t edge,
	double confidence)
{
	const struct node *from = graph_at(g, by);
	n->own = own;
	n->rule = (uint16_t)rule;
	n->by = by;
	n->why = edge;
	n->confidence = confidence;
	n->distance = (uint16_t)(from ? from->distance + 1 : 0);
	n->owner = from ? from->owner : 0;
}

static void
begin(struct graph *g, const struct own_seed *seeds, size_t seed_count, const struct verdict *verdicts,
      size_t verdict_count)
{
	for (size_t i = 0; i < g->count; i++) {
		struct node *n = g->nodes[i];
		own_set(g, n, OWN_UNKNOWN, RULE_NONE, GRAPH_NONE, GRAPH_NONE, 0);
		n->seed = n->stays = false;
	}
	for (size_t i = 0; i < seed_count; i++) {
		struct node *n = graph_node(g, seeds[i].is, seeds[i].name);
		if (!n)
			continue;
		own_set(g, n, OWN_APPROVED, RULE_SEED, GRAPH_NONE, GRAPH_NONE, 1);
		n->seed = true;
		n->stays = seeds[i].stays;
		n->owner = seeds[i].owner;
	}
	/* A person's word counts above all, also above a seed of long ago. */
	for (size_t i = 0; i < verdict_count; i++) {
		/* What is ours by it is looked at even where no source names it in this run. */
		struct node *n = verdicts[i].own == OWN_APPROVED ? graph_node(g, verdicts[i].is, verdicts[i].name)
								 : graph_find(g, verdicts[i].is, verdicts[i].name);
		if (n)
			own_set(g, n, verdicts[i].own, RULE_VERDICT, GRAPH_NONE, GRAPH_NONE, 1);
	}
}

/* ---- what is approved, as evidence for others ---- */

static void
offer(struct table *t, struct arena *a, struct str text, struct node *n)
{
	bool added = false;
	if (!text.len || table_has(t, text))
		return;
	*table_put(t, arena_str(a, text), &added) = n;
}

static void
domain_offers(struct own_judge *j, struct node *n)
{
	const struct edge *e;
	struct str label, rest;
	for (size_t i = 0; (e = graph_out(j->g, n, FACT_TOKEN, &i));)
		offer(&j->tokens, &j->arena, e->text, n);
	offer(&j->servers, &j->arena, own_servers_key(j->g, &j->arena, n), n);
	if (str_split(n->name, '.', &label, &rest) && label.len >= LABEL_MIN)
		offer(&j->labels, &j->arena, label, n);
}

static void
round_end(struct own_judge *j)
{
	table_free(&j->tokens);
	table_free(&j->servers);
	table_free(&j->labels);
	arena_free(&j->arena);
	*j = (struct own_judge){ .g = j->g };
}

static void
round_begin(struct own_judge *j)
{
	round_end(j);
	for (size_t i = 0; i < j->g->count; i++) {
		struct node *n = j->g->nodes[i];
		if (!own_approved(n))
			continue;
		if (n->is == THING_DOMAIN)
			domain_offers(j, n);
		else if (n->is == THING_ORGANISATION)
			*ARRAY_PUSH(&j->arena, &j->organisations) = n->id;
		else if (n->is == THING_NETWORK)
			*ARRAY_PUSH(&j->arena, &j->networks) = n->id;
	}
}

/* ---- domains ---- */

struct approval {
	struct node *domain;
	struct evidence first;
	double confidence;
};

/* What a round finds counts as evidence from the next one on. */
static bool
domains(struct own_judge *j)
{
	ARRAY_OF(struct approval) found = { 0 };
	for (size_t i = 0; i < j->g->count; i++) {
		struct node *n = j->g->nodes[i];
		struct evidence evidence[EVIDENCE_MAX];
		unsigned classes;
		double confidence;
		if (n->is != THING_DOMAIN || own_given(n) || own_approved(n))
			continue;
		size_t count = own_weigh(j, n, evidence, COUNT(evidence));
		double sum = own_sum(evidence, count, &classes, &confidence);
		if (classes >= 2 && sum >= OWN_ENOUGH - 1e-9)
			*ARRAY_PUSH(&j->arena, &found) = (struct approval){ n, evidence[0], confidence };
		else if (sum >= OWN_LIKELY - 1e-9)
			own_set(j->g, n, OWN_CANDIDATE, evidence[0].rule, evidence[0].by, evidence[0].edge, confidence);
		else
			n->confidence = sum; /* a first sign: worth a question (frontier.c) */
	}
	for (size_t i = 0; i < found.count; i++)
		own_set(j->g, found.items[i].domain, OWN_APPROVED, found.items[i].first.rule, found.items[i].first.by,
			found.items[i].first.edge, found.items[i].confidence);
	return found.count > 0;
}

void
own_judge(struct graph *g, const struct own_seed *seeds, size_t seed_count, const struct verdict *verdicts,
	  size_t verdict_count)
{
	struct own_judge j = { .g = g };
	begin(g, seeds, seed_count, verdicts, verdict_count);
	for (bool more = true; more;) {
		round_begin(&j);
		more = own_holders(&j);
		more |= domains(&j);
	}
	round_begin(&j);
	own_rest(&j);
	round_end(&j);
}

struct own_judge *
own_open(struct graph *g)
{
	struct own_judge *j = xcalloc(1, sizeof(*j));
	j->g = g;
	round_begin(j);
	return j;
}

size_t
own_evidence(const struct own_judge *j, const struct node *domain, struct evidence *out, size_t max)
{
	return own_weigh(j, domain, out, max);
}

void
own_close(struct own_judge *j)
{
	if (j)
		round_end(j);
	free(j);
}
