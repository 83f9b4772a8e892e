#include "base/csv.h"

static void
add(struct buf *out, struct str field, bool formula, bool last)
{
	bool quote = formula;
	for (size_t i = 0; i < field.len && !quote; i++)
		quote = field.ptr[i] == ',' || field.ptr[i] == '"' || field.ptr[i] == '\n' || field.ptr[i] == '\r';
	if (!quote) {
		buf_add(out, field);
		buf_add(out, last ? STR("\r\n") : STR(","));
		return;
	}
	buf_add_char(out, '"');
	if (formula)
		buf_add_char(out, '\'');
	for (size_t i = 0; i < field.len; i++) {
		if (field.ptr[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, field.ptr[i]);
	}
	buf_add_char(out, '"');
	buf_add(out, last ? STR("\r\n") : STR(","));
}

void
csv_add(struct buf *out, struct str field, bool last)
{
	add(out, field, field.len && strchr("=+-@\t\r", field.ptr[0]), last);
}

void
csv_add_plain(struct buf *out, struct str field, bool last)
{
	add(out, field, false, last);
}
