#include "store/policy_text.h"

#include "store/sql.h"

static bool
version_next(struct store *st, struct str name, int64_t *version, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT coalesce(max(version), 0) + 1 FROM policy_version WHERE name = ?");
	sql_text(&q, name);
	return sql_number(&q, version, e);
}

static bool
force_set(struct store *st, const struct policy_version *t, struct err *e)
{
	bool gone = str_eq(t->what, STR("delete"));
	SQL_AUTO q = sql_new(st, gone ? "DELETE FROM policy WHERE name = ?1"
				      : "INSERT INTO policy (name, version) VALUES (?1, ?2)"
					" ON CONFLICT (name) DO UPDATE SET version = excluded.version");
	sql_text(&q, t->name);
	if (!gone)
		sql_int(&q, t->version);
	return sql_run(&q, e);
}

bool
policy_text_add(struct store *st, struct policy_version *t, struct err *e)
{
	if (!version_next(st, t->name, &t->version, e))
		return false;
	SQL_AUTO q = sql_new(st, "INSERT INTO policy_version (name, version, what, yaml, json, by_user, at, note)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, t->name);
	sql_int(&q, t->version);
	sql_text(&q, t->what);
	sql_text(&q, t->yaml);
	sql_text(&q, t->json);
	sql_text(&q, t->by);
	sql_int(&q, t->at);
	sql_text(&q, t->note);
	return sql_run(&q, e) && force_set(st, t, e);
}

#define POLICY_COLUMNS \
	"SELECT v.name, v.version, v.what, v.yaml, v.json, v.by_user, v.at, v.note, p.version IS v.version" \
	" FROM policy_version v LEFT JOIN policy p ON p.name = v.name"

static void
policy_read(struct sql *q, struct arena *a, struct policy_version *t)
{
	*t = (struct policy_version){ .name = sql_get_str(q, a) };
	t->version = sql_get_int(q);
	t->what = sql_get_str(q, a);
	t->yaml = sql_get_str(q, a);
	t->json = sql_get_str(q, a);
	t->by = sql_get_str(q, a);
	t->at = sql_get_int(q);
	t->note = sql_get_str(q, a);
	t->in_force = sql_get_int(q);
}

bool
policy_text_get(struct store *st, struct arena *a, struct str name, int64_t version, struct policy_version *out,
		struct err *e)
{
	SQL_AUTO q = sql_new(st, version ? POLICY_COLUMNS " WHERE v.name = ?1 AND v.version = ?2"
					 : POLICY_COLUMNS " WHERE v.name = ?1 AND v.version = p.version");
	sql_text(&q, name);
	sql_int_at(&q, 2, version, version != 0);
	if (!sql_one(&q, "there is no policy of this name and version: see mamori policy list", e))
		return false;
	policy_read(&q, a, out);
	return sql_end(&q, e);
}

static bool
policies_read(struct sql *q, struct arena *a, struct policy_version **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct policy_version) rows = { 0 };
	while (sql_row(q))
		policy_read(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
policy_text_all(struct store *st, struct arena *a, struct policy_version **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, POLICY_COLUMNS " WHERE v.version = p.version ORDER BY v.name");
	return policies_read(&q, a, out, count, e);
}

bool
policy_text_versions(struct store *st, struct arena *a, struct str name, struct page *p, struct policy_version **out,
		     size_t *count, struct err *e)
{
	SQL_AUTO total = sql_new(st, "SELECT count(*) FROM policy_version WHERE name = ?");
	sql_text(&total, name);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_new(st, POLICY_COLUMNS " WHERE v.name = ?1 ORDER BY v.version DESC LIMIT ?98 OFFSET ?99");
	sql_text(&q, name);
	sql_page(&q, p);
	return policies_read(&q, a, out, count, e);
}

bool
policy_text_known(struct store *st, struct str name, bool *known, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM policy_version WHERE name = ?");
	sql_text(&q, name);
	int64_t n = 0;
	if (!sql_number(&q, &n, e))
		return false;
	*known = n > 0;
	return true;
}

bool
day_list_put(struct store *st, const struct day_list_text *t, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO day_list (name, days, by_user, at) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT (name) DO UPDATE SET days = excluded.days, by_user = excluded.by_user,"
				 " at = excluded.at");
	sql_text(&q, t->name);
	sql_text(&q, t->days);
	sql_text(&q, t->by);
	sql_int(&q, t->at);
	return sql_run(&q, e);
}

bool
day_list_delete(struct store *st, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM day_list WHERE name = ?");
	sql_text(&q, name);
	return sql_run(&q, e) &&
	       (sql_changes(st) || err_set(e, ERR_NOT_FOUND, "there is no list of days %.*s", STR_ARG(name)));
}

bool
day_list_all(struct store *st, struct arena *a, struct day_list_text **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT name, days, by_user, at FROM day_list ORDER BY name");
	ARRAY_OF(struct day_list_text) rows = { 0 };
	while (sql_row(&q)) {
		struct day_list_text *t = ARRAY_PUSH(a, &rows);
		t->name = sql_get_str(&q, a);
		t->days = sql_get_str(&q, a);
		t->by = sql_get_str(&q, a);
		t->at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
