/* /api/v1/surface/runs, seeds, assets, diff: what discovery found, as its runs wrote it. */
#include "base/sentence.h"
#include "base/table.h"
#include "server/api.h"
#include "server/surfaces.h"
#include "surface/gap.h"

#include <stdlib.h>

enum { NEIGHBOURS_MAX = 500 };

bool
surface_run_asked(struct request *r, const char *parameter, struct surface_run **out, struct err *e)
{
	struct str told = request_parameter(r, parameter);
	int64_t number = 0;
	if (told.len && (!str_to_i64(told, &number) || number < 1)) {
		err_set(e, ERR_USAGE, "“%.*s” is no number of a run", STR_ARG(told));
		return false;
	}
	return surface_run_borrow(r->app->surface, number, out, e);
}

bool
surface_wanted(struct str list, struct str word)
{
	struct str one;
	bool any = false;
	while (str_cut(&list, ',', &one)) {
		any = true;
		if (str_eq(str_trim(one), word))
			return true;
	}
	return !any;
}

bool
surface_words_check(const struct request *r, const char *parameter, const char *known, struct err *e)
{
	struct str rest = request_parameter(r, parameter), one;
	while (str_cut(&rest, ',', &one))
		if (!surface_wanted(str_of(known), str_trim(one)))
			return err_set(e, ERR_USAGE, "%s must be of %s", parameter, known);
	return true;
}

/* ---- runs ---- */

/* Rows of a run, whose sentences were written down in English. */
static void
rows_write(struct request *r, const struct json *rows)
{
	json_begin_array(&r->w);
	for (size_t i = 0; i < rows->count; i++) {
		const struct json *row = &rows->item[i];
		json_begin_object(&r->w);
		for (size_t k = 0; row->kind == JSON_KIND_OBJECT && k < row->count; k++) {
			const struct json *value = &row->item[k];
			bool sentence = str_eq(row->key[k], STR("last_failure")) || str_eq(row->key[k], STR("why"));
			json_key_str(&r->w, row->key[k]);
			if (sentence && value->kind == JSON_KIND_STRING)
				json_str(&r->w, tr_sentence(&r->arena, value->text));
			else
				json_tree(&r->w, value);
		}
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
}

static void
run_write(struct request *r, int64_t number, const struct json *about)
{
	static const char *const keys[] = { "began",   "ended",   "assets",   "rounds",
					    "guessed", "limited", "coverage", "resolvers_left_out" };
	json_begin_object(&r->w);
	json_put_i64(&r->w, "run", number);
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct json *value = json_get(about, keys[i]);
		json_key(&r->w, keys[i]);
		if (value && value->kind == JSON_KIND_ARRAY)
			rows_write(r, value);
		else if (value)
			json_tree(&r->w, value);
		else
			json_null(&r->w);
	}
	json_end_object(&r->w);
}

/* Newest first. */
bool
api_surface_runs(struct request *r, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct page page;
	int64_t newest;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e) ||
	    !surface_runs_newest(r->app->surface, &newest, e))
		return false;
	page.total = newest;
	request_list_begin(r, &page);
	for (int64_t n = newest - page.offset; n > 0 && n > newest - page.offset - page.limit; n--) {
		ARENA_AUTO scratch = { 0 };
		struct err why = { 0 };
		struct json *about = NULL;
		/* One that somebody took away is told by its number alone. */
		if (!surface_run_about(r->app->surface, &scratch, n, &about, &why))
			about = NULL;
		run_write(r, n, about);
	}
	request_list_end(r);
	return true;
}

bool
api_surface_seeds(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "run", NULL };
	struct surface_run *run = NULL;
	struct page page;
	size_t count;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e) || !surface_run_asked(r, "run", &run, e))
		return false;
	const struct json *seeds = json_get_array(run->about, "seeds", &count);
	page.total = (int64_t)count;
	request_list_begin(r, &page);
	for (int64_t i = page.offset; i < page.total && i < page.offset + page.limit; i++)
		json_tree(&r->w, &seeds[i]);
	request_list_end(r);
	surface_run_return(r->app->surface, run);
	return true;
}

/* ---- assets ---- */

static const char kinds[] = "domain,host,address,network,as,certificate,organisation";

struct sorted {
	const struct run_asset *asset;
	const char *sort;
	bool falling;
};

