#include "store/relay.h"

#include "store/sql.h"

#define RELAY_COLUMNS \
	"SELECT id, name, site, state = 'revoked', names, urls, enrolled_at, token, status_key, version, peer, " \
	"trouble," \
	" last_seen, space, space_max, hits, misses, served, fetched, metadata_at, queue, origins, refused, " \
	"refused_total"

static void
relay_read(struct sql *q, struct arena *a, struct relay_row *r)
{
	*r = (struct relay_row){ .id = sql_get_str(q, a) };
	r->name = sql_get_str(q, a);
	r->site = sql_get_str(q, a);
	r->revoked = sql_get_int(q);
	r->names = sql_get_str(q, a);
	r->urls = sql_get_str(q, a);
	r->enrolled_at = sql_get_int(q);
	r->token = sql_get_str(q, a);
	r->status_key = sql_get_str(q, a);
	r->version = sql_get_str(q, a);
	r->peer = sql_get_str(q, a);
	r->trouble = sql_get_str(q, a);
	r->last_seen = sql_get_int(q);
	r->space = sql_get_int(q);
	r->space_max = sql_get_int(q);
	r->hits = sql_get_int(q);
	r->misses = sql_get_int(q);
	r->served = sql_get_int(q);
	r->fetched = sql_get_int(q);
	r->metadata_at = sql_get_int(q);
	r->queue = sql_get_int(q);
	r->origins = sql_get_str(q, a);
	r->refused = sql_get_str(q, a);
	r->refused_total = sql_get_int(q);
}

bool
relay_insert(struct store *st, const struct relay_row *r, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO relay (id, name, site, state, names, enrolled_at, token, status_key, version)"
			    " VALUES (?, ?, ?, 'active', ?, ?, ?, ?, ?)");
	sql_text(&q, r->id);
	sql_text(&q, r->name);
	sql_text(&q, r->site);
	sql_text(&q, r->names);
	sql_int(&q, r->enrolled_at);
	sql_text(&q, r->token);
	sql_text(&q, r->status_key);
	sql_text(&q, r->version);
	return sql_run(&q, e);
}

bool
relay_get(struct store *st, struct arena *a, struct str id, struct relay_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, RELAY_COLUMNS " FROM relay WHERE id = ?");
	sql_text(&q, id);
	if (!sql_one(&q, "no relay has this id", e))
		return false;
	relay_read(&q, a, out);
	return sql_end(&q, e);
}

static bool
relays_read(struct sql *q, struct arena *a, struct relay_row **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct relay_row) rows = { 0 };
	while (sql_row(q))
		relay_read(q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

static const struct sql_sort relay_sorts[] = {
	{ "name", "name" },
	{ "site", "site, name" },
	{ "last_seen", "last_seen" },
};

bool
relay_known_sort(struct str key)
{
	for (size_t i = 0; i < COUNT(relay_sorts); i++)
		if (str_eq(key, str_of(relay_sorts[i].key)))
			return true;
	return false;
}

bool
relay_list(struct store *st, struct arena *a, struct page *p, struct relay_row **out, size_t *count, struct err *e)
{
	SQL_AUTO total = sql_count(st, "FROM relay");
	if (!sql_number(&total, &p->total, e))
		return false;
	SQL_AUTO q = sql_list(st, RELAY_COLUMNS, "FROM relay", relay_sorts, COUNT(relay_sorts), "id", p);
	sql_page(&q, p);
	return relays_read(&q, a, out, count, e);
}

bool
relay_of_site(struct store *st, struct arena *a, struct str site, struct relay_row **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, RELAY_COLUMNS " FROM relay WHERE site IS ? AND state = 'active' ORDER BY name, id");
	sql_text(&q, site);
	return relays_read(&q, a, out, count, e);
}

