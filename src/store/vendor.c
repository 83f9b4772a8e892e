#include "store/vendor.h"

#include "store/sql.h"

bool
vendor_put(struct store *st, const struct vendor *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO vendor (name, contact, by_user, at) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT (name) DO UPDATE SET contact = excluded.contact");
	sql_text(&q, v->name);
	sql_text(&q, v->contact);
	sql_text(&q, v->by);
	sql_int(&q, v->at);
	return sql_run(&q, e);
}

/* Hosts of vendor v. */
#define SCOPE_HOSTS \
	"(SELECT s.target FROM vendor_scope s WHERE s.vendor = v.name AND s.kind = 'host' UNION" \
	" SELECT h.id FROM vendor_scope s JOIN host h ON h.group_name = s.target WHERE s.vendor = v.name" \
	"  AND s.kind = 'group' UNION" \
	" SELECT m.host FROM vendor_scope s JOIN fleet_member m ON m.name = s.target WHERE s.vendor = v.name" \
	"  AND s.kind = 'group')"
#define VENDOR_COLUMNS \
	"SELECT v.name, v.contact, v.by_user, v.at, (SELECT count(*) FROM host h WHERE h.id IN " SCOPE_HOSTS ")," \
	" (SELECT count(*) FROM vendor_answer x WHERE x.vendor = v.name AND x.at = 0)," \
	" (SELECT count(*) FROM vendor_answer x WHERE x.vendor = v.name AND x.at = 0 AND x.due > 0 AND x.due < ?1)" \
	" FROM vendor v"

static void
vendor_read(struct sql *q, struct arena *a, struct vendor *v)
{
	v->name = sql_get_str(q, a);
	v->contact = sql_get_str(q, a);
	v->by = sql_get_str(q, a);
	v->at = sql_get_int(q);
	v->hosts = sql_get_int(q);
	v->waiting = sql_get_int(q);
	v->overdue = sql_get_int(q);
}

bool
vendor_get(struct store *st, struct arena *a, struct str name, struct vendor *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, VENDOR_COLUMNS " WHERE v.name = ?2");
	sql_int(&q, 0);
	sql_text(&q, name);
	if (!sql_one(&q, "there is no vendor of this name: see mamori vendor list", e))
		return false;
	vendor_read(&q, a, out);
	return sql_end(&q, e);
}

bool
vendor_delete(struct store *st, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM vendor WHERE name = ?");
	sql_text(&q, name);
	return sql_run(&q, e) &&
	       (sql_changes(st) || err_set(e, ERR_NOT_FOUND, "there is no vendor %.*s", STR_ARG(name)));
}

bool
vendor_list(struct store *st, struct arena *a, int64_t now, struct vendor **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, VENDOR_COLUMNS " ORDER BY v.name");
	sql_int(&q, now);
	ARRAY_OF(struct vendor) rows = { 0 };
	while (sql_row(&q))
		vendor_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
vendor_scopes(struct store *st, struct arena *a, struct str vendor, struct vendor_scope **out, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT kind, target FROM vendor_scope WHERE vendor = ? ORDER BY kind, target");
	sql_text(&q, vendor);
	ARRAY_OF(struct vendor_scope) rows = { 0 };
	while (sql_row(&q)) {
		struct vendor_scope *s = ARRAY_PUSH(a, &rows);
		s->kind = sql_get_str(&q, a);
		s->target = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
vendor_scopes_set(struct store *st, struct str vendor, const struct vendor_scope *scopes, size_t count, struct err *e)
{
	SQL_AUTO gone = sql_new(st, "DELETE FROM vendor_scope WHERE vendor = ?");
	sql_text(&gone, vendor);
	if (!sql_run(&gone, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		SQL_AUTO q = sql_new(st, "INSERT INTO vendor_scope (vendor, kind, target) VALUES (?, ?, ?)"
					 " ON CONFLICT DO NOTHING");
		sql_text(&q, vendor);
		sql_text(&q, scopes[i].kind);
		sql_text(&q, scopes[i].target);
		if (!sql_run(&q, e))
			return false;
	}
	return true;
}

/* ---- answers ---- */

bool
vendor_answer_put(struct store *st, const struct vendor_answer_row *r, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO vendor_answer (vendor, patch, answer, asked_at, due, at, by_user, note)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vendor, patch) DO UPDATE SET"
				 " answer = excluded.answer, at = excluded.at, by_user = excluded.by_user,"
				 " note = excluded.note");
	sql_text(&q, r->vendor);
	sql_text(&q, r->patch);
	sql_text(&q, r->answer);
	sql_int(&q, r->asked_at);
	sql_int(&q, r->due);
	sql_int(&q, r->at);
	sql_text(&q, r->by);
	sql_text(&q, r->note);
	return sql_run(&q, e);
}

bool
vendor_ask(struct store *st, struct str vendor, int64_t now, int64_t due, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO vendor_answer (vendor, patch, answer, asked_at, due, at, by_user, note)"
			    " SELECT DISTINCT v.name, x.patch, 'unknown', ?2, ?3, 0, '', '' FROM vendor v, host_patch x"
			    " WHERE v.name = ?1 AND x.host IN " SCOPE_HOSTS " AND x.listed"
			    " AND x.state NOT IN ('installed', 'installed-pending-reboot')"
			    " ON CONFLICT (vendor, patch) DO UPDATE SET due = excluded.due WHERE at = 0 AND due = 0");
	sql_text(&q, vendor);
	sql_int(&q, now);
	sql_int(&q, due);
	return sql_run(&q, e);
}

