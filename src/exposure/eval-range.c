/* Numbers, addresses and places in one segment (exposure/eval.h). */
#include "exposure/eval.h"

#include <math.h>

enum { RANGE_POSTINGS_MAX = 4096 };

/* ---- numbers ---- */

static uint32_t
number_rank(const struct column *c, int64_t v)
{
	uint32_t low = 0, high = c->info->values;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (number_at(c, middle)->value < v)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
range_postings(struct evaluator *ev, struct column *c, uint32_t from, uint32_t to, struct docset *out)
{
	struct gathering g = { .docs = ev->s->docs };
	struct docset one;

	for (uint32_t i = from; i < to; i++) {
		if (!number_docs(ev->s, c, i, &one))
			return gather_fail(&g);
		gather_add(&g, one);
	}
	*out = gather_end(&g);
	return true;
}

/* Banners of which some entry has a number between, by reading the column. */
static bool
range_scan(struct evaluator *ev, struct column *c, const struct query *q, const struct docset *within,
	   struct docset *out)
{
	uint64_t *bits = docset_new_bits(ev->s->docs);
	uint32_t batch[DOCSET_BATCH], first = 0;
	struct docset_walk walk = { 0 };
	DOCSET_AUTO having = { 0 };
	size_t n;

	if (!column_ready(ev->s, c) || (!within && !column_having(ev->s, c, &having))) {
		free(bits);
		return false;
	}
	while ((n = docset_batch(within ? within : &having, &walk, batch)) > 0) {
		for (size_t i = 0; i < n; i++) {
			uint32_t count = column_entries(ev->s, c, batch[i], &first);
			for (uint32_t k = first; k < first + count; k++) {
				int64_t v;
				if (c->info->form == FORM_PLAIN) {
					v = column_plain(c, k);
				} else {
					uint64_t id = packed_get(&c->ids, k);
					if (id == 0 || id > c->info->values)
						continue;
					v = number_at(c, (uint32_t)id - 1)->value;
				}
				if (v >= q->low && v <= q->high)
					bits[batch[i] >> 6] |= 1ull << (batch[i] & 63);
			}
		}
	}
	*out = docset_of_bits(ev->s->docs, bits);
	return true;
}

bool
eval_range(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out)
{
	struct column *c = &ev->s->columns[q->field];

	if ((c->info->form != FORM_NUMBERS && c->info->form != FORM_PLAIN) || q->low > q->high ||
	    q->high < c->info->low || q->low > c->info->high) {
		*out = docset_none(ev->s->docs);
		return true;
	}
	if (q->low <= c->info->low && q->high >= c->info->high)
		return column_having(ev->s, c, out);
	if (c->info->form == FORM_NUMBERS) {
		struct str values = c->part[SECTION_VALUES];
		if (!segment_touch(ev->s, values.ptr, values.len))
			return false;
		uint32_t from = number_rank(c, q->low);
		uint32_t to = q->high == INT64_MAX ? c->info->values : number_rank(c, q->high + 1);
		if (to - from <= RANGE_POSTINGS_MAX)
			return range_postings(ev, c, from, to, out);
	}
	return range_scan(ev, c, q, within, out);
}

/* ---- addresses ---- */

/* Ranks from…to as banners. */
static bool
rank_docs(struct evaluator *ev, struct column *c, uint32_t from, uint32_t to, struct docset *out)
{
	static const enum section_kind needed[] = { SECTION_PERMUTATION, SECTION_PERMUTATION_STARTS };
	uint64_t *bits;

	for (size_t i = 0; i < COUNT(needed); i++)
		if (!segment_touch(ev->s, c->part[needed[i]].ptr, c->part[needed[i]].len))
			return false;
	uint64_t first = packed_get(&c->perm_starts, from), end = packed_get(&c->perm_starts, to);
	if (first > end || end > ev->s->docs)
		return segment_damage(ev->s);
	bits = docset_new_bits(ev->s->docs);
	for (uint64_t i = first; i < end; i++) {
		uint64_t doc = packed_get(&c->perm, i);
		if (doc < ev->s->docs)
			bits[doc >> 6] |= 1ull << (doc & 63);
	}
	*out = docset_of_bits(ev->s->docs, bits);
	return true;
}

bool
eval_net(struct evaluator *ev, const struct query *q, struct docset *out)
{
	struct column *c = &ev->s->columns[FIELD_IP];
	unsigned char last[16];
	static const unsigned char v4_start[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (c->info->form != FORM_ADDRESS) {
		*out = docset_none(ev->s->docs);
		return true;
	}
	if (!segment_touch(ev->s, c->part[SECTION_VALUES].ptr, c->part[SECTION_VALUES].len) ||
	    !segment_touch(ev->s, c->part[SECTION_TERMS].ptr, c->part[SECTION_TERMS].len))
		return false;
	memcpy(last, q->net, 16);
	for (unsigned i = q->prefix; i < 128; i++)
		last[i / 8] |= (unsigned char)(0x80 >> (i % 8));
	uint32_t from = column_rank(c, q->net), to = column_rank(c, last);
	unsigned char there[16];
	if (to < (address_is_v4(last) ? c->info->v4 : c->info->values)) {
		column_address(c, to, there);
		to += memcmp(there, last, 16) == 0;
	}
	/* A network of IPv6 that holds the mapped addresses. */
	bool holds_v4 = q->prefix < 96 && memcmp(q->net, v4_start, 16) <= 0 && memcmp(v4_start, last, 16) <= 0;
	if (!rank_docs(ev, c, from, to > from ? to : from, out))
		return false;
	if (!holds_v4)
		return true;
	struct docset four;
	if (!rank_docs(ev, c, 0, c->info->v4, &four)) {
		docset_free(out);
		return false;
	}
	*out = docset_or(*out, &four);
	docset_free(&four);
	return true;
}

/* ---- places ---- */

static double
distance_km(double lat1, double lon1, double lat2, double lon2)
{
	const double rad = 3.14159265358979323846 / 180, earth = 6371.0;
	double a = sin((lat2 - lat1) * rad / 2), b = sin((lon2 - lon1) * rad / 2);
	double h = a * a + cos(lat1 * rad) * cos(lat2 * rad) * b * b;

	return 2 * earth * asin(sqrt(h < 1 ? h : 1));
}

static bool
in_place(const struct query *q, double lat, double lon)
{
	if (q->radius_km > 0)
		return distance_km(q->box[0], q->box[1], lat, lon) <= q->radius_km;
	bool across = q->box[1] > q->box[3]; /* the date line */
	return lat >= q->box[0] && lat <= q->box[2] &&
	       (across ? lon >= q->box[1] || lon <= q->box[3] : lon >= q->box[1] && lon <= q->box[3]);
}

bool
eval_geo(struct evaluator *ev, const struct query *q, const struct docset *within, struct docset *out)
{
	struct column *lat = &ev->s->columns[FIELD_LATITUDE], *lon = &ev->s->columns[FIELD_LONGITUDE];
	uint32_t batch[DOCSET_BATCH];
	struct docset_walk walk = { 0 };
	DOCSET_AUTO having = { 0 };
	size_t n;

	if (lat->info->form == FORM_NONE || lon->info->form == FORM_NONE) {
		*out = docset_none(ev->s->docs);
		return true;
	}
	if (!column_ready(ev->s, lat) || !column_ready(ev->s, lon) || (!within && !column_having(ev->s, lat, &having)))
		return false;
	uint64_t *bits = docset_new_bits(ev->s->docs);
	while ((n = docset_batch(within ? within : &having, &walk, batch)) > 0) {
		for (size_t i = 0; i < n; i++) {
			bool has_lat, has_lon;
			double y = (double)column_number(ev->s, lat, batch[i], &has_lat) / 1e6;
			double x = (double)column_number(ev->s, lon, batch[i], &has_lon) / 1e6;
			if (has_lat && has_lon && in_place(q, y, x))
				bits[batch[i] >> 6] |= 1ull << (batch[i] & 63);
		}
	}
	*out = docset_of_bits(ev->s->docs, bits);
	return true;
}
