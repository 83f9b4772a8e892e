/* /api/v1/patches, /api/v1/host-patches, /api/v1/orders, /api/v1/history */
#include "base/sentence.h"
#include "patch/why.h"
#include "server/api.h"
#include "server/lives.h"
#include "server/due.h"

static bool
patch_filter_of(struct request *r, struct patch_filter *f, struct err *e)
{
	*f = (struct patch_filter){
		.q = request_parameter(r, "q"),
		.host = request_parameter(r, "host"),
		.group = request_parameter(r, "group"),
		.state = request_parameter(r, "state"),
		.patch = request_parameter(r, "patch"),
	};
	enum patch_state known;
	if (f->state.len && !patch_state_parse(f->state, &known))
		return err_set(e, ERR_USAGE, "there is no state “%.*s” of an update", STR_ARG(f->state));
	return request_tristate(r, "security", &f->security, e);
}

static void
patch_item_write(struct request *r, const struct patch_row *p)
{
	static const enum patch_state shown[] = { PATCH_MISSING,   PATCH_QUEUED,         PATCH_RUNNING,  PATCH_FAILED,
						  PATCH_INSTALLED, PATCH_PENDING_REBOOT, PATCH_KEPT_BACK };
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", p->id);
	json_put_str(w, "title", p->title);
	json_put_str(w, "source", p->source);
	json_put_str(w, "version", p->version);
	json_put_bool(w, "security", p->security);
	json_put_i64(w, "size", p->size);
	json_put_str(w, "origins", p->origins);
	json_put_time(w, "first_seen", p->first_seen);
	json_key(w, "hosts");
	json_begin_object(w);
	for (size_t i = 0; i < COUNT(shown); i++)
		json_put_i64(w, patch_state_name(shown[i]), p->hosts[shown[i]]);
	json_end_object(w);
	json_put_cstr(w, "severity", severity_word(p->severity));
	json_put_i64(w, "kev", p->kev);
	json_put_i64(w, "vulnerabilities", p->vulnerabilities);
}

