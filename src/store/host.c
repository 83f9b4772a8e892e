#include "store/host.h"

#include "store/sql.h"

static const char *const state_names[] = { "pending", "active", "revoked", "cloned" };

const char *
host_state_name(enum host_state s)
{
	return state_names[s];
}

static enum host_state
state_parse(struct str s)
{
	for (size_t i = 0; i < COUNT(state_names); i++)
		if (str_eq(s, str_of(state_names[i])))
			return (enum host_state)i;
	return HOST_REVOKED;
}

#define HOST_COLUMNS \
	"SELECT h.id, h.name, h.group_name, h.state, h.enrolled_at, h.token, h.signing_key, h.agent, h.machine, " \
	"h.boot," \
	" h.lineage, h.lineage_before, h.cloned_at, h.reverted_at, h.last_seen, h.peer, h.os_key, h.os_name, " \
	"h.serial," \
	" h.addresses, h.reboot, h.planned_at, h.plan_error, h.lists_at, h.updates_at, h.package_count, h.matched_at," \
	" h.matched_generation, h.eol_at, h.eol_ended, h.unknown, h.low, h.medium, h.high, h.critical, h.kev," \
	" h.pending, h.security, h.running, h.failed, h.queued, h.hardware_at, h.not_matched," \
	" h.exposed, h.importance, h.watch, h.next_window, h.within_days, h.act_now, h.overdue, h.overdue_now"
static void
host_read(struct sql *q, struct arena *a, struct host *h)
{
	*h = (struct host){ .id = sql_get_str(q, a) };
	h->name = sql_get_str(q, a);
	h->group = sql_get_str(q, a);
	h->state = state_parse(sql_get_str(q, a));
	h->enrolled_at = sql_get_int(q);
	h->token = sql_get_str(q, a);
	h->signing_key = sql_get_str(q, a);
	h->agent = sql_get_str(q, a);
	h->machine = sql_get_str(q, a);
	h->boot = sql_get_str(q, a);
	h->lineage = sql_get_str(q, a);
	h->lineage_before = sql_get_str(q, a);
	h->cloned_at = sql_get_int(q);
	h->reverted_at = sql_get_int(q);
	h->last_seen = sql_get_int(q);
	h->peer = sql_get_str(q, a);
	h->os_key = sql_get_str(q, a);
	h->os_name = sql_get_str(q, a);
	h->serial = sql_get_str(q, a);
	h->addresses = sql_get_str(q, a);
	h->reboot = sql_get_int(q);
	h->planned_at = sql_get_int(q);
	h->plan_error = sql_get_str(q, a);
	h->lists_at = sql_get_int(q);
	h->updates_at = sql_get_int(q);
	h->packages = sql_get_int(q);
	h->matched_at = sql_get_int(q);
	h->matched_generation = (uint64_t)sql_get_int(q);
	h->eol_at = sql_get_int(q);
	h->eol_ended = sql_get_int(q);
	for (int i = 0; i < HOST_SEVERITIES; i++)
		h->findings[i] = sql_get_int(q);
	h->kev = sql_get_int(q);
	h->pending = sql_get_int(q);
	h->security = sql_get_int(q);
	h->running = sql_get_int(q);
	h->failed = sql_get_int(q);
	h->queued = sql_get_int(q);
	h->hardware_at = sql_get_int(q);
	h->not_matched = sql_get_str(q, a);
	h->exposed = sql_get_int(q);
	h->importance = (int)sql_get_int(q);
	for (size_t i = 0; i < COUNT(h->actions); i++)
		h->actions[i] = sql_get_int(q);
	h->overdue = sql_get_int(q);
	h->overdue_now = sql_get_int(q);
}

