/* Counting banners and different values (exposure/query.h). */
#include "exposure/cores.h"
#include "exposure/eval.h"

struct counting {
	struct exposure_index *ix;
	const struct query *q;
	uint64_t *counts; /* of each segment */
};

static bool
count_segment(void *user, size_t i, struct evaluator *ev)
{
	struct counting *c = user;
	DOCSET_AUTO hits = { 0 };

	if (!evaluate(ev, c->q, &hits))
		return false;
	c->counts[i] = hits.count;
	return true;
}

bool
exposure_query_count(struct exposure_index *ix, const struct query *q, uint64_t *out, struct err *e)
{
	struct counting c = { ix, q, xcalloc(ix->count + 1, sizeof(uint64_t)) };

	*out = 0;
	if (q->kind == QUERY_ALL)
		for (size_t i = 0; i < ix->count; i++)
			c.counts[i] = ix->segments[i]->docs - ix->segments[i]->dead_count;
	else
		each_segment(ix, query_is_heavy(q), count_segment, &c);
	for (size_t i = 0; i < ix->count; i++)
		*out += c.counts[i];
	free(c.counts);
	return index_in_time(ix, e);
}

/* ---- different addresses: of each segment in order; then slices of the address space, each in a small table ---- */

struct address_list {
	uint32_t *v4;
	unsigned char (*v6)[16];
	size_t v4_count, v6_count;
};

struct distinct {
	const struct query *q;
	struct address_list *lists;
};

static uint64_t *
hit_ranks(struct segment *s, const struct docset *hits)
{
	struct column *c = &s->columns[FIELD_IP];
	uint64_t *bits = docset_new_bits(c->info->values);
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	size_t n;

	while ((n = docset_batch(hits, &walk, batch)) > 0) {
		for (size_t i = 0; i < n; i++) {
			uint64_t r = packed_get(&c->ids, batch[i]);
			if (r < c->info->values)
				bits[r >> 6] |= 1ull << (r & 63);
		}
	}
	return bits;
}

/* The addresses of the ranks whose bits are set. */
static void
list_addresses(const struct column *c, const struct docset *ranks, struct address_list *l)
{
	uint32_t v4 = c->info->v4, blocks = (v4 + NUMBERS_BLOCK - 1) / NUMBERS_BLOCK;

	l->v4 = xcalloc((size_t)ranks->count + NUMBERS_BLOCK, sizeof(*l->v4));
	for (uint32_t i = 0; i < blocks; i++) {
		uint64_t mask = v4 - i * NUMBERS_BLOCK < 64 ? (1ull << (v4 & 63)) - 1 : ~0ull;
		l->v4_count += column_v4_block(c, i, ranks->bits[i] & mask, l->v4 + l->v4_count);
	}
	if (l->v4_count == ranks->count)
		return;
	l->v6 = xcalloc(ranks->count - l->v4_count, sizeof(*l->v6));
	for (uint32_t r = v4; r < c->info->values; r++)
		if (docset_bit(ranks->bits, r))
			column_address(c, r, l->v6[l->v6_count++]);
}

static bool
distinct_segment(void *user, size_t i, struct evaluator *ev)
{
	struct distinct *d = user;
	struct column *c = &ev->s->columns[FIELD_IP];

	DOCSET_AUTO hits = { 0 };
	if (c->info->form != FORM_ADDRESS)
		return true;
	if (!column_ready(ev->s, c) || !segment_touch(ev->s, c->part[SECTION_TERMS].ptr, c->part[SECTION_TERMS].len) ||
	    !evaluate(ev, d->q, &hits))
		return false;
	if (hits.count == 0)
		return true;
	DOCSET_AUTO ranks = docset_of_bits(c->info->values, hit_ranks(ev->s, &hits));
	list_addresses(c, &ranks, &d->lists[i]);
	return true;
}

/* Slices of about this many addresses of all segments together: their table stays in the first cache although it is almost
 * empty, so that where an address belongs is seldom taken and the processor guesses right. */
enum { SLICE_ADDRESSES = 512, SLICES_AT_ONCE = 16, SLICES_WORTH = 65536 };

struct slicing {
	const struct address_list *lists;
	size_t count;
	const struct address_list *longest; /* its addresses are where slices begin */
	size_t step, slices;
	atomic_size_t next;
	atomic_uint_least64_t different;
};

