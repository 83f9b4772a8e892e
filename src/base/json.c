/* The pull reader. Memory: one window (the text itself, or a chunk of a stream), a bit per level, and the
 * pieces of one string that is escaped or crosses a chunk's end. Nothing else grows. */
#include "base/json.h"

#include "base/json_place.h"
#include "base/tr.h"
#include "base/utf8.h"

enum { CHUNK = 16 * 1024, DEPTH = 64, STRING_MAX = 16 << 20, VALUES_MAX = 1000000 };

enum state {
	STATE_START, /* nothing read yet */
	STATE_FIRST_ITEM, /* behind [ */
	STATE_FIRST_KEY, /* behind { */
	STATE_COLON, /* behind a key */
	STATE_AFTER, /* behind a value */
	STATE_DONE,
};

struct json_reader {
	const char *start, *p, *end; /* the window and the place in it */
	uint64_t before; /* bytes before the window */
	uint64_t line, line_start; /* lines seen, and the offset where the current one starts */
	char *chunk; /* of a stream, CHUNK bytes */
	json_fill_fn *fill; /* NULL: memory, or the stream has ended */
	void *user;
	struct json_limits limits;
	enum state state;
	bool sequence;
	enum json_token last;
	unsigned depth;
	unsigned char *levels; /* a bit per level: 1 = object */
	struct str text;
	struct buf pieces;
	const char *why; /* the first error; NULL: none */
	enum err_code code;
	struct err cause; /* of the stream */
};

static enum json_token
reader_fail(struct json_reader *r, enum err_code code, const char *why)
{
	if (!r->why) {
		r->why = why;
		r->code = code;
	}
	return JSON_ERROR;
}

static struct json_reader *
reader_new(const struct json_limits *limits)
{
	struct json_reader *r = xcalloc(1, sizeof(*r));

	if (limits)
		r->limits = *limits;
	if (r->limits.depth == 0)
		r->limits.depth = DEPTH;
	if (r->limits.string_max == 0)
		r->limits.string_max = STRING_MAX;
	if (r->limits.values == 0)
		r->limits.values = VALUES_MAX;
	r->levels = xcalloc(r->limits.depth / 8 + 1, 1);
	r->line = 1;
	return r;
}

struct json_reader *
json_reader_mem(struct str text, const struct json_limits *limits)
{
	struct json_reader *r = reader_new(limits);

	r->start = r->p = text.ptr ? text.ptr : "";
	r->end = r->start + text.len;
	if (r->limits.total && text.len > r->limits.total)
		reader_fail(r, ERR_TOO_LARGE, "the document is larger than is accepted here");
	return r;
}

struct json_reader *
json_reader_stream(json_fill_fn *fill, void *user, const struct json_limits *limits)
{
	struct json_reader *r = reader_new(limits);

	r->fill = fill;
	r->user = user;
	r->chunk = xcalloc(1, CHUNK);
	r->start = r->p = r->end = r->chunk;
	return r;
}

void
json_reader_sequence(struct json_reader *r)
{
	r->sequence = true;
}

void
json_reader_free(struct json_reader *r)
{
	if (!r)
		return;
	buf_free(&r->pieces);
	free(r->chunk);
	free(r->levels);
	free(r);
}

void
json_reader_cleanup(struct json_reader **r)
{
	json_reader_free(*r);
}

uint64_t
json_offset(const struct json_reader *r)
{
	return r->before + (uint64_t)(r->p - r->start);
}

unsigned
json_depth(const struct json_reader *r)
{
	return r->depth;
}

struct str
json_text(const struct json_reader *r)
{
	return r->text;
}

size_t
json_values_max(const struct json_reader *r)
{
	return r->limits.values;
}

struct json_place
json_place(const struct json_reader *r)
{
	return (struct json_place){ r->line, json_offset(r) - r->line_start + 1 };
}

