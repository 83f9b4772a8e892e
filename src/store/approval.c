#include "store/approval.h"

#include "store/sql.h"

/* The groups of host ?1, its department among them. */
#define HOST_GROUPS \
	"(SELECT group_name FROM host WHERE id = ?1 AND group_name IS NOT NULL UNION" \
	" SELECT name FROM fleet_member WHERE host = ?1)"

/* ---- verdicts ---- */

bool
verdict_insert(struct store *st, const struct verdict_row *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO verdict (id, patch, group_name, verdict, by_user, reason, at)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, v->id);
	sql_text(&q, v->patch);
	sql_text(&q, v->group.ptr ? v->group : STR(""));
	sql_text(&q, v->verdict);
	sql_text(&q, v->by);
	sql_text(&q, v->reason);
	sql_int(&q, v->at);
	return sql_run(&q, e);
}

#define VERDICT_COLUMNS "id, patch, group_name, verdict, by_user, reason, at, undone_at, undone_by"

static void
verdict_read(struct sql *q, struct arena *a, struct verdict_row *v)
{
	v->id = sql_get_str(q, a);
	v->patch = sql_get_str(q, a);
	v->group = sql_get_str(q, a);
	v->verdict = sql_get_str(q, a);
	v->by = sql_get_str(q, a);
	v->reason = sql_get_str(q, a);
	v->at = sql_get_int(q);
	v->undone_at = sql_get_int(q);
	v->undone_by = sql_get_str(q, a);
}

bool
verdict_undo(struct store *st, struct arena *a, struct str id, struct str by, int64_t now, struct verdict_row *out,
	     struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE verdict SET undone_at = ?2, undone_by = ?3 WHERE id = ?1 AND undone_at = 0"
				 " RETURNING " VERDICT_COLUMNS);
	sql_text(&q, id);
	sql_int(&q, now);
	sql_text(&q, by);
	if (!sql_one(&q, "no decision of this id is in force", e))
		return false;
	verdict_read(&q, a, out);
	return sql_end(&q, e);
}

static bool
verdicts_read(struct sql *q, struct arena *a, struct verdict_row **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct verdict_row) rows = { 0 };
	while (sql_row(q))
		verdict_read(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
verdict_list(struct store *st, struct arena *a, const struct verdict_filter *f, struct page *p,
	     struct verdict_row **out, size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	buf_add(&from, STR(" FROM verdict WHERE 1"));
	sql_and(&from, f->patch.len > 0, " AND patch = ?1");
	sql_and(&from, !f->undone, " AND undone_at = 0");
	SQL_AUTO total = sql_count(st, buf_cstr(&from));
	sql_text_at(&total, 1, f->patch);
	if (!sql_number(&total, &p->total, e))
		return false;
	static const struct sql_sort sorts[] = { { "", "at DESC" } };
	SQL_AUTO q = sql_list(st, "SELECT " VERDICT_COLUMNS, buf_cstr(&from), sorts, COUNT(sorts), "id", p);
	sql_text_at(&q, 1, f->patch);
	sql_page(&q, p);
	return verdicts_read(&q, a, out, count, e);
}

bool
verdicts_of_host(struct store *st, struct arena *a, struct str host, struct verdict_row **out, size_t *count,
		 struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT " VERDICT_COLUMNS " FROM verdict WHERE undone_at = 0 AND (group_name = ''"
				 " OR group_name IN " HOST_GROUPS ") AND patch IN (SELECT patch FROM host_patch"
				 " WHERE host = ?1) ORDER BY patch, verdict <> 'withdrawn', group_name = '', at DESC");
	sql_text(&q, host);
	return verdicts_read(&q, a, out, count, e);
}

/* ---- mitigations ---- */

bool
mitigation_insert(struct store *st, const struct mitigation *m, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO mitigation (id, subject, group_name, workaround, owner, by_user, at)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, m->id);
	sql_text(&q, m->subject);
	sql_text(&q, m->group.ptr ? m->group : STR(""));
	sql_text(&q, m->workaround);
	sql_text(&q, m->owner);
	sql_text(&q, m->by);
	sql_int(&q, m->at);
	return sql_run(&q, e);
}

