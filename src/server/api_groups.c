/* /api/v1/groups, /api/v1/redundancy: which machines belong together, and by whose word. */
#include "base/codec.h"
#include "patch/group_rule.h"
#include "server/policies.h"
#include "vuln/sheet.h"

enum { NAME_BYTES = 100, HOSTS_MAX = 20000, PREVIEW_SHOWN = 1000 };

/* ---- shared by the handlers of this page and its neighbours ---- */

struct str
id_new(struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[9];
	char hex[2 * sizeof(bytes)];
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return arena_str(a, str_sub(hex, sizeof(hex)));
}

bool
body_text(struct request *r, const char *key, size_t max, bool needed, struct str *out, struct err *e)
{
	struct str s = str_trim(json_get_str(r->json, key));
	if (needed && !s.len)
		return err_set(e, ERR_USAGE, "%s is missing", key);
	if (s.len > max)
		return err_set(e, ERR_USAGE, "%s has at most %zu bytes", key, max);
	*out = arena_line(&r->arena, s, max);
	return true;
}

bool
body_sheet(struct request *r, struct str *csv, struct err *e)
{
	struct str file = json_get_str(r->json, "file");
	BUF_AUTO bytes = { 0 };
	BUF_AUTO text = { 0 };
	*csv = json_get_str(r->json, "csv");
	if (!file.ptr)
		return true;
	if (csv->len)
		return err_set(e, ERR_USAGE, "give the table as csv or as file, not as both");
	if (!base64_decode(&bytes, file))
		return err_set(e, ERR_USAGE, "file must be the spreadsheet's bytes in base64");
	if (!sheet_csv(buf_str(&bytes), &text, e))
		return false;
	*csv = arena_str(&r->arena, buf_str(&text));
	return true;
}

bool
body_time(struct request *r, const char *key, int64_t *out, struct err *e)
{
	struct str s = json_get_str(r->json, key);
	*out = 0;
	return !s.len || time_parse(s, out) ||
	       err_set(e, ERR_USAGE, "%s must be a day (2026-11-21) or an instant with zone", key);
}

/* ---- groups ---- */

static bool
list_names(const struct str_list *list, struct str name)
{
	for (size_t i = 0; i < list->items.count; i++)
		if (str_eq(list->items.items[i], name))
			return true;
	return false;
}

/* Does this policy say something of the group: whom it is for, its rings, its steps? */
static bool
policy_names_group(const struct policy *p, struct str group)
{
	bool found = list_names(&p->applies.groups, group);
	for (size_t i = 0; i < p->rings.count; i++)
		found |= list_names(&p->rings.items[i].groups, group);
	for (size_t i = 0; i < p->steps.count; i++)
		found |= str_eq(p->steps.items[i].group, group);
	return found;
}

static void
policies_write(struct request *r, const struct policy_set *set, struct str group)
{
	json_key(&r->w, "policies");
	json_begin_array(&r->w);
	for (size_t i = 0; group.len && i < set->count; i++)
		if (policy_names_group(&set->policies[i], group))
			json_str(&r->w, set->policies[i].name);
	json_end_array(&r->w);
}

static void
defined_write(struct request *r, const struct policy_set *set, const struct fleet_group *g)
{
	json_begin_object(&r->w);
	json_put_str(&r->w, "group", g->name);
	json_put_cstr(&r->w, "kind", g->rule.ptr ? "rule" : "hand");
	json_put_i64(&r->w, "hosts", g->hosts);
	json_key(&r->w, "rule");
	if (g->rule.ptr)
		json_raw(&r->w, g->rule);
	else
		json_null(&r->w);
	json_put_str(&r->w, "by", g->by);
	json_put_time(&r->w, "at", g->at);
	policies_write(r, set, g->name);
	json_end_object(&r->w);
}