bool
json_error(const struct json_reader *r, struct err *e)
{
	struct json_place at = json_place(r);

	if (r->cause.code != ERR_NONE) {
		if (e)
			*e = r->cause;
		return false;
	}
	return err_set(e, r->code, "line %llu, column %llu: %s", at.line, at.column,
		       tr(r->why ? r->why : "the JSON text cannot be read"));
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
	if (!r->fill(r->user, r->chunk + rest, CHUNK - rest, &got, &r->cause)) {
		if (r->cause.code == ERR_NONE)
			r->cause.code = ERR_SYSTEM;
		reader_fail(r, r->cause.code, "the JSON text cannot be read");
		return false;
	}
	if (got == 0 || got > CHUNK - rest) {
		r->fill = NULL;
		return false;
	}
	r->end += got;
	if (r->limits.total && r->before + rest + got > r->limits.total) {
		reader_fail(r, ERR_TOO_LARGE, "the document is larger than is accepted here");
		return false;
	}
	return true;
}

/* True when n bytes (few) can be looked at. */
static bool
reader_need(struct json_reader *r, size_t n)
{
	while ((size_t)(r->end - r->p) < n)
		if (!reader_more(r))
			return false;
	return true;
}

/* The next byte that is not blank, not yet taken; -1 at the end of input. */
static int
reader_peek(struct json_reader *r)
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

/* The first byte at or after p that needs a look: a quote, a backslash, a control character or non-ASCII.
 * Eight bytes a step; the arithmetic may stop early but never late, and the loop below settles it. */
