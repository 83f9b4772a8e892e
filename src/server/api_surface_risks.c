/* /api/v1/surface/risks: what must be fixed, and who does it; what a run that ended means for it. */
#include "base/sentence.h"
#include "base/table.h"
#include "server/policies.h"
#include "server/surface_hosts.h"
#include "server/surfaces.h"
#include "store/setting.h"
#include "store/surface.h"

#include <stdlib.h>

enum { RISK_BYTES = 80, ASSET_BYTES = 512, DETAIL_BYTES = 1024, NOTE_BYTES = 500, PERSON_BYTES = 100 };
#define ACCEPTED_MAX_MS (INT64_C(731) * 86400000)
static const char severities[] = "critical,high,medium,low,info";

/* ---- one state ---- */

static void
state_write(struct request *r, const struct surface_risk *s)
{
	struct json_writer *w = &r->w;
	bool expired = surface_risk_expired(s, r->now), own = !s->by.len;
	json_key(w, "state");
	json_begin_object(w);
	json_put_str(w, "status", expired ? STR("open") : s->status);
	json_put_bool(w, "expired", expired);
	str_or_null(w, "assignee", s->assignee);
	json_put_time(w, "accepted_until", s->accepted_until);
	str_or_null(w, "note", own && s->note.len ? tr_sentence(&r->arena, s->note) : s->note);
	str_or_null(w, "by", s->by);
	json_put_time(w, "changed_at", s->changed_at);
	json_put_i64(w, "first_run", s->first_run);
	json_put_time(w, "first_seen", s->first_seen);
	json_put_i64(w, "last_run", s->last_run);
	json_put_time(w, "last_seen", s->last_seen);
	json_put_i64(w, "gone_run", s->gone_run);
	json_end_object(w);
}

/* ---- the list ---- */

struct joined {
	const struct run_risk *seen; /* NULL: the run does not tell it */
	const struct surface_risk *state; /* NULL: the server was not told of the run yet */
	const char *sort;
	bool falling;
};

static struct str
risk_of(const struct joined *j)
{
	return j->seen ? j->seen->risk : j->state->risk;
}

static struct str
asset_of(const struct joined *j)
{
	return j->seen ? j->seen->asset : j->state->asset;
}

static struct str
detail_of(const struct joined *j)
{
	return j->seen ? j->seen->detail : j->state->detail;
}

static struct str
severity_of(const struct joined *j)
{
	return j->seen ? j->seen->severity : j->state->severity;
}

static struct str
status_of(const struct joined *j, int64_t now)
{
	return !j->state || surface_risk_expired(j->state, now) ? STR("open") : j->state->status;
}

static int
rank(struct str severity)
{
	struct str rest = str_of(severities), one;
	int n = 0;
	while (str_cut(&rest, ',', &one) && !str_eq(one, severity))
		n++;
	return n;
}

static int
compare(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;
	int c = 0;
	if (strcmp(x->sort, "risk") == 0)
		c = str_cmp(risk_of(x), risk_of(y));
	else if (strcmp(x->sort, "asset") == 0)
		c = str_cmp(asset_of(x), asset_of(y));
	else
		c = rank(severity_of(x)) - rank(severity_of(y));
	c = x->falling ? -c : c;
	c = c ? c : str_cmp(risk_of(x), risk_of(y));
	c = c ? c : str_cmp(asset_of(x), asset_of(y));
	return c ? c : str_cmp(detail_of(x), detail_of(y));
}

static bool
sorts(struct str key)
{
	return str_eq(key, STR("severity")) || str_eq(key, STR("risk")) || str_eq(key, STR("asset"));
}

