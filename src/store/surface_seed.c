#include "store/surface_seed.h"

#include "store/sql.h"

#define SEED "seed, owner, company, site, country, consent_by, consent_at, note, large, by_user, at"

static void
seed_read(struct sql *q, struct arena *a, struct surface_seed *s)
{
	s->seed = sql_get_str(q, a);
	s->owner = sql_get_str(q, a);
	s->company = sql_get_str(q, a);
	s->site = sql_get_str(q, a);
	s->country = sql_get_str(q, a);
	s->consent_by = sql_get_str(q, a);
	s->consent_at = sql_get_int(q);
	s->note = sql_get_str(q, a);
	s->large = sql_get_int(q) != 0;
	s->by = sql_get_str(q, a);
	s->at = sql_get_int(q);
}

bool
surface_seed_list(struct store *st, struct arena *a, struct surface_seed **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct surface_seed) rows = { 0 };
	SQL_AUTO q = sql_new(st, "SELECT " SEED " FROM surface_seed ORDER BY seed LIMIT ?");
	sql_int(&q, SURFACE_SEEDS_MAX);
	while (sql_row(&q))
		seed_read(&q, a, ARRAY_PUSH(a, &rows));
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
surface_seed_get(struct store *st, struct arena *a, struct str seed, struct surface_seed *out, bool *found,
		 struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " SEED " FROM surface_seed WHERE seed = ?");
	sql_text(&q, seed);
	*found = sql_row(&q);
	if (*found)
		seed_read(&q, a, out);
	return sql_end(&q, e);
}

static void
text(struct sql *q, struct str s)
{
	sql_text(q, s.ptr ? s : STR(""));
}

bool
surface_seed_put(struct store *st, const struct surface_seed *s, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT OR REPLACE INTO surface_seed (" SEED ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	text(&q, s->seed);
	text(&q, s->owner);
	text(&q, s->company);
	text(&q, s->site);
	text(&q, s->country);
	text(&q, s->consent_by);
	sql_int(&q, s->consent_at);
	text(&q, s->note);
	sql_int(&q, s->large);
	text(&q, s->by);
	sql_int(&q, s->at);
	return sql_run(&q, e);
}

bool
surface_seed_delete(struct store *st, struct str seed, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM surface_seed WHERE seed = ?");
	sql_text(&q, seed);
	return sql_run(&q, e);
}

/* ---- what can be undone ---- */

bool
surface_seed_change_add(struct store *st, int64_t at, struct str by, struct str was, int64_t *id, struct err *e)
{
	/* A number is never given twice, also once all are forgotten: it stands on somebody's screen. */
	SQL_AUTO newest = sql_new(st, "SELECT coalesce(max(id), 0) FROM surface_seed_change");
	SQL_AUTO add = sql_new(st, "INSERT INTO surface_seed_change (id, at, by_user, was) VALUES (?, ?, ?, ?)");
	SQL_AUTO forget = sql_new(st, "DELETE FROM surface_seed_change WHERE id <= ?");
	if (!sql_number(&newest, id, e))
		return false;
	++*id;
	sql_int(&add, *id);
	sql_int(&add, at);
	text(&add, by);
	text(&add, was);
	sql_int(&forget, *id - SURFACE_SEED_CHANGES_KEPT);
	return sql_run(&add, e) && sql_run(&forget, e);
}

bool
surface_seed_change_get(struct store *st, struct arena *a, int64_t id, struct str *was, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT was FROM surface_seed_change WHERE id = ? AND was <> ''");
	sql_int(&q, id);
	if (!sql_one(&q, "there is no such change of seeds, or it was undone already", e))
		return false;
	*was = sql_get_str(&q, a);
	return sql_end(&q, e);
}

bool
surface_seed_change_delete(struct store *st, int64_t id, struct err *e)
{
	/* Its row stays, so that its number is not given again. */
	SQL_AUTO q = sql_new(st, "UPDATE surface_seed_change SET was = '' WHERE id = ?");
	sql_int(&q, id);
	return sql_run(&q, e);
}
