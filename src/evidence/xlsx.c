/* A report as an Excel file: a summary sheet, a sheet for each table with its numbers as numbers, charts that Excel draws
 * from them, the map as a picture (evidence/xlsx.h). Text is always written as text: nothing of a stranger's is a formula
 * or a link. */
#include "evidence/xlsx.h"

#include "base/log.h"
#include "evidence/canvas.h"
#include "os/file.h"

#include <unistd.h>
#include <xlsxwriter.h>

enum { SHEET_NAME_MAX = 31, COLUMNS_MAX = 64, FILE_MAX = 1 << 30 };

struct book {
	const struct report *r;
	struct arena *a;
	lxw_workbook *workbook;
	lxw_format *title, *heading, *text, *soft, *head, *cell, *count, *share, *bold, *bold_count, *bold_share, *code;
	lxw_worksheet *summary;
	lxw_row_t row; /* of the summary */
	struct { /* the table a chart would be drawn from: the last one written */
		lxw_worksheet *sheet;
		const char *name;
		const struct grid *table;
		lxw_row_t first;
		lxw_row_t beside; /* where the next chart goes */
	} last;
	lxw_error failed; /* the first */
};

static void
check(struct book *b, lxw_error status)
{
	if (b->failed == LXW_NO_ERROR)
		b->failed = status;
}

static lxw_format *
format(struct book *b, double size, bool bold, int32_t color)
{
	lxw_format *f = workbook_add_format(b->workbook);

	format_set_font_size(f, size);
	format_set_font_color(f, (lxw_color_t)color);
	if (bold)
		format_set_bold(f);
	format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
	return f;
}

static lxw_format *
number_format(struct book *b, const char *pattern, bool bold)
{
	lxw_format *f = format(b, 10, bold, COLOR_TEXT);

	format_set_num_format(f, pattern);
	return f;
}

static void
make_formats(struct book *b)
{
	b->title = format(b, 20, true, COLOR_TEXT);
	b->heading = format(b, 14, true, COLOR_ACCENT);
	b->text = format(b, 10, false, COLOR_TEXT);
	format_set_text_wrap(b->text);
	b->soft = format(b, 9, false, COLOR_SOFT);
	format_set_text_wrap(b->soft);
	b->head = format(b, 10, true, COLOR_WHITE);
	format_set_bg_color(b->head, COLOR_ACCENT);
	format_set_text_wrap(b->head);
	b->cell = format(b, 10, false, COLOR_TEXT);
	b->bold = format(b, 10, true, COLOR_TEXT);
	b->count = number_format(b, "#,##0", false);
	b->share = number_format(b, "0.0%", false);
	b->bold_count = number_format(b, "#,##0", true);
	b->bold_share = number_format(b, "0.0%", true);
	b->code = format(b, 9, false, COLOR_TEXT);
	format_set_font_name(b->code, "Consolas");
	format_set_text_wrap(b->code);
}

/* Excel takes at most 32,767 characters in a cell. */
static void
put_string(struct book *b, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, struct str text, lxw_format *f)
{
	check(b, worksheet_write_string(sheet, row, column, arena_cstr(b->a, str_head(text, 8000)), f));
}

/* ---- the summary ---- */

static void
summary_line(struct book *b, struct str text, lxw_format *f, double height)
{
	if (height > 0)
		check(b, worksheet_set_row(b->summary, b->row, height, NULL));
	if (text.len > 0)
		check(b, worksheet_merge_range(b->summary, b->row, 0, b->row, 2, NULL, f));
	put_string(b, b->summary, b->row++, 0, text, f);
}

/* Rows do not grow by themselves with text that is wrapped. */
static double
wrapped_height(struct str text)
{
	double lines = drawing_text_width(text, 10) / 640;

	return 15 * (double)(1 + (int)lines);
}

static void
summary_figures(struct book *b, const struct block *block)
{
	for (size_t i = 0; i < block->figure_count; i++) {
		const struct key_figure *f = &block->figures[i];
		put_string(b, b->summary, b->row, 0, f->label, b->bold);
		put_string(b, b->summary, b->row, 1, f->value, b->bold);
		put_string(b, b->summary, b->row++, 2, f->note, b->soft);
	}
	b->row++;
}

