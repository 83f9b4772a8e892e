#include "surface/graph.h"

#include "surface/domain.h"

#include <stdio.h>

static const char *const ownerships[] = {
	[OWN_UNKNOWN] = "unknown",       [OWN_APPROVED] = "approved", [OWN_CANDIDATE] = "candidate",
	[OWN_DEPENDENCY] = "dependency", [OWN_MONITOR] = "monitor",   [OWN_EXCLUDED] = "excluded",
};

const char *
ownership_name(enum ownership o)
{
	return ownerships[o];
}

bool
ownership_parse(struct str s, enum ownership *out)
{
	for (size_t i = 0; i < COUNT(ownerships); i++) {
		if (str_eq(s, str_of(ownerships[i]))) {
			*out = (enum ownership)i;
			return true;
		}
	}
	return false;
}

void
graph_free(struct graph *g)
{
	table_free(&g->index);
	table_free(&g->known);
	table_free(&g->words);
	arena_free(&g->arena);
	*g = (struct graph){ 0 };
}

/* ---- nodes ---- */

/* A host name and a domain of the same text are one thing. */
static enum thing
settled(enum thing is, struct str name)
{
	if (is != THING_NAME && is != THING_DOMAIN)
		return is;
	return str_eq(domain_registrable(name), name) ? THING_DOMAIN : THING_NAME;
}

static struct str
node_key(enum thing is, struct str name, char *into, size_t cap)
{
	size_t len = name.len < cap - 1 ? name.len : cap - 1;
	into[0] = (char)('0' + (is == THING_DOMAIN ? THING_NAME : is));
	memcpy(into + 1, name.ptr, len);
	return str_sub(into, len + 1);
}

enum { KEY_MAX = 1024 };

struct node *
graph_find(const struct graph *g, enum thing is, struct str name)
{
	char key[KEY_MAX];
	return name.len ? table_get(&g->index, node_key(is, name, key, sizeof(key))) : NULL;
}

/* A name hangs below its domain, which is made with it. */
static void
hang(struct graph *g, struct node *n)
{
	if (n->is == THING_DOMAIN) {
		n->domain = n->id;
		return;
	}
	struct str registrable = n->is == THING_NAME ? domain_registrable(n->name) : STR_NONE;
	struct node *domain = registrable.len ? graph_node(g, THING_DOMAIN, registrable) : NULL;
	if (!domain)
		return;
	n->domain = domain->id;
	n->next_name = domain->first_name;
	domain->first_name = n->id;
}

struct node *
graph_node(struct graph *g, enum thing is, struct str name)
{
	char text[KEY_MAX];
	if (!name.len || name.len >= KEY_MAX)
		return NULL;
	struct node *n = graph_find(g, is, name);
	if (n)
		return n;
	if (g->count >= GRAPH_NODES_MAX) {
		g->refused++;
		return NULL;
	}
	struct str key = arena_str(&g->arena, node_key(is, name, text, sizeof(text)));
	n = ARENA_NEW(&g->arena, struct node);
	*n = (struct node){ .is = settled(is, name),
			    .name = str_skip(key, 1),
			    .id = (uint32_t)g->count,
			    .domain = GRAPH_NONE,
			    .next_name = GRAPH_NONE,
			    .first_name = GRAPH_NONE,
			    .why = GRAPH_NONE,
			    .by = GRAPH_NONE };
	*table_put(&g->index, key, NULL) = n;
	g->nodes = arena_grow(&g->arena, g->nodes, &g->count, &g->cap, sizeof(struct node *));
	g->nodes[n->id] = n;
	if (n->is == THING_ORGANISATION) {
		n->org = ARENA_NEW(&g->arena, struct org_name);
		org_name_read(&g->arena, n->name, n->org);
	}
	hang(g, n);
	return n;
}

/* ---- facts ---- */

/* One text of many edges is kept once. */
static struct str
kept(struct graph *g, struct str s)
{
	bool added;
	if (!s.len)
		return STR_NONE;
	if (table_has(&g->words, s))
		return ((struct str *)table_get(&g->words, s))[0];
	struct str *copy = ARENA_NEW(&g->arena, struct str);
	*copy = arena_str(&g->arena, s);
	*table_put(&g->words, *copy, &added) = copy;
	return *copy;
}

/* The same from the same service is one edge, whose time is the latest. */
static bool
known(struct graph *g, const struct edge *e)
{
	char text[FACT_TEXT_MAX + 64];
	bool added;
	int len = snprintf(text, sizeof(text), "%u %u %u %u %.*s", e->from, e->to, (unsigned)e->kind,
			   (unsigned)e->service, (int)(e->text.len < FACT_TEXT_MAX ? e->text.len : FACT_TEXT_MAX),
			   e->text.len ? e->text.ptr : "");
	struct str key = str_sub(text, (size_t)len);
	uint32_t *place = table_get(&g->known, key);
	if (place) {
		struct edge *old = &g->edges[*place];
		old->number = e->at >= old->at ? e->number : old->number;
		old->at = e->at > old->at ? e->at : old->at;
		return true;
	}
	place = ARENA_NEW(&g->arena, uint32_t);
	*place = (uint32_t)g->edge_count;
	*table_put(&g->known, arena_str(&g->arena, key), &added) = place;
	return false;
}

static bool
learn_one(struct graph *g, const struct fact *f, enum service service, struct str source, int64_t at)
{
	struct node *from = graph_node(g, f->subject_is, f->subject);
	struct node *to = f->object_is == THING_NONE ? NULL : graph_node(g, f->object_is, f->object);
	if (!from || (f->object_is != THING_NONE && !to))
		return false;
	if (g->edge_count >= GRAPH_EDGES_MAX) {
		g->refused++;
		return false;
	}
	struct edge e = { .from = from->id,
			  .to = to ? to->id : GRAPH_NONE,
			  .kind = f->kind,
			  .service = service,
			  .text = f->text,
			  .number = f->number,
			  .at = f->seen ? f->seen : at };
	if (known(g, &e))
		return false;
	e.text = arena_str(&g->arena, f->text);
	e.evidence = arena_str(&g->arena, f->evidence);
	e.source = kept(g, source);
	uint32_t id = (uint32_t)g->edge_count;
	g->edges = arena_grow(&g->arena, g->edges, &g->edge_count, &g->edge_cap, sizeof(struct edge));
	g->edges[id] = e;
	*ARRAY_PUSH(&g->arena, &from->out) = id;
	if (to)
		*ARRAY_PUSH(&g->arena, &to->in) = id;
	return true;
}

bool
graph_learn(struct graph *g, const struct facts *f, enum service service, struct str source, int64_t at)
{
	bool news = false;
	for (size_t i = 0; i < f->count; i++)
		news |= learn_one(g, &f->items[i], service, source, at);
	g->refused += f->cut;
	return news;
}

const struct edge *
graph_out(const struct graph *g, const struct node *n, enum fact_kind kind, size_t *i)
{
	while (*i < n->out.count) {
		const struct edge *e = &g->edges[n->out.items[(*i)++]];
		if (e->kind == kind)
			return e;
	}
	return NULL;
}

const struct edge *
graph_in(const struct graph *g, const struct node *n, enum fact_kind kind, size_t *i)
{
	while (*i < n->in.count) {
		const struct edge *e = &g->edges[n->in.items[(*i)++]];
		if (e->kind == kind)
			return e;
	}
	return NULL;
}

bool
graph_has(const struct graph *g, const struct node *n, enum fact_kind kind)
{
	size_t i = 0;
	return graph_out(g, n, kind, &i) != NULL;
}
