/* Inside the room: the paths that a scanner looks for as a tree of tables (exposure/import-scan.h). */
#ifndef MAMORI_EXPOSURE_IMPORT_PATHS_H
#define MAMORI_EXPOSURE_IMPORT_PATHS_H

#include "exposure/import-scan.h"

#include <string.h>

struct slot {
	char key[46]; /* no key of a table is longer */
	uint8_t len;
	uint32_t node; /* 0: free */
};

struct node {
	uint16_t id;
	uint32_t any, element; /* of "*" and "[]"; 0: none */
	/* While paths are added: the children; then a table without collisions. */
	struct slot *slots;
	size_t count;
	uint64_t seed;
	unsigned shift;
};

struct scan_paths {
	struct node *nodes; /* 1 is the root */
	uint32_t count;
};

/* Length, first eight bytes and the last one tell all keys of one object apart, or the seed is no good. */
static inline uint64_t
key_hash(const char *key, size_t len, uint64_t seed)
{
	uint64_t head = 0;

	/* The loads overlap, but stay inside the key. */
	if (len >= 8) {
		memcpy(&head, key, 8);
	} else if (len >= 4) {
		uint32_t first, last;
		memcpy(&first, key, 4);
		memcpy(&last, key + len - 4, 4);
		head = first | (uint64_t)last << 32;
	} else if (len > 0) {
		head = (uint64_t)(unsigned char)key[0] | (uint64_t)(unsigned char)key[len / 2] << 8 |
		       (uint64_t)(unsigned char)key[len - 1] << 16;
	}
	head ^= (uint64_t)len << 56;
	if (len > 8) {
		uint64_t tail;
		memcpy(&tail, key + len - 8, 8);
		head = (head << 29 | head >> 35) ^ tail;
	}
	return head * seed; /* whose highest bits depend on all of the key's */
}

/* Keys are short: a call costs more than the comparison. */
static inline bool
same_key(const char *a, const char *b, size_t len)
{
	uint64_t x, y;
	uint32_t s, t;

	if (len >= 8) {
		for (size_t i = 0; i + 8 < len; i += 8) {
			memcpy(&x, a + i, 8);
			memcpy(&y, b + i, 8);
			if (x != y)
				return false;
		}
		memcpy(&x, a + len - 8, 8);
		memcpy(&y, b + len - 8, 8);
		return x == y;
	}
	if (len >= 4) {
		memcpy(&s, a, 4);
		memcpy(&t, b, 4);
		if (s != t)
			return false;
		memcpy(&s, a + len - 4, 4);
		memcpy(&t, b + len - 4, 4);
		return s == t;
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* The node below n of this key; 0: nobody asks for it. */
static inline uint32_t
node_find(const struct node *n, struct str key)
{
	if (n->count == 0)
		return 0;
	const struct slot *slot = &n->slots[key_hash(key.ptr, key.len, n->seed) >> n->shift];
	return slot->node && slot->len == key.len && same_key(slot->key, key.ptr, key.len) ? slot->node : 0;
}

#endif
