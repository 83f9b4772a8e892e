#include "store/ward.h"

#include "store/sql.h"

bool
ward_put(struct store *st, const struct ward *w, struct err *e)
{
	if (!ward_delete(st, w->group, e))
		return false;
	SQL_AUTO q =
		sql_new(st, "INSERT INTO ward (group_name, salt, pin, rounds, by_user, at) VALUES (?, ?, ?, ?, ?, ?)");
	sql_text(&q, w->group);
	sql_blob(&q, w->salt);
	sql_blob(&q, w->pin);
	sql_int(&q, w->rounds);
	sql_text(&q, w->by);
	sql_int(&q, w->at);
	return sql_run(&q, e);
}

bool
ward_get(struct store *st, struct arena *a, struct str group, struct ward *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT group_name, salt, pin, rounds, by_user, at FROM ward WHERE group_name = ?");
	sql_text(&q, group);
	if (!sql_one(&q, "this ward has no PIN", e))
		return false;
	out->group = sql_get_str(&q, a);
	out->salt = sql_get_str(&q, a);
	out->pin = sql_get_str(&q, a);
	out->rounds = sql_get_int(&q);
	out->by = sql_get_str(&q, a);
	out->at = sql_get_int(&q);
	return sql_end(&q, e);
}

bool
ward_delete(struct store *st, struct str group, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM ward WHERE group_name = ?");
	sql_text(&q, group);
	return sql_run(&q, e);
}

bool
ward_session_insert(struct store *st, const struct ward_session *s, int64_t now, struct err *e)
{
	SQL_AUTO gone = sql_new(st, "DELETE FROM ward_session WHERE expires <= ?");
	sql_int(&gone, now);
	if (!sql_run(&gone, e))
		return false;
	SQL_AUTO q = sql_new(st, "INSERT INTO ward_session (hash, group_name, csrf, expires) VALUES (?, ?, ?, ?)");
	sql_text(&q, s->hash);
	sql_text(&q, s->group);
	sql_text(&q, s->csrf);
	sql_int(&q, s->expires);
	return sql_run(&q, e);
}

bool
ward_session_get(struct store *st, struct arena *a, struct str hash, struct ward_session *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT hash, group_name, csrf, expires FROM ward_session WHERE hash = ?");
	sql_text(&q, hash);
	if (!sql_one(&q, "the session has ended", e))
		return false;
	out->hash = sql_get_str(&q, a);
	out->group = sql_get_str(&q, a);
	out->csrf = sql_get_str(&q, a);
	out->expires = sql_get_int(&q);
	return sql_end(&q, e);
}

bool
ward_machines(struct store *st, struct arena *a, struct str group, struct ward_machine **out, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT id, name FROM host WHERE group_name = ? AND state = 'active' ORDER BY name LIMIT 500");
	sql_text(&q, group);
	ARRAY_OF(struct ward_machine) rows = { 0 };
	while (sql_row(&q)) {
		struct ward_machine *m = ARRAY_PUSH(a, &rows);
		m->host = sql_get_str(&q, a);
		m->name = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
