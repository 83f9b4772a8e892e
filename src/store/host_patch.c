#include "store/host_patch.h"

#include "store/sql.h"

static const char *const state_names[PATCH_STATES] = {
	[PATCH_MISSING] = "missing",
	[PATCH_QUEUED] = "queued",
	[PATCH_RUNNING] = "running",
	[PATCH_INSTALLED] = "installed",
	[PATCH_PENDING_REBOOT] = "installed-pending-reboot",
	[PATCH_FAILED] = "failed",
	[PATCH_KEPT_BACK] = "kept-back",
};

const char *
patch_state_name(enum patch_state s)
{
	return state_names[s];
}

bool
patch_state_parse(struct str s, enum patch_state *out)
{
	for (size_t i = 0; i < PATCH_STATES; i++) {
		if (str_eq(s, str_of(state_names[i]))) {
			*out = (enum patch_state)i;
			return true;
		}
	}
	return false;
}

bool
host_patch_unlist(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host_patch SET listed = 0 WHERE host = ?");
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
host_patch_put(struct store *st, const struct host_patch *p, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "INSERT INTO host_patch (host, patch, state, listed, title, from_version, to_version, packages,"
		    " kept_back, staged, at, attempt, security) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		    " ON CONFLICT (host, patch) DO UPDATE SET state = excluded.state, listed = excluded.listed,"
		    " title = excluded.title, from_version = excluded.from_version, to_version = excluded.to_version,"
		    " packages = excluded.packages, kept_back = excluded.kept_back, staged = excluded.staged,"
		    " at = excluded.at, attempt = excluded.attempt, security = excluded.security");
	sql_text(&q, p->host);
	sql_text(&q, p->patch);
	sql_cstr(&q, state_names[p->state]);
	sql_int(&q, p->listed);
	sql_text(&q, p->title);
	sql_text(&q, p->from);
	sql_text(&q, p->to);
	sql_text(&q, p->packages);
	sql_text(&q, p->kept_back);
	sql_int(&q, p->staged);
	sql_int(&q, p->at);
	sql_text(&q, p->attempt);
	sql_int(&q, p->security);
	return sql_run(&q, e);
}

bool
host_patch_prune(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM host_patch WHERE host = ? AND NOT listed"
				 " AND state IN ('missing', 'kept-back', 'failed')");
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
host_patch_gone(struct store *st, struct str host, struct str patch, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM host_patch WHERE host = ? AND patch = ?"
				 " AND state IN ('installed', 'installed-pending-reboot')");
	sql_text(&q, host);
	sql_text(&q, patch);
	return sql_run(&q, e);
}

bool
host_patch_set_state(struct store *st, struct str host, struct str patch, enum patch_state s, struct str attempt,
		     int64_t at, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host_patch SET state = ?, attempt = ?, at = ? WHERE host = ? AND patch = ?");
	sql_cstr(&q, state_names[s]);
	sql_text(&q, attempt);
	sql_int(&q, at);
	sql_text(&q, host);
	sql_text(&q, patch);
	return sql_run(&q, e);
}

bool
host_patch_rebooted(struct store *st, struct str host, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host_patch SET state = 'installed', at = ?"
				 " WHERE host = ? AND state = 'installed-pending-reboot'");
	sql_int(&q, now);
	sql_text(&q, host);
	return sql_run(&q, e);
}

#define HOST_PATCH_COLUMNS \
	"SELECT x.host, x.patch, x.state, x.listed, x.title, x.from_version, x.to_version, x.packages, x.kept_back," \
	" x.staged, x.at, x.attempt, h.name, h.group_name, h.last_seen, x.security, y.severity, y.kev, o.by_user, " \
	"o.state," \
	" t.why, t.words, t.cause, t.at, t.finished"
#define HOST_PATCH_FROM \
	" FROM host_patch x JOIN host h ON h.id = x.host JOIN patch y ON y.id = x.patch" \
	" LEFT JOIN attempt t ON t.id = x.attempt LEFT JOIN patch_order o ON o.id = t.order_id"
/* q looks at a host's name where the rows are a host's; `updates` says that they are not. */
static void
where_build(struct buf *from, const struct patch_filter *f, bool updates)
{
	buf_add(from, STR(" WHERE 1"));
	sql_and(from, f->q.len > 0 && !updates,
		" AND (x.patch IN (SELECT id FROM patch WHERE title LIKE ?1 ESCAPE '\\' OR id LIKE ?1 ESCAPE '\\')"
		" OR x.host IN (SELECT id FROM host WHERE name LIKE ?1 ESCAPE '\\'))");
	sql_and(from, f->q.len > 0 && updates, " AND (y.title LIKE ?1 ESCAPE '\\' OR y.id LIKE ?1 ESCAPE '\\')");
	sql_and(from, f->host.len > 0, " AND x.host = ?2");
	sql_and(from, f->group.len > 0, " AND h.group_name = ?3");
	sql_and(from, f->state.len > 0, " AND x.state = ?4");
	sql_and(from, f->patch.len > 0, updates ? " AND y.id = ?5" : " AND x.patch = ?5");
	sql_and(from, f->security >= 0, updates ? " AND y.security = ?6" : " AND x.security = ?6");
}

