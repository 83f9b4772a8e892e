#include "store/enrolment.h"

#include "store/sql.h"

#define ENROLMENT_COLUMNS \
	"SELECT id, secret_hash, role, group_name, approve, uses, used, created_at, expires, revoked_at"

bool
enrolment_insert(struct store *st, const struct enrolment *t, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO token (id, secret_hash, role, group_name, approve, uses, created_at, expires)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, t->id);
	sql_text(&q, t->secret_hash);
	sql_text(&q, t->role);
	sql_text(&q, t->group);
	sql_int(&q, t->approve);
	sql_int(&q, t->uses);
	sql_int(&q, t->created_at);
	sql_int(&q, t->expires);
	return sql_run(&q, e);
}

static void
enrolment_read(struct sql *q, struct arena *a, struct enrolment *t)
{
	*t = (struct enrolment){ .id = sql_get_str(q, a) };
	t->secret_hash = sql_get_str(q, a);
	t->role = sql_get_str(q, a);
	t->group = sql_get_str(q, a);
	t->approve = sql_get_int(q);
	t->uses = sql_get_int(q);
	t->used = sql_get_int(q);
	t->created_at = sql_get_int(q);
	t->expires = sql_get_int(q);
	t->revoked_at = sql_get_int(q);
}

bool
enrolment_get(struct store *st, struct arena *a, struct str id, struct enrolment *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, ENROLMENT_COLUMNS " FROM token WHERE id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "no token has this id", e))
		return false;
	enrolment_read(&q, a, out);
	return sql_end(&q, e);
}

bool
enrolment_list(struct store *st, struct arena *a, struct page *p, struct enrolment **out, size_t *count, struct err *e)
{
	static const struct sql_sort sorts[] = { { "created", "created_at DESC" } };
	SQL_AUTO total = sql_count(st, "FROM token");
	if (!sql_number(&total, &p->total, e))
		return false;
	struct page newest = *p;
	newest.falling = false;
	SQL_AUTO q = sql_list(st, ENROLMENT_COLUMNS, "FROM token", sorts, COUNT(sorts), "id", &newest);
	sql_page(&q, p);
	ARRAY_OF(struct enrolment) tokens = { 0 };
	while (sql_row(&q))
		enrolment_read(&q, a, ARRAY_PUSH(a, &tokens));
	if (!sql_end(&q, e))
		return false;
	*out = tokens.items;
	*count = tokens.count;
	return true;
}

bool
enrolment_use(struct store *st, struct str id, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE token SET used = used + 1 WHERE id = ? AND used < uses");
	sql_text(&q, id);
	if (!sql_run(&q, e))
		return false;
	return sql_changes(st) == 1 || err_set(e, ERR_REFUSED, "this token is used up: create a new one");
}

bool
enrolment_revoke(struct store *st, struct str id, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at = 0");
	sql_int(&q, now);
	sql_text(&q, id);
	return sql_run(&q, e);
}
