#include "server/exposure_ask.h"

#include "exposure/banner-out.h"
#include "server/api.h"

#include <time.h>

enum { CURSOR_SKIP_MAX = 1000000 };

static int64_t
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- parameters ---- */

struct str
ask_text(const struct request *r, const char *key)
{
	const struct json *j = json_get(r->json, key);
	if (j && (j->kind == JSON_KIND_STRING || j->kind == JSON_KIND_NUMBER) && j->text.len)
		return j->text;
	if (j && j->kind == JSON_KIND_BOOL)
		return j->boolean ? STR("true") : STR("false");
	return request_parameter(r, key);
}

bool
ask_number(const struct request *r, const char *key, uint64_t otherwise, uint64_t most, uint64_t *out, struct err *e)
{
	struct str text = ask_text(r, key);
	*out = otherwise;
	return !text.len || (str_to_u64(text, out) && *out <= most) ||
	       err_set(e, ERR_USAGE, "%s must be a number up to %llu", key, (unsigned long long)most);
}

bool
ask_field(struct request *r, struct str name, enum field *out, struct err *e)
{
	struct str nearest;
	*out = field_find(str_trim(name), &nearest);
	if (*out != FIELDS)
		return true;
	if (nearest.len)
		return err_set(e, ERR_USAGE, "unknown field %.*s; did you mean %.*s?", STR_ARG(str_head(name, 100)),
			       STR_ARG(nearest));
	return err_set(e, ERR_USAGE, "unknown field %.*s", STR_ARG(str_head(name, 100)));
}

/* ---- the query ---- */

/* How many UTF-16 units stand before a byte. */
static int64_t
utf16_units(struct str text, size_t at)
{
	int64_t n = 0;
	for (size_t i = 0; i < at && i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		n += (c & 0xc0) != 0x80;
		n += c >= 0xf0;
	}
	return n;
}

bool
asking_query(struct request *r, struct str text, struct query **out, struct err *e)
{
	struct err why = { 0 };
	size_t at = SIZE_MAX;
	if (query_parse_at(&r->arena, text, out, &at, &why))
		return true;
	if (at == SIZE_MAX) {
		*e = why;
		return false;
	}
	r->status = 400;
	json_begin_object(&r->w);
	json_key(&r->w, "error");
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "code", "input");
	json_put_cstr(&r->w, "message", why.text);
	json_put_i64(&r->w, "at", utf16_units(text, at));
	json_end_object(&r->w);
	json_end_object(&r->w);
	return false;
}

bool
asking_open(struct request *r, const char *const *allowed, struct asking *x, struct err *e)
{
	*x = (struct asking){ .from_us = now_us() };
	return request_query_long(r, allowed, ASK_PARAMETER_MAX, e) &&
	       exposure_borrow(r->app->exposure, ASK_LIMIT_MS, &x->use, e);
}

bool
asking_begin(struct request *r, const char *const *allowed, struct asking *x, struct err *e)
{
	struct str text;
	if (!asking_open(r, allowed, x, e))
		return false;
	text = ask_text(r, "q");
	return asking_query(r, text.ptr ? text : STR(""), &x->q, e);
}

void
asking_end(struct asking *x)
{
	exposure_return(&x->use);
}

void
asking_tell(struct request *r, const struct asking *x)
{
	struct str *names;
	size_t count;
	json_key(&r->w, "ms");
	json_double(&r->w, (double)(now_us() - x->from_us) / 1000, 2);
	x->use.backend->damaged(x->use.state, &r->arena, &names, &count);
	if (!count)
		return;
	json_key(&r->w, "damaged");
	json_begin_array(&r->w);
	for (size_t i = 0; i < count; i++)
		json_str(&r->w, names[i]);
	json_end_array(&r->w);
}

/* ---- trees ---- */

struct query *
query_and(struct arena *a, struct query *p, struct query *q)
{
	if (p->kind == QUERY_ALL)
		return q;
	struct query *both = ARENA_NEW(a, struct query);
	both->kind = QUERY_AND;
	both->field = FIELDS;
	both->children = ARENA_ARRAY(a, struct query *, 2);
	both->children[both->count++] = p;
	both->children[both->count++] = q;
	return both;
}

struct query *
query_and_range(struct arena *a, struct query *q, enum field f, int64_t low, int64_t high)
{
	struct query *range = ARENA_NEW(a, struct query);
	*range = (struct query){ .kind = QUERY_RANGE, .field = f, .low = low, .high = high };
	return query_and(a, q, range);
}

struct query *
query_and_equal(struct arena *a, struct query *q, enum field f, struct str text)
{
	struct query *equal = ARENA_NEW(a, struct query);
	*equal = (struct query){ .kind = QUERY_EQUAL, .field = f, .text = text };
	return query_and(a, q, equal);
}

/* ---- pages ---- */

bool
cursor_read(const struct request *r, struct cursor *out, struct err *e)
{
	struct str text = ask_text(r, "cursor"), until, skip;
	*out = (struct cursor){ .until = INT64_MAX };
	return !text.len ||
	       (str_split(text, '.', &until, &skip) && str_to_i64(until, &out->until) && str_to_u64(skip, &out->skip) &&
		out->skip <= CURSOR_SKIP_MAX) ||
	       err_set(e, ERR_USAGE, "this is no cursor of an earlier answer");
}

struct str
cursor_text(struct arena *a, const struct cursor *c)
{
	return arena_printf(a, "%lld.%llu", (long long)c->until, (unsigned long long)c->skip);
}

void
cursor_pass(struct cursor *c, const struct banner *b)
{
	if (c->until != b->timestamp)
		*c = (struct cursor){ .until = b->timestamp };
	c->skip++;
}

struct str
banner_key_text(struct arena *a, const struct banner *b)
{
	BUF_AUTO text = { 0 };
	exposure_address(b->ip, &text);
	buf_addf(&text, "~%u~%s~%lld", b->port, transport_name(b->transport), (long long)b->timestamp);
	return arena_str(a, buf_str(&text));
}

/* At most max bytes, whole characters. */
static struct str
text_head(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return str_head(s, max);
}

struct banner
banner_brief(struct arena *a, const struct banner *b, size_t max)
{
	struct banner out = *b;
	out.values = ARENA_ARRAY(a, struct banner_value, b->count + 1);
	out.count = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct banner_value v = b->values[i];
		if (v.field == FIELD_HTML)
			continue;
		v.text = text_head(v.text, max);
		out.values[out.count++] = v;
	}
	return out;
}
