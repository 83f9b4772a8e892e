/* What is new, gone or changed between two queries (exposure/query.h), in slices of the addresses so that memory stays
 * bounded. */
#include "exposure/diff.h"

#include "exposure/eval.h"

enum { SLICE_DOCS = 4 << 20 };

struct service {
	struct banner_key key;
	uint32_t segment, doc;
};

struct side {
	struct service *items;
	size_t count, cap;
};

struct diffing {
	struct exposure_index *ix;
	struct docset *hits[2]; /* of each segment */
	struct raw_cache cache[2];
	exposure_difference_fn *each;
	void *user;
};

struct asking {
	const struct query *q;
	struct docset *hits;
};

static bool
ask_segment(void *user, size_t n, struct evaluator *ev)
{
	struct asking *x = user;
	struct segment *s = ev->s;
	static const enum field keys[] = { FIELD_IP, FIELD_PORT, FIELD_TRANSPORT, FIELD_TIMESTAMP };

	for (size_t i = 0; i < COUNT(keys); i++)
		if (!column_ready(s, &s->columns[keys[i]]))
			return false;
	struct str low_bits = s->columns[FIELD_IP].part[SECTION_TERMS];
	return segment_touch(s, low_bits.ptr, low_bits.len) && evaluate(ev, x->q, &x->hits[n]);
}

static int
compare_service(const struct service *a, const struct service *b)
{
	int d = memcmp(a->key.ip, b->key.ip, 16);

	if (d == 0)
		d = (a->key.port > b->key.port) - (a->key.port < b->key.port);
	return d ? d : (a->key.transport > b->key.transport) - (a->key.transport < b->key.transport);
}

/* Of one service the newest first. */
static int
compare_newest(const void *x, const void *y)
{
	const struct service *a = x, *b = y;
	int d = compare_service(a, b);

	return d ? d : (a->key.timestamp < b->key.timestamp) - (a->key.timestamp > b->key.timestamp);
}

static void
side_add(struct side *l, const struct service *x)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 1024;
		l->items = xrealloc(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->count++] = *x;
}

/* Hits whose address starts with a byte in from…to (the 13th of IPv4; all of IPv6 are in the last slice). */
static void
gather_side(struct diffing *d, unsigned which, unsigned from, unsigned to, struct side *l)
{
	uint32_t batch[DOCSET_BATCH];
	size_t n;

	l->count = 0;
	for (size_t i = 0; i < d->ix->count; i++) {
		struct docset_walk walk = { 0 };
		if (!d->hits[which][i].own && !d->hits[which][i].bits)
			continue;
		while ((n = docset_batch(&d->hits[which][i], &walk, batch)) > 0) {
			for (size_t k = 0; k < n; k++) {
				struct service x = { .segment = (uint32_t)i, .doc = batch[k] };
				banner_read_key(d->ix->segments[i], batch[k], &x.key);
				unsigned slice = address_is_v4(x.key.ip) ? x.key.ip[12] : 256;
				if (slice >= from && slice < to)
					side_add(l, &x);
			}
		}
	}
	if (l->count > 0)
		qsort(l->items, l->count, sizeof(*l->items), compare_newest);
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++)
		if (kept == 0 || compare_service(&l->items[kept - 1], &l->items[i]) != 0)
			l->items[kept++] = l->items[i];
	l->count = kept;
}

/* What a later look at the same service says anyway. */
static bool
is_expected(enum field f)
{
	return f == FIELD_TIMESTAMP || f == FIELD_SOURCE || f == FIELD_SNAPSHOT || f == FIELD_UPTIME || f == FIELD_IP ||
	       f == FIELD_PORT || f == FIELD_TRANSPORT;
}

static bool
has_value(const struct banner *b, const struct banner_value *v)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->values[i].field == v->field && b->values[i].number == v->number &&
		    str_eq(b->values[i].text, v->text))
			return true;
	return false;
}

bool
banners_differ(const struct banner *a, const struct banner *b, uint8_t *fields)
{
	bool changed = false;

	for (unsigned turn = 0; turn < 2; turn++) {
		const struct banner *x = turn ? b : a, *y = turn ? a : b;
		for (size_t i = 0; i < x->count; i++) {
			if (is_expected(x->values[i].field) || has_value(y, &x->values[i]))
				continue;
			fields[x->values[i].field] = 1;
			changed = true;
		}
	}
	return changed;
}

static bool
report(struct diffing *d, const struct service *before, const struct service *after, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct decoded x, y;
	struct exposure_difference out = { .change = !before  ? EXPOSURE_NEW
						     : !after ? EXPOSURE_GONE
							      : EXPOSURE_CHANGED };

	if (before && after && before->segment == after->segment && before->doc == after->doc)
		return true;
	if ((before && !banner_decode(d->ix->segments[before->segment], before->doc, true, &d->cache[0], &a, &x)) ||
	    (after && !banner_decode(d->ix->segments[after->segment], after->doc, true, &d->cache[1], &a, &y)))
		return true;
	out.before = before ? &x.banner : NULL;
	out.after = after ? &y.banner : NULL;
	if (before && after && !banners_differ(&x.banner, &y.banner, out.fields))
		return true;
	return d->each(d->user, &out, e);
}

static bool
diff_slice(struct diffing *d, unsigned from, unsigned to, struct side sides[2], struct err *e)
{
	size_t i = 0, j = 0;

	gather_side(d, 0, from, to, &sides[0]);
	gather_side(d, 1, from, to, &sides[1]);
	while (i < sides[0].count || j < sides[1].count) {
		const struct service *a = i < sides[0].count ? &sides[0].items[i] : NULL;
		const struct service *b = j < sides[1].count ? &sides[1].items[j] : NULL;
		int order = !a ? 1 : !b ? -1 : compare_service(a, b);
		if (((i + j) & 255) == 0 && index_is_late(d->ix))
			return index_in_time(d->ix, e);
		if (!report(d, order <= 0 ? a : NULL, order >= 0 ? b : NULL, e))
			return false;
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

bool
exposure_diff(struct exposure_index *ix, const struct query *before, const struct query *after,
	      exposure_difference_fn *each, void *user, struct err *e)
{
	struct diffing d = { .ix = ix, .each = each, .user = user };
	const struct query *queries[2] = { before, after };
	struct side sides[2] = { 0 };
	uint64_t most = 0;
	bool ok = true;

	for (unsigned i = 0; i < 2; i++) {
		d.hits[i] = xcalloc(ix->count + 1, sizeof(struct docset));
		struct asking x = { queries[i], d.hits[i] };
		each_segment(ix, exposure_count(ix) > 100000, ask_segment, &x);
		uint64_t count = 0;
		for (size_t n = 0; n < ix->count; n++)
			count += d.hits[i][n].count;
		most = count > most ? count : most;
	}
	unsigned slices = (unsigned)(most / SLICE_DOCS) + 1, width = slices > 257 ? 1 : (257 + slices - 1) / slices;
	for (unsigned from = 0; from < 257 && ok; from += width)
		ok = index_in_time(ix, e) && diff_slice(&d, from, from + width, sides, e);
	for (unsigned i = 0; i < 2; i++) {
		for (size_t n = 0; n < ix->count; n++)
			docset_free(&d.hits[i][n]);
		free(d.hits[i]);
		free(sides[i].items);
		raw_cache_free(&d.cache[i]);
	}
	return ok;
}