/* Place in the list of the first address of a slice. */
static size_t
slice_begin(const struct slicing *x, const struct address_list *l, size_t slice)
{
	size_t low = 0, high = l->v4_count;

	if (slice == 0 || slice >= x->slices)
		return slice == 0 ? 0 : high;
	uint32_t first = x->longest->v4[slice * x->step];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->v4[middle] < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A set of addresses; 0 is an empty slot, so 0.0.0.0 is counted apart. */
struct address_table {
	uint32_t *slots;
	size_t cap;
	unsigned shift;
	bool zero;
};

static void
table_clear(struct address_table *t, size_t entries)
{
	unsigned bits = bits_of(entries) + 3;
	size_t slots = (size_t)1 << bits;

	if (!t->slots || slots > t->cap) {
		free(t->slots);
		t->slots = xcalloc(slots, sizeof(*t->slots));
		t->cap = slots;
	} else {
		memset(t->slots, 0, slots * sizeof(*t->slots));
	}
	t->shift = 64 - bits;
	t->zero = false;
}

/* How many of them, which are in order, were not in it. */
static size_t
table_add(struct address_table *t, const uint32_t *list, size_t count)
{
	size_t mask = ((size_t)1 << (64 - t->shift)) - 1, fresh = 0, i = 0;

	for (; i < count && list[i] == 0; i++) {
		fresh += !t->zero;
		t->zero = true;
	}
	for (; i < count; i++) {
		uint32_t v = list[i];
		size_t at = v * 0x9e3779b97f4a7c15u >> t->shift;
		uint32_t there = t->slots[at];
		/* Whether it is there already is anybody's guess, so that must be no branch; that another is there is rare. */
		while ((there != 0) & (there != v)) {
			at = (at + 1) & mask;
			there = t->slots[at];
		}
		fresh += there == 0;
		t->slots[at] = v;
	}
	return fresh;
}

static void *
count_slices(void *user)
{
	struct slicing *x = user;
	struct address_table t = { 0 };
	size_t *begin = xcalloc(x->count, sizeof(*begin)), *end = xcalloc(x->count, sizeof(*end)), from, n = 0;

	while ((from = atomic_fetch_add(&x->next, SLICES_AT_ONCE)) < x->slices) {
		for (size_t k = 0; k < x->count; k++)
			end[k] = slice_begin(x, &x->lists[k], from);
		for (size_t slice = from; slice < x->slices && slice < from + SLICES_AT_ONCE; slice++) {
			size_t entries = 0;
			for (size_t k = 0; k < x->count; k++) {
				begin[k] = end[k];
				end[k] = slice_begin(x, &x->lists[k], slice + 1);
				/* A file that says its addresses are in order may lie. */
				end[k] = end[k] < begin[k] ? begin[k] : end[k];
				entries += end[k] - begin[k];
			}
			table_clear(&t, entries);
			for (size_t k = 0; k < x->count; k++)
				n += table_add(&t, x->lists[k].v4 + begin[k], end[k] - begin[k]);
		}
	}
	atomic_fetch_add(&x->different, n);
	free(begin);
	free(end);
	free(t.slots);
	return NULL;
}

static uint64_t
different_v4(const struct address_list *lists, size_t count)
{
	struct slicing x = { .lists = lists, .count = count };
	size_t all = 0, used = 0;

	for (size_t i = 0; i < count; i++) {
		all += lists[i].v4_count;
		used += lists[i].v4_count > 0;
		if (!x.longest || lists[i].v4_count > x.longest->v4_count)
			x.longest = &lists[i];
	}
	if (used < 2)
		return all;
	x.step = x.longest->v4_count * SLICE_ADDRESSES / all + 1;
	x.slices = (x.longest->v4_count + x.step - 1) / x.step;
	on_all_cores(all < SLICES_WORTH ? 1 : x.slices / SLICES_AT_ONCE + 1, count_slices, &x);
	return x.different;
}

static int
compare_v6(const void *x, const void *y)
{
	return memcmp(x, y, 16);
}

static uint64_t
different_v6(const struct address_list *lists, size_t count)
{
	size_t all = 0, used = 0, n = 0, different = 0;

	for (size_t i = 0; i < count; i++) {
		all += lists[i].v6_count;
		used += lists[i].v6_count > 0;
	}
	if (used < 2)
		return all;
	unsigned char(*list)[16] = xcalloc(all, sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		if (lists[i].v6_count > 0)
			memcpy(list[n], lists[i].v6, lists[i].v6_count * sizeof(*list));
		n += lists[i].v6_count;
	}
	qsort(list, n, sizeof(*list), compare_v6);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || memcmp(list[i], list[i - 1], 16) != 0;
	free(list);
	return different;
}

static uint64_t
distinct_addresses(struct exposure_index *ix, const struct query *q)
{
	struct distinct d = { q, xcalloc(ix->count + 1, sizeof(*d.lists)) };

	each_segment(ix, exposure_count(ix) > 100000, distinct_segment, &d);
	uint64_t n = different_v4(d.lists, ix->count) + different_v6(d.lists, ix->count);
	for (size_t i = 0; i < ix->count; i++) {
		free(d.lists[i].v4);
		free(d.lists[i].v6);
	}
	free(d.lists);
	return n;
}

static bool
is_whole(const struct exposure_index *ix)
{
	bool whole = ix->damaged_count == 0;

	for (size_t i = 0; i < ix->count; i++)
		whole &= !atomic_load(&ix->segments[i]->damaged);
	return whole;
}

bool
exposure_distinct(struct exposure_index *ix, const struct query *q, enum field field, uint64_t *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct facet f;

	if (field == FIELD_IP) {
		/* Counted when the last segment came. */
		bool known = q->kind == QUERY_ALL && is_whole(ix);
		*out = known ? ix->manifest.addresses : distinct_addresses(ix, q);
		return index_in_time(ix, e);
	}
	if (!exposure_facet(ix, q, field, FIELDS, SIZE_MAX, &a, &f, e))
		return false;
	*out = f.values.count;
	return true;
}
