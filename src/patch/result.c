#include "patch/result.h"

#include "store/policy_text.h"

enum {
	ID_MAX = 400,
	TITLE_MAX = 500,
	WORDS_MAX = 8192,
	PACKAGES_MAX = 5000,
	ROWS_MAX = 20000,
	TRIGGER_MAX = 20,
	BY_MAX = 200,
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
	    !take(doc, "act", TRIGGER_MAX, false, &r.act, e) || !take(doc, "by", BY_MAX, false, &r.by, e) ||
	    !take(doc, "trigger", TRIGGER_MAX, false, &r.trigger, e) || !take_time(doc, "started", &r.started, e) ||
	    !take_time(doc, "finished", &r.finished, e) || !take_packages(a, doc, &r, e))
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

/* ---- results of slots ---- */

#define SLOT_PREFIX "slot:"
#define REMOVE_PREFIX "remove:" /* what a policy takes out is no update that anybody missed */

/* POLICY/…/HOST/PASS, of a policy that this server has or had. */
static bool
slot_check(struct store *st, struct arena *a, struct str host, const struct result *r, struct str *policy,
	   struct err *e)
{
	struct str id = str_skip(r->order, sizeof(SLOT_PREFIX) - 1), slot, window;
	ptrdiff_t pass = str_rfind_char(id, '/');
	uint64_t number;
	slot = pass > 0 ? str_head(id, (size_t)pass) : STR("");
	ptrdiff_t last = str_rfind_char(slot, '/');
	bool ok = str_eq(r->host, host) && last > 0 && str_eq(str_skip(slot, (size_t)last + 1), host) &&
		  str_to_u64(str_skip(id, (size_t)pass + 1), &number) && str_split(slot, '/', policy, &window);
	struct str attempt = arena_printf(a, "%.*s/%.*s", STR_ARG(r->order), STR_ARG(r->patch));
	if (!ok || !str_eq(attempt, r->attempt))
		return err_set(e, ERR_REFUSED, "the result is about a slot that is none of this host: %.*s",
			       STR_ARG(r->order));
	bool known;
	if (!policy_text_known(st, *policy, &known, e))
		return false;
	return known ||
	       err_set(e, ERR_REFUSED, "the result is about a slot of a policy that never was: %.*s", STR_ARG(*policy));
}

static bool
slot_attempt_insert(struct store *st, const struct result *r, struct str policy, int64_t now, struct attempt *t,
		    struct err *e)
{
	bool emergency = str_eq(r->trigger, STR("emergency"));
	*t = (struct attempt){ .id = r->attempt,
			       .order = r->order,
			       .host = r->host,
			       .patch = r->patch,
			       .title = r->title.len ? r->title : r->patch,
			       .from = STR(""),
			       .to = STR(""),
			       .packages = STR("[]"),
			       .state = PATCH_RUNNING,
			       .at = now,
			       .cause = emergency ? STR("emergency") : STR("window"),
			       .by = policy };
	return attempt_insert(st, t, e);
}

static bool
removal_put(struct store *st, const struct result *r, int64_t now, struct err *e)
{
	struct patch_row p = { .id = r->patch,
			       .source = str_skip(r->patch, sizeof(REMOVE_PREFIX) - 1),
			       .version = STR(""),
			       .title = r->title.len ? r->title : r->patch,
			       .origins = STR(""),
			       .first_seen = now };
	return patch_put(st, &p, e);
}

static bool
slot_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now, struct err *e)
{
	struct attempt t;
	struct host_patch row;
	struct patch_row known;
	struct str policy;
	struct err missing = { 0 };
	if (!slot_check(st, a, host, r, &policy, e))
		return false;
	if (str_starts(r->patch, STR(REMOVE_PREFIX)) && !removal_put(st, r, now, e))
		return false;
	/* What no host was ever said to miss is no update of ours. */
	if (!patch_get(st, a, r->patch, &known, &missing))
		return err_set(e, ERR_REFUSED, "the result is about an update that nobody misses: %.*s",
			       STR_ARG(r->patch));
	if (!attempt_get(st, a, r->attempt, &t, &missing) && !slot_attempt_insert(st, r, policy, now, &t, e))
		return false;
	if (ended(t.state) && t.reported)
		return true;
	attempt_fill(&t, r, now);
	if (!attempt_update(st, &t, e))
		return false;
	/* Gone from the plan meanwhile; and what was gone back from is missing or not, as the next plan says. */
	if (r->act.len || !host_patch_get(st, a, host, r->patch, &row, &missing))
		return true;
	return host_patch_set_state(st, host, r->patch, r->state, t.id, ended(r->state) ? t.finished : t.at, e);
}

/* ---- what others did ---- */

#define OUTSIDE_PREFIX "outside:"

