#include "store/bundle.h"

#include "store/sql.h"

#define COLUMNS "site, direction, counter, id, relay, since, seen, made, expires, at, members, bytes, by_user"

bool
bundle_row_put(struct store *st, const struct bundle_row *b, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT OR REPLACE INTO bundle (" COLUMNS
				 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, b->site);
	sql_cstr(&q, b->up ? "up" : "down");
	sql_int(&q, b->counter);
	sql_text(&q, b->id);
	sql_text(&q, b->relay.ptr ? b->relay : STR(""));
	sql_int(&q, b->since);
	sql_int(&q, b->seen);
	sql_int(&q, b->made);
	sql_int(&q, b->expires);
	sql_int(&q, b->at);
	sql_int(&q, b->members);
	sql_int(&q, b->bytes);
	sql_text(&q, b->by);
	return sql_run(&q, e);
}

static void
row_read(struct sql *q, struct arena *a, struct bundle_row *b)
{
	b->site = sql_get_str(q, a);
	b->up = str_eq(sql_get_str(q, a), STR("up"));
	b->counter = sql_get_int(q);
	b->id = sql_get_str(q, a);
	b->relay = sql_get_str(q, a);
	b->since = sql_get_int(q);
	b->seen = sql_get_int(q);
	b->made = sql_get_int(q);
	b->expires = sql_get_int(q);
	b->at = sql_get_int(q);
	b->members = sql_get_int(q);
	b->bytes = sql_get_int(q);
	b->by = sql_get_str(q, a);
}

bool
bundle_row_get(struct store *st, struct arena *a, struct str site, int64_t counter, struct bundle_row *out,
	       struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " COLUMNS
				 " FROM bundle WHERE site = ? AND direction = 'down' AND relay = '' AND counter = ?");
	sql_text(&q, site);
	sql_int(&q, counter);
	if (!sql_one(&q, "there is no bundle of this number", e))
		return false;
	row_read(&q, a, out);
	return sql_end(&q, e);
}

bool
bundle_row_list(struct store *st, struct arena *a, struct str site, struct page *p, struct bundle_row **out,
		size_t *count, struct err *e)
{
	ARRAY_OF(struct bundle_row) rows = { 0 };
	SQL_AUTO total = sql_new(st, "SELECT count(*) FROM bundle WHERE ?1 IS NULL OR site = ?1");
	sql_text(&total, site);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_new(st, "SELECT " COLUMNS " FROM bundle WHERE ?1 IS NULL OR site = ?1"
				 " ORDER BY made DESC, site, direction, relay, counter LIMIT ?2 OFFSET ?3");
	sql_text(&q, site);
	sql_int(&q, p->limit);
	sql_int(&q, p->offset);
	while (sql_row(&q))
		row_read(&q, a, ARRAY_PUSH(a, &rows));
	*out = rows.items;
	*count = rows.count;
	return sql_end(&q, e);
}

bool
bundle_newest(struct store *st, struct str site, struct str relay, int64_t *counter, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT coalesce(max(counter), 0) FROM bundle WHERE site = ? AND relay = ? AND direction = ?");
	sql_text(&q, site);
	sql_text(&q, relay.ptr ? relay : STR(""));
	sql_cstr(&q, relay.len ? "up" : "down");
	return sql_number(&q, counter, e);
}

static bool
newest_read(struct store *st, struct arena *a, struct str site, const char *direction, struct bundle_row *out,
	    struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " COLUMNS " FROM bundle WHERE site = ? AND direction = ? AND at > 0"
				 " ORDER BY made DESC, counter DESC LIMIT 1");
	sql_text(&q, site);
	sql_cstr(&q, direction);
	*out = (struct bundle_row){ .site = site };
	if (sql_row(&q))
		row_read(&q, a, out);
	return sql_end(&q, e);
}

bool
bundle_site_get(struct store *st, struct arena *a, struct str site, struct bundle_site *out, struct err *e)
{
	*out = (struct bundle_site){ .site = site };
	if (!newest_read(st, a, site, "down", &out->down, e) || !newest_read(st, a, site, "up", &out->up, e))
		return false;
	SQL_AUTO q =
		sql_new(st, "SELECT coalesce(max(seen), 0) FROM bundle WHERE site = ? AND direction = 'up' AND at > 0");
	sql_text(&q, site);
	if (!sql_number(&q, &out->seen, e))
		return false;
	SQL_AUTO made = sql_new(st, "SELECT coalesce(max(made), 0) FROM bundle WHERE site = ? AND direction = 'down'"
				    " AND counter = ?");
	sql_text(&made, site);
	sql_int(&made, out->seen);
	return sql_number(&made, &out->seen_made, e);
}

