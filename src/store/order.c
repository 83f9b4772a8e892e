#include "store/order.h"

#include "store/sql.h"

bool
order_insert(struct store *st, const struct order *o, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO patch_order (id, host, kind, state, issued, expires, by_user, signed)"
				 " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)");
	sql_text(&q, o->id);
	sql_text(&q, o->host);
	sql_cstr(&q, o->kind);
	sql_int(&q, o->issued);
	sql_int(&q, o->expires);
	sql_text(&q, o->by);
	sql_text(&q, o->signed_text);
	return sql_run(&q, e);
}

static const char *
kind_of(struct str s)
{
	return str_eq(s, STR("apply")) ? "apply" : str_eq(s, STR("stage")) ? "stage" : "refresh";
}

static void
order_read(struct sql *q, struct arena *a, struct order *o)
{
	*o = (struct order){ .id = sql_get_str(q, a) };
	o->host = sql_get_str(q, a);
	o->kind = kind_of(sql_get_str(q, a));
	o->state = sql_get_str(q, a);
	o->issued = sql_get_int(q);
	o->expires = sql_get_int(q);
	o->by = sql_get_str(q, a);
	o->signed_text = sql_get_str(q, a);
}

#define ORDER_COLUMNS "id, host, kind, state, issued, expires, by_user, signed"

bool
order_get(struct store *st, struct arena *a, struct str id, struct order *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " ORDER_COLUMNS " FROM patch_order WHERE id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "no order has this id", e))
		return false;
	order_read(&q, a, out);
	return sql_end(&q, e);
}

bool
order_set_state(struct store *st, struct str id, const char *state, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE patch_order SET state = ? WHERE id = ?");
	sql_cstr(&q, state);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
order_deliver(struct store *st, struct arena *a, struct str host, struct str lineage, int64_t now, struct order **out,
	      size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE patch_order SET state = 'fetched', lineage = ?1,"
				 " fetched_at = CASE fetched_at WHEN 0 THEN ?2 ELSE fetched_at END"
				 " WHERE host = ?3 AND state IN ('queued', 'fetched') AND expires > ?2"
				 " RETURNING " ORDER_COLUMNS);
	sql_text(&q, lineage);
	sql_int(&q, now);
	sql_text(&q, host);
	ARRAY_OF(struct order) orders = { 0 };
	while (sql_row(&q))
		order_read(&q, a, ARRAY_PUSH(a, &orders));
	if (!sql_end(&q, e))
		return false;
	*out = orders.items;
	*count = orders.count;
	return true;
}

bool
order_arrived(struct store *st, struct str host, struct str lineage, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE patch_order SET state = 'done' WHERE host = ? AND state = 'fetched'"
				 " AND kind <> 'apply' AND lineage = ? AND lineage <> ''");
	sql_text(&q, host);
	sql_text(&q, lineage);
	return sql_run(&q, e);
}

bool
order_expired(struct store *st, struct arena *a, int64_t now, struct order *out, bool *found, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " ORDER_COLUMNS " FROM patch_order WHERE state IN ('queued', 'fetched')"
				 " AND expires <= ? ORDER BY issued LIMIT 1");
	sql_int(&q, now);
	*found = sql_row(&q);
	if (*found)
		order_read(&q, a, out);
	return sql_end(&q, e);
}

bool
order_pending(struct store *st, struct str host, const char *kind, bool *pending, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM patch_order WHERE host = ? AND kind = ? AND state = 'queued'");
	sql_text(&q, host);
	sql_cstr(&q, kind);
	int64_t n = 0;
	if (!sql_number(&q, &n, e))
		return false;
	*pending = n > 0;
	return true;
}

