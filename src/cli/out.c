/* What people see: tables, progress, CSV, errors. */
#include "cli/cli.h"

#include "base/csv.h"

#include "base/utf8.h"

#include <sys/ioctl.h>
#include <unistd.h>

int
cli_fail(const struct cli *c, const struct err *e)
{
	if (e->code == ERR_NONE)
		return 0;
	fprintf(stderr, "mamori: %s\n", e->text);
	return err_exit_status(e);
}

void
cli_print_line(struct buf *b)
{
	buf_add_char(b, '\n');
	fwrite(b->ptr, 1, b->len, stdout);
	buf_truncate(b, 0);
}

/* ---- width of text on a terminal ---- */

/* Ranges that take two columns (Unicode East Asian Width W and F, in blocks). */
static const struct {
	uint32_t first, last;
	unsigned width;
} widths[] = {
	{ 0x0300, 0x036f, 0 }, { 0x1100, 0x115f, 2 }, { 0x200b, 0x200f, 0 },   { 0x2e80, 0xa4cf, 2 },
	{ 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe00, 0xfe0f, 0 },   { 0xfe30, 0xfe6f, 2 },
	{ 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
};

/* One code point of text that is valid UTF-8 or replaced byte by byte; returns its length. */
static size_t
utf8_take(struct str s, uint32_t *code)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	if (n > s.len || (n > 1 && !str_is_utf8(str_head(s, n)))) {
		*code = 0xfffd;
		return 1;
	}
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t value = c & masks[n];
	for (size_t i = 1; i < n; i++)
		value = value << 6 | ((unsigned char)s.ptr[i] & 0x3f);
	*code = value;
	return n;
}

static unsigned
code_width(uint32_t code)
{
	for (size_t i = 0; i < COUNT(widths); i++) {
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	}
	return 1;
}

/* Printable ASCII alone, as most of a table is: a byte is a column. */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return false;
	return true;
}

size_t
cli_width(struct str s)
{
	if (is_plain(s))
		return s.len;
	size_t width = 0;
	while (s.len) {
		uint32_t code;
		size_t n = utf8_take(s, &code);
		width += code_width(code);
		s = str_skip(s, n);
	}
	return width;
}

/* Adds a stranger's text so that no byte of it can steer the terminal. */
static void
add_clean(struct buf *b, struct str text)
{
	if (is_plain(text)) {
		buf_add(b, text);
		return;
	}
	while (text.len) {
		uint32_t code;
		size_t n = utf8_take(text, &code);
		if (code == '\n' || code == '\t')
			buf_add_char(b, ' ');
		else if (code == 0xfffd || utf8_is_control(text.ptr, n))
			buf_add(b, STR("\xef\xbf\xbd"));
		else
			buf_add(b, str_head(text, n));
		text = str_skip(text, n);
	}
}

/* ---- paragraphs ---- */

static size_t
terminal_columns(void)
{
	struct winsize size;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 0;
}

size_t
cli_columns(void)
{
	size_t columns = terminal_columns();
	return columns == 0 ? 80 : columns > 120 ? 120 : columns;
}

/* How much of s to print in a line of `room` columns: up to its own line end, else up to a blank, or between two
 * characters of Japanese, but never so that a closing mark begins the next line. */
static size_t
line_take(struct str s, size_t room)
{
	size_t used = 0, best = 0, at = 0;
	uint32_t before = 0;
	while (at < s.len) {
		uint32_t code;
		size_t n = utf8_take(str_skip(s, at), &code);
		if (code == '\n' && at > 0)
			return at;
		bool closing = code < 0x80 ? strchr(").,:;!?", (int)code) != NULL
					   : code == 0x3001 || code == 0x3002 || code == 0x300d || code == 0x30fc ||
						     code == 0xff09 || code == 0x201d || code == 0x2026;
		bool opened = before == '(' || before == 0x300c || before == 0x201c || before == 0xff08;
		if (at > 0 &&
		    (code == ' ' || ((code_width(code) == 2 || code_width(before) == 2) && !closing && !opened)))
			best = at;
		if (used + code_width(code) > room && best > 0)
			return best;
		used += code_width(code);
		before = code;
		at += n;
	}
	return s.len;
}

void
cli_wrap(struct buf *out, struct str text, size_t indent, size_t columns)
{
	size_t room = columns > indent + 20 ? columns - indent : 20;
	for (bool first = true; text.len || first; first = false) {
		if (!first)
			buf_addf(out, "%*s", (int)indent, "");
		size_t n = line_take(text, room);
		buf_add(out, str_head(text, n));
		buf_add_char(out, '\n');
		text = str_trim(str_skip(text, n));
	}
}

/* ---- tables ---- */

struct cell {
	uint32_t at, len, width;
};

/* Rows are kept as text, one behind the other, until the widths of all are known. */
struct cli_table {
	const char *const *headers;
	size_t columns;
	struct buf text, cells; /* cells: of struct cell, the headers first */
};

struct cli_table *
cli_table_new(struct arena *a, const char *const *headers, size_t columns)
{
	struct cli_table *t = ARENA_NEW(a, struct cli_table);
	t->headers = headers;
	t->columns = columns;
	return t;
}

