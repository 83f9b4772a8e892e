#include "store/directive.h"

#include "store/sql.h"

bool
directive_row_get(struct store *st, struct arena *a, struct str host, struct directive_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT d.host, d.serial, d.digest, coalesce(t.signed, ''), d.issued, d.expires,"
		    " d.policy, d.ring_policy, d.ring, d.goes, d.lease_needed, coalesce(d.steps, -1), d.due, d.change "
		    "FROM host_directive d"
		    " LEFT JOIN directive_text t ON t.host = d.host WHERE d.host = ?");
	sql_text(&q, host);
	if (!sql_one(&q, "no host has this id: look it up with mamori host list", e))
		return false;
	*out = (struct directive_row){ .host = sql_get_str(&q, a) };
	out->serial = sql_get_int(&q);
	out->digest = sql_get_str(&q, a);
	out->signed_text = sql_get_str(&q, a);
	out->issued = sql_get_int(&q);
	out->expires = sql_get_int(&q);
	out->policy = sql_get_str(&q, a);
	out->ring_policy = sql_get_str(&q, a);
	out->ring = sql_get_int(&q);
	out->goes = sql_get_int(&q);
	out->lease_needed = sql_get_int(&q);
	out->steps = sql_get_int(&q);
	out->due = sql_get_int(&q);
	out->change = sql_get_int(&q);
	return sql_end(&q, e);
}

static bool
text_put(struct store *st, const struct directive_row *d, struct err *e)
{
	SQL_AUTO before = sql_new(st, "SELECT serial FROM host_directive WHERE host = ?");
	sql_text(&before, d->host);
	int64_t serial = 0;
	if (!sql_number(&before, &serial, e))
		return false;
	if (serial >= d->serial)
		return true;
	SQL_AUTO q = sql_new(st, "INSERT INTO directive_text (host, signed) VALUES (?, ?)"
				 " ON CONFLICT (host) DO UPDATE SET signed = excluded.signed");
	sql_text(&q, d->host);
	sql_text(&q, d->signed_text);
	return sql_run(&q, e);
}

bool
directive_row_put(struct store *st, const struct directive_row *d, struct err *e)
{
	if (!text_put(st, d, e))
		return false;
	SQL_AUTO q = sql_new(st, "UPDATE host_directive SET serial = ?2, digest = ?3, issued = ?4, expires = ?5,"
				 " policy = ?6, ring = ?7, goes = ?10, lease_needed = ?11,"
				 " steps = nullif(?12, -1), ring_policy = ?13,"
				 " due = CASE change WHEN ?9 THEN ?8 ELSE 0 END WHERE host = ?1 AND serial <= ?2");
	sql_text(&q, d->host);
	sql_int(&q, d->serial);
	sql_text(&q, d->digest);
	sql_int(&q, d->issued);
	sql_int(&q, d->expires);
	sql_text(&q, d->policy);
	sql_int(&q, d->ring);
	sql_int(&q, d->due);
	sql_int(&q, d->change);
	sql_int(&q, d->goes);
	sql_int(&q, d->lease_needed);
	sql_int(&q, d->steps);
	sql_text(&q, d->ring_policy);
	return sql_run(&q, e);
}

bool
directive_row_touch(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host_directive SET due = 0, change = change + 1 WHERE host = ?");
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
directive_due(struct store *st, struct arena *a, int64_t now, int64_t max, struct str **hosts, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT d.host FROM host_directive d JOIN host h ON h.id = d.host"
				 " WHERE d.due <= ? AND h.state = 'active' ORDER BY d.due LIMIT ?");
	sql_int(&q, now);
	sql_int(&q, max);
	ARRAY_OF(struct str) rows = { 0 };
	while (sql_row(&q))
		*ARRAY_PUSH(a, &rows) = sql_get_str(&q, a);
	if (!sql_end(&q, e))
		return false;
	*hosts = rows.items;
	*count = rows.count;
	return true;
}

bool
directive_hosts_of(struct store *st, struct str policy, int64_t *hosts, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM host_directive WHERE policy = ?1 OR ring_policy = ?1");
	sql_text(&q, policy);
	return sql_number(&q, hosts, e);
}

/* ---- slots ---- */