bool
attempt_insert(struct store *st, const struct attempt *t, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO attempt (id, order_id, host, patch, title, from_version, to_version,"
				 " packages, state, at, cause, by_user) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, t->id);
	sql_text(&q, t->order);
	sql_text(&q, t->host);
	sql_text(&q, t->patch);
	sql_text(&q, t->title);
	sql_text(&q, t->from);
	sql_text(&q, t->to);
	sql_text(&q, t->packages);
	sql_cstr(&q, patch_state_name(t->state));
	sql_int(&q, t->at);
	sql_text(&q, t->cause);
	sql_text(&q, t->by);
	return sql_run(&q, e);
}

#define ATTEMPT_COLUMNS \
	"SELECT t.id, t.order_id, t.host, t.patch, t.title, t.from_version, t.to_version, t.packages, t.state, t.at," \
	" t.finished, t.cause, t.by_user, t.why, t.words, h.name, h.group_name, t.signed IS NOT NULL"
#define ATTEMPT_FROM " FROM attempt t JOIN host h ON h.id = t.host"

static void
attempt_read(struct sql *q, struct arena *a, struct attempt *t)
{
	*t = (struct attempt){ .id = sql_get_str(q, a) };
	t->order = sql_get_str(q, a);
	t->host = sql_get_str(q, a);
	t->patch = sql_get_str(q, a);
	t->title = sql_get_str(q, a);
	t->from = sql_get_str(q, a);
	t->to = sql_get_str(q, a);
	t->packages = sql_get_str(q, a);
	(void)patch_state_parse(sql_get_str(q, a), &t->state);
	t->at = sql_get_int(q);
	t->finished = sql_get_int(q);
	t->cause = sql_get_str(q, a);
	t->by = sql_get_str(q, a);
	t->why = sql_get_str(q, a);
	t->words = sql_get_str(q, a);
	t->host_name = sql_get_str(q, a);
	t->group = sql_get_str(q, a);
	t->reported = sql_get_int(q);
}

bool
attempt_get(struct store *st, struct arena *a, struct str id, struct attempt *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, ATTEMPT_COLUMNS ATTEMPT_FROM " WHERE t.id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "no attempt has this id", e))
		return false;
	attempt_read(&q, a, out);
	return sql_end(&q, e);
}

bool
attempt_update(struct store *st, const struct attempt *t, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "UPDATE attempt SET state = ?2, at = ?3, finished = ?4, why = ?5, words = ?6,"
		    " packages = ?7, from_version = ?8, to_version = ?9, title = ?10, signed = ?11 WHERE id = ?1");
	sql_text(&q, t->id);
	sql_cstr(&q, patch_state_name(t->state));
	sql_int(&q, t->at);
	sql_int(&q, t->finished);
	sql_text(&q, t->why);
	sql_text(&q, t->words);
	sql_text(&q, t->packages);
	sql_text(&q, t->from);
	sql_text(&q, t->to);
	sql_text(&q, t->title);
	sql_text(&q, t->signed_text);
	return sql_run(&q, e);
}

bool
attempt_of_order(struct store *st, struct arena *a, struct str order, struct attempt **out, size_t *count,
		 struct err *e)
{
	SQL_AUTO q = sql_new(st, ATTEMPT_COLUMNS ATTEMPT_FROM " WHERE t.order_id = ? ORDER BY t.id");
	sql_text(&q, order);
	ARRAY_OF(struct attempt) rows = { 0 };
	while (sql_row(&q))
		attempt_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
attempt_delete_of_order(struct store *st, struct str order, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM attempt WHERE order_id = ? AND state = 'queued'");
	sql_text(&q, order);
	return sql_run(&q, e);
}

static void
where_build(struct buf *from, const struct history_filter *f)
{
	buf_add(from, STR(ATTEMPT_FROM " WHERE 1"));
	sql_and(from, f->q.len > 0,
		" AND (t.title LIKE ?1 ESCAPE '\\' OR t.patch LIKE ?1 ESCAPE '\\' OR h.name LIKE ?1 ESCAPE '\\'"
		" OR t.words LIKE ?1 ESCAPE '\\')");
	sql_and(from, f->host.len > 0, " AND t.host = ?2");
	sql_and(from, f->group.len > 0, " AND h.group_name = ?3");
	sql_and(from, f->patch.len > 0, " AND t.patch = ?4");
	sql_and(from, f->state.len > 0, " AND t.state = ?5");
	sql_and(from, f->from != 0, " AND t.at >= ?6");
	sql_and(from, f->to != 0, " AND t.at < ?7");
}

static void
history_bind(struct sql *q, struct arena *a, const struct history_filter *f)
{
	sql_text_at(q, 1, sql_like(a, f->q));
	sql_text_at(q, 2, f->host);
	sql_text_at(q, 3, f->group);
	sql_text_at(q, 4, f->patch);
	sql_text_at(q, 5, f->state);
	sql_int_at(q, 6, f->from, f->from != 0);
	sql_int_at(q, 7, f->to, f->to != 0);
}

static const struct sql_sort history_sorts[] = {
	{ "", "CASE t.state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END" },
	{ "at", "t.at" },
	{ "host", "h.name COLLATE NOCASE" },
	{ "group", "h.group_name COLLATE NOCASE" },
	{ "patch", "t.title COLLATE NOCASE" },
	{ "state", "t.state" },
};

bool
attempt_known_sort(struct str key)
{
	for (size_t i = 0; i < COUNT(history_sorts); i++)
		if (key.len && str_eq(key, str_of(history_sorts[i].key)))
			return true;
	return false;
}

bool
attempt_list(struct store *st, struct arena *a, const struct history_filter *f, struct page *p, struct attempt **out,
	     size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	where_build(&from, f);
	SQL_AUTO total = sql_count(st, buf_cstr(&from));
	history_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_list(st, ATTEMPT_COLUMNS, buf_cstr(&from), history_sorts, COUNT(history_sorts),
			      "t.at DESC, t.id", p);
	history_bind(&q, a, f);
	sql_page(&q, p);
	ARRAY_OF(struct attempt) rows = { 0 };
	while (sql_row(&q))
		attempt_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
