#include "patch/result.h"

enum {
	ID_MAX = 400,
	TITLE_MAX = 500,
	WORDS_MAX = 8192,
	PACKAGES_MAX = 5000,
};

static bool
take(const struct json *doc, const char *key, size_t max, bool needed, struct str *out, struct err *e)
{
	struct str s = json_get_str(doc, key);
	if (needed && !s.len)
		return err_set(e, ERR_INPUT, "the result has no %s", key);
	if (s.len > max)
		return err_set(e, ERR_TOO_LARGE, "the result's %s is longer than %zu bytes", key, max);
	*out = s;
	return true;
}

static bool
take_time(const struct json *doc, const char *key, int64_t *out, struct err *e)
{
	struct str s = json_get_str(doc, key);
	*out = 0;
	return !s.len || time_parse(s, out) || err_set(e, ERR_INPUT, "the result's %s is no time", key);
}

static bool
take_state(const struct json *doc, enum patch_state *out, struct err *e)
{
	static const enum patch_state allowed[] = { PATCH_RUNNING, PATCH_INSTALLED, PATCH_PENDING_REBOOT,
						    PATCH_FAILED };
	enum patch_state s;
	if (patch_state_parse(json_get_str(doc, "state"), &s))
		for (size_t i = 0; i < COUNT(allowed); i++)
			if (s == allowed[i]) {
				*out = s;
				return true;
			}
	return err_set(e, ERR_INPUT, "the result's state is unknown");
}

static bool
take_packages(struct arena *a, const struct json *doc, struct result *r, struct err *e)
{
	size_t count;
	const struct json *items = json_get_array(doc, "packages", &count);
	if (count > PACKAGES_MAX)
		return err_set(e, ERR_TOO_LARGE, "the result names more than %d packages", PACKAGES_MAX);
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++) {
		struct str from = json_get_str(&items[i], "from"), to = json_get_str(&items[i], "to");
		json_begin_object(&w);
		json_put_str(&w, "name", str_head(json_get_str(&items[i], "name"), ID_MAX));
		json_put_str(&w, "arch", str_head(json_get_str(&items[i], "arch"), ID_MAX));
		json_key(&w, "from");
		json_str_or_null(&w, from.len ? str_head(from, ID_MAX) : STR_NONE);
		json_put_str(&w, "to", str_head(to, ID_MAX));
		json_end_object(&w);
		if (!r->from.len && from.len) {
			r->from = str_head(from, ID_MAX);
			r->to = str_head(to, ID_MAX);
		}
	}
	json_end_array(&w);
	r->packages = count ? arena_str(a, buf_str(&text)) : STR_NONE;
	return true;
}

bool
result_parse(struct arena *a, struct str document, struct result *out, struct err *e)
{
	static const struct json_limits limits = { .depth = 8, .string_max = 64 * 1024, .total = 1024 * 1024 };
	struct json *doc;
	struct result r = { 0 };
	if (!json_parse(a, document, &limits, &doc, e))
		return err_wrap(e, "reading a result");
	if (!take(doc, "attempt", ID_MAX, true, &r.attempt, e) || !take(doc, "order", ID_MAX, true, &r.order, e) ||
	    !take(doc, "host", ID_MAX, true, &r.host, e) || !take(doc, "patch", ID_MAX, true, &r.patch, e) ||
	    !take(doc, "title", TITLE_MAX, false, &r.title, e) || !take(doc, "why", WORDS_MAX, false, &r.why, e) ||
	    !take(doc, "words", WORDS_MAX, false, &r.words, e) || !take_state(doc, &r.state, e) ||
	    !take_time(doc, "started", &r.started, e) || !take_time(doc, "finished", &r.finished, e) ||
	    !take_packages(a, doc, &r, e))
		return false;
	*out = r;
	return true;
}

static bool
ended(enum patch_state s)
{
	return s == PATCH_INSTALLED || s == PATCH_PENDING_REBOOT || s == PATCH_FAILED;
}

static bool
order_check(struct store *st, struct arena *a, struct str host, const struct result *r, struct order *o, struct err *e)
{
	if (!str_eq(r->host, host))
		return err_set(e, ERR_REFUSED, "the result is about another host");
	struct err missing = { 0 };
	if (!order_get(st, a, r->order, o, &missing) || !str_eq(o->host, host))
		return err_set(e, ERR_REFUSED, "the result is about an order that this host never got: %.*s",
			       STR_ARG(r->order));
	return true;
}

/* What the host tells about the attempt; a later end fills in what a running one left open. */
static void
attempt_fill(struct attempt *t, const struct result *r, int64_t now)
{
	t->state = r->state;
	/* A clock that is ahead would keep its rows on top of everybody's history for ever. */
	if (r->started)
		t->at = r->started < now ? r->started : now;
	t->finished = !ended(r->state) ? 0 : r->finished && r->finished < now ? r->finished : now;
	t->why = r->why;
	t->words = r->words;
	t->signed_text = r->signed_text;
	if (r->packages.len)
		t->packages = r->packages;
	if (r->from.len) {
		t->from = r->from;
		t->to = r->to;
	}
	if (r->title.len)
		t->title = r->title;
}

bool
result_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now, struct err *e)
{
	struct order o;
	struct attempt t;
	struct err missing = { 0 };
	if (!order_check(st, a, host, r, &o, e))
		return false;
	if (!str_eq(str_of(o.kind), STR("apply")))
		return true; /* what was staged shows in the next plan */
	if (!attempt_get(st, a, r->attempt, &t, &missing) || !str_eq(t.order, o.id) || !str_eq(t.patch, r->patch))
		return err_set(e, ERR_REFUSED, "the result is about an attempt that was never ordered: %.*s",
			       STR_ARG(r->attempt));
	/* The server's own end (an expired order) gives way to what the host really did. */
	if (ended(t.state) && t.reported)
		return true;
	attempt_fill(&t, r, now);
	if (!attempt_update(st, &t, e) || !order_set_state(st, o.id, "done", e))
		return false;
	struct host_patch row;
	if (!host_patch_get(st, a, host, r->patch, &row, &missing) || !str_eq(row.attempt, t.id))
		return true; /* gone from the plan, or ordered again meanwhile */
	return host_patch_set_state(st, host, r->patch, r->state, t.id, ended(r->state) ? t.finished : t.at, e);
}
