#include "store/finding.h"

#include "store/sql.h"

static bool
vulnerability_write(struct store *st, const char *text, const struct vulnerability_row *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, text);
	sql_text(&q, v->id);
	sql_text(&q, v->title);
	sql_int(&q, v->severity);
	sql_double_or_null(&q, v->cvss);
	sql_int(&q, v->kev);
	sql_int(&q, v->kev_due);
	sql_double_or_null(&q, v->epss);
	sql_int(&q, v->kev_added);
	sql_int(&q, v->facts);
	return sql_run(&q, e);
}

#define VULNERABILITY_WRITE \
	"INSERT INTO vulnerability (id, title, severity, cvss, kev, kev_due, epss, kev_added, facts)" \
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET kev = excluded.kev," \
	" kev_due = excluded.kev_due, epss = excluded.epss, kev_added = excluded.kev_added, facts = excluded.facts,"

bool
vulnerability_put(struct store *st, const struct vulnerability_row *v, struct err *e)
{
	return vulnerability_write(st,
				   VULNERABILITY_WRITE " title = excluded.title, severity = excluded.severity,"
						       " cvss = excluded.cvss WHERE (kev, kev_due, epss, kev_added,"
						       " facts, title, severity, cvss) IS NOT (excluded.kev,"
						       " excluded.kev_due, excluded.epss, excluded.kev_added,"
						       " excluded.facts, excluded.title, excluded.severity,"
						       " excluded.cvss)",
				   v, e);
}

bool
vulnerability_mention(struct store *st, const struct vulnerability_row *v, struct err *e)
{
	return vulnerability_write(st,
				   VULNERABILITY_WRITE
				   " title = coalesce(excluded.title, title), severity = CASE WHEN"
				   " excluded.severity > 0 THEN excluded.severity ELSE severity END,"
				   " cvss = coalesce(excluded.cvss, cvss)",
				   v, e);
}

#define VULNERABILITY_SELF "SELECT v.id, v.title, v.severity, v.cvss, v.epss, v.kev, v.kev_due, v.kev_added, v.facts"
#define VULNERABILITY_COLUMNS VULNERABILITY_SELF ", "
/* The earliest of one action: one step into the index finding_by_action. */
#define EARLIEST(action) \
	"(SELECT min(g.due) FROM finding g WHERE g.vulnerability = v.id AND g.action = " action " AND g.due > 0)"
/* Of the whole fleet, or of the hosts that a filter picks. */
#define SUMS_FLEET \
	"v.hosts AS n_hosts, v.fixable, (SELECT max(g.action) FROM finding g WHERE g.vulnerability = v.id) AS " \
	"n_action," \
	" (SELECT min(d.column1) FROM (VALUES (" EARLIEST("0") "), (" EARLIEST("1") "), (" EARLIEST( \
		"2") "), (" EARLIEST("3") ")) d) AS n_due"
#define SUMS_PICKED \
	"count(DISTINCT f.host) AS n_hosts, count(DISTINCT CASE WHEN f.patch IS NOT NULL THEN f.host END)," \
	" max(f.action) AS n_action, min(CASE WHEN f.due > 0 THEN f.due END) AS n_due"

/* `findings`: the rows are findings, with f and h; else vulnerabilities. */
static void
where_build(struct buf *from, const struct finding_filter *f, bool findings)
{
	buf_add(from, STR(" WHERE 1"));
	sql_and(from, f->q.len > 0 && findings,
		" AND (v.id LIKE ?1 ESCAPE '\\' OR f.package LIKE ?1 ESCAPE '\\' OR f.source LIKE ?1 ESCAPE '\\'"
		" OR f.aliases LIKE ?1 ESCAPE '\\' OR f.advisories LIKE ?1 ESCAPE '\\')");
	sql_and(from, f->q.len > 0 && !findings,
		" AND (v.id LIKE ?1 ESCAPE '\\' OR v.title LIKE ?1 ESCAPE '\\'"
		" OR v.id IN (SELECT g.vulnerability FROM finding g WHERE g.package LIKE ?1 ESCAPE '\\')"
		" OR (SELECT g.advisories || g.aliases FROM finding g WHERE g.vulnerability = v.id LIMIT 1)"
		" LIKE ?1 ESCAPE '\\')");
	sql_and(from, f->host.len > 0, " AND f.host = ?2");
	sql_and(from, f->group.len > 0, " AND h.group_name = ?3");
	sql_and(from, f->severities != 0, " AND (?4 >> v.severity) & 1");
	sql_and(from, f->kev >= 0, " AND v.kev = ?5");
	sql_and(from, f->vulnerability.len > 0, " AND f.vulnerability = ?6");
	sql_and(from, f->patch.len > 0, " AND f.patch = ?7");
	sql_and(from, f->actions != 0, " AND (?8 >> f.action) & 1");
	sql_and(from, f->due_from != 0, " AND f.due >= ?9");
	sql_and(from, f->due_before != 0, " AND f.due > 0 AND f.due < ?10");
}

