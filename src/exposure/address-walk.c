/* Addresses of many segments side by side (exposure/address-walk.h). */
#include "exposure/address-walk.h"

enum {
	STEPS = 8, /* one by one, before places further on are tried */
	LET_GO = 1 << 20, /* places between two times that pages are let go */
};
#define V4_END (UINT64_C(1) << 32)

struct place_key {
	uint64_t high, low;
};

struct address_cursor {
	const struct column *c;
	struct place_key key; /* the address it stands at */
	uint32_t rank, end;
	uint32_t block[NUMBERS_BLOCK], decoded; /* decoded: number of the block + 1 */
};

bool
address_walk_ready(struct segment *s)
{
	struct column *c = &s->columns[FIELD_IP];
	static const enum section_kind needed[] = { SECTION_VALUES, SECTION_TERMS, SECTION_PERMUTATION,
						    SECTION_PERMUTATION_STARTS, SECTION_MARKS };

	for (size_t i = 0; i < COUNT(needed); i++)
		if (!segment_touch(s, c->part[needed[i]].ptr, c->part[needed[i]].len))
			return false;
	segment_let_go(s);
	return true;
}

bool
address_keys_ready(struct segment *s)
{
	static const enum field keys[] = { FIELD_IP, FIELD_PORT, FIELD_TRANSPORT, FIELD_TIMESTAMP };

	for (size_t i = 0; i < COUNT(keys); i++)
		if (!column_ready(s, &s->columns[keys[i]]))
			return false;
	return true;
}

/* ---- one segment ---- */

static void
cursor_load(struct address_cursor *k)
{
	unsigned char ip[16];
	uint32_t v4 = k->c->info->v4, block = k->rank / NUMBERS_BLOCK;

	if (k->rank >= k->end)
		return;
	if (k->rank >= v4) {
		column_address(k->c, k->rank, ip);
		k->key.high = __builtin_bswap64(load64(ip));
		k->key.low = __builtin_bswap64(load64(ip + 8));
		return;
	}
	if (k->decoded != block + 1) {
		uint32_t n = v4 - block * NUMBERS_BLOCK;
		(void)column_v4_block(k->c, block, n < 64 ? (1ull << n) - 1 : ~0ull, k->block);
		k->decoded = block + 1;
	}
	k->key.high = 0;
	k->key.low = k->block[k->rank % NUMBERS_BLOCK];
}

static bool
is_below(const struct place_key *a, const struct place_key *b)
{
	return a->high != b->high ? a->high < b->high : a->low < b->low;
}

/* The first place from `low` on, before `high`, that is not below. */
static uint32_t
first_not_below(const struct address_cursor *k, uint32_t low, uint32_t high, const struct place_key *to)
{
	struct address_cursor probe = *k;

	while (low < high) {
		probe.rank = low + (high - low) / 2;
		cursor_load(&probe);
		if (is_below(&probe.key, to))
			low = probe.rank + 1;
		else
			high = probe.rank;
	}
	return low;
}

/* By doubled steps, then halved ones: low is below, high is not (or is the end). */
static void
cursor_leap(struct address_cursor *k, const struct place_key *to)
{
	struct address_cursor probe = *k;
	uint32_t step = 1, low = k->rank, high = low;

	for (; high < k->end; step *= 2) {
		probe.rank = high;
		cursor_load(&probe);
		if (!is_below(&probe.key, to))
			break;
		low = high + 1;
		high = k->end - high > step ? high + step : k->end;
	}
	k->rank = first_not_below(k, low, high, to);
	cursor_load(k);
}

/* To the first address that is not below. */
static void
cursor_seek(struct address_cursor *k, const struct place_key *to)
{
	for (unsigned i = 0; i < STEPS; i++) {
		if (k->rank >= k->end || !is_below(&k->key, to))
			return;
		k->rank++;
		cursor_load(k);
	}
	cursor_leap(k, to);
}

/* ---- the heap ---- */

static void
sift_down(struct address_walk *w, size_t at)
{
	uint32_t moved = w->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= w->heap_count)
			break;
		child += child + 1 < w->heap_count &&
			 is_below(&w->cursors[w->heap[child + 1]].key, &w->cursors[w->heap[child]].key);
		if (!is_below(&w->cursors[w->heap[child]].key, &w->cursors[moved].key))
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = moved;
}

static void
heap_fill(struct address_walk *w)
{
	w->heap_count = 0;
	for (size_t i = 0; i < w->ix->count; i++) {
		struct address_cursor *k = &w->cursors[i];
		const struct column_info *info = k->c->info;
		bool none = info->form != FORM_ADDRESS;
		k->rank = none || !w->v6 ? 0 : info->v4;
		k->end = none ? 0 : w->v6 ? info->values : info->v4;
		if (!none && !w->v6 && w->from > 0)
			k->rank = first_not_below(k, 0, k->end, &(struct place_key){ 0, w->from });
		if (!none && !w->v6 && w->to < V4_END)
			k->end = first_not_below(k, k->rank, k->end, &(struct place_key){ 0, w->to });
		cursor_load(k);
		if (!w->aside[i] && k->rank < k->end)
			w->heap[w->heap_count++] = (uint32_t)i;
	}
	for (size_t i = w->heap_count / 2; i > 0; i--)
		sift_down(w, i - 1);
}

