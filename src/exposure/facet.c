/* Facets over all segments (exposure/query.h). Each segment counts by the numbers of its own dictionary; only values that
 * can be among the first are looked up by name in the other segments. */
#include "exposure/facet.h"

#include "base/table.h"
#include "exposure/vocabulary.h"

struct faceting {
	const struct query *q;
	enum field field;
	struct tally *tallies;
};

static bool
facet_segment(void *user, size_t i, struct evaluator *ev)
{
	struct faceting *f = user;

	if (tally_segment(ev, &ev->s->columns[f->field], f->q, &f->tallies[i]))
		return true;
	tally_free(&f->tallies[i]);
	f->tallies[i] = (struct tally){ 0 };
	return false;
}

/* ---- candidates ---- */

struct candidate {
	struct str text;
	unsigned char ip[16];
	int64_t number;
	uint64_t count;
};

struct merging {
	enum field field;
	struct tally *tallies;
	size_t count;
	struct arena *a;
	struct table seen;
	ARRAY_OF(struct candidate) list;
};

static int64_t
tally_number(const struct tally *t, uint32_t i)
{
	return t->numbers ? t->numbers[i] : number_at(t->c, i)->value;
}

/* How often another segment has this value. */
static uint64_t
look_up(const struct tally *t, const struct candidate *x)
{
	struct dict_walk w;
	unsigned char ip[16];
	uint32_t low = 0, high = t->values;

	if (t->values == 0)
		return 0;
	if (t->c->info->form == FORM_ADDRESS) {
		low = column_rank(t->c, x->ip);
		column_address(t->c, low, ip);
		return low < t->values && memcmp(ip, x->ip, 16) == 0 ? t->counts[low] : 0;
	}
	if (t->c->info->form == FORM_VALUES) {
		low = dict_find(t->s, t->c, x->text, false);
		return dict_from(t->s, t->c, low, &w) && dict_next(&w) && str_eq(w.text, x->text) ? t->counts[low] : 0;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (tally_number(t, middle) < x->number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->values && tally_number(t, low) == x->number ? t->counts[low] : 0;
}

/* Value i of segment n; the ones before n have been asked for it already. */
static void
consider(struct merging *m, size_t n, uint32_t i, struct str text)
{
	struct tally *t = &m->tallies[n];
	struct candidate x = { .text = text };
	struct str key;
	bool added;

	if (t->c->info->form == FORM_ADDRESS) {
		column_address(t->c, i, x.ip);
		key = str_sub((const char *)x.ip, 16);
	} else if (t->c->info->form == FORM_VALUES) {
		key = x.text;
	} else {
		x.number = tally_number(t, i);
		key = str_sub((const char *)&x.number, sizeof(x.number));
	}
	if (m->count > 1) {
		key = table_has(&m->seen, key) ? key : arena_str(m->a, key);
		(void)table_put(&m->seen, key, &added);
		if (!added)
			return;
	}
	if (t->c->info->form == FORM_VALUES)
		x.text = m->count > 1 ? key : arena_str(m->a, text);
	x.count = t->counts[i];
	for (size_t k = 0; k < m->count; k++)
		if (k != n)
			x.count += look_up(&m->tallies[k], &x);
	*ARRAY_PUSH(m->a, &m->list) = x;
}

static void
consider_segment(struct merging *m, size_t n, uint64_t least)
{
	struct tally *t = &m->tallies[n];
	struct dict_walk w;
	uint32_t at = UINT32_MAX;

	if (t->most < least)
		return;
	for (uint32_t i = 0; i < t->values; i++) {
		if (t->counts[i] < least || t->counts[i] == 0)
			continue;
		if (t->c->info->form != FORM_VALUES) {
			consider(m, n, i, STR(""));
			continue;
		}
		/* The next ones of a block are read on; elsewhere is entered anew. */
		if ((at == UINT32_MAX || i - at > DICT_BLOCK) && !dict_from(t->s, t->c, i, &w))
			return;
		while (w.next <= i)
			if (!dict_next(&w))
				return;
		at = i;
		consider(m, n, i, w.text);
	}
}

static int
compare_values(enum field f, const struct candidate *a, const struct candidate *b)
{
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	switch (field_table[f].kind) {
	case FIELD_ADDRESS:
		return memcmp(a->ip, b->ip, 16);
	case FIELD_NUMBER:
	case FIELD_TIME:
	case FIELD_BOOL:
		return (a->number > b->number) - (a->number < b->number);
	case FIELD_KEYWORD:
	case FIELD_HOST:
	case FIELD_TEXT:
		break;
	}
	return str_cmp(a->text, b->text);
}

static int
compare_candidates(const void *x, const void *y, void *user)
{
	return compare_values(*(const enum field *)user, x, y);
}

/* ---- which can be among the first ---- */

/* A heap of the k largest, the smallest on top: 0 as long as there are not so many. */
static void
heap_offer(uint64_t *heap, size_t k, uint64_t v)
{
	size_t at = 0;

	if (v <= heap[0])
		return;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= k)
			break;
		child += child + 1 < k && heap[child + 1] < heap[child];
		if (heap[child] >= v)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = v;
}

/* The k-th largest count of a segment (0 when it has fewer): no total of the k first is smaller. */
static uint64_t
kth_largest(const struct tally *t, size_t k)
{
	ARENA_AUTO a = { 0 };

	if (k == 0 || k > t->values)
		return 0;
	uint64_t *heap = ARENA_ARRAY(&a, uint64_t, k);
	for (uint32_t i = 0; i < t->values; i++)
		heap_offer(heap, k, t->counts[i]);
	return heap[0];
}

static uint64_t
threshold(const struct merging *m, size_t top)
{
	uint64_t best = 0, used = 0;

	if (top > 100000)
		return 1;
	for (size_t i = 0; i < m->count; i++) {
		uint64_t k = kth_largest(&m->tallies[i], top);
		best = k > best ? k : best;
		used += m->tallies[i].values > 0;
	}
	/* A total of at least `best` has at least its share in one segment. */
	uint64_t least = used > 0 ? (best + used - 1) / used : 1;
	return least > 0 ? least : 1;
}

static void
finish(struct merging *m, size_t top, uint64_t total, struct facet *out)
{
	enum field f = m->field;
	uint64_t shown = 0;

	if (m->list.count > 0)
		qsort_r(m->list.items, m->list.count, sizeof(*m->list.items), compare_candidates, &f);
	for (size_t i = 0; i < m->list.count && i < top; i++) {
		struct candidate *x = &m->list.items[i];
		struct str text = x->text;
		if (field_table[f].kind == FIELD_ADDRESS)
			text = address_text(m->a, x->ip);
		else if (field_table[f].kind != FIELD_KEYWORD && field_table[f].kind != FIELD_HOST)
			text = number_text(f, m->a, x->number);
		*ARRAY_PUSH(m->a, &out->values) = (struct facet_value){ text, x->count };
		shown += x->count;
	}
	out->other = total - shown;
}

/* ---- many candidates: common numbers ---- */

static bool
is_cheaper_merged(const struct merging *m, uint64_t least)
{
	uint64_t candidates = 0, values = 0;

	for (size_t n = 0; n < m->count; n++) {
		const struct tally *t = &m->tallies[n];
		if (t->values > 0 && t->c->info->form != FORM_VALUES)
			return false;
		values += t->values;
		for (uint32_t i = 0; i < t->values; i++)
			candidates += t->counts[i] >= least;
	}
	/* Looking a name up reads some forty entries. */
	return m->count > 1 && candidates * (m->count - 1) * 40 > values;
}

/* The least count that is among the first `top` of them; 0 when there are not so many. */
static uint64_t
least_of(const uint64_t *counts, uint32_t count, size_t top)
{
	ARENA_AUTO a = { 0 };

	if (top == 0 || top >= count)
		return 0;
	uint64_t *heap = ARENA_ARRAY(&a, uint64_t, top);
	for (uint32_t i = 0; i < count; i++)
		heap_offer(heap, top, counts[i]);
	return heap[0];
}

/* By common numbers: sums first, names only of what is among the first. */
static bool
sum_values(struct exposure_index *ix, struct merging *m, size_t top)
{
	const struct column_union *u = column_union_of(ix, m->field);
	struct dict_walk w;

	if (!u)
		return false;
	uint64_t *counts = xcalloc((size_t)u->count + 1, sizeof(*counts));
	for (size_t n = 0; n < m->count; n++)
		for (uint32_t i = 0; u->numbers[n] && i < m->tallies[n].values; i++)
			counts[u->numbers[n][i]] += m->tallies[n].counts[i];
	uint64_t least = least_of(counts, u->count, top);
	for (uint32_t i = 0; i < u->count; i++) {
		struct segment *s = ix->segments[u->names[i].segment];
		if (counts[i] == 0 || counts[i] < least ||
		    !dict_from(s, &s->columns[m->field], u->names[i].number, &w) || !dict_next(&w))
			continue;
		*ARRAY_PUSH(m->a, &m->list) = (struct candidate){ .text = arena_str(m->a, w.text), .count = counts[i] };
	}
	free(counts);
	return true;
}

/* ---- addresses: every one is a candidate, but all segments have them in order ---- */

struct address_run {
	uint32_t *v4, *counts;
	size_t count, at;
};

/* The IPv4 addresses that were counted. */
static void
run_begin(struct address_run *r, const struct tally *t)
{
	uint32_t v4 = t->values ? t->c->info->v4 : 0, here[NUMBERS_BLOCK];

	r->v4 = xcalloc((size_t)v4 + 1, sizeof(*r->v4));
	r->counts = xcalloc((size_t)v4 + 1, sizeof(*r->counts));
	for (uint32_t from = 0; from < v4; from += NUMBERS_BLOCK) {
		uint32_t n = v4 - from > NUMBERS_BLOCK ? NUMBERS_BLOCK : v4 - from;
		uint64_t counted = 0;
		for (uint32_t i = 0; i < n; i++)
			counted |= (uint64_t)(t->counts[from + i] > 0) << i;
		size_t got = column_v4_block(t->c, from / NUMBERS_BLOCK, counted, here);
		for (size_t i = 0; i < got; i++, counted &= counted - 1) {
			r->v4[r->count] = here[i];
			r->counts[r->count++] = t->counts[from + (uint32_t)__builtin_ctzll(counted)];
		}
	}
}

/* Takes the smallest address of all runs. */
static uint64_t
runs_next(struct address_run *runs, size_t count, uint32_t *ip)
{
	uint64_t sum = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const struct address_run *r = &runs[i];
		if (r->at < r->count && (!any || r->v4[r->at] < *ip))
			*ip = r->v4[r->at];
		any |= r->at < r->count;
	}
	for (size_t i = 0; any && i < count; i++)
		while (runs[i].at < runs[i].count && runs[i].v4[runs[i].at] == *ip)
			sum += runs[i].counts[runs[i].at++];
	return sum;
}