/* ---- tables ---- */

/* "3 Operating systems": at most 31 characters, none of []:*?/\ and no apostrophe at an end. */
static const char *
sheet_name(struct book *b, const struct grid *t)
{
	struct str name = arena_printf(b->a, "%u %.*s", t->number, STR_ARG(t->title));
	char *text = arena_cstr(b->a, name);
	size_t characters = 0, i;

	for (i = 0; text[i]; i++) {
		if (strchr("[]:*?/\\'", text[i]))
			text[i] = ' ';
		if (((unsigned char)text[i] & 0xc0) != 0x80 && ++characters > SHEET_NAME_MAX)
			break;
	}
	text[i] = 0;
	return text;
}

static void
put_cell(struct book *b, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const struct cell *c, bool bold,
	 bool code)
{
	switch (c->kind) {
	case CELL_TEXT:
		put_string(b, sheet, row, column, c->text, code ? b->code : bold ? b->bold : b->cell);
		return;
	case CELL_COUNT:
		check(b, worksheet_write_number(sheet, row, column, (double)c->count, bold ? b->bold_count : b->count));
		return;
	case CELL_SHARE:
		check(b, worksheet_write_number(sheet, row, column, (double)c->count / (double)c->of,
						bold ? b->bold_share : b->share));
		return;
	case CELL_NONE:
		put_string(b, sheet, row, column, STR("–"), b->cell);
		return;
	}
}

static void
set_widths(struct book *b, lxw_worksheet *sheet, const struct grid *t)
{
	for (size_t i = 0; i < t->column_count; i++) {
		double most = drawing_text_width(t->columns[i].title, 1);
		for (size_t row = 0; row < grid_rows(t); row++) {
			struct str text = cell_text(b->a, &t->cells.items[row * t->column_count + i]);
			double w = drawing_text_width(text, 1);
			most = w > most ? w : most;
		}
		most = most * 1.9 + 3;
		check(b, worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, most > 70 ? 70 : most, NULL));
	}
}

static void
put_table(struct book *b, const struct grid *t)
{
	const char *name = sheet_name(b, t);
	lxw_worksheet *sheet = workbook_add_worksheet(b->workbook, name);
	size_t rows = grid_rows(t), columns = t->column_count < COLUMNS_MAX ? t->column_count : COLUMNS_MAX;

	if (!sheet) {
		check(b, LXW_ERROR_MEMORY_MALLOC_FAILED);
		return;
	}
	put_string(b, sheet, 0, 0, t->title, b->heading);
	if (t->note.len > 0)
		put_string(b, sheet, 1, 0, t->note, format(b, 9, false, COLOR_SOFT));
	for (size_t i = 0; i < columns; i++)
		put_string(b, sheet, 3, (lxw_col_t)i, t->columns[i].title, b->head);
	for (size_t row = 0; row < rows; row++)
		for (size_t i = 0; i < columns; i++)
			put_cell(b, sheet, (lxw_row_t)(row + 4), (lxw_col_t)i,
				 &t->cells.items[row * t->column_count + i], row < 64 && (t->emphasis >> row & 1),
				 t->columns[i].code);
	set_widths(b, sheet, t);
	worksheet_freeze_panes(sheet, 4, 0);
	if (rows > 0)
		check(b, worksheet_autofilter(sheet, 3, 0, (lxw_row_t)(rows + 3), (lxw_col_t)(columns - 1)));
	worksheet_set_landscape(sheet);
	worksheet_set_paper(sheet, 9); /* A4 */
	worksheet_fit_to_pages(sheet, 1, 0);
	b->last.sheet = sheet;
	b->last.name = name;
	b->last.table = t;
	b->last.beside = 3;
	check(b, worksheet_write_url(b->summary, b->row, 0, arena_printf(b->a, "internal:'%s'!A1", name).ptr, b->text));
	put_string(b, b->summary, b->row++, 0, arena_printf(b->a, "→ %s", name), b->text);
}