bool
api_groups(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct host_group *groups;
	struct fleet_group *defined;
	struct policy_set set;
	size_t count, defined_count;
	if (!request_query(r, filters, e) || !policy_set_load(r->st, &r->arena, r->now, &set, e) ||
	    !host_groups(r->st, &r->arena, request_silent_before(r), &groups, &count, e) ||
	    !fleet_group_list(r->st, &r->arena, &defined, &defined_count, e))
		return false;
	struct page page = { .total = (int64_t)(count + defined_count) };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		str_or_null(&r->w, "group", groups[i].name);
		json_put_cstr(&r->w, "kind", "department");
		json_put_i64(&r->w, "hosts", groups[i].hosts);
		json_put_i64(&r->w, "security", groups[i].security);
		json_put_i64(&r->w, "current", groups[i].current);
		policies_write(r, &set, groups[i].name);
		json_end_object(&r->w);
	}
	for (size_t i = 0; i < defined_count; i++)
		defined_write(r, &set, &defined[i]);
	request_list_end(r);
	return true;
}

static bool
group_answer(struct request *r, struct str name, struct err *e)
{
	struct fleet_group g;
	struct policy_set set;
	if (!fleet_group_get(r->st, &r->arena, name, &g, e) || !policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	defined_write(r, &set, &g);
	return true;
}

bool
group_needed(struct request *r, struct str group, struct err *e)
{
	struct str *names;
	size_t count;
	if (!group_names(r->st, &r->arena, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_eq(names[i], group))
			return true;
	return err_set(e, ERR_NOT_FOUND, "there is no group “%.*s”: see mamori group list", STR_ARG(group));
}

/* A group that is there already stays one kind or turns into the other with its members; a department's name is taken:
 * two of one name would be one to every policy. */
static bool
name_free(struct request *r, const struct fleet_group *g, struct err *e)
{
	struct fleet_group before;
	struct err none = { 0 };
	struct str *names;
	size_t count;
	if (fleet_group_get(r->st, &r->arena, g->name, &before, &none))
		return !before.rule.ptr == !g->rule.ptr || fleet_members_turn(r->st, g->name, g->rule.ptr != NULL, e);
	if (none.code != ERR_NOT_FOUND) {
		*e = none;
		return false;
	}
	if (!group_names(r->st, &r->arena, &names, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_eq(names[i], g->name))
			return err_set(e, ERR_CONFLICT, "%.*s is a department already: choose another name",
				       STR_ARG(g->name));
	return true;
}

bool
api_group_put(struct request *r, struct err *e)
{
	const struct json *rule = json_get(r->json, "rule");
	struct fleet_group g = { .name = str_trim(r->argument), .by = r->user, .at = r->now };
	if (!g.name.len || g.name.len > NAME_BYTES || str_find_char(g.name, '/') >= 0)
		return err_set(e, ERR_USAGE, "a group's name has 1 to %d bytes and no slash", NAME_BYTES);
	if (rule && rule->kind == JSON_KIND_OBJECT && !group_rule_check(&r->arena, rule, &g.rule, e))
		return false;
	return name_free(r, &g, e) && fleet_group_put(r->st, &g, e) && group_rules_group(r->st, &r->arena, g.name, e) &&
	       request_audit(r, "group.put", g.name, g.rule.ptr ? g.rule : STR(""), e) && group_answer(r, g.name, e);
}

bool
api_group_delete(struct request *r, struct err *e)
{
	struct fleet_group g;
	struct policy_set set;
	if (!fleet_group_get(r->st, &r->arena, r->argument, &g, e) ||
	    !policy_set_load(r->st, &r->arena, r->now, &set, e))
		return false;
	for (size_t i = 0; i < set.count; i++)
		if (policy_names_group(&set.policies[i], g.name))
			return err_set(e, ERR_CONFLICT, "policy %.*s names the group %.*s: change the policy first",
				       STR_ARG(set.policies[i].name), STR_ARG(g.name));
	r->status = 204;
	return fleet_group_delete(r->st, g.name, e) && request_audit(r, "group.delete", g.name, STR(""), e);
}

/* ---- who would be in it ---- */

static void
preview_host_write(struct request *r, const struct host_facts *h)
{
	json_put_str(&r->w, "id", h->id);
	json_put_str(&r->w, "name", h->name);
	str_or_null(&r->w, "group", h->group);
}

struct group_preview {
	struct str rule, group;
	struct host_facts *leaves; /* members that the rule does not fit */
	size_t leave_count;
	int64_t fits;
};

/* One active host: into the open array when it fits. */
static bool
preview_host(struct request *r, struct group_preview *p, struct str id, struct err *e)
{
	struct host_facts h;
	bool is = false;
	if (!host_facts_get(r->st, &r->arena, id, &h, e))
		return false;
	for (size_t i = 0; p->group.len && i < h.group_count; i++)
		is |= str_eq(h.groups[i], p->group);
	if (!group_rule_fits(&r->arena, p->rule, &h)) {
		if (is && p->leave_count < PREVIEW_SHOWN)
			p->leaves[p->leave_count++] = h;
		return true;
	}
	if (p->fits++ >= PREVIEW_SHOWN)
		return true;
	json_begin_object(&r->w);
	preview_host_write(r, &h);
	json_put_bool(&r->w, "is", is);
	json_end_object(&r->w);
	return true;
}

bool
api_group_preview(struct request *r, struct err *e)
{
	const struct json *rule = json_get(r->json, "rule");
	struct group_preview p = { .group = json_get_str(r->json, "group") };
	struct str *ids;
	size_t count;
	if (!rule || rule->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_USAGE, "give the rule: {\"rule\": {\"names\": [\"xray-*\"]}}");
	if (!group_rule_check(&r->arena, rule, &p.rule, e) || !host_ids(r->st, &r->arena, HOST_ACTIVE, &ids, &count, e))
		return false;
	p.leaves = ARENA_ARRAY(&r->arena, struct host_facts, PREVIEW_SHOWN);
	json_begin_object(&r->w);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		if (!preview_host(r, &p, ids[i], e))
			return false;
	json_end_array(&r->w);
	json_put_i64(&r->w, "total", p.fits);
	json_put_i64(&r->w, "of", (int64_t)count);
	json_key(&r->w, "leaves");
	json_begin_array(&r->w);
	for (size_t i = 0; i < p.leave_count; i++) {
		json_begin_object(&r->w);
		preview_host_write(r, &p.leaves[i]);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}

/* ---- members ---- */

bool
api_group_members(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct fleet_group g;
	struct str *hosts;
	size_t count;
	if (!request_query(r, filters, e) || !fleet_group_get(r->st, &r->arena, r->argument, &g, e) ||
	    !fleet_members(r->st, &r->arena, g.name, &hosts, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		struct host h;
		if (!host_get(r->st, &r->arena, hosts[i], &h, e))
			return false;
		json_begin_object(&r->w);
		json_put_str(&r->w, "id", h.id);
		json_put_str(&r->w, "name", h.name);
		str_or_null(&r->w, "group", h.group);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

static bool
members_change(struct request *r, bool add, struct err *e)
{
	struct fleet_group g;
	size_t count;
	const struct json *hosts = json_get_array(r->json, "hosts", &count);
	if (!count || count > HOSTS_MAX)
		return err_set(e, ERR_USAGE, "give the hosts: {\"hosts\": [\"ID\", …]}, at most %d", HOSTS_MAX);
	if (!fleet_group_get(r->st, &r->arena, r->argument, &g, e))
		return false;
	if (g.rule.ptr)
		return err_set(e, ERR_CONFLICT, "%.*s is made by a rule: change the rule", STR_ARG(g.name));
	for (size_t i = 0; i < count; i++) {
		struct host h;
		if (!host_get(r->st, &r->arena, hosts[i].text, &h, e))
			return false;
		if (!(add ? fleet_member_add(r->st, g.name, h.id, false, e)
			  : fleet_member_remove(r->st, g.name, h.id, false, e)))
			return false;
	}
	return request_audit(r, add ? "group.add" : "group.remove", g.name, arena_printf(&r->arena, "%zu hosts", count),
			     e) &&
	       group_answer(r, g.name, e);
}

bool
api_group_add(struct request *r, struct err *e)
{
	return members_change(r, true, e);
}

bool
api_group_remove(struct request *r, struct err *e)
{
	return members_change(r, false, e);
}

bool
api_redundancy(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	struct redundancy_member *m;
	size_t count;
	if (!request_query(r, filters, e) || !redundancy_members(r->st, &r->arena, STR(""), &m, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "redundancy", m[i].group);
		host_ref_write(r, "host", m[i].host, m[i].name);
		json_put_time(&r->w, "last_seen", m[i].last_seen);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}
