/* Facets as people write them, and those of stated and inferred values together (exposure/facet-any.h). */
#include "exposure/facet-any.h"

#include "base/table.h"

/* ---- words ---- */

static bool
read_field(struct str name, enum field *out, struct err *e)
{
	struct str nearest;

	*out = field_find(str_trim(name), &nearest);
	if (*out != FIELDS)
		return true;
	if (nearest.len > 0)
		return err_set(e, ERR_USAGE, "unknown field %.*s; did you mean %.*s?", STR_ARG(str_head(name, 100)),
			       STR_ARG(nearest));
	return err_set(e, ERR_USAGE, "unknown field %.*s", STR_ARG(str_head(name, 100)));
}

static bool
read_top(struct str text, uint64_t *out)
{
	return str_to_u64(text, out) && *out > 0;
}

bool
facet_words_read(struct str text, struct facet_words *w, struct err *e)
{
	static const struct str any = { "any", 3 }, dotted = { ".any", 4 };
	struct str name = text, rest = STR_NONE, behind, first, second;

	w->second = FIELDS;
	w->any = false;
	if (str_split(text, ':', &name, &rest)) {
		w->any = str_eq_nocase(str_trim(rest), any) || str_starts(rest, STR("any:"));
		if (!w->any || str_split(rest, ':', &first, &behind)) {
			if (!read_top(w->any ? behind : rest, &w->top))
				return err_set(e, ERR_USAGE, "a facet is FIELD or FIELD:NUMBER, not “%.*s”",
					       STR_ARG(str_head(text, 200)));
		}
	}
	if (str_split(name, '/', &first, &second) && !w->any)
		return read_field(first, &w->field, e) && read_field(second, &w->second, e);
	if (name.len > dotted.len && str_eq_nocase(str_skip(name, name.len - dotted.len), dotted)) {
		w->any = true;
		name = str_head(name, name.len - dotted.len);
	}
	if (!read_field(name, &w->field, e))
		return false;
	return !w->any || field_inferred(w->field) != FIELDS ||
	       err_set(e, ERR_USAGE,
		       "nothing is inferred beside %s: “any” is for country, asn, os, product, version and vuln",
		       field_table[w->field].name);
}

struct str
facet_field_name(struct arena *a, const struct facet *f)
{
	const char *name = field_table[f->field].name;

	return f->any ? arena_printf(a, "%s:any", name) : str_of(name);
}

/* ---- both ---- */

static struct query *
having(struct arena *a, enum field f)
{
	struct query *q = ARENA_NEW(a, struct query);

	*q = (struct query){ .kind = QUERY_EXISTS, .field = f };
	return q;
}

/* Banners of which both say something: only there a value may be said twice. */
static const struct query *
with_both(struct arena *a, const struct query *q, enum field f)
{
	struct query *all = ARENA_NEW(a, struct query), *own = ARENA_NEW(a, struct query);

	*own = *q;
	*all = (struct query){ .kind = QUERY_AND, .field = FIELDS };
	all->children = ARENA_ARRAY(a, struct query *, 3);
	all->children[all->count++] = having(a, f);
	all->children[all->count++] = having(a, field_inferred(f));
	if (q->kind != QUERY_ALL)
		all->children[all->count++] = own;
	return all;
}

struct either {
	struct table places; /* of a value: its row */
	struct facet_value *rows;
	size_t count;
};

static struct facet_value *
row_of(struct either *x, struct str value)
{
	bool added;
	void **place = table_put(&x->places, value, &added);

	if (added) {
		*place = &x->rows[x->count++];
		*(struct facet_value *)*place = (struct facet_value){ .value = value };
	}
	return *place;
}

static void
add_all(struct either *x, const struct facet *f)
{
	for (size_t i = 0; i < f->values.count; i++)
		row_of(x, f->values.items[i].value)->count += f->values.items[i].count;
}

/* Pairs of like values: those banners were counted twice. */
static void
take_twice(struct either *x, const struct facet *pairs)
{
	for (size_t i = 0; i < pairs->values.count; i++) {
		struct str v = pairs->values.items[i].value;
		struct str first = str_head(v, v.len / 2);
		if (v.len % 2 == 1 && v.ptr[v.len / 2] == '\t' && str_eq(first, str_skip(v, v.len / 2 + 1)))
			row_of(x, first)->count -= pairs->values.items[i].count;
	}
}

static int
by_count(const void *x, const void *y)
{
	const struct facet_value *a = x, *b = y;

	return a->count != b->count ? (a->count < b->count ? 1 : -1) : str_cmp(a->value, b->value);
}

static bool
facet_either(const struct exposure_backend *b, void *state, const struct query *q, const struct facet_words *w,
	     struct arena *a, struct facet *out, struct err *e)
{
	struct either x = { 0 };
	struct facet stated, inferred, pairs;
	enum field other = field_inferred(w->field);

	*out = (struct facet){ .field = w->field, .second = FIELDS, .any = true };
	if (!b->facet(state, q, w->field, FIELDS, SIZE_MAX, a, &stated, e) ||
	    !b->facet(state, q, other, FIELDS, SIZE_MAX, a, &inferred, e) ||
	    !b->facet(state, with_both(a, q, w->field), w->field, other, SIZE_MAX, a, &pairs, e))
		return false;
	x.rows = ARENA_ARRAY(a, struct facet_value, stated.values.count + inferred.values.count + 1);
	add_all(&x, &stated);
	add_all(&x, &inferred);
	take_twice(&x, &pairs);
	table_free(&x.places);
	if (x.count > 0)
		qsort(x.rows, x.count, sizeof(*x.rows), by_count);
	for (size_t i = 0; i < x.count; i++) {
		if (i < w->top)
			*ARRAY_PUSH(a, &out->values) = x.rows[i];
		else
			out->other += x.rows[i].count;
	}
	return true;
}

bool
facet_ask(const struct exposure_backend *b, void *state, const struct query *q, const struct facet_words *w,
	  struct arena *a, struct facet *out, struct err *e)
{
	return w->any ? facet_either(b, state, q, w, a, out, e)
		      : b->facet(state, q, w->field, w->second, (size_t)w->top, a, out, e);
}
