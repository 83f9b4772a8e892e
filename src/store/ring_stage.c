#include "store/ring_stage.h"

#include "store/sql.h"

/* Host d in rings of the policy ?1 with the update ?2, heard of after ?3. One whose health check failed after it has failed. */
#define RING_FROM \
	" FROM host_patch x JOIN host_directive d ON d.host = x.host AND d.ring_policy = ?1" \
	" JOIN host h ON h.id = x.host AND h.state = 'active' AND h.last_seen > ?3" \
	" LEFT JOIN slot_report s ON s.host = x.host WHERE x.patch = ?2"
#define UNHEALTHY "(x.state = 'installed' AND coalesce(s.unhealthy_since, 0) > 0 AND x.at >= s.unhealthy_since)"
#define FAILED "((x.state = 'failed' OR " UNHEALTHY ") AND x.at > ?4)"
#define HEALTHY "(x.state = 'installed' AND NOT " UNHEALTHY ")"

bool
ring_sums(struct store *st, struct arena *a, struct str policy, struct str patch, int64_t heard_after,
	  int64_t failed_after, struct ring_sum **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT d.ring, count(*), sum(" HEALTHY "), sum(" FAILED "),"
				 " sum(x.state IN ('running', 'installed-pending-reboot')), sum(" UNHEALTHY
				 " AND x.at > ?4),"
				 " coalesce(min(CASE WHEN " HEALTHY " THEN x.at END), 0),"
				 " coalesce(max(CASE WHEN " HEALTHY " THEN x.at END), 0)" RING_FROM
				 " GROUP BY d.ring ORDER BY d.ring");
	sql_text(&q, policy);
	sql_text(&q, patch);
	sql_int(&q, heard_after);
	sql_int(&q, failed_after);
	ARRAY_OF(struct ring_sum) rows = { 0 };
	while (sql_row(&q)) {
		struct ring_sum *s = ARRAY_PUSH(a, &rows);
		s->ring = sql_get_int(&q);
		s->hosts = sql_get_int(&q);
		s->installed = sql_get_int(&q);
		s->failed = sql_get_int(&q);
		s->running = sql_get_int(&q);
		s->unhealthy = sql_get_int(&q);
		s->first_installed = sql_get_int(&q);
		s->last_installed = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
ring_reached(struct store *st, struct str policy, struct str patch, int64_t ring, int64_t heard_after, int64_t nth,
	     int64_t *at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT x.at" RING_FROM " AND d.ring = ?4 AND " HEALTHY
				 " ORDER BY x.at LIMIT 1 OFFSET ?5 - 1");
	sql_text(&q, policy);
	sql_text(&q, patch);
	sql_int(&q, heard_after);
	sql_int(&q, ring);
	sql_int(&q, nth);
	return sql_number(&q, at, e);
}

bool
ring_patch_seen(struct store *st, struct str patch, int64_t *at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT coalesce(max(first_seen), 0) FROM patch WHERE id = ?");
	sql_text(&q, patch);
	return sql_number(&q, at, e);
}

bool
ring_hosts(struct store *st, struct str policy, int64_t ring, int64_t *hosts, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FROM host_directive d"
				 " JOIN host h ON h.id = d.host AND h.state = 'active'"
				 " WHERE d.ring_policy = ? AND d.ring = ?");
	sql_text(&q, policy);
	sql_int(&q, ring);
	return sql_number(&q, hosts, e);
}

/* ---- stages ---- */

static bool
stages_read(struct sql *q, struct arena *a, struct ring_stage **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct ring_stage) rows = { 0 };
	while (sql_row(q)) {
		struct ring_stage *s = ARRAY_PUSH(a, &rows);
		s->policy = sql_get_str(q, a);
		s->patch = sql_get_str(q, a);
		s->decisions = sql_get_str(q, a);
		s->due = sql_get_int(q);
	}
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
ring_stages_of_host(struct store *st, struct arena *a, struct str policy, struct str host, struct ring_stage **out,
		    size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT r.policy, r.patch, r.decisions, r.due FROM host_patch x"
				 " JOIN ring_stage r ON r.policy = ?1 AND r.patch = x.patch WHERE x.host = ?2"
				 " AND r.decisions <> '[]'");
	sql_text(&q, policy);
	sql_text(&q, host);
	return stages_read(&q, a, out, count, e);
}

bool
ring_stage_get(struct store *st, struct arena *a, struct str policy, struct str patch, struct ring_stage *out,
	       bool *found, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT policy, patch, decisions, due FROM ring_stage WHERE policy = ? AND patch = ?");
	sql_text(&q, policy);
	sql_text(&q, patch);
	struct ring_stage *rows;
	size_t count;
	if (!stages_read(&q, a, &rows, &count, e))
		return false;
	*found = count > 0;
	if (count)
		*out = rows[0];
	return true;
}

