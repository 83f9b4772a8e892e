/* Which networks hold our addresses, with few questions: an address that lies in a small network which was told for another one
 * needs none of its own. Of each block (/24, IPv6: /48) one address is asked about first; where that lies in a larger network,
 * others of the block may lie in parts of it that were given away, and are asked about as well. */
#include "surface/discover-internal.h"

#include "surface/own-internal.h"

#include <arpa/inet.h>

enum { SMALL_4 = 24, SMALL_6 = 48, TURNS_MAX = 6 };

struct net_block {
	struct net_block *next;
	ARRAY_OF(struct node *) waiting;
	const struct node *asked; /* the last one, in this block */
	unsigned turns;
};

/* The bytes that addresses of one block share. */
static struct str
block_key(struct str address, unsigned char into[16])
{
	char text[INET6_ADDRSTRLEN];
	if (address.len >= sizeof(text))
		return STR_NONE;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, into) == 1)
		return str_sub((const char *)into, SMALL_4 / 8);
	return inet_pton(AF_INET6, text, into) == 1 ? str_sub((const char *)into, SMALL_6 / 8) : STR_NONE;
}

void
networks_want(struct run *r, struct node *address)
{
	unsigned char bytes[16];
	struct str key = block_key(address->name, bytes);
	bool added;
	if (!key.len)
		return;
	struct net_block *b = table_get(&r->blocks, key);
	if (!b) {
		b = ARENA_NEW(&r->arena, struct net_block);
		*b = (struct net_block){ .next = r->block_list };
		r->block_list = b;
		*table_put(&r->blocks, arena_str(&r->arena, key), &added) = b;
	}
	*ARRAY_PUSH(&r->arena, &b->waiting) = address;
}

/* ---- what is known ---- */

struct small {
	const struct node *network;
	struct edge told; /* a copy: the graph's may move */
};

struct smalls {
	ARRAY_OF(struct small) list;
};

static bool
is_small(struct str network)
{
	struct str base, prefix;
	uint64_t bits;
	return str_split(network, '/', &base, &prefix) && str_to_u64(prefix, &bits) &&
	       bits >= (str_find_char(base, ':') >= 0 ? (uint64_t)SMALL_6 : (uint64_t)SMALL_4);
}

/* What registries said; a route that a search engine has seen is none of theirs. */
static const struct edge *
told_by_registry(const struct graph *g, const struct node *network)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_in(g, network, FACT_IN_NETWORK, &i));)
		if (e->service == SERVICE_RDAP || e->service == SERVICE_WHOIS)
			return e;
	return NULL;
}

static void
smalls_find(const struct graph *g, struct arena *a, struct smalls *out)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		const struct edge *told = n->is == THING_NETWORK && is_small(n->name) ? told_by_registry(g, n) : NULL;
		if (told)
			*ARRAY_PUSH(a, &out->list) = (struct small){ n, *told };
	}
}

static const struct small *
small_of(const struct smalls *s, const struct node *address)
{
	for (size_t i = 0; i < s->list.count; i++)
		if (own_network_holds(s->list.items[i].network->name, address->name))
			return &s->list.items[i];
	return NULL;
}

/* The same that an answer about it would say. */
static void
learn(struct run *r, const struct small *s, const struct node *address)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	const struct edge *told = &s->told;
	if (fact_add(&f, FACT_IN_NETWORK, THING_ADDRESS, address->name) &&
	    fact_object(&f, THING_NETWORK, s->network->name))
		fact_evidence(&f, told->evidence);
	r->d->spared++;
	(void)graph_learn(&r->d->graph, &f, told->service, told->source, told->at);
}

/* ---- questions ---- */

static void
ask(struct run *r, struct net_block *b, struct node *address)
{
	b->asked = address;
	run_ask(r, SERVICE_RDAP, "network %.*s", STR_ARG(address->name));
}

static void
block_step(struct run *r, struct net_block *b, const struct smalls *smalls)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->waiting.count; i++) {
		const struct small *s = small_of(smalls, b->waiting.items[i]);
		if (s)
			learn(r, s, b->waiting.items[i]);
		else
			b->waiting.items[kept++] = b->waiting.items[i];
	}
	b->waiting.count = kept;
	bool all = b->asked && (b->turns >= TURNS_MAX || !small_of(smalls, b->asked));
	size_t most = all ? kept : kept > 0;
	for (size_t i = 0; i < most; i++)
		ask(r, b, b->waiting.items[i]);
	for (size_t i = most; i < kept; i++)
		b->waiting.items[i - most] = b->waiting.items[i];
	b->waiting.count = kept - most;
	b->turns++;
}

void
networks_step(struct run *r)
{
	ARENA_AUTO a = { 0 };
	struct smalls smalls = { 0 };
	bool any = false;
	for (const struct net_block *b = r->block_list; b && !any; b = b->next)
		any = b->waiting.count > 0;
	if (!any)
		return;
	smalls_find(&r->d->graph, &a, &smalls);
	for (struct net_block *b = r->block_list; b; b = b->next)
		if (b->waiting.count)
			block_step(r, b, &smalls);
}