static void
push_v4(struct merging *m, uint32_t ip, uint64_t count)
{
	struct candidate *x = ARRAY_PUSH(m->a, &m->list);

	*x = (struct candidate){ .ip = { [10] = 0xff, [11] = 0xff }, .count = count };
	for (unsigned i = 0; i < 4; i++)
		x->ip[12 + i] = (unsigned char)(ip >> (24 - 8 * i));
}

/* Those that can be among the first; of as many banners the smaller address comes first, and that was met before. */
static void
sum_addresses(struct merging *m, size_t top)
{
	struct address_run *runs = xcalloc(m->count + 1, sizeof(*runs));
	size_t k = top > 100000 ? 0 : top;
	uint64_t *heap = xcalloc(k + 1, sizeof(*heap)), sum;
	uint32_t ip = 0;

	for (size_t n = 0; n < m->count; n++) {
		const struct tally *t = &m->tallies[n];
		run_begin(&runs[n], t);
		for (uint32_t i = t->values ? t->c->info->v4 : 0; i < t->values; i++)
			if (t->counts[i] > 0)
				consider(m, n, i, STR(""));
	}
	while ((sum = runs_next(runs, m->count, &ip)) > 0) {
		if (k > 0 && sum <= heap[0])
			continue;
		push_v4(m, ip, sum);
		if (k > 0)
			heap_offer(heap, k, sum);
	}
	for (size_t n = 0; n < m->count; n++) {
		free(runs[n].v4);
		free(runs[n].counts);
	}
	free(runs);
	free(heap);
}

