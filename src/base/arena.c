#include "base/arena.h"

#include "base/utf8.h"

#include <stdarg.h>

enum { CHUNK_FIRST = 4096, CHUNK_MAX = 1 << 20, ALIGN = _Alignof(max_align_t) };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, cap;
	_Alignas(max_align_t) char bytes[];
};

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *
xrealloc(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		abort();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		abort();
	return p;
}

char *
xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xrealloc(NULL, n, 1), s, n);
}

static struct arena_chunk *
arena_chunk_add(struct arena *a, size_t need)
{
	size_t cap = a->head ? a->head->cap * 2 : CHUNK_FIRST - sizeof(struct arena_chunk), bytes;
	struct arena_chunk *c;

	if (cap > CHUNK_MAX)
		cap = CHUNK_MAX;
	if (cap < need)
		cap = need;
	if (__builtin_add_overflow(cap, sizeof(*c), &bytes))
		abort();
	/* calloc: chunks are never used twice, so what is handed out is zero already. */
	c = xcalloc(1, bytes);
	c->cap = cap;
	if (a->head && a->head->cap - a->head->used > cap - need) {
		/* A single large piece: keep filling the chunk that has more room left. */
		c->next = a->head->next;
		a->head->next = c;
	} else {
		c->next = a->head;
		a->head = c;
	}
	return c;
}

static size_t
arena_bytes(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGN)
		abort();
	return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void *
arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes = arena_bytes(count, size);
	struct arena_chunk *c = a->head;
	void *p;

	if (bytes == 0)
		bytes = ALIGN;
	if (!c || c->cap - c->used < bytes)
		c = arena_chunk_add(a, bytes);
	p = c->bytes + c->used;
	c->used += bytes;
	a->used += bytes;
	return p;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p;

	if (s.len == SIZE_MAX)
		abort();
	p = arena_alloc(a, s.len + 1, 1);
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return (struct str){ p, s.len };
}

struct str
arena_line(struct arena *a, struct str s, size_t max)
{
	char *p = arena_alloc(a, (s.len < max ? s.len : max) + 1, 1);
	size_t to = 0;

	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_sequence(s.ptr + i, s.len - i), taken = n ? n : 1;
		bool plain = n > 0 && !utf8_is_control(s.ptr + i, n);
		if (to + (plain ? n : 1) > max)
			break;
		if (plain)
			memcpy(p + to, s.ptr + i, n);
		else
			p[to] = n ? ' ' : '?';
		to += plain ? n : 1;
		i += taken;
	}
	return str_sub(p, to);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	return (char *)(uintptr_t)arena_str(a, s).ptr;
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}

void
arena_free(struct arena *a)
{
	while (a->head) {
		struct arena_chunk *next = a->head->next;

		free(a->head);
		a->head = next;
	}
	a->used = 0;
}

/* True when the array is the newest piece of the current chunk and could grow where it is. */
static bool
arena_extend(struct arena *a, const void *items, size_t old, size_t more)
{
	struct arena_chunk *c = a->head;

	if (!items || !c || (const char *)items + old != c->bytes + c->used || c->cap - c->used < more)
		return false;
	c->used += more;
	a->used += more;
	return true;
}

void *
arena_grow(struct arena *a, void *items, size_t *count, size_t *cap, size_t size)
{
	if (*count == *cap) {
		size_t wide = *cap ? *cap : 4, old = arena_bytes(*cap, size), bytes;

		if (__builtin_mul_overflow(wide, 2, &wide))
			abort();
		bytes = arena_bytes(wide, size);
		if (!arena_extend(a, items, old, bytes - old)) {
			void *moved = arena_alloc(a, wide, size);

			if (*count > 0)
				memcpy(moved, items, *count * size);
			items = moved;
		}
		*cap = wide;
	}
	memset((char *)items + *count * size, 0, size);
	++*count;
	return items;
}
