/* What is known: things and the facts between them, with who said them. Built anew in each run from the answers that are
 * stored, in memory; asking nothing and judging nothing. */
#ifndef MAMORI_SURFACE_GRAPH_H
#define MAMORI_SURFACE_GRAPH_H

#include "base/table.h"
#include "surface/fact.h"
#include "surface/org-name.h"
#include "surface/sources.h"

enum { GRAPH_NODES_MAX = 2000000, GRAPH_EDGES_MAX = 8000000 };
#define GRAPH_NONE UINT32_MAX

enum ownership {
	OWN_UNKNOWN, /* seen, and nothing speaks for it: not shown */
	OWN_APPROVED,
	OWN_CANDIDATE,
	OWN_DEPENDENCY,
	OWN_MONITOR,
	OWN_EXCLUDED,
};
/* "approved", "candidate" …; "unknown" */
const char *ownership_name(enum ownership o);
bool ownership_parse(struct str s, enum ownership *out);

/* Whether a name gets what random labels beside it get (levels.c). */
enum by_wildcard {
	BY_NO_WILDCARD,
	BY_WILDCARD_TOO, /* and something else says that it was made */
	BY_WILDCARD_ALONE,
};

struct node {
	enum thing is; /* a host name that is registrable is THING_DOMAIN */
	struct str name;
	uint32_t id;
	ARRAY_OF(uint32_t) out, in; /* edges */
	struct org_name *org; /* of an organisation */
	uint32_t domain; /* of a name: the node of its registrable domain; of a domain itself; else GRAPH_NONE */
	uint32_t next_name; /* the next name of the same domain */
	uint32_t first_name; /* of a domain */
	/* Judged (own.h) */
	enum ownership own;
	double confidence;
	uint32_t why; /* the edge over which it came in; GRAPH_NONE for a seed and what nothing speaks for */
	uint32_t by; /* the node at the other end of it */
	uint16_t rule; /* of own.h */
	uint16_t distance; /* steps from a seed */
	uint16_t owner; /* of the seed at the begin of its path */
	bool seed, stays; /* stays: a seed from which nothing may follow (own.h) */
	/* Asked (discover.c) */
	uint32_t asked; /* bits of what was put for it */
	enum by_wildcard wildcard;
	bool left; /* a name that is known, and was not asked about: its domain has too many */
	unsigned names_asked, names_left; /* of a domain: names below it (names.c) */
};

struct edge {
	uint32_t from, to; /* to: GRAPH_NONE where the fact has no object */
	enum fact_kind kind;
	enum service service;
	struct str text, evidence, source; /* source: who answered */
	int64_t number, at; /* at: when it was seen */
};

struct graph {
	struct arena arena;
	struct table index; /* thing and name → node */
	struct table known; /* of facts: each once for a service */
	struct table words; /* sources: each text once */
	struct node **nodes;
	size_t count, cap;
	struct edge *edges;
	size_t edge_count, edge_cap;
	uint64_t refused; /* facts over the limits, also of one answer */
};

void graph_free(struct graph *g);
/* NULL when there is none. */
struct node *graph_find(const struct graph *g, enum thing is, struct str name);
/* Made if it is not there; NULL beyond GRAPH_NODES_MAX. name: canonical (fact.h). */
struct node *graph_node(struct graph *g, enum thing is, struct str name);
/* Takes what an answer states. True when something was new. */
bool graph_learn(struct graph *g, const struct facts *f, enum service service, struct str source, int64_t at);
/* The next edge of a kind from (to) a node, starting at *i; NULL at the end. */
const struct edge *graph_out(const struct graph *g, const struct node *n, enum fact_kind kind, size_t *i);
const struct edge *graph_in(const struct graph *g, const struct node *n, enum fact_kind kind, size_t *i);
/* Whether some edge of the kind leaves it. */
bool graph_has(const struct graph *g, const struct node *n, enum fact_kind kind);

static inline struct node *
graph_at(const struct graph *g, uint32_t id)
{
	return id == GRAPH_NONE ? NULL : g->nodes[id];
}

#endif
