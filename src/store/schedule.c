#include "store/schedule.h"

#include "store/sql.h"

bool
host_clusters(struct store *st, struct arena *a, struct str group, struct host_cluster **out, size_t *count,
	      struct err *e)
{
	BUF_AUTO text = { 0 };
	buf_add(&text, STR("SELECT h.group_name, d.policy, h.timezone, min(h.id), count(*), sum(d.goes),"
			   " coalesce(max(t.reboot_ms), 0)"
			   " FROM host_directive d JOIN host h ON h.id = d.host AND h.state = 'active'"
			   " LEFT JOIN model_time t ON t.model = h.model"
			   " WHERE d.policy <> ''"));
	sql_and(&text, group.len > 0, " AND h.group_name = ?1");
	buf_add(&text, STR(" GROUP BY h.group_name, d.policy, h.timezone ORDER BY h.group_name, d.policy"));
	SQL_AUTO q = sql_new(st, buf_cstr(&text));
	sql_text_at(&q, 1, group);
	ARRAY_OF(struct host_cluster) rows = { 0 };
	while (sql_row(&q)) {
		struct host_cluster *c = ARRAY_PUSH(a, &rows);
		c->group = sql_get_str(&q, a);
		c->policy = sql_get_str(&q, a);
		c->timezone = sql_get_str(&q, a);
		c->host = sql_get_str(&q, a);
		c->hosts = sql_get_int(&q);
		c->patches = sql_get_int(&q);
		c->reboot_ms = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

static void
cluster_bind(struct sql *q, const struct host_cluster *c, int64_t max)
{
	sql_text(q, c->group);
	sql_text(q, c->policy);
	sql_text(q, c->timezone);
	sql_int(q, max);
}

#define CLUSTER \
	" FROM host_directive d JOIN host h ON h.id = d.host AND h.state = 'active' AND h.group_name IS ?1" \
	" AND h.timezone = ?3"

bool
cluster_hosts(struct store *st, struct arena *a, const struct host_cluster *c, int64_t max, struct cluster_host **out,
	      size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT h.id, h.name, coalesce(t.signed, '')" CLUSTER
				 " LEFT JOIN directive_text t ON t.host = h.id WHERE d.policy = ?2 ORDER BY h.name"
				 " LIMIT ?4");
	cluster_bind(&q, c, max);
	ARRAY_OF(struct cluster_host) rows = { 0 };
	while (sql_row(&q)) {
		struct cluster_host *h = ARRAY_PUSH(a, &rows);
		h->id = sql_get_str(&q, a);
		h->name = sql_get_str(&q, a);
		h->signed_text = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
cluster_patches(struct store *st, struct arena *a, const struct host_cluster *c, int64_t max,
		struct cluster_patch **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "SELECT h.id, x.patch, x.title" CLUSTER " JOIN host_patch x ON x.host = h.id AND x.listed"
		    " AND x.state IN ('missing', 'failed') WHERE d.policy = ?2 ORDER BY x.title, h.id LIMIT ?4");
	cluster_bind(&q, c, max);
	ARRAY_OF(struct cluster_patch) rows = { 0 };
	while (sql_row(&q)) {
		struct cluster_patch *p = ARRAY_PUSH(a, &rows);
		p->host = sql_get_str(&q, a);
		p->patch = sql_get_str(&q, a);
		p->title = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
not_back_candidates(struct store *st, struct arena *a, int64_t silent_before, int64_t since, int64_t now,
		    struct not_back **out, size_t *count, struct err *e)
{
	/* Silent since a check-in in its slot, or since the last one before it opened. */
	SQL_AUTO q = sql_new(st, "SELECT h.id, h.name, h.group_name, s.slot, s.starts, s.ends, h.last_seen,"
				 " s.unhealthy_since > 0 FROM slot_report s JOIN host h ON h.id = s.host"
				 " AND h.state = 'active' WHERE s.unhealthy_since > 0 OR (h.last_seen < ?1"
				 " AND s.starts > ?2 AND s.starts <= ?3 AND h.last_seen <= s.ends"
				 " AND h.last_seen > s.starts - 1800000 AND s.pass > 0) ORDER BY h.group_name, h.name");
	sql_int(&q, silent_before);
	sql_int(&q, since);
	sql_int(&q, now);
	ARRAY_OF(struct not_back) rows = { 0 };
	while (sql_row(&q)) {
		struct not_back *n = ARRAY_PUSH(a, &rows);
		n->host = sql_get_str(&q, a);
		n->name = sql_get_str(&q, a);
		n->group = sql_get_str(&q, a);
		n->slot = sql_get_str(&q, a);
		n->start = sql_get_int(&q);
		n->end = sql_get_int(&q);
		n->last_seen = sql_get_int(&q);
		n->unhealthy = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
not_back_keep(struct store *st, int64_t at, const struct not_back *n, struct err *e)
{
	SQL_AUTO old = sql_new(st, "DELETE FROM not_back_list WHERE at < ?");
	sql_int(&old, at - INT64_C(31622400000));
	if (!sql_run(&old, e))
		return false;
	SQL_AUTO q =
		sql_new(st, "INSERT OR REPLACE INTO not_back_list (at, host, state, last_seen) VALUES (?, ?, ?, ?)");
	sql_int(&q, at);
	sql_text(&q, n->host);
	sql_text(&q, n->unhealthy ? STR("unhealthy") : STR("silent"));
	sql_int(&q, n->last_seen);
	return sql_run(&q, e);
}

bool
not_back_kept(struct store *st, struct arena *a, int64_t since, int64_t max, struct kept_not_back **out, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT l.at, l.last_seen, l.host, h.name, h.group_name, l.state FROM not_back_list l"
				 " JOIN host h ON h.id = l.host WHERE l.at > ? ORDER BY l.at DESC, h.name LIMIT ?");
	sql_int(&q, since);
	sql_int(&q, max);
	ARRAY_OF(struct kept_not_back) rows = { 0 };
	while (sql_row(&q)) {
		struct kept_not_back *k = ARRAY_PUSH(a, &rows);
		k->at = sql_get_int(&q);
		k->last_seen = sql_get_int(&q);
		k->host = sql_get_str(&q, a);
		k->name = sql_get_str(&q, a);
		k->group = sql_get_str(&q, a);
		k->state = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
