/* /api/v1/hosts */
#include "base/sentence.h"
#include "plan/inventory.h"
#include "server/mitigation_in.h"
#include "server/policies.h"
#include "store/host_patch.h"
#include "store/section.h"
#include "store/step.h"
#include "vuln/priority.h"

static void
os_write(struct request *r, const struct host *h)
{
	json_key(&r->w, "os");
	json_begin_object(&r->w);
	json_put_str(&r->w, "key", h->os_key);
	json_put_str(&r->w, "name", h->os_name.len ? h->os_name : h->os_key);
	json_put_time(&r->w, "eol", h->eol_at);
	json_put_bool(&r->w, "ended", h->eol_ended);
	json_end_object(&r->w);
}

void
host_item_write(struct request *r, const struct host *h)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", h->id);
	json_put_str(w, "name", h->name);
	str_or_null(w, "group", h->group);
	json_put_cstr(w, "state", host_state_name(h->state));
	os_write(r, h);
	json_put_time(w, "last_seen", h->last_seen);
	json_put_bool(w, "silent", host_is_silent(r, h));
	json_put_str(w, "agent", h->agent);
	json_key(w, "addresses");
	json_raw(w, h->addresses);
	json_put_i64(w, "packages", h->packages);
	json_put_i64(w, "security", h->security);
	json_put_i64(w, "pending", h->pending);
	json_put_i64(w, "running", h->running);
	json_put_i64(w, "failed", h->failed);
	json_key(w, "findings");
	findings_counts_write(w, h->findings, h->kev);
	json_key(w, "actions");
	actions_write(w, h->actions, h->overdue, h->overdue_now);
	json_put_bool(w, "exposed", h->exposed);
	json_put_cstr(w, "importance", importance_name((enum importance)h->importance));
	json_put_time(w, "matched_at", h->matched_at);
	str_or_null(w, "not_matched", host_not_matched(r, h));
	json_put_bool(w, "reboot", h->reboot);
	json_put_str(w, "sentence", host_sentence(r, h));
}

static bool
attention_known(struct str s)
{
	static const char *const known[] = { "security", "failed", "silent",  "reboot",
					     "eol",      "kev",    "overdue", "not-matched" };
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq(s, str_of(known[i])))
			return true;
	return !s.len;
}

