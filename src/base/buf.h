/* Growing bytes, owned. Zero-initialised is empty. Out of memory aborts. */
#ifndef MAMORI_BASE_BUF_H
#define MAMORI_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>

struct buf {
	char *ptr; /* NUL after len once anything was added; NULL when untouched */
	size_t len, cap;
};

void buf_add(struct buf *b, struct str s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addfv(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void buf_truncate(struct buf *b, size_t len);
void buf_free(struct buf *b);
/* "" when empty. */
const char *buf_cstr(struct buf *b);
/* The rare way of buf_reserve. */
char *buf_grow(struct buf *b, size_t n);

/* Room for n more bytes at the returned place; then b->len += used. */
static inline char *
buf_reserve(struct buf *b, size_t n)
{
	return n < b->cap - b->len ? b->ptr + b->len : buf_grow(b, n);
}

static inline void
buf_add_char(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->ptr[++b->len] = '\0';
}

static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->ptr ? b->ptr : "", b->len };
}

#define BUF_AUTO __attribute__((cleanup(buf_free))) struct buf

#endif