bool
relay_by_url(struct store *st, struct arena *a, struct str url, struct relay_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, RELAY_COLUMNS
			     " FROM relay r WHERE state = 'active' AND EXISTS"
			     " (SELECT 1 FROM json_each(r.urls) WHERE value = ?) ORDER BY last_seen DESC LIMIT 1");
	sql_text(&q, url);
	if (!sql_one(&q, "no relay is reached there", e))
		return false;
	relay_read(&q, a, out);
	return sql_end(&q, e);
}

bool
relay_set_status(struct store *st, const struct relay_row *r, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "UPDATE relay SET urls = ?, version = ?, peer = ?, trouble = ?, last_seen = ?, space = ?,"
			    " space_max = ?, hits = ?, misses = ?, served = ?, fetched = ?, metadata_at = ?,"
			    " queue = ?, origins = ?, refused = ?, refused_total = ? WHERE id = ?");
	sql_text(&q, r->urls);
	sql_text(&q, r->version);
	sql_text(&q, r->peer);
	sql_text(&q, r->trouble);
	sql_int(&q, r->last_seen);
	sql_int(&q, r->space);
	sql_int(&q, r->space_max);
	sql_int(&q, r->hits);
	sql_int(&q, r->misses);
	sql_int(&q, r->served);
	sql_int(&q, r->fetched);
	sql_int(&q, r->metadata_at);
	sql_int(&q, r->queue);
	sql_text(&q, r->origins.len ? r->origins : STR("[]"));
	sql_text(&q, r->refused.len ? r->refused : STR("[]"));
	sql_int(&q, r->refused_total);
	sql_text(&q, r->id);
	return sql_run(&q, e);
}

bool
relay_set_names(struct store *st, struct str id, struct str names, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE relay SET names = ? WHERE id = ?");
	sql_text(&q, names);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
relay_set_site(struct store *st, struct str id, struct str site, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE relay SET site = ? WHERE id = ?");
	sql_text(&q, site);
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
relay_revoke(struct store *st, struct str id, int64_t now, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE relay SET state = 'revoked' WHERE id = ?");
	SQL_AUTO c = sql_new(st, "UPDATE relay_certificate SET revoked_at = ? WHERE relay = ? AND revoked_at = 0");
	sql_text(&q, id);
	sql_int(&c, now);
	sql_text(&c, id);
	return sql_run(&q, e) && sql_run(&c, e);
}

bool
relay_delete(struct store *st, struct str id, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM relay WHERE id = ?");
	sql_text(&q, id);
	return sql_run(&q, e);
}

bool
relay_certificate_insert(struct store *st, const struct certificate *c, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO relay_certificate (serial, relay, key_digest, not_after, issued_at)"
				 " VALUES (?, ?, ?, ?, ?)");
	sql_text(&q, c->serial);
	sql_text(&q, c->host);
	sql_text(&q, c->key_digest);
	sql_int(&q, c->not_after);
	sql_int(&q, c->issued_at);
	return sql_run(&q, e);
}

bool
relay_certificate_get(struct store *st, struct arena *a, struct str serial, struct certificate *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT serial, relay, key_digest, not_after, issued_at, revoked_at"
				 " FROM relay_certificate WHERE serial = ?");
	sql_text(&q, serial);
	if (!sql_one(&q, "this server issued no such certificate to a relay", e))
		return false;
	*out = (struct certificate){ .serial = sql_get_str(&q, a) };
	out->host = sql_get_str(&q, a);
	out->key_digest = sql_get_str(&q, a);
	out->not_after = sql_get_int(&q);
	out->issued_at = sql_get_int(&q);
	out->revoked_at = sql_get_int(&q);
	return sql_end(&q, e);
}

/* ---- sites ---- */

#define SITE_COLUMNS \
	"SELECT n.name, coalesce(s.relay_only, 0), coalesce(s.fresh_ms, 259200000), coalesce(s.note, '')," \
	" (SELECT count(*) FROM host h WHERE h.site IS n.name AND h.state = 'active')," \
	" (SELECT count(*) FROM relay r WHERE r.site IS n.name AND r.state = 'active')," \
	" (SELECT coalesce(max(r.metadata_at), 0) FROM relay r WHERE r.site IS n.name AND r.state = 'active')," \
	" (SELECT coalesce(max(r.last_seen), 0) FROM relay r WHERE r.site IS n.name AND r.state = 'active')," \
	" (SELECT coalesce(sum(r.queue), 0) FROM relay r WHERE r.site IS n.name AND r.state = 'active')"