static int
compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int c = 0;
	if (strcmp(x->sort, "name") == 0)
		c = str_cmp(x->asset->name, y->asset->name);
	else if (strcmp(x->sort, "ownership") == 0)
		c = str_cmp(x->asset->ownership, y->asset->ownership);
	else if (strcmp(x->sort, "confidence") == 0)
		c = (x->asset->confidence > y->asset->confidence) - (x->asset->confidence < y->asset->confidence);
	c = x->falling ? -c : c;
	/* As the run has them: by kind and name. */
	return c ? c : (x->asset > y->asset) - (x->asset < y->asset);
}

static bool
sorts(struct str key)
{
	return surface_wanted(STR("kind,name,ownership,confidence"), key);
}

static bool
matches(const struct request *r, const struct run_asset *a)
{
	struct str q = request_parameter(r, "q");
	return surface_wanted(request_parameter(r, "kind"), a->kind) &&
	       surface_wanted(request_parameter(r, "ownership"), a->ownership) &&
	       surface_wanted(request_parameter(r, "owner"), a->owner) &&
	       (!q.len || str_contains(a->name, q) || str_contains(a->unicode, q));
}

static void
asset_write(struct request *r, const struct run_asset *a)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "kind", a->kind);
	json_put_str(&r->w, "name", a->name);
	str_or_null(&r->w, "unicode", a->unicode);
	json_put_str(&r->w, "ownership", a->ownership);
	number_or_null(&r->w, "confidence", a->confidence, 2);
	json_put_str(&r->w, "owner", a->owner);
	str_or_null(&r->w, "company", a->company);
	str_or_null(&r->w, "site", a->site);
	str_or_null(&r->w, "country", a->country);
	str_or_null(&r->w, "rule", a->rule);
	str_or_null(&r->w, "from", a->from);
	str_or_null(&r->w, "from_kind", a->from_kind);
	json_end_object(&r->w);
}

/* All that the run has of it. */
static bool
line_write(struct request *r, const struct run_asset *a, struct err *e)
{
	struct json *line;
	if (!json_parse(&r->arena, a->line, NULL, &line, e))
		return false;
	for (size_t i = 0; i < line->count; i++) {
		json_key_str(&r->w, line->key[i]);
		json_tree(&r->w, &line->item[i]);
	}
	return true;
}

static bool
assets_write(struct request *r, const struct surface_run *run, struct page *page, bool whole, struct err *e)
{
	struct sorted *rows = ARENA_ARRAY(&r->arena, struct sorted, run->asset_count + 1);
	const char *sort = page->sort.len ? arena_cstr(&r->arena, page->sort) : "kind";
	size_t n = 0;
	for (size_t i = 0; i < run->asset_count; i++)
		if (matches(r, &run->assets[i]))
			rows[n++] = (struct sorted){ &run->assets[i], sort, page->falling };
	qsort(rows, n, sizeof(*rows), compare);
	page->total = (int64_t)n;
	request_list_begin(r, page);
	for (int64_t i = page->offset; i < page->total && i < page->offset + page->limit; i++) {
		if (!whole) {
			asset_write(r, rows[i].asset);
			continue;
		}
		json_begin_object(&r->w);
		if (!line_write(r, rows[i].asset, e))
			return false;
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

bool
api_surface_assets(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "run", "kind", "ownership", "owner", "q", "whole", NULL };
	struct surface_run *run = NULL;
	struct page page;
	int whole;
	if (!request_query(r, allowed, e) || !request_page(r, sorts, &page, e) ||
	    !request_tristate(r, "whole", &whole, e) || !surface_words_check(r, "kind", kinds, e) ||
	    !surface_words_check(r, "ownership", "approved,candidate,dependency,monitor,excluded", e) ||
	    !surface_words_check(r, "owner", "self,group,contractor", e) || !surface_run_asked(r, "run", &run, e))
		return false;
	bool ok = assets_write(r, run, &page, whole > 0, e);
	surface_run_return(r->app->surface, run);
	return ok;
}

static const struct run_asset *
asset_find(const struct surface_run *run, struct str kind, struct str name)
{
	for (size_t i = 0; i < run->asset_count; i++)
		if (str_eq(run->assets[i].kind, kind) && str_eq(run->assets[i].name, name))
			return &run->assets[i];
	return NULL;
}

/* What it hangs on, and what hangs on it. */
static void
neighbours_write(struct request *r, const struct surface_run *run, const struct run_asset *a)
{
	size_t n = 0;
	json_key(&r->w, "neighbours");
	json_begin_array(&r->w);
	for (size_t i = 0; i < run->asset_count && n < NEIGHBOURS_MAX; i++) {
		const struct run_asset *b = &run->assets[i];
		bool near = (a->from.len && str_eq(b->name, a->from)) || str_eq(b->from, a->name);
		if (!near || b == a)
			continue;
		asset_write(r, b);
		n++;
	}
	json_end_array(&r->w);
}

static bool
whole_write(struct request *r, const struct surface_run *run, struct err *e)
{
	struct str kind, name;
	if (!str_split(r->argument, ':', &kind, &name))
		return err_set(e, ERR_USAGE, "say which asset as KIND:NAME");
	const struct run_asset *a = asset_find(run, kind, name);
	if (!a)
		return err_set(e, ERR_NOT_FOUND, "run %lld has no %.*s “%.*s”", (long long)run->number, STR_ARG(kind),
			       STR_ARG(name));
	json_begin_object(&r->w);
	json_put_i64(&r->w, "run", run->number);
	if (!line_write(r, a, e))
		return false;
	neighbours_write(r, run, a);
	json_end_object(&r->w);
	return true;
}

bool
api_surface_asset(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "run", NULL };
	struct surface_run *run = NULL;
	if (!request_query(r, allowed, e) || !surface_run_asked(r, "run", &run, e))
		return false;
	bool ok = whole_write(r, run, e);
	surface_run_return(r->app->surface, run);
	return ok;
}

