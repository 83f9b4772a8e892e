#include "store/fleet_group.h"

#include "store/sql.h"

bool
fleet_group_put(struct store *st, const struct fleet_group *g, struct err *e)
{
	SQL_AUTO q = sql_new(st, "INSERT INTO fleet_group (name, rule, by_user, at) VALUES (?, ?, ?, ?)"
				 " ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, by_user = excluded.by_user,"
				 " at = excluded.at");
	sql_text(&q, g->name);
	sql_text(&q, g->rule);
	sql_text(&q, g->by);
	sql_int(&q, g->at);
	return sql_run(&q, e);
}

#define GROUP_COLUMNS \
	"SELECT g.name, g.rule, g.by_user, g.at, (SELECT count(*) FROM fleet_member m WHERE m.name = g.name)" \
	" FROM fleet_group g"

static void
group_read(struct sql *q, struct arena *a, struct fleet_group *g)
{
	g->name = sql_get_str(q, a);
	g->rule = sql_get_str(q, a);
	g->by = sql_get_str(q, a);
	g->at = sql_get_int(q);
	g->hosts = sql_get_int(q);
}

bool
fleet_group_get(struct store *st, struct arena *a, struct str name, struct fleet_group *out, struct err *e)
{
	SQL_AUTO q = sql_new(st, GROUP_COLUMNS " WHERE g.name = ?");
	sql_text(&q, name);
	if (!sql_one(&q, "no group has this name: see mamori group list", e))
		return false;
	group_read(&q, a, out);
	return sql_end(&q, e);
}

bool
fleet_group_delete(struct store *st, struct str name, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM fleet_group WHERE name = ?");
	sql_text(&q, name);
	return sql_run(&q, e);
}

bool
fleet_group_list(struct store *st, struct arena *a, struct fleet_group **out, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, GROUP_COLUMNS " ORDER BY g.name");
	ARRAY_OF(struct fleet_group) rows = { 0 };
	while (sql_row(&q))
		group_read(&q, a, ARRAY_PUSH(a, &rows));
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
fleet_member_add(struct store *st, struct str group, struct str host, bool by_rule, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "INSERT INTO fleet_member (name, host, by_rule) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
	sql_text(&q, group);
	sql_text(&q, host);
	sql_int(&q, by_rule);
	return sql_run(&q, e);
}

bool
fleet_member_remove(struct store *st, struct str group, struct str host, bool by_rule, struct err *e)
{
	SQL_AUTO q = sql_new(st, "DELETE FROM fleet_member WHERE name = ? AND host = ? AND by_rule = ?");
	sql_text(&q, group);
	sql_text(&q, host);
	sql_int(&q, by_rule);
	return sql_run(&q, e);
}

bool
fleet_members_turn(struct store *st, struct str group, bool by_rule, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE fleet_member SET by_rule = ? WHERE name = ?");
	sql_int(&q, by_rule);
	sql_text(&q, group);
	return sql_run(&q, e);
}

static bool
texts_read(struct sql *q, struct arena *a, struct str **out, size_t *count, struct err *e)
{
	ARRAY_OF(struct str) rows = { 0 };
	while (sql_row(q))
		*ARRAY_PUSH(a, &rows) = sql_get_str(q, a);
	if (!sql_end(q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
fleet_members(struct store *st, struct arena *a, struct str group, struct str **hosts, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT host FROM fleet_member WHERE name = ? ORDER BY host");
	sql_text(&q, group);
	return texts_read(&q, a, hosts, count, e);
}

bool
group_names(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT DISTINCT group_name FROM host WHERE group_name IS NOT NULL"
				 " UNION SELECT name FROM fleet_group ORDER BY 1");
	return texts_read(&q, a, names, count, e);
}

bool
tag_names(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT DISTINCT t.tag FROM host_tag t JOIN host h ON h.id = t.host AND"
				 " h.state = 'active' ORDER BY 1");
	return texts_read(&q, a, names, count, e);
}

bool
peopled_groups(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT group_name FROM host WHERE group_name IS NOT NULL AND state = 'active'"
				 " UNION SELECT m.name FROM fleet_member m JOIN host h ON h.id = m.host"
				 " AND h.state = 'active' ORDER BY 1");
	return texts_read(&q, a, names, count, e);
}

/* ---- facts of a host ---- */

