/* Finding banners (exposure/query.h): each segment keeps the first of its hits in the order that was asked for, then these
 * are put together and read. */
#include "exposure/eval.h"

#include "exposure/vocabulary.h"

struct hit {
	uint64_t order; /* smaller comes first */
	uint64_t tie; /* address among those of the segment << SERVICE_BITS | port << 2 | transport */
	int64_t time; /* of the same service the newest comes first */
	uint32_t doc, segment;
};
enum { SERVICE_BITS = 18 };

struct top {
	struct hit *items; /* a heap, the last of the order on top, until it is sorted */
	size_t count, cap, max;
};

struct searching {
	struct exposure_index *ix;
	const struct query *q;
	const struct exposure_page *page;
	enum field sort;
	bool falling;
	size_t max;
	struct top *tops;
};

static int
compare_hits(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->time != b->time)
		return a->time > b->time ? -1 : 1;
	return (a->doc > b->doc) - (a->doc < b->doc);
}

static void
sift_down(struct top *t, struct hit h)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= t->count)
			break;
		if (child + 1 < t->count && compare_hits(&t->items[child], &t->items[child + 1]) < 0)
			child++;
		if (compare_hits(&t->items[child], &h) <= 0)
			break;
		t->items[at] = t->items[child];
		at = child;
	}
	t->items[at] = h;
}

static void
top_add(struct top *t, struct hit h)
{
	if (t->count == t->max) {
		if (t->max > 0 && compare_hits(&h, &t->items[0]) < 0)
			sift_down(t, h);
		return;
	}
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->items = xrealloc(t->items, t->cap, sizeof(*t->items));
	}
	size_t at = t->count++;
	while (at > 0 && compare_hits(&t->items[(at - 1) / 2], &h) < 0) {
		t->items[at] = t->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	t->items[at] = h;
}

/* ---- the order ---- */

static uint64_t
key_hash(struct segment *s, uint32_t doc, uint64_t seed)
{
	struct banner_key key;

	banner_read_key(s, doc, &key);
	return banner_key_hash(&key, seed);
}

/* Within a segment; of keywords the place in its dictionary. Banners without a value come last. */
static uint64_t
order_of(struct searching *x, struct segment *s, uint32_t doc)
{
	struct column *c = &s->columns[x->sort];
	uint32_t first = 0;
	uint64_t order;
	bool there = false;

	if (x->page->sample > 0)
		return key_hash(s, doc, x->page->seed);
	if (c->info->form == FORM_VALUES) {
		uint64_t id = column_entries(s, c, doc, &first) > 0 ? packed_get(&c->ids, first) : 0;
		there = id > 0;
		order = id;
	} else if (c->info->form == FORM_ADDRESS) {
		order = packed_get(&c->ids, doc) + 1;
		there = true;
	} else {
		order = (uint64_t)column_number(s, c, doc, &there) ^ 1ull << 63;
	}
	if (!there)
		return UINT64_MAX;
	return x->falling ? ~order - 1 : order;
}

/* Most hits are too late in the order by their address already; their service is not read. */
static void
take_hit(struct searching *x, struct segment *s, struct top *t, struct hit h)
{
	const struct column *ip = &s->columns[FIELD_IP];
	struct banner_key key;

	h.order = order_of(x, s, h.doc);
	h.tie = (ip->info->form == FORM_ADDRESS ? packed_get(&ip->ids, h.doc) : 0) << SERVICE_BITS;
	if (t->count == t->max &&
	    (t->max == 0 || h.order > t->items[0].order || (h.order == t->items[0].order && h.tie > t->items[0].tie)))
		return;
	banner_read_key(s, h.doc, &key);
	h.tie |= (uint64_t)key.port << 2 | (key.transport & 3);
	h.time = key.timestamp;
	top_add(t, h);
}

static bool
search_segment(void *user, size_t n, struct evaluator *ev)
{
	struct searching *x = user;
	struct segment *s = ev->s;
	struct column *ip = &s->columns[FIELD_IP], *c = &s->columns[x->sort];
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	size_t got;

	DOCSET_AUTO hits = { 0 };
	if (!evaluate(ev, x->q, &hits) || !column_ready(s, ip) || !column_ready(s, c) ||
	    !column_ready(s, &s->columns[FIELD_PORT]) || !column_ready(s, &s->columns[FIELD_TIMESTAMP]) ||
	    !column_ready(s, &s->columns[FIELD_TRANSPORT]) ||
	    !segment_touch(s, ip->part[SECTION_TERMS].ptr, ip->part[SECTION_TERMS].len))
		return false;
	x->tops[n].max = x->max;
	while ((got = docset_batch(&hits, &walk, batch)) > 0) {
		for (size_t i = 0; i < got; i++)
			take_hit(x, s, &x->tops[n], (struct hit){ .doc = batch[i], .segment = (uint32_t)n });
	}
	if (x->tops[n].count > 0)
		qsort(x->tops[n].items, x->tops[n].count, sizeof(struct hit), compare_hits);
	return true;
}

