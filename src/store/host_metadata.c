#include "store/host_metadata.h"

#include "store/sql.h"

bool
host_metadata_get(struct store *st, struct arena *a, struct str host, struct host_metadata *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT timestamp, expires, trouble, at FROM host_metadata WHERE host = ?");
	struct host_metadata m = { .trouble = STR("") };
	sql_text(&q, host);
	if (sql_row(&q)) {
		m.timestamp = sql_get_int(&q);
		m.expires = sql_get_int(&q);
		m.trouble = sql_get_str(&q, a);
		m.at = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = m;
	return true;
}

bool
host_metadata_put(struct store *st, struct str host, const struct host_metadata *m, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO host_metadata (host, timestamp, expires, trouble, at) VALUES (?, ?, ?, ?, ?)"
			    " ON CONFLICT (host) DO UPDATE SET timestamp = excluded.timestamp,"
			    " expires = excluded.expires, trouble = excluded.trouble, at = excluded.at");
	sql_text(&q, host);
	sql_int(&q, m->timestamp);
	sql_int(&q, m->expires);
	sql_text(&q, m->trouble);
	sql_int(&q, m->at);
	return sql_run(&q, e);
}
