/* /api/v1/surface/seeds: where discovery begins, as the server keeps it. Every change can be undone. */
#include "base/sentence.h"
#include "server/policies.h"
#include "server/surfaces.h"
#include "store/surface_seed.h"
#include "surface/seed.h"

static const struct {
	const char *key, *attribute; /* of the body; as seed_set() calls it */
} attributes[] = {
	{ "owner", "owner" },           { "company", "company" },       { "site", "site" }, { "country", "country" },
	{ "consent_by", "consent-by" }, { "consent_at", "consent-at" }, { "note", "note" },
};

/* ---- rows ---- */

static struct surface_seed
row_of(struct request *r, const struct seed *s, bool large)
{
	return (struct surface_seed){ .seed = seed_text(&r->arena, s),
				      .owner = str_of(seed_owner_name(s->owner)),
				      .company = s->company,
				      .site = s->site,
				      .country = s->country,
				      .consent_by = s->consent_by,
				      .consent_at = s->consent_at,
				      .note = s->note,
				      .large = large,
				      .by = r->user,
				      .at = r->now };
}

/* It was taken then, whatever its size. */
static bool
seed_of(struct request *r, const struct surface_seed *row, struct seed *s, struct err *e)
{
	const struct seed_options o = { .large = true, .clock = r->app->clock };
	if (!seed_read(&r->arena, row->seed, &o, s, e) || !seed_owner_parse(row->owner, &s->owner))
		return false;
	s->company = row->company;
	s->site = row->site;
	s->country = row->country;
	s->consent_by = row->consent_by;
	s->consent_at = row->consent_at;
	s->note = row->note;
	return true;
}

static void
row_write(struct json_writer *w, const struct surface_seed *row)
{
	struct str kind, value;
	struct seed s = { .is = THING_NONE };
	const char *why = NULL;
	(void)str_split(row->seed, ':', &kind, &value);
	(void)seed_owner_parse(row->owner, &s.owner);
	s.consent_by = row->consent_by;
	s.consent_at = row->consent_at;
	json_begin_object(w);
	json_put_str(w, "seed", row->seed);
	json_put_str(w, "kind", kind);
	json_put_str(w, "value", value);
	json_put_str(w, "owner", row->owner);
	str_or_null(w, "company", row->company);
	str_or_null(w, "site", row->site);
	str_or_null(w, "country", row->country);
	str_or_null(w, "consent_by", row->consent_by);
	json_put_time(w, "consent_at", row->consent_at);
	str_or_null(w, "note", row->note);
	json_put_bool(w, "large", row->large);
	json_put_bool(w, "expands", seed_may_expand(&s, &why));
	json_put_cstr(w, "why", why);
	str_or_null(w, "by", row->by);
	json_put_time(w, "at", row->at);
	json_end_object(w);
}

bool
api_surface_seed_list(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "run", NULL };
	struct surface_seed *rows;
	struct page page;
	size_t count;
	if (!request_query(r, allowed, e) || !request_page(r, NULL, &page, e))
		return false;
	if (request_parameter(r, "run").len)
		return api_surface_seeds(r, e);
	if (!surface_seed_list(r->st, &r->arena, &rows, &count, e))
		return false;
	page.total = (int64_t)count;
	request_list_begin(r, &page);
	for (int64_t i = page.offset; i < page.total && i < page.offset + page.limit; i++)
		row_write(&r->w, &rows[i]);
	request_list_end(r);
	return true;
}

/* ---- changes, and what was before them ---- */

struct change {
	struct buf was;
	struct json_writer w;
	size_t count;
};

static void
change_begin(struct change *c)
{
	c->w.out = &c->was;
	json_begin_array(&c->w);
}

static void
change_note(struct request *r, struct change *c, struct str seed, const struct surface_seed *was, bool there)
{
	json_begin_object(&c->w);
	json_put_str(&c->w, "seed", seed);
	json_key(&c->w, "row");
	if (was)
		row_write(&c->w, was);
	else
		json_null(&c->w);
	json_put_bool(&c->w, "there", there);
	json_put_i64(&c->w, "changed", r->now);
	json_end_object(&c->w);
	c->count++;
}

static bool
change_keep(struct request *r, struct change *c, int64_t *number, struct err *e)
{
	json_end_array(&c->w);
	*number = 0;
	return !c->count || surface_seed_change_add(r->st, r->now, r->user, buf_str(&c->was), number, e);
}

static bool
room_left(struct request *r, struct err *e)
{
	struct surface_seed *rows;
	size_t count;
	return surface_seed_list(r->st, &r->arena, &rows, &count, e) &&
	       (count < SURFACE_SEEDS_MAX || err_set(e, ERR_TOO_LARGE, "at most %d seeds are kept", SURFACE_SEEDS_MAX));
}

static bool
equal(const struct surface_seed *a, const struct surface_seed *b)
{
	return str_eq(a->owner, b->owner) && str_eq(a->company, b->company) && str_eq(a->site, b->site) &&
	       str_eq(a->country, b->country) && str_eq(a->consent_by, b->consent_by) &&
	       a->consent_at == b->consent_at && str_eq(a->note, b->note) && a->large == b->large;
}