/* What can be among the first, with its counts in all segments, into m->list. */
static void
find_candidates(struct exposure_index *ix, struct merging *m, size_t top)
{
	if (m->field == FIELD_IP) {
		sum_addresses(m, top);
		return;
	}
	uint64_t least = threshold(m, top);
	if (is_cheaper_merged(m, least) && sum_values(ix, m, top))
		return;
	for (size_t i = 0; i < ix->count; i++)
		consider_segment(m, i, least);
}

static bool
facet_one(struct exposure_index *ix, const struct query *q, enum field field, size_t top, struct arena *a,
	  struct facet *out)
{
	struct faceting f = { q, field, xcalloc(ix->count + 1, sizeof(*f.tallies)) };
	struct merging m = { .field = field, .tallies = f.tallies, .count = ix->count, .a = a };
	uint64_t total = 0;

	bool work = q->kind != QUERY_ALL && exposure_count(ix) > 100000;
	each_segment(ix, work || query_is_heavy(q), facet_segment, &f);
	for (size_t i = 0; i < ix->count; i++)
		total += f.tallies[i].total;
	find_candidates(ix, &m, top);
	finish(&m, top, total, out);
	table_free(&m.seen);
	for (size_t i = 0; i < ix->count; i++)
		tally_free(&f.tallies[i]);
	free(f.tallies);
	return true;
}

bool
exposure_facet(struct exposure_index *ix, const struct query *q, enum field field, enum field second, size_t top,
	       struct arena *a, struct facet *out, struct err *e)
{
	*out = (struct facet){ .field = field, .second = second };
	if (!field_table[field].facet || (second != FIELDS && !field_table[second].facet))
		return err_set(e, ERR_USAGE, "%s cannot be counted by value; ask for it with search",
			       field_table[field].facet ? field_table[second].name : field_table[field].name);
	(void)(second == FIELDS ? facet_one(ix, q, field, top, a, out) : facet_pairs(ix, q, top, a, out));
	return index_in_time(ix, e);
}
