#include "vuln/csv.h"

#define FIELDS_MAX 256

void
csv_free(struct csv_reader *r)
{
	buf_free(&r->record);
	arena_free(&r->arena);
}

static struct str
next_field(struct str *rest, struct arena *a)
{
	if (rest->len == 0 || rest->ptr[0] != '"') {
		ptrdiff_t comma = str_find_char(*rest, ',');
		struct str field = comma < 0 ? *rest : str_head(*rest, (size_t)comma);
		*rest = comma < 0 ? STR_NONE : str_skip(*rest, (size_t)comma + 1);
		return field;
	}
	char *out = ARENA_ARRAY(a, char, rest->len);
	size_t len = 0, i = 1;
	for (; i < rest->len; i++) {
		if (rest->ptr[i] == '"') {
			if (i + 1 >= rest->len || rest->ptr[i + 1] != '"')
				break;
			i++;
		}
		out[len++] = rest->ptr[i];
	}
	i++; /* the closing quote */
	*rest = i < rest->len ? str_skip(*rest, i + 1) : STR_NONE;
	return str_sub(out, len);
}

static void
split(struct csv_reader *r)
{
	struct str rest = buf_str(&r->record);
	while (rest.ptr && r->fields.count < FIELDS_MAX)
		*ARRAY_PUSH(&r->arena, &r->fields) = next_field(&rest, &r->arena);
}

static size_t
quotes_in(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '"';
	return n;
}

enum csv_status
csv_next(struct csv_reader *r, struct err *e)
{
	size_t max = r->record_max ? r->record_max : (1u << 20), quotes = 0;
	bool bad = false, first = true;
	arena_free(&r->arena);
	memset(&r->fields, 0, sizeof(r->fields));
	buf_truncate(&r->record, 0);
	/* A record goes on over line ends while a quote is open. */
	while (first || quotes % 2 != 0) {
		struct str line;
		bool too_long, end;
		if (!input_line(r->in, max, &line, &too_long, &end, e))
			return CSV_FAILED;
		if (end)
			return first ? CSV_END : CSV_BAD;
		if (first && line.len == 0)
			continue;
		if (!first)
			buf_add_char(&r->record, '\n');
		first = false;
		quotes += quotes_in(line);
		buf_add(&r->record, line);
		if (too_long || r->record.len > max) {
			bad = true;
			break;
		}
	}
	if (bad)
		return CSV_BAD;
	split(r);
	return CSV_RECORD;
}

ptrdiff_t
csv_column(const struct csv_reader *r, const char *name)
{
	for (size_t i = 0; i < r->fields.count; i++)
		if (str_eq_nocase(str_trim(r->fields.items[i]), str_of(name)))
			return (ptrdiff_t)i;
	return -1;
}

struct str
csv_field(const struct csv_reader *r, ptrdiff_t column)
{
	return column >= 0 && (size_t)column < r->fields.count ? r->fields.items[column] : STR("");
}