/* ---- putting segments together ---- */

/* What segments cannot compare by their own numbers. */
struct head {
	struct str text; /* keyword sort */
	struct banner_key key;
	uint64_t order;
	size_t segment, at;
};

static void
read_head(struct searching *x, struct arena *a, struct head *h)
{
	const struct hit *hit = &x->tops[h->segment].items[h->at];
	struct segment *s = x->ix->segments[h->segment];
	struct column *c = &s->columns[x->sort];
	struct dict_walk w;

	h->order = hit->order;
	banner_read_key(s, hit->doc, &h->key);
	h->text = STR_NONE;
	if (x->page->sample > 0 || c->info->form != FORM_VALUES || hit->order == UINT64_MAX)
		return;
	uint64_t id = x->falling ? ~(hit->order + 1) : hit->order;
	if (id > 0 && dict_from(s, c, (uint32_t)id - 1, &w) && dict_next(&w))
		h->text = arena_str(a, w.text);
}

static int
compare_heads(const struct searching *x, const struct head *a, const struct head *b)
{
	int d = 0;

	if (x->page->sample == 0 &&
	    (field_table[x->sort].kind == FIELD_KEYWORD || field_table[x->sort].kind == FIELD_HOST)) {
		if (!a->text.ptr != !b->text.ptr)
			return a->text.ptr ? -1 : 1;
		d = a->text.ptr ? value_compare(a->text, b->text) : 0;
		d = x->falling ? -d : d;
	} else if (x->sort == FIELD_IP && x->page->sample == 0) {
		d = memcmp(a->key.ip, b->key.ip, 16);
		d = x->falling ? -d : d;
	} else {
		d = (a->order > b->order) - (a->order < b->order);
	}
	if (d == 0)
		d = memcmp(a->key.ip, b->key.ip, 16);
	if (d == 0)
		d = (a->key.port > b->key.port) - (a->key.port < b->key.port);
	if (d == 0)
		d = (a->key.transport > b->key.transport) - (a->key.transport < b->key.transport);
	if (d == 0)
		d = (a->key.timestamp < b->key.timestamp) - (a->key.timestamp > b->key.timestamp);
	return d ? d : (a->segment > b->segment) - (a->segment < b->segment);
}

static int
compare_places(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;

	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return (a->doc > b->doc) - (a->doc < b->doc);
}

/* NULL: its segment turned out damaged, and is set aside like the others of it. What it says may lie in the cache. */
static struct banner *
take(const struct searching *x, const struct hit *hit, struct raw_cache *cache, struct arena *a)
{
	struct decoded *d = ARENA_NEW(a, struct decoded);
	size_t segment = hit->segment;

	if (!banner_decode(x->ix->segments[segment], hit->doc, x->page->raw, cache, a, d))
		return NULL;
	d->banner.origins = ARENA_ARRAY(a, const struct segment_origin *, d->origin_count + 1);
	for (size_t i = 0; i < d->origin_count; i++)
		if (d->origins[i] < x->ix->origin_counts[segment])
			d->banner.origins[d->banner.origin_count++] = &x->ix->origins[segment][d->origins[i]];
	return &d->banner;
}

static bool
give(struct searching *x, const struct hit *hit, struct raw_cache *cache, exposure_each_fn *each, void *user,
     struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct banner *banner = take(x, hit, cache, &a);

	return !banner || each(user, banner, e);
}

/* ---- in order, some thousands at a time: what lies in one block of records is taken while that is unpacked ---- */

enum { BATCH = 16384 };
#define BATCH_BYTES ((size_t)64 << 20)

struct batch {
	struct waiting {
		struct hit hit;
		struct banner *banner; /* NULL: not taken, or damaged */
		bool taken;
	} items[BATCH];
	uint32_t by_place[BATCH];
	size_t count;
	struct arena arena;
	struct raw_cache cache;
};

static int
compare_waiting(const void *x, const void *y, void *user)
{
	const struct batch *b = user;
	uint32_t i, j;

	memcpy(&i, x, sizeof(i));
	memcpy(&j, y, sizeof(j));
	return compare_places(&b->items[i].hit, &b->items[j].hit);
}

/* Copies what lies in the cache; gives its bytes. */
static size_t
keep(struct arena *a, struct banner *banner)
{
	size_t bytes = banner->raw.len;

	banner->raw = arena_str(a, banner->raw);
	for (size_t i = 0; i < banner->count; i++) {
		struct banner_value *v = &banner->values[i];
		if (field_table[v->field].kind != FIELD_TEXT)
			continue;
		bytes += v->text.len;
		v->text = arena_str(a, v->text);
	}
	return bytes;
}

