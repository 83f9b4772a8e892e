/* /api/v1/exposure/saved: questions that people keep, and the services among their answers that nobody has seen yet. */
#include "base/sentence.h"
#include "exposure/banner-out.h"
#include "server/api.h"
#include "server/exposure_ask.h"
#include "server/exposures.h"
#include "server/policies.h"
#include "store/exposure_saved.h"
#include "store/setting.h"

#include <arpa/inet.h>

enum { NAME_BYTES = 120, QUERY_BYTES = 20000, SAVED_MAX = 200 };

/* ---- telling ---- */

static void
service_write(struct json_writer *w, const char *at)
{
	BUF_AUTO ip = { 0 };
	uint16_t port;
	memcpy(&port, at + 16, 2);
	exposure_address((const unsigned char *)at, &ip);
	json_begin_object(w);
	json_put_str(w, "ip", buf_str(&ip));
	json_put_i64(w, "port", ntohs(port));
	json_put_cstr(w, "transport", transport_name((enum transport)(at[18] & 3)));
	json_end_object(w);
}

static void
saved_write(struct request *r, const struct exposure_saved *s)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "name", s->name);
	json_put_str(w, "query", s->query);
	json_put_bool(w, "notice", s->notice);
	json_put_str(w, "by", s->by);
	json_put_time(w, "at", s->at);
	json_put_time(w, "counted_at", s->counted_at);
	json_put_i64(w, "banners", s->banners);
	json_put_i64(w, "change", s->banners - s->banners_before);
	json_put_i64(w, "services", s->services);
	json_put_i64(w, "new", s->fresh_count);
	json_put_time(w, "new_since", s->fresh_since);
	json_key(w, "examples");
	json_begin_array(w);
	for (size_t i = 0; i < SAVED_SHOWN && (i + 1) * SAVED_SERVICE <= s->fresh.len; i++)
		service_write(w, s->fresh.ptr + i * SAVED_SERVICE);
	json_end_array(w);
	str_or_null(w, "trouble", s->trouble.len ? tr_sentence(&r->arena, s->trouble) : STR_NONE);
	str_or_null(w, "seen_by", s->seen_by);
	json_put_time(w, "seen_at", s->seen_at);
	json_end_object(w);
}