static void
filter_bind(struct sql *q, struct arena *a, const struct finding_filter *f)
{
	sql_text_at(q, 1, sql_like(a, f->q));
	sql_text_at(q, 2, f->host);
	sql_text_at(q, 3, f->group);
	sql_int_at(q, 4, f->severities, f->severities != 0);
	sql_int_at(q, 5, f->kev, f->kev >= 0);
	sql_text_at(q, 6, f->vulnerability);
	sql_text_at(q, 7, f->patch);
	sql_int_at(q, 8, f->actions, f->actions != 0);
	sql_int_at(q, 9, f->due_from, f->due_from != 0);
	sql_int_at(q, 10, f->due_before, f->due_before != 0);
}

static void
vulnerability_read(struct sql *q, struct arena *a, struct vulnerability_row *v)
{
	*v = (struct vulnerability_row){ .id = sql_get_str(q, a) };
	v->title = sql_get_str(q, a);
	v->severity = (int)sql_get_int(q);
	v->cvss = sql_get_double(q);
	v->epss = sql_get_double(q);
	v->kev = sql_get_int(q);
	v->kev_due = sql_get_int(q);
	v->kev_added = sql_get_int(q);
	v->facts = sql_get_int(q);
}

static void
vulnerability_read_sums(struct sql *q, struct arena *a, struct vulnerability_row *v)
{
	vulnerability_read(q, a, v);
	v->hosts = sql_get_int(q);
	v->fixable = sql_get_int(q);
	v->action = (int)sql_get_int(q);
	v->due = sql_get_int(q);
}

/* What only the rows of one page need. */
static bool
names_read(struct store *st, struct arena *a, struct vulnerability_row *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT json_group_array(package) FROM (SELECT DISTINCT package FROM finding"
				 " WHERE vulnerability = ?1 ORDER BY package LIMIT 50)");
	sql_text(&q, v->id);
	v->packages = sql_row(&q) ? sql_get_str(&q, a) : STR_NONE;
	if (!sql_end(&q, e))
		return false;
	SQL_AUTO any = sql_new(st, "SELECT advisories FROM finding WHERE vulnerability = ?1 LIMIT 1");
	sql_text(&any, v->id);
	v->advisories = sql_row(&any) ? sql_get_str(&any, a) : STR_NONE;
	return sql_end(&any, e);
}

bool
vulnerability_get(struct store *st, struct arena *a, struct str id, struct vulnerability_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, VULNERABILITY_COLUMNS SUMS_FLEET " FROM vulnerability v WHERE v.id = ?1");
	struct vulnerability_row v;
	sql_text(&q, id);
	if (!sql_one(&q, "no machine of yours is known to have this vulnerability", e))
		return false;
	vulnerability_read_sums(&q, a, &v);
	if (!sql_end(&q, e) || !names_read(st, a, &v, e))
		return false;
	*out = v;
	return true;
}

static const struct sql_sort vulnerability_sorts[] = {
	{ "severity", "v.kev * 10 + v.severity" },
	{ "id", "v.id" },
	{ "cvss", "v.cvss" },
	{ "epss", "v.epss" },
	{ "hosts", "n_hosts" },
	{ "due", "coalesce(n_due, 9e15)" },
};

