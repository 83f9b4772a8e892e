#include "server/request.h"

#include "base/codec.h"
#include "store/audit.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, VALUE_MAX = 400 };

static const char *const role_names[] = { "", "viewer", "auditor", "operator", "approver", "administrator" };

const char *
role_name(enum role r)
{
	return role_names[r];
}

enum role
role_parse(struct str s)
{
	for (size_t i = 1; i < COUNT(role_names); i++)
		if (str_eq(s, str_of(role_names[i])))
			return (enum role)i;
	return ROLE_NONE;
}

void
request_init(struct request *r, struct app *app, enum door door)
{
	*r = (struct request){ .app = app, .door = door, .status = 200, .peer_uid = -1, .interval = 300000 };
	r->now = clock_now(app->clock);
	r->tls = door != DOOR_SOCKET;
	r->w.out = &r->out;
}

void
request_end(struct request *r)
{
	buf_free(&r->out);
	arena_free(&r->arena);
}

void
request_error(struct request *r, int status, const char *code, struct str message)
{
	buf_truncate(&r->out, 0);
	r->w = (struct json_writer){ .out = &r->out };
	r->status = status;
	r->raw = false;
	json_begin_object(&r->w);
	json_key(&r->w, "error");
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "code", code);
	json_put_str(&r->w, "message", message);
	json_end_object(&r->w);
	json_end_object(&r->w);
}

static int
status_of(enum err_code code)
{
	switch (code) {
	case ERR_USAGE:
	case ERR_INPUT:
		return 400;
	case ERR_REFUSED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_BUSY:
		return 503;
	case ERR_NO_SPACE:
		return 507;
	case ERR_UNREACHABLE:
		return 502;
	case ERR_NONE:
	case ERR_SYSTEM:
	case ERR_BUG:
		break;
	}
	return 500;
}

void
request_fail(struct request *r, const struct err *e)
{
	request_error(r, status_of(e->code), err_code_name(e->code), str_of(e->text));
}

void
request_header(struct request *r, const char *name, const char *value)
{
	if (r->reply_header_count < REQUEST_HEADERS_MAX) {
		r->reply_headers[r->reply_header_count].name = name;
		r->reply_headers[r->reply_header_count++].value = value;
	}
}

/* application/x-www-form-urlencoded: a plus is a blank. */
static bool
value_decode(struct arena *a, struct str text, size_t max, struct str *out)
{
	BUF_AUTO plain = { 0 };
	BUF_AUTO decoded = { 0 };
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(&plain, text.ptr[i] == '+' ? ' ' : text.ptr[i]);
	if (!percent_decode(&decoded, buf_str(&plain)) || decoded.len > max || !str_is_utf8(buf_str(&decoded)))
		return false;
	*out = arena_str(a, buf_str(&decoded));
	return true;
}

static bool
key_allowed(const char *const *allowed, struct str key)
{
	static const char *const paging[] = { "limit", "offset", "sort" };
	for (size_t i = 0; i < COUNT(paging); i++)
		if (str_eq(key, str_of(paging[i])))
			return true;
	for (; *allowed; allowed++)
		if (str_eq(key, str_of(*allowed)))
			return true;
	return false;
}

bool
request_query(struct request *r, const char *const *allowed, struct err *e)
{
	return request_query_long(r, allowed, VALUE_MAX, e);
}

bool
request_query_long(struct request *r, const char *const *allowed, size_t max, struct err *e)
{
	struct str rest = r->query, piece;
	while (str_cut(&rest, '&', &piece)) {
		struct str key, value = STR("");
		if (!piece.len)
			continue;
		if (!str_split(piece, '=', &key, &value))
			key = piece;
		struct parameter p;
		if (!value_decode(&r->arena, key, VALUE_MAX, &p.key) || !value_decode(&r->arena, value, max, &p.value))
			return err_set(e, ERR_USAGE, "the address has a filter that is too long or no UTF-8");
		if (!key_allowed(allowed, p.key))
			return err_set(e, ERR_USAGE, "there is no filter “%.*s” here", STR_ARG(p.key));
		if (r->parameter_count == REQUEST_PARAMETERS_MAX)
			return err_set(e, ERR_USAGE, "the address has more than %d filters", REQUEST_PARAMETERS_MAX);
		r->parameters[r->parameter_count++] = p;
	}
	return true;
}

struct str
request_parameter(const struct request *r, const char *key)
{
	for (size_t i = 0; i < r->parameter_count; i++)
		if (str_eq(r->parameters[i].key, str_of(key)) && r->parameters[i].value.len)
			return r->parameters[i].value;
	return STR_NONE;
}

static bool
number_parameter(const struct request *r, const char *key, uint64_t otherwise, uint64_t max, int64_t *out,
		 struct err *e)
{
	struct str text = request_parameter(r, key);
	uint64_t n = otherwise;
	if (text.len && (!str_to_u64(text, &n) || n > max))
		return err_set(e, ERR_USAGE, "%s must be a number up to %llu", key, (unsigned long long)max);
	*out = (int64_t)n;
	return true;
}

bool
request_page(struct request *r, bool (*known_sort)(struct str key), struct page *p, struct err *e)
{
	struct page page = { 0 };
	if (!number_parameter(r, "limit", LIMIT_DEFAULT, LIMIT_MAX, &page.limit, e) ||
	    !number_parameter(r, "offset", 0, INT32_MAX, &page.offset, e))
		return false;
	struct str sort = request_parameter(r, "sort");
	if (str_starts(sort, STR("-"))) {
		page.falling = true;
		sort = str_skip(sort, 1);
	}
	if (sort.len && (!known_sort || !known_sort(sort)))
		return err_set(e, ERR_USAGE, "this list cannot be sorted by “%.*s”", STR_ARG(sort));
	page.sort = sort;
	page.falling &= sort.len > 0;
	*p = page;
	return true;
}

bool
request_tristate(const struct request *r, const char *key, int *out, struct err *e)
{
	struct str text = request_parameter(r, key);
	*out = str_eq(text, STR("true")) ? 1 : str_eq(text, STR("false")) ? 0 : -1;
	return !text.len || *out >= 0 || err_set(e, ERR_USAGE, "%s must be true or false", key);
}

void
request_list_begin(struct request *r, const struct page *p)
{
	json_begin_object(&r->w);
	json_put_i64(&r->w, "total", p->total);
	json_key(&r->w, "items");
	json_begin_array(&r->w);
}

void
request_list_end(struct request *r)
{
	json_end_array(&r->w);
	json_end_object(&r->w);
}

bool
request_audit(struct request *r, const char *what, struct str object, struct str detail, struct err *e)
{
	struct audit row = { .at = r->now, .who = r->user, .what = str_of(what), .object = object, .detail = detail };
	return audit_add(r->st, &row, e);
}

int64_t
request_silent_before(const struct request *r)
{
	int64_t silence = 3 * r->interval > 900000 ? 3 * r->interval : 900000;
	return r->now - silence;
}
