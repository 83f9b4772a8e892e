#include "exposure/enrich-filter.h"

#define BUCKETS 65536u

struct literal {
	char text[LITERAL_MAX]; /* lower case */
	uint8_t len;
	uint32_t number, next; /* + 1 */
};

struct filter {
	uint64_t bitmap[BUCKETS / 64];
	uint32_t heads[BUCKETS]; /* + 1 */
	struct literal *literals;
	size_t count, cap;
};

struct filter *
filter_new(void)
{
	return xcalloc(1, sizeof(struct filter));
}

static inline uint32_t
bucket_of(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	/* Letters lose their case; that other bytes meet, too, costs a comparison now and then. */
	return (v | 0x20202020u) * 2654435761u >> 16;
}

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
filter_add(struct filter *f, struct str literal, uint32_t number)
{
	struct literal *l;

	if (literal.len < LITERAL_MIN)
		return false;
	if (literal.len > LITERAL_MAX)
		literal.len = LITERAL_MAX;
	if (f->count == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 256;
		f->literals = xrealloc(f->literals, f->cap, sizeof(*f->literals));
	}
	l = &f->literals[f->count++];
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < literal.len; i++)
		l->text[i] = lower(literal.ptr[i]);
	l->len = (uint8_t)literal.len;
	l->number = number;
	uint32_t b = bucket_of(l->text);
	f->bitmap[b / 64] |= UINT64_C(1) << (b & 63);
	l->next = f->heads[b];
	f->heads[b] = (uint32_t)f->count;
	return true;
}

void
filter_free(struct filter *f)
{
	if (!f)
		return;
	free(f->literals);
	free(f);
}

static void
compare(const struct filter *f, uint32_t bucket, struct str text, size_t at, filter_visit_fn *visit, void *user)
{
	for (uint32_t i = f->heads[bucket]; i != 0; i = f->literals[i - 1].next) {
		const struct literal *l = &f->literals[i - 1];
		size_t n = 0;
		if (l->len > text.len - at)
			continue;
		while (n < l->len && lower(text.ptr[at + n]) == l->text[n])
			n++;
		if (n == l->len)
			visit(user, l->number, at);
	}
}

void
filter_scan(const struct filter *f, struct str text, filter_visit_fn *visit, void *user)
{
	if (text.len < 4)
		return;
	for (size_t i = 0; i <= text.len - 4; i++) {
		uint32_t b = bucket_of(text.ptr + i);
		if (__builtin_expect((long)(f->bitmap[b / 64] >> (b & 63) & 1), 0))
			compare(f, b, text, i, visit, user);
	}
}