static bool
texts_read(struct sql *q, struct arena *a, struct str **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct str) texts = { 0 };
	while (sql_row(q))
		*ARRAY_PUSH(a, &texts) = sql_get_str(q, a);
	*out = texts.items;
	*count = texts.count;
	return sql_end(q, e);
}

bool
bundle_sites(struct store *st, struct arena *a, struct str **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT DISTINCT site FROM bundle WHERE at > 0 ORDER BY site");
	return texts_read(&q, a, out, count, e);
}

bool
bundle_hosts(struct store *st, struct arena *a, struct str site, struct str **ids, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT id FROM host WHERE site = ? AND state = 'active' ORDER BY id");
	sql_text(&q, site);
	return texts_read(&q, a, ids, count, e);
}

/* ---- what the next one is for ---- */

#define OF_SITE " JOIN host h ON h.id = x.host AND h.state = 'active' AND h.site = ?1"
#define FIXABLE " FROM finding x" OF_SITE " JOIN vulnerability v ON v.id = x.vulnerability WHERE x.fixed IS NOT NULL"

static bool
needs_read(struct store *st, struct arena *a, struct str site, struct page *p, struct bundle_next *out, struct err *e)
{
	ARRAY_OF(struct bundle_need) rows = { 0 };
	SQL_AUTO total = sql_new(st, "SELECT count(DISTINCT x.package)" FIXABLE);
	sql_text(&total, site);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_new(st, "SELECT x.package, max(v.severity), count(DISTINCT CASE WHEN v.kev THEN v.id END),"
				 " count(DISTINCT v.id), count(DISTINCT x.host)" FIXABLE
				 " GROUP BY x.package ORDER BY 3 DESC, 2 DESC, 4 DESC, 1 LIMIT ?2 OFFSET ?3");
	sql_text(&q, site);
	sql_int(&q, p->limit);
	sql_int(&q, p->offset);
	while (sql_row(&q)) {
		struct bundle_need *n = ARRAY_PUSH(a, &rows);
		n->package = sql_get_str(&q, a);
		n->severity = sql_get_int(&q);
		n->kev = sql_get_int(&q);
		n->vulnerabilities = sql_get_int(&q);
		n->hosts = sql_get_int(&q);
	}
	out->needs = rows.items;
	out->need_count = rows.count;
	return sql_end(&q, e);
}

bool
bundle_next_get(struct store *st, struct arena *a, struct str site, struct page *p, struct bundle_next *out,
		struct err *e)
{
	struct bundle_next n = { 0 };
	SQL_AUTO q = sql_new(st, "SELECT count(*), coalesce(min(nullif(h.last_seen, 0)), 0),"
				 " coalesce(max(h.last_seen), 0),"
				 " (SELECT count(*) FROM host_letter x" OF_SITE " WHERE length(x.answer) > 0),"
				 " (SELECT count(DISTINCT v.id)" FIXABLE ")"
				 " FROM host h WHERE h.site = ?1 AND h.state = 'active'");
	sql_text(&q, site);
	if (sql_row(&q)) {
		n.hosts = sql_get_int(&q);
		n.heard_first = sql_get_int(&q);
		n.heard_last = sql_get_int(&q);
		n.letters = sql_get_int(&q);
		n.vulnerabilities = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	SQL_AUTO updates = sql_new(st, "SELECT count(*), coalesce(sum(size), 0) FROM patch WHERE id IN"
				       " (SELECT x.patch FROM host_patch x" OF_SITE " WHERE x.listed AND"
				       " x.state NOT IN ('installed', 'installed-pending-reboot'))");
	sql_text(&updates, site);
	if (sql_row(&updates)) {
		n.updates = sql_get_int(&updates);
		n.bytes = sql_get_int(&updates);
	}
	if (!sql_end(&updates, e) || !needs_read(st, a, site, p, &n, e))
		return false;
	*out = n;
	return true;
}
