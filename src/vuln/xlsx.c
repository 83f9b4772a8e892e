#include "vuln/xlsx.h"

#include "base/csv.h"
#include "base/time.h"
#include "vuln/xml.h"

#include <archive.h>
#include <archive_entry.h>

enum {
	ENTRIES_MAX = 2000,
	ROWS_MAX = 100000,
	COLUMNS_MAX = 256,
	STRINGS_MAX = 1000000,
	STYLES_MAX = 65536,
	UNPACKED_MAX = 64 << 20,
	OUT_MAX = 32 << 20,
	PATH_BYTES = 300
};

struct xlsx {
	struct str bytes;
	struct arena arena;
	uint64_t unpacked;
	struct str sheet_id, sheet_path;
	bool epoch_1904;
	ARRAY_OF(struct str) strings;
	ARRAY_OF(uint64_t) date_formats; /* numbers of the file's own formats that show a day */
	ARRAY_OF(bool) styles; /* whether each shows a day */
	struct buf value; /* of the shared string or cell that is being read */
	struct buf cells; /* of the row, behind each other */
	struct {
		size_t from, len;
	} row[COLUMNS_MAX];
	size_t columns, column, rows;
	char type; /* of the cell: 's'hared, 'n'umber, 't'ext */
	bool is_date;
	struct buf *out;
	size_t out_from;
	struct err why; /* the first thing that was wrong inside */
};

/* ---- the archive ---- */

static void
archive_end(struct archive **a)
{
	archive_read_free(*a);
}

static bool
archive_damaged(struct archive *a, struct err *e)
{
	const char *words = archive_error_string(a);
	return err_set(e, ERR_INPUT,
		       "the .xlsx file is damaged or protected by a password (%s); save it again or as CSV",
		       words ? words : "?");
}

static bool
entry_read(struct xlsx *x, struct archive *a, struct buf *out, struct err *e)
{
	for (;;) {
		char *into = buf_reserve(out, 65536);
		ssize_t got = archive_read_data(a, into, 65536);
		if (got < 0)
			return archive_damaged(a, e);
		if (got == 0)
			return true;
		out->len += (size_t)got;
		x->unpacked += (uint64_t)got;
		if (x->unpacked > UNPACKED_MAX)
			return err_set(e, ERR_TOO_LARGE,
				       "the .xlsx file holds more than 64 MiB; divide it or save it as CSV");
	}
}

/* One member by its name; *found false when there is none. */
static bool
part_read(struct xlsx *x, struct str name, struct buf *out, bool *found, struct err *e)
{
	__attribute__((cleanup(archive_end))) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int status;
	*found = false;
	if (!a || archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, x->bytes.ptr, x->bytes.len) != ARCHIVE_OK)
		return archive_damaged(a, e);
	for (unsigned n = 0; (status = archive_read_next_header(a, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN;
	     n++) {
		if (n == ENTRIES_MAX)
			return err_set(e, ERR_TOO_LARGE, "the .xlsx file has more than %d parts; save it as CSV",
				       ENTRIES_MAX);
		if (!str_eq(str_of(archive_entry_pathname_utf8(entry)), name))
			continue;
		*found = true;
		return entry_read(x, a, out, e);
	}
	return status == ARCHIVE_EOF || archive_damaged(a, e);
}

/* ---- XML ---- */

struct text_source {
	struct str rest;
};

static bool
text_fill(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct text_source *s = user;
	*got = s->rest.len < cap ? s->rest.len : cap;
	if (*got)
		memcpy(into, s->rest.ptr, *got);
	s->rest = str_skip(s->rest, *got);
	return true;
}

typedef void open_fn(void *user, struct str path, const struct xml_attribute *attributes, size_t count);
typedef void text_fn(void *user, struct str path, struct str text);
typedef bool close_fn(void *user, struct str path, struct err *e);

static bool
part_parse(struct xlsx *x, struct str name, bool needed, open_fn *open, text_fn *text, close_fn *close, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	bool found;
	if (!part_read(x, name, &bytes, &found, e))
		return false;
	if (!found)
		return !needed ||
		       err_set(e, ERR_INPUT, "this is no .xlsx file (it has no %.*s); save it again or as CSV",
			       STR_ARG(name));
	struct text_source source = { buf_str(&bytes) };
	const struct xml_visitor v = { open, text, close, x };
	if (!xml_read(text_fill, &source, &v, e))
		return err_wrap(e, "the .xlsx file's %.*s", STR_ARG(name));
	return true;
}

static struct str
attribute(const struct xml_attribute *attributes, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(attributes[i].name, str_of(name)))
			return attributes[i].value;
	return STR("");
}

static void
no_text(void *user, struct str path, struct str text)
{
	/* All is in the attributes. */
}

static bool
close_checked(void *user, struct str path, struct err *e)
{
	struct xlsx *x = user;
	if (x->why.code == ERR_NONE)
		return true;
	*e = x->why;
	return false;
}

/* ---- which sheet ---- */

