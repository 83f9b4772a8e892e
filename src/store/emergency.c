#include "store/emergency.h"

#include "store/sql.h"

bool
emergency_begin(struct store *st, struct str patch, int64_t now, bool *added, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO emergency (patch, since) VALUES (?1, ?2) ON CONFLICT (patch) DO UPDATE"
				 " SET since = excluded.since, ended_at = 0 WHERE ended_at > 0");
	sql_text(&q, patch);
	sql_int(&q, now);
	if (!sql_run(&q, e))
		return false;
	*added = sql_changes(st) > 0;
	return true;
}

#define CONSENTS "(SELECT count(*) FROM emergency_consent c WHERE c.patch = m.patch)"
#define PENDING "x.state IN ('missing', 'queued', 'running', 'failed', 'kept-back')"

static bool
rows_read(struct sql *q, struct arena *a, struct emergency_row **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct emergency_row) rows = { 0 };
	while (sql_row(q)) {
		struct emergency_row *r = ARRAY_PUSH(a, &rows);
		r->patch = sql_get_str(q, a);
		r->title = sql_get_str(q, a);
		r->since = sql_get_int(q);
		r->ended_at = sql_get_int(q);
		r->consents = sql_get_int(q);
		r->waiting = sql_get_int(q);
		r->done = sql_get_int(q);
	}
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
emergency_all(struct store *st, struct arena *a, struct emergency_row **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT m.patch, NULL, m.since, m.ended_at, " CONSENTS ", 0, 0 FROM emergency m"
				 " WHERE m.ended_at = 0");
	return rows_read(&q, a, out, count, e);
}

bool
emergency_list(struct store *st, struct arena *a, int64_t ended_after, struct emergency_row **out, size_t *count,
	       struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT m.patch, y.title, m.since, m.ended_at, " CONSENTS ","
				 " (SELECT count(*) FROM host_patch x WHERE x.patch = m.patch AND " PENDING "),"
				 " (SELECT count(*) FROM host_patch x WHERE x.patch = m.patch AND NOT (" PENDING "))"
				 " FROM emergency m LEFT JOIN patch y ON y.id = m.patch"
				 " WHERE m.ended_at = 0 OR m.ended_at > ? ORDER BY m.since DESC");
	sql_int(&q, ended_after);
	return rows_read(&q, a, out, count, e);
}

bool
emergency_end(struct store *st, struct arena *a, int64_t now, struct str **ended, size_t *count, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE emergency AS m SET ended_at = ? WHERE m.ended_at = 0 AND NOT EXISTS"
			    " (SELECT 1 FROM host_patch x WHERE x.patch = m.patch AND " PENDING ") RETURNING patch");
	sql_int(&q, now);
	ARRAY_OF(struct str) rows = { 0 };
	while (sql_row(&q))
		*ARRAY_PUSH(a, &rows) = sql_get_str(&q, a);
	if (!sql_end(&q, e))
		return false;
	*ended = rows.items;
	*count = rows.count;
	return true;
}

bool
emergency_consent(struct store *st, struct str patch, struct str by, struct str reason, int64_t now, struct err *e)
{
	SQL_AUTO known = sql_new(st, "SELECT count(*) FROM emergency WHERE patch = ? AND ended_at = 0");
	sql_text(&known, patch);
	int64_t n = 0;
	if (!sql_number(&known, &n, e))
		return false;
	if (!n)
		return err_set(e, ERR_NOT_FOUND, "%.*s is no emergency at the moment", STR_ARG(patch));
	SQL_AUTO q = sql_new(st, "INSERT INTO emergency_consent (patch, by_user, at, reason) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT DO NOTHING");
	sql_text(&q, patch);
	sql_text(&q, by);
	sql_int(&q, now);
	sql_text(&q, reason);
	return sql_run(&q, e) && (sql_changes(st) || err_set(e, ERR_CONFLICT,
							     "%.*s has consented already: a second "
							     "approver is needed",
							     STR_ARG(by)));
}