/* ---- the difference of two ---- */

static void
side_take(struct arena *a, const struct surface_run *run, struct table *side)
{
	for (size_t i = 0; i < run->asset_count; i++) {
		const struct run_asset *x = &run->assets[i];
		struct str name = arena_printf(a, "%.*s %.*s", STR_ARG(x->kind), STR_ARG(x->name));
		*table_put(side, name, NULL) = &run->assets[i];
	}
}

/* Gone, or not known: the source that told of it was silent. */
static const char *
absence(const struct surface_run *from, const struct surface_run *to, const struct run_asset *was)
{
	ARENA_AUTO scratch = { 0 };
	struct err why = { 0 };
	struct json *whole;
	return json_parse(&scratch, was->line, NULL, &whole, &why) && asset_unchecked(from->about, to->about, whole)
		       ? "unchecked"
		       : "gone";
}

size_t
surface_changes(struct arena *a, const struct surface_run *from, const struct surface_run *to,
		struct surface_asset_change **out)
{
	ARRAY_OF(struct surface_asset_change) rows = { 0 };
	struct table x = { 0 }, y = { 0 };
	struct table_slot *slot;
	side_take(a, from, &x);
	side_take(a, to, &y);
	for (size_t i = 0; table_next(&y, &i, &slot);) {
		const struct run_asset *now = slot->value, *was = table_get(&x, slot->key);
		if (!was || !str_eq(was->ownership, now->ownership))
			*ARRAY_PUSH(a, &rows) =
				(struct surface_asset_change){ was ? "changed" : "new", now,
							       was ? was->ownership : STR_NONE, now->ownership };
	}
	for (size_t i = 0; table_next(&x, &i, &slot);) {
		const struct run_asset *was = slot->value;
		if (!table_has(&y, slot->key))
			*ARRAY_PUSH(a, &rows) =
				(struct surface_asset_change){ absence(from, to, was), was, was->ownership, STR_NONE };
	}
	table_free(&x);
	table_free(&y);
	*out = rows.items;
	return rows.count;
}

static void
changes_write(struct request *r, const struct surface_run *from, const struct surface_run *to, struct page *page)
{
	struct surface_asset_change *rows;
	page->total = (int64_t)surface_changes(&r->arena, from, to, &rows);
	request_list_begin(r, page);
	for (int64_t i = page->offset; rows && i < page->total && i < page->offset + page->limit; i++) {
		json_begin_object(&r->w);
		json_put_cstr(&r->w, "change", rows[i].what);
		json_put_str(&r->w, "kind", rows[i].asset->kind);
		json_put_str(&r->w, "name", rows[i].asset->name);
		str_or_null(&r->w, "before", rows[i].before);
		str_or_null(&r->w, "now", rows[i].now);
		json_end_object(&r->w);
	}
	request_list_end(r);
}

bool
api_surface_diff(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "from", "to", NULL };
	struct surface_run *from = NULL, *to = NULL;
	struct page page;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e) || !surface_run_asked(r, "to", &to, e))
		return false;
	bool named = request_parameter(r, "from").len > 0, ok = false;
	if (!named && to->number < 2)
		err_set(e, ERR_NOT_FOUND, "there is one run only; run surface discover again");
	else
		ok = named ? surface_run_asked(r, "from", &from, e)
			   : surface_run_borrow(r->app->surface, to->number - 1, &from, e);
	if (ok) {
		changes_write(r, from, to, &page);
		surface_run_return(r->app->surface, from);
	}
	surface_run_return(r->app->surface, to);
	return ok;
}
