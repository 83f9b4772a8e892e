/* Two-way tables and histograms (exposure/query.h). */
#include "exposure/facet.h"

#include "base/table.h"
#include "base/time.h"

/* ---- pairs of values in one segment ---- */

struct pairs {
	uint64_t *keys; /* number of the first + 1 << 32 | number of the second + 1; 0: free */
	uint32_t *counts;
	size_t count, slots;
};

static void
pairs_add(struct pairs *p, uint64_t key, uint32_t n)
{
	if (p->count >= p->slots / 2) {
		struct pairs more = { .slots = p->slots ? p->slots * 2 : 1024 };
		more.keys = xcalloc(more.slots, sizeof(*more.keys));
		more.counts = xcalloc(more.slots, sizeof(*more.counts));
		for (size_t i = 0; i < p->slots; i++)
			if (p->keys[i])
				pairs_add(&more, p->keys[i], p->counts[i]);
		free(p->keys);
		free(p->counts);
		*p = more;
	}
	size_t at = (key * 0x9e3779b97f4a7c15u >> 20) & (p->slots - 1);
	while (p->keys[at] && p->keys[at] != key)
		at = (at + 1) & (p->slots - 1);
	p->count += p->keys[at] == 0;
	p->keys[at] = key;
	p->counts[at] += n;
}

struct pairing {
	const struct query *q;
	struct facet *out;
	struct pairs *pairs;
	int64_t **numbers[2]; /* plain columns: numbers met, by segment */
};

/* Number of an entry's value, UINT32_MAX: none. */
static uint32_t
entry_value(const struct column *c, uint32_t entry)
{
	uint64_t id = packed_get(&c->ids, entry);

	if (c->info->form == FORM_ADDRESS)
		return id < c->info->values ? (uint32_t)id : UINT32_MAX;
	return id > 0 && id <= c->info->values ? (uint32_t)id - 1 : UINT32_MAX;
}

/* Few values of both: a table of counters instead of the hash. */
enum { TABLE_MAX = 1 << 20 };
struct pair_table {
	uint32_t *counts; /* NULL: too many */
	size_t width;
};

static struct pair_table
table_new(const struct column *a, const struct column *b)
{
	struct pair_table t = { NULL, b->info->values };
	if (a->info->values > 0 && t.width > 0 && a->info->values <= TABLE_MAX / t.width)
		t.counts = xcalloc(a->info->values * t.width, sizeof(*t.counts));
	return t;
}

static void
table_end(struct pair_table *t, const struct column *a, struct pairs *p)
{
	for (size_t x = 0; t->counts && x < a->info->values; x++)
		for (size_t y = 0; y < t->width; y++)
			if (t->counts[x * t->width + y])
				pairs_add(p, (uint64_t)(x + 1) << 32 | (y + 1), t->counts[x * t->width + y]);
	free(t->counts);
}

static void
pair_doc(struct segment *s, struct column *a, struct column *b, uint32_t doc, struct pair_table *t, struct pairs *p)
{
	uint32_t first_a = 0, first_b = 0;
	uint32_t count_a = column_entries(s, a, doc, &first_a), count_b = column_entries(s, b, doc, &first_b);

	for (uint32_t i = first_a; i < first_a + count_a; i++) {
		uint32_t x = entry_value(a, i);
		for (uint32_t j = first_b; x != UINT32_MAX && j < first_b + count_b; j++) {
			uint32_t y = entry_value(b, j);
			if (y == UINT32_MAX)
				continue;
			if (t->counts)
				t->counts[x * t->width + y]++;
			else
				pairs_add(p, (uint64_t)(x + 1) << 32 | (y + 1), 1);
		}
	}
}

static bool
can_pair(const struct column *c)
{
	return c->info->form == FORM_VALUES || c->info->form == FORM_NUMBERS || c->info->form == FORM_ADDRESS;
}