static void
filter_bind(struct sql *q, struct arena *a, const struct patch_filter *f)
{
	sql_text_at(q, 1, sql_like(a, f->q));
	sql_text_at(q, 2, f->host);
	sql_text_at(q, 3, f->group);
	sql_text_at(q, 4, f->state);
	sql_text_at(q, 5, f->patch);
	sql_int_at(q, 6, f->security, f->security >= 0);
}

static void
host_patch_read(struct sql *q, struct arena *a, struct host_patch *p)
{
	*p = (struct host_patch){ .host = sql_get_str(q, a) };
	p->patch = sql_get_str(q, a);
	(void)patch_state_parse(sql_get_str(q, a), &p->state);
	p->listed = sql_get_int(q);
	p->title = sql_get_str(q, a);
	p->from = sql_get_str(q, a);
	p->to = sql_get_str(q, a);
	p->packages = sql_get_str(q, a);
	p->kept_back = sql_get_str(q, a);
	p->staged = sql_get_int(q);
	p->at = sql_get_int(q);
	p->attempt = sql_get_str(q, a);
	p->host_name = sql_get_str(q, a);
	p->group = sql_get_str(q, a);
	p->last_seen = sql_get_int(q);
	p->security = sql_get_int(q);
	p->severity = (int)sql_get_int(q);
	p->kev = sql_get_int(q);
	p->order_by = sql_get_str(q, a);
	p->order_state = sql_get_str(q, a);
	p->why = sql_get_str(q, a);
	p->words = sql_get_str(q, a);
	p->cause = sql_get_str(q, a);
	p->attempt_at = sql_get_int(q);
	p->finished = sql_get_int(q);
}

bool
host_patch_get(struct store *st, struct arena *a, struct str host, struct str patch, struct host_patch *out,
	       struct err *e)
{
	SQL_AUTO q = sql_new(st, HOST_PATCH_COLUMNS HOST_PATCH_FROM " WHERE x.host = ? AND x.patch = ?");
	sql_text(&q, host);
	sql_text(&q, patch);
	if (!sql_one(&q, "this host is not known to miss this update", e))
		return false;
	host_patch_read(&q, a, out);
	return sql_end(&q, e);
}

static const struct sql_sort host_patch_sorts[] = {
	{ "host", "h.name COLLATE NOCASE" },
	{ "patch", "x.patch" },
	{ "title", "x.title" },
	{ "state", "x.state" },
	{ "at", "x.at" },
	{ "severity", "y.severity" },
};

static bool
known(const struct sql_sort *sorts, size_t count, struct str key)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(key, str_of(sorts[i].key)))
			return true;
	return false;
}

bool
host_patch_known_sort(struct str key)
{
	return known(host_patch_sorts, COUNT(host_patch_sorts), key);
}

/* Rows of the whole fleet are not counted: the sums know. */
static bool
host_patch_total(struct store *st, struct arena *a, const struct patch_filter *f, const char *from, int64_t *total,
		 struct err *e)
{
	if (f->q.len || f->host.len || f->group.len || f->security >= 0) {
		SQL_AUTO q = sql_count(st, from);
		filter_bind(&q, a, f);
		return sql_number(&q, total, e);
	}
	SQL_AUTO q = sql_new(
		st, "SELECT coalesce(sum(CASE ?1 WHEN 'missing' THEN missing WHEN 'queued' THEN queued WHEN 'running'"
		    " THEN running WHEN 'installed' THEN installed WHEN 'installed-pending-reboot' THEN rebooting"
		    " WHEN 'failed' THEN failed WHEN 'kept-back' THEN kept"
		    " ELSE missing + queued + running + installed + rebooting + failed + kept END), 0)"
		    " FROM patch WHERE ?2 IS NULL OR id = ?2");
	sql_text(&q, f->state.len ? f->state : STR_NONE);
	sql_text(&q, f->patch.len ? f->patch : STR_NONE);
	return sql_number(&q, total, e);
}

