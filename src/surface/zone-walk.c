/* Names of a signed zone of ours, by its own word: each NSEC record (RFC 4034, 4) names the one that follows, so that its chain
 * is the zone. One question at a time. A chain that names nothing real (RFC 4470, RFC 9824) is left at once; where it leads into a
 * zone below, or breaks, it is taken up again at the next name that others know. NSEC3 (RFC 5155) is noticed, and taken further by hashed.c. */
#include "surface/discover-internal.h"

#include "base/codec.h"
#include "net/dns.h"
#include "surface/domain.h"

enum { STEPS_MAX = 20000, RESTARTS_MAX = 200 };

struct zone_walk {
	struct zone_walk *next;
	struct tag tag;
	struct str domain;
	struct dns_name apex, at;
	unsigned steps, restarts;
	bool waiting; /* to be taken up */
};

static struct str
name_of(struct arena *a, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT];
	return arena_str(a, str_sub(text, dns_name_text(name, text)));
}

static void
ask(struct run *r, struct zone_walk *w, const char *type, const struct dns_name *name)
{
	BUF_AUTO what = { 0 };
	buf_addf(&what, "%s ", type);
	dns_name_add_text(name, &what);
	w->at = *name;
	run_put(r, SERVICE_DNS, buf_str(&what), &w->tag);
}

void
zone_walk_begin(struct run *r, const struct node *domain)
{
	struct zone_walk *w = ARENA_NEW(&r->arena, struct zone_walk);
	*w = (struct zone_walk){ .tag = { .kind = TAG_WALK, .run = r, .zone_walk = w }, .domain = domain->name };
	w->next = r->zone_walks;
	r->zone_walks = w;
	if (dns_name_parse(domain->name, &w->apex, NULL))
		ask(r, w, "NSEC", &w->apex);
}

/* ---- what is learnt ---- */

static void
learn(struct run *r, const struct facts *f, const struct answer *a)
{
	r->d->bad += f->bad;
	(void)graph_learn(&r->d->graph, f, SERVICE_DNS, a->from, a->at);
}

static void
learn_signed(struct run *r, const struct zone_walk *w, struct str how, const struct answer *a)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	if (fact_add(&f, FACT_SIGNED, THING_NAME, w->domain))
		fact_text(&f, how);
	learn(r, &f, a);
}

/* A label of a wildcard stands for all names below it; one that begins with "_" is no host's (RFC 8552). */
static void
learn_next(struct run *r, const struct zone_walk *w, const struct dns_name *next, const struct answer *a)
{
	ARENA_AUTO arena = { 0 };
	struct facts f = { .arena = &arena };
	struct str from = name_of(&arena, &w->at), to = name_of(&arena, next);
	struct str quote = arena_printf(&arena, "%.*s. IN NSEC %.*s.", STR_ARG(from), STR_ARG(to));
	r->d->walked++;
	if (str_starts(to, STR("*."))) {
		if (fact_add(&f, FACT_WILDCARD, THING_NAME, to))
			fact_text(&f, STR("nsec"));
	} else if (!str_starts(to, STR("_")) && !str_contains(to, STR("._"))) {
		/* The zone says so, whatever stands before it. */
		if (fact_add(&f, FACT_NEXT_NAME, THING_NAME, w->domain) && fact_object(&f, THING_NAME, to))
			fact_evidence(&f, quote);
	}
	learn(r, &f, a);
}

/* ---- one answer ---- */

/* The record of this type that the question's name has. */
static bool
record_of(struct str body, const struct dns_name *owner, uint16_t type, struct dns_message *m, struct dns_data *out)
{
	struct dns_record record;
	if (dns_message_read(body.ptr, body.len, m) != DNS_FINE)
		return false;
	struct dns_reader all = { .message = m };
	while (dns_record_next(&all, &record))
		if (record.section == DNS_ANSWER && record.class == DNS_IN && record.type == type &&
		    dns_name_eq(&record.owner, owner) && dns_data_read(&record, out) == DNS_FINE)
			return true;
	return false;
}