static const char *
plain_end(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;

	while (end - p >= 8) {
		uint64_t v, quote, slash;

		memcpy(&v, p, 8);
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		if ((v | (v - ones * 0x20) | (quote - ones) | (slash - ones)) & high)
			break;
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Keeps the bytes from run to the current place. */
static bool
pieces_add(struct json_reader *r, const char *run)
{
	size_t n = (size_t)(r->p - run);

	if (n > r->limits.string_max || r->pieces.len > r->limits.string_max - n) {
		reader_fail(r, ERR_TOO_LARGE, "a string or number is longer than is accepted here");
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

	if (!reader_need(r, 6) || !hex4(r->p + 2, &c)) {
		reader_fail(r, ERR_INPUT, "\\u is not followed by four hexadecimal digits");
		return false;
	}
	if (c >= 0xd800 && c < 0xdc00 && reader_need(r, 12) && r->p[6] == '\\' && r->p[7] == 'u' &&
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

	if (!reader_need(r, 2)) {
		reader_fail(r, ERR_INPUT, "the text ends inside a string");
		return false;
	}
	if (r->p[1] == 'u')
		return string_unicode(r);
	found = memchr(names, r->p[1], sizeof(names) - 1);
	if (!found) {
		reader_fail(r, ERR_INPUT, "a backslash is followed by a character that it cannot escape");
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
		reader_fail(r, ERR_INPUT, "a control character inside a string is not escaped");
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
		reader_fail(r, ERR_INPUT, "a string is not valid UTF-8");
		return false;
	}
	r->p += n;
	return true;
}

/* At the opening quote. */
static bool
reader_string(struct json_reader *r)
{
	const char *run = ++r->p;

	r->pieces.len = 0;
	for (;;) {
		r->p = plain_end(r->p, r->end);
		if (r->p == r->end) {
			if (!pieces_add(r, run))
				return false;
			if (!reader_more(r)) {
				reader_fail(r, ERR_INPUT, "the text ends inside a string");
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

static enum json_token
reader_number(struct json_reader *r)
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
		return reader_fail(r, ERR_INPUT, "this is not a number that JSON knows");
	r->state = STATE_AFTER;
	return JSON_NUMBER;
}

static enum json_token
reader_word(struct json_reader *r, struct str word, enum json_token t)
{
	if (!reader_need(r, word.len) || memcmp(r->p, word.ptr, word.len) != 0)
		return reader_fail(r, ERR_INPUT, "a value was expected here");
	r->p += word.len;
	r->state = STATE_AFTER;
	return t;
}

/* ---- structure ---- */

static enum json_token
reader_open(struct json_reader *r, bool object)
{
	unsigned char bit = (unsigned char)(1u << (r->depth & 7));

	if (r->depth >= r->limits.depth)
		return reader_fail(r, ERR_TOO_LARGE, "values are nested deeper than is accepted here");
	if (object)
		r->levels[r->depth / 8] |= bit;
	else
		r->levels[r->depth / 8] &= (unsigned char)~bit;
	r->depth++;
	r->p++;
	r->state = object ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
	return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token
reader_close(struct json_reader *r, bool object)
{
	r->depth--;
	r->p++;
	r->state = STATE_AFTER;
	return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_token
reader_value(struct json_reader *r, int c)
{
	switch (c) {
	case '{':
		return reader_open(r, true);
	case '[':
		return reader_open(r, false);
	case '"':
		if (!reader_string(r))
			return JSON_ERROR;
		r->state = STATE_AFTER;
		return JSON_STRING;
	case 't':
		return reader_word(r, STR("true"), JSON_TRUE);
	case 'f':
		return reader_word(r, STR("false"), JSON_FALSE);
	case 'n':
		return reader_word(r, STR("null"), JSON_NULL);
	case -1:
		return reader_fail(r, ERR_INPUT, "the text ends where a value was expected");
	default:
		if (c == '-' || (c >= '0' && c <= '9'))
			return reader_number(r);
		return reader_fail(r, ERR_INPUT, "a value was expected here");
	}
}

static enum json_token
reader_key(struct json_reader *r, int c)
{
	if (c != '"')
		return reader_fail(r, ERR_INPUT, "a key in double quotes was expected here");
	if (!reader_string(r))
		return JSON_ERROR;
	r->state = STATE_COLON;
	return JSON_KEY;
}

static enum json_token
reader_finish(struct json_reader *r)
{
	if (r->why) /* the stream failed: this is not its end */
		return JSON_ERROR;
	r->state = STATE_DONE;
	return JSON_DONE;
}

static enum json_token
reader_after(struct json_reader *r, int c)
{
	bool object;

	if (r->depth == 0) {
		if (c == -1)
			return reader_finish(r);
		if (r->sequence)
			return reader_value(r, c);
		return reader_fail(r, ERR_INPUT, "something follows after the end of the document");
	}
	object = r->levels[(r->depth - 1) / 8] >> ((r->depth - 1) & 7) & 1;
	if (c == (object ? '}' : ']'))
		return reader_close(r, object);
	if (c != ',')
		return reader_fail(r, ERR_INPUT,
				   c == -1 ? "the text ends inside an object or array"
					   : "a comma or the end of the object or array was expected here");
	r->p++;
	c = reader_peek(r);
	return object ? reader_key(r, c) : reader_value(r, c);
}

static enum json_token
reader_step(struct json_reader *r)
{
	int c;

	/* RFC 8259 section 8.1: a byte order mark may be ignored. */
	if (r->state == STATE_START && reader_need(r, 3) && memcmp(r->p, "\xef\xbb\xbf", 3) == 0)
		r->p += 3;
	c = reader_peek(r);
	switch (r->state) {
	case STATE_START:
		return c == -1 && r->sequence ? reader_finish(r) : reader_value(r, c);
	case STATE_FIRST_ITEM:
		return c == ']' ? reader_close(r, false) : reader_value(r, c);
	case STATE_FIRST_KEY:
		return c == '}' ? reader_close(r, true) : reader_key(r, c);
	case STATE_COLON:
		if (c != ':')
			return reader_fail(r, ERR_INPUT, "a colon was expected behind the key");
		r->p++;
		return reader_value(r, reader_peek(r));
	case STATE_AFTER:
		return reader_after(r, c);
	case STATE_DONE:
		break;
	}
	return JSON_DONE;
}

enum json_token
json_next(struct json_reader *r)
{
	r->text = STR_NONE;
	if (r->why)
		return JSON_ERROR;
	r->last = reader_step(r);
	return r->last;
}

bool
json_skip(struct json_reader *r)
{
	enum json_token t = r->last;
	unsigned depth;

	if (t == JSON_KEY)
		t = json_next(r);
	depth = r->depth;
	if (t == JSON_OBJECT || t == JSON_ARRAY)
		while (t != JSON_ERROR && r->depth >= depth)
			t = json_next(r);
	return t != JSON_ERROR && !r->why;
}