bool
slot_report_get(struct store *st, struct arena *a, struct str host, struct slot_report *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT slot, starts, ends, act, reason, why, until, pass, install_ms, reboot_ms,"
				 " unhealthy_since, serial, at FROM slot_report WHERE host = ?");
	sql_text(&q, host);
	struct slot_report r = { .host = host };
	if (sql_row(&q)) {
		r.slot = sql_get_str(&q, a);
		r.start = sql_get_int(&q);
		r.end = sql_get_int(&q);
		r.act = sql_get_str(&q, a);
		r.reason = sql_get_str(&q, a);
		r.why = sql_get_str(&q, a);
		r.until = sql_get_int(&q);
		r.pass = sql_get_int(&q);
		r.install_ms = sql_get_int(&q);
		r.reboot_ms = sql_get_int(&q);
		r.unhealthy_since = sql_get_int(&q);
		r.serial = sql_get_int(&q);
		r.at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = r;
	return true;
}

bool
slot_report_put(struct store *st, const struct slot_report *r, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT OR REPLACE INTO slot_report (host, slot, starts, ends, act, reason, why, until,"
			    " pass, install_ms, reboot_ms, unhealthy_since, serial, at)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, r->host);
	sql_text(&q, r->slot);
	sql_int(&q, r->start);
	sql_int(&q, r->end);
	sql_text(&q, r->act);
	sql_text(&q, r->reason);
	sql_text(&q, r->why);
	sql_int(&q, r->until);
	sql_int(&q, r->pass);
	sql_int(&q, r->install_ms);
	sql_int(&q, r->reboot_ms);
	sql_int(&q, r->unhealthy_since);
	sql_int(&q, r->serial);
	sql_int(&q, r->at);
	return sql_run(&q, e);
}

bool
slot_done_put(struct store *st, struct str host, struct str slot, int64_t at, struct str how, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO slot_done (host, slot, at, how) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
	sql_text(&q, host);
	sql_text(&q, slot);
	sql_int(&q, at);
	sql_text(&q, how);
	return sql_run(&q, e);
}

/* ---- what newer updates replaced ---- */

bool
earlier_patches(struct store *st, struct arena *a, struct str host, struct earlier_patch **out, size_t *count,
		struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT x.source, x.patch, y.first_seen, y.kev, y.severity, y.security, y.version, y.origins"
		    " FROM host_patch_earlier x JOIN patch y ON y.id = x.patch WHERE x.host = ?"
		    " ORDER BY x.source, y.first_seen");
	sql_text(&q, host);
	ARRAY_OF(struct earlier_patch) rows = { 0 };
	while (sql_row(&q)) {
		struct earlier_patch *p = ARRAY_PUSH(a, &rows);
		p->source = sql_get_str(&q, a);
		p->patch = sql_get_str(&q, a);
		p->first_seen = sql_get_int(&q);
		p->kev = sql_get_int(&q);
		p->severity = (int)sql_get_int(&q);
		p->security = sql_get_int(&q);
		p->version = sql_get_str(&q, a);
		p->origins = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
earlier_patches_keep(struct store *st, struct str host, struct err *e)
{
	/* The oldest eight of a source: a host that makes up a new version every hour fills nothing. */
	static const char *const steps[] = {
		"INSERT OR IGNORE INTO host_patch_earlier (host, source, patch)"
		" SELECT x.host, y.source, x.patch FROM host_patch x JOIN patch y ON y.id = x.patch"
		" WHERE x.host = ?1 AND NOT x.listed AND x.state IN ('missing', 'failed', 'kept-back') AND y.source <> "
		"''"
		" AND (SELECT count(*) FROM host_patch_earlier k WHERE k.host = ?1 AND k.source = y.source) < 8",
		"DELETE FROM host_patch_earlier WHERE host = ?1 AND source NOT IN (SELECT y.source FROM host_patch x"
		" JOIN patch y ON y.id = x.patch WHERE x.host = ?1 AND x.listed"
		" AND x.state IN ('missing', 'failed', 'kept-back', 'queued', 'running'))",
	};
	for (size_t i = 0; i < COUNT(steps); i++) {
		SQL_AUTO q = sql_new(st, steps[i]);
		sql_text(&q, host);
		if (!sql_run(&q, e))
			return false;
	}
	return true;
}