/* The least name behind this one that is known from elsewhere and does not lie below it; there may be one later. */
static void
take_up(struct run *r, struct zone_walk *w)
{
	const struct graph *g = &r->d->graph;
	const struct node *domain = graph_find(g, THING_DOMAIN, w->domain);
	struct dns_name best = { 0 };
	w->waiting = domain && w->restarts < RESTARTS_MAX;
	if (!w->waiting)
		return;
	for (const struct node *n = graph_at(g, domain->first_name); n; n = graph_at(g, n->next_name)) {
		struct dns_name name;
		if (dns_name_parse(n->name, &name, NULL) && dns_name_cmp(&name, &w->at) > 0 &&
		    !dns_name_within(&name, &w->at) && (!best.len || dns_name_cmp(&name, &best) < 0))
			best = name;
	}
	if (!best.len)
		return;
	w->waiting = false;
	w->restarts++;
	ask(r, w, "NSEC", &best);
}

void
zone_walk_step(struct run *r)
{
	for (struct zone_walk *w = r->zone_walks; w; w = w->next)
		if (w->waiting)
			take_up(r, w);
}

/* A name that a person gave: what a signer makes up between two others has bytes that no name has. */
static bool
is_real(const struct dns_name *name)
{
	ARENA_AUTO a = { 0 };
	return domain_canonical(&a, name_of(&a, name)).len > 0;
}

static void
step(struct run *r, struct zone_walk *w, const struct dns_nsec *nsec, const struct answer *a)
{
	bool apex = dns_name_eq(&w->at, &w->apex);
	if (!apex && dns_types_have(nsec->types, DNS_SOA)) {
		take_up(r, w); /* the chain of a zone below */
		return;
	}
	if (apex)
		learn_signed(r, w, is_real(&nsec->next) ? STR("nsec") : STR("nsec, minimal"), a);
	if (dns_name_eq(&nsec->next, &w->apex) || !dns_name_within(&nsec->next, &w->apex) || !is_real(&nsec->next) ||
	    dns_name_cmp(&nsec->next, &w->at) <= 0 || w->steps++ >= STEPS_MAX)
		return;
	learn_next(r, w, &nsec->next, a);
	ask(r, w, "NSEC", &nsec->next);
}

static void
parameters(struct run *r, struct zone_walk *w, const struct dns_nsec3 *p, const struct answer *a)
{
	BUF_AUTO how = { 0 };
	buf_addf(&how, "nsec3, %u iterations, salt ", p->iterations);
	hex_encode(&how, p->salt.ptr, p->salt.len);
	learn_signed(r, w, buf_str(&how), a);
}

/* An answer without NSEC, with what says so (NSEC3), or a plain "nothing". */
static void
hashed_or_unsigned(struct run *r, struct zone_walk *w, const struct answer *a)
{
	hashed_begin(r, w->domain, a->body);
	ask(r, w, "NSEC3PARAM", &w->apex);
}

void
zone_walk_answer(struct run *r, struct tag *tag, const struct answer *a)
{
	struct zone_walk *w = tag->zone_walk;
	bool parameter = str_starts(a->question->what, STR("NSEC3PARAM "));
	struct dns_message m;
	struct dns_data d;
	bool found =
		a->kind == ANSWER_DATA && record_of(a->body, &w->at, parameter ? DNS_NSEC3PARAM : DNS_NSEC, &m, &d);
	if (parameter && found)
		parameters(r, w, &d.nsec3, a);
	else if (!parameter && found)
		step(r, w, &d.nsec, a);
	else if (!parameter && w->steps)
		take_up(r, w);
	else if (!parameter && a->kind == ANSWER_DATA && dns_name_eq(&w->at, &w->apex))
		hashed_or_unsigned(r, w, a);
	else if (!parameter && a->kind == ANSWER_NONE)
		ask(r, w, "NSEC3PARAM", &w->apex);
}
