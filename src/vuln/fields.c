#include "vuln/fields.h"

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
	char *text = ARENA_ARRAY(a, char, rest->len);
	size_t n = 0, i = 1;
	for (; i < rest->len; i++) {
		if (rest->ptr[i] == '"' && (i + 1 == rest->len || rest->ptr[i + 1] != '"'))
			break;
		i += rest->ptr[i] == '"';
		text[n++] = rest->ptr[i];
	}
	*out = str_sub(text, n);
	bool closed = i < rest->len;
	*rest = str_skip(*rest, i + closed);
	return closed && (rest->len == 0 || rest->ptr[0] == ',');
}

bool
fields_next(struct str *text, struct arena *a, struct fields *out, bool *end)
{
	struct str line;
	*end = false;
	do {
		if (!str_line(text, &line)) {
			*end = true;
			return true;
		}
		out->number++;
	} while (str_trim(line).len == 0 || line.ptr[0] == '#');
	for (out->count = 0; out->count < FIELDS_MAX;) {
		if (!field_take(&line, a, &out->text[out->count++]))
			return false;
		if (line.len == 0)
			return true;
		line = str_skip(line, 1); /* the comma */
	}
	return false;
}

struct str
fields_at(const struct fields *f, ptrdiff_t place)
{
	return place >= 0 && (size_t)place < f->count ? f->text[place] : STR("");
}