bool
api_exposure_saved(struct request *r, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct exposure_saved *rows;
	size_t count;
	if (!request_query(r, allowed, e) || !exposure_saved_list(r->st, &r->arena, false, &rows, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		saved_write(r, &rows[i]);
	request_list_end(r);
	return true;
}

/* ---- keeping ---- */

static bool
name_check(struct request *r, struct str *out, struct err *e)
{
	*out = str_trim(r->argument);
	bool fine = out->len > 0 && out->len <= NAME_BYTES;
	for (size_t i = 0; i < out->len; i++)
		fine &= (unsigned char)out->ptr[i] >= ' ' && out->ptr[i] != 0x7f;
	return fine || err_set(e, ERR_USAGE, "a saved query's name is one line of 1 to %d bytes", NAME_BYTES);
}

/* Where it takes long, before the writer. */
bool
api_exposure_saved_prepare(struct request *r, struct err *e)
{
	struct exposure_saved *s = ARENA_NEW(&r->arena, struct exposure_saved), *rows;
	struct err missing = { 0 };
	struct query *q;
	size_t count;
	EXPOSURE_USE_AUTO use = { 0 };
	if (!name_check(r, &s->name, e) || !exposure_saved_list(r->st, &r->arena, false, &rows, &count, e))
		return false;
	struct str text = str_trim(json_get_str(r->json, "query"));
	if (!text.len)
		return err_set(e, ERR_USAGE, "say what is asked: “query” is missing");
	if (text.len > QUERY_BYTES)
		return err_set(e, ERR_USAGE, "a query that is kept has at most %d bytes", QUERY_BYTES);
	if (!asking_query(r, text, &q, e))
		return false;
	bool notice = json_get_bool(r->json, "notice", false);
	bool known = exposure_saved_get(r->st, &r->arena, s->name, s, &missing);
	if (!known && count >= SAVED_MAX)
		return err_set(e, ERR_USAGE, "there are %d saved queries already: remove one", SAVED_MAX);
	bool same = known && s->notice == notice && str_eq(s->query, text);
	if (!same) {
		*s = (struct exposure_saved){ .name = s->name, .query = text, .notice = notice };
		if (!exposure_borrow(r->app->exposure, ASK_LIMIT_MS, &use, e))
			return false;
		exposure_saved_compute(&use, &r->arena, s, r->now);
		s->banners_before = s->banners;
		if (s->trouble.len)
			return err_set(e, ERR_USAGE, "%.*s", STR_ARG(tr_sentence(&r->arena, s->trouble)));
	}
	s->by = r->user;
	s->at = r->now;
	r->prepared = s;
	return true;
}

bool
api_exposure_saved_put(struct request *r, struct err *e)
{
	struct exposure_saved *s = r->prepared;
	if (!exposure_saved_put(r->st, s, e) ||
	    !request_audit(r, "exposure.save", s->name,
			   arena_printf(&r->arena, "%s%.*s", s->notice ? "with notices: " : "",
					STR_ARG(str_head(s->query, 1000))),
			   e))
		return false;
	saved_write(r, s);
	return true;
}

bool
api_exposure_saved_delete(struct request *r, struct err *e)
{
	struct exposure_saved s;
	struct str name;
	r->status = 204;
	return name_check(r, &name, e) && exposure_saved_get(r->st, &r->arena, name, &s, e) &&
	       exposure_saved_delete(r->st, name, e) &&
	       request_audit(r, "exposure.forget", name, str_head(s.query, 1000), e);
}

bool
api_exposure_saved_seen(struct request *r, struct err *e)
{
	struct exposure_saved s;
	struct str name;
	if (!name_check(r, &name, e) || !exposure_saved_get(r->st, &r->arena, name, &s, e))
		return false;
	size_t n = s.fresh.len / SAVED_SERVICE;
	s.seen = services_merge(&r->arena, s.seen, s.fresh);
	s.seen_by = r->user;
	s.seen_at = r->now;
	if (!exposure_saved_acknowledge(r->st, &s, e) ||
	    !request_audit(r, "exposure.seen", name, arena_printf(&r->arena, "%zu new services", n), e) ||
	    !exposure_saved_get(r->st, &r->arena, name, &s, e))
		return false;
	saved_write(r, &s);
	return true;
}

/* ---- something was imported ---- */

bool
api_exposure_imported_prepare(struct request *r, struct err *e)
{
	struct exposure_pass *p = ARENA_NEW(&r->arena, struct exposure_pass);
	p->arena = &r->arena;
	r->prepared = p;
	exposure_mine_refresh(r->app->data, r->st);
	return exposure_pass_open(r->app, r->st, true, p, e);
}

bool
api_exposure_imported(struct request *r, struct err *e)
{
	struct exposure_pass *p = r->prepared;
	if (!exposure_pass_keep(r->st, p, e))
		return false;
	struct page page = { .total = (int64_t)p->count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < p->count; i++)
		saved_write(r, &p->rows[i]);
	request_list_end(r);
	return true;
}

/* ---- on the overview ---- */

bool
exposure_overview_write(struct request *r, struct err *e)
{
	struct str state;
	struct json *parsed = NULL;
	if (!setting_get(r->st, &r->arena, "exposure_state", &state, e) ||
	    (state.len && !json_parse(&r->arena, state, NULL, &parsed, e)))
		return false;
	json_key(&r->w, "exposure");
	if (json_get_i64(parsed, "banners", 0) > 0)
		json_tree(&r->w, parsed);
	else
		json_null(&r->w);
	return true;
}

bool
exposure_notices_write(struct request *r, struct err *e)
{
	struct exposure_saved *rows;
	size_t count;
	if (!exposure_saved_list(r->st, &r->arena, false, &rows, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct exposure_saved *s = &rows[i];
		if (s->fresh_count)
			notice_about_write(r, "warning", "exposure", "saved", s->name,
					   arena_printf(&r->arena,
							tr("New services match the saved query “%.*s”: %lld."),
							STR_ARG(s->name), (long long)s->fresh_count));
		if (s->trouble.len)
			notice_about_write(r, "warning", "exposure-trouble", "saved", s->name,
					   arena_printf(&r->arena,
							tr("The saved query “%.*s” could not be counted: %.*s"),
							STR_ARG(s->name), STR_ARG(tr_sentence(&r->arena, s->trouble))));
	}
	return true;
}
