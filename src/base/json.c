/* The pull reader. Memory: one window (the text itself, or a chunk of a stream), a bit per level, and the
 * pieces of one string that is escaped or crosses a chunk's end. Nothing else grows. */
#include "base/json.h"

#include "base/json_place.h"
#include "base/json_scan.h"
#include "base/tr.h"

enum { DEPTH = 64, STRING_MAX = 16 << 20, VALUES_MAX = 1000000 };

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
		json_fail(r, ERR_TOO_LARGE, "the document is larger than is accepted here");
	return r;
}

struct json_reader *
json_reader_stream(json_fill_fn *fill, void *user, const struct json_limits *limits)
{
	struct json_reader *r = reader_new(limits);

	r->fill = fill;
	r->user = user;
	r->chunk = xcalloc(1, JSON_CHUNK);
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

/* ---- structure ---- */

static enum json_token
reader_open(struct json_reader *r, bool object)
{
	unsigned char bit = (unsigned char)(1u << (r->depth & 7));

	if (r->depth >= r->limits.depth)
		return json_fail(r, ERR_TOO_LARGE, "values are nested deeper than is accepted here");
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
		if (!json_scan_string(r))
			return JSON_ERROR;
		r->state = STATE_AFTER;
		return JSON_STRING;
	case 't':
		return json_scan_word(r, STR("true"), JSON_TRUE);
	case 'f':
		return json_scan_word(r, STR("false"), JSON_FALSE);
	case 'n':
		return json_scan_word(r, STR("null"), JSON_NULL);
	case -1:
		return json_fail(r, ERR_INPUT, "the text ends where a value was expected");
	default:
		if (c == '-' || (c >= '0' && c <= '9'))
			return json_scan_number(r);
		return json_fail(r, ERR_INPUT, "a value was expected here");
	}
}

static enum json_token
reader_key(struct json_reader *r, int c)
{
	if (c != '"')
		return json_fail(r, ERR_INPUT, "a key in double quotes was expected here");
	if (!json_scan_string(r))
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
		return json_fail(r, ERR_INPUT, "something follows after the end of the document");
	}
	object = r->levels[(r->depth - 1) / 8] >> ((r->depth - 1) & 7) & 1;
	if (c == (object ? '}' : ']'))
		return reader_close(r, object);
	if (c != ',')
		return json_fail(r, ERR_INPUT,
				 c == -1 ? "the text ends inside an object or array"
					 : "a comma or the end of the object or array was expected here");
	r->p++;
	c = json_peek(r);
	return object ? reader_key(r, c) : reader_value(r, c);
}

static enum json_token
reader_step(struct json_reader *r)
{
	int c;

	/* RFC 8259 section 8.1: a byte order mark may be ignored. */
	if (r->state == STATE_START && json_need(r, 3) && memcmp(r->p, "\xef\xbb\xbf", 3) == 0)
		r->p += 3;
	c = json_peek(r);
	switch (r->state) {
	case STATE_START:
		return c == -1 && r->sequence ? reader_finish(r) : reader_value(r, c);
	case STATE_FIRST_ITEM:
		return c == ']' ? reader_close(r, false) : reader_value(r, c);
	case STATE_FIRST_KEY:
		return c == '}' ? reader_close(r, true) : reader_key(r, c);
	case STATE_COLON:
		if (c != ':')
			return json_fail(r, ERR_INPUT, "a colon was expected behind the key");
		r->p++;
		return reader_value(r, json_peek(r));
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
