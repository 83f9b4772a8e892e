#include "store/finding.h"

#include "store/sql.h"

bool
vulnerability_put(struct store *st, const struct vulnerability_row *v, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO vulnerability (id, title, severity, cvss, kev, kev_due, epss)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
				 " severity = excluded.severity, cvss = excluded.cvss, kev = excluded.kev,"
				 " kev_due = excluded.kev_due, epss = excluded.epss");
	sql_text(&q, v->id);
	sql_text(&q, v->title);
	sql_int(&q, v->severity);
	sql_double_or_null(&q, v->cvss);
	sql_int(&q, v->kev);
	sql_int(&q, v->kev_due);
	sql_double_or_null(&q, v->epss);
	return sql_run(&q, e);
}

#define VULNERABILITY_COLUMNS \
	"SELECT v.id, v.title, v.severity, v.cvss, v.epss, v.kev, v.kev_due, s.hosts, s.fixable," \
	" (SELECT json_group_array(package) FROM (SELECT DISTINCT package FROM finding WHERE vulnerability = v.id" \
	" ORDER BY package LIMIT 50)), (SELECT advisories FROM finding WHERE vulnerability = v.id LIMIT 1)"
#define VULNERABILITY_SUMS(where) \
	" JOIN (SELECT f.vulnerability, count(DISTINCT f.host) AS hosts," \
	" count(DISTINCT CASE WHEN f.patch IS NOT NULL THEN f.host END) AS fixable FROM finding f" where \
	" GROUP BY f.vulnerability) s ON s.vulnerability = v.id"
#define VULNERABILITY_FROM \
	" FROM vulnerability v" VULNERABILITY_SUMS( \
		" JOIN host h ON h.id = f.host WHERE (?2 IS NULL OR f.host = ?2)" \
		" AND (?3 IS NULL OR coalesce(h.group_name, '') = ?3)") " WHERE (?1 IS NULL OR v.id LIKE ?1 ESCAPE " \
									"'\\' OR v.title LIKE ?1 ESCAPE '\\' OR " \
									"EXISTS" \
									" (SELECT 1 FROM finding f WHERE " \
									"f.vulnerability = v.id AND (f.package LIKE " \
									"?1 ESCAPE '\\'" \
									" OR f.aliases LIKE ?1 ESCAPE '\\' OR " \
									"f.advisories LIKE ?1 ESCAPE '\\')))" \
									" AND (?4 = 0 OR (?4 >> v.severity) & 1) AND " \
									"(?5 < " \
									"0 OR v.kev = ?5)"

static void
filter_bind(struct sql *q, struct arena *a, const struct finding_filter *f)
{
	sql_text(q, sql_like(a, f->q));
	sql_text(q, f->host);
	sql_text(q, f->group);
	sql_int(q, f->severities);
	sql_int(q, f->kev);
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
}

static void
vulnerability_read_list(struct sql *q, struct arena *a, struct vulnerability_row *v)
{
	vulnerability_read(q, a, v);
	v->hosts = sql_get_int(q);
	v->fixable = sql_get_int(q);
	v->packages = sql_get_str(q, a);
	v->advisories = sql_get_str(q, a);
}

bool
vulnerability_get(struct store *st, struct arena *a, struct str id, struct vulnerability_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, VULNERABILITY_COLUMNS " FROM vulnerability v LEFT" VULNERABILITY_SUMS(
					 " WHERE f.vulnerability = ?1") " WHERE v.id = ?1");
	sql_text(&q, id);
	if (!sql_one(&q, "no machine of yours is known to have this vulnerability", e))
		return false;
	vulnerability_read_list(&q, a, out);
	return sql_end(&q, e);
}

static const struct sql_sort vulnerability_sorts[] = {
	{ "severity", "v.kev * 10 + v.severity" },
	{ "id", "v.id" },
	{ "cvss", "v.cvss" },
	{ "epss", "v.epss" },
	{ "hosts", "s.hosts" },
};

static const struct sql_sort finding_sorts[] = {
	{ "severity", "v.kev * 10 + v.severity" },
	{ "package", "f.package" },
	{ "vulnerability", "v.id" },
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

bool
vulnerability_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
		   struct vulnerability_row **out, size_t *count, struct err *e)
{
	SQL_AUTO total = sql_count(st, VULNERABILITY_FROM);
	filter_bind(&total, a, f);
	if (!sql_number(&total, &p->total, e))
		return false;
	struct page sorted = worst_first(p);
	SQL_AUTO q = sql_list(st, VULNERABILITY_COLUMNS, VULNERABILITY_FROM, vulnerability_sorts,
			      COUNT(vulnerability_sorts), "v.id DESC", &sorted);
	filter_bind(&q, a, f);
	sql_page(&q, p);
	ARRAY_OF(struct vulnerability_row) rows = { 0 };
	while (sql_row(&q))
		vulnerability_read_list(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
finding_delete_host(struct store *st, struct str host, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM finding WHERE host = ?");
	sql_text(&q, host);
	return sql_run(&q, e);
}

bool
finding_insert(struct store *st, const struct finding_row *f, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO finding (host, package, source, installed, fixed, vulnerability, aliases,"
				 " advisories, running, why, patch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_text(&q, f->host);
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
	return sql_run(&q, e);
}

#define FINDING_COLUMNS \
	"SELECT v.id, v.title, v.severity, v.cvss, v.epss, v.kev, v.kev_due, f.host, h.name, h.group_name, f.package," \
	" f.source, f.installed, f.fixed, f.aliases, f.advisories, f.running, f.why, f.patch"
#define FINDING_FROM \
	" FROM finding f JOIN vulnerability v ON v.id = f.vulnerability JOIN host h ON h.id = f.host" \
	" WHERE (?1 IS NULL OR v.id LIKE ?1 ESCAPE '\\' OR f.package LIKE ?1 ESCAPE '\\'" \
	" OR f.source LIKE ?1 ESCAPE '\\' OR f.aliases LIKE ?1 ESCAPE '\\' OR f.advisories LIKE ?1 ESCAPE '\\')" \
	" AND (?2 IS NULL OR f.host = ?2) AND (?3 IS NULL OR coalesce(h.group_name, '') = ?3)" \
	" AND (?4 = 0 OR (?4 >> v.severity) & 1) AND (?5 < 0 OR v.kev = ?5) AND (?6 IS NULL OR f.vulnerability = ?6)"

bool
finding_list(struct store *st, struct arena *a, const struct finding_filter *f, struct page *p,
	     struct finding_row **out, size_t *count, struct err *e)
{
	SQL_AUTO total = sql_count(st, FINDING_FROM);
	filter_bind(&total, a, f);
	sql_text(&total, f->vulnerability);
	if (!sql_number(&total, &p->total, e))
		return false;
	struct page sorted = worst_first(p);
	SQL_AUTO q =
		sql_list(st, FINDING_COLUMNS, FINDING_FROM, finding_sorts, COUNT(finding_sorts), "v.id, f.id", &sorted);
	filter_bind(&q, a, f);
	sql_text(&q, f->vulnerability);
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
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
