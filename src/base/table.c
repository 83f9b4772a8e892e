#include "base/table.h"

#include "base/arena.h"

/* Entries lie in the order they were put, so a walk is the same on every run; behind them, in the same
 * allocation, an open-addressed index twice as wide. The hash is seeded with the allocation's address, so a
 * stranger who chooses the keys cannot choose the collisions. */
struct place {
	uint32_t slot; /* + 1; 0 = free */
	uint32_t hash;
};

static struct place *
table_index(const struct table *t)
{
	return (struct place *)(void *)(t->slots + t->cap);
}

static uint64_t
table_hash(const struct table *t, struct str key)
{
	return str_hash(key, (uint64_t)(uintptr_t)t->slots);
}

/* The place of key, or the free one where it belongs. */
static struct place *
table_place(const struct table *t, struct str key, uint64_t hash)
{
	struct place *index = table_index(t);
	size_t mask = t->cap * 2 - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct place *p = &index[i];

		if (p->slot == 0)
			return p;
		if (p->hash == (uint32_t)(hash >> 32) && str_eq(t->slots[p->slot - 1].key, key))
			return p;
	}
}

static void
table_grow(struct table *t)
{
	struct table wide = { .cap = t->cap ? t->cap * 2 : 8, .count = t->count };

	if (wide.cap > UINT32_MAX / 2)
		abort();
	wide.slots = xcalloc(wide.cap, sizeof(*t->slots) + 2 * sizeof(struct place));
	if (t->count > 0)
		memcpy(wide.slots, t->slots, t->count * sizeof(*t->slots));
	for (size_t i = 0; i < t->count; i++) {
		uint64_t hash = table_hash(&wide, wide.slots[i].key);
		struct place *p = table_place(&wide, wide.slots[i].key, hash);

		*p = (struct place){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
	free(t->slots);
	*t = wide;
}

void **
table_put(struct table *t, struct str key, bool *added)
{
	struct place *p;
	uint64_t hash;

	if (t->count == t->cap)
		table_grow(t);
	hash = table_hash(t, key);
	p = table_place(t, key, hash);
	if (added)
		*added = p->slot == 0;
	if (p->slot == 0) {
		*p = (struct place){ (uint32_t)t->count + 1, (uint32_t)(hash >> 32) };
		t->slots[t->count++] = (struct table_slot){ .key = key };
	}
	return &t->slots[p->slot - 1].value;
}

static struct table_slot *
table_find(const struct table *t, struct str key)
{
	struct place *p;

	if (t->count == 0)
		return NULL;
	p = table_place(t, key, table_hash(t, key));
	return p->slot ? &t->slots[p->slot - 1] : NULL;
}

void *
table_get(const struct table *t, struct str key)
{
	struct table_slot *slot = table_find(t, key);

	return slot ? slot->value : NULL;
}

bool
table_has(const struct table *t, struct str key)
{
	return table_find(t, key) != NULL;
}

bool
table_next(const struct table *t, size_t *i, struct table_slot **slot)
{
	if (*i >= t->count)
		return false;
	*slot = &t->slots[(*i)++];
	return true;
}

void
table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}
