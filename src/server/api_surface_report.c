/* /api/v1/surface/reports: ordering reports on a run of discovery, and fetching what was made. */
#include "server/policies.h"
#include "server/api_report_order.h"
#include "server/surfaces.h"

enum { OWNER_BYTES = 200, FORMAT_BYTES = 20 };

static const struct {
	const char *format, *type;
} forms[] = {
	{ "pdf", "application/pdf" },
	{ "html", "text/html; charset=utf-8" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "risks.csv", "text/csv; charset=utf-8" },
	{ "assets.csv", "text/csv; charset=utf-8" },
	{ "json", "application/json" },
	{ "graphml", "application/xml; charset=utf-8" },
};

static const char *
type_of(struct str format)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (str_eq(format, str_of(forms[i].format)))
			return forms[i].type;
	return NULL;
}

static bool
orders_here(struct request *r, struct err *e)
{
	return r->app->surface_orders || err_set(e, ERR_UNREACHABLE,
						 "reports are ordered from a running server: mamori serve, or "
						 "mamori surface report here");
}

static void
order_write(struct request *r, const struct report_order *x)
{
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_str(w, "id", x->id);
	json_put_str(w, "format", x->format);
	json_put_cstr(w, "state", order_state_name(x->state));
	json_put_i64(w, "run", x->run);
	json_key(w, "before");
	if (x->before)
		json_i64(w, x->before);
	else
		json_null(w);
	str_or_null(w, "owner", x->owner.len ? x->owner : STR_NONE);
	api_report_order_write_end(r, x);
	json_end_object(w);
}

bool
api_surface_reports(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_orders(r, r->app->surface_orders, order_write, e);
}

bool
api_surface_report(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_order(r, r->app->surface_orders, order_write, e);
}

/* ---- ordering ---- */

/* A run of which there is an account; *number 0: the newest, where newest says so. */
static bool
run_check(struct request *r, const char *key, bool newest, int64_t *number, struct err *e)
{
	struct json *about;
	*number = json_get_i64(r->json, key, 0);
	if (*number < 0)
		return err_set(e, ERR_USAGE, "%s must be the number of a run", key);
	if (*number == 0 && !newest)
		return true;
	if (*number == 0 && !surface_runs_newest(r->app->surface, number, e))
		return false;
	if (*number == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no run yet: mamori surface discover --seed example.co.jp");
	return surface_run_about(r->app->surface, &r->arena, *number, &about, e);
}

bool
api_surface_report_prepare(struct request *r, struct err *e)
{
	struct report_order *x = ARENA_NEW(&r->arena, struct report_order);
	struct str lang;
	*x = (struct report_order){ .kind = STR("surface"), .by = r->user, .at = r->now };
	if (!orders_here(r, e) || !body_text(r, "format", FORMAT_BYTES, true, &x->format, e) ||
	    !body_text(r, "owner", OWNER_BYTES, false, &x->owner, e) || !body_text(r, "lang", 2, false, &lang, e))
		return false;
	if (!type_of(x->format))
		return err_set(e, ERR_USAGE, "format must be pdf, html, xlsx, risks.csv, assets.csv, json or graphml");
	if (lang.len && !str_eq(lang, STR("ja")) && !str_eq(lang, STR("en")))
		return err_set(e, ERR_USAGE, "lang must be ja or en");
	x->lang = lang.len ? lang : str_of(r->lang == LANG_JA ? "ja" : "en");
	r->prepared = x;
	return run_check(r, "run", true, &x->run, e) && run_check(r, "before", false, &x->before, e);
}

bool
api_surface_report_order(struct request *r, struct err *e)
{
	struct report_order *x = r->prepared;
	if (!report_order_add(r->app->surface_orders, &r->arena, x, e) ||
	    !request_audit(r, "surface.report",
			   arena_printf(&r->arena, "%.*s run %lld", STR_ARG(x->format), (long long)x->run), x->owner,
			   e))
		return false;
	r->status = 202;
	order_write(r, x);
	return true;
}

bool
api_surface_report_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return orders_here(r, e) && report_order_remove(r->app->surface_orders, &r->arena, r->argument, e) &&
	       request_audit(r, "surface.unreport", r->argument, STR(""), e);
}

/* ---- fetching ---- */

bool
api_surface_report_file_prepare(struct request *r, struct err *e)
{
	return orders_here(r, e) && api_report_order_read(r, r->app->surface_orders, e);
}

bool
api_surface_report_file(struct request *r, struct err *e)
{
	const struct report_order *x = r->prepared;
	r->raw = true;
	request_header(r, "Content-Type", type_of(x->format));
	request_header(r, "Cache-Control", "no-store");
	request_header(r, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
	request_header(r, "Content-Disposition",
		       arena_printf(&r->arena, "attachment; filename=\"attack-surface-%06lld-%.*s.%.*s\"",
				    (long long)x->run, STR_ARG(x->id), STR_ARG(x->format))
			       .ptr);
	return request_audit(r, "surface.download", x->id,
			     arena_printf(&r->arena, "%.*s run %lld", STR_ARG(x->format), (long long)x->run), e);
}
