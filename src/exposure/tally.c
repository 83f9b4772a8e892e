/* Counting values in one segment (exposure/facet.h). Over everything the dictionary knows already; else one pass over the
 * numbers of the hits' values. */
#include "exposure/facet.h"

#include "base/time.h"

#include <arpa/inet.h>

void
tally_free(struct tally *t)
{
	free(t->counts);
	free(t->numbers);
}

struct str
address_text(struct arena *a, const unsigned char ip[16])
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(address_is_v4(ip) ? AF_INET : AF_INET6, address_is_v4(ip) ? ip + 12 : ip, text, sizeof(text));
	return arena_str(a, str_of(text));
}

struct str
number_text(enum field f, struct arena *a, int64_t v)
{
	char text[TIME_RFC3339_MAX];

	if (field_table[f].kind == FIELD_BOOL)
		return v ? STR("true") : STR("false");
	if (field_table[f].kind == FIELD_TIME)
		return arena_str(a, str_of(time_rfc3339(v, text)));
	if (field_is_degrees(f))
		return arena_printf(a, "%.6f", (double)v / 1e6);
	return arena_printf(a, "%lld", (long long)v);
}

struct str
value_text(enum field f, struct arena *a, struct segment *s, struct column *c, const int64_t *numbers, uint32_t i)
{
	struct dict_walk w;
	unsigned char ip[16];

	if (c->info->form == FORM_ADDRESS) {
		column_address(c, i, ip);
		return address_text(a, ip);
	}
	if (c->info->form == FORM_NUMBERS || numbers)
		return number_text(f, a, numbers ? numbers[i] : number_at(c, i)->value);
	if (!dict_from(s, c, i, &w) || !dict_next(&w))
		return STR("");
	return arena_str(a, w.text);
}

/* ---- over everything ---- */

static bool
tally_all(struct segment *s, struct column *c, struct tally *t)
{
	struct dict_walk w;

	if (c->info->form == FORM_NUMBERS) {
		for (uint32_t i = 0; i < t->values; i++)
			t->counts[i] = number_at(c, i)->count;
		return true;
	}
	if (!dict_from(s, c, 0, &w))
		return false;
	while (dict_next(&w))
		t->counts[w.number] = w.count;
	return !atomic_load(&s->damaged);
}

/* ---- over hits ---- */

/* The common case: a value for each banner, its number in `width` bits; there is a count for all that so many bits can say. */
static void
tally_rows(const struct column *c, const uint32_t *batch, size_t n, uint32_t *counts)
{
	const struct packed ids = c->ids;

	for (size_t i = 0; i < n; i++)
		counts[packed_get(&ids, batch[i])]++;
}

static void
tally_entries(struct segment *s, struct column *c, const uint32_t *batch, size_t n, uint32_t *counts, uint32_t values)
{
	uint32_t first = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t count = column_entries(s, c, batch[i], &first);
		for (uint32_t k = first; k < first + count; k++) {
			uint64_t id = packed_get(&c->ids, k);
			counts[id <= values ? id : 0]++;
		}
	}
}

static void
tally_hits(struct segment *s, struct column *c, const struct docset *hits, struct tally *t)
{
	uint32_t batch[DOCSET_BATCH];
	/* 0 is "none", so that the loop needs no branch; addresses have no such number. */
	uint32_t shift = c->info->form == FORM_ADDRESS ? 0 : 1;
	bool rows = !c->info->listed && !c->info->many && c->ids.width <= bits_of(t->values);
	uint32_t *counts = xcalloc(((size_t)1 << bits_of(t->values)) + 1, sizeof(*counts));
	struct docset_walk walk = { 0 };
	size_t n;

	while ((n = docset_batch(hits, &walk, batch)) > 0) {
		if (rows)
			tally_rows(c, batch, n, counts);
		else
			tally_entries(s, c, batch, n, counts, t->values);
	}
	memcpy(t->counts, counts + shift, (size_t)t->values * sizeof(*counts));
	free(counts);
}

static int
compare_i64(const void *x, const void *y)
{
	int64_t a, b;
	memcpy(&a, x, sizeof(a));
	memcpy(&b, y, sizeof(b));
	return (a > b) - (a < b);
}

/* Numbers without a dictionary: gathered and sorted. */
static void
tally_plain(struct segment *s, struct column *c, const struct docset *hits, struct tally *t)
{
	uint32_t batch[DOCSET_BATCH], first = 0;
	struct docset_walk walk = { 0 };
	size_t n, cap = (size_t)hits->count + DOCSET_BATCH, count = 0;
	int64_t *all = xcalloc(cap, sizeof(*all));

	while ((n = docset_batch(hits, &walk, batch)) > 0) {
		for (size_t i = 0; i < n; i++) {
			uint32_t entries = column_entries(s, c, batch[i], &first);
			for (uint32_t k = first; k < first + entries; k++) {
				if (count == cap) {
					cap *= 2;
					all = xrealloc(all, cap, sizeof(*all));
				}
				all[count++] = column_plain(c, k);
			}
		}
	}
	if (count > 0)
		qsort(all, count, sizeof(*all), compare_i64);
	t->counts = xcalloc(count + 1, sizeof(*t->counts));
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || all[i] != all[t->values - 1])
			all[t->values++] = all[i];
		t->counts[t->values - 1]++;
	}
	t->numbers = all;
}

/* What the dictionary counts, without the banners that count no more: these are few. */
static bool
tally_known(struct segment *s, struct column *c, struct tally *t)
{
	struct docset dead = { .docs = s->docs, .count = s->dead_count, .bits = s->dead };

	if (s->dead_count == 0)
		return tally_all(s, c, t);
	tally_hits(s, c, &dead, t);
	uint32_t *less = t->counts;
	t->counts = xcalloc((size_t)t->values + 1, sizeof(*t->counts));
	bool ok = tally_all(s, c, t);
	for (uint32_t i = 0; i < t->values; i++)
		t->counts[i] -= less[i] < t->counts[i] ? less[i] : t->counts[i];
	free(less);
	return ok;
}

bool
tally_segment(struct evaluator *ev, struct column *c, const struct query *q, struct tally *t)
{
	struct segment *s = ev->s;
	DOCSET_AUTO hits = { 0 };

	*t = (struct tally){ .s = s, .c = c };
	if (c->info->form == FORM_NONE || c->info->form == FORM_TEXT)
		return true;
	bool all = q->kind == QUERY_ALL;
	bool known = all && (c->info->form == FORM_VALUES || c->info->form == FORM_NUMBERS);
	if (!known && !evaluate(ev, q, &hits))
		return false;
	/* A dictionary is read value by value: its blocks are verified on the way. */
	if (!(known && c->info->form == FORM_VALUES && s->dead_count == 0) && !column_ready(s, c))
		return false;
	if (c->info->form == FORM_PLAIN) {
		tally_plain(s, c, &hits, t);
	} else {
		t->values = c->info->values;
		t->counts = xcalloc((size_t)t->values + 1, sizeof(*t->counts));
		if (c->info->form == FORM_ADDRESS &&
		    !segment_touch(s, c->part[SECTION_TERMS].ptr, c->part[SECTION_TERMS].len))
			return false;
		if (!known)
			tally_hits(s, c, &hits, t);
		else if (!tally_known(s, c, t))
			return false;
	}
	for (uint32_t i = 0; i < t->values; i++) {
		t->total += t->counts[i];
		t->most = t->counts[i] > t->most ? t->counts[i] : t->most;
	}
	return true;
}