static bool
pair_segment(void *user, size_t n, struct evaluator *ev)
{
	struct pairing *x = user;
	struct column *a = &ev->s->columns[x->out->field], *b = &ev->s->columns[x->out->second];
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	size_t got;

	DOCSET_AUTO hits = { 0 };
	if (!can_pair(a) || !can_pair(b))
		return true;
	if (!column_ready(ev->s, a) || !column_ready(ev->s, b) || !evaluate(ev, x->q, &hits))
		return false;
	struct pair_table t = table_new(a, b);
	while ((got = docset_batch(&hits, &walk, batch)) > 0)
		for (size_t i = 0; i < got; i++)
			pair_doc(ev->s, a, b, batch[i], &t, &x->pairs[n]);
	table_end(&t, a, &x->pairs[n]);
	return true;
}

/* ---- by name, over all segments ---- */

static void
name_pairs(struct segment *s, const struct facet *f, const struct pairs *p, struct arena *a, struct table *names)
{
	struct column *c = &s->columns[f->field], *d = &s->columns[f->second];

	for (size_t i = 0; i < p->slots; i++) {
		if (!p->keys[i])
			continue;
		struct str x = value_text(f->field, a, s, c, NULL, (uint32_t)(p->keys[i] >> 32) - 1);
		struct str y = value_text(f->second, a, s, d, NULL, (uint32_t)p->keys[i] - 1);
		struct str name = arena_printf(a, "%.*s\t%.*s", STR_ARG(x), STR_ARG(y));
		void **count = table_put(names, name, NULL);
		*count = (void *)((uintptr_t)*count + p->counts[i]);
	}
}

static int
compare_facet_values(const void *x, const void *y)
{
	const struct facet_value *a = x, *b = y;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return str_cmp(a->value, b->value);
}

bool
facet_pairs(struct exposure_index *ix, const struct query *q, size_t top, struct arena *a, struct facet *out)
{
	struct pairing x = { .q = q, .out = out, .pairs = xcalloc(ix->count + 1, sizeof(struct pairs)) };
	TABLE_AUTO names = { 0 };
	struct table_slot *slot;

	each_segment(ix, exposure_count(ix) > 100000, pair_segment, &x);
	for (size_t i = 0; i < ix->count; i++) {
		name_pairs(ix->segments[i], out, &x.pairs[i], a, &names);
		free(x.pairs[i].keys);
		free(x.pairs[i].counts);
	}
	free(x.pairs);
	for (size_t i = 0; table_next(&names, &i, &slot);)
		*ARRAY_PUSH(a, &out->values) = (struct facet_value){ slot->key, (uintptr_t)slot->value };
	if (out->values.count > 0)
		qsort(out->values.items, out->values.count, sizeof(*out->values.items), compare_facet_values);
	for (size_t i = top; i < out->values.count; i++)
		out->other += out->values.items[i].count;
	if (out->values.count > top)
		out->values.count = top;
	return true;
}

/* ---- histograms ---- */

enum { HOUR_MS = 3600000, DAY_MS = 86400000 };

struct histogram {
	const struct query *q;
	enum field field;
	enum histogram_step step;
	struct pairs *pairs; /* by segment: the step's number, above 0 */
};

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
histogram_step_of(enum histogram_step step, int64_t ms)
{
	int year;
	unsigned month, day;

	switch (step) {
	case STEP_HOUR:
		return floor_divide(ms, HOUR_MS);
	case STEP_DAY:
		return floor_divide(ms, DAY_MS);
	case STEP_WEEK:
		/* 1970-01-01 was a Thursday; weeks begin on Monday. */
		return floor_divide(floor_divide(ms, DAY_MS) + 3, 7);
	case STEP_MONTH:
	case STEP_YEAR:
		time_civil(floor_divide(ms, DAY_MS), &year, &month, &day);
		return step == STEP_YEAR ? year : (int64_t)year * 12 + (int64_t)month - 1;
	}
	return 0;
}

struct str
histogram_step_name(struct arena *a, enum histogram_step step, int64_t n)
{
	char text[TIME_RFC3339_MAX];

	switch (step) {
	case STEP_HOUR:
		return arena_str(a, str_of(time_rfc3339(n * HOUR_MS, text)));
	case STEP_DAY:
		return arena_str(a, str_head(str_of(time_rfc3339(n * DAY_MS, text)), 10));
	case STEP_WEEK:
		return arena_str(a, str_head(str_of(time_rfc3339((n * 7 - 3) * DAY_MS, text)), 10));
	case STEP_MONTH:
		return arena_printf(a, "%04d-%02d", (int)floor_divide(n, 12), (int)(n - floor_divide(n, 12) * 12) + 1);
	case STEP_YEAR:
		return arena_printf(a, "%04d", (int)n);
	}
	return STR("");
}