static bool
outside_check(struct str host, const struct result *r, struct err *e)
{
	struct str id = str_skip(r->order, sizeof(OUTSIDE_PREFIX) - 1), whose, number;
	uint64_t n;
	size_t rest = r->attempt.len - r->patch.len;
	bool ok = str_eq(r->host, host) && str_split(id, '/', &whose, &number) && str_eq(whose, host) &&
		  str_to_u64(number, &n) && r->state != PATCH_RUNNING && r->state != PATCH_FAILED &&
		  r->attempt.len == r->order.len + 1 + r->patch.len && str_starts(r->attempt, r->order) &&
		  r->attempt.ptr[r->order.len] == '/' && str_eq(str_skip(r->attempt, rest), r->patch);
	return ok || err_set(e, ERR_REFUSED, "the result is about a change that is none of this host: %.*s",
			     STR_ARG(r->order));
}

static bool
name_in(const struct json *packages, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&packages[i], "name"), name))
			return true;
	return false;
}

static bool
rows_all_in(struct arena *a, struct str row, const struct json *gone, size_t count)
{
	struct json *packages;
	struct err e = { 0 };
	if (!json_parse(a, row, NULL, &packages, &e) || packages->count == 0)
		return false;
	for (size_t i = 0; i < packages->count; i++)
		if (!name_in(gone, count, json_get_str(&packages->item[i], "name")))
			return false;
	return true;
}

/* An update is not installed where none of its packages is any more. */
static bool
rows_of_gone(struct store *st, struct arena *a, struct str host, const struct result *r, struct err *e)
{
	struct page page = { .limit = ROWS_MAX };
	struct patch_filter f = { .host = host, .security = -1 };
	struct host_patch *rows;
	struct json *gone;
	size_t count;
	if (!r->packages.len)
		return true;
	if (!json_parse(a, r->packages, NULL, &gone, e) || !host_patch_list(st, a, &f, &page, &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rows_all_in(a, rows[i].packages, gone->item, gone->count) &&
		    !host_patch_gone(st, host, rows[i].patch, e))
			return false;
	}
	return true;
}

/* The host's next plan says what is missing now; until then it is what the host saw. */
static bool
outside_row(struct store *st, struct arena *a, struct str host, const struct result *r, const struct attempt *t,
	    struct err *e)
{
	struct host_patch row;
	struct err missing = { 0 };
	if (str_eq(r->act, STR("remove")))
		return rows_of_gone(st, a, host, r, e);
	if (r->act.len)
		return host_patch_gone(st, host, r->patch, e);
	if (host_patch_get(st, a, host, r->patch, &row, &missing))
		return host_patch_set_state(st, host, r->patch, r->state, t->id, t->finished, e);
	row = (struct host_patch){ .host = host,
				   .patch = r->patch,
				   .state = r->state,
				   .title = t->title,
				   .from = t->from,
				   .to = t->to,
				   .packages = t->packages,
				   .kept_back = STR_NONE,
				   .at = t->finished,
				   .attempt = t->id };
	return host_patch_put(st, &row, e);
}

static bool
outside_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now, struct err *e)
{
	struct attempt t;
	struct err missing = { 0 };
	if (!outside_check(host, r, e))
		return false;
	if (attempt_get(st, a, r->attempt, &t, &missing))
		return true;
	struct str version;
	struct patch_row p = { .id = r->patch, .title = r->title.len ? r->title : r->patch, .first_seen = now };
	p.origins = p.source = p.version = STR("");
	ptrdiff_t at = str_rfind_char(r->patch, '@'), colon = str_find_char(r->patch, ':');
	if (colon > 0 && at > colon) {
		version = str_skip(r->patch, (size_t)at + 1);
		p.source = str_sub(r->patch.ptr + colon + 1, (size_t)(at - colon - 1));
		p.version = version;
	}
	t = (struct attempt){ .id = r->attempt,
			      .order = r->order,
			      .host = host,
			      .patch = r->patch,
			      .title = p.title,
			      .from = STR(""),
			      .to = STR(""),
			      .packages = STR("[]"),
			      .state = r->state,
			      .at = now,
			      .cause = STR("outside"),
			      .by = r->by.len ? r->by : STR("") };
	if (!patch_put(st, &p, e) || !attempt_insert(st, &t, e))
		return false;
	attempt_fill(&t, r, now);
	return attempt_update(st, &t, e) && outside_row(st, a, host, r, &t, e);
}

bool
result_accept(struct store *st, struct arena *a, struct str host, const struct result *r, int64_t now, struct err *e)
{
	struct order o;
	struct attempt t;
	struct err missing = { 0 };
	if (str_starts(r->order, STR(SLOT_PREFIX)))
		return slot_accept(st, a, host, r, now, e);
	if (str_starts(r->order, STR(OUTSIDE_PREFIX)))
		return outside_accept(st, a, host, r, now, e);
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
