#include "agent/order.h"

#include "base/log.h"

#define ID_MAX 128
#define ORDERS_MAX 100000
#define KEEP_MS (30LL * 86400 * 1000)

static const char *const act_names[ORDER_ACTS] = {
	[ORDER_ACT_APPLY] = "apply", [ORDER_ACT_BACK] = "back", [ORDER_ACT_REMOVE] = "remove"
};

/* An id becomes a file name. */
static bool
id_valid(struct str id)
{
	if (id.len == 0 || id.len > ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
		      c == '_'))
			return false;
	}
	return true;
}

static bool
kind_of(struct str text, enum order_kind *out)
{
	static const char *const names[] = {
		[ORDER_APPLY] = "apply", [ORDER_STAGE] = "stage", [ORDER_REFRESH] = "refresh"
	};
	for (size_t i = 0; i < COUNT(names); i++) {
		if (str_eq(text, str_of(names[i]))) {
			*out = (enum order_kind)i;
			return true;
		}
	}
	return false;
}

static bool
order_from_json(struct arena *arena, const struct json *v, struct order *out, struct err *e)
{
	struct order o = { .id = json_get_str(v, "id"), .host = json_get_str(v, "host"), .by = json_get_str(v, "by") };
	size_t count;
	const struct json *patches = json_get_array(v, "patches", &count);
	if (!id_valid(o.id))
		return err_set(e, ERR_INPUT, "an order of the server has no proper id");
	if (!kind_of(json_get_str(v, "kind"), &o.kind))
		return err_set(e, ERR_INPUT, "order %.*s: this agent does not know its kind \"%.*s\"; update the agent",
			       STR_ARG(o.id), STR_ARG(json_get_str(v, "kind")));
	if (!time_parse(json_get_str(v, "issued"), &o.issued) || !time_parse(json_get_str(v, "expires"), &o.expires))
		return err_set(e, ERR_INPUT, "order %.*s: it does not say from when until when it is valid",
			       STR_ARG(o.id));
	if (count > ORDER_PATCHES_MAX)
		return err_set(e, ERR_TOO_LARGE, "order %.*s: more than %d patches", STR_ARG(o.id), ORDER_PATCHES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (patches[i].kind != JSON_KIND_STRING || patches[i].text.len == 0)
			return err_set(e, ERR_INPUT, "order %.*s: a patch in it has no name", STR_ARG(o.id));
		*ARRAY_PUSH(arena, &o.patches) = patches[i].text;
	}
	*out = o;
	return true;
}

bool
order_parse(struct arena *arena, struct str document, struct order *out, struct err *e)
{
	static const struct json_limits limits = { .depth = 8, .string_max = 64U << 10, .total = 4U << 20 };
	struct json *v;
	return json_parse(arena, document, &limits, &v, e) && order_from_json(arena, v, out, e);
}

bool
order_open(struct session *s, const struct json *signed_order, struct order *out, struct err *e)
{
	struct str document;
	struct order o;
	if (!signed_open(signed_order, s->order_key, "order", &document, e))
		return err_wrap(e, "checking the signature of an order");
	if (!order_parse(s->arena, document, &o, e))
		return false;
	if (!str_eq(o.host, str_of(s->id.host)))
		return err_set(e, ERR_REFUSED, "order %.*s is for another host (%.*s)", STR_ARG(o.id), STR_ARG(o.host));
	if (o.issued > s->contact.signed_time)
		s->contact.signed_time = o.issued;
	*out = o;
	return true;
}

static const char *
file_name(struct session *s, struct str id)
{
	return arena_printf(s->arena, "orders/%.*s.json", STR_ARG(id)).ptr;
}

bool
order_seen(struct session *s, struct str id)
{
	return file_exists(state_path(s->agent, s->arena, file_name(s, id)));
}

int64_t
order_now(const struct session *s)
{
	int64_t now = clock_now(s->agent->clock);
	return now > s->contact.signed_time ? now : s->contact.signed_time;
}