static bool
matches(const struct request *r, const struct joined *j)
{
	struct str q = request_parameter(r, "q"), assignee = request_parameter(r, "assignee");
	return surface_wanted(request_parameter(r, "severity"), severity_of(j)) &&
	       surface_wanted(request_parameter(r, "risk"), risk_of(j)) &&
	       surface_wanted(request_parameter(r, "owner"), j->seen ? j->seen->owner : STR("")) &&
	       surface_wanted(request_parameter(r, "status"), status_of(j, r->now)) &&
	       (!q.len || str_contains(asset_of(j), q)) &&
	       (!assignee.len || (j->state && str_eq(j->state->assignee, assignee)));
}

static struct str
key(struct arena *a, struct str risk, struct str asset, struct str detail)
{
	return arena_printf(a, "%.*s\n%.*s\n%.*s", STR_ARG(risk), STR_ARG(asset), STR_ARG(detail));
}

/* gone: those that the run does not tell, else those that it does. */
static size_t
join(struct request *r, const struct surface_run *run, struct surface_risk *states, size_t count, bool gone,
     struct joined *out)
{
	struct table known = { 0 };
	size_t n = 0;
	struct arena *a = &r->arena;
	for (size_t i = 0; i < count && !gone; i++)
		*table_put(&known, key(a, states[i].risk, states[i].asset, states[i].detail), NULL) = &states[i];
	for (size_t i = 0; i < run->risk_count; i++) {
		const struct run_risk *s = &run->risks[i];
		struct str name = key(a, s->risk, s->asset, s->detail);
		if (gone)
			table_put(&known, name, NULL);
		else
			out[n++] = (struct joined){ .seen = s, .state = table_get(&known, name) };
	}
	for (size_t i = 0; i < count && gone; i++)
		if (!table_has(&known, key(a, states[i].risk, states[i].asset, states[i].detail)))
			out[n++] = (struct joined){ .state = &states[i] };
	table_free(&known);
	return n;
}

/* The managed machine that it is about: where patching is done. */
static void
host_write(struct request *r, const struct surface_hosts *hosts, const struct joined *j)
{
	struct surface_host h;
	json_key(&r->w, "host");
	if (!hosts || !surface_host_find(hosts, asset_of(j), &h)) {
		json_null(&r->w);
		return;
	}
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", h.id);
	json_put_str(&r->w, "name", h.name);
	json_put_cstr(&r->w, "by", h.by);
	json_end_object(&r->w);
}

static bool
joined_write(struct request *r, const struct joined *j, const struct surface_hosts *hosts, struct err *e)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	if (j->seen) {
		struct json *line;
		if (!json_parse(&r->arena, j->seen->line, NULL, &line, e))
			return false;
		for (size_t i = 0; i < line->count; i++) {
			bool words = str_eq(line->key[i], STR("says")) || str_eq(line->key[i], STR("act"));
			json_key_str(w, line->key[i]);
			if (words)
				json_str(w, str_of(tr(arena_cstr(&r->arena, line->item[i].text))));
			else
				json_tree(w, &line->item[i]);
		}
	} else {
		json_put_str(w, "risk", j->state->risk);
		json_put_str(w, "severity", j->state->severity);
		json_put_str(w, "asset", j->state->asset);
		str_or_null(w, "detail", j->state->detail);
		str_or_null(w, "source", j->state->source);
	}
	host_write(r, hosts, j);
	if (j->state) {
		state_write(r, j->state);
	} else {
		json_key(w, "state");
		json_null(w);
	}
	json_end_object(w);
	return true;
}

static void
hosts_done(struct surface_hosts **s)
{
	surface_hosts_close(*s);
}