/* One row takes the place of what was, or goes (row NULL). */
static bool
put(struct request *r, struct change *c, struct str seed, const struct surface_seed *row,
    const struct surface_seed *was, struct err *e)
{
	change_note(r, c, seed, was, row != NULL);
	return row ? surface_seed_put(r->st, row, e) : surface_seed_delete(r->st, seed, e);
}

static void
change_free(struct change *c)
{
	buf_free(&c->was);
}
#define CHANGE_AUTO __attribute__((cleanup(change_free))) struct change

/* {"seed":row|null,"was":row|null,"change":n|null} */
static void
changed_write(struct request *r, const struct surface_seed *row, const struct surface_seed *was, int64_t change)
{
	const struct surface_seed *const rows[] = { row, was };
	static const char *const keys[] = { "seed", "was" };
	json_begin_object(&r->w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_key(&r->w, keys[i]);
		if (rows[i])
			row_write(&r->w, rows[i]);
		else
			json_null(&r->w);
	}
	json_key(&r->w, "change");
	if (change)
		json_i64(&r->w, change);
	else
		json_null(&r->w);
	json_end_object(&r->w);
}

/* ---- one seed ---- */

/* The seed of the address, with the attributes of the body. */
static bool
seed_told(struct request *r, bool large, struct seed *s, struct err *e)
{
	const struct seed_options o = { .large = large, .clock = r->app->clock };
	if (!seed_read(&r->arena, r->argument, &o, s, e))
		return false;
	for (size_t i = 0; i < COUNT(attributes); i++) {
		struct str value;
		if (!body_text(r, attributes[i].key, SEED_TEXT_MAX, false, &value, e) ||
		    !seed_set(&r->arena, s, str_of(attributes[i].attribute), value, &o, e))
			return false;
	}
	return true;
}

bool
api_surface_seed_put(struct request *r, struct err *e)
{
	CHANGE_AUTO c = { 0 };
	struct surface_seed was;
	struct seed s;
	bool found, large = json_get_bool(r->json, "large", false);
	int64_t number;
	if (!seed_told(r, large, &s, e))
		return false;
	struct surface_seed row = row_of(r, &s, large);
	if (!surface_seed_get(r->st, &r->arena, row.seed, &was, &found, e) || (!found && !room_left(r, e)))
		return false;
	change_begin(&c);
	if (!(found && equal(&row, &was)) &&
	    (!put(r, &c, row.seed, &row, found ? &was : NULL, e) ||
	     !request_audit(r, "surface.seed", row.seed,
			    arena_printf(&r->arena, "%.*s %.*s", STR_ARG(row.owner), STR_ARG(row.company)), e)))
		return false;
	if (!change_keep(r, &c, &number, e))
		return false;
	r->status = found ? 200 : 201;
	changed_write(r, number ? &row : &was, found ? &was : NULL, number);
	return true;
}

