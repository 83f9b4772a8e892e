#include "store/section.h"

#include "store/sql.h"

bool
section_announce(struct store *st, struct str host, struct str name, struct str hash, bool *needed, struct err *e)
{
	SQL_AUTO put = sql_new(st, "INSERT INTO host_section (host, name, announced) VALUES (?, ?, ?)"
				   " ON CONFLICT (host, name) DO UPDATE SET announced = excluded.announced");
	sql_text(&put, host);
	sql_text(&put, name);
	sql_text(&put, hash);
	if (!sql_run(&put, e))
		return false;
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM host_section WHERE host = ? AND name = ? AND hash = announced");
	sql_text(&q, host);
	sql_text(&q, name);
	int64_t received = 0;
	if (!sql_number(&q, &received, e))
		return false;
	*needed = received == 0;
	return true;
}

bool
section_check(struct store *st, struct str host, struct str name, struct str hash, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM host_section WHERE host = ? AND name = ? AND announced = ?");
	sql_text(&q, host);
	sql_text(&q, name);
	sql_text(&q, hash);
	int64_t n = 0;
	if (!sql_number(&q, &n, e))
		return false;
	return n > 0 ||
	       err_set(e, ERR_CONFLICT,
		       "section %.*s: this body was not announced by the last check-in: check in again, then send it",
		       STR_ARG(name));
}

static bool
collect(struct store *st, struct str hash, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM section WHERE hash = ?1"
				 " AND NOT EXISTS (SELECT 1 FROM host_section WHERE hash = ?1)");
	sql_text(&q, hash);
	return sql_run(&q, e);
}

bool
section_put(struct store *st, struct str host, struct str name, struct str hash, struct str body, int64_t now,
	    struct err *e)
{
	ARENA_AUTO a = { 0 };
	SQL_AUTO old = sql_new(st, "SELECT hash FROM host_section WHERE host = ? AND name = ?");
	sql_text(&old, host);
	sql_text(&old, name);
	struct str before = sql_row(&old) ? sql_get_str(&old, &a) : STR_NONE;
	if (!sql_end(&old, e))
		return false;

	SQL_AUTO put = sql_new(st, "INSERT INTO section (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING");
	sql_text(&put, hash);
	sql_blob(&put, body);
	if (!sql_run(&put, e))
		return false;

	SQL_AUTO q = sql_new(st, "UPDATE host_section SET hash = ?, received_at = ? WHERE host = ? AND name = ?");
	sql_text(&q, hash);
	sql_int(&q, now);
	sql_text(&q, host);
	sql_text(&q, name);
	if (!sql_run(&q, e))
		return false;
	return !before.ptr || str_eq(before, hash) || collect(st, before, e);
}

bool
section_forget(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host_section SET hash = NULL WHERE host = ?");
	sql_text(&q, host);
	if (!sql_run(&q, e))
		return false;
	SQL_AUTO orphans = sql_new(st, "DELETE FROM section WHERE NOT EXISTS"
				       " (SELECT 1 FROM host_section s WHERE s.hash = section.hash)");
	return sql_run(&orphans, e);
}

bool
section_list(struct store *st, struct arena *a, struct str host, struct section **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT name, announced, hash, received_at FROM host_section WHERE host = ?"
				 " ORDER BY name");
	sql_text(&q, host);
	ARRAY_OF(struct section) sections = { 0 };
	while (sql_row(&q)) {
		struct section *s = ARRAY_PUSH(a, &sections);
		s->name = sql_get_str(&q, a);
		s->announced = sql_get_str(&q, a);
		s->hash = sql_get_str(&q, a);
		s->received_at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = sections.items;
	*count = sections.count;
	return true;
}

bool
section_body(struct store *st, struct arena *a, struct str host, const char *name, struct str *body, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT s.body FROM host_section h JOIN section s ON s.hash = h.hash"
				 " WHERE h.host = ? AND h.name = ?");
	sql_text(&q, host);
	sql_cstr(&q, name);
	struct str found = sql_row(&q) ? sql_get_str(&q, a) : STR_NONE;
	if (!sql_end(&q, e))
		return false;
	*body = found;
	return true;
}