static bool
list_write(struct request *r, const struct surface_run *run, struct page *page, bool gone, struct err *e)
{
	struct surface_risk *states;
	struct surface_hosts *hosts __attribute__((cleanup(hosts_done))) = NULL;
	size_t count, n = 0;
	if (!surface_hosts_open(r->st, &r->arena, run, &hosts, e) ||
	    !surface_risk_list(r->st, &r->arena, &states, &count, e))
		return false;
	struct joined *rows = ARENA_ARRAY(&r->arena, struct joined, run->risk_count + count + 1);
	size_t all = join(r, run, states, count, gone, rows);
	for (size_t i = 0; i < all; i++) {
		rows[i].sort = page->sort.len ? arena_cstr(&r->arena, page->sort) : "severity";
		rows[i].falling = page->falling;
		if (matches(r, &rows[i]))
			rows[n++] = rows[i];
	}
	qsort(rows, n, sizeof(*rows), compare);
	page->total = (int64_t)n;
	request_list_begin(r, page);
	for (int64_t i = page->offset; i < page->total && i < page->offset + page->limit; i++)
		if (!joined_write(r, &rows[i], hosts, e))
			return false;
	request_list_end(r);
	return true;
}

bool
api_surface_risks(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "run",      "severity", "risk", "status", "owner",
					       "assignee", "q",        "gone", NULL };
	struct surface_run *run = NULL;
	struct page page;
	int gone;
	if (!request_query(r, allowed, e) || !request_page(r, sorts, &page, e) ||
	    !request_tristate(r, "gone", &gone, e) || !surface_words_check(r, "severity", severities, e) ||
	    !surface_words_check(r, "status", "open,in-progress,accepted,done", e) ||
	    !surface_words_check(r, "owner", "self,group,contractor", e) || !surface_run_asked(r, "run", &run, e))
		return false;
	bool ok = list_write(r, run, &page, gone > 0, e);
	surface_run_return(r->app->surface, run);
	return ok;
}

/* ---- deciding ---- */

static bool
named(struct request *r, struct surface_risk *s, struct str asset, struct str detail, struct err *e)
{
	if (!asset.len)
		return err_set(e, ERR_USAGE, "asset is missing");
	return surface_risk_get(r->st, &r->arena, r->argument, asset, detail, s, e);
}

static bool
status_take(struct request *r, struct surface_risk *s, struct err *e)
{
	if (!body_text(r, "status", 20, false, &s->status, e) || !body_time(r, "until", &s->accepted_until, e))
		return false;
	bool accepted = str_eq(s->status, STR("accepted"));
	if (!accepted && !surface_wanted(STR("open,in-progress,done"), s->status))
		return err_set(e, ERR_USAGE, "status must be open, in-progress, accepted or done");
	if (!accepted)
		return !s->accepted_until ||
		       err_set(e, ERR_USAGE, "until is for what is accepted: status must be accepted");
	if (r->role < ROLE_APPROVER)
		return err_set(e, ERR_REFUSED, "accepting a risk needs the role approver");
	if (!s->note.len)
		return err_set(e, ERR_USAGE, "say why the risk is accepted (reason)");
	return (s->accepted_until > r->now && s->accepted_until <= r->now + ACCEPTED_MAX_MS) ||
	       err_set(e, ERR_USAGE, "say until when it is accepted (until): a day within two years");
}

bool
api_surface_risk_put(struct request *r, struct err *e)
{
	struct surface_risk s = { 0 };
	struct str asset, detail, note;
	if (!body_text(r, "asset", ASSET_BYTES, true, &asset, e) ||
	    !body_text(r, "detail", DETAIL_BYTES, false, &detail, e) || !named(r, &s, asset, detail, e) ||
	    !body_text(r, "reason", NOTE_BYTES, false, &note, e))
		return false;
	s.note = note;
	if (json_get(r->json, "assignee") && !body_text(r, "assignee", PERSON_BYTES, false, &s.assignee, e))
		return false;
	if (json_get(r->json, "status") || json_get(r->json, "until")) {
		if (!status_take(r, &s, e))
			return false;
		s.gone_run = 0; /* from here on another run must show it */
	} else if (!json_get(r->json, "assignee")) {
		return err_set(e, ERR_USAGE, "say what changes: status or assignee");
	}
	s.by = r->user;
	s.changed_at = r->now;
	if (!surface_risk_put(r->st, &s, e) || !surface_risk_note(r->st, &s, r->now, e) ||
	    !request_audit(
		    r, "surface.risk", arena_printf(&r->arena, "%.*s %.*s", STR_ARG(s.risk), STR_ARG(s.asset)),
		    arena_printf(&r->arena, "%.*s %.*s %.*s", STR_ARG(s.status), STR_ARG(s.assignee), STR_ARG(s.note)),
		    e))
		return false;
	struct joined j = { .state = &s };
	return joined_write(r, &j, NULL, e);
}

