#include "store/host_mitigation.h"

#include "store/sql.h"

bool
host_mitigation_get(struct store *st, struct arena *a, struct str host, struct host_mitigation *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT report, in_force, at FROM host_mitigation WHERE host = ?");
	sql_text(&q, host);
	struct host_mitigation m = { .report = STR("") };
	if (sql_row(&q)) {
		m.report = sql_get_str(&q, a);
		m.in_force = sql_get_int(&q);
		m.at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = m;
	return true;
}

bool
host_mitigation_put(struct store *st, struct str host, const struct host_mitigation *m, struct err *e)
{
	bool none = m->report.len == 0 || str_eq(m->report, STR("[]"));
	SQL_AUTO q = sql_new(st, none ? "DELETE FROM host_mitigation WHERE host = ?"
				      : "INSERT INTO host_mitigation (host, report, in_force, at) VALUES (?, ?, ?, ?)"
					" ON CONFLICT (host) DO UPDATE SET report = excluded.report,"
					" in_force = excluded.in_force, at = excluded.at");
	sql_text(&q, host);
	if (!none) {
		sql_text(&q, m->report);
		sql_int(&q, m->in_force);
		sql_int(&q, m->at);
	}
	return sql_run(&q, e);
}
