#include "relay/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
name_take(struct refusal *f, struct str what)
{
	size_t n = what.len < sizeof(f->what) - 1 ? what.len : sizeof(f->what) - 1;
	for (size_t i = 0; i < n; i++) {
		char c = what.ptr[i];
		bool upper = c >= 'A' && c <= 'Z';
		f->what[i] = upper ? (char)(c | 0x20) : c > ' ' && c < 0x7f ? c : '?';
	}
	f->what[n] = '\0';
}

static struct refusal *
place_of(struct refusals *r, const char *what)
{
	struct refusal *least = &r->all[0];
	for (size_t i = 0; i < r->count; i++) {
		struct refusal *f = &r->all[i];
		if (strcmp(f->what, what) == 0)
			return f;
		if (f->count < least->count || (f->count == least->count && f->last < least->last))
			least = f;
	}
	if (r->count < REFUSALS_MAX)
		least = &r->all[r->count++];
	memset(least, 0, sizeof(*least));
	return least;
}

void
refusal_add(struct refusals *r, struct str what, const char *peer, int64_t now)
{
	struct refusal named = { 0 };
	name_take(&named, what);
	pthread_mutex_lock(&r->mutex);
	struct refusal *f = place_of(r, named.what);
	memcpy(f->what, named.what, sizeof(f->what));
	snprintf(f->peer, sizeof(f->peer), "%s", peer);
	f->count++;
	f->last = now;
	r->total++;
	pthread_mutex_unlock(&r->mutex);
}

static int
by_count(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : strcmp(x->what, y->what);
}

size_t
refusals_read(struct refusals *r, struct refusal out[REFUSALS_MAX], uint64_t *total)
{
	pthread_mutex_lock(&r->mutex);
	size_t n = r->count;
	memcpy(out, r->all, n * sizeof(*out));
	*total = r->total;
	pthread_mutex_unlock(&r->mutex);
	qsort(out, n, sizeof(*out), by_count);
	return n;
}