static bool
batch_give(struct searching *x, struct batch *b, exposure_each_fn *each, void *user, struct err *e)
{
	size_t bytes = 0;
	bool ok = true;

	for (size_t i = 0; i < b->count; i++)
		b->by_place[i] = (uint32_t)i;
	qsort_r(b->by_place, b->count, sizeof(b->by_place[0]), compare_waiting, b);
	for (size_t i = 0; i < b->count && bytes < BATCH_BYTES && !index_is_late(x->ix); i++) {
		struct waiting *w = &b->items[b->by_place[i]];
		w->banner = take(x, &w->hit, &b->cache, &b->arena);
		w->taken = true;
		bytes += w->banner ? keep(&b->arena, w->banner) : 0;
	}
	for (size_t i = 0; ok && i < b->count; i++) {
		struct waiting *w = &b->items[i];
		ok = !index_is_late(x->ix);
		if (ok && !w->taken) /* records of megabytes: one at a time */
			ok = give(x, &w->hit, &b->cache, each, user, e);
		else if (ok && w->banner)
			ok = each(user, w->banner, e);
	}
	arena_free(&b->arena);
	b->count = 0;
	return ok;
}

static void
batch_free(struct batch *b)
{
	arena_free(&b->arena);
	raw_cache_free(&b->cache);
	free(b);
}

static bool
give_all(struct searching *x, exposure_each_fn *each, void *user, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct batch *batch = xcalloc(1, sizeof(*batch));
	struct head *heads = ARENA_ARRAY(&a, struct head, x->ix->count + 1);
	size_t count = 0;
	bool ok = true;

	for (size_t i = 0; i < x->ix->count; i++) {
		if (x->tops[i].count == 0)
			continue;
		heads[count].segment = i;
		read_head(x, &a, &heads[count++]);
	}
	for (uint64_t n = 0; ok && count > 0 && n < x->max; n++) {
		size_t best = 0;
		for (size_t i = 1; i < count; i++)
			if (compare_heads(x, &heads[i], &heads[best]) < 0)
				best = i;
		struct top *top = &x->tops[heads[best].segment];
		if (n >= x->page->offset)
			batch->items[batch->count++] = (struct waiting){ .hit = top->items[heads[best].at] };
		if (batch->count == BATCH)
			ok = batch_give(x, batch, each, user, e);
		if (++heads[best].at < top->count)
			read_head(x, &a, &heads[best]);
		else
			heads[best] = heads[--count];
	}
	ok = ok && batch_give(x, batch, each, user, e);
	batch_free(batch);
	return index_in_time(x->ix, e) && ok;
}

/* Each block of records is unpacked once, not once for each record. */
static bool
give_by_place(struct searching *x, exposure_each_fn *each, void *user, struct err *e)
{
	struct raw_cache cache = { 0 };
	size_t count = 0;
	bool ok = true;

	for (size_t i = 0; i < x->ix->count; i++)
		count += x->tops[i].count;
	struct hit *hits = xcalloc(count + 1, sizeof(*hits));
	count = 0;
	for (size_t i = 0; i < x->ix->count; i++) {
		if (x->tops[i].count > 0)
			memcpy(hits + count, x->tops[i].items, x->tops[i].count * sizeof(*hits));
		count += x->tops[i].count;
	}
	if (count > x->max) {
		qsort(hits, count, sizeof(*hits), compare_hits);
		count = x->max;
	}
	qsort(hits, count, sizeof(*hits), compare_places);
	for (size_t n = 0; ok && n < count; n++)
		ok = !index_is_late(x->ix) && give(x, &hits[n], &cache, each, user, e);
	free(hits);
	raw_cache_free(&cache);
	return index_in_time(x->ix, e) && ok;
}

bool
exposure_search(struct exposure_index *ix, const struct query *q, const struct exposure_page *page,
		exposure_each_fn *each, void *user, struct err *e)
{
	uint64_t most = page->sample > 0 ? page->sample : page->limit;
	struct searching x = { .ix = ix,
			       .q = q,
			       .page = page,
			       .sort = page->sort == FIELDS ? FIELD_TIMESTAMP : page->sort,
			       .falling = page->sort == FIELDS || page->falling,
			       .tops = xcalloc(ix->count + 1, sizeof(struct top)) };

	x.max = most > SIZE_MAX / 2 - page->offset ? SIZE_MAX / 2 : (size_t)(most + page->offset);
	if (field_table[x.sort].kind == FIELD_TEXT) {
		free(x.tops);
		return err_set(e, ERR_USAGE, "banners cannot be sorted by %s", field_table[x.sort].name);
	}
	each_segment(ix, exposure_count(ix) > 100000, search_segment, &x);
	bool ok = index_in_time(ix, e) && (page->any_order ? give_by_place : give_all)(&x, each, user, e);
	for (size_t i = 0; i < ix->count; i++)
		free(x.tops[i].items);
	free(x.tops);
	return ok;
}
