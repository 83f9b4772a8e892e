#include "store/session.h"

#include "store/sql.h"

bool
signin_insert(struct store *st, const struct signin *s, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO signin (hash, user, role, expires) VALUES (?, ?, ?, ?)");
	sql_text(&q, s->hash);
	sql_text(&q, s->user);
	sql_text(&q, s->role);
	sql_int(&q, s->expires);
	return sql_run(&q, e);
}

bool
signin_take(struct store *st, struct arena *a, struct str hash, int64_t now, struct signin *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE signin SET used_at = ?1 WHERE hash = ?2 AND used_at = 0 AND expires > ?1"
				 " RETURNING user, role, expires");
	sql_int(&q, now);
	sql_text(&q, hash);
	struct signin taken = { .hash = hash };
	bool found = sql_row(&q);
	if (found) {
		taken.user = sql_get_str(&q, a);
		taken.role = sql_get_str(&q, a);
		taken.expires = sql_get_int(&q);
	}
	if (!sql_run(&q, e))
		return false;
	if (!found)
		return err_set(e, ERR_REFUSED,
			       "this sign-in link is unknown, used or older than 24 hours: make a new one with: mamori "
			       "signin");
	*out = taken;
	return true;
}

bool
session_insert(struct store *st, const struct session *s, int64_t idle_before, struct err *e)
{
	SQL_AUTO old = sql_new(st, "DELETE FROM session WHERE expires <= ? OR seen_at <= ?");
	sql_int(&old, s->seen_at);
	sql_int(&old, idle_before);
	if (!sql_run(&old, e))
		return false;
	SQL_AUTO codes = sql_new(st, "DELETE FROM signin WHERE expires <= ?");
	sql_int(&codes, s->seen_at);
	if (!sql_run(&codes, e))
		return false;
	SQL_AUTO q = sql_new(st, "INSERT INTO session (hash, user, role, csrf, seen_at, expires)"
				 " VALUES (?, ?, ?, ?, ?, ?)");
	sql_text(&q, s->hash);
	sql_text(&q, s->user);
	sql_text(&q, s->role);
	sql_text(&q, s->csrf);
	sql_int(&q, s->seen_at);
	sql_int(&q, s->expires);
	return sql_run(&q, e);
}

bool
session_get(struct store *st, struct arena *a, struct str hash, struct session *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT hash, user, role, csrf, seen_at, expires FROM session WHERE hash = ?");
	sql_text(&q, hash);
	if (!sql_one(&q, "there is no such session: sign in again", e))
		return false;
	*out = (struct session){ .hash = sql_get_str(&q, a) };
	out->user = sql_get_str(&q, a);
	out->role = sql_get_str(&q, a);
	out->csrf = sql_get_str(&q, a);
	out->seen_at = sql_get_int(&q);
	out->expires = sql_get_int(&q);
	return sql_end(&q, e);
}

bool
session_touch(struct store *st, struct str hash, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE session SET seen_at = ? WHERE hash = ?");
	sql_int(&q, now);
	sql_text(&q, hash);
	return sql_run(&q, e);
}

bool
session_delete(struct store *st, struct str hash, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM session WHERE hash = ?");
	sql_text(&q, hash);
	return sql_run(&q, e);
}
