#include "server/relay_told.h"

#include "store/relay_day.h"

enum { ORIGINS_MAX = 32, LISTS_MAX = 8, REFUSED_MAX = 16, URL_BYTES = 300, LABEL_BYTES = 100, WHAT_BYTES = 128 };

/* ---- taking ---- */

static void
number_take(const struct json *told, const char *key, int64_t *into)
{
	int64_t n = json_get_i64(told, key, *into);
	*into = n > 0 ? n : 0;
}

static void
time_copy(struct json_writer *w, const struct json *v, const char *key)
{
	int64_t at;
	json_put_time(w, key, time_parse(json_get_str(v, key), &at) ? at : 0);
}

static void
line_copy(struct arena *a, struct json_writer *w, const struct json *v, const char *key, size_t max)
{
	json_put_str(w, key, arena_line(a, json_get_str(v, key), max));
}

static void
list_copy(struct arena *a, struct json_writer *w, const struct json *v)
{
	json_begin_object(w);
	line_copy(a, w, v, "url", URL_BYTES);
	line_copy(a, w, v, "label", LABEL_BYTES);
	time_copy(w, v, "dated");
	time_copy(w, v, "expires");
	time_copy(w, v, "checked");
	json_end_object(w);
}

static void
origin_copy(struct arena *a, struct json_writer *w, const struct json *v)
{
	size_t count;
	const struct json *lists = json_get_array(v, "lists", &count);
	json_begin_object(w);
	line_copy(a, w, v, "url", URL_BYTES);
	json_put_cstr(w, "by", str_eq(json_get_str(v, "by"), STR("bundle")) ? "bundle" : "relay");
	json_put_bool(w, "unverified", json_get_bool(v, "unverified", false));
	json_key(w, "lists");
	json_begin_array(w);
	for (size_t i = 0; i < count && i < LISTS_MAX; i++)
		list_copy(a, w, &lists[i]);
	json_end_array(w);
	json_end_object(w);
}

static void
refusal_copy(struct arena *a, struct json_writer *w, const struct json *v)
{
	int64_t count = 0;
	number_take(v, "count", &count);
	json_begin_object(w);
	line_copy(a, w, v, "what", WHAT_BYTES);
	line_copy(a, w, v, "peer", WHAT_BYTES);
	json_put_i64(w, "count", count);
	time_copy(w, v, "last");
	json_end_object(w);
}

static void
array_copy(struct arena *a, const struct json *told, const char *key, size_t max,
	   void (*copy)(struct arena *a, struct json_writer *w, const struct json *v), struct str *into)
{
	size_t count;
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	const struct json *items = json_get_array(told, key, &count);
	if (!json_get(told, key))
		return;
	json_begin_array(&w);
	for (size_t i = 0; i < count && i < max; i++)
		if (items[i].kind == JSON_KIND_OBJECT)
			copy(a, &w, &items[i]);
	json_end_array(&w);
	*into = arena_str(a, buf_str(&text));
}

void
relay_told_take(struct arena *a, const struct json *told, struct relay_row *relay)
{
	struct str trouble = json_get_str(told, "trouble");
	relay->trouble = trouble.len ? arena_line(a, trouble, 1000) : STR_NONE;
	number_take(told, "space", &relay->space);
	number_take(told, "space_max", &relay->space_max);
	number_take(told, "hits", &relay->hits);
	number_take(told, "misses", &relay->misses);
	number_take(told, "served", &relay->served);
	number_take(told, "fetched", &relay->fetched);
	number_take(told, "queue", &relay->queue);
	number_take(told, "refused_total", &relay->refused_total);
	if (json_get(told, "metadata_at") && !time_parse(json_get_str(told, "metadata_at"), &relay->metadata_at))
		relay->metadata_at = 0;
	array_copy(a, told, "origins", ORIGINS_MAX, origin_copy, &relay->origins);
	array_copy(a, told, "refused", REFUSED_MAX, refusal_copy, &relay->refused);
}

bool
relay_told_keep(struct request *r, const struct relay_row *before, const struct relay_row *now, struct err *e)
{
	return relay_day_add(r->st, before, now, app_day(r->app, now->last_seen), e) && relay_set_status(r->st, now, e);
}

