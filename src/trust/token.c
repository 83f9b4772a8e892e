/* Enrolment tokens (trust/token.h). */
#include "trust/token.h"

#include "base/codec.h"
#include "base/json.h"

#define TOKEN_MAX 4096
#define TOKEN_URLS_MAX 16

static const struct str token_prefix = { "mamori1.", 8 };

void
token_write(const struct token *t, struct buf *out)
{
	BUF_AUTO json = { 0 };
	struct json_writer w = { .out = &json };
	json_begin_object(&w);
	json_key(&w, "u");
	json_begin_array(&w);
	for (size_t i = 0; i < t->url_count; i++)
		json_str(&w, t->urls[i]);
	json_end_array(&w);
	json_put_str(&w, "k", t->ca_digest);
	json_put_str(&w, "i", t->id);
	json_put_str(&w, "s", t->secret);
	json_put_i64(&w, "e", t->expires / 1000);
	json_end_object(&w);
	buf_add(out, token_prefix);
	base64url_encode(out, json.ptr, json.len);
}

/* Printable ASCII without blanks: what may end up in a header, a log or a file name. */
static bool
is_word(struct str s, size_t max)
{
	if (s.len == 0 || s.len > max)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
			return false;
	return true;
}

static bool
is_digest(struct str s)
{
	if (s.len != 64)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return true;
}

static bool
token_bad(struct err *e)
{
	return err_set(e, ERR_INPUT,
		       "this is not an enrolment token (it begins with mamori1.), or a part of it is missing; "
		       "copy the whole line that \"mamori token create\" printed");
}

/* The views that come out lie in the arena already. */
static bool
token_read(struct arena *a, const struct json *v, struct token *t)
{
	size_t count = 0;
	const struct json *urls = json_get_array(v, "u", &count);
	int64_t seconds = json_get_i64(v, "e", 0);
	t->ca_digest = json_get_str(v, "k");
	t->id = json_get_str(v, "i");
	t->secret = json_get_str(v, "s");
	if (count == 0 || count > TOKEN_URLS_MAX || !is_digest(t->ca_digest) || !is_word(t->id, 128) ||
	    !is_word(t->secret, 256) || seconds <= 0 || seconds > INT64_MAX / 1000)
		return false;
	t->expires = seconds * 1000;
	t->urls = ARENA_ARRAY(a, struct str, count);
	t->url_count = count;
	for (size_t i = 0; i < count; i++) {
		t->urls[i] = urls[i].text;
		if (urls[i].kind != JSON_KIND_STRING || !is_word(urls[i].text, 512) ||
		    !str_starts(urls[i].text, STR("https://")))
			return false;
	}
	return true;
}

bool
token_parse(struct arena *a, struct str text, struct token *out, struct err *e)
{
	/* A longer file is no token, and is not gone through in search of its end. */
	if (text.len > TOKEN_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "%zu bytes are too long for an enrolment token; the file should hold one line only",
			       text.len);
	text = str_trim(text);
	if (!str_starts(text, token_prefix))
		return token_bad(e);
	BUF_AUTO json = { 0 };
	struct json *value = NULL;
	const struct json_limits limits = { .depth = 4, .string_max = TOKEN_MAX, .total = TOKEN_MAX };
	struct token t = { 0 };
	if (!base64_decode(&json, str_skip(text, token_prefix.len)) ||
	    !json_parse(a, buf_str(&json), &limits, &value, NULL) || !token_read(a, value, &t))
		return token_bad(e);
	*out = t;
	return true;
}
