/* Findings as matching keeps them: one by one, with their dates, and the sums of their hosts. */
#include "base/table.h"
#include "store/finding.h"
#include "store/sql.h"

bool
finding_delete(struct store *st, int64_t id, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM finding WHERE id = ?");
	sql_int(&q, id);
	return sql_run(&q, e);
}

static bool
insert_one(struct store *st, struct str host, const struct finding_row *f, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO finding (host, package, source, installed, fixed, vulnerability, aliases,"
				 " advisories, running, why, patch, published, first_seen, action, due, reason)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, host);
	sql_text(&q, f->package);
	sql_text(&q, f->source);
	sql_text(&q, f->installed);
	sql_text(&q, f->fixed);
	sql_text(&q, f->vulnerability.id);
	sql_text(&q, f->aliases);
	sql_text(&q, f->advisories);
	if (f->running < 0)
		sql_null(&q);
	else
		sql_int(&q, f->running);
	sql_text(&q, f->why);
	sql_text(&q, f->patch);
	sql_int(&q, f->published);
	sql_int(&q, f->first_seen);
	sql_int(&q, f->action);
	sql_int(&q, f->due);
	if (f->reason)
		sql_int(&q, f->reason);
	else
		sql_null(&q);
	return sql_run(&q, e);
}

/* Of one vulnerability on one host, before the rows and with them. */
struct presence {
	bool before, before_fixable, now, now_fixable;
};

static bool
presence_read(struct store *st, struct arena *a, struct str host, struct table *known, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT vulnerability, max(patch IS NOT NULL) FROM finding WHERE host = ?"
				 " GROUP BY vulnerability");
	sql_text(&q, host);
	while (sql_row(&q)) {
		struct presence *p = ARENA_NEW(a, struct presence);
		*table_put(known, sql_get_str(&q, a), NULL) = p;
		p->before = true;
		p->before_fixable = sql_get_int(&q);
	}
	return sql_end(&q, e);
}

static bool
presence_count(struct store *st, struct str vulnerability, const struct presence *p, struct err *e)
{
	bool added = p->now && !p->before, fixable = p->now_fixable && !p->before_fixable;
	if (!added && !fixable)
		return true;
	SQL_AUTO q = sql_new(st, "UPDATE vulnerability SET hosts = hosts + ?2, fixable = fixable + ?3 WHERE id = ?1");
	sql_text(&q, vulnerability);
	sql_int(&q, added);
	sql_int(&q, fixable);
	return sql_run(&q, e);
}

