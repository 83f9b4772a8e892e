#include "store/step.h"

#include "store/sql.h"

bool
step_members(struct store *st, struct arena *a, struct str group, struct step_member **out, size_t *count,
	     struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT h.id, d.steps, h.last_seen, h.backup_at FROM host_directive d"
				 " JOIN host h ON h.id = d.host WHERE d.steps IS NOT NULL AND h.state = 'active'"
				 " AND (h.group_name = ?1 OR EXISTS (SELECT 1 FROM fleet_member m"
				 " WHERE m.name = ?1 AND m.host = h.id)) ORDER BY h.id");
	sql_text(&q, group);
	ARRAY_OF(struct step_member) rows = { 0 };
	while (sql_row(&q)) {
		struct step_member *m = ARRAY_PUSH(a, &rows);
		m->host = sql_get_str(&q, a);
		m->state = sql_get_int(&q);
		m->last_seen = sql_get_int(&q);
		m->backup_at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
step_patches(struct store *st, struct str host, int64_t failed_after, int64_t *state, int64_t *oldest_failure,
	     struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT coalesce(max(state IN ('running', 'installed-pending-reboot')), 0),"
				 " coalesce(min(CASE WHEN state = 'failed' AND at > ?2 THEN at END), 0)"
				 " FROM host_patch WHERE host = ?1");
	sql_text(&q, host);
	sql_int(&q, failed_after);
	int64_t busy = 0, failure = 0;
	if (sql_row(&q)) {
		busy = sql_get_int(&q);
		failure = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*state = (busy ? STEP_BUSY : 0) | (failure ? STEP_FAILED : 0);
	*oldest_failure = failure;
	return true;
}

bool
host_set_backup(struct store *st, struct str host, int64_t at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET backup_at = ? WHERE id = ?");
	sql_int(&q, at);
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
host_saw_backup(struct store *st, struct str host, int64_t at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET backup_at = ?2 WHERE id = ?1 AND backup_at < ?2");
	sql_text(&q, host);
	sql_int(&q, at);
	return sql_run(&q, e);
}

bool
host_backup(struct store *st, struct str host, int64_t *at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT backup_at FROM host WHERE id = ?");
	sql_text(&q, host);
	return sql_number(&q, at, e);
}

/* ---- models ---- */

bool
host_set_model(struct store *st, struct str host, struct str model, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET model = ?2 WHERE id = ?1 AND model <> ?2");
	sql_text(&q, host);
	sql_text(&q, model.ptr ? model : STR(""));
	return sql_run(&q, e);
}

bool
model_time_get(struct store *st, struct str host, struct model_time *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT t.install_ms, t.reboot_ms FROM host h JOIN model_time t ON t.model = h.model"
				 " WHERE h.id = ?");
	sql_text(&q, host);
	struct model_time t = { 0 };
	if (sql_row(&q)) {
		t.install_ms = sql_get_int(&q);
		t.reboot_ms = sql_get_int(&q);
	}
	*out = t;
	return sql_end(&q, e);
}

/* A quarter of the way, at once where nothing was known. */
static int64_t
follow(int64_t old, int64_t seen)
{
	return !seen ? old : old ? old + (seen - old) / 4 : seen;
}

static bool
moved(int64_t old, int64_t now)
{
	int64_t by = now > old ? now - old : old - now;
	return by > old / 10;
}

struct learned {
	struct str model;
	struct model_time old, seen;
};

bool
model_times_learn(struct store *st, struct arena *a, int64_t *changed, struct err *e)
{
	/* The smallest value that nine tenths do not exceed; hosts that have learned nothing yet do not count. */
	SQL_AUTO q = sql_new(
		st,
		"WITH said AS (SELECT h.model, nullif(s.install_ms, 0) AS i, nullif(s.reboot_ms, 0) AS r"
		" FROM slot_report s JOIN host h ON h.id = s.host AND h.model <> '' AND h.state = 'active'),"
		" installs AS (SELECT model, min(i) AS v FROM (SELECT model, i, cume_dist() OVER"
		"  (PARTITION BY model ORDER BY i) AS c FROM said WHERE i IS NOT NULL) WHERE c >= 0.9 GROUP BY model),"
		" reboots AS (SELECT model, min(r) AS v FROM (SELECT model, r, cume_dist() OVER"
		"  (PARTITION BY model ORDER BY r) AS c FROM said WHERE r IS NOT NULL) WHERE c >= 0.9 GROUP BY model)"
		" SELECT m.model, coalesce(i.v, 0), coalesce(r.v, 0), coalesce(t.install_ms, 0),"
		" coalesce(t.reboot_ms, 0) FROM (SELECT model FROM installs UNION SELECT model FROM reboots) m"
		" LEFT JOIN installs i ON i.model = m.model LEFT JOIN reboots r ON r.model = m.model"
		" LEFT JOIN model_time t ON t.model = m.model ORDER BY m.model");
	ARRAY_OF(struct learned) rows = { 0 };
	while (sql_row(&q)) {
		struct learned *l = ARRAY_PUSH(a, &rows);
		l->model = sql_get_str(&q, a);
		l->seen.install_ms = sql_get_int(&q);
		l->seen.reboot_ms = sql_get_int(&q);
		l->old.install_ms = sql_get_int(&q);
		l->old.reboot_ms = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*changed = 0;
	for (size_t i = 0; i < rows.count; i++) {
		const struct learned *l = &rows.items[i];
		struct model_time now = { follow(l->old.install_ms, l->seen.install_ms),
					  follow(l->old.reboot_ms, l->seen.reboot_ms) };
		if (!moved(l->old.install_ms, now.install_ms) && !moved(l->old.reboot_ms, now.reboot_ms))
			continue;
		SQL_AUTO put = sql_new(st, "INSERT INTO model_time (model, install_ms, reboot_ms) VALUES (?, ?, ?)"
					   " ON CONFLICT (model) DO UPDATE SET install_ms = excluded.install_ms,"
					   " reboot_ms = excluded.reboot_ms");
		sql_text(&put, l->model);
		sql_int(&put, now.install_ms);
		sql_int(&put, now.reboot_ms);
		if (!sql_run(&put, e))
			return false;
		++*changed;
	}
	return true;
}
