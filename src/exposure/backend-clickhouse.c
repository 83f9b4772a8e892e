/* ClickHouse as a store of banners (exposure/backend.h): the same query tree, compiled to its SQL. */
#include "exposure/backend.h"
#include "exposure/clickhouse-import.h"
#include "exposure/clickhouse-literal.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse-sql.h"
#include "exposure/clickhouse-store.h"
#include "exposure/facet.h"

enum { OPEN_MS = 20000, FACET_BYTES_MAX = 1 << 30 };

static void
store_close(void *user)
{
	struct clickhouse_store *s = user;

	if (!s)
		return;
	clickhouse_close(s->h);
	arena_free(&s->arena);
	free(s);
}

static bool
store_open(const char *data, const char *store, void **state, struct err *e)
{
	struct clickhouse_store *s = xcalloc(1, sizeof(*s));
	bool ok = clickhouse_open(data, store, &s->h, e);

	/* Who asks sets a deadline only later; one that says nothing at all shall not hold anybody up. */
	if (ok)
		clickhouse_deadline(s->h, OPEN_MS);
	if (!ok || !clickhouse_state_read(s->h, &s->arena, &s->state, e) || !mine_load(&s->arena, data, &s->mine, e)) {
		if (ok && e->code == ERR_BUSY)
			err_set(e, ERR_UNREACHABLE,
				"ClickHouse at %s did not say within %d seconds what it holds; see that it runs and is "
				"not "
				"overloaded, and try again",
				s->h->name, OPEN_MS / 1000);
		store_close(s);
		return false;
	}
	clickhouse_deadline(s->h, 0);
	*state = s;
	return true;
}

void
clickhouse_from_where(const struct clickhouse_store *s, const struct query *q, struct buf *sql)
{
	ARENA_AUTO a = { 0 };

	buf_addf(sql, " FROM %.*s.mamori_banner WHERE ", (int)s->h->database.len, s->h->database.ptr);
	clickhouse_counting(s->h, &s->state, sql);
	buf_addf(sql, " AND (");
	clickhouse_where(mine_expand(&s->mine, &a, q), sql);
	buf_addf(sql, ")");
}

/* ---- counting ---- */

static bool
store_count(void *user, const struct query *q, uint64_t *out, struct err *e)
{
	struct clickhouse_store *s = user;
	BUF_AUTO sql = { 0 };

	*out = 0;
	if (s->state.live.count == 0)
		return true;
	buf_addf(&sql, "SELECT toUInt64(count())");
	clickhouse_from_where(s, q, &sql);
	buf_addf(&sql, " FORMAT RowBinary");
	return clickhouse_number_of(s->h, buf_str(&sql), out, e);
}

static bool
store_distinct(void *user, const struct query *q, enum field field, uint64_t *out, struct err *e)
{
	struct clickhouse_store *s = user;
	BUF_AUTO sql = { 0 };

	*out = 0;
	if (!field_table[field].facet)
		return err_set(e, ERR_USAGE, "%s cannot be counted by value; ask for it with search",
			       field_table[field].name);
	if (s->state.live.count == 0)
		return true;
	buf_addf(&sql, "SELECT toUInt64(uniqExact(v)) FROM (SELECT arrayJoin(");
	clickhouse_values(field, &sql);
	buf_addf(&sql, ") AS v");
	clickhouse_from_where(s, q, &sql);
	buf_addf(&sql, ") FORMAT RowBinary");
	return clickhouse_number_of(s->h, buf_str(&sql), out, e);
}

/* ---- facets ---- */

struct facet_reader {
	struct arena *a;
	struct facet *out;
	size_t most; /* values that were asked for */
	size_t bytes;
};

static bool
not_counted(struct err *e)
{
	return err_set(e, ERR_INPUT, "the counts that ClickHouse sent are none that were asked for");
}

/* A value of a field as a facet says it; reader moves on. */
static struct str
read_value(struct row_reader *r, enum field f, struct arena *a)
{
	if (f == FIELD_IP) {
		if (r->end - r->p < 16) {
			r->cut = true;
			return STR("");
		}
		r->p += 16;
		return address_text(a, r->p - 16);
	}
	if (clickhouse_is_string(f))
		return row_text(r);
	return number_text(f, a, (int64_t)row_number(r, 8));
}

static ptrdiff_t
take_facet(void *user, struct str bytes, struct err *e)
{
	struct facet_reader *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };
	size_t used = 0;

	while (r.p < r.end) {
		struct facet_value v;
		struct str first = read_value(&r, x->out->field, x->a);
		if (x->out->second != FIELDS) {
			struct str second = r.cut ? STR("") : read_value(&r, x->out->second, x->a);
			v.value = arena_printf(x->a, "%.*s\t%.*s", STR_ARG(first), STR_ARG(second));
		} else {
			v.value = r.cut ? first : arena_str(x->a, first);
		}
		v.count = row_number(&r, 8);
		if (r.cut)
			break;
		x->bytes += 4 * sizeof(v) + v.value.len;
		if (x->bytes > FACET_BYTES_MAX)
			return -(ptrdiff_t)!err_set(e, ERR_TOO_LARGE,
						    "ClickHouse found more values than can be held here; narrow the "
						    "query, or ask for fewer");
		if (x->out->values.count == x->most || !str_is_utf8(v.value))
			return -(ptrdiff_t)!not_counted(e);
		*ARRAY_PUSH(x->a, &x->out->values) = v;
		used = (size_t)((const char *)r.p - bytes.ptr);
	}
	return (ptrdiff_t)used;
}