static void
site_read(struct sql *q, struct arena *a, struct site_row *s)
{
	*s = (struct site_row){ .name = sql_get_str(q, a) };
	s->relay_only = sql_get_int(q);
	s->fresh_ms = sql_get_int(q);
	s->note = sql_get_str(q, a);
	s->hosts = sql_get_int(q);
	s->relays = sql_get_int(q);
	s->metadata_at = sql_get_int(q);
	s->last_seen = sql_get_int(q);
	s->queue = sql_get_int(q);
}

bool
site_list(struct store *st, struct arena *a, struct site_row **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, SITE_COLUMNS
			     " FROM (SELECT name FROM site UNION SELECT site FROM relay WHERE state = 'active'"
			     " UNION SELECT site FROM host WHERE site IS NOT NULL AND state = 'active') n"
			     " LEFT JOIN site s ON s.name = n.name ORDER BY n.name");
	ARRAY_OF(struct site_row) rows = { 0 };
	while (sql_row(&q))
		site_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
site_get(struct store *st, struct arena *a, struct str name, struct site_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, SITE_COLUMNS " FROM (SELECT ? AS name) n LEFT JOIN site s ON s.name = n.name");
	sql_text(&q, name);
	if (!sql_one(&q, "no such site", e))
		return false;
	site_read(&q, a, out);
	return sql_end(&q, e);
}

bool
site_put(struct store *st, const struct site_row *s, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO site (name, relay_only, fresh_ms, note) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT (name) DO UPDATE SET relay_only = excluded.relay_only,"
				 " fresh_ms = excluded.fresh_ms, note = excluded.note");
	sql_text(&q, s->name);
	sql_int(&q, s->relay_only);
	sql_int(&q, s->fresh_ms);
	sql_text(&q, s->note);
	return sql_run(&q, e);
}

bool
site_delete(struct store *st, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM site WHERE name = ?");
	sql_text(&q, name);
	return sql_run(&q, e);
}

bool
site_of_host(struct store *st, struct arena *a, struct str host, struct str *site, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT site FROM host WHERE id = ?");
	sql_text(&q, host);
	if (!sql_one(&q, "no host has this id", e))
		return false;
	*site = sql_get_str(&q, a);
	return sql_end(&q, e);
}

/* ---- letters ---- */

bool
letter_row_get(struct store *st, struct arena *a, struct str host, struct letter_row *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT relay, received, sent, at, answer FROM host_letter WHERE host = ?");
	sql_text(&q, host);
	struct letter_row l = { .host = host, .relay = STR_NONE, .answer = STR_NONE };
	if (sql_row(&q)) {
		l.relay = sql_get_str(&q, a);
		l.received = sql_get_int(&q);
		l.sent = sql_get_int(&q);
		l.at = sql_get_int(&q);
		l.answer = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = l;
	return true;
}

bool
letter_row_put(struct store *st, const struct letter_row *l, struct err *e)
{
	SQL_AUTO q = sql_new(
		st, "INSERT INTO host_letter (host, relay, received, sent, at, answer) VALUES (?, ?, ?, ?, ?, ?)"
		    " ON CONFLICT (host) DO UPDATE SET relay = excluded.relay, received = excluded.received,"
		    " sent = excluded.sent, at = excluded.at, answer = excluded.answer");
	sql_text(&q, l->host);
	sql_text(&q, l->relay);
	sql_int(&q, l->received);
	sql_int(&q, l->sent);
	sql_int(&q, l->at);
	sql_blob(&q, l->answer);
	return sql_run(&q, e);
}
