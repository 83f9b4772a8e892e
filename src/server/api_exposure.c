/* /api/v1/exposure/…: counting, searching, facets, time, comparison. Each answer has its time in "ms". */
#include "exposure/banner-out.h"
#include "exposure/facet-any.h"
#include "exposure/nothing.h"
#include "server/api.h"
#include "server/exposure_ask.h"
#include "server/exposures.h"

enum {
	PAGE_DEFAULT = 25,
	PAGE_MAX = 200,
	FACETS_MAX = 12,
	FACET_TOP_DEFAULT = 10,
	FACET_TOP_MAX = 1000,
	TEXT_SHOWN = 600,
	CELL_SHOWN = 200,
	DIFF_DEFAULT = 100,
	DIFF_MAX = 1000,
};

/* ---- count ---- */

bool
api_exposure_count(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "hosts", NULL };
	ASKING_AUTO x = { 0 };
	uint64_t n, hosts = 0;
	if (!asking_begin(r, allowed, &x, e))
		return e->code == ERR_NONE;
	bool both = str_eq(ask_text(r, "hosts"), STR("true"));
	if (!x.use.backend->count(x.use.state, x.q, &n, e) ||
	    (both && !x.use.backend->distinct(x.use.state, x.q, FIELD_IP, &hosts, e)))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "count", (int64_t)n);
	if (both)
		json_put_i64(&r->w, "hosts", (int64_t)hosts);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- search ---- */

struct page_out {
	struct request *r;
	struct cursor next;
	uint64_t shown, limit;
	bool more;
};

static bool
item_out(void *user, const struct banner *b, struct err *e)
{
	struct page_out *o = user;
	ARENA_AUTO a = { 0 };
	(void)e;
	if (o->shown == o->limit) {
		o->more = true;
		return true;
	}
	struct banner brief = banner_brief(&a, b, TEXT_SHOWN);
	json_begin_object(&o->r->w);
	json_put_str(&o->r->w, "key", banner_key_text(&a, b));
	exposure_json_keys(&o->r->w, &brief);
	json_end_object(&o->r->w);
	cursor_pass(&o->next, b);
	o->shown++;
	return true;
}

/* The terms that no banner matches, each with the query that is left without it. */
static void
tell_nothing(struct request *r, const struct asking *x)
{
	struct nothing found = { 0 };
	struct err late = { 0 };
	/* It is told on top: when there is no time for it, the answer is whole without it. */
	if (!exposure_nothing(x->use.backend, x->use.state, x->q, &r->arena, &found, &late))
		return;
	json_key(&r->w, "nothing");
	json_begin_array(&r->w);
	for (size_t i = 0; i < found.terms.count; i++) {
		BUF_AUTO term = { 0 };
		query_write(found.terms.items[i], &term);
		json_begin_object(&r->w);
		json_put_str(&r->w, "term", buf_str(&term));
		json_put_str(&r->w, "without", exposure_without(x->q, found.terms.items[i], &r->arena));
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
}

bool
api_exposure_search(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "cursor", "text", NULL };
	ASKING_AUTO x = { 0 };
	struct page_out o = { .r = r };
	if (!asking_begin(r, allowed, &x, e))
		return e->code == ERR_NONE;
	if (!cursor_read(r, &o.next, e) || !ask_number(r, "limit", PAGE_DEFAULT, PAGE_MAX, &o.limit, e))
		return false;
	struct query *q = o.next.until == INT64_MAX
				  ? x.q
				  : query_and_range(&r->arena, x.q, FIELD_TIMESTAMP, INT64_MIN, o.next.until);
	struct exposure_page page = { .offset = o.next.skip,
				      .limit = o.limit + 1,
				      .sort = FIELDS,
				      .raw = str_eq(ask_text(r, "text"), STR("true")) };
	json_begin_object(&r->w);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	if (!x.use.backend->search(x.use.state, q, &page, item_out, &o, e))
		return false;
	json_end_array(&r->w);
	json_key(&r->w, "next");
	json_str_or_null(&r->w, o.more ? cursor_text(&r->arena, &o.next) : STR_NONE);
	if (o.shown == 0 && q == x.q)
		tell_nothing(r, &x);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- facets ---- */

/* "country:10", "os:any", "os/country:50". */
static bool
facet_read(struct str text, struct facet_words *out, struct err *e)
{
	*out = (struct facet_words){ .top = FACET_TOP_DEFAULT };
	return facet_words_read(text, out, e) &&
	       (out->top <= FACET_TOP_MAX ||
		err_set(e, ERR_USAGE, "a facet shows 1 to %d values: country:10", FACET_TOP_MAX));
}

static void
facet_write(struct request *r, const struct facet *f)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "field", facet_field_name(&r->arena, f));
	if (f->second != FIELDS)
		json_put_cstr(w, "second", field_table[f->second].name);
	json_key(w, "values");
	json_begin_array(w);
	for (size_t i = 0; i < f->values.count; i++) {
		struct str a = f->values.items[i].value, b = STR_NONE;
		json_begin_object(w);
		if (f->second != FIELDS && str_split(f->values.items[i].value, '\t', &a, &b))
			json_put_str(w, "second", b);
		json_put_str(w, "value", a);
		json_put_i64(w, "count", (int64_t)f->values.items[i].count);
		json_end_object(w);
	}
	json_end_array(w);
	json_put_i64(w, "other", (int64_t)f->other);
	json_end_object(w);
}

