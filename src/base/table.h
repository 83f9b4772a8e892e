/* A hash table from byte strings to pointers or numbers; keys are views, not copied. */
#ifndef MAMORI_BASE_TABLE_H
#define MAMORI_BASE_TABLE_H

#include "base/str.h"

struct table_slot {
	struct str key;
	void *value;
};

struct table {
	struct table_slot *slots;
	size_t count, cap;
};

/* The place for key's value, NULL-filled when new; *added (may be NULL) says which. */
void **table_put(struct table *t, struct str key, bool *added);
/* NULL when absent. */
void *table_get(const struct table *t, struct str key);
bool table_has(const struct table *t, struct str key);
/* Walks all slots in the order they were put: for (size_t i = 0; table_next(t, &i, &slot);) */
bool table_next(const struct table *t, size_t *i, struct table_slot **slot);
void table_free(struct table *t);
#define TABLE_AUTO __attribute__((cleanup(table_free))) struct table

#endif