static void
workbook_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct xlsx *x = user;
	if (str_eq(path, STR("/workbook/workbookPr"))) {
		struct str epoch = attribute(attributes, count, "date1904");
		x->epoch_1904 = str_eq(epoch, STR("1")) || str_eq(epoch, STR("true"));
	}
	struct str state = attribute(attributes, count, "state");
	if (!x->sheet_id.len && str_eq(path, STR("/workbook/sheets/sheet")) &&
	    (!state.len || str_eq(state, STR("visible"))))
		x->sheet_id = arena_str(&x->arena, attribute(attributes, count, "id"));
}

static void
relations_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct xlsx *x = user;
	struct str target = attribute(attributes, count, "Target");
	if (x->sheet_path.len || !str_eq(path, STR("/Relationships/Relationship")) || target.len > PATH_BYTES ||
	    !str_eq(attribute(attributes, count, "Id"), x->sheet_id))
		return;
	x->sheet_path = str_starts(target, STR("/")) ? arena_str(&x->arena, str_skip(target, 1))
						     : arena_printf(&x->arena, "xl/%.*s", STR_ARG(target));
}

/* ---- texts and styles ---- */

static void
strings_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct xlsx *x = user;
	if (str_eq(path, STR("/sst/si")))
		buf_truncate(&x->value, 0);
}

/* Readings beside the text (rPh: Excel in Japan writes them for every name) are no part of it. */
static void
strings_text(void *user, struct str path, struct str text)
{
	struct xlsx *x = user;
	if (str_eq(path, STR("/sst/si/t")) || str_eq(path, STR("/sst/si/r/t")))
		buf_add(&x->value, text);
}

static bool
strings_close(void *user, struct str path, struct err *e)
{
	struct xlsx *x = user;
	if (!str_eq(path, STR("/sst/si")))
		return true;
	if (x->strings.count == STRINGS_MAX)
		return err_set(e, ERR_TOO_LARGE, "there are more than %d texts; save it as CSV", STRINGS_MAX);
	*ARRAY_PUSH(&x->arena, &x->strings) = arena_str(&x->arena, buf_str(&x->value));
	return true;
}

/* Formats that every program knows and no file spells out, those of the Japanese edition too. */
static bool
format_is_known_date(uint64_t id)
{
	return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || (id >= 34 && id <= 36) ||
	       (id >= 50 && id <= 58);
}

/* A year or a day outside quotes and brackets: "yyyy\年m\月d\日", "[$-411]ge.m.d". */
static bool
format_shows_day(struct str code)
{
	bool quoted = false, bracket = false;
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];
		if (quoted)
			quoted = c != '"';
		else if (bracket)
			bracket = c != ']';
		else if (c == '\\' || c == '_' || c == '*')
			i++;
		else if (c == '"' || c == '[')
			*(c == '"' ? &quoted : &bracket) = true;
		else if (strchr("yYdD", c))
			return true;
	}
	return false;
}

static void
styles_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct xlsx *x = user;
	uint64_t id;
	if (!str_to_u64(attribute(attributes, count, "numFmtId"), &id))
		id = 0;
	if (str_eq(path, STR("/styleSheet/numFmts/numFmt")) && x->date_formats.count < STYLES_MAX &&
	    format_shows_day(attribute(attributes, count, "formatCode")))
		*ARRAY_PUSH(&x->arena, &x->date_formats) = id;
	if (!str_eq(path, STR("/styleSheet/cellXfs/xf")) || x->styles.count == STYLES_MAX)
		return;
	bool date = format_is_known_date(id);
	/* A file's own formats begin at 164 and are few; a hostile file's many must not be looked through for each style. */
	for (size_t i = 0; !date && id >= 164 && i < x->date_formats.count && i < 1000; i++)
		date = x->date_formats.items[i] == id;
	*ARRAY_PUSH(&x->arena, &x->styles) = date;
}

/* ---- rows ---- */

/* "C7" is column 2; what names none follows the cell before. */
static bool
column_of(struct str reference, size_t *column)
{
	size_t n = 0, i = 0;
	for (; i < reference.len && reference.ptr[i] >= 'A' && reference.ptr[i] <= 'Z'; i++) {
		n = n * 26 + (size_t)(reference.ptr[i] - 'A') + 1;
		if (n > COLUMNS_MAX)
			return false;
	}
	if (i > 0)
		*column = n - 1;
	return *column < COLUMNS_MAX;
}