/* ---- charts ---- */

/* Excel draws from cells: a chart's numbers stand in the open, beside the table that it belongs to. */
static void
put_chart_data(struct book *b, const struct chart *c, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column)
{
	for (size_t k = 0; k < c->series_count || k == 0; k++)
		put_string(b, sheet, row, (lxw_col_t)(column + 1 + k), k < c->series_count ? c->series[k] : c->title,
			   b->head);
	for (size_t i = 0; i < c->rows.count; i++) {
		const struct chart_row *r = &c->rows.items[i];
		lxw_row_t at = (lxw_row_t)(row + 1 + i);
		put_string(b, sheet, at, column, r->label, b->cell);
		for (size_t k = 0; k < c->series_count || k == 0; k++) {
			bool share = c->kind == CHART_PAIRS;
			double v = share ? (r->of[k] > 0 ? (double)r->values[k] / (double)r->of[k] : 0)
					 : (double)r->values[k];
			check(b, worksheet_write_number(sheet, at, (lxw_col_t)(column + 1 + k), v,
							share ? b->share : b->count));
		}
	}
}

static void
put_series(struct book *b, lxw_chart *chart, const struct chart *c, const char *name, lxw_row_t row, lxw_col_t column)
{
	lxw_row_t first = row + 1, last = (lxw_row_t)(row + c->rows.count);

	for (size_t k = 0; k < c->series_count || k == 0; k++) {
		lxw_col_t at = (lxw_col_t)(column + 1 + k);
		lxw_chart_series *s = chart_add_series(chart, NULL, NULL);
		lxw_chart_fill fill = {
			.color = (lxw_color_t)(c->series_count > 0 ? c->colors[k] : COLOR_BLUE),
		};
		chart_series_set_categories(s, name, first, column, last, column);
		chart_series_set_values(s, name, first, at, last, at);
		chart_series_set_name_range(s, name, row, at);
		chart_series_set_fill(s, &fill);
		if (c->kind != CHART_STACKED)
			chart_series_set_labels(s);
	}
}

static void
put_native_chart(struct book *b, const struct chart *c)
{
	lxw_chart *chart = workbook_add_chart(b->workbook,
					      c->kind == CHART_STACKED ? LXW_CHART_BAR_STACKED_PERCENT : LXW_CHART_BAR);
	lxw_col_t column = (lxw_col_t)(b->last.table->column_count + 1);
	lxw_row_t row = b->last.beside;
	lxw_chart_options place = { .x_scale = 1.35, .y_scale = 0.6 + 0.08 * (double)c->rows.count };

	put_chart_data(b, c, b->last.sheet, row, column);
	put_series(b, chart, c, b->last.name, row, column);
	chart_title_set_name(chart, arena_cstr(b->a, c->title));
	chart_axis_set_reverse(chart->y_axis);
	if (c->series_count < 2)
		chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
	else
		chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
	lxw_row_t below = (lxw_row_t)(row + c->rows.count + 2);
	check(b, worksheet_insert_chart_opt(b->last.sheet, below, column, chart, &place));
	b->last.beside = (lxw_row_t)(below + 14 + 2 * c->rows.count);
}

static void
put_picture(struct book *b, const struct chart *c, struct err *e)
{
	const struct drawing *d = chart_draw(b->a, c, 640);
	lxw_image_options place = { .x_scale = 0.5, .y_scale = 0.5, .description = arena_cstr(b->a, c->title) };
	BUF_AUTO png = { 0 };

	if (!d || !drawing_png(d, b->r->lang == LANG_JA, 2, &png, e))
		return;
	summary_line(b, c->title, b->bold, 0);
	/* The library keeps no copy before the file is closed. */
	struct str bytes = arena_str(b->a, buf_str(&png));
	check(b, worksheet_insert_image_buffer_opt(b->summary, b->row, 0, (const unsigned char *)bytes.ptr, bytes.len,
						   &place));
	b->row += (lxw_row_t)(d->height * 1.34 / 20) + 2;
}

/* ---- the file ---- */

