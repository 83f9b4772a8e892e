#include "base/json.h"

#include "base/json_plain.h"
#include "base/time.h"
#include "base/utf8.h"

#include <math.h>

/* What belongs before a value here. */
static void
before_value(struct json_writer *w)
{
	if (!w->after_key && w->comma)
		buf_add_char(w->out, ',');
	w->after_key = false;
	w->comma = true;
}

static void
begin(struct json_writer *w, char c)
{
	before_value(w);
	buf_add_char(w->out, c);
	w->comma = false;
}

static void
end(struct json_writer *w, char c)
{
	buf_add_char(w->out, c);
	w->comma = true;
	w->after_key = false;
}

void
json_begin_object(struct json_writer *w)
{
	begin(w, '{');
}

void
json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void
json_begin_array(struct json_writer *w)
{
	begin(w, '[');
}

void
json_end_array(struct json_writer *w)
{
	end(w, ']');
}

static void
add_escaped(struct buf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = memchr(from, c, sizeof(from) - 1);

	if (found) {
		buf_add_char(out, '\\');
		buf_add_char(out, to[found - from]);
	} else {
		buf_addf(out, "\\u%04x", c);
	}
}

/* Of two or three bytes: what would steer a terminal that the document is printed to. */
static void
add_code(struct buf *out, const char *p, size_t n)
{
	unsigned code = (unsigned char)p[0] & (n == 2 ? 0x1fu : 0x0fu);

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3fu);
	buf_addf(out, "\\u%04x", code);
}

static void
add_string(struct buf *out, struct str s)
{
	size_t run = 0, i = s.len ? (size_t)(json_plain_end(s.ptr, s.ptr + s.len, JSON_PLAIN) - s.ptr) : 0;

	if (i == s.len) {
		char *to = buf_reserve(out, i + 2);
		to[0] = '"';
		if (i > 0)
			memcpy(to + 1, s.ptr, i);
		to[i + 1] = '"';
		to[i + 2] = '\0';
		out->len += i + 2;
		return;
	}
	buf_add_char(out, '"');
	if (s.len == 0) /* perhaps without a pointer */
		s = STR("");
	while (i < s.len) {
		unsigned char c = (unsigned char)s.ptr[i];
		size_t n = c < 0x80 ? 1 : utf8_sequence(s.ptr + i, s.len - i);

		if ((n > 1 && !utf8_is_control(s.ptr + i, n)) ||
		    (n == 1 && c >= 0x20 && c != 0x7f && c != '"' && c != '\\')) {
			i += n;
			continue;
		}
		buf_add(out, str_sub(s.ptr + run, i - run));
		if (n == 0)
			buf_add(out, STR("\xef\xbf\xbd"));
		else if (n > 1)
			add_code(out, s.ptr + i, n);
		else
			add_escaped(out, c);
		i += n ? n : 1;
		run = i;
	}
	buf_add(out, str_sub(s.ptr + run, i - run));
	buf_add_char(out, '"');
}

void
json_key_str(struct json_writer *w, struct str key)
{
	if (w->comma)
		buf_add_char(w->out, ',');
	add_string(w->out, key);
	buf_add_char(w->out, ':');
	w->comma = true;
	w->after_key = true;
}

void
json_key(struct json_writer *w, const char *key)
{
	json_key_str(w, str_of(key));
}

void
json_str(struct json_writer *w, struct str s)
{
	before_value(w);
	add_string(w->out, s);
}

void
json_str_or_null(struct json_writer *w, struct str s)
{
	if (s.ptr)
		json_str(w, s);
	else
		json_null(w);
}

void
json_cstr(struct json_writer *w, const char *s)
{
	json_str_or_null(w, str_of(s));
}

void
json_i64(struct json_writer *w, int64_t n)
{
	before_value(w);
	buf_addf(w->out, "%lld", (long long)n);
}

/* Few decimals of a small number, by integers; false where the rounding could differ from printf's. */
static bool
add_decimal(struct buf *out, double d, int decimals)
{
	static const unsigned powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	char digits[24];
	size_t n = 0;

	if (decimals < 1 || decimals >= (int)COUNT(powers) || !(d >= 0 && d < 1e6))
		return false;
	double scaled = d * powers[decimals], whole = floor(scaled);
	if (fabs(scaled - whole - 0.5) < 1e-3)
		return false;
	for (uint64_t v = (uint64_t)(whole + (scaled - whole > 0.5)); v > 0 || n <= (size_t)decimals; v /= 10) {
		if (n == (size_t)decimals)
			digits[sizeof(digits) - 1 - n++] = '.';
		digits[sizeof(digits) - 1 - n++] = (char)('0' + v % 10);
	}
	buf_add(out, str_sub(digits + sizeof(digits) - n, n));
	return true;
}

void
json_double(struct json_writer *w, double d, int decimals)
{
	size_t from;

	if (!isfinite(d)) {
		json_null(w);
		return;
	}
	before_value(w);
	if (add_decimal(w->out, d, decimals))
		return;
	from = w->out->len;
	buf_addf(w->out, "%.*f", decimals < 0 ? 0 : decimals > 17 ? 17 : decimals, d);
	/* A locale may have put a comma for the point. */
	for (size_t i = from; i < w->out->len; i++)
		if (w->out->ptr[i] != '-' && (w->out->ptr[i] < '0' || w->out->ptr[i] > '9'))
			w->out->ptr[i] = '.';
}

void
json_bool(struct json_writer *w, bool b)
{
	before_value(w);
	buf_add(w->out, b ? STR("true") : STR("false"));
}

void
json_null(struct json_writer *w)
{
	before_value(w);
	buf_add(w->out, STR("null"));
}

void
json_time(struct json_writer *w, int64_t ms)
{
	char text[TIME_RFC3339_MAX];

	json_cstr(w, ms ? time_rfc3339(ms, text) : NULL);
}

void
json_raw(struct json_writer *w, struct str json)
{
	before_value(w);
	buf_add(w->out, json);
}

/* Depth is bounded by the reader that made the tree. */
void
json_tree(struct json_writer *w, const struct json *value)
{
	if (!value || value->kind == JSON_KIND_NULL) {
		json_null(w);
		return;
	}
	switch (value->kind) {
	case JSON_KIND_BOOL:
		json_bool(w, value->boolean);
		return;
	case JSON_KIND_NUMBER:
		json_raw(w, value->text);
		return;
	case JSON_KIND_STRING:
		json_str(w, value->text);
		return;
	case JSON_KIND_ARRAY:
	case JSON_KIND_OBJECT:
	case JSON_KIND_NULL:
		break;
	}
	begin(w, value->kind == JSON_KIND_OBJECT ? '{' : '[');
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == JSON_KIND_OBJECT)
			json_key_str(w, value->key[i]);
		json_tree(w, &value->item[i]);
	}
	end(w, value->kind == JSON_KIND_OBJECT ? '}' : ']');
}

void
json_put_str(struct json_writer *w, const char *key, struct str s)
{
	json_key(w, key);
	json_str_or_null(w, s);
}

void
json_put_cstr(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_cstr(w, s);
}

void
json_put_i64(struct json_writer *w, const char *key, int64_t n)
{
	json_key(w, key);
	json_i64(w, n);
}

void
json_put_bool(struct json_writer *w, const char *key, bool b)
{
	json_key(w, key);
	json_bool(w, b);
}

void
json_put_time(struct json_writer *w, const char *key, int64_t ms)
{
	json_key(w, key);
	json_time(w, ms);
}
