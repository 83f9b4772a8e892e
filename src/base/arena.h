/* Memory of one request, job or parse: allocated piece by piece, freed at once.
 * Zero-initialised is empty. Out of memory aborts; multiplications are checked. */
#ifndef MAMORI_BASE_ARENA_H
#define MAMORI_BASE_ARENA_H

#include "base/err.h"
#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used; /* bytes handed out, for caps and tests */
};

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));
/* Copies. The copy is NUL-terminated behind its length. */
struct str arena_str(struct arena *a, struct str s);
/* A stranger's text as one line of at most max bytes: controls become blanks, ill-formed bytes "?", whole characters. */
struct str arena_line(struct arena *a, struct str s, size_t max);
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_free(struct arena *a);

/* Doubles a growing array: returns a place for element *count and raises *count.
 * `items` may move. Used through ARRAY_PUSH. */
void *arena_grow(struct arena *a, void *items, size_t *count, size_t *cap, size_t size)
	__attribute__((returns_nonnull));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))
#define ARENA_AUTO __attribute__((cleanup(arena_free))) struct arena

/* struct { T *items; size_t count, cap; } v; *ARRAY_PUSH(a, &v) = value; */
#define ARRAY_OF(type) \
	struct { \
		type *items; \
		size_t count, cap; \
	}
#define ARRAY_PUSH(a, v) \
	((v)->items = arena_grow((a), (v)->items, &(v)->count, &(v)->cap, sizeof(*(v)->items)), \
	 &(v)->items[(v)->count - 1])

/* malloc that aborts instead of returning NULL; multiplications checked. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t count, size_t size);
char *xstrdup(const char *s);

#endif