static void
sheet_open(void *user, struct str path, const struct xml_attribute *attributes, size_t count)
{
	struct xlsx *x = user;
	if (str_eq(path, STR("/worksheet/sheetData/row"))) {
		memset(x->row, 0, sizeof(x->row));
		x->columns = x->column = 0;
		buf_truncate(&x->cells, 0);
	}
	if (!str_eq(path, STR("/worksheet/sheetData/row/c")))
		return;
	struct str type = attribute(attributes, count, "t");
	uint64_t style;
	if (!column_of(attribute(attributes, count, "r"), &x->column) && x->why.code == ERR_NONE)
		err_set(&x->why, ERR_TOO_LARGE, "it has more than %d columns", COLUMNS_MAX);
	x->type = str_eq(type, STR("s")) ? 's' : !type.len || str_eq(type, STR("n")) ? 'n' : 't';
	x->is_date = x->type == 'n' && str_to_u64(attribute(attributes, count, "s"), &style) &&
		     style < x->styles.count && x->styles.items[style];
	buf_truncate(&x->value, 0);
}

static void
sheet_text(void *user, struct str path, struct str text)
{
	struct xlsx *x = user;
	if (str_eq(path, STR("/worksheet/sheetData/row/c/v")) || str_eq(path, STR("/worksheet/sheetData/row/c/is/t")) ||
	    str_eq(path, STR("/worksheet/sheetData/row/c/is/r/t")))
		buf_add(&x->value, text);
}

/* Days since the end of 1899 (with the 29th of February 1900 that never was), or since 1904. */
static bool
date_write(struct xlsx *x, double serial)
{
	char text[TIME_RFC3339_MAX];
	if (x->epoch_1904)
		serial += 1462;
	if (!(serial >= 61 && serial < 2958466)) /* the year 9999 */
		return false;
	double days = (double)(int64_t)serial;
	bool whole = !(serial > days);
	int64_t ms = ((int64_t)days - 25569) * 86400000 + (int64_t)((serial - days) * 1440 + 0.5) * 60000;
	time_rfc3339(ms, text);
	buf_add(&x->cells, str_sub(text, 10));
	if (!whole)
		buf_addf(&x->cells, " %.5s", text + 11);
	return true;
}

static bool
cell_end(struct xlsx *x, struct err *e)
{
	uint64_t index;
	double number;
	size_t from = x->cells.len;
	struct str value = buf_str(&x->value);
	if (x->type == 's') {
		if (str_to_u64(str_trim(value), &index) && index < x->strings.count)
			buf_add(&x->cells, x->strings.items[index]);
		else if (value.len)
			return err_set(e, ERR_INPUT, "a cell names a text that the file does not have");
	} else if (!x->is_date || !str_to_double(str_trim(value), &number) || !date_write(x, number)) {
		buf_add(&x->cells, value);
	}
	if (x->cells.len > OUT_MAX)
		return err_set(e, ERR_TOO_LARGE, "its rows come to more than 32 MiB");
	x->row[x->column].from = from;
	x->row[x->column].len = x->cells.len - from;
	if (x->cells.len > from && x->column + 1 > x->columns)
		x->columns = x->column + 1;
	if (x->column + 1 < COLUMNS_MAX)
		x->column++;
	return true;
}

static bool
row_end(struct xlsx *x, struct err *e)
{
	if (x->columns == 0)
		return true;
	if (x->rows++ == ROWS_MAX)
		return err_set(e, ERR_TOO_LARGE, "it has more than %d rows; divide it", ROWS_MAX);
	for (size_t i = 0; i < x->columns; i++)
		csv_add_plain(x->out, str_sub(buf_cstr(&x->cells) + x->row[i].from, x->row[i].len),
			      i + 1 == x->columns);
	if (x->out->len - x->out_from > OUT_MAX)
		return err_set(e, ERR_TOO_LARGE, "its rows come to more than 32 MiB");
	return true;
}

static bool
sheet_close(void *user, struct str path, struct err *e)
{
	struct xlsx *x = user;
	if (!close_checked(x, path, e))
		return false;
	if (str_eq(path, STR("/worksheet/sheetData/row/c")))
		return cell_end(x, e);
	return !str_eq(path, STR("/worksheet/sheetData/row")) || row_end(x, e);
}

static void
xlsx_end(struct xlsx *x)
{
	arena_free(&x->arena);
	buf_free(&x->value);
	buf_free(&x->cells);
}

bool
xlsx_read(struct str bytes, struct buf *out, struct err *e)
{
	__attribute__((cleanup(xlsx_end))) struct xlsx x = { .bytes = bytes, .out = out, .out_from = out->len };
	bool ok = part_parse(&x, STR("xl/workbook.xml"), true, workbook_open, no_text, close_checked, e) &&
		  part_parse(&x, STR("xl/_rels/workbook.xml.rels"), true, relations_open, no_text, close_checked, e);
	if (ok && !x.sheet_path.len)
		ok = err_set(e, ERR_INPUT, "the .xlsx file has no visible sheet; save it again or as CSV");
	ok = ok && part_parse(&x, STR("xl/sharedStrings.xml"), false, strings_open, strings_text, strings_close, e) &&
	     part_parse(&x, STR("xl/styles.xml"), false, styles_open, no_text, close_checked, e) &&
	     part_parse(&x, x.sheet_path, true, sheet_open, sheet_text, sheet_close, e);
	if (!ok)
		buf_truncate(out, x.out_from);
	return ok;
}