bool
ring_stage_want(struct store *st, struct str policy, struct str patch, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO ring_stage (policy, patch) VALUES (?, ?) ON CONFLICT DO NOTHING");
	sql_text(&q, policy);
	sql_text(&q, patch);
	return sql_run(&q, e);
}

bool
ring_stages_due(struct store *st, struct arena *a, int64_t now, int64_t max, struct ring_stage **out, size_t *count,
		struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT policy, patch, decisions, due FROM ring_stage WHERE due <= ? ORDER BY due LIMIT ?");
	sql_int(&q, now);
	sql_int(&q, max);
	return stages_read(&q, a, out, count, e);
}

bool
ring_stage_put(struct store *st, const struct ring_stage *s, bool *changed, struct err *e)
{
	SQL_AUTO before =
		sql_new(st, "SELECT count(*) FROM ring_stage WHERE policy = ? AND patch = ? AND decisions = ?");
	sql_text(&before, s->policy);
	sql_text(&before, s->patch);
	sql_text(&before, s->decisions);
	int64_t same = 0;
	if (!sql_number(&before, &same, e))
		return false;
	SQL_AUTO q = sql_new(st, "UPDATE ring_stage SET decisions = ?3, due = ?4 WHERE policy = ?1 AND patch = ?2");
	sql_text(&q, s->policy);
	sql_text(&q, s->patch);
	sql_text(&q, s->decisions);
	sql_int(&q, s->due);
	if (!sql_run(&q, e))
		return false;
	*changed = !same;
	if (same)
		return true;
	SQL_AUTO touch = sql_new(st, "UPDATE host_directive SET due = 0, change = change + 1 WHERE ring_policy = ?1"
				     " AND host IN (SELECT x.host FROM host_patch x WHERE x.patch = ?2 AND x.state IN"
				     " ('missing', 'failed', 'kept-back', 'queued', 'running'))");
	sql_text(&touch, s->policy);
	sql_text(&touch, s->patch);
	return sql_run(&touch, e);
}

bool
ring_stages_touch_host(struct store *st, struct str host, int64_t since, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE ring_stage SET due = 0 WHERE patch IN (SELECT x.patch FROM host_patch x"
				 " WHERE x.host = ? AND x.at >= ?)");
	sql_text(&q, host);
	sql_int(&q, since);
	return sql_run(&q, e);
}

bool
ring_stages_touched(struct store *st, struct arena *a, struct str policy, struct str host, int64_t max,
		    struct ring_stage **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT r.policy, r.patch, r.decisions, r.due FROM host_patch x"
				 " JOIN ring_stage r ON r.policy = ?1 AND r.patch = x.patch"
				 " WHERE x.host = ?2 AND r.due = 0 ORDER BY r.patch LIMIT ?3");
	sql_text(&q, policy);
	sql_text(&q, host);
	sql_int(&q, max);
	return stages_read(&q, a, out, count, e);
}

/* ---- halts ---- */

bool
ring_halt_insert(struct store *st, const struct ring_halt *h, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO ring_halt (id, policy, patch, ring, why, at) VALUES (?, ?, ?, ?, ?, ?)");
	sql_text(&q, h->id);
	sql_text(&q, h->policy);
	sql_text(&q, h->patch);
	sql_text(&q, h->ring);
	sql_text(&q, h->why);
	sql_int(&q, h->at);
	return sql_run(&q, e);
}

bool
ring_halted(struct store *st, struct str policy, struct str patch, bool *halted, int64_t *lifted_at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT coalesce(max(lifted_at = 0), 0), coalesce(max(lifted_at), 0) FROM ring_halt"
				 " WHERE policy = ? AND patch = ?");
	sql_text(&q, policy);
	sql_text(&q, patch);
	bool row = sql_row(&q);
	*halted = row && sql_get_int(&q) != 0;
	*lifted_at = row ? sql_get_int(&q) : 0;
	return sql_end(&q, e);
}

#define HALT_COLUMNS "r.id, r.policy, r.patch, r.ring, r.why, r.at, r.lifted_at, r.lifted_by"

static void
halt_read(struct sql *q, struct arena *a, struct ring_halt *h)
{
	h->id = sql_get_str(q, a);
	h->policy = sql_get_str(q, a);
	h->patch = sql_get_str(q, a);
	h->ring = sql_get_str(q, a);
	h->why = sql_get_str(q, a);
	h->at = sql_get_int(q);
	h->lifted_at = sql_get_int(q);
	h->lifted_by = sql_get_str(q, a);
}

