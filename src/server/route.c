#include "server/route.h"

#include "base/codec.h"
#include "store/setting.h"

/* Whole segments; the one behind "*" is given back undecoded. */
static bool
pattern_matches(struct str pattern, struct str path, struct str *argument)
{
	struct str want, have;
	bool a = str_cut(&pattern, '/', &want), b = str_cut(&path, '/', &have);
	while (a && b) {
		if (str_eq(want, STR("*")) && have.len)
			*argument = have;
		else if (!str_eq(want, have))
			return false;
		a = str_cut(&pattern, '/', &want);
		b = str_cut(&path, '/', &have);
	}
	return a == b;
}

static const struct route *
route_find(const struct route_table *t, const struct request *r, struct str *argument, bool *other_method)
{
	*other_method = false;
	for (size_t i = 0; i < t->count; i++) {
		struct str found = STR_NONE;
		if (!pattern_matches(str_of(t->rows[i].pattern), r->path, &found))
			continue;
		if (str_eq(r->method, str_of(t->rows[i].method))) {
			*argument = found;
			return &t->rows[i];
		}
		*other_method = true;
	}
	return NULL;
}

static bool
argument_decode(struct request *r, struct str argument, struct err *e)
{
	if (!argument.ptr)
		return true;
	BUF_AUTO decoded = { 0 };
	if (argument.len > 1000 || !percent_decode(&decoded, argument) || !str_is_utf8(buf_str(&decoded)))
		return err_set(e, ERR_USAGE, "the address is not well formed");
	r->argument = arena_str(&r->arena, buf_str(&decoded));
	return true;
}

static bool
body_parse(struct request *r, struct err *e)
{
	const struct route *row = r->route;
	if (!row->body_max) /* not looked at; the listener caps it */
		return true;
	if (r->body.len > row->body_max)
		return err_set(e, ERR_TOO_LARGE,
			       "the request's body is larger than the %zu bytes that this address takes",
			       row->body_max);
	if (!r->body.len || (row->flags & ROUTE_RAW_BODY))
		return true;
	/* A form or plain text is what a foreign page can send without asking first. */
	if (!(row->flags & ROUTE_FOREIGN) && r->tls &&
	    !str_eq_nocase(str_head(r->headers.content_type, 16), STR("application/json")))
		return err_set(e, ERR_USAGE, "the body must be JSON (Content-Type: application/json)");
	struct json_limits limits = { .depth = 16, .string_max = 4 << 20, .total = row->body_max };
	if (!json_parse(&r->arena, r->body, &limits, &r->json, e)) {
		e->code = ERR_INPUT;
		return err_wrap(e, "reading the request's body");
	}
	if (r->json->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_INPUT, "the request's body must be a JSON object");
	return true;
}

static bool
settings_read(struct request *r, struct err *e)
{
	int64_t seconds;
	if (!setting_number(r->st, "interval", 10, 86400, 300, &seconds, e))
		return false;
	r->interval = seconds * 1000;
	return true;
}

/* *answered: r holds the answer. */
static bool
prepare(const struct route_table *t, struct request *r, bool *answered, struct err *e)
{
	struct str argument = STR_NONE;
	bool other_method;
	r->route = route_find(t, r, &argument, &other_method);
	if (!r->route) {
		*answered = true;
		if (other_method)
			request_error(r, 405, "usage", str_of(tr("this address does not take that method")));
		else if (!t->otherwise || !t->otherwise(r))
			request_error(r, 404, "not-found", str_of(tr("there is nothing at this address")));
		return true;
	}
	if (!argument_decode(r, argument, e) || !settings_read(r, e) || !t->access(r, e) || !body_parse(r, e))
		return false;
	if (r->route->prepare && !r->route->prepare(r, e))
		return false;
	*answered = r->route->kind == ROUTE_READS;
	return !*answered || r->route->handle(r, e);
}

bool
route_is_slow(const struct route_table *t, const struct request *r)
{
	struct str argument;
	bool other;
	const struct route *row = route_find(t, r, &argument, &other);
	return row && (row->flags & ROUTE_SLOW);
}

bool
route_prepare(const struct route_table *t, struct request *r)
{
	struct err e = { 0 };
	bool answered = false;
	lang_set_thread(r->lang);
	bool ok = prepare(t, r, &answered, &e);
	/* Access and preparation may have written a refusal of their own shape. */
	if (!ok && e.code != ERR_NONE)
		request_fail(r, &e);
	return ok && !answered;
}

bool
route_write(struct request *r)
{
	struct err e = { 0 };
	lang_set_thread(r->lang);
	if (r->route->handle(r, &e))
		return true;
	if (e.code != ERR_NONE)
		request_fail(r, &e);
	return false;
}