static void
put_block(struct book *b, const struct block *block, struct err *e)
{
	switch (block->kind) {
	case BLOCK_HEADING:
		b->row++;
		summary_line(b, block->text, block->level == 1 ? b->heading : b->bold, 0);
		return;
	case BLOCK_TEXT:
	case BLOCK_POINT:
		summary_line(b, block->text, b->text, wrapped_height(block->text));
		return;
	case BLOCK_NOTE:
		summary_line(b, block->text, b->soft, wrapped_height(block->text));
		return;
	case BLOCK_FIGURES:
		summary_figures(b, block);
		return;
	case BLOCK_TABLE:
		put_table(b, block->table);
		return;
	case BLOCK_CHART:
		if (block->chart->kind == CHART_WORLD || !b->last.sheet)
			put_picture(b, block->chart, e);
		else if (block->chart->rows.count > 0)
			put_native_chart(b, block->chart);
		return;
	case BLOCK_PAGE:
		return;
	}
}

static void
set_properties(struct book *b)
{
	lxw_doc_properties p = {
		.title = arena_cstr(b->a, b->r->title),
		.subject = arena_cstr(b->a, b->r->subtitle),
		.author = arena_cstr(b->a, b->r->author),
		.comments = arena_cstr(b->a, STR("mamori " MAMORI_VERSION)),
		.created = (time_t)(b->r->date / 1000),
	};

	check(b, workbook_set_properties(b->workbook, &p));
}

static bool
make_book(const struct report *r, const char *folder, const char *path, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct book b = { .r = r, .a = &a };
	/* The library writes to its argument's folder only; its member is not const. */
	lxw_workbook_options options = { .tmpdir = arena_cstr(&a, str_of(folder)) };

	b.workbook = workbook_new_opt(path, &options);
	if (!b.workbook)
		return err_set(e, ERR_SYSTEM, "the Excel file could not be begun in %s", folder);
	make_formats(&b);
	set_properties(&b);
	b.summary = workbook_add_worksheet(b.workbook, r->lang == LANG_JA ? "概要" : "Summary");
	/* A line of text goes over all three. */
	worksheet_set_column(b.summary, 0, 0, 32, NULL);
	worksheet_set_column(b.summary, 1, 1, 14, NULL);
	worksheet_set_column(b.summary, 2, 2, 56, NULL);
	worksheet_set_paper(b.summary, 9); /* A4 */
	worksheet_fit_to_pages(b.summary, 1, 0);
	worksheet_gridlines(b.summary, LXW_HIDE_ALL_GRIDLINES);
	summary_line(&b, r->title, b.title, 30);
	summary_line(&b, r->subtitle, b.soft, wrapped_height(r->subtitle));
	b.row++;
	for (size_t i = 0; i < r->blocks.count; i++)
		put_block(&b, &r->blocks.items[i], e);
	b.row++;
	summary_line(&b, r->footer, b.soft, wrapped_height(r->footer));
	lxw_error closed = workbook_close(b.workbook);
	check(&b, closed);
	if (b.failed != LXW_NO_ERROR && e->code == ERR_NONE)
		err_set(e, ERR_SYSTEM, "writing the Excel file failed: %s", lxw_strerror(b.failed));
	return e->code == ERR_NONE;
}

/* The library writes files only: into a folder of ours, which goes again. */
static bool
xlsx_write(const struct report *r, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *tmp = getenv("TMPDIR");
	char *folder = arena_cstr(&a, arena_printf(&a, "%s/mamori-xlsx-XXXXXX", tmp && *tmp ? tmp : "/tmp"));
	struct err gone = { 0 };

	err_clear(e);
	if (!mkdtemp(folder))
		return err_sys(e, "making a folder for the Excel file: %s", folder);
	const char *path = path_join(&a, folder, "report.xlsx");
	bool ok = make_book(r, folder, path, e) && file_read(path, FILE_MAX, out, e);
	if (!dir_remove_all(folder, &gone))
		log_warn("report", "%s stays behind: %s", folder, gone.text);
	return ok;
}

const struct report_writer report_xlsx = { "xlsx", xlsx_write };