bool
host_insert(struct store *st, const struct host *h, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO host (id, name, group_name, state, enrolled_at, token, signing_key, agent,"
			    " machine, os_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, h->id);
	sql_text(&q, h->name);
	sql_text(&q, h->group);
	sql_cstr(&q, state_names[h->state]);
	sql_int(&q, h->enrolled_at);
	sql_text(&q, h->token);
	sql_text(&q, h->signing_key);
	sql_text(&q, h->agent);
	sql_text(&q, h->machine);
	sql_text(&q, h->os_key);
	return sql_run(&q, e);
}

bool
host_get(struct store *st, struct arena *a, struct str id, struct host *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, HOST_COLUMNS " FROM host h WHERE h.id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "no host has this id: look it up with mamori host list", e))
		return false;
	host_read(&q, a, out);
	return sql_end(&q, e);
}

static const struct sql_sort host_sorts[] = {
	{ "name", "h.name COLLATE NOCASE" },
	{ "group", "h.group_name COLLATE NOCASE" },
	{ "os", "h.os_key" },
	{ "last_seen", "h.last_seen" },
	{ "security", "h.security" },
	{ "pending", "h.pending" },
	{ "attention", "CASE WHEN h.state = 'cloned' THEN 0 WHEN h.overdue_now > 0 THEN 1 WHEN h.failed > 0 THEN 2"
		       " WHEN h.state = 'pending' THEN 5 WHEN h.reverted_at > 0 THEN 3 ELSE 4 END" },
	{ "overdue", "h.overdue_now * 10000 + h.overdue" },
	{ "findings", "h.critical * 1000000 + h.high * 10000 + h.medium * 100 + h.low + h.unknown" },
};

bool
host_known_sort(struct str key)
{
	for (size_t i = 0; i < COUNT(host_sorts); i++)
		if (str_eq(key, str_of(host_sorts[i].key)))
			return true;
	return false;
}

static bool
siteless(const struct host_filter *f)
{
	return str_eq(f->site, STR("-"));
}

static void
where_build(struct buf *from, const struct host_filter *f)
{
	buf_add(from, STR(" FROM host h WHERE 1"));
	sql_and(from, f->q.len > 0,
		" AND (h.name LIKE ?1 ESCAPE '\\' OR h.addresses LIKE ?1 ESCAPE '\\' OR h.os_name LIKE ?1 ESCAPE '\\'"
		" OR h.os_key LIKE ?1 ESCAPE '\\' OR h.serial LIKE ?1 ESCAPE '\\')");
	sql_and(from, f->group.len > 0, " AND h.group_name = ?2");
	sql_and(from, f->state.len > 0, " AND h.state = ?3");
	sql_and(from, f->os.len > 0, " AND h.os_key = ?4");
	sql_and(from, f->site.len > 0, siteless(f) ? " AND h.site IS NULL" : " AND h.site = ?8");
	sql_and(from, f->attention.len > 0,
		" AND CASE ?5 WHEN 'security' THEN h.security > 0 WHEN 'failed' THEN h.failed > 0"
		" WHEN 'silent' THEN h.state = 'active' AND h.last_seen < ?6 WHEN 'reboot' THEN h.reboot"
		" WHEN 'eol' THEN h.eol_ended WHEN 'notice' THEN h.state IN ('cloned', 'pending') OR"
		" (h.state = 'active' AND (h.failed > 0 OR h.overdue_now > 0 OR h.not_matched IS NOT NULL"
		" OR h.eol_ended OR h.last_seen < ?6 OR h.reverted_at > ?7"
		" OR h.hardware_at > ?7)) WHEN 'kev' THEN h.kev > 0 WHEN 'overdue' THEN h.overdue > 0"
		" WHEN 'not-matched' THEN h.not_matched IS NOT NULL ELSE 0 END");
}

static void
filter_bind(struct sql *q, struct arena *a, const struct host_filter *f)
{
	sql_text_at(q, 1, sql_like(a, f->q));
	sql_text_at(q, 2, f->group);
	sql_text_at(q, 3, f->state);
	sql_text_at(q, 4, f->os);
	sql_text_at(q, 5, f->attention);
	sql_int_at(q, 6, f->silent_before, f->attention.len > 0);
	sql_int_at(q, 7, f->event_after, f->attention.len > 0);
	sql_text_at(q, 8, siteless(f) ? STR_NONE : f->site);
}

bool
host_list(struct store *st, struct arena *a, const struct host_filter *f, struct page *p, struct host **out,
	  size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	where_build(&from, f);
	SQL_AUTO total = sql_count(st, buf_cstr(&from));
	filter_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_list(st, HOST_COLUMNS, buf_cstr(&from), host_sorts, COUNT(host_sorts), "h.id", p);
	filter_bind(&q, a, f);
	sql_page(&q, p);
	ARRAY_OF(struct host) hosts = { 0 };
	while (sql_row(&q))
		host_read(&q, a, ARRAY_PUSH(a, &hosts));
	if (!sql_end(&q, e))
		return false;
	*out = hosts.items;
	*count = hosts.count;
	return true;
}

bool
host_ids(struct store *st, struct arena *a, enum host_state s, struct str **ids, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT id FROM host WHERE state = ? ORDER BY name, id");
	sql_cstr(&q, state_names[s]);
	ARRAY_OF(struct str) found = { 0 };
	while (sql_row(&q))
		*ARRAY_PUSH(a, &found) = sql_get_str(&q, a);
	if (!sql_end(&q, e))
		return false;
	*ids = found.items;
	*count = found.count;
	return true;
}

bool
host_set_state(struct store *st, struct str id, enum host_state s, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET state = ? WHERE id = ?");
	sql_cstr(&q, state_names[s]);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_set_group(struct store *st, struct str id, struct str group, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET group_name = ? WHERE id = ?");
	sql_text(&q, group);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_set_contact(struct store *st, const struct host *h, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE host SET agent = ?2, machine = ?3, boot = ?4, lineage = ?5, lineage_before = ?6,"
			    " cloned_at = ?7, reverted_at = ?8, last_seen = ?9, peer = ?10, planned_at = ?11,"
			    " plan_error = ?12, state = ?13, hardware_at = ?14 WHERE id = ?1");
	sql_text(&q, h->id);
	sql_text(&q, h->agent);
	sql_text(&q, h->machine);
	sql_text(&q, h->boot);
	sql_text(&q, h->lineage);
	sql_text(&q, h->lineage_before);
	sql_int(&q, h->cloned_at);
	sql_int(&q, h->reverted_at);
	sql_int(&q, h->last_seen);
	sql_text(&q, h->peer);
	sql_int(&q, h->planned_at);
	sql_text(&q, h->plan_error);
	sql_cstr(&q, state_names[h->state]);
	sql_int(&q, h->hardware_at);
	return sql_run(&q, e);
}

bool
host_set_system(struct store *st, const struct host *h, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET name = ?2, os_key = ?3, os_name = ?4, serial = ?5, addresses = ?6,"
				 " reboot = ?7 WHERE id = ?1");
	sql_text(&q, h->id);
	sql_text(&q, h->name);
	sql_text(&q, h->os_key);
	sql_text(&q, h->os_name);
	sql_text(&q, h->serial);
	sql_text(&q, h->addresses);
	sql_int(&q, h->reboot);
	return sql_run(&q, e);
}

bool
host_set_packages(struct store *st, struct str id, int64_t packages, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET package_count = ? WHERE id = ?");
	sql_int(&q, packages);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_set_updates(struct store *st, struct str id, int64_t lists_at, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET lists_at = ?, updates_at = ? WHERE id = ?");
	sql_int(&q, lists_at);
	sql_int(&q, now);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_set_weight(struct store *st, struct str id, bool exposed, int importance, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET exposed = ?, importance = ? WHERE id = ?");
	sql_int(&q, exposed);
	sql_int(&q, importance);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_set_match(struct store *st, const struct host *h, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE host SET matched_at = ?2, matched_generation = ?3, eol_at = ?4, eol_ended = ?5,"
			    " not_matched = ?6 WHERE id = ?1");
	sql_text(&q, h->id);
	sql_int(&q, h->matched_at);
	sql_int(&q, (int64_t)h->matched_generation);
	sql_int(&q, h->eol_at);
	sql_int(&q, h->eol_ended);
	sql_text(&q, h->not_matched);
	return sql_run(&q, e);
}

bool
host_set_not_matched(struct store *st, struct str id, struct str why, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET not_matched = ? WHERE id = ?");
	sql_text(&q, why);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_sources(struct store *st, struct arena *a, struct host_source **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT h.id, h.os_key, h.matched_generation, h.matched_at > 0, s.names FROM host h"
				 " LEFT JOIN host_source s ON s.host = h.id WHERE h.state = 'active'"
				 " ORDER BY h.os_key, h.id");
	ARRAY_OF(struct host_source) rows = { 0 };
	while (sql_row(&q)) {
		struct host_source *s = ARRAY_PUSH(a, &rows);
		s->id = sql_get_str(&q, a);
		s->os_key = sql_get_str(&q, a);
		s->generation = (uint64_t)sql_get_int(&q);
		s->matched = sql_get_int(&q);
		s->names = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
host_set_names(struct store *st, struct str id, struct str names, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO host_source (host, names) VALUES (?, ?) ON CONFLICT (host) DO UPDATE"
				 " SET names = excluded.names WHERE names <> excluded.names");
	sql_text(&q, id);
	sql_blob(&q, names);
	return sql_run(&q, e);
}

bool
host_set_generation(struct store *st, struct str id, uint64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET matched_generation = ? WHERE id = ?");
	sql_int(&q, (int64_t)now);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_forget_generation(struct store *st, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET matched_generation = -1");
	return sql_run(&q, e);
}

bool
host_set_eol(struct store *st, struct str os_key, int64_t eol, bool ended, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET eol_at = ?2, eol_ended = ?3 WHERE os_key = ?1"
				 " AND (eol_at <> ?2 OR eol_ended <> ?3)");
	sql_text(&q, os_key);
	sql_int(&q, eol);
	sql_int(&q, ended);
	return sql_run(&q, e);
}

bool
host_delete(struct store *st, struct str id, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM host WHERE id = ?");
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
host_groups(struct store *st, struct arena *a, int64_t silent_before, struct host_group **out, size_t *count,
	    struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT h.group_name, count(*), coalesce(sum(h.security > 0), 0),"
				 " sum(h.updates_at > 0 AND h.security = 0), sum(h.last_seen < ?1)"
				 " FROM host h WHERE h.state = 'active' GROUP BY h.group_name"
				 " ORDER BY h.group_name IS NULL, h.group_name COLLATE NOCASE");
	sql_int(&q, silent_before);
	ARRAY_OF(struct host_group) groups = { 0 };
	while (sql_row(&q)) {
		struct host_group *g = ARRAY_PUSH(a, &groups);
		g->name = sql_get_str(&q, a);
		g->hosts = sql_get_int(&q);
		g->security = sql_get_int(&q);
		g->current = sql_get_int(&q);
		g->silent = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = groups.items;
	*count = groups.count;
	return true;
}

static bool
count_hosts(struct store *st, int64_t silent_before, struct host_counts *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT count(*) FILTER (WHERE h.state = 'active'),"
				 " count(*) FILTER (WHERE h.state = 'pending'),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.last_seen < ?1),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.security > 0),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.updates_at > 0"
				 " AND h.security = 0),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.reboot),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.eol_ended),"
				 " sum(h.unknown), sum(h.low), sum(h.medium), sum(h.high), sum(h.critical), sum(h.kev),"
				 " count(*) FILTER (WHERE h.state = 'active' AND h.not_matched IS NOT NULL)"
				 " FROM host h");
	sql_int(&q, silent_before);
	if (sql_row(&q)) {
		out->enrolled = sql_get_int(&q);
		out->pending = sql_get_int(&q);
		out->silent = sql_get_int(&q);
		out->with_security = sql_get_int(&q);
		out->current = sql_get_int(&q);
		out->reboot = sql_get_int(&q);
		out->ended = sql_get_int(&q);
		for (int i = 0; i < HOST_SEVERITIES; i++)
			out->findings[i] = sql_get_int(&q);
		out->kev = sql_get_int(&q);
		out->not_matched = sql_get_int(&q);
	}
	return sql_end(&q, e);
}

static bool
count_patches(struct store *st, int64_t since, struct host_counts *out, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT coalesce(sum(missing), 0), coalesce(sum((missing + queued + running + failed"
			    " + kept) * security), 0), coalesce(sum(queued), 0), coalesce(sum(running), 0) FROM patch");
	if (sql_row(&q)) {
		out->missing = sql_get_int(&q);
		out->missing_security = sql_get_int(&q);
		out->queued = sql_get_int(&q);
		out->running = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	SQL_AUTO ended =
		sql_new(st, "SELECT count(*) FILTER (WHERE state = 'failed'),"
			    " count(*) FILTER (WHERE state <> 'failed') FROM attempt WHERE finished >= max(?, 1)");
	sql_int(&ended, since);
	if (sql_row(&ended)) {
		out->failed_recent = sql_get_int(&ended);
		out->installed_recent = sql_get_int(&ended);
	}
	return sql_end(&ended, e);
}

bool
host_count_all(struct store *st, int64_t silent_before, int64_t since, struct host_counts *out, struct err *e)
{
	struct host_counts counts = { 0 };
	if (!count_hosts(st, silent_before, &counts, e) || !count_patches(st, since, &counts, e))
		return false;
	*out = counts;
	return true;
}