bool
api_patches(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "host", "group", "security", "state", NULL };
	struct page page;
	struct patch_filter f;
	struct patch_row *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, patch_known_sort, &page, e) ||
	    !patch_filter_of(r, &f, e) || !patch_rows(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		patch_item_write(r, &rows[i]);
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

static bool
targets_write(struct request *r, struct str patch, struct err *e)
{
	struct patch_filter f = { .patch = patch, .security = -1 };
	struct page page = { .limit = ORDER_HOSTS_MAX, .sort = STR("host") };
	struct host_patch *rows;
	size_t count;
	LIVES_AUTO lives = { 0 };
	if (!host_patch_list(r->st, &r->arena, &f, &page, &rows, &count, e) || !lives_open(r, &lives, e))
		return false;
	json_key(&r->w, "targets");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		const struct host_patch *p = &rows[i];
		json_begin_object(&r->w);
		host_ref_group_write(r, "host", p->host, p->host_name, p->group);
		if (!life_keys_write(&lives, p, e))
			return false;
		json_put_str(&r->w, "from", p->from);
		json_put_str(&r->w, "to", p->to);
		json_key(&r->w, "packages");
		json_raw(&r->w, p->packages);
		json_put_bool(&r->w, "staged", p->staged);
		json_put_time(&r->w, "at", p->at);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	return true;
}

static bool
fixes_write(struct request *r, struct str patch, struct err *e)
{
	struct patch_fix_row *fixes;
	size_t count;
	if (!patch_fixes(r->st, &r->arena, patch, &fixes, &count, e))
		return false;
	json_key(&r->w, "fixes");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		const struct patch_fix_row *f = &fixes[i];
		json_begin_object(&r->w);
		json_put_str(&r->w, "vulnerability", f->vulnerability);
		json_put_cstr(&r->w, "severity", severity_word(f->severity));
		number_or_null(&r->w, "cvss", f->cvss, 1);
		json_put_bool(&r->w, "kev", f->kev);
		number_or_null(&r->w, "epss", f->epss, 5);
		json_put_str(&r->w, "source", f->source);
		json_key(&r->w, "advisories");
		json_raw(&r->w, f->advisories);
		str_or_null(&r->w, "title", f->title);
		json_put_i64(&r->w, "hosts", f->hosts);
		json_key(&r->w, "action");
		json_str_or_null(&r->w, f->action < 0 ? STR_NONE : str_of(action_name((enum action)f->action)));
		json_put_time(&r->w, "due", f->due);
		json_put_bool(&r->w, "overdue", f->due > 0 && f->due < due_today(r->app, r->now));
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	return true;
}

bool
api_patch(struct request *r, struct err *e)
{
	struct patch_row p;
	if (!patch_get(r->st, &r->arena, r->argument, &p, e))
		return false;
	patch_item_write(r, &p);
	if (!targets_write(r, p.id, e) || !fixes_write(r, p.id, e))
		return false;
	json_end_object(&r->w);
	return true;
}

bool
api_host_patches(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "host", "group", "patch", "state", "security", NULL };
	struct page page;
	struct patch_filter f;
	struct host_patch *rows;
	size_t count;
	LIVES_AUTO lives = { 0 };
	if (!request_query(r, filters, e) || !request_page(r, host_patch_known_sort, &page, e) ||
	    !patch_filter_of(r, &f, e) || !host_patch_list(r->st, &r->arena, &f, &page, &rows, &count, e) ||
	    !lives_open(r, &lives, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		const struct host_patch *p = &rows[i];
		struct json_writer *w = &r->w;
		json_begin_object(w);
		host_ref_write(r, "host", p->host, p->host_name);
		str_or_null(w, "group", p->group);
		json_put_str(w, "patch", p->patch);
		json_put_str(w, "title", p->title);
		json_put_str(w, "from", p->from);
		json_put_str(w, "to", p->to);
		if (!life_keys_write(&lives, p, e))
			return false;
		json_put_time(w, "at", p->at);
		str_or_null(w, "trigger", p->cause);
		json_put_bool(w, "security", p->security);
		json_put_cstr(w, "severity", severity_word(p->severity));
		json_put_bool(w, "kev", p->kev > 0);
		json_put_bool(w, "staged", p->staged);
		json_end_object(w);
	}
	request_list_end(r);
	return true;
}

/* ---- orders ---- */

bool
api_order_prepare(struct request *r, struct err *e)
{
	struct order_request *o = ARENA_NEW(&r->arena, struct order_request);
	if (!order_request_parse(&r->arena, r->json, o, e))
		return false;
	o->by = r->user;
	r->prepared = o;
	return true;
}

static void
order_item_write(struct request *r, const struct order_item *item)
{
	json_begin_object(&r->w);
	str_or_null(&r->w, "id", item->id);
	host_ref_write(r, "host", item->host, item->host_name);
	json_key(&r->w, "patches");
	json_begin_array(&r->w);
	for (size_t i = 0; i < item->patch_count; i++) {
		json_begin_object(&r->w);
		json_put_str(&r->w, "id", item->patches[i].patch);
		json_put_str(&r->w, "title", item->patches[i].title);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_put_time(&r->w, "starts_by", item->starts_by);
	json_end_object(&r->w);
}

static void
outcome_write(struct request *r, const struct order_outcome *out)
{
	int64_t patches = 0;
	json_begin_object(&r->w);
	json_key(&r->w, "orders");
	json_begin_array(&r->w);
	for (size_t i = 0; i < out->items.count; i++) {
		order_item_write(r, &out->items.items[i]);
		patches += (int64_t)out->items.items[i].patch_count;
	}
	json_end_array(&r->w);
	json_put_i64(&r->w, "hosts", (int64_t)out->items.count);
	json_put_i64(&r->w, "patches", patches);
	json_key(&r->w, "refused");
	json_begin_array(&r->w);
	for (size_t i = 0; i < out->refused.count; i++) {
		json_begin_object(&r->w);
		host_ref_write(r, "host", out->refused.items[i].host, out->refused.items[i].host_name);
		json_put_str(&r->w, "why", out->refused.items[i].why);
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
}

bool
api_order_create(struct request *r, struct err *e)
{
	const struct order_request *o = r->prepared;
	struct order_context c = order_context_of(r);
	struct order_outcome out;
	if (!order_request_run(&c, o, &out, e))
		return false;
	for (size_t i = 0; !o->dry_run && i < out.items.count; i++) {
		const struct order_item *item = &out.items.items[i];
		if (!request_audit(r, "order.create", item->id,
				   arena_printf(&r->arena, "%s %zu updates on %.*s", o->kind, item->patch_count,
						STR_ARG(item->host_name)),
				   e))
			return false;
	}
	outcome_write(r, &out);
	return true;
}

bool
api_order_delete(struct request *r, struct err *e)
{
	struct order_context c = order_context_of(r);
	r->status = 204;
	return order_withdraw(&c, r->argument, e) && request_audit(r, "order.withdraw", r->argument, STR(""), e);
}

/* ---- history ---- */

static bool
instant_parameter(struct request *r, const char *key, bool end_of_day, int64_t *out, struct err *e)
{
	struct str text = request_parameter(r, key);
	*out = 0;
	if (!text.len)
		return true;
	if (!time_parse(text, out))
		return err_set(e, ERR_USAGE, "%s must be a day (2026-11-21) or an instant with zone", key);
	if (end_of_day && text.len == sizeof("2026-11-21") - 1)
		*out += 86400000LL; /* the day itself counts */
	return true;
}

static void
attempt_write(struct request *r, const struct attempt *t)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "attempt", t->id);
	json_put_str(w, "order", t->order);
	host_ref_write(r, "host", t->host, t->host_name);
	str_or_null(w, "group", t->group);
	json_put_str(w, "patch", t->patch);
	json_put_str(w, "title", t->title);
	json_put_str(w, "from", t->from);
	json_put_str(w, "to", t->to);
	json_key(w, "packages");
	json_raw(w, t->packages);
	json_put_cstr(w, "state", patch_state_name(t->state));
	json_put_time(w, "at", t->at);
	json_put_time(w, "finished", t->finished);
	json_put_str(w, "trigger", t->cause);
	json_put_str(w, "by", t->by);
	str_or_null(w, "why", tr_sentence(&r->arena, t->why));
	str_or_null(w, "words", t->words);
	json_end_object(w);
}

bool
api_history(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "host", "group", "patch", "state", "from", "to", NULL };
	struct page page;
	struct attempt *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, attempt_known_sort, &page, e))
		return false;
	struct history_filter f = {
		.q = request_parameter(r, "q"),
		.host = request_parameter(r, "host"),
		.group = request_parameter(r, "group"),
		.patch = request_parameter(r, "patch"),
		.state = request_parameter(r, "state"),
	};
	if (!instant_parameter(r, "from", false, &f.from, e) || !instant_parameter(r, "to", true, &f.to, e) ||
	    !attempt_list(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		attempt_write(r, &rows[i]);
	request_list_end(r);
	return true;
}