static bool
facet_one(struct clickhouse_store *s, const struct query *q, size_t top, struct arena *a, struct facet *out,
	  struct err *e)
{
	struct facet_reader x = { .a = a, .out = out, .most = top };
	BUF_AUTO sql = { 0 };
	BUF_AUTO sum = { 0 };
	uint64_t total = 0, shown = 0;

	buf_addf(&sql, "SELECT v, toUInt64(count()) AS c FROM (SELECT arrayJoin(");
	clickhouse_values(out->field, &sql);
	buf_addf(&sql, ") AS v");
	clickhouse_from_where(s, q, &sql);
	buf_addf(&sql, ") GROUP BY v ORDER BY c DESC, v");
	if (top < UINT32_MAX)
		buf_addf(&sql, " LIMIT %zu", top);
	buf_addf(&sql, " FORMAT RowBinary");
	buf_addf(&sum, "SELECT toUInt64(sum(length(");
	clickhouse_values(out->field, &sum);
	buf_addf(&sum, ")))");
	clickhouse_from_where(s, q, &sum);
	buf_addf(&sum, " FORMAT RowBinary");
	if (!clickhouse_run(s->h, buf_str(&sql), STR(""), take_facet, &x, e) ||
	    !clickhouse_number_of(s->h, buf_str(&sum), &total, e))
		return false;
	for (size_t i = 0; i < out->values.count; i++)
		shown += out->values.items[i].count;
	out->other = total - shown;
	return shown <= total || not_counted(e);
}

static int
compare_facet_values(const void *x, const void *y)
{
	const struct facet_value *a = x, *b = y;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return str_cmp(a->value, b->value);
}

static bool
facet_two(struct clickhouse_store *s, const struct query *q, size_t top, struct arena *a, struct facet *out,
	  struct err *e)
{
	struct facet_reader x = { .a = a, .out = out, .most = SIZE_MAX };
	BUF_AUTO sql = { 0 };

	/* Each array by itself: ARRAY JOIN of both at once would pair their places. */
	buf_addf(&sql, "SELECT one, two, toUInt64(count()) FROM (SELECT one, seconds FROM (SELECT ");
	clickhouse_values(out->field, &sql);
	buf_addf(&sql, " AS firsts, ");
	clickhouse_values(out->second, &sql);
	buf_addf(&sql, " AS seconds");
	clickhouse_from_where(s, q, &sql);
	buf_addf(&sql, ") ARRAY JOIN firsts AS one) ARRAY JOIN seconds AS two GROUP BY one, two FORMAT RowBinary");
	if (!clickhouse_run(s->h, buf_str(&sql), STR(""), take_facet, &x, e))
		return false;
	if (out->values.count > 0)
		qsort(out->values.items, out->values.count, sizeof(*out->values.items), compare_facet_values);
	for (size_t i = top; i < out->values.count; i++)
		out->other += out->values.items[i].count;
	if (out->values.count > top)
		out->values.count = top;
	return true;
}

static bool
store_facet(void *user, const struct query *q, enum field field, enum field second, size_t top, struct arena *a,
	    struct facet *out, struct err *e)
{
	struct clickhouse_store *s = user;

	*out = (struct facet){ .field = field, .second = second };
	if (!field_table[field].facet || (second != FIELDS && !field_table[second].facet))
		return err_set(e, ERR_USAGE, "%s cannot be counted by value; ask for it with search",
			       field_table[field].facet ? field_table[second].name : field_table[field].name);
	if (s->state.live.count == 0)
		return true;
	return second == FIELDS ? facet_one(s, q, top, a, out, e) : facet_two(s, q, top, a, out, e);
}

/* ---- over time ---- */

enum { HOUR_MS = 3600000, HOURS_MAX = 100000000 /* of 9,999 years and more */ };

struct hour_reader {
	struct arena *a;
	struct facet *out;
	enum histogram_step step;
	int64_t last; /* step that was written last */
	int64_t hour;
	bool any, too_far;
};

static void
hour_add(struct hour_reader *x, int64_t hour, uint64_t count)
{
	int64_t n = histogram_step_of(x->step, hour * HOUR_MS);

	if (x->any && n == x->last) {
		x->out->values.items[x->out->values.count - 1].count += count;
		return;
	}
	x->too_far |= x->any && n - x->last >= HISTOGRAM_MAX;
	for (int64_t i = x->any ? x->last + 1 : n; i <= n && !x->too_far; i++) {
		*ARRAY_PUSH(x->a, &x->out->values) =
			(struct facet_value){ histogram_step_name(x->a, x->step, i), i == n ? count : 0 };
		x->too_far |= x->out->values.count > HISTOGRAM_MAX;
	}
	x->last = n;
	x->any = true;
}