bool
api_surface_risk_history(struct request *r, struct err *e)
{
	static const char *const allowed[] = { "asset", "detail", NULL };
	struct surface_risk s = { 0 };
	struct surface_risk_event *rows;
	size_t count;
	if (!request_query_long(r, allowed, DETAIL_BYTES, e) ||
	    !named(r, &s, request_parameter(r, "asset"), request_parameter(r, "detail"), e) ||
	    !surface_risk_history(r->st, &r->arena, &s, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		const struct surface_risk_event *v = &rows[i];
		json_begin_object(&r->w);
		json_put_time(&r->w, "at", v->at);
		str_or_null(&r->w, "by", v->by);
		json_put_str(&r->w, "status", v->status);
		str_or_null(&r->w, "assignee", v->assignee);
		str_or_null(&r->w, "note", v->by.len || !v->note.len ? v->note : tr_sentence(&r->arena, v->note));
		json_end_object(&r->w);
	}
	request_list_end(r);
	return true;
}

/* ---- a run ended ---- */

static struct run_risk
risk_copy(struct arena *a, const struct run_risk *s)
{
	return (struct run_risk){ .risk = arena_str(a, s->risk),
				  .severity = arena_str(a, s->severity),
				  .asset = arena_str(a, s->asset),
				  .detail = arena_str(a, s->detail),
				  .source = arena_str(a, s->source),
				  .seen = s->seen };
}

/* Sources that were asked all that was to be asked, and did not fail. */
static void
coverage_take(struct arena *a, const struct json *about, struct surface_told *t)
{
	size_t count;
	const struct json *rows = json_get_array(about, "coverage", &count);
	BUF_AUTO list = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct str source = json_get_str(&rows[i], "source"), last = json_get_str(&rows[i], "last_failure");
		int64_t failed = json_get_i64(&rows[i], "failed", 0);
		if (json_get_i64(&rows[i], "questions", 0) && !failed && !json_get_i64(&rows[i], "not_asked", 0))
			buf_addf(&list, "%s%.*s", list.len ? "," : "", STR_ARG(source));
		if (failed && !t->trouble.len)
			t->trouble = arena_printf(a, "%.*s: %.*s", STR_ARG(source), STR_ARG(last));
	}
	t->answered = arena_str(a, buf_str(&list));
}

/* Against the run before; the first one has nothing to be compared with, nor has one whose files somebody took away. */
static void
assets_compare(struct request *r, const struct surface_run *run, struct surface_told *t)
{
	struct surface_run *before = NULL;
	struct surface_asset_change *rows = NULL;
	struct err why = { 0 };
	if (run->number < 2 || !surface_run_borrow(r->app->surface, run->number - 1, &before, &why))
		return;
	size_t count = surface_changes(&r->arena, before, run, &rows);
	for (size_t i = 0; rows && i < count; i++) {
		t->new_assets += strcmp(rows[i].what, "new") == 0;
		t->gone_assets += strcmp(rows[i].what, "gone") == 0;
	}
	surface_run_return(r->app->surface, before);
}

/* What the overview tells until the next run, for a week at most. */
static bool
summary_keep(struct request *r, const struct surface_told *t, const struct surface_change *c, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	json_put_i64(&w, "run", t->run);
	json_put_time(&w, "at", r->now);
	json_put_i64(&w, "new_assets", t->new_assets);
	json_put_i64(&w, "gone_assets", t->gone_assets);
	json_put_i64(&w, "new_risks", c->new_risks);
	json_put_str(&w, "trouble", t->trouble.len ? t->trouble : STR_NONE);
	json_end_object(&w);
	return setting_put(r->st, "surface_state", buf_str(&text), e);
}