bool
api_hosts(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "group", "site", "state", "os", "attention", NULL };
	struct page page;
	struct host *hosts;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, host_known_sort, &page, e))
		return false;
	struct host_filter f = {
		.q = request_parameter(r, "q"),
		.group = request_parameter(r, "group"),
		.site = request_parameter(r, "site"),
		.state = request_parameter(r, "state"),
		.os = request_parameter(r, "os"),
		.attention = request_parameter(r, "attention"),
		.silent_before = request_silent_before(r),
	};
	if (!attention_known(f.attention))
		return err_set(e, ERR_USAGE,
			       "attention must be security, failed, silent, reboot, eol, kev, overdue or not-matched");
	if (!host_list(r->st, &r->arena, &f, &page, &hosts, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		host_item_write(r, &hosts[i]);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

/* ---- one host ---- */

static const char *const system_keys[] = { "kernel",   "hardware",       "last_user", "last_login",
					   "timezone", "reboot_signals", "settings",  "backup" };

/* Not as the host sent it: a list where a page expects a text would end the dashboard. */
static bool
system_read(struct request *r, struct str body, struct json **out, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	struct inventory inv;
	if (!inventory_parse_system(&r->arena, body, &inv, e))
		return false;
	for (size_t i = 0; i < inv.settings.items.count; i++)
		inv.settings.items.items[i].why = tr_sentence(&r->arena, inv.settings.items.items[i].why);
	inv.backup.why = tr_sentence(&r->arena, inv.backup.why);
	inventory_write_system(&inv, &w);
	return json_parse(&r->arena, buf_str(&text), NULL, out, e);
}

/* The agent's sentences are English: in the reader's language. */
static void
settings_of_host_write(struct request *r, const struct json *settings)
{
	json_begin_array(&r->w);
	for (size_t i = 0; i < settings->count; i++) {
		const struct json *s = &settings->item[i];
		struct str why = json_get_str(s, "why");
		json_begin_object(&r->w);
		json_put_str(&r->w, "setting", json_get_str(s, "setting"));
		json_put_str(&r->w, "state", json_get_str(s, "state"));
		str_or_null(&r->w, "why", why.len ? tr_sentence(&r->arena, why) : why);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
}

static bool
system_write(struct request *r, const struct host *h, struct err *e)
{
	struct str body;
	struct json *system = NULL;
	if (!section_body(r->st, &r->arena, h->id, "system", &body, e) ||
	    (body.len && !system_read(r, body, &system, e)))
		return false;
	for (size_t i = 0; i < COUNT(system_keys); i++) {
		const struct json *value = json_get(system, system_keys[i]);
		json_key(&r->w, system_keys[i]);
		if (value && value->kind == JSON_KIND_ARRAY && str_eq(str_of(system_keys[i]), STR("settings")))
			settings_of_host_write(r, value);
		else if (value)
			json_tree(&r->w, value);
		else
			json_null(&r->w);
	}
	return true;
}

static bool
sections_write(struct request *r, const struct host *h, struct err *e)
{
	struct section *sections;
	size_t count;
	if (!section_list(r->st, &r->arena, h->id, &sections, &count, e))
		return false;
	json_key(&r->w, "sections");
	json_begin_object(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_key_str(&r->w, sections[i].name);
		json_time(&r->w, sections[i].received_at);
	}
	json_end_object(&r->w);
	return true;
}

static bool
certificate_write(struct request *r, const struct host *h)
{
	struct certificate c;
	struct err none = { 0 };
	json_key(&r->w, "certificate");
	if (!certificate_newest(r->st, &r->arena, h->id, &c, &none)) {
		json_null(&r->w);
		return none.code == ERR_NOT_FOUND;
	}
	json_begin_object(&r->w);
	json_put_str(&r->w, "serial", c.serial);
	json_put_time(&r->w, "not_after", c.not_after);
	json_end_object(&r->w);
	return true;
}

bool
api_host(struct request *r, struct err *e)
{
	struct host h;
	int64_t backup;
	if (!host_get(r->st, &r->arena, r->argument, &h, e) || !host_backup(r->st, h.id, &backup, e))
		return false;
	host_item_write(r, &h);
	json_put_time(&r->w, "enrolled_at", h.enrolled_at);
	json_put_time(&r->w, "backup_at", backup);
	str_or_null(&r->w, "boot", h.boot);
	if (!system_write(r, &h, e))
		return false;
	json_put_time(&r->w, "planned_at", h.planned_at);
	str_or_null(&r->w, "plan_error", tr_sentence(&r->arena, h.plan_error));
	json_put_time(&r->w, "lists_at", h.lists_at);
	json_put_time(&r->w, "next_check_in", h.state == HOST_ACTIVE && h.last_seen ? h.last_seen + r->interval : 0);
	if (!certificate_write(r, &h))
		return err_set(e, ERR_SYSTEM, "the host's certificate could not be read");
	json_key(&r->w, "notices");
	json_begin_array(&r->w);
	host_notices_write(r, &h);
	json_end_array(&r->w);
	if (!sections_write(r, &h, e) || !mitigations_of_host_write(r, h.id, e))
		return false;
	json_end_object(&r->w);
	return true;
}

static bool
contains_nocase(struct str s, struct str needle)
{
	for (size_t i = 0; needle.len <= s.len && i <= s.len - needle.len; i++)
		if (str_eq_nocase(str_sub(s.ptr + i, needle.len), needle))
			return true;
	return false;
}

static void
package_write(struct json_writer *w, const struct package *p)
{
	json_begin_object(w);
	json_put_str(w, "name", p->name);
	json_put_str(w, "version", p->version);
	json_put_str(w, "arch", p->arch);
	json_put_str(w, "source", p->source);
	json_put_str(w, "source_version", p->source_version);
	json_end_object(w);
}

bool
api_host_packages(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", NULL };
	struct page page;
	struct host h;
	struct str body;
	struct package_list list = { 0 };
	if (!request_query(r, filters, e) || !request_page(r, NULL, &page, e) ||
	    !host_get(r->st, &r->arena, r->argument, &h, e) ||
	    !section_body(r->st, &r->arena, h.id, "packages", &body, e) ||
	    (body.len && !inventory_parse_packages(&r->arena, body, &list, e)))
		return false;
	struct str q = request_parameter(r, "q");
	for (size_t i = 0; i < list.count; i++)
		page.total += contains_nocase(list.items[i].name, q) || contains_nocase(list.items[i].source, q);
	request_list_begin(r, &page);
	int64_t n = 0;
	for (size_t i = 0; i < list.count; i++) {
		if (!contains_nocase(list.items[i].name, q) && !contains_nocase(list.items[i].source, q))
			continue;
		if (n >= page.offset && n < page.offset + page.limit)
			package_write(&r->w, &list.items[i]);
		n++;
	}
	request_list_end(r);
	return true;
}

/* ---- changes ---- */

static bool
host_answer(struct request *r, struct err *e)
{
	struct host h;
	if (!host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	host_item_write(r, &h);
	json_end_object(&r->w);
	return true;
}

/* {"exposed", "importance"}: what the decision tree is told of the machine. */
static bool
weight_change(struct request *r, const struct host *h, const struct json *exposed, const struct json *importance,
	      struct err *e)
{
	enum importance weight = (enum importance)h->importance;
	bool reachable = h->exposed;
	if (exposed && exposed->kind != JSON_KIND_BOOL)
		return err_set(e, ERR_USAGE, "exposed must be true or false");
	if (importance && !importance_parse(json_get_str(r->json, "importance"), &weight))
		return err_set(e, ERR_USAGE, "importance must be low, normal or high");
	if (exposed)
		reachable = json_get_bool(r->json, "exposed", false);
	r->match_host = h->id;
	return host_set_weight(r->st, h->id, reachable, (int)weight, e) &&
	       request_audit(r, "host.weight", h->id,
			     arena_printf(&r->arena, "%s, %s", reachable ? "exposed" : "not exposed",
					  importance_name(weight)),
			     e);
}

bool
api_host_change(struct request *r, struct err *e)
{
	const struct json *exposed = json_get(r->json, "exposed"), *importance = json_get(r->json, "importance");
	bool traits = host_change_asked(r->json);
	struct host h;
	if (!traits && !exposed && !importance)
		return err_set(
			e, ERR_USAGE,
			"give what to change of the host: group, role, site, redundancy (a name or null), tags (a "
			"list), backup_at (a time), exposed (true or false), importance (low, normal or high)");
	if (!host_get(r->st, &r->arena, r->argument, &h, e) || (traits && !host_change(r, h.id, r->json, e)) ||
	    ((exposed || importance) && !weight_change(r, &h, exposed, importance, e)))
		return false;
	return host_answer(r, e);
}

bool
api_host_approve(struct request *r, struct err *e)
{
	struct host h;
	if (!host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	if (h.state == HOST_REVOKED)
		return err_set(e, ERR_CONFLICT, "%.*s is revoked: enrol it again with a new token", STR_ARG(h.name));
	/* For one said to be cloned: its hardware has changed, the next machine that comes is it. */
	if (h.state == HOST_CLONED)
		h.machine = STR("");
	h.state = HOST_ACTIVE;
	if (!host_set_contact(r->st, &h, e) || !request_audit(r, "host.approve", h.id, h.name, e))
		return false;
	return host_answer(r, e);
}

bool
api_host_revoke(struct request *r, struct err *e)
{
	struct host h;
	if (!host_get(r->st, &r->arena, r->argument, &h, e) || !host_set_state(r->st, h.id, HOST_REVOKED, e) ||
	    !certificate_revoke_host(r->st, h.id, r->now, e) || !request_audit(r, "host.revoke", h.id, h.name, e))
		return false;
	return host_answer(r, e);
}

bool
api_host_refresh(struct request *r, struct err *e)
{
	struct host h;
	struct order_context c = order_context_of(r);
	if (!host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	if (h.state != HOST_ACTIVE)
		return err_set(e, ERR_CONFLICT, "%.*s does not check in: %s", STR_ARG(h.name),
			       host_state_name(h.state));
	if (!order_refresh(&c, h.id, r->user, e) || !request_audit(r, "host.refresh", h.id, h.name, e))
		return false;
	return host_answer(r, e);
}

bool
api_host_delete(struct request *r, struct err *e)
{
	struct host h;
	if (!host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	if (h.state != HOST_REVOKED)
		return err_set(e, ERR_CONFLICT, "%.*s is not revoked: revoke it first, then delete it",
			       STR_ARG(h.name));
	r->status = 204;
	return host_delete(r->st, h.id, e) && request_audit(r, "host.delete", h.id, h.name, e);
}