void
address_walk_begin_part(struct address_walk *w, struct exposure_index *ix, size_t first, uint64_t from, uint64_t to)
{
	*w = (struct address_walk){ .ix = ix, .from = from, .to = to };
	w->cursors = xcalloc(ix->count + 1, sizeof(*w->cursors));
	w->heap = xcalloc(ix->count + 1, sizeof(*w->heap));
	w->places = xcalloc(ix->count + 1, sizeof(*w->places));
	w->aside = xcalloc(ix->count + 1, sizeof(*w->aside));
	for (size_t i = 0; i < ix->count; i++) {
		w->cursors[i].c = &ix->segments[i]->columns[FIELD_IP];
		w->aside[i] = i < first;
	}
	heap_fill(w);
}

void
address_walk_begin(struct address_walk *w, struct exposure_index *ix, size_t first)
{
	address_walk_begin_part(w, ix, first, 0, V4_END);
}

size_t
address_walk_parts(struct exposure_index *ix, size_t banners, uint64_t **bounds)
{
	const struct column *longest = NULL;
	uint64_t all = 0;

	for (size_t i = 0; i < ix->count; i++) {
		const struct column *c = &ix->segments[i]->columns[FIELD_IP];
		if (c->info->form != FORM_ADDRESS)
			continue;
		all += ix->segments[i]->docs;
		if (!longest || c->info->v4 > longest->info->v4)
			longest = c;
	}
	size_t parts = longest ? all / banners + 1 : 1, n = 0;
	*bounds = xcalloc(parts + 1, sizeof(**bounds));
	for (size_t i = 1; i < parts; i++) {
		struct address_cursor k = { .c = longest, .end = longest->info->v4 };
		k.rank = (uint32_t)((uint64_t)k.end * i / parts);
		cursor_load(&k);
		/* A segment that says its addresses are in order may lie. */
		if (k.key.low > (*bounds)[n])
			(*bounds)[++n] = k.key.low;
	}
	(*bounds)[++n] = V4_END;
	return n;
}

void
address_walk_aside(struct address_walk *w, size_t segment)
{
	w->aside[segment] = true;
	heap_fill(w);
}

void
address_walk_end(struct address_walk *w)
{
	free(w->cursors);
	free(w->aside);
	free(w->heap);
	free(w->places);
	*w = (struct address_walk){ 0 };
}

static void
take(struct address_walk *w, size_t segment)
{
	const struct address_cursor *k = &w->cursors[segment];
	uint64_t from = packed_get(&k->c->perm_starts, k->rank), to = packed_get(&k->c->perm_starts, k->rank + 1);
	uint64_t docs = w->ix->segments[segment]->docs;

	/* A segment may lie about how many there are; what it holds bounds what is made room for. */
	to = to > docs ? docs : to;
	w->places[w->count++] = (struct address_place){ (uint32_t)segment, k->rank };
	w->banners += to > from ? to - from : 0;
}

/* What was read once is seldom read again, and must not look like memory that an import needs. */
static void
let_go(struct address_walk *w)
{
	w->walked += w->count;
	if (w->walked < LET_GO || w->from > 0 || w->to < V4_END)
		return;
	w->walked = 0;
	for (size_t i = 0; i < w->ix->count; i++)
		segment_let_go(w->ix->segments[i]);
}

bool
address_walk_next(struct address_walk *w)
{
	let_go(w);
	w->count = 0;
	w->banners = 0;
	if (w->heap_count == 0 && !w->v6 && w->to == V4_END) {
		w->v6 = true;
		heap_fill(w);
	}
	if (w->heap_count == 0)
		return false;
	const struct place_key here = w->cursors[w->heap[0]].key;
	/* One place of a segment, whatever a damaged one says. */
	while (w->heap_count > 0 && w->count < w->ix->count && !is_below(&here, &w->cursors[w->heap[0]].key)) {
		struct address_cursor *k = &w->cursors[w->heap[0]];
		take(w, w->heap[0]);
		k->rank++;
		cursor_load(k);
		if (k->rank >= k->end)
			w->heap[0] = w->heap[--w->heap_count];
		if (w->heap_count > 0)
			sift_down(w, 0);
	}
	for (size_t i = 0; i < w->ix->count; i++) {
		struct address_cursor *k = &w->cursors[i];
		if (!w->aside[i])
			continue;
		cursor_seek(k, &here);
		if (k->rank < k->end && !is_below(&here, &k->key) && w->count < w->ix->count)
			take(w, i);
	}
	return true;
}