bool
mitigation_end(struct store *st, struct str id, struct str why, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE mitigation SET ended_at = ?2, ended_why = ?3 WHERE id = ?1 AND ended_at = 0");
	sql_text(&q, id);
	sql_int(&q, now);
	sql_text(&q, why);
	return sql_run(&q, e) && (sql_changes(st) || err_set(e, ERR_NOT_FOUND, "no workaround of this id is in force"));
}

bool
mitigation_list(struct store *st, struct arena *a, bool ended, struct page *p, struct mitigation **out, size_t *count,
		struct err *e)
{
	const char *from = ended ? " FROM mitigation" : " FROM mitigation WHERE ended_at = 0";
	SQL_AUTO total = sql_count(st, from);
	if (!sql_number(&total, &p->total, e))
		return false;
	static const struct sql_sort sorts[] = { { "", "at DESC" } };
	SQL_AUTO q = sql_list(st, "SELECT id, subject, group_name, workaround, owner, by_user, at, ended_at, ended_why",
			      from, sorts, COUNT(sorts), "id", p);
	sql_page(&q, p);
	ARRAY_OF(struct mitigation) rows = { 0 };
	while (sql_row(&q)) {
		struct mitigation *m = ARRAY_PUSH(a, &rows);
		m->id = sql_get_str(&q, a);
		m->subject = sql_get_str(&q, a);
		m->group = sql_get_str(&q, a);
		m->workaround = sql_get_str(&q, a);
		m->owner = sql_get_str(&q, a);
		m->by = sql_get_str(&q, a);
		m->at = sql_get_int(&q);
		m->ended_at = sql_get_int(&q);
		m->ended_why = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
mitigation_end_patched(struct store *st, int64_t now, int64_t *ended, struct err *e)
{
	/* Only where somebody was known to be in need of it once: a workaround may come before the first finding. */
	SQL_AUTO q = sql_new(
		st,
		"UPDATE mitigation SET ended_at = ?1, ended_why = 'patched' WHERE ended_at = 0"
		" AND NOT EXISTS (SELECT 1 FROM host_patch x JOIN host h ON h.id = x.host"
		"  WHERE x.patch = mitigation.subject AND x.state NOT IN ('installed') AND (mitigation.group_name = ''"
		"  OR h.group_name = mitigation.group_name OR EXISTS (SELECT 1 FROM fleet_member m"
		"  WHERE m.name = mitigation.group_name AND m.host = h.id)))"
		" AND NOT EXISTS (SELECT 1 FROM finding f JOIN host h ON h.id = f.host"
		"  WHERE f.vulnerability = mitigation.subject AND (mitigation.group_name = ''"
		"  OR h.group_name = mitigation.group_name OR EXISTS (SELECT 1 FROM fleet_member m"
		"  WHERE m.name = mitigation.group_name AND m.host = h.id)))"
		" AND (EXISTS (SELECT 1 FROM host_patch x WHERE x.patch = mitigation.subject)"
		"  OR EXISTS (SELECT 1 FROM patch_fix k JOIN host_patch x ON x.patch = k.patch"
		"   WHERE k.vulnerability = mitigation.subject AND x.state = 'installed'))");
	sql_int(&q, now);
	if (!sql_run(&q, e))
		return false;
	*ended = sql_changes(st);
	return true;
}

/* ---- holds ---- */

bool
hold_insert(struct store *st, const struct hold *h, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO hold (id, host, group_name, by_user, why, at, until)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, h->id);
	sql_text(&q, h->host);
	sql_text(&q, h->group);
	sql_text(&q, h->by);
	sql_text(&q, h->why);
	sql_int(&q, h->at);
	sql_int(&q, h->until);
	return sql_run(&q, e);
}

#define HOLD_COLUMNS \
	"SELECT o.id, o.host, o.group_name, o.by_user, o.why, o.at, o.until, o.released_at, o.released_by, h.name"
#define HOLD_FROM " FROM hold o LEFT JOIN host h ON h.id = o.host"

static void
hold_read(struct sql *q, struct arena *a, struct hold *h)
{
	h->id = sql_get_str(q, a);
	h->host = sql_get_str(q, a);
	h->group = sql_get_str(q, a);
	h->by = sql_get_str(q, a);
	h->why = sql_get_str(q, a);
	h->at = sql_get_int(q);
	h->until = sql_get_int(q);
	h->released_at = sql_get_int(q);
	h->released_by = sql_get_str(q, a);
	h->host_name = sql_get_str(q, a);
}

bool
hold_get(struct store *st, struct arena *a, struct str id, struct hold *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, HOLD_COLUMNS HOLD_FROM " WHERE o.id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "there is no hold of this id: see mamori hold list", e))
		return false;
	hold_read(&q, a, out);
	return sql_end(&q, e);
}

bool
hold_release(struct store *st, struct str id, struct str by, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE hold SET released_at = ?2, released_by = ?3 WHERE id = ?1 AND released_at = 0"
				 " AND (until = 0 OR until > ?2)");
	sql_text(&q, id);
	sql_int(&q, now);
	sql_text(&q, by);
	return sql_run(&q, e) && (sql_changes(st) || err_set(e, ERR_CONFLICT, "this hold is over already"));
}

