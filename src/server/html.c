#include "server/html.h"

#include "base/codec.h"

#define POLICY "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

void
html_text(struct request *r, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.ptr[i]) {
		case '&':
			html_raw(r, "&amp;");
			break;
		case '<':
			html_raw(r, "&lt;");
			break;
		case '>':
			html_raw(r, "&gt;");
			break;
		case '"':
			html_raw(r, "&quot;");
			break;
		case '\'':
			html_raw(r, "&#39;");
			break;
		default:
			buf_add_char(&r->out, s.ptr[i]);
		}
}

void
html_begin(struct request *r, const char *title)
{
	buf_truncate(&r->out, 0);
	r->raw = true;
	request_header(r, "Content-Type", "text/html; charset=utf-8");
	request_header(r, "Content-Security-Policy", POLICY);
	request_header(r, "Cache-Control", "no-store");
	/* With no-referrer a browser sends its form with `Origin: null`, which no page of ours is known by. */
	request_header(r, "Referrer-Policy", "same-origin");
	html_raw(r, "<!DOCTYPE html>\n<html lang=\"");
	html_text(r, r->lang == LANG_JA ? STR("ja") : STR("en"));
	html_raw(r, "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
	html_text(r, str_of(title));
	html_raw(r, "</title></head><body><main><h1>");
	html_text(r, str_of(title));
	html_raw(r, "</h1>\n");
}

void
html_end(struct request *r)
{
	html_raw(r, "</main></body></html>\n");
}

void
html_say(struct request *r, int status, const char *title, struct str sentence)
{
	html_begin(r, title);
	r->status = status;
	html_raw(r, "<p>");
	html_text(r, sentence);
	html_raw(r, "</p>");
	html_end(r);
}

static bool
decode(struct arena *a, struct str text, size_t max, struct str *out)
{
	BUF_AUTO plain = { 0 };
	BUF_AUTO decoded = { 0 };
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(&plain, text.ptr[i] == '+' ? ' ' : text.ptr[i]);
	if (!percent_decode(&decoded, buf_str(&plain)))
		return false;
	*out = arena_line(a, buf_str(&decoded), max);
	return true;
}

bool
form_next(struct arena *a, struct str *rest, size_t max, struct str *name, struct str *value)
{
	struct str piece, key, text;
	while (str_cut(rest, '&', &piece))
		if (str_split(piece, '=', &key, &text) && decode(a, key, 100, name) && decode(a, text, max, value))
			return true;
	return false;
}

struct str
form_get(struct arena *a, struct str body, const char *name, size_t max)
{
	struct str key, value;
	while (form_next(a, &body, max, &key, &value))
		if (str_eq(key, str_of(name)))
			return value;
	return STR("");
}
