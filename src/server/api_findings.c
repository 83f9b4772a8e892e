/* /api/v1/vulnerabilities, /api/v1/findings, /api/v1/hosts/ID/findings */
#include "base/sentence.h"
#include "server/api.h"
#include "server/due.h"

/* One or several: "critical,high". */
static bool
severities_parse(struct str text, unsigned *out, struct err *e)
{
	struct str piece;
	*out = 0;
	while (str_cut(&text, ',', &piece)) {
		enum severity parsed;
		if (!severity_parse(str_trim(piece), &parsed))
			return err_set(e, ERR_USAGE, "severity must be critical, high, medium, low or unknown");
		*out |= 1U << parsed;
	}
	return true;
}

/* One or several: "act-now,within-days". */
static bool
actions_parse(struct str text, unsigned *out, struct err *e)
{
	struct str piece;
	*out = 0;
	while (str_cut(&text, ',', &piece)) {
		enum action parsed;
		if (!action_parse(str_trim(piece), &parsed))
			return err_set(e, ERR_USAGE, "action must be act-now, within-days, next-window or watch");
		*out |= 1U << parsed;
	}
	return true;
}

/* Days are those of the server's zone; what is due today is not overdue. */
static bool
due_parse(const struct request *r, struct finding_filter *f, struct err *e)
{
	static const struct {
		const char *word;
		int64_t from, before; /* days from today; INT64_MIN: no bound */
	} spans[] = {
		{ "overdue", INT64_MIN, 0 },   { "today", 0, 1 }, { "week", 0, 7 }, { "month", 0, 30 },
		{ "any", INT64_MIN, 1 << 20 },
	};
	struct str word = request_parameter(r, "due");
	int64_t today = due_today(r->app, r->now);
	if (!word.len)
		return true;
	for (size_t i = 0; i < COUNT(spans); i++) {
		if (!str_eq(word, str_of(spans[i].word)))
			continue;
		f->due_from = spans[i].from == INT64_MIN ? 0 : today + spans[i].from * DUE_DAY;
		f->due_before = today + spans[i].before * DUE_DAY;
		return true;
	}
	return err_set(e, ERR_USAGE, "due must be overdue, today, week, month or any");
}

static bool
finding_filter_of(struct request *r, struct finding_filter *f, struct err *e)
{
	*f = (struct finding_filter){
		.q = request_parameter(r, "q"),
		.host = request_parameter(r, "host"),
		.group = request_parameter(r, "group"),
		.vulnerability = request_parameter(r, "vulnerability"),
		.patch = request_parameter(r, "patch"),
	};
	if (!severities_parse(request_parameter(r, "severity"), &f->severities, e) ||
	    !actions_parse(request_parameter(r, "action"), &f->actions, e) || !due_parse(r, f, e))
		return false;
	return request_tristate(r, "kev", &f->kev, e);
}

/* In the reader's language where the index has it (JVN); what the store keeps is English. */
static void
title_write(struct request *r, const struct vuln_index *ix, const struct vulnerability_row *v)
{
	struct vulnerability known;
	if (ix && r->lang == LANG_JA && vuln_lookup(ix, &r->arena, v->id, &known) && known.title_ja.len > 0) {
		json_put_str(&r->w, "title", known.title_ja);
		str_or_null(&r->w, "summary", known.summary_ja.len ? known.summary_ja : STR_NONE);
		return;
	}
	str_or_null(&r->w, "title", v->title);
}

/* action, due, overdue, and the sentence that explains in the reader's language. */
static void
due_write(struct request *r, const struct finding_row *f)
{
	struct json_writer *w = &r->w;
	json_put_cstr(w, "action", action_name((enum action)f->action));
	json_put_time(w, "due", f->due);
	json_put_bool(w, "overdue", f->due > 0 && f->due < due_today(r->app, r->now));
	str_or_null(w, "action_why", r->lang == LANG_JA && f->reason_ja.len ? f->reason_ja : f->reason_en);
	json_put_time(w, "first_seen", f->first_seen);
}

static void
finding_item_write(struct request *r, const struct vuln_index *ix, const struct finding_row *row, bool with_host)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	if (with_host)
		host_ref_group_write(r, "host", row->host, row->host_name, row->group);
	json_put_str(w, "package", row->package);
	json_put_str(w, "source", row->source);
	json_put_str(w, "installed", row->installed);
	str_or_null(w, "fixed", row->fixed);
	json_put_str(w, "vulnerability", row->vulnerability.id);
	title_write(r, ix, &row->vulnerability);
	json_key(w, "aliases");
	json_raw(w, row->aliases);
	json_key(w, "advisories");
	json_raw(w, row->advisories);
	vulnerability_keys_write(w, &row->vulnerability);
	json_key(w, "running");
	if (row->running < 0)
		json_null(w);
	else
		json_bool(w, row->running);
	due_write(r, row);
	json_put_str(w, "why", tr_sentence(&r->arena, row->why));
	str_or_null(w, "patch", row->patch);
	json_end_object(w);
}