bool
order_save(struct session *s, const struct order_taken *t, struct err *e)
{
	static const char *const kinds[] = { "apply", "stage", "refresh" };
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	json_begin_object(&w);
	json_put_str(&w, "id", t->order.id);
	json_put_str(&w, "host", t->order.host);
	json_put_cstr(&w, "kind", kinds[t->order.kind]);
	json_put_str(&w, "by", t->order.by);
	json_put_time(&w, "issued", t->order.issued);
	json_put_time(&w, "expires", t->order.expires);
	json_key(&w, "patches");
	json_begin_array(&w);
	for (size_t i = 0; i < t->order.patches.count; i++)
		json_str(&w, t->order.patches.items[i]);
	json_end_array(&w);
	json_put_str(&w, "name", t->name);
	json_put_cstr(&w, "trigger", t->trigger);
	json_put_cstr(&w, "act", act_names[t->act]);
	json_put_bool(&w, "open", t->open);
	json_put_time(&w, "started", t->started);
	json_key(&w, "refused");
	json_begin_array(&w);
	for (size_t i = 0; i < t->refused.count; i++) {
		json_begin_object(&w);
		json_put_str(&w, "patch", t->refused.items[i].patch);
		json_put_str(&w, "why", t->refused.items[i].why);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_key(&w, "updates");
	patch_list_write(&t->list, &w);
	json_end_object(&w);
	if (!state_save(s->agent, file_name(s, t->order.id), buf_str(&b), e))
		return err_wrap(e, "writing down order %.*s before it is carried out", STR_ARG(t->order.id));
	return true;
}

bool
order_load(struct session *s, struct str id, struct order_taken *out, struct err *e)
{
	struct order_taken t = { 0 };
	BUF_AUTO updates = { 0 };
	struct json *v;
	size_t count;
	if (!state_load(s->agent, s->arena, file_name(s, id), &v, e))
		return false;
	if (!v)
		return err_set(e, ERR_NOT_FOUND, "order %.*s is not known here", STR_ARG(id));
	if (!order_from_json(s->arena, v, &t.order, e))
		return err_wrap(e, "reading a stored order");
	t.open = json_get_bool(v, "open", false);
	t.name = json_get_str(v, "name");
	struct str trigger = json_get_str(v, "trigger"), act = json_get_str(v, "act");
	t.trigger = trigger.len ? arena_cstr(s->arena, trigger) : NULL;
	for (size_t i = 0; i < COUNT(act_names); i++)
		if (str_eq(act, str_of(act_names[i])))
			t.act = (enum order_act)i;
	if (!time_parse(json_get_str(v, "started"), &t.started))
		t.started = 0;
	const struct json *refused = json_get_array(v, "refused", &count);
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(s->arena, &t.refused) =
			(struct order_refusal){ json_get_str(&refused[i], "patch"), json_get_str(&refused[i], "why") };
	struct json_writer w = { .out = &updates };
	json_tree(&w, json_get(v, "updates"));
	if (!patch_list_parse(s->arena, arena_str(s->arena, buf_str(&updates)), &t.list, e))
		return err_wrap(e, "reading the stored order %.*s", STR_ARG(id));
	*out = t;
	return true;
}

/* Ids of all stored orders. */
static bool
order_ids(struct session *s, struct str **ids, size_t *count, struct err *e)
{
	struct str *names;
	size_t n, kept = 0;
	if (!dir_list(s->arena, state_path(s->agent, s->arena, "orders"), ORDERS_MAX, &names, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_ends(names[i], STR(".json")))
			names[kept++] = str_head(names[i], names[i].len - 5);
	*ids = names;
	*count = kept;
	return true;
}

/* Only the members that decide: an open order is rare, the stamps of old ones are many. */
static bool
stamp_read(struct session *s, struct str id, bool *open, int64_t *expires)
{
	struct json *v;
	struct err e = { 0 };
	if (!state_load(s->agent, s->arena, file_name(s, id), &v, &e) || !v) {
		log_error("state", "%s", e.text);
		return false;
	}
	*open = json_get_bool(v, "open", false);
	return time_parse(json_get_str(v, "expires"), expires);
}

bool
order_list_open(struct session *s, struct str **ids, size_t *count, struct err *e)
{
	struct str *all;
	size_t n, kept = 0;
	if (!order_ids(s, &all, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool open;
		int64_t expires;
		if (stamp_read(s, all[i], &open, &expires) && open)
			all[kept++] = all[i];
	}
	*ids = all;
	*count = kept;
	return true;
}

void
order_prune(struct session *s)
{
	static const char *const suffixes[] = { "log", "outcome", "lock", "json" };
	struct str *all;
	size_t n;
	if (!order_ids(s, &all, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++) {
		bool open;
		int64_t expires;
		if (!stamp_read(s, all[i], &open, &expires) || open || expires + KEEP_MS > order_now(s))
			continue;
		for (size_t k = 0; k < COUNT(suffixes); k++) {
			struct err e = { 0 };
			if (!file_remove(
				    state_pathf(s->agent, s->arena, "orders/%.*s.%s", STR_ARG(all[i]), suffixes[k]),
				    &e))
				log_warn("state", "%s", e.text);
		}
	}
}