static ptrdiff_t
take_hour(void *user, struct str bytes, struct err *e)
{
	struct hour_reader *x = user;
	struct row_reader r = { (const unsigned char *)bytes.ptr, (const unsigned char *)bytes.ptr + bytes.len, false };

	while (r.end - r.p >= 16) {
		int64_t hour = (int64_t)row_number(&r, 8);
		uint64_t count = row_number(&r, 8);
		if (hour < -HOURS_MAX || hour > HOURS_MAX || (x->any && hour <= x->hour))
			return -(ptrdiff_t)!not_counted(e);
		x->hour = hour;
		hour_add(x, hour, count);
	}
	if (x->too_far)
		return -(ptrdiff_t)!err_set(e, ERR_USAGE,
					    "the times lie further apart than %d steps; choose a longer step",
					    (int)HISTOGRAM_MAX);
	return (const char *)r.p - bytes.ptr;
}

static bool
store_histogram(void *user, const struct query *q, enum field field, enum histogram_step step, struct arena *a,
		struct facet *out, struct err *e)
{
	struct clickhouse_store *s = user;
	struct hour_reader x = { .a = a, .out = out, .step = step };
	BUF_AUTO sql = { 0 };
	BUF_AUTO values = { 0 };

	*out = (struct facet){ .field = field, .second = FIELDS };
	if (s->state.live.count == 0 || field_table[field].kind != FIELD_TIME)
		return true;
	clickhouse_values(field, &values);
	buf_addf(&sql, "SELECT toInt64(floor(%s[1] / %d)) AS h, toUInt64(count())", buf_cstr(&values), (int)HOUR_MS);
	clickhouse_from_where(s, q, &sql);
	buf_addf(&sql, " AND notEmpty(%s) GROUP BY h ORDER BY h FORMAT RowBinary", buf_cstr(&values));
	return clickhouse_run(s->h, buf_str(&sql), STR(""), take_hour, &x, e);
}

/* ---- what there is ---- */

static void
store_damaged(void *user, struct arena *a, struct str **names, size_t *count)
{
	(void)user, (void)a;
	*names = NULL;
	*count = 0;
}

static bool
store_imports(void *user, struct arena *a, struct segment_origin **out, size_t *count, struct err *e)
{
	struct clickhouse_store *s = user;
	size_t n = 0;

	(void)e;
	*out = ARENA_ARRAY(a, struct segment_origin, s->state.batches.count + 1);
	for (size_t i = 0; i < s->state.batches.count; i++) {
		const struct clickhouse_batch *b = &s->state.batches.items[i];
		bool known = false;
		for (size_t k = 0; k < n && !known; k++)
			known = (*out)[k].imported_at == b->origin.imported_at &&
				str_eq((*out)[k].file, b->origin.file);
		if (b->live && !known)
			(*out)[n++] = b->origin;
	}
	*count = n;
	return true;
}

static int
compare_origins(const void *x, const void *y)
{
	const struct segment_origin *a = x, *b = y;
	int d = str_cmp(a->snapshot, b->snapshot);

	d = d ? d : str_cmp(a->source, b->source);
	d = d ? d : str_cmp(a->file, b->file);
	d = d ? d : str_cmp(a->digest, b->digest);
	return d ? d : str_cmp(a->rules, b->rules);
}

static bool
store_origins(void *user, struct arena *a, struct segment_origin **out, size_t *count, struct err *e)
{
	size_t n = 0, kept = 0;

	if (!store_imports(user, a, out, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		(*out)[i].imported_at = 0;
	if (n > 0)
		qsort(*out, n, sizeof(**out), compare_origins);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_origins(&(*out)[kept - 1], &(*out)[i]) != 0)
			(*out)[kept++] = (*out)[i];
	*count = kept;
	return true;
}

static void
store_deadline(void *user, int64_t after)
{
	struct clickhouse_store *s = user;

	clickhouse_deadline(s->h, after);
}

static bool
store_stale(void *user)
{
	struct clickhouse_store *s = user;
	struct clickhouse_state now;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };

	return clickhouse_state_read(s->h, &a, &now, &e) && now.ever.count != s->state.ever.count;
}

const struct exposure_backend exposure_backend_clickhouse = {
	.scheme = "clickhouse",
	.open = store_open,
	.close = store_close,
	.count = store_count,
	.facet = store_facet,
	.histogram = store_histogram,
	.distinct = store_distinct,
	.search = clickhouse_search,
	.diff = clickhouse_diff,
	.damaged = store_damaged,
	.origins = store_origins,
	.deadline = store_deadline,
	.stale = store_stale,
	.imports = store_imports,
	.filling = &clickhouse_filling,
};