bool
api_surface_told_prepare(struct request *r, struct err *e)
{
	struct surface_run *run = NULL;
	struct surface_told *t = ARENA_NEW(&r->arena, struct surface_told);
	if (!surface_run_borrow(r->app->surface, 0, &run, e))
		return false;
	t->run = run->number;
	if (!time_parse(json_get_str(run->about, "began"), &t->began))
		t->began = 0;
	t->risks = ARENA_ARRAY(&r->arena, struct run_risk, run->risk_count + 1);
	for (size_t i = 0; i < run->risk_count && i < SURFACE_RISKS_MAX; i++)
		t->risks[t->risk_count++] = risk_copy(&r->arena, &run->risks[i]);
	coverage_take(&r->arena, run->about, t);
	assets_compare(r, run, t);
	surface_run_return(r->app->surface, run);
	r->prepared = t;
	return true;
}

bool
api_surface_told(struct request *r, struct err *e)
{
	const struct surface_told *t = r->prepared;
	struct surface_change c;
	struct json_writer *w = &r->w;
	if (!surface_states_follow(r->st, &r->arena, t, r->now, &c, e) || !summary_keep(r, t, &c, e))
		return false;
	json_begin_object(w);
	json_put_i64(w, "run", t->run);
	json_put_i64(w, "risks", (int64_t)t->risk_count);
	json_put_i64(w, "new_assets", t->new_assets);
	json_put_i64(w, "gone_assets", t->gone_assets);
	json_put_i64(w, "new_risks", c.new_risks);
	json_put_i64(w, "back", c.back);
	json_put_i64(w, "expired", c.expired);
	json_put_i64(w, "gone_risks", c.gone);
	json_end_object(w);
	return true;
}

/* ---- on the overview ---- */

static void
summary_notices(struct request *r, const struct json *summary)
{
	long long run = (long long)json_get_i64(summary, "run", 0);
	long long fresh = (long long)json_get_i64(summary, "new_assets", 0);
	long long gone = (long long)json_get_i64(summary, "gone_assets", 0);
	long long risks = (long long)json_get_i64(summary, "new_risks", 0);
	struct str trouble = json_get_str(summary, "trouble");
	if (fresh || gone)
		notice_write(r, "info", "surface-assets",
			     arena_printf(&r->arena, tr("Run %lld of the attack surface: new assets %lld, gone %lld."),
					  run, fresh, gone));
	if (risks)
		notice_write(r, "warning", "surface-risks",
			     arena_printf(&r->arena, tr("Run %lld of the attack surface found new risks: %lld."), run,
					  risks));
	if (trouble.len)
		notice_write(r, "warning", "surface-coverage",
			     arena_printf(&r->arena,
					  tr("Run %lld of the attack surface is incomplete, a source failed: %.*s"),
					  run, STR_ARG(tr_sentence(&r->arena, trouble))));
}

bool
surface_notices_write(struct request *r, struct err *e)
{
	struct str text;
	struct json *summary = NULL;
	int64_t at, back;
	if (!setting_get(r->st, &r->arena, "surface_state", &text, e) ||
	    (text.len && !json_parse(&r->arena, text, NULL, &summary, e)) ||
	    !surface_risk_count_back(r->st, r->now, &back, e))
		return false;
	if (summary && time_parse(json_get_str(summary, "at"), &at) && at > r->now - NOTICE_EVENT_MS)
		summary_notices(r, summary);
	if (back)
		notice_write(r, "warning", "surface-back",
			     arena_printf(&r->arena,
					  tr("Risks that are open again, done but seen or no longer accepted: %lld."),
					  (long long)back));
	return true;
}
