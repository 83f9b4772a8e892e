#include "base/buf.h"

#include "base/arena.h"

char *
buf_grow(struct buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 64;

	if (__builtin_add_overflow(b->len, n, &need) || __builtin_add_overflow(need, 1, &need))
		abort();
	if (need > b->cap) {
		while (cap < need)
			cap = cap > SIZE_MAX / 2 ? need : cap * 2;
		b->ptr = xrealloc(b->ptr, cap, 1);
		b->cap = cap;
		b->ptr[b->len] = '\0';
	}
	return b->ptr + b->len;
}

void
buf_add(struct buf *b, struct str s)
{
	char *to = buf_reserve(b, s.len);

	if (s.len > 0)
		memcpy(to, s.ptr, s.len);
	b->len += s.len;
	b->ptr[b->len] = '\0';
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addfv(b, fmt, ap);
	va_end(ap);
}

void
buf_addfv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	va_copy(again, ap);
	buf_reserve(b, 127);
	room = b->cap - b->len;
	n = vsnprintf(b->ptr + b->len, room, fmt, ap);
	if (n < 0)
		abort(); /* only a broken format or an invalid wide string can do this */
	if ((size_t)n >= room) {
		buf_reserve(b, (size_t)n);
		vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	b->len += (size_t)n;
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->ptr[len] = '\0';
	}
}

void
buf_free(struct buf *b)
{
	free(b->ptr);
	*b = (struct buf){ 0 };
}

const char *
buf_cstr(struct buf *b)
{
	if (!b->ptr)
		return "";
	b->ptr[b->len] = '\0'; /* after buf_reserve() the caller raised len itself */
	return b->ptr;
}