bool
vendor_answers(struct store *st, struct arena *a, const struct vendor_answer_filter *f, struct page *p,
	       struct vendor_answer_row **out, size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	buf_add(&from, STR(" FROM vendor_answer x JOIN vendor v ON v.name = x.vendor"
			   " LEFT JOIN patch y ON y.id = x.patch WHERE 1"));
	sql_and(&from, f->vendor.len > 0, " AND x.vendor = ?1");
	sql_and(&from, f->patch.len > 0, " AND x.patch = ?2");
	sql_and(&from, f->answer.len > 0, " AND x.answer = ?3");
	sql_and(&from, f->overdue_at != 0, " AND x.at = 0 AND x.due > 0 AND x.due < ?4");
	SQL_AUTO total = sql_count(st, buf_cstr(&from));
	sql_text_at(&total, 1, f->vendor);
	sql_text_at(&total, 2, f->patch);
	sql_text_at(&total, 3, f->answer);
	sql_int_at(&total, 4, f->overdue_at, f->overdue_at != 0);
	if (!sql_number(&total, &p->total, e))
		return false;
	static const struct sql_sort sorts[] = { { "", "x.at > 0, x.due = 0, x.due, x.vendor" } };
	SQL_AUTO q = sql_list(
		st,
		"SELECT x.vendor, x.patch, x.answer, x.asked_at, x.due, x.at, x.by_user, x.note, y.title,"
		" (SELECT count(*) FROM host_patch k WHERE k.patch = x.patch AND k.listed AND k.state NOT IN"
		" ('installed', 'installed-pending-reboot') AND k.host IN " SCOPE_HOSTS "), y.security, y.severity",
		buf_cstr(&from), sorts, COUNT(sorts), "x.patch", p);
	sql_text_at(&q, 1, f->vendor);
	sql_text_at(&q, 2, f->patch);
	sql_text_at(&q, 3, f->answer);
	sql_int_at(&q, 4, f->overdue_at, f->overdue_at != 0);
	sql_page(&q, p);
	ARRAY_OF(struct vendor_answer_row) rows = { 0 };
	while (sql_row(&q)) {
		struct vendor_answer_row *r = ARRAY_PUSH(a, &rows);
		r->vendor = sql_get_str(&q, a);
		r->patch = sql_get_str(&q, a);
		r->answer = sql_get_str(&q, a);
		r->asked_at = sql_get_int(&q);
		r->due = sql_get_int(&q);
		r->at = sql_get_int(&q);
		r->by = sql_get_str(&q, a);
		r->note = sql_get_str(&q, a);
		r->title = sql_get_str(&q, a);
		r->hosts = sql_get_int(&q);
		r->security = sql_get_int(&q);
		r->severity = (int)sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

#define HOST_VENDORS \
	"(SELECT s.vendor FROM vendor_scope s WHERE (s.kind = 'host' AND s.target = ?1) OR (s.kind = 'group'" \
	" AND s.target IN (SELECT group_name FROM host WHERE id = ?1 UNION SELECT name FROM fleet_member" \
	" WHERE host = ?1)))"

bool
vendors_of_host(struct store *st, struct arena *a, struct str host, struct str **names, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT DISTINCT s.vendor FROM vendor_scope s WHERE s.vendor IN " HOST_VENDORS
				 " ORDER BY 1");
	sql_text(&q, host);
	ARRAY_OF(struct str) rows = { 0 };
	while (sql_row(&q))
		*ARRAY_PUSH(a, &rows) = sql_get_str(&q, a);
	if (!sql_end(&q, e))
		return false;
	*names = rows.items;
	*count = rows.count;
	return true;
}

bool
vendor_answers_of_host(struct store *st, struct arena *a, struct str host, struct vendor_answer_row **out,
		       size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT x.vendor, x.patch, x.answer, x.asked_at, x.due, x.at FROM vendor_answer x"
				 " WHERE x.vendor IN " HOST_VENDORS " AND x.patch IN (SELECT patch FROM host_patch"
				 " WHERE host = ?1) ORDER BY x.patch, x.vendor");
	sql_text(&q, host);
	ARRAY_OF(struct vendor_answer_row) rows = { 0 };
	while (sql_row(&q)) {
		struct vendor_answer_row *r = ARRAY_PUSH(a, &rows);
		r->vendor = sql_get_str(&q, a);
		r->patch = sql_get_str(&q, a);
		r->answer = sql_get_str(&q, a);
		r->asked_at = sql_get_int(&q);
		r->due = sql_get_int(&q);
		r->at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

/* ---- links ---- */

bool
vendor_link_insert(struct store *st, const struct vendor_link *l, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO vendor_link (hash, vendor, by_user, created_at, expires)"
				 " VALUES (?, ?, ?, ?, ?)");
	sql_text(&q, l->hash);
	sql_text(&q, l->vendor);
	sql_text(&q, l->by);
	sql_int(&q, l->created_at);
	sql_int(&q, l->expires);
	return sql_run(&q, e);
}

bool
vendor_link_get(struct store *st, struct arena *a, struct str hash, struct vendor_link *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT hash, vendor, by_user, created_at, expires, used_at FROM vendor_link"
				 " WHERE hash = ?");
	sql_text(&q, hash);
	if (!sql_one(&q, "this link is unknown", e))
		return false;
	out->hash = sql_get_str(&q, a);
	out->vendor = sql_get_str(&q, a);
	out->by = sql_get_str(&q, a);
	out->created_at = sql_get_int(&q);
	out->expires = sql_get_int(&q);
	out->used_at = sql_get_int(&q);
	return sql_end(&q, e);
}

bool
vendor_link_take(struct store *st, struct str hash, int64_t now, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE vendor_link SET used_at = ?2 WHERE hash = ?1 AND used_at = 0 AND expires > ?2");
	sql_text(&q, hash);
	sql_int(&q, now);
	return sql_run(&q, e) &&
	       (sql_changes(st) || err_set(e, ERR_REFUSED, "this link was used already or its deadline is over"));
}
