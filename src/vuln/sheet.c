#include "vuln/sheet.h"

#include "base/csv.h"
#include "base/decode.h"
#include "vuln/xlsx.h"

/* The field at the start of *rest, which may be quoted; *end: what ended it. */
static void
field_take(struct str *rest, struct buf *field, char *end)
{
	bool quoted = rest->len && rest->ptr[0] == '"';
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
		} else if (!quoted && (c == '\t' || c == '\n')) {
			break;
		}
		if (quoted || c != '\r')
			buf_add_char(field, c);
	}
	*end = i < rest->len ? rest->ptr[i] : '\n';
	*rest = str_skip(*rest, i < rest->len ? i + 1 : i);
}

/* Tabs instead of commas. */
static void
tabs_to_csv(struct str text, struct buf *out)
{
	BUF_AUTO field = { 0 };
	char end;
	while (text.len) {
		field_take(&text, &field, &end);
		csv_add_plain(out, buf_str(&field), end == '\n');
	}
}

bool
sheet_csv(struct str bytes, struct buf *out, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct str rest, first;
	if (str_starts(bytes, STR("PK\x03\x04")))
		return xlsx_read(bytes, out, e);
	if (str_starts(bytes, STR("\xd0\xcf\x11\xe0")))
		return err_set(e, ERR_INPUT,
			       "this is an old .xls file or one with a password; save it as .xlsx or CSV without one");
	if (!decode_text(bytes, &text, e))
		return false;
	rest = buf_str(&text);
	if (str_line(&rest, &first) && str_find_char(first, '\t') >= 0 && str_find_char(first, ',') < 0)
		tabs_to_csv(buf_str(&text), out);
	else
		buf_add(out, buf_str(&text));
	return true;
}
