/* /api/v1/exposure/reports: ordering reports, and fetching what was made; /exported: what the command line wrote out, for the
 * audit log. */
#include "base/sentence.h"
#include "server/api.h"
#include "server/exposure_ask.h"
#include "server/api_report_order.h"
#include "server/exposures.h"

enum { TEXT_MAX = 20000, FROM_MAX = 500, TOP_DEFAULT = 10, TOP_MAX = 50, QUERY_TOLD = 1000 };

static const struct {
	const char *kind, *format, *type;
} forms[] = {
	{ "healthcare", "pdf", "application/pdf" },
	{ "healthcare", "html", "text/html; charset=utf-8" },
	{ "healthcare", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "notify", "zip", "application/zip" },
};

static bool
orders_here(struct request *r, struct err *e)
{
	return r->app->orders || err_set(e, ERR_UNREACHABLE,
					 "reports are ordered from a running server: mamori serve, or "
					 "mamori exposure report here");
}

static void
order_write(struct request *r, const struct report_order *x)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", x->id);
	json_put_str(w, "kind", x->kind);
	json_put_str(w, "format", x->format);
	json_put_cstr(w, "state", order_state_name(x->state));
	json_put_str(w, "query", x->query);
	str_or_null(w, "country", x->country.len ? x->country : STR_NONE);
	str_or_null(w, "as_of", x->as_of.len ? x->as_of : STR_NONE);
	json_put_i64(w, "top", x->top);
	api_report_order_write_end(r, x);
	json_end_object(w);
}

bool
api_exposure_reports(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_orders(r, r->app->orders, order_write, e);
}

bool
api_exposure_report(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_order(r, r->app->orders, order_write, e);
}

/* ---- ordering ---- */

static bool
is_country(struct str s)
{
	return s.len == 2 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z' && s.ptr[1] >= 'A' && s.ptr[1] <= 'Z';
}

static bool
is_line(struct str s, size_t max)
{
	bool fine = s.len <= max;
	for (size_t i = 0; i < s.len; i++)
		fine &= (unsigned char)s.ptr[i] >= ' ' && s.ptr[i] != 0x7f;
	return fine;
}

static bool
words_check(struct request *r, struct report_order *x, struct err *e)
{
	int64_t day;
	struct query *q;
	bool known = false;
	for (size_t i = 0; i < COUNT(forms); i++)
		known |= str_eq(x->kind, str_of(forms[i].kind)) && str_eq(x->format, str_of(forms[i].format));
	if (!known)
		return err_set(e, ERR_USAGE,
			       "kind and format must be healthcare with pdf, html or xlsx, or notify with zip");
	if (x->country.len && !is_country(x->country))
		return err_set(e, ERR_USAGE, "country must be a code of two letters such as JP");
	if (x->as_of.len && (x->as_of.len != 10 || !time_parse(x->as_of, &day)))
		return err_set(e, ERR_USAGE, "as_of must be a date such as 2026-11-21");
	if (x->top < 1 || x->top > TOP_MAX)
		return err_set(e, ERR_USAGE, "top must be a number from 1 to %d", TOP_MAX);
	if (!is_line(x->from, FROM_MAX) || x->query.len > TEXT_MAX)
		return err_set(e, ERR_USAGE, "from has at most %d bytes in one line, query %d bytes", FROM_MAX,
			       TEXT_MAX);
	return asking_query(r, x->query, &q, e);
}

bool
api_exposure_report_prepare(struct request *r, struct err *e)
{
	struct report_order *x = ARENA_NEW(&r->arena, struct report_order);
	struct query *q;
	uint64_t n;
	EXPOSURE_USE_AUTO use = { 0 };
	*x = (struct report_order){ .kind = json_get_str(r->json, "kind"),
				    .format = json_get_str(r->json, "format"),
				    .country = json_get_str(r->json, "country"),
				    .query = str_trim(json_get_str(r->json, "query")),
				    .as_of = json_get_str(r->json, "as_of"),
				    .from = str_trim(json_get_str(r->json, "from")),
				    .lang = str_of(r->lang == LANG_JA ? "ja" : "en"),
				    .top = json_get_i64(r->json, "top", TOP_DEFAULT),
				    .by = r->user,
				    .at = r->now };
	if (!x->query.ptr)
		x->query = STR("");
	if (!orders_here(r, e) || !words_check(r, x, e) || !query_parse(&r->arena, x->query, &q, e) ||
	    !exposure_borrow(r->app->exposure, ASK_LIMIT_MS, &use, e) || !use.backend->count(use.state, q, &n, e))
		return false;
	x->bytes = (int64_t)n; /* until it is kept: banners that the query finds */
	r->prepared = x;
	return true;
}

static struct str
told(struct request *r, uint64_t banners, struct str query)
{
	return arena_printf(&r->arena, "%llu banners: %.*s", (unsigned long long)banners,
			    STR_ARG(str_head(query, QUERY_TOLD)));
}

bool
api_exposure_report_order(struct request *r, struct err *e)
{
	struct report_order *x = r->prepared;
	uint64_t banners = (uint64_t)x->bytes;
	x->bytes = 0;
	struct str what = arena_printf(&r->arena, "%.*s %.*s%s%.*s", STR_ARG(x->kind), STR_ARG(x->format),
				       x->country.len ? " " : "", STR_ARG(x->country));
	if (!report_order_add(r->app->orders, &r->arena, x, e) ||
	    !request_audit(r, "exposure.report", what, told(r, banners, x->query), e))
		return false;
	r->status = 202;
	order_write(r, x);
	return true;
}

bool
api_exposure_report_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return orders_here(r, e) && report_order_remove(r->app->orders, &r->arena, r->argument, e) &&
	       request_audit(r, "exposure.unreport", r->argument, STR(""), e);
}

/* ---- fetching ---- */

bool
api_exposure_report_file_prepare(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_order_read(r, r->app->orders, e);
}

bool
api_exposure_report_file(struct request *r, struct err *e)
{
	const struct report_order *x = r->prepared;
	r->raw = true;
	for (size_t i = 0; i < COUNT(forms); i++)
		if (str_eq(x->format, str_of(forms[i].format)))
			request_header(r, "Content-Type", forms[i].type);
	request_header(r, "Cache-Control", "no-store");
	request_header(r, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
	request_header(r, "Content-Disposition",
		       arena_printf(&r->arena, "attachment; filename=\"exposure-%.*s-%.*s.%.*s\"", STR_ARG(x->kind),
				    STR_ARG(x->id), STR_ARG(x->format))
			       .ptr);
	return request_audit(r, "exposure.download", x->id,
			     arena_printf(&r->arena, "%.*s %.*s", STR_ARG(x->kind), STR_ARG(x->format)), e);
}

/* ---- what the command line wrote out ---- */

bool
api_exposure_exported(struct request *r, struct err *e)
{
	struct str format = json_get_str(r->json, "format"), query = json_get_str(r->json, "query");
	int64_t banners = json_get_i64(r->json, "banners", -1);
	bool report = json_get_bool(r->json, "report", false);
	if (!format.len || !is_line(format, 100) || !query.ptr || banners < 0)
		return err_set(e, ERR_USAGE, "say what was written: format, query and banners");
	r->status = 204;
	return report ? request_audit(r, "exposure.report", format, told(r, (uint64_t)banners, query), e)
		      : request_audit(r, "exposure.export", format, told(r, (uint64_t)banners, query), e);
}