/* Rows are wide and many: first the page's keys, in an order that an index gives or of narrow rows, then the rows. */
static struct sql
host_patch_page(struct store *st, const struct patch_filter *f, const struct page *p)
{
	BUF_AUTO text = { 0 };
	bool by_host = !p->sort.len || str_eq(p->sort, STR("host"));
	const char *tie = by_host ? "h.id, x.patch" : "x.host, x.patch";
	bool narrow = f->host.len || f->patch.len || f->state.len || f->q.len;
	buf_add(&text,
		STR(HOST_PATCH_COLUMNS HOST_PATCH_FROM " WHERE (x.host, x.patch) IN (SELECT x.host, x.patch FROM"));
	buf_add(&text,
		by_host && !narrow ? STR(" host h CROSS JOIN host_patch x ON x.host = h.id") : STR(" host_patch x"));
	if ((by_host && narrow) || (!by_host && f->group.len))
		buf_add(&text, STR(" JOIN host h ON h.id = x.host"));
	if (f->security >= 0 || str_eq(p->sort, STR("severity")))
		buf_add(&text, STR(" JOIN patch y ON y.id = x.patch"));
	where_build(&text, f, false);
	sql_order(&text, host_patch_sorts, COUNT(host_patch_sorts), tie, p);
	buf_add(&text, STR(" LIMIT ?98 OFFSET ?99)"));
	sql_order(&text, host_patch_sorts, COUNT(host_patch_sorts), tie, p);
	return sql_new(st, buf_cstr(&text));
}

bool
host_patch_list(struct store *st, struct arena *a, const struct patch_filter *f, struct page *p,
		struct host_patch **out, size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	buf_add(&from, STR(HOST_PATCH_FROM));
	where_build(&from, f, false);
	if (!host_patch_total(st, a, f, buf_cstr(&from), &p->total, e))
		return false;
	SQL_AUTO q = host_patch_page(st, f, p);
	filter_bind(&q, a, f);
	sql_page(&q, p);
	ARRAY_OF(struct host_patch) rows = { 0 };
	while (sql_row(&q))
		host_patch_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
patch_put(struct store *st, const struct patch_row *p, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO patch (id, title, source, version, security, size, origins, first_seen)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
				 " security = max(security, excluded.security), size = max(size, excluded.size),"
				 " origins = CASE WHEN excluded.origins = '' THEN origins ELSE excluded.origins END");
	sql_text(&q, p->id);
	sql_text(&q, p->title);
	sql_text(&q, p->source);
	sql_text(&q, p->version);
	sql_int(&q, p->security);
	sql_int(&q, p->size);
	sql_text(&q, p->origins);
	sql_int(&q, p->first_seen);
	return sql_run(&q, e);
}

#define PATCH_COLUMNS \
	"SELECT y.id, y.title, y.source, y.version, y.origins, y.security, y.size, y.first_seen, y.severity, y.kev," \
	" y.vulnerabilities, "
/* Hosts by state: of the whole fleet, or (sums) of the hosts that a filter picks, so that a group's page counts the
 * group. */
#define PATCH_STATES_FLEET \
	"y.missing AS n_missing, y.queued AS n_queued, y.running AS n_running, y.installed, y.rebooting," \
	" y.failed AS n_failed, y.kept AS n_kept"
#define PATCH_STATES_SUMS \
	"sum(x.state = 'missing') AS n_missing, sum(x.state = 'queued') AS n_queued, sum(x.state = 'running') AS" \
	" n_running, sum(x.state = 'installed'), sum(x.state = 'installed-pending-reboot')," \
	" sum(x.state = 'failed') AS n_failed, sum(x.state = 'kept-back') AS n_kept"

static void
patch_read(struct sql *q, struct arena *a, struct patch_row *p)
{
	*p = (struct patch_row){ .id = sql_get_str(q, a) };
	p->title = sql_get_str(q, a);
	p->source = sql_get_str(q, a);
	p->version = sql_get_str(q, a);
	p->origins = sql_get_str(q, a);
	p->security = sql_get_int(q);
	p->size = sql_get_int(q);
	p->first_seen = sql_get_int(q);
	p->severity = (int)sql_get_int(q);
	p->kev = sql_get_int(q);
	p->vulnerabilities = sql_get_int(q);
	for (int i = 0; i < PATCH_STATES; i++)
		p->hosts[i] = sql_get_int(q);
}

bool
patch_get(struct store *st, struct arena *a, struct str id, struct patch_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, PATCH_COLUMNS PATCH_STATES_FLEET " FROM patch y WHERE y.id = ?1");
	sql_text(&q, id);
	if (!sql_one(&q, "no update has this id: look it up with mamori patch list", e))
		return false;
	patch_read(&q, a, out);
	return sql_end(&q, e);
}

static const struct sql_sort patch_sorts[] = {
	{ "title", "y.title" },
	{ "severity", "y.severity * 1000000 + y.kev * 1000 + y.security" },
	{ "hosts", "n_missing + n_queued + n_running + n_failed + n_kept" },
	{ "size", "y.size" },
	{ "first_seen", "y.first_seen" },
};

