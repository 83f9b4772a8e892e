#include "vuln/sheet.h"

#include "base/csv.h"
#include "base/decode.h"
#include "vuln/xlsx.h"

/* A quote that closes again: one that does not is a letter, and takes no rows with it. */
static bool
is_quoted(struct str rest)
{
	return rest.len > 1 && rest.ptr[0] == '"' && str_find_char(str_skip(rest, 1), '"') >= 0;
}

/* The field at the start of *rest, which may be quoted; *end: what ended it. */
static void
field_take(struct str *rest, char separator, struct buf *field, char *end)
{
	bool quoted = is_quoted(*rest);
	size_t i = quoted;
	buf_truncate(field, 0);
	for (; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (quoted && c == '"') {
			if (i + 1 < rest->len && rest->ptr[i + 1] == '"')
				i++;
			else {
				quoted = false;
				continue;
			}
		} else if (!quoted && (c == separator || c == '\n')) {
			break;
		}
		if (quoted || c != '\r')
			buf_add_char(field, c);
	}
	*end = i < rest->len ? rest->ptr[i] : '\n';
	*rest = str_skip(*rest, i < rest->len ? i + 1 : i);
}

static void
to_csv(struct str text, char separator, struct buf *out)
{
	BUF_AUTO field = { 0 };
	char end;
	while (text.len) {
		field_take(&text, separator, &field, &end);
		csv_add_plain(out, buf_str(&field), end == '\n');
	}
}

/* Outside of quotes, which may hold anything. */
static bool
separates(struct str line, char c)
{
	bool quoted = false;
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '"')
			quoted = !quoted;
		else if (!quoted && line.ptr[i] == c)
			return true;
	}
	return false;
}

/* Takes off what stands in front of the table: "sep=;" and PowerShell's "#TYPE …". */
static char
separator_of(struct str *text)
{
	struct str rest = *text, line;
	while (str_line(&rest, &line)) {
		if (line.len == 5 && str_eq_nocase(str_head(line, 4), STR("sep="))) {
			*text = rest;
			return line.ptr[4];
		}
		if (str_starts(line, STR("#")) || str_trim(line).len == 0)
			continue;
		return separates(line, ',') ? ',' : separates(line, '\t') ? '\t' : separates(line, ';') ? ';' : ',';
	}
	return ',';
}

bool
sheet_csv(struct str bytes, struct buf *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	if (str_starts(bytes, STR("PK\x03\x04")))
		return xlsx_read(bytes, out, e);
	if (str_starts(bytes, STR("\xd0\xcf\x11\xe0")))
		return err_set(e, ERR_INPUT,
			       "this is an old .xls file or one with a password; save it as .xlsx or CSV without one");
	if (!decode_text(bytes, &text, e))
		return false;
	struct str rows = buf_str(&text);
	char separator = separator_of(&rows);
	if (separator == ',')
		buf_add(out, rows);
	else
		to_csv(rows, separator, out);
	return true;
}