/* ---- showing ---- */

static const char *const state_names[] = {
	[LIST_CURRENT] = "current", [LIST_UNREAD] = "unread",   [LIST_UNUSED] = "unused",
	[LIST_STALE] = "stale",     [LIST_EXPIRED] = "expired",
};

static int64_t
time_of(const struct json *v, const char *key)
{
	int64_t at;
	return time_parse(json_get_str(v, key), &at) ? at : 0;
}

static enum list_state
list_state(const struct request *r, const struct json *list, int64_t fresh_ms)
{
	int64_t checked = time_of(list, "checked"), expires = time_of(list, "expires");
	if (!checked)
		return LIST_UNREAD;
	if (checked + LIST_UNUSED_MS < r->now && fresh_ms < LIST_UNUSED_MS)
		return LIST_UNUSED;
	if (expires && expires < r->now)
		return LIST_EXPIRED;
	return checked + fresh_ms < r->now ? LIST_STALE : LIST_CURRENT;
}

static enum list_state
origin_state(const struct request *r, const struct json *origin, int64_t fresh_ms)
{
	size_t count;
	enum list_state worst = LIST_CURRENT;
	const struct json *lists = json_get_array(origin, "lists", &count);
	for (size_t i = 0; i < count; i++) {
		enum list_state s = list_state(r, &lists[i], fresh_ms);
		worst = s > worst ? s : worst;
	}
	return count ? worst : LIST_UNREAD;
}

static void
origin_write(struct request *r, const struct json *origin, int64_t fresh_ms)
{
	struct json_writer *w = &r->w;
	size_t count;
	const struct json *lists = json_get_array(origin, "lists", &count);
	json_begin_object(w);
	json_put_str(w, "url", json_get_str(origin, "url"));
	json_put_str(w, "by", json_get_str(origin, "by"));
	json_put_bool(w, "unverified", json_get_bool(origin, "unverified", false));
	json_put_cstr(w, "state", state_names[origin_state(r, origin, fresh_ms)]);
	json_key(w, "lists");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		json_put_str(w, "url", json_get_str(&lists[i], "url"));
		json_put_str(w, "label", json_get_str(&lists[i], "label"));
		json_put_time(w, "dated", time_of(&lists[i], "dated"));
		json_put_time(w, "expires", time_of(&lists[i], "expires"));
		json_put_time(w, "checked", time_of(&lists[i], "checked"));
		json_put_cstr(w, "state", state_names[list_state(r, &lists[i], fresh_ms)]);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static const struct json *
array_of(struct arena *a, struct str text, size_t *count)
{
	struct json *v;
	*count = 0;
	if (!text.len || !json_parse(a, text, NULL, &v, NULL) || v->kind != JSON_KIND_ARRAY)
		return NULL;
	*count = v->count;
	return v->item;
}

void
relay_told_write(struct request *r, const struct relay_row *relay, int64_t fresh_ms)
{
	size_t count;
	const struct json *origins = array_of(&r->arena, relay->origins, &count);
	json_key(&r->w, "origins");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		origin_write(r, &origins[i], fresh_ms);
	json_end_array(&r->w);
	json_key(&r->w, "refused");
	json_raw(&r->w, relay->refused.len ? relay->refused : STR("[]"));
}

enum list_state
relay_told_worst(struct request *r, const struct relay_row *relay, int64_t fresh_ms, struct str *url, size_t *old)
{
	size_t count, lists;
	enum list_state worst = LIST_CURRENT;
	const struct json *origins = array_of(&r->arena, relay->origins, &count);
	*old = 0;
	for (size_t i = 0; i < count; i++) {
		const struct json *list = json_get_array(&origins[i], "lists", &lists);
		for (size_t k = 0; k < lists; k++) {
			enum list_state s = list_state(r, &list[k], fresh_ms);
			*old += s >= LIST_STALE;
			if (s < LIST_STALE || s <= worst)
				continue;
			worst = s;
			*url = json_get_str(&list[k], "url");
		}
	}
	return worst;
}