#define STEP_BIAS ((int64_t)1 << 50)

/* By days (hours) first, in a table; only what was met is put into steps. False: they lie too far apart for one. */
static bool
tally_units(struct segment *s, struct column *c, const struct docset *hits, enum histogram_step step, struct pairs *p)
{
	int64_t unit = step == STEP_HOUR ? HOUR_MS : DAY_MS;
	int64_t low = floor_divide(c->info->low, unit), high = floor_divide(c->info->high, unit);
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	size_t got;

	if (high < low || high - low >= TABLE_MAX)
		return false;
	uint32_t *counts = xcalloc((size_t)(high - low) + 1, sizeof(*counts));
	while ((got = docset_batch(hits, &walk, batch)) > 0) {
		for (size_t i = 0; i < got; i++) {
			bool there;
			int64_t at = floor_divide(column_number(s, c, batch[i], &there), unit);
			if (there && at >= low && at <= high)
				counts[at - low]++;
		}
	}
	for (int64_t at = low; at <= high; at++)
		if (counts[at - low])
			pairs_add(p, (uint64_t)(histogram_step_of(step, at * unit) + STEP_BIAS), counts[at - low]);
	free(counts);
	return true;
}

static bool
histogram_segment(void *user, size_t n, struct evaluator *ev)
{
	struct histogram *h = user;
	struct column *c = &ev->s->columns[h->field];
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	size_t got;

	DOCSET_AUTO hits = { 0 };
	if (c->info->form == FORM_NONE)
		return true;
	if (!column_ready(ev->s, c) || !evaluate(ev, h->q, &hits))
		return false;
	if (tally_units(ev->s, c, &hits, h->step, &h->pairs[n]))
		return true;
	while ((got = docset_batch(&hits, &walk, batch)) > 0) {
		for (size_t i = 0; i < got; i++) {
			bool there;
			int64_t ms = column_number(ev->s, c, batch[i], &there);
			if (there)
				pairs_add(&h->pairs[n], (uint64_t)(histogram_step_of(h->step, ms) + STEP_BIAS), 1);
		}
	}
	return true;
}

bool
exposure_histogram(struct exposure_index *ix, const struct query *q, enum field field, enum histogram_step step,
		   struct arena *a, struct facet *out, struct err *e)
{
	struct histogram h = { q, field, step, xcalloc(ix->count + 1, sizeof(struct pairs)) };
	int64_t low = INT64_MAX, high = INT64_MIN;
	struct pairs all = { 0 };

	*out = (struct facet){ .field = field, .second = FIELDS };
	each_segment(ix, exposure_count(ix) > 100000, histogram_segment, &h);
	for (size_t n = 0; n < ix->count; n++) {
		for (size_t i = 0; i < h.pairs[n].slots; i++) {
			int64_t at = (int64_t)h.pairs[n].keys[i] - STEP_BIAS;
			if (!h.pairs[n].keys[i])
				continue;
			low = at < low ? at : low;
			high = at > high ? at : high;
			pairs_add(&all, h.pairs[n].keys[i], h.pairs[n].counts[i]);
		}
		free(h.pairs[n].keys);
		free(h.pairs[n].counts);
	}
	free(h.pairs);
	bool fits = all.count == 0 || high - low < HISTOGRAM_MAX;
	for (int64_t n = low; all.count > 0 && fits && n <= high; n++) {
		uint64_t key = (uint64_t)(n + STEP_BIAS);
		pairs_add(&all, key, 0);
		size_t at = (key * 0x9e3779b97f4a7c15u >> 20) & (all.slots - 1);
		while (all.keys[at] != key)
			at = (at + 1) & (all.slots - 1);
		*ARRAY_PUSH(a, &out->values) = (struct facet_value){ histogram_step_name(a, step, n), all.counts[at] };
	}
	free(all.keys);
	free(all.counts);
	if (!index_in_time(ix, e))
		return false;
	return fits || err_set(e, ERR_USAGE, "the times lie further apart than %d steps; choose a longer step",
			       (int)HISTOGRAM_MAX);
}