static bool
findings_answer(struct request *r, const struct finding_filter *f, struct page *page, bool with_host, struct err *e)
{
	struct finding_row *rows;
	size_t count;
	if (!finding_list(r->st, &r->arena, f, page, &rows, &count, e))
		return false;
	struct index_ref *ref = app_index(r->app);
	request_list_begin(r, page);
	for (size_t i = 0; i < count; i++)
		finding_item_write(r, ref ? ref->index : NULL, &rows[i], with_host);
	request_list_end(r);
	index_release(r->app, ref);
	return true;
}

bool
api_host_findings(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "severity", "kev", "action", "due", NULL };
	struct page page;
	struct finding_filter f;
	struct host h;
	if (!request_query(r, filters, e) || !request_page(r, finding_known_sort, &page, e) ||
	    !finding_filter_of(r, &f, e) || !host_get(r->st, &r->arena, r->argument, &h, e))
		return false;
	f.host = h.id;
	return findings_answer(r, &f, &page, false, e);
}

bool
api_findings(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q",    "severity", "kev",           "action", "due",
					       "host", "group",    "vulnerability", "patch",  NULL };
	struct page page;
	struct finding_filter f;
	return request_query(r, filters, e) && request_page(r, finding_known_sort, &page, e) &&
	       finding_filter_of(r, &f, e) && findings_answer(r, &f, &page, true, e);
}

static void
vulnerability_item_write(struct request *r, const struct vuln_index *ix, const struct vulnerability_row *v)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", v->id);
	title_write(r, ix, v);
	vulnerability_keys_write(w, v);
	json_put_time(w, "kev_due", v->kev_due);
	json_put_cstr(w, "action", action_name((enum action)v->action));
	json_put_time(w, "due", v->due);
	json_put_bool(w, "overdue", v->due > 0 && v->due < due_today(r->app, r->now));
	json_put_i64(w, "hosts", v->hosts);
	json_put_i64(w, "fixable", v->fixable);
	json_key(w, "packages");
	json_raw(w, v->packages.len ? v->packages : STR("[]"));
	json_key(w, "advisories");
	json_raw(w, v->advisories.len ? v->advisories : STR("[]"));
}

bool
api_vulnerabilities(struct request *r, struct err *e)
{
	static const char *const filters[] = { "q", "severity", "kev", "group", "host", "action", "due", NULL };
	struct page page;
	struct finding_filter f;
	struct vulnerability_row *rows;
	size_t count;
	if (!request_query(r, filters, e) || !request_page(r, vulnerability_known_sort, &page, e) ||
	    !finding_filter_of(r, &f, e) || !vulnerability_list(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	struct index_ref *ref = app_index(r->app);
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++) {
		vulnerability_item_write(r, ref ? ref->index : NULL, &rows[i]);
		json_end_object(&r->w);
	}
	request_list_end(r);
	index_release(r->app, ref);
	return true;
}

bool
api_vulnerability(struct request *r, struct err *e)
{
	struct vulnerability_row v;
	struct finding_row *rows;
	size_t count;
	if (!vulnerability_get(r->st, &r->arena, r->argument, &v, e))
		return false;
	struct finding_filter f = { .vulnerability = v.id, .kev = -1 };
	struct page page = { .limit = ORDER_HOSTS_MAX, .sort = STR("due") };
	if (!finding_list(r->st, &r->arena, &f, &page, &rows, &count, e))
		return false;
	struct index_ref *ref = app_index(r->app);
	vulnerability_item_write(r, ref ? ref->index : NULL, &v);
	index_release(r->app, ref);
	json_key(&r->w, "findings");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&r->w);
		host_ref_group_write(r, "host", rows[i].host, rows[i].host_name, rows[i].group);
		json_put_str(&r->w, "package", rows[i].package);
		json_put_str(&r->w, "installed", rows[i].installed);
		str_or_null(&r->w, "fixed", rows[i].fixed);
		str_or_null(&r->w, "patch", rows[i].patch);
		due_write(r, &rows[i]);
		json_put_str(&r->w, "why", tr_sentence(&r->arena, rows[i].why));
		json_end_object(&r->w);
	}
	json_end_array(&r->w);
	json_end_object(&r->w);
	return true;
}
