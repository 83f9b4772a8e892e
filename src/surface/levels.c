/* Wildcards, level by level, and what they answer for. A name that certificates or pages tell, and that gets just what random
 * labels beside it get, may have been made by nobody: it is marked, and no host of ours unless something else speaks for it. Names
 * below corp.example.jp say that somebody keeps hosts there: such a level is guessed at like a domain, with fewer words. */
#include "surface/discover-internal.h"

#include "surface/domain.h"
#include "surface/own-internal.h"

#include <stdlib.h>

enum {
	LEVELS_MAX = 50, /* below one domain */
	GUESSED_MAX = 20, /* of them */
	WORDS_BELOW = 200, /* the first ones of the list are the most usual ones */
};

struct level {
	struct zone *zone;
	bool apex, told;
	unsigned below; /* of a domain: levels that were begun */
};

struct parent {
	struct str name;
	size_t children;
};

static struct level *
begin(struct run *r, struct str name, size_t words)
{
	struct level *l = ARENA_NEW(&r->arena, struct level);
	*l = (struct level){ .zone = guess_begin(r, name, words) };
	*table_put(&r->levels, arena_str(&r->arena, name), NULL) = l;
	return l;
}

/* ---- where hosts are ---- */

static bool
is_answered(const struct graph *g, const struct node *n)
{
	return n->own == OWN_APPROVED && !n->wildcard && (graph_has(g, n, FACT_ADDRESS) || graph_has(g, n, FACT_ALIAS));
}

static bool
may_be_looked_at(const struct run *r, struct str parent)
{
	const struct node *n = graph_find(&r->d->graph, THING_NAME, parent);
	return !table_has(&r->levels, parent) && !str_starts(parent, STR("_")) && !str_contains(parent, STR("._")) &&
	       (!n || (!n->wildcard && n->own != OWN_EXCLUDED));
}

static int
most_children(const void *a, const void *b)
{
	const struct parent *x = a, *y = b;
	if (x->children != y->children)
		return x->children > y->children ? -1 : 1;
	return str_cmp(x->name, y->name);
}

static void
below(struct run *r, struct node *domain, struct level *apex)
{
	const struct graph *g = &r->d->graph;
	TABLE_AUTO known = { 0 };
	struct table_slot *slot;
	for (struct node *n = graph_at(g, domain->first_name); n; n = graph_at(g, n->next_name)) {
		struct str parent = domain_parent(n->name);
		if (str_eq(parent, domain->name) || !domain_within(parent, domain->name) || !is_answered(g, n) ||
		    !may_be_looked_at(r, parent))
			continue;
		void **children = table_put(&known, parent, NULL);
		*children = (void *)((uintptr_t)*children + 1);
	}
	struct parent *all = xcalloc(known.count + 1, sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; table_next(&known, &i, &slot);)
		all[count++] = (struct parent){ slot->key, (uintptr_t)slot->value };
	qsort(all, count, sizeof(*all), most_children);
	for (size_t i = 0; i < count && apex->below < LEVELS_MAX; i++) {
		(void)begin(r, all[i].name, apex->below++ < GUESSED_MAX ? WORDS_BELOW : 0);
		/* It may be a zone of its own, given to servers of which one is gone. */
		run_ask(r, SERVICE_DNS, "NS %.*s", STR_ARG(all[i].name));
	}
	free(all);
}

void
levels_begin(struct run *r, struct node *domain)
{
	if (!own_approved(domain))
		return;
	struct level *apex = table_get(&r->levels, domain->name);
	if (!apex) {
		apex = begin(r, domain->name, SIZE_MAX);
		apex->apex = true;
	}
	if (apex->below < LEVELS_MAX)
		below(r, domain, apex);
}

/* ---- what a wildcard answers for ---- */

/* A record leads to it, its zone lists it, somebody has seen it at work, or a person named it. */
static bool
is_made(const struct graph *g, const struct node *n)
{
	static const enum fact_kind to_it[] = { FACT_NEXT_NAME, FACT_NAME_SERVER, FACT_MAIL,   FACT_SERVICE_AT,
						FACT_SPF,       FACT_ALIAS,       FACT_REVERSE };
	size_t at;
	for (size_t k = 0; k < COUNT(to_it); k++)
		if (at = 0, graph_in(g, n, to_it[k], &at))
			return true;
	return n->seed || n->rule == RULE_VERDICT || graph_has(g, n, FACT_NAME_SEEN);
}

/* Right below a domain whose wildcard catches all that is mistyped, "www" and "mail" are there all the same. */
static enum by_wildcard
judged(const struct run *r, const struct level *l, const struct node *n)
{
	const struct graph *g = &r->d->graph;
	const struct node *domain = graph_at(g, n->domain);
	if (!guess_is_wildcards(l->zone, g, n))
		return BY_NO_WILDCARD;
	/* Its zone lists it, though with a hash. */
	if (domain && l->apex && hashed_says(r, domain->name, n->name) == HASHED_THERE)
		return BY_WILDCARD_TOO;
	bool named = l->apex && domain && names_of_people(n->name, domain->name);
	return named || is_made(g, n) ? BY_WILDCARD_TOO : BY_WILDCARD_ALONE;
}

static void
mark(struct run *r, struct node *n)
{
	for (struct str at = domain_parent(n->name); at.len; at = domain_parent(at)) {
		const struct level *l = table_get(&r->levels, at);
		if (!l)
			continue;
		n->wildcard = guess_answers_any(l->zone) ? judged(r, l, n) : BY_NO_WILDCARD;
		r->d->by_wildcard += n->wildcard == BY_WILDCARD_ALONE;
		return;
	}
}

void
levels_step(struct run *r)
{
	const struct graph *g = &r->d->graph;
	struct table_slot *slot;
	bool any = false;
	for (size_t i = 0; table_next(&r->levels, &i, &slot);) {
		struct level *l = slot->value;
		if (!guess_answers_any(l->zone))
			continue;
		any = true;
		if (!l->told)
			guess_learn_wildcard(r, l->zone);
		l->told = true;
	}
	r->d->by_wildcard = 0;
	for (size_t i = 0; any && i < g->count; i++)
		if (g->nodes[i]->is == THING_NAME && g->nodes[i]->domain != GRAPH_NONE && g->nodes[i]->out.count)
			mark(r, g->nodes[i]);
}

void
levels_end(struct run *r)
{
	guess_end(r);
	table_free(&r->levels);
}
