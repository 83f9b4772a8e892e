/* What the pull reader cuts out of its window: blanks, strings, numbers, words. Strings are looked at eight bytes a step
 * and copied only when they are escaped or cross a chunk's end. */
#include "base/json_scan.h"

#include "base/json_plain.h"
#include "base/utf8.h"

enum json_token
json_fail(struct json_reader *r, enum err_code code, const char *why)
{
	if (!r->why) {
		r->why = why;
		r->code = code;
	}
	return JSON_ERROR;
}

/* Moves what is not yet used to the front of the chunk and adds what the stream gives.
 * False at the end of input, and after an error. */
static bool
reader_more(struct json_reader *r)
{
	size_t rest = (size_t)(r->end - r->p), got = 0;

	if (!r->fill || r->why)
		return false;
	memmove(r->chunk, r->p, rest);
	r->before += (uint64_t)(r->p - r->start);
	r->start = r->p = r->chunk;
	r->end = r->chunk + rest;
	if (!r->fill(r->user, r->chunk + rest, JSON_CHUNK - rest, &got, &r->cause)) {
		if (r->cause.code == ERR_NONE)
			r->cause.code = ERR_SYSTEM;
		json_fail(r, r->cause.code, "the JSON text cannot be read");
		return false;
	}
	if (got == 0 || got > JSON_CHUNK - rest) {
		r->fill = NULL;
		return false;
	}
	r->end += got;
	if (r->limits.total && r->before + rest + got > r->limits.total) {
		json_fail(r, ERR_TOO_LARGE, "the document is larger than is accepted here");
		return false;
	}
	return true;
}

bool
json_need(struct json_reader *r, size_t n)
{
	while ((size_t)(r->end - r->p) < n)
		if (!reader_more(r))
			return false;
	return true;
}

int
json_peek(struct json_reader *r)
{
	do {
		for (; r->p < r->end; r->p++) {
			switch (*r->p) {
			case '\n':
				r->line++;
				r->line_start = json_offset(r) + 1;
				break;
			case ' ':
			case '\t':
			case '\r':
				break;
			default:
				return (unsigned char)*r->p;
			}
		}
	} while (reader_more(r));
	return -1;
}

/* ---- strings ---- */

/* Keeps the bytes from run to the current place. */
static bool
pieces_add(struct json_reader *r, const char *run)
{
	size_t n = (size_t)(r->p - run);

	if (n > r->limits.string_max || r->pieces.len > r->limits.string_max - n) {
		json_fail(r, ERR_TOO_LARGE, "a string or number is longer than is accepted here");
		return false;
	}
	buf_add(&r->pieces, str_sub(run, n));
	return true;
}

static void
pieces_add_code(struct json_reader *r, uint32_t c)
{
	char out[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0) | c);
	buf_add(&r->pieces, str_sub(out, n));
}