bool
finding_insert_all(struct store *st, struct str host, const struct finding_row *const *rows, size_t count,
		   struct err *e)
{
	ARENA_AUTO a = { 0 };
	TABLE_AUTO known = { 0 };
	struct table_slot *slot;
	if (!count)
		return true;
	if (!presence_read(st, &a, host, &known, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct presence **p = (struct presence **)table_put(&known, rows[i]->vulnerability.id, NULL);
		if (!*p)
			*p = ARENA_NEW(&a, struct presence);
		(*p)->now = true;
		(*p)->now_fixable = (*p)->now_fixable || rows[i]->patch.ptr;
		if (!insert_one(st, host, rows[i], e))
			return false;
	}
	for (size_t i = 0; table_next(&known, &i, &slot);)
		if (!presence_count(st, slot->key, slot->value, e))
			return false;
	return true;
}

bool
finding_set_due(struct store *st, int64_t id, int action, int64_t due, int64_t reason, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE finding SET action = ?2, due = ?3, reason = ?4 WHERE id = ?1");
	sql_int(&q, id);
	sql_int(&q, action);
	sql_int(&q, due);
	sql_int(&q, reason);
	return sql_run(&q, e);
}

bool
finding_of_host(struct store *st, struct arena *a, struct str host, struct finding_row **out, size_t *count,
		struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT f.id, f.package, f.source, f.installed, f.fixed, f.aliases, f.advisories,"
				 " f.running, f.why, f.patch, f.published, f.first_seen, f.action, f.due, f.reason,"
				 " f.vulnerability, v.severity FROM finding f JOIN vulnerability v"
				 " ON v.id = f.vulnerability WHERE f.host = ?");
	ARRAY_OF(struct finding_row) rows = { 0 };
	sql_text(&q, host);
	while (sql_row(&q)) {
		struct finding_row *r = ARRAY_PUSH(a, &rows);
		r->id = sql_get_int(&q);
		r->package = sql_get_str(&q, a);
		r->source = sql_get_str(&q, a);
		r->installed = sql_get_str(&q, a);
		r->fixed = sql_get_str(&q, a);
		r->aliases = sql_get_str(&q, a);
		r->advisories = sql_get_str(&q, a);
		r->running = (int)sql_get_int_or(&q, -1);
		r->why = sql_get_str(&q, a);
		r->patch = sql_get_str(&q, a);
		r->published = sql_get_int(&q);
		r->first_seen = sql_get_int(&q);
		r->action = (int)sql_get_int(&q);
		r->due = sql_get_int(&q);
		r->reason = sql_get_int(&q);
		r->vulnerability.id = sql_get_str(&q, a);
		r->vulnerability.severity = (int)sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
finding_places(struct store *st, struct arena *a, struct str vulnerability, struct finding_place **out, size_t *count,
	       struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT f.id, f.host, f.fixed IS NOT NULL, h.exposed, h.importance, f.action,"
			    " f.published, f.first_seen, f.due, f.reason FROM finding f JOIN host h ON h.id = f.host"
			    " WHERE f.vulnerability = ?");
	ARRAY_OF(struct finding_place) rows = { 0 };
	sql_text(&q, vulnerability);
	while (sql_row(&q)) {
		struct finding_place *p = ARRAY_PUSH(a, &rows);
		p->id = sql_get_int(&q);
		p->host = sql_get_str(&q, a);
		p->fixable = sql_get_int(&q);
		p->exposed = sql_get_int(&q);
		p->importance = (int)sql_get_int(&q);
		p->action = (int)sql_get_int(&q);
		p->published = sql_get_int(&q);
		p->first_seen = sql_get_int(&q);
		p->due = sql_get_int(&q);
		p->reason = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
reason_put(struct store *st, struct str en, struct str ja, int64_t *id, struct err *e)
{
	SQL_AUTO put = sql_new(st, "INSERT INTO reason (en, ja) VALUES (?, ?) ON CONFLICT DO NOTHING");
	sql_text(&put, en);
	sql_text(&put, ja);
	if (!sql_run(&put, e))
		return false;
	SQL_AUTO q = sql_new(st, "SELECT id FROM reason WHERE en = ? AND ja = ?");
	sql_text(&q, en);
	sql_text(&q, ja);
	return sql_number(&q, id, e);
}

/* A vulnerability counts once for a host, however many of its packages have it. ?1: today. */
#define HOST_SUMS \
	"UPDATE host SET (unknown, low, medium, high, critical, kev, watch, next_window, within_days, act_now, " \
	"overdue," \
	" overdue_now, due_next) = (SELECT coalesce(sum(s = 0), 0), coalesce(sum(s = 1), 0), coalesce(sum(s = 2), 0)," \
	" coalesce(sum(s = 3), 0), coalesce(sum(s = 4), 0), coalesce(sum(k), 0), coalesce(sum(a = 0), 0)," \
	" coalesce(sum(a = 1), 0), coalesce(sum(a = 2), 0), coalesce(sum(a = 3), 0), coalesce(sum(d < ?1), 0)," \
	" coalesce(sum(d < ?1 AND a = 3), 0), coalesce(min(CASE WHEN later >= ?1 THEN later END), 0)" \
	" FROM (SELECT v.severity AS s, v.kev AS k, max(f.action) AS a, min(CASE WHEN f.due > 0 THEN f.due END) AS d," \
	" min(CASE WHEN f.due >= ?1 THEN f.due END) AS later" \
	" FROM finding f JOIN vulnerability v ON v.id = f.vulnerability WHERE f.host = host.id GROUP BY " \
	"f.vulnerability))"

bool
finding_sum(struct store *st, struct str host, int64_t today, struct err *e)
{
	SQL_AUTO q = sql_new(st, HOST_SUMS " WHERE id = ?2");
	sql_int(&q, today);
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
finding_sum_due(struct store *st, int64_t today, struct err *e)
{
	SQL_AUTO q = sql_new(st, HOST_SUMS " WHERE due_next > 0 AND due_next < ?1");
	sql_int(&q, today);
	return sql_run(&q, e);
}

bool
finding_count_actions(struct store *st, struct finding_counts *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT coalesce(sum(watch), 0), coalesce(sum(next_window), 0),"
				 " coalesce(sum(within_days), 0), coalesce(sum(act_now), 0), coalesce(sum(overdue), 0),"
				 " coalesce(sum(overdue_now), 0), coalesce(sum(overdue > 0), 0) FROM host"
				 " WHERE state = 'active'");
	*out = (struct finding_counts){ 0 };
	if (sql_row(&q)) {
		for (size_t i = 0; i < COUNT(out->actions); i++)
			out->actions[i] = sql_get_int(&q);
		out->overdue = sql_get_int(&q);
		out->overdue_now = sql_get_int(&q);
		out->overdue_hosts = sql_get_int(&q);
	}
	return sql_end(&q, e);
}