static const struct sql_sort finding_sorts[] = {
	{ "severity", "v.kev * 10 + v.severity" },
	{ "package", "f.package" },
	{ "vulnerability", "v.id" },
	{ "due", "CASE WHEN f.due > 0 THEN f.due ELSE 9e15 END" },
	{ "host", "h.name COLLATE NOCASE" },
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
vulnerability_known_sort(struct str key)
{
	return known(vulnerability_sorts, COUNT(vulnerability_sorts), key);
}

bool
finding_known_sort(struct str key)
{
	return known(finding_sorts, COUNT(finding_sorts), key);
}

/* Without a sort the worst come first. */
static struct page
worst_first(const struct page *p)
{
	struct page worst = *p;
	if (!p->sort.len) {
		worst.sort = STR("severity");
		worst.falling = true;
	}
	return worst;
}

static bool
vulnerability_page(struct store *st, struct sql *q, struct arena *a, struct vulnerability_row **out, size_t *count,
		   struct err *e)
{
	ARRAY_OF(struct vulnerability_row) rows = { 0 };
	while (sql_row(q))
		vulnerability_read_sums(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	for (size_t i = 0; i < rows.count; i++)
		if (!names_read(st, a, &rows.items[i], e))
			return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
vulnerability_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
		   struct vulnerability_row **out, size_t *count, struct err *e)
{
	bool fleet = !f->host.len && !f->group.len && !f->patch.len && !f->actions && !f->due_from && !f->due_before;
	BUF_AUTO from = { 0 };
	BUF_AUTO counted = { 0 };
	buf_add(&from, STR(" FROM vulnerability v"));
	if (!fleet)
		buf_add(&from, STR(" JOIN finding f ON f.vulnerability = v.id JOIN host h ON h.id = f.host"));
	where_build(&from, f, false);
	sql_and(&from, fleet, " AND v.hosts > 0");
	sql_and(&from, !fleet, " GROUP BY v.id");
	buf_addf(&counted, fleet ? "%s" : " FROM (SELECT 1%s)", buf_cstr(&from));
	SQL_AUTO total = sql_count(st, buf_cstr(&counted));
	filter_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	struct page sorted = worst_first(p);
	SQL_AUTO q = sql_list(st, fleet ? VULNERABILITY_COLUMNS SUMS_FLEET : VULNERABILITY_COLUMNS SUMS_PICKED,
			      buf_cstr(&from), vulnerability_sorts, COUNT(vulnerability_sorts), "v.id DESC", &sorted);
	filter_bind(&q, a, f);
	sql_page(&q, p);
	return vulnerability_page(st, &q, a, out, count, e);
}

bool
vulnerability_all(struct store *st, struct arena *a, struct vulnerability_row **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, VULNERABILITY_SELF " FROM vulnerability v");
	ARRAY_OF(struct vulnerability_row) rows = { 0 };
	while (sql_row(&q))
		vulnerability_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

#define FINDING_COLUMNS \
	VULNERABILITY_SELF ", f.host, h.name, h.group_name, f.package, f.source, f.installed, f.fixed, f.aliases," \
			   " f.advisories, f.running, f.why, f.patch, f.published, f.first_seen, f.action, f.due," \
			   " (SELECT r.en FROM reason r WHERE r.id = f.reason)," \
			   " (SELECT r.ja FROM reason r WHERE r.id = f.reason)"
#define FINDING_FROM " FROM finding f JOIN vulnerability v ON v.id = f.vulnerability JOIN host h ON h.id = f.host"

bool
finding_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
	     struct finding_row **out, size_t *count, struct err *e)
{
	BUF_AUTO from = { 0 };
	buf_add(&from, STR(FINDING_FROM));
	where_build(&from, f, true);
	SQL_AUTO total = sql_count(st, buf_cstr(&from));
	filter_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	struct page sorted = worst_first(p);
	SQL_AUTO q = sql_list(st, FINDING_COLUMNS, buf_cstr(&from), finding_sorts, COUNT(finding_sorts), "v.id, f.id",
			      &sorted);
	filter_bind(&q, a, f);
	sql_page(&q, p);
	ARRAY_OF(struct finding_row) rows = { 0 };
	while (sql_row(&q)) {
		struct finding_row *r = ARRAY_PUSH(a, &rows);
		vulnerability_read(&q, a, &r->vulnerability);
		r->host = sql_get_str(&q, a);
		r->host_name = sql_get_str(&q, a);
		r->group = sql_get_str(&q, a);
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
		r->reason_en = sql_get_str(&q, a);
		r->reason_ja = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