static bool
hex4(const char *p, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

/* \uXXXX at the current place, with its second half when it is a pair. */
static bool
string_unicode(struct json_reader *r)
{
	uint32_t c, low;

	if (!json_need(r, 6) || !hex4(r->p + 2, &c)) {
		json_fail(r, ERR_INPUT, "\\u is not followed by four hexadecimal digits");
		return false;
	}
	if (c >= 0xd800 && c < 0xdc00 && json_need(r, 12) && r->p[6] == '\\' && r->p[7] == 'u' &&
	    hex4(r->p + 8, &low) && low >= 0xdc00 && low < 0xe000) {
		pieces_add_code(r, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
		r->p += 12;
		return true;
	}
	pieces_add_code(r, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	r->p += 6;
	return true;
}

static bool
string_escape(struct json_reader *r)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (!json_need(r, 2)) {
		json_fail(r, ERR_INPUT, "the text ends inside a string");
		return false;
	}
	if (r->p[1] == 'u')
		return string_unicode(r);
	found = memchr(names, r->p[1], sizeof(names) - 1);
	if (!found) {
		json_fail(r, ERR_INPUT, "a backslash is followed by a character that it cannot escape");
		return false;
	}
	buf_add_char(&r->pieces, values[found - names]);
	r->p += 2;
	return true;
}

/* At a byte that needs a look. Leaves *run at what follows it. */
static bool
string_special(struct json_reader *r, const char **run)
{
	size_t n;

	if (*r->p == '\\') {
		if (!pieces_add(r, *run) || !string_escape(r))
			return false;
		*run = r->p;
		return true;
	}
	if ((unsigned char)*r->p < 0x20) {
		json_fail(r, ERR_INPUT, "a control character inside a string is not escaped");
		return false;
	}
	n = utf8_sequence(r->p, (size_t)(r->end - r->p));
	if (n == 0 && r->end - r->p < 4 && r->fill) {
		/* Perhaps only cut off by the chunk's end. */
		if (!pieces_add(r, *run))
			return false;
		if (!reader_more(r) && r->why)
			return false;
		*run = r->p;
		return true;
	}
	if (n == 0) {
		json_fail(r, ERR_INPUT, "a string is not valid UTF-8");
		return false;
	}
	r->p += n;
	return true;
}

bool
json_scan_string(struct json_reader *r)
{
	const char *run = ++r->p;

	r->pieces.len = 0;
	for (;;) {
		r->p = json_plain_end(r->p, r->end, JSON_PLAIN_AND_DEL);
		if (r->p == r->end) {
			if (!pieces_add(r, run))
				return false;
			if (!reader_more(r)) {
				json_fail(r, ERR_INPUT, "the text ends inside a string");
				return false;
			}
			run = r->p;
		} else if (*r->p == '"') {
			break;
		} else if (!string_special(r, &run)) {
			return false;
		}
	}
	if (r->pieces.len == 0 && (size_t)(r->p - run) <= r->limits.string_max) {
		r->text = str_sub(run, (size_t)(r->p - run));
	} else {
		if (!pieces_add(r, run))
			return false;
		r->text = buf_str(&r->pieces);
	}
	r->p++;
	return true;
}

/* ---- numbers and words ---- */

static size_t
digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
		n++;
	return n;
}

/* RFC 8259 section 6. */
static bool
is_number(struct str s)
{
	size_t n;

	if (s.len > 0 && s.ptr[0] == '-')
		s = str_skip(s, 1);
	n = digits(s);
	if (n == 0 || (n > 1 && s.ptr[0] == '0'))
		return false;
	s = str_skip(s, n);
	if (s.len > 0 && s.ptr[0] == '.') {
		s = str_skip(s, 1);
		n = digits(s);
		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	if (s.len > 0 && (s.ptr[0] == 'e' || s.ptr[0] == 'E')) {
		s = str_skip(s, 1);
		if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-'))
			s = str_skip(s, 1);
		n = digits(s);
		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return s.len == 0;
}

static bool
in_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

enum json_token
json_scan_number(struct json_reader *r)
{
	const char *run = r->p;

	r->pieces.len = 0;
	for (;;) {
		while (r->p < r->end && in_number(*r->p))
			r->p++;
		if (r->p < r->end || !r->fill)
			break;
		if (!pieces_add(r, run))
			return JSON_ERROR;
		if (!reader_more(r) && r->why)
			return JSON_ERROR;
		run = r->p;
	}
	r->text = str_sub(run, (size_t)(r->p - run));
	if (r->pieces.len > 0 || r->text.len > r->limits.string_max) {
		if (!pieces_add(r, run))
			return JSON_ERROR;
		r->text = buf_str(&r->pieces);
	}
	if (!is_number(r->text))
		return json_fail(r, ERR_INPUT, "this is not a number that JSON knows");
	r->state = STATE_AFTER;
	return JSON_NUMBER;
}

enum json_token
json_scan_word(struct json_reader *r, struct str word, enum json_token t)
{
	if (!json_need(r, word.len) || memcmp(r->p, word.ptr, word.len) != 0)
		return json_fail(r, ERR_INPUT, "a value was expected here");
	r->p += word.len;
	r->state = STATE_AFTER;
	return t;
}