bool
api_exposure_facet(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "fields", NULL };
	ASKING_AUTO x = { 0 };
	struct str rest, one;
	size_t count = 0;
	if (!asking_begin(r, allowed, &x, e))
		return e->code == ERR_NONE;
	rest = ask_text(r, "fields");
	if (!rest.len)
		return err_set(e, ERR_USAGE, "name what is counted: fields=country:10,os");
	json_begin_object(&r->w);
	json_key(&r->w, "facets");
	json_begin_array(&r->w);
	while (str_cut(&rest, ',', &one)) {
		struct facet_words f;
		struct facet out;
		if (++count > FACETS_MAX)
			return err_set(e, ERR_USAGE, "at most %d facets are counted at once", FACETS_MAX);
		if (!facet_read(str_trim(one), &f, e) ||
		    !facet_ask(x.use.backend, x.use.state, x.q, &f, &r->arena, &out, e))
			return false;
		facet_write(r, &out);
	}
	json_end_array(&r->w);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- over time ---- */

static const char *const step_names[] = { "hour", "day", "week", "month", "year" };

/* The step that gives a picture: months, years of many months, days of few, hours of a day or two. */
static bool
histogram_fit(struct asking *x, struct arena *a, enum field f, enum histogram_step *step, struct facet *out,
	      struct err *e)
{
	enum { MONTHS_MANY = 60, MONTHS_FEW = 3, DAYS_FEW = 2 };
	const struct exposure_backend *b = x->use.backend;
	*step = STEP_MONTH;
	if (!b->histogram(x->use.state, x->q, f, *step, a, out, e))
		return false;
	*step = out->values.count > MONTHS_MANY ? STEP_YEAR : out->values.count <= MONTHS_FEW ? STEP_DAY : STEP_MONTH;
	if (*step == STEP_MONTH)
		return true;
	if (!b->histogram(x->use.state, x->q, f, *step, a, out, e))
		return false;
	if (*step == STEP_YEAR || out->values.count > DAYS_FEW)
		return true;
	*step = STEP_HOUR;
	return b->histogram(x->use.state, x->q, f, *step, a, out, e);
}

bool
api_exposure_histogram(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "field", "step", NULL };
	ASKING_AUTO x = { 0 };
	enum field field = FIELD_TIMESTAMP;
	enum histogram_step step = STEP_HOUR;
	struct facet f = { 0 };
	if (!asking_begin(r, allowed, &x, e))
		return e->code == ERR_NONE;
	struct str name = ask_text(r, "field"), wanted = ask_text(r, "step");
	if (name.len && !ask_field(r, name, &field, e))
		return false;
	if (field_table[field].kind != FIELD_TIME)
		return err_set(e, ERR_USAGE, "%s is no time", field_table[field].name);
	size_t known = 0;
	while (known < COUNT(step_names) && !str_eq(wanted, str_of(step_names[known])))
		known++;
	if (wanted.len && known == COUNT(step_names))
		return err_set(e, ERR_USAGE, "step must be hour, day, week, month or year");
	step = known < COUNT(step_names) ? (enum histogram_step)known : STEP_HOUR;
	if (wanted.len ? !x.use.backend->histogram(x.use.state, x.q, field, step, &r->arena, &f, e)
		       : !histogram_fit(&x, &r->arena, field, &step, &f, e))
		return false;
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "field", field_table[field].name);
	json_put_cstr(&r->w, "step", step_names[step]);
	json_key(&r->w, "values");
	json_begin_array(&r->w);
	for (size_t i = 0; i < f.values.count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "from", f.values.items[i].value);
		json_put_i64(&r->w, "count", (int64_t)f.values.items[i].count);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- fields ---- */

bool
api_exposure_fields(struct request *r, struct err *e)
{
	static const char *const kinds[] = { "keyword", "text", "number", "time", "address", "bool", "host" };
	static const char *const allowed[] = { NULL };
	if (!request_query(r, allowed, e))
		return false;
	json_begin_object(&r->w);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (unsigned f = 0; f < FIELDS; f++) {
		json_begin_object(&r->w);
		json_put_cstr(&r->w, "field", field_table[f].name);
		json_put_cstr(&r->w, "aliases", field_table[f].aliases);
		json_put_cstr(&r->w, "kind", kinds[field_table[f].kind]);
		json_put_bool(&r->w, "many", field_table[f].many);
		json_put_bool(&r->w, "facet", field_table[f].facet);
		json_put_bool(&r->w, "inferred", f >= FIELD_COUNTRY_INFERRED);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}

/* ---- snapshots ---- */

static void
import_write(struct json_writer *w, const struct segment_origin *o)
{
	json_begin_object(w);
	json_put_str(w, "source", o->source);
	json_put_str(w, "file", o->file);
	json_put_str(w, "digest", o->digest);
	json_put_str(w, "rules", o->rules);
	json_put_time(w, "imported_at", o->imported_at);
	json_end_object(w);
}

static void
snapshot_write(struct json_writer *w, const struct facet_value *v, const struct segment_origin *all, size_t count)
{
	enum { IMPORTS_SHOWN = 100 };
	int64_t newest = 0;
	size_t n = 0;
	json_begin_object(w);
	json_put_str(w, "snapshot", v->value);
	json_put_i64(w, "banners", (int64_t)v->count);
	json_key(w, "imports");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(all[i].snapshot, v->value))
			continue;
		newest = all[i].imported_at > newest ? all[i].imported_at : newest;
		if (n++ < IMPORTS_SHOWN)
			import_write(w, &all[i]);
	}
	json_end_array(w);
	json_put_i64(w, "files", (int64_t)n);
	json_put_time(w, "imported_at", newest);
	json_end_object(w);
}