static bool
holds_read(struct sql *q, struct arena *a, struct hold **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct hold) rows = { 0 };
	while (sql_row(q))
		hold_read(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
hold_list(struct store *st, struct arena *a, bool ended, int64_t now, struct page *p, struct hold **out, size_t *count,
	  struct err *e)
{
	const char *from = ended ? HOLD_FROM " WHERE ?1 <> 0"
				 : HOLD_FROM " WHERE o.released_at = 0 AND (o.until = 0 OR o.until > ?1)";
	SQL_AUTO total = sql_count(st, from);
	sql_int(&total, now);
	if (!sql_number(&total, &p->total, e))
		return false;
	static const struct sql_sort sorts[] = { { "", "o.at DESC" } };
	SQL_AUTO q = sql_list(st, HOLD_COLUMNS, from, sorts, COUNT(sorts), "o.id", p);
	sql_int(&q, now);
	sql_page(&q, p);
	return holds_read(&q, a, out, count, e);
}

bool
holds_of_host(struct store *st, struct arena *a, struct str host, int64_t now, struct hold **out, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, HOLD_COLUMNS HOLD_FROM " WHERE o.released_at = 0 AND (o.until = 0 OR o.until > ?2)"
							" AND (o.host = ?1 OR o.group_name IN " HOST_GROUPS
							") ORDER BY o.at, o.id");
	sql_text(&q, host);
	sql_int(&q, now);
	return holds_read(&q, a, out, count, e);
}

/* ---- what waits on a host ---- */

bool
pending_patches(struct store *st, struct arena *a, struct str host, struct pending_patch **out, size_t *count,
		struct err *e)
{
	/* Workarounds are rare: joined only where one is in force at all. */
	SQL_AUTO q = sql_new(
		st, "SELECT x.patch, x.title, y.source, x.state, x.security, x.staged, y.severity, y.kev, y.first_seen,"
		    " y.size, x.from_version, x.to_version, y.origins, w.workaround, w.owner FROM host_patch x JOIN "
		    "patch y ON y.id = x.patch"
		    " LEFT JOIN mitigation w ON w.id = (SELECT m.id FROM mitigation m WHERE m.ended_at = 0"
		    "  AND (m.group_name = '' OR m.group_name IN " HOST_GROUPS ")"
		    "  AND (m.subject = x.patch OR m.subject IN (SELECT k.vulnerability FROM patch_fix k"
		    "  WHERE k.patch = x.patch)) ORDER BY m.at DESC LIMIT 1)"
		    " WHERE x.host = ?1 AND x.listed AND x.state NOT IN ('installed', 'installed-pending-reboot')"
		    " ORDER BY x.patch");
	sql_text(&q, host);
	ARRAY_OF(struct pending_patch) rows = { 0 };
	while (sql_row(&q)) {
		struct pending_patch *p = ARRAY_PUSH(a, &rows);
		p->patch = sql_get_str(&q, a);
		p->title = sql_get_str(&q, a);
		p->source = sql_get_str(&q, a);
		(void)patch_state_parse(sql_get_str(&q, a), &p->state);
		p->security = sql_get_int(&q);
		p->staged = sql_get_int(&q);
		p->severity = (int)sql_get_int(&q);
		p->kev = sql_get_int(&q);
		p->first_seen = sql_get_int(&q);
		p->size = sql_get_int(&q);
		p->from = sql_get_str(&q, a);
		p->to = sql_get_str(&q, a);
		p->origins = sql_get_str(&q, a);
		p->mitigation = sql_get_str(&q, a);
		p->mitigation_owner = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