bool
host_facts_get(struct store *st, struct arena *a, struct str host, struct host_facts *out, struct err *e)
{
	SQL_AUTO q =
		sql_new(st, "SELECT id, name, group_name, os_key, role, site, redundancy, timezone, addresses,"
			    " last_seen, state = 'active', exposed, role_guess, role_guess_why FROM host WHERE id = ?");
	sql_text(&q, host);
	if (!sql_one(&q, "no host has this id: look it up with mamori host list", e))
		return false;
	struct host_facts f = { .id = sql_get_str(&q, a) };
	f.name = sql_get_str(&q, a);
	f.group = sql_get_str(&q, a);
	f.os = sql_get_str(&q, a);
	f.role = sql_get_str(&q, a);
	f.site = sql_get_str(&q, a);
	f.redundancy = sql_get_str(&q, a);
	f.timezone = sql_get_str(&q, a);
	f.addresses = sql_get_str(&q, a);
	f.last_seen = sql_get_int(&q);
	f.active = sql_get_int(&q);
	f.exposed = sql_get_int(&q);
	f.role_guess = sql_get_str(&q, a);
	f.role_guess_why = sql_get_str(&q, a);
	if (!sql_end(&q, e))
		return false;
	SQL_AUTO groups = sql_new(st, "SELECT name FROM (SELECT group_name AS name, 0 AS turn FROM host WHERE id = ?1"
				      " AND group_name IS NOT NULL UNION ALL SELECT name, 1 FROM fleet_member"
				      " WHERE host = ?1) GROUP BY name ORDER BY min(turn), name");
	sql_text(&groups, host);
	SQL_AUTO tags = sql_new(st, "SELECT tag FROM host_tag WHERE host = ? ORDER BY tag");
	sql_text(&tags, host);
	if (!texts_read(&groups, a, &f.groups, &f.group_count, e) || !texts_read(&tags, a, &f.tags, &f.tag_count, e))
		return false;
	*out = f;
	return true;
}

bool
host_set_traits(struct store *st, struct str host, struct str role, struct str site, struct str redundancy,
		struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET role = nullif(coalesce(?2, role), ''),"
				 " site = nullif(coalesce(?3, site), ''),"
				 " redundancy = nullif(coalesce(?4, redundancy), '') WHERE id = ?1");
	sql_text(&q, host);
	sql_text(&q, role);
	sql_text(&q, site);
	sql_text(&q, redundancy);
	return sql_run(&q, e);
}

bool
host_set_role_guess(struct store *st, struct str host, struct str role, struct str why, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET role_guess = ?2, role_guess_why = ?3 WHERE id = ?1"
				 " AND (role_guess IS NOT ?2 OR role_guess_why <> ?3)");
	sql_text(&q, host);
	sql_text(&q, role);
	sql_text(&q, why);
	return sql_run(&q, e);
}

bool
hosts_guessed(struct store *st, struct arena *a, struct str role, int64_t max, struct guessed_host **out, size_t *count,
	      struct err *e)
{
	SQL_AUTO q = sql_new(st, "SELECT id, name, group_name, role_guess_why FROM host WHERE state = 'active'"
				 " AND role IS NULL AND role_guess = ? ORDER BY group_name, name LIMIT ?");
	sql_text(&q, role);
	sql_int(&q, max);
	ARRAY_OF(struct guessed_host) rows = { 0 };
	while (sql_row(&q)) {
		struct guessed_host *h = ARRAY_PUSH(a, &rows);
		h->id = sql_get_str(&q, a);
		h->name = sql_get_str(&q, a);
		h->group = sql_get_str(&q, a);
		h->why = sql_get_str(&q, a);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}

bool
host_set_timezone(struct store *st, struct str host, struct str zone, struct err *e)
{
	SQL_AUTO q = sql_new(st, "UPDATE host SET timezone = ?2 WHERE id = ?1 AND timezone <> ?2");
	sql_text(&q, host);
	sql_text(&q, zone.ptr ? zone : STR(""));
	return sql_run(&q, e);
}

bool
host_set_tags(struct store *st, struct str host, const struct str *tags, size_t count, struct err *e)
{
	SQL_AUTO gone = sql_new(st, "DELETE FROM host_tag WHERE host = ?");
	sql_text(&gone, host);
	if (!sql_run(&gone, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		SQL_AUTO q = sql_new(st, "INSERT INTO host_tag (host, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
		sql_text(&q, host);
		sql_text(&q, tags[i]);
		if (!sql_run(&q, e))
			return false;
	}
	return true;
}

bool
redundancy_members(struct store *st, struct arena *a, struct str group, struct redundancy_member **out, size_t *count,
		   struct err *e)
{
	SQL_AUTO q = sql_new(st, group.len ? "SELECT redundancy, id, name, last_seen FROM host WHERE redundancy = ?1"
					     " AND state = 'active' ORDER BY name"
					   : "SELECT redundancy, id, name, last_seen FROM host WHERE redundancy IS NOT"
					     " NULL AND state = 'active' ORDER BY redundancy, name");
	sql_text_at(&q, 1, group);
	ARRAY_OF(struct redundancy_member) rows = { 0 };
	while (sql_row(&q)) {
		struct redundancy_member *m = ARRAY_PUSH(a, &rows);
		m->group = sql_get_str(&q, a);
		m->host = sql_get_str(&q, a);
		m->name = sql_get_str(&q, a);
		m->last_seen = sql_get_int(&q);
	}
	if (!sql_end(&q, e))
		return false;
	*out = rows.items;
	*count = rows.count;
	return true;
}
