#include "vuln/fields.h"

/* How far a record may go on: what looks further for a quote that never closes reads a long list many times. */
enum { RECORD_LINES = 30, RECORD_MAX = 16 * 1024 };

/* A field, quoted or not ("" in quotes is a quote), off the front of *rest. */
static bool
field_take(struct str *rest, struct arena *a, struct str *out)
{
	if (rest->len == 0 || rest->ptr[0] != '"') {
		ptrdiff_t comma = str_find_char(*rest, ',');
		size_t n = comma < 0 ? rest->len : (size_t)comma;
		*out = str_trim(str_head(*rest, n));
		*rest = str_skip(*rest, n);
		return true;
	}
	size_t i = 1, doubled = 0;
	for (; i < rest->len; i++) {
		if (rest->ptr[i] != '"')
			continue;
		if (i + 1 == rest->len || rest->ptr[i + 1] != '"')
			break;
		doubled++;
		i++;
	}
	struct str inner = str_sub(rest->ptr + 1, i < rest->len ? i - 1 : rest->len - 1);
	bool closed = i < rest->len;
	*out = inner;
	*rest = str_skip(*rest, i + closed);
	if (!closed || (rest->len > 0 && rest->ptr[0] != ','))
		return false;
	if (doubled == 0)
		return true;
	char *text = ARENA_ARRAY(a, char, inner.len);
	size_t n = 0;
	for (i = 0; i < inner.len; i++) {
		i += inner.ptr[i] == '"';
		text[n++] = inner.ptr[i];
	}
	*out = str_sub(text, n);
	return true;
}

/* All fields of a record. */
static bool
split(struct str record, struct arena *a, struct fields *out)
{
	for (out->count = 0; out->count < FIELDS_MAX;) {
		if (!field_take(&record, a, &out->text[out->count++]))
			return false;
		if (record.len == 0)
			return true;
		record = str_skip(record, 1); /* the comma */
	}
	return false;
}

/* The next line that says something. */
static bool
line_next(struct str *text, struct str *line, struct fields *out)
{
	do {
		if (!str_line(text, line))
			return false;
		out->number++;
	} while (str_trim(*line).len == 0 || line->ptr[0] == '#');
	return true;
}

bool
fields_next(struct str *text, struct arena *a, struct fields *out, bool *end)
{
	struct str line;
	*end = !line_next(text, &line, out);
	return *end || split(line, a, out);
}

bool
fields_record(struct str *text, struct arena *a, struct fields *out, bool *end)
{
	struct str line, rest, more;
	*end = !line_next(text, &line, out);
	if (*end || split(line, a, out))
		return true;
	rest = *text;
	for (size_t lines = 1; lines < RECORD_LINES && str_line(&rest, &more); lines++) {
		struct str record = str_sub(line.ptr, (size_t)(more.ptr - line.ptr) + more.len);
		if (str_find_char(more, '"') < 0 || record.len > RECORD_MAX || !split(record, a, out))
			continue;
		*text = rest;
		out->number += lines;
		return true;
	}
	return false;
}

struct str
fields_at(const struct fields *f, ptrdiff_t place)
{
	return place >= 0 && (size_t)place < f->count ? f->text[place] : STR("");
}