bool
api_surface_seed_delete(struct request *r, struct err *e)
{
	const struct seed_options o = { .large = true, .clock = r->app->clock };
	CHANGE_AUTO c = { 0 };
	struct surface_seed was;
	struct seed s;
	bool found;
	int64_t number;
	if (!seed_read(&r->arena, r->argument, &o, &s, e))
		return false;
	struct str name = seed_text(&r->arena, &s);
	if (!surface_seed_get(r->st, &r->arena, name, &was, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "“%.*s” is not among the seeds", STR_ARG(name));
	change_begin(&c);
	if (!put(r, &c, name, NULL, &was, e) || !change_keep(r, &c, &number, e) ||
	    !request_audit(r, "surface.seed-delete", name, was.owner, e))
		return false;
	changed_write(r, NULL, &was, number);
	return true;
}

/* ---- a table ---- */

struct table_told {
	struct seeds list;
	struct seed_import report;
	bool large;
};

bool
api_surface_seeds_import_prepare(struct request *r, struct err *e)
{
	struct table_told *t = ARENA_NEW(&r->arena, struct table_told);
	struct str table;
	t->list.arena = &r->arena;
	t->large = json_get_bool(r->json, "large", false);
	const struct seed_options o = { .large = t->large, .clock = r->app->clock };
	if (!body_sheet(r, &table, e))
		return false;
	if (!table.len)
		return err_set(e, ERR_USAGE, "give the seeds as csv or as file");
	r->prepared = t;
	return seeds_import(&t->list, table, &o, &t->report, e);
}

struct merged {
	size_t taken, changed;
};

/* What is kept of it already stays where the table says nothing. */
static bool
seed_merge(struct request *r, struct change *c, const struct seed *told, bool large, struct merged *m, struct err *e)
{
	struct surface_seed was;
	struct seeds one = { .arena = &r->arena };
	struct seed kept;
	bool found;
	if (!surface_seed_get(r->st, &r->arena, seed_text(&r->arena, told), &was, &found, e))
		return false;
	if (found && (!seed_of(r, &was, &kept, e) || !seeds_add(&one, &kept)))
		return false;
	(void)seeds_add(&one, told);
	struct surface_seed row = row_of(r, &one.items[0], large || (found && was.large));
	if (found && equal(&row, &was))
		return true;
	m->taken += !found;
	m->changed += found;
	return put(r, c, row.seed, &row, found ? &was : NULL, e);
}

static void
faults_write(struct request *r, const struct seed_import *report)
{
	json_key(&r->w, "faults");
	json_begin_array(&r->w);
	for (size_t i = 0; i < report->faults.count; i++) {
		json_begin_object(&r->w);
		json_put_i64(&r->w, "row", (int64_t)report->faults.items[i].row);
		json_put_str(&r->w, "why", report->faults.items[i].why);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
}

bool
api_surface_seeds_import(struct request *r, struct err *e)
{
	const struct table_told *t = r->prepared;
	CHANGE_AUTO c = { 0 };
	struct surface_seed *all;
	struct merged m = { 0 };
	size_t before;
	int64_t number;
	if (!surface_seed_list(r->st, &r->arena, &all, &before, e))
		return false;
	change_begin(&c);
	for (size_t i = 0; i < t->list.count; i++)
		if (!seed_merge(r, &c, &t->list.items[i], t->large, &m, e))
			return false;
	if (before + m.taken > SURFACE_SEEDS_MAX)
		return err_set(e, ERR_TOO_LARGE, "at most %d seeds are kept", SURFACE_SEEDS_MAX);
	if (!change_keep(r, &c, &number, e) ||
	    !request_audit(r, "surface.seeds", STR(""),
			   arena_printf(&r->arena, "%zu new, %zu changed, %zu bad", m.taken, m.changed, t->report.bad),
			   e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "read", (int64_t)t->report.rows);
	json_put_i64(&r->w, "kept", (int64_t)(t->report.rows - t->report.bad));
	json_put_i64(&r->w, "new", (int64_t)m.taken);
	json_put_i64(&r->w, "changed", (int64_t)m.changed);
	json_put_i64(&r->w, "bad", (int64_t)t->report.bad);
	json_put_i64(&r->w, "waiting", (int64_t)t->report.waiting);
	faults_write(r, &t->report);
	json_key(&r->w, "change");
	if (number)
		json_i64(&r->w, number);
	else
		json_null(&r->w);
	json_end_object(&r->w);
	return true;
}

/* ---- undo ---- */

static bool
row_read(const struct json *j, struct surface_seed *row)
{
	*row = (struct surface_seed){ .seed = json_get_str(j, "seed"),
				      .owner = json_get_str(j, "owner"),
				      .company = json_get_str(j, "company"),
				      .site = json_get_str(j, "site"),
				      .country = json_get_str(j, "country"),
				      .consent_by = json_get_str(j, "consent_by"),
				      .note = json_get_str(j, "note"),
				      .large = json_get_bool(j, "large", false),
				      .by = json_get_str(j, "by") };
	(void)time_parse(json_get_str(j, "consent_at"), &row->consent_at);
	return json_get_str(j, "seed").len > 0;
}

/* Nobody changed it since: else the undo would take away what somebody else decided. */
static bool
untouched(const struct json *note, const struct surface_seed *now, bool found, struct err *e)
{
	bool there = json_get_bool(note, "there", false);
	struct str seed = json_get_str(note, "seed");
	return (there == found && (!found || now->at == json_get_i64(note, "changed", 0))) ||
	       err_set(e, ERR_CONFLICT, "%.*s was changed since by %.*s; change it itself", STR_ARG(seed),
		       STR_ARG(found ? now->by : STR("somebody")));
}

static bool
note_undo(struct request *r, struct change *c, const struct json *note, struct err *e)
{
	struct surface_seed now, row;
	struct str seed = json_get_str(note, "seed");
	bool found, was = row_read(json_get(note, "row"), &row);
	if (!surface_seed_get(r->st, &r->arena, seed, &now, &found, e) || !untouched(note, &now, found, e))
		return false;
	row.at = r->now;
	return put(r, c, seed, was ? &row : NULL, found ? &now : NULL, e);
}

bool
api_surface_seeds_undo(struct request *r, struct err *e)
{
	CHANGE_AUTO c = { 0 };
	struct str text;
	struct json *notes;
	int64_t number, asked = json_get_i64(r->json, "change", 0);
	if (asked < 1)
		return err_set(e, ERR_USAGE, "say which change is to be undone (change)");
	if (!surface_seed_change_get(r->st, &r->arena, asked, &text, e) ||
	    !json_parse(&r->arena, text, NULL, &notes, e))
		return false;
	change_begin(&c);
	for (size_t i = 0; i < notes->count; i++)
		if (!note_undo(r, &c, &notes->item[i], e))
			return false;
	if (!surface_seed_change_delete(r->st, asked, e) || !change_keep(r, &c, &number, e) ||
	    !request_audit(r, "surface.seed-undo", arena_printf(&r->arena, "%lld", (long long)asked),
			   arena_printf(&r->arena, "%zu", notes->count), e))
		return false;
	json_begin_object(&r->w);
	json_put_i64(&r->w, "seeds", (int64_t)notes->count);
	json_put_i64(&r->w, "change", number);
	json_end_object(&r->w);
	return true;
}