bool
patch_known_sort(struct str key)
{
	return known(patch_sorts, COUNT(patch_sorts), key);
}

static bool
patch_page(struct sql *q, struct arena *a, const struct patch_filter *f, const struct page *p, struct patch_row **out,
	   size_t *count, struct err *e)
{
	filter_bind(q, a, f);
	sql_page(q, p);
	ARRAY_OF(struct patch_row) rows = { 0 };
	while (sql_row(q))
		patch_read(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
patch_rows(struct store *st, struct arena *a, const struct patch_filter *f, struct page *p, struct patch_row **out,
	   size_t *count, struct err *e)
{
	bool fleet = !f->host.len && !f->group.len && !f->state.len;
	BUF_AUTO from = { 0 };
	BUF_AUTO counted = { 0 };
	buf_add(&from, STR(" FROM patch y"));
	if (!fleet)
		buf_add(&from, STR(" JOIN host_patch x ON x.patch = y.id JOIN host h ON h.id = x.host"));
	where_build(&from, f, true);
	sql_and(&from, fleet,
		" AND y.missing + y.queued + y.running + y.installed + y.rebooting + y.failed + y.kept > 0");
	sql_and(&from, !fleet, " GROUP BY y.id");
	buf_addf(&counted, fleet ? "%s" : " FROM (SELECT 1%s)", buf_cstr(&from));
	SQL_AUTO total = sql_count(st, buf_cstr(&counted));
	filter_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_list(st, fleet ? PATCH_COLUMNS PATCH_STATES_FLEET : PATCH_COLUMNS PATCH_STATES_SUMS,
			      buf_cstr(&from), patch_sorts, COUNT(patch_sorts), "y.id", p);
	return patch_page(&q, a, f, p, out, count, e);
}

bool
patch_fix_put(struct store *st, const struct patch_fix *f, bool *changed, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO patch_fix (patch, vulnerability, source, advisories) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT (patch, vulnerability) DO UPDATE SET source = excluded.source,"
				 " advisories = excluded.advisories WHERE excluded.source = 'advisory'"
				 " AND (source <> 'advisory' OR advisories <> excluded.advisories)");
	sql_text(&q, f->patch);
	sql_text(&q, f->vulnerability);
	sql_cstr(&q, f->source);
	sql_text(&q, f->advisories);
	if (!sql_run(&q, e))
		return false;
	*changed = sql_changes(st) > 0;
	return true;
}

bool
patch_fix_drop(struct store *st, struct str patch, struct str vulnerability, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "DELETE FROM patch_fix WHERE patch = ?1 AND vulnerability = ?2 AND source = 'advisory'"
			    " AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.patch = ?1 AND f.vulnerability = ?2)");
	sql_text(&q, patch);
	sql_text(&q, vulnerability);
	return sql_run(&q, e);
}

bool
patch_sum(struct store *st, struct str patch, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE patch SET (severity, kev, vulnerabilities) ="
				 " (SELECT coalesce(max(v.severity), 0), coalesce(sum(v.kev), 0), count(*)"
				 " FROM patch_fix f JOIN vulnerability v ON v.id = f.vulnerability WHERE f.patch = ?1)"
				 " WHERE id = ?1");
	sql_text(&q, patch);
	return sql_run(&q, e);
}

bool
patch_fixes(struct store *st, struct arena *a, struct str patch, struct patch_fix_row **out, size_t *count,
	    struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT v.id, f.source, f.advisories, v.title, v.severity, v.cvss, v.epss, v.kev,"
			    " v.hosts, (SELECT max(g.action) FROM finding g WHERE g.vulnerability = v.id AND g.patch ="
			    " f.patch), (SELECT min(g.due) FROM finding g WHERE g.vulnerability = v.id AND g.patch ="
			    " f.patch AND g.due > 0) FROM patch_fix f JOIN vulnerability v ON v.id = f.vulnerability "
			    "WHERE f.patch = ?"
			    " ORDER BY v.kev DESC, v.severity DESC, v.id");
	sql_text(&q, patch);
	ARRAY_OF(struct patch_fix_row) rows = { 0 };
	while (sql_row(&q)) {
		struct patch_fix_row *r = ARRAY_PUSH(a, &rows);
		r->vulnerability = sql_get_str(&q, a);
		r->source = sql_get_str(&q, a);
		r->advisories = sql_get_str(&q, a);
		r->title = sql_get_str(&q, a);
		r->severity = (int)sql_get_int(&q);
		r->cvss = sql_get_double(&q);
		r->epss = sql_get_double(&q);
		r->kev = sql_get_int(&q);
		r->hosts = sql_get_int(&q);
		r->action = (int)sql_get_int_or(&q, -1);
		r->due = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
