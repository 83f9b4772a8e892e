/* Paths compiled to tables without collisions (exposure/import-paths.h). */
#include "exposure/import-paths.h"

#define NODES_MAX 4096
#define SEEDS 1000

struct scan_paths *
scan_paths_new(void)
{
	struct scan_paths *p = xcalloc(1, sizeof(*p));

	p->nodes = xcalloc(NODES_MAX, sizeof(*p->nodes));
	p->count = 2;
	return p;
}

static uint32_t
node_new(struct scan_paths *p)
{
	if (p->count == NODES_MAX)
		abort(); /* tables are the program's own */
	return p->count++;
}

static uint32_t
node_child(struct scan_paths *p, uint32_t parent, struct str key)
{
	struct node *n = &p->nodes[parent];

	if (key.len == 0 || key.len >= sizeof(n->slots->key))
		abort();
	for (size_t i = 0; i < n->count; i++)
		if (str_eq(str_sub(n->slots[i].key, n->slots[i].len), key))
			return n->slots[i].node;
	n->slots = xrealloc(n->slots, n->count + 1, sizeof(*n->slots));
	struct slot *s = &n->slots[n->count++];
	memset(s, 0, sizeof(*s));
	memcpy(s->key, key.ptr, key.len);
	s->len = (uint8_t)key.len;
	s->node = node_new(p);
	return s->node;
}

void
scan_paths_add(struct scan_paths *p, const char *path, uint16_t id)
{
	struct str rest = str_of(path), piece;
	uint32_t at = 1;

	while (str_cut(&rest, '.', &piece)) {
		size_t arrays = 0;
		while (str_ends(piece, STR("[]"))) {
			piece.len -= 2;
			arrays++;
		}
		if (str_eq(piece, STR("*"))) {
			if (!p->nodes[at].any)
				p->nodes[at].any = node_new(p);
			at = p->nodes[at].any;
		} else if (piece.len > 0) {
			at = node_child(p, at, piece);
		}
		for (; arrays > 0; arrays--) {
			if (!p->nodes[at].element)
				p->nodes[at].element = node_new(p);
			at = p->nodes[at].element;
		}
	}
	p->nodes[at].id = id;
}

/* All children of n into a table of 2^bits places by this seed; false: two met. */
static bool
node_place(const struct node *n, struct slot *table, unsigned bits, uint64_t seed)
{
	memset(table, 0, ((size_t)1 << bits) * sizeof(*table));
	for (size_t i = 0; i < n->count; i++) {
		struct slot *s = &table[key_hash(n->slots[i].key, n->slots[i].len, seed) >> (64 - bits)];
		if (s->node)
			return false;
		*s = n->slots[i];
	}
	return true;
}

/* A table and a seed without collisions: more places when many seeds were tried in vain. */
static void
node_ready(struct node *n)
{
	unsigned bits = 1;
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	while ((size_t)1 << bits < n->count * 4)
		bits++;
	struct slot *table = xcalloc((size_t)1 << bits, sizeof(*table));
	for (unsigned tries = 1; !node_place(n, table, bits, seed | 1); tries++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		seed ^= seed >> 29;
		if (tries % SEEDS == 0) {
			bits++;
			table = xrealloc(table, (size_t)1 << bits, sizeof(*table));
		}
		if (tries == SEEDS * 8)
			abort(); /* two keys that the hash cannot tell apart: tables are the program's own */
	}
	free(n->slots);
	n->slots = table;
	n->shift = 64 - bits;
	n->seed = seed | 1;
}

void
scan_paths_ready(struct scan_paths *p)
{
	for (uint32_t i = 1; i < p->count; i++)
		if (p->nodes[i].count > 0)
			node_ready(&p->nodes[i]);
}

void
scan_paths_free(struct scan_paths *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->count; i++)
		free(p->nodes[i].slots);
	free(p->nodes);
	free(p);
}
