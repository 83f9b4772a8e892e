#include "store/certificate.h"

#include "store/sql.h"

bool
certificate_insert(struct store *st, const struct certificate *c, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO certificate (serial, host, key_digest, not_after, issued_at)"
				 " VALUES (?, ?, ?, ?, ?)");
	sql_text(&q, c->serial);
	sql_text(&q, c->host);
	sql_text(&q, c->key_digest);
	sql_int(&q, c->not_after);
	sql_int(&q, c->issued_at);
	return sql_run(&q, e);
}

static bool
certificate_read(struct sql *q, struct arena *a, struct certificate *out, struct err *e)
{
	if (!sql_one(q, "this server issued no such certificate", e))
		return false;
	*out = (struct certificate){ .serial = sql_get_str(q, a) };
	out->host = sql_get_str(q, a);
	out->key_digest = sql_get_str(q, a);
	out->not_after = sql_get_int(q);
	out->issued_at = sql_get_int(q);
	out->revoked_at = sql_get_int(q);
	return sql_end(q, e);
}

bool
certificate_get(struct store *st, struct arena *a, struct str serial, struct certificate *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT serial, host, key_digest, not_after, issued_at, revoked_at FROM certificate"
				 " WHERE serial = ?");
	sql_text(&q, serial);
	return certificate_read(&q, a, out, e);
}

bool
certificate_newest(struct store *st, struct arena *a, struct str host, struct certificate *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT serial, host, key_digest, not_after, issued_at, revoked_at FROM certificate"
				 " WHERE host = ? AND revoked_at = 0 ORDER BY issued_at DESC LIMIT 1");
	sql_text(&q, host);
	return certificate_read(&q, a, out, e);
}

bool
certificate_revoke_host(struct store *st, struct str host, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE certificate SET revoked_at = ? WHERE host = ? AND revoked_at = 0");
	sql_int(&q, now);
	sql_text(&q, host);
	return sql_run(&q, e);
}
