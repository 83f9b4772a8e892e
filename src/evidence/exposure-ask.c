/* Questions to a store of banners (evidence/exposure-ask.h). */
#include "evidence/exposure-ask.h"

#include "base/table.h"
#include "base/time.h"

enum { VALUES_MAX = 2000 };

/* Systems of medicine, and whatever hospitals and clinics show. */
#define HEALTHCARE "(class:dicom,pacs,emr,hl7,device OR org.kind:hospital,clinic)"

bool
ask_begin(struct ask *k, const struct exposure_request *request, struct arena *a, struct err *e)
{
	BUF_AUTO q = { 0 };
	struct query *parsed;

	*k = (struct ask){ .request = request, .a = a, .e = e };
	buf_addf(&q, "%s", HEALTHCARE);
	if (request->query.len > 0) {
		if (!query_parse(a, request->query, &parsed, e))
			return err_wrap(e, "--query");
		buf_addf(&q, " (");
		buf_add(&q, request->query);
		buf_add_char(&q, ')');
	}
	if (request->before > 0) {
		char day[TIME_RFC3339_MAX];
		buf_addf(&q, " before:%.10s", time_rfc3339(request->before, day));
	}
	k->base = arena_str(a, buf_str(&q));
	return true;
}

static struct query *
parse(struct ask *k, struct str more)
{
	struct query *q = NULL;

	if (k->failed)
		return NULL;
	struct str text = arena_printf(k->a, "%s ", "");
	BUF_AUTO b = { 0 };
	buf_add(&b, k->base);
	buf_add_char(&b, ' ');
	buf_add(&b, more);
	text = arena_str(k->a, buf_str(&b));
	k->failed = !query_parse(k->a, text, &q, k->e);
	return k->failed ? NULL : q;
}

void
ask_note(struct ask *k, struct str words)
{
	*ARRAY_PUSH(k->a, &k->asked) = (struct asked){ k->table, words };
}

static void
note(struct ask *k, const char *verb, struct str more)
{
	if (!k->quiet)
		ask_note(k, arena_printf(k->a, "%s Q%s%.*s", verb, more.len > 0 ? " " : "", STR_ARG(more)));
}

uint64_t
ask_count(struct ask *k, struct str more)
{
	struct query *q = parse(k, more);
	uint64_t n = 0;

	note(k, "count", more);
	if (q)
		k->failed = !k->request->backend->count(k->request->state, q, &n, k->e);
	return k->failed ? 0 : n;
}

uint64_t
ask_hosts(struct ask *k, struct str more)
{
	struct query *q = parse(k, more);
	uint64_t n = 0;

	note(k, "count --distinct ip", more);
	if (q)
		k->failed = !k->request->backend->distinct(k->request->state, q, FIELD_IP, &n, k->e);
	return k->failed ? 0 : n;
}

struct facet
ask_facet(struct ask *k, struct str more, enum field field, enum field second, size_t top)
{
	struct query *q = parse(k, more);
	struct facet f = { .field = field, .second = second };

	note(k,
	     arena_printf(k->a, "facet %s%s%s:%zu", field_table[field].name, second != FIELDS ? "/" : "",
			  second != FIELDS ? field_table[second].name : "", top)
		     .ptr,
	     more);
	if (q && !k->request->backend->facet(k->request->state, q, field, second, top, k->a, &f, k->e)) {
		k->failed = true;
		f = (struct facet){ .field = field, .second = second };
	}
	return f;
}

void
ask_each(struct ask *k, struct str more, uint64_t sample, bool texts, exposure_each_fn *each, void *user)
{
	struct query *q = parse(k, more);
	const struct exposure_page page = {
		.limit = UINT64_MAX / 4, .sort = FIELDS, .raw = texts, .sample = sample, .seed = 1, .any_order = true
	};

	if (q)
		k->failed = !k->request->backend->search(k->request->state, q, &page, each, user, k->e);
}

static bool
keep_time(void *user, const struct banner *b, struct err *e)
{
	*(int64_t *)user = b->timestamp;
	return true;
}

void
ask_range(struct ask *k, int64_t *first, int64_t *last)
{
	struct query *q = parse(k, STR(""));
	struct exposure_page page = { .limit = 1, .sort = FIELD_TIMESTAMP };
	const struct exposure_request *r = k->request;

	*first = *last = 0;
	if (!q)
		return;
	k->failed = !r->backend->search(r->state, q, &page, keep_time, first, k->e);
	page.falling = true;
	if (!k->failed)
		k->failed = !r->backend->search(r->state, q, &page, keep_time, last, k->e);
}

struct str
ask_in_country(struct ask *k, struct str code)
{
	return arena_printf(k->a, "(country:%.*s OR (-country:* country.inferred:%.*s))", STR_ARG(code), STR_ARG(code));
}

/* ---- stated or inferred ---- */

static int
by_count(const void *x, const void *y)
{
	const struct tally_row *a = x, *b = y;
	uint64_t m = a->stated + a->inferred, n = b->stated + b->inferred;

	return m != n ? (m < n ? 1 : -1) : str_cmp(a->value, b->value);
}

static void
put_together(struct tally_rows *t, struct table *places, const struct facet *f, bool inferred)
{
	for (size_t i = 0; i < f->values.count; i++) {
		bool added;
		void **place = table_put(places, f->values.items[i].value, &added);
		if (added) {
			*place = &t->rows.items[t->rows.count++];
			*(struct tally_row *)*place = (struct tally_row){ .value = f->values.items[i].value };
		}
		struct tally_row *row = *place;
		*(inferred ? &row->inferred : &row->stated) += f->values.items[i].count;
		t->total += f->values.items[i].count;
	}
	t->total += f->other;
}

struct tally_rows
ask_either(struct ask *k, struct str more, enum field field, enum field second)
{
	TABLE_AUTO places = { 0 };
	struct tally_rows t = { 0 };
	const char *name = field_table[field].name;
	struct str without = arena_printf(k->a, "%.*s%s-%s:*", STR_ARG(more), more.len > 0 ? " " : "", name);
	struct facet stated = ask_facet(k, more, field, second, VALUES_MAX);
	struct facet inferred = ask_facet(k, without, field_inferred(field), second, VALUES_MAX);

	/* Room for all, so that rows stay where they are. */
	t.rows.cap = stated.values.count + inferred.values.count + 1;
	t.rows.items = ARENA_ARRAY(k->a, struct tally_row, t.rows.cap);
	put_together(&t, &places, &stated, false);
	put_together(&t, &places, &inferred, true);
	if (t.rows.count > 0)
		qsort(t.rows.items, t.rows.count, sizeof(*t.rows.items), by_count);
	return t;
}

uint64_t
tally_of(const struct tally_rows *t, struct str value)
{
	for (size_t i = 0; i < t->rows.count; i++)
		if (str_eq(t->rows.items[i].value, value))
			return t->rows.items[i].stated + t->rows.items[i].inferred;
	return 0;
}