bool
ring_halt_lift(struct store *st, struct arena *a, struct str id, struct str by, int64_t now, struct ring_halt *out,
	       struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE ring_halt AS r SET lifted_at = ?2, lifted_by = ?3 WHERE r.id = ?1"
			    " AND r.lifted_at = 0 RETURNING id, policy, patch, ring, why, at, lifted_at, lifted_by");
	sql_text(&q, id);
	sql_int(&q, now);
	sql_text(&q, by);
	if (!sql_one(&q, "no halt of this id is in force", e))
		return false;
	*out = (struct ring_halt){ 0 };
	halt_read(&q, a, out);
	return sql_end(&q, e);
}

bool
ring_halt_list(struct store *st, struct arena *a, bool lifted, struct page *p, struct ring_halt **out, size_t *count,
	       struct err *e)
{
	const char *from = lifted ? " FROM ring_halt r LEFT JOIN patch y ON y.id = r.patch"
				  : " FROM ring_halt r LEFT JOIN patch y ON y.id = r.patch WHERE r.lifted_at = 0";
	SQL_AUTO total = sql_count(st, from);
	if (!sql_number(&total, &p->total, e))
		return false;
	static const struct sql_sort sorts[] = { { "", "r.at DESC" } };
	SQL_AUTO q = sql_list(st, "SELECT " HALT_COLUMNS ", y.title", from, sorts, COUNT(sorts), "r.id", p);
	sql_page(&q, p);
	ARRAY_OF(struct ring_halt) rows = { 0 };
	while (sql_row(&q)) {
		struct ring_halt *h = ARRAY_PUSH(a, &rows);
		halt_read(&q, a, h);
		h->title = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

/* ---- leases ---- */

#define LEASE_COLUMNS "SELECT host, slot, policy, redundancy, ring, starts, until FROM lease"

static void
lease_read(struct sql *q, struct arena *a, struct lease_row *l)
{
	l->host = sql_get_str(q, a);
	l->slot = sql_get_str(q, a);
	l->policy = sql_get_str(q, a);
	l->redundancy = sql_get_str(q, a);
	l->ring = sql_get_int(q);
	l->start = sql_get_int(q);
	l->until = sql_get_int(q);
}

bool
leases_near(struct store *st, struct arena *a, struct str policy, struct str redundancy, int64_t now,
	    struct lease_row **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, LEASE_COLUMNS " WHERE until > ?1 AND (policy = ?2 OR redundancy = ?3) ORDER BY host");
	sql_int(&q, now);
	sql_text(&q, policy);
	sql_text(&q, redundancy);
	ARRAY_OF(struct lease_row) rows = { 0 };
	while (sql_row(&q))
		lease_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
lease_of_host(struct store *st, struct arena *a, struct str host, int64_t now, struct lease_row *out, bool *found,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, LEASE_COLUMNS " WHERE host = ? AND until > ?");
	sql_text(&q, host);
	sql_int(&q, now);
	*found = sql_row(&q);
	if (*found)
		lease_read(&q, a, out);
	return sql_end(&q, e);
}

bool
lease_put(struct store *st, const struct lease_row *l, struct err *e)
{
	if (!lease_drop(st, l->host, e))
		return false;
	SQL_AUTO q = sql_new(st, "INSERT INTO lease (host, slot, policy, ring, redundancy, starts, until)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, l->host);
	sql_text(&q, l->slot);
	sql_text(&q, l->policy);
	sql_int(&q, l->ring);
	sql_text(&q, l->redundancy);
	sql_int(&q, l->start);
	sql_int(&q, l->until);
	return sql_run(&q, e);
}

bool
lease_drop(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM lease WHERE host = ?");
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
partner_down(struct store *st, struct str redundancy, struct str host, int64_t silent_before, bool *down, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT count(*) FROM host h LEFT JOIN slot_report s ON s.host = h.id"
		    " LEFT JOIN host_mitigation m ON m.host = h.id"
		    " WHERE h.redundancy = ? AND h.id <> ? AND h.state = 'active'"
		    " AND (h.last_seen < ? OR coalesce(s.unhealthy_since, 0) > 0 OR coalesce(m.in_force, 0) > 0)");
	sql_text(&q, redundancy);
	sql_text(&q, host);
	sql_int(&q, silent_before);
	int64_t n = 0;
	if (!sql_number(&q, &n, e))
		return false;
	*down = n > 0;
	return true;
}