bool
api_exposure_snapshots(struct request *r, struct err *e)
{
	static const char *const allowed[] = { NULL };
	ASKING_AUTO x = { 0 };
	struct query all = { .kind = QUERY_ALL };
	struct segment_origin *imports = NULL;
	size_t count = 0;
	struct facet f;
	if (!asking_open(r, allowed, &x, e) ||
	    !x.use.backend->facet(x.use.state, &all, FIELD_SNAPSHOT, FIELDS, FACET_TOP_MAX, &r->arena, &f, e) ||
	    (x.use.backend->imports && !x.use.backend->imports(x.use.state, &r->arena, &imports, &count, e)))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "total", (int64_t)f.values.count);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < f.values.count; i++)
		snapshot_write(&r->w, &f.values.items[i], imports, count);
	json_end_array(&r->w);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}

/* ---- comparison ---- */

static const char *const change_names[] = { "new", "gone", "changed" };

struct diff_out {
	struct request *r;
	uint64_t counts[COUNT(change_names)], shown, limit;
	size_t wanted; /* a change, or COUNT(change_names): all */
};

static void
cell_write(struct json_writer *w, const char *key, const struct banner *b, enum field f)
{
	BUF_AUTO text = { 0 };
	exposure_value(b, f, &text);
	size_t n = text.len < CELL_SHOWN ? text.len : CELL_SHOWN;
	while (n > 0 && n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
		n--;
	json_key(w, key);
	json_str_or_null(w, text.len ? str_head(buf_str(&text), n) : STR_NONE);
}

static bool
diff_one(void *user, const struct exposure_difference *d, struct err *e)
{
	struct diff_out *o = user;
	struct json_writer *w = &o->r->w;
	ARENA_AUTO a = { 0 };
	(void)e;
	o->counts[d->change]++;
	if ((o->wanted < COUNT(change_names) && o->wanted != (size_t)d->change) || o->shown == o->limit)
		return true;
	o->shown++;
	const struct banner *b = d->after ? d->after : d->before;
	struct banner brief = banner_brief(&a, b, CELL_SHOWN);
	json_begin_object(w);
	json_put_cstr(w, "change", change_names[d->change]);
	json_put_str(w, "key", banner_key_text(&a, b));
	exposure_json_keys(w, &brief);
	json_key(w, "differs");
	json_begin_array(w);
	for (unsigned f = 0; f < FIELDS; f++) {
		if (!d->fields[f])
			continue;
		json_begin_object(w);
		json_put_cstr(w, "field", field_table[f].name);
		cell_write(w, "before", d->before, (enum field)f);
		cell_write(w, "after", d->after, (enum field)f);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	return true;
}

bool
api_exposure_diff(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "q", "a", "b", "change", NULL };
	ASKING_AUTO x = { 0 };
	struct diff_out o = { .r = r };
	if (!asking_begin(r, allowed, &x, e))
		return e->code == ERR_NONE;
	struct str a = ask_text(r, "a"), b = ask_text(r, "b"), change = ask_text(r, "change");
	while (o.wanted < COUNT(change_names) && !str_eq(change, str_of(change_names[o.wanted])))
		o.wanted++;
	if (!a.len || !b.len || str_eq_nocase(a, b))
		return err_set(e, ERR_USAGE, "name two snapshots, a and b");
	if (change.len && o.wanted == COUNT(change_names))
		return err_set(e, ERR_USAGE, "change must be new, gone or changed");
	if (!ask_number(r, "limit", DIFF_DEFAULT, DIFF_MAX, &o.limit, e))
		return false;
	json_begin_object(&r->w);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	if (!x.use.backend->diff(x.use.state, query_and_equal(&r->arena, x.q, FIELD_SNAPSHOT, a),
				 query_and_equal(&r->arena, x.q, FIELD_SNAPSHOT, b), diff_one, &o, e))
		return false;
	json_end_array(&r->w);
	for (size_t i = 0; i < COUNT(change_names); i++)
		json_put_i64(&r->w, change_names[i], (int64_t)o.counts[i]);
	asking_tell(r, &x);
	json_end_object(&r->w);
	return true;
}