static void
cell_add(struct cli_table *t, struct str text)
{
	struct cell cell = { .at = (uint32_t)t->text.len };
	/* Nobody reads a table of 4 GiB. */
	if (t->text.len < UINT32_MAX - 16u * 1024 * 1024)
		add_clean(&t->text, text.len > 1024 * 1024 ? str_head(text, 1024 * 1024) : text);
	cell.len = (uint32_t)t->text.len - cell.at;
	cell.width = (uint32_t)cli_width(str_skip(buf_str(&t->text), cell.at));
	buf_add(&t->cells, str_sub((const char *)&cell, sizeof(cell)));
}

static void
headers_add(struct cli_table *t)
{
	for (size_t i = 0; i < t->columns && t->cells.len < t->columns * sizeof(struct cell); i++)
		cell_add(t, str_of(tr(t->headers[i])));
}

void
cli_table_cell(struct cli_table *t, struct str text)
{
	headers_add(t);
	cell_add(t, text);
}

void
cli_table_cellf(struct cli_table *t, const char *fmt, ...)
{
	BUF_AUTO b = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_addfv(&b, fmt, ap);
	va_end(ap);
	cli_table_cell(t, buf_str(&b));
}

/* Takes columns from the widest until the row fits; a column keeps at least 12. */
static void
widths_fit(size_t *width, size_t columns, size_t room)
{
	size_t total = 0;
	for (size_t i = 0; i < columns; i++)
		total += width[i] + 2;
	while (room && total > room + 2) {
		size_t widest = 0;
		for (size_t i = 1; i < columns; i++) {
			if (width[i] > width[widest])
				widest = i;
		}
		if (width[widest] <= 12)
			return;
		width[widest]--;
		total--;
	}
}

/* As much of the text as fits; gives its columns. */
static size_t
add_cut(struct buf *out, struct str text, size_t width)
{
	size_t used = 0;
	while (text.len) {
		uint32_t code;
		size_t n = utf8_take(text, &code);
		unsigned w = code_width(code);
		if (used + w > width - 1)
			break;
		buf_add(out, str_head(text, n));
		used += w;
		text = str_skip(text, n);
	}
	buf_add(out, STR("…"));
	return used + 1;
}

static void
cell_print(struct buf *out, struct str text, size_t whole, size_t width, bool last)
{
	size_t used = whole;
	if (whole > width)
		used = add_cut(out, text, width);
	else
		buf_add(out, text);
	if (last || used >= width + 2)
		return;
	size_t blanks = width + 2 - used;
	memset(buf_reserve(out, blanks), ' ', blanks);
	out->len += blanks;
}

static void
table_rows(const struct cli_table *t, const size_t *width, bool bold)
{
	const struct cell *cells = (const struct cell *)(const void *)t->cells.ptr;
	size_t count = t->cells.len / sizeof(*cells);
	BUF_AUTO out = { 0 };
	for (size_t i = 0; i < count; i++) {
		size_t column = i % t->columns;
		bool header = i < t->columns, last = column + 1 == t->columns;
		if (header && bold && column == 0)
			buf_add(&out, STR("\x1b[1m"));
		struct str text = str_sub(t->text.ptr + cells[i].at, cells[i].len);
		cell_print(&out, text, cells[i].width, width[column], last);
		if (!last)
			continue;
		buf_add(&out, header && bold ? STR("\x1b[0m\n") : STR("\n"));
		if (out.len > 32768 || i + 1 == count) {
			fwrite(out.ptr, 1, out.len, stdout);
			buf_truncate(&out, 0);
		}
	}
}

void
cli_table_print(struct cli_table *t)
{
	ARENA_AUTO a = { 0 };
	size_t *width = ARENA_ARRAY(&a, size_t, t->columns);
	headers_add(t);
	const struct cell *cells = (const struct cell *)(const void *)t->cells.ptr;
	for (size_t i = 0; i < t->cells.len / sizeof(*cells); i++) {
		if (cells[i].width > width[i % t->columns])
			width[i % t->columns] = cells[i].width;
	}
	size_t room = terminal_columns();
	widths_fit(width, t->columns, room);
	table_rows(t, width, room != 0);
	buf_free(&t->text);
	buf_free(&t->cells);
}

/* ---- progress ---- */

void
cli_progress(const struct cli *c, const char *what, uint64_t done, uint64_t total)
{
	if (!isatty(STDERR_FILENO))
		return;
	ARENA_AUTO a = { 0 };
	const char *name = arena_line(&a, str_of(what), 200).ptr; /* of a file: a stranger may have chosen it */
	if (total) {
		unsigned parts = (unsigned)(done >= total ? 24 : done * 24 / total);
		fprintf(stderr, "\r\x1b[K[%.*s%*s] %3u%% %s", (int)parts, "########################", (int)(24 - parts),
			"", (unsigned)(done >= total ? 100 : done * 100 / total), name);
	} else {
		fprintf(stderr, "\r\x1b[K%.1f MB %s", (double)done / 1e6, name);
	}
	fflush(stderr);
}

void
cli_progress_end(const struct cli *c)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\x1b[K", stderr);
}

/* ---- CSV ---- */

void
cli_csv(struct buf *out, struct str field, bool last)
{
	csv_add(out, field, last);
}
