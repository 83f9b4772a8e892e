/* A report as PDF, set by Pango on A4 pages (evidence/pdf.h). It is laid out twice: the first time only counts pages. */
#include "evidence/pdf.h"

#include "base/time.h"
#include "evidence/canvas.h"
#include "evidence/pdf-fonts.h"

#include <cairo-pdf.h>

#define PAGE_WIDTH 595.28
#define PAGE_HEIGHT 841.89
#define LEFT 56.0
#define WIDTH (PAGE_WIDTH - 2 * LEFT)
#define TOP 58.0
#define BOTTOM (PAGE_HEIGHT - 62.0)

struct pages {
	const struct report *r;
	struct arena *a; /* of charts */
	struct canvas canvas;
	cairo_surface_t *surface;
	double y;
	unsigned page, of; /* of: 0 while counting */
	bool used; /* something is on this page */
};

static void
footer(struct pages *p)
{
	struct text_style s = { .size = 7.5, .color = COLOR_SOFT, .width = WIDTH - 60 };
	struct text_style number = { .size = 7.5, .color = COLOR_SOFT, .anchor = ANCHOR_END };

	canvas_rect(&p->canvas, LEFT, PAGE_HEIGHT - 46, WIDTH, 0.5, COLOR_LINE);
	(void)canvas_text(&p->canvas, &s, LEFT, PAGE_HEIGHT - 41, p->r->footer);
	(void)canvas_text(&p->canvas, &number, LEFT + WIDTH, PAGE_HEIGHT - 41,
			  arena_printf(p->a, "%u / %u", p->page, p->of));
}

static void
next_page(struct pages *p)
{
	footer(p);
	cairo_show_page(p->canvas.cr);
	p->page++;
	p->y = TOP;
	p->used = false;
}

/* A new page unless so much is left of this one. */
static void
need(struct pages *p, double height)
{
	if (p->used && p->y + height > BOTTOM)
		next_page(p);
}

static void
put(struct pages *p, const struct text_style *s, double x, struct str text, double after)
{
	double height = canvas_measure(&p->canvas, s, text);

	need(p, height);
	p->y += canvas_text(&p->canvas, s, x, p->y, text) + after;
	p->used = true;
}

/* ---- tables ---- */

enum { CELL_PAD = 8, HEADING_ROOM = 32 };

static struct text_style
cell_style(const struct grid_column *c, double width, bool bold)
{
	return (struct text_style){ .size = c->code ? 7.2 : 8.2,
				    .color = COLOR_TEXT,
				    .bold = bold,
				    .code = c->code,
				    .width = width - CELL_PAD,
				    .anchor = c->right ? ANCHOR_END : ANCHOR_START,
				    .spacing = 1.05 };
}

/* Columns without a weight are as wide as their numbers need; the others share what is left. */
static double *
column_widths(struct pages *p, const struct grid *t)
{
	double *widths = ARENA_ARRAY(p->a, double, t->column_count), left = WIDTH, weights = 0;

	for (size_t i = 0; i < t->column_count; i++) {
		const struct grid_column *c = &t->columns[i];
		double title = drawing_text_width(c->title, 8.2);
		weights += c->weight;
		if (c->weight > 0)
			continue;
		widths[i] = title > 84 ? 84 : title;
		for (size_t row = 0; row < grid_rows(t); row++) {
			struct str text = cell_text(p->a, &t->cells.items[row * t->column_count + i]);
			double w = drawing_text_width(text, 8.6);
			widths[i] = w > widths[i] ? w : widths[i];
		}
		widths[i] += CELL_PAD + 6;
		widths[i] = widths[i] > 130 ? 130 : widths[i];
		left -= widths[i];
	}
	for (size_t i = 0; i < t->column_count; i++)
		if (t->columns[i].weight > 0)
			widths[i] = left * t->columns[i].weight / weights;
	for (size_t i = 0; weights <= 0 && i < t->column_count; i++)
		widths[i] *= WIDTH / (WIDTH - left);
	return widths;
}

static void
table_head(struct pages *p, const struct grid *t, const double *widths)
{
	double height = 0, x = LEFT;

	for (int draw = 0; draw < 2; draw++) {
		x = LEFT;
		for (size_t i = 0; i < t->column_count; i++) {
			struct text_style s = cell_style(&t->columns[i], widths[i], true);
			s.size = 7.6;
			s.code = false;
			s.color = COLOR_SOFT;
			double h = canvas_measure(&p->canvas, &s, t->columns[i].title);
			height = h > height ? h : height;
			if (draw)
				(void)canvas_text(&p->canvas, &s, x, p->y + height - h, t->columns[i].title);
			x += widths[i];
		}
	}
	p->y += height + 3;
	canvas_rect(&p->canvas, LEFT, p->y, WIDTH, 1, COLOR_TEXT);
	p->y += 4;
	p->used = true;
}

static double
row_height(struct pages *p, const struct grid *t, const double *widths, size_t row, bool bold)
{
	double height = 0;

	for (size_t i = 0; i < t->column_count; i++) {
		struct text_style s = cell_style(&t->columns[i], widths[i], bold);
		double h = canvas_measure(&p->canvas, &s, cell_text(p->a, &t->cells.items[row * t->column_count + i]));
		height = h > height ? h : height;
	}
	return height;
}

/* below: what must stay on the same page as this row. */
static void
table_row(struct pages *p, const struct grid *t, const double *widths, size_t row, double below)
{
	bool bold = row < 64 && (t->emphasis >> row & 1);
	double height = row_height(p, t, widths, row, bold), x = LEFT;

	if (p->y + height + 6 + below > BOTTOM) {
		next_page(p);
		table_head(p, t, widths);
	}
	if (bold)
		canvas_rect(&p->canvas, LEFT, p->y - 2, WIDTH, height + 5, COLOR_PALE);
	for (size_t i = 0; i < t->column_count; i++) {
		struct text_style s = cell_style(&t->columns[i], widths[i], bold);
		const struct cell *cell = &t->cells.items[row * t->column_count + i];
		(void)canvas_text(&p->canvas, &s, x, p->y, cell_text(p->a, cell));
		x += widths[i];
	}
	p->y += height + 3;
	canvas_rect(&p->canvas, LEFT, p->y, WIDTH, 0.4, COLOR_LINE);
	p->y += 3;
}

static void
table_caption(struct pages *p, struct str text)
{
	const struct text_style s = { .size = 9, .color = COLOR_TEXT, .bold = true, .width = WIDTH };

	put(p, &s, LEFT, text, 5);
}

/* What must stand on the page where a table begins: a caption does not stay alone, and small tables are kept whole. */
static double
table_begin(struct pages *p, const struct grid *t, const double *widths, double noted)
{
	size_t rows = grid_rows(t), k;
	double first = rows <= 12 ? 40 + noted : 40;

	for (k = 0; k < rows && (k < 4 || rows <= 12); k++)
		first += row_height(p, t, widths, k, true) + 6;
	return first;
}

static double
table_noted(struct pages *p, const struct grid *t)
{
	const struct text_style note = { .size = 7.6, .color = COLOR_SOFT, .width = WIDTH, .spacing = 1.1 };
	return t->note.len > 0 ? canvas_measure(&p->canvas, &note, t->note) + 2 : 0;
}

static void
put_table(struct pages *p, const struct grid *t)
{
	const struct text_style note = { .size = 7.6, .color = COLOR_SOFT, .width = WIDTH, .spacing = 1.1 };
	double *widths = column_widths(p, t);
	size_t rows = grid_rows(t);
	double noted = table_noted(p, t);

	need(p, table_begin(p, t, widths, noted));
	table_caption(p, arena_printf(p->a, p->r->lang == LANG_JA ? "表%u　%.*s" : "Table %u. %.*s", t->number,
				      STR_ARG(t->title)));
	table_head(p, t, widths);
	for (size_t row = 0; row < rows; row++)
		table_row(p, t, widths, row, row + 1 == rows ? noted : 0);
	if (t->note.len > 0) {
		p->y += 2;
		put(p, &note, LEFT, t->note, 0);
	}
	p->y += 14;
}

/* ---- other blocks ---- */

static void
put_figures(struct pages *p, const struct block *b)
{
	double gap = 10, width = (WIDTH - gap * (double)(b->figure_count - 1)) / (double)b->figure_count;
	struct text_style value = { .size = 18, .color = COLOR_TEXT, .bold = true, .width = width - 16 };
	struct text_style label = { .size = 8.4, .color = COLOR_TEXT, .bold = true, .width = width - 16 };
	struct text_style note = { .size = 7.2, .color = COLOR_SOFT, .width = width - 16, .spacing = 1.05 };
	double height = 0;

	for (size_t i = 0; i < b->figure_count; i++) {
		double h = canvas_measure(&p->canvas, &value, b->figures[i].value) +
			   canvas_measure(&p->canvas, &label, b->figures[i].label) +
			   canvas_measure(&p->canvas, &note, b->figures[i].note) + 18;
		height = h > height ? h : height;
	}
	need(p, height);
	for (size_t i = 0; i < b->figure_count; i++) {
		double x = LEFT + (double)i * (width + gap), y = p->y + 6;
		canvas_rect(&p->canvas, x, p->y, width, height, 0xf5f7f9);
		canvas_rect(&p->canvas, x, p->y, 3, height, b->figures[i].color);
		y += canvas_text(&p->canvas, &value, x + 11, y, b->figures[i].value);
		y += canvas_text(&p->canvas, &label, x + 11, y, b->figures[i].label) + 2;
		(void)canvas_text(&p->canvas, &note, x + 11, y, b->figures[i].note);
	}
	p->y += height + 16;
	p->used = true;
}

static void
put_chart(struct pages *p, const struct chart *c)
{
	const struct drawing *d = chart_draw(p->a, c, WIDTH);

	if (!d)
		return;
	need(p, d->height + 22);
	table_caption(p, c->title);
	p->y += 2;
	canvas_drawing(&p->canvas, d, LEFT, p->y);
	p->y += d->height + 16;
}

static void
put_heading(struct pages *p, const struct block *b, const struct block *next)
{
	struct text_style s = { .size = b->level == 1 ? 15 : 11,
				.color = b->level == 1 ? COLOR_ACCENT : COLOR_TEXT,
				.bold = true,
				.width = WIDTH };
	BUF_AUTO link = { 0 };

	if (p->used)
		p->y += b->level == 1 ? 14 : 6;
	need(p, next && next->kind == BLOCK_TABLE
			? HEADING_ROOM + table_begin(p, next->table, column_widths(p, next->table),
						     table_noted(p, next->table))
			: 110);
	if (b->level == 1 && p->of > 0) {
		buf_addf(&link, "page=%u pos=[%d %d]", p->page, (int)LEFT, (int)p->y - 10);
		(void)cairo_pdf_surface_add_outline(p->surface, CAIRO_PDF_OUTLINE_ROOT, arena_cstr(p->a, b->text),
						    buf_cstr(&link), 0);
	}
	put(p, &s, LEFT, b->text, 6);
}

static void
put_point(struct pages *p, struct str text)
{
	struct text_style s = { .size = 9.6, .color = COLOR_TEXT, .width = WIDTH - 14, .spacing = 1.15 };

	need(p, canvas_measure(&p->canvas, &s, text));
	canvas_rect(&p->canvas, LEFT + 2, p->y + 5.5, 4, 4, COLOR_ACCENT);
	put(p, &s, LEFT + 14, text, 4);
}

static void
put_block(struct pages *p, const struct block *b, const struct block *next)
{
	const struct text_style body = { .size = 9.6, .color = COLOR_TEXT, .width = WIDTH, .spacing = 1.18 };
	const struct text_style note = { .size = 7.8, .color = COLOR_SOFT, .width = WIDTH, .spacing = 1.1 };

	switch (b->kind) {
	case BLOCK_HEADING:
		put_heading(p, b, next);
		return;
	case BLOCK_TEXT:
		put(p, &body, LEFT, b->text, 8);
		return;
	case BLOCK_POINT:
		put_point(p, b->text);
		return;
	case BLOCK_NOTE:
		put(p, &note, LEFT, b->text, 8);
		return;
	case BLOCK_FIGURES:
		put_figures(p, b);
		return;
	case BLOCK_TABLE:
		put_table(p, b->table);
		return;
	case BLOCK_CHART:
		put_chart(p, b->chart);
		return;
	case BLOCK_PAGE:
		if (p->used)
			next_page(p);
		return;
	}
}

static void
put_title(struct pages *p)
{
	struct text_style title = { .size = 22, .color = COLOR_TEXT, .bold = true, .width = WIDTH };
	const struct text_style sub = { .size = 9.6, .color = COLOR_SOFT, .width = WIDTH, .spacing = 1.15 };

	/* A word or two of a title must not stand alone in its second line. */
	while (title.size > 16 && canvas_measure(&p->canvas, &title, p->r->title) > title.size * 2)
		title.size -= 0.5;
	canvas_rect(&p->canvas, 0, 0, PAGE_WIDTH, 9, COLOR_ACCENT);
	p->y = 50;
	put(p, &title, LEFT, p->r->title, 4);
	if (p->r->subtitle.len > 0)
		put(p, &sub, LEFT, p->r->subtitle, 16);
}

/* ---- the file ---- */

static cairo_status_t
append(void *user, const unsigned char *bytes, unsigned len)
{
	if (user)
		buf_add(user, str_sub((const char *)bytes, len));
	return CAIRO_STATUS_SUCCESS;
}

static void
set_metadata(const struct report *r, cairo_surface_t *s)
{
	char date[TIME_RFC3339_MAX];
	ARENA_AUTO a = { 0 };

	(void)time_rfc3339(r->date / 1000 * 1000, date);
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, arena_cstr(&a, r->title));
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_SUBJECT, arena_cstr(&a, r->subtitle));
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_AUTHOR, arena_cstr(&a, r->author));
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "mamori " MAMORI_VERSION);
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, date);
	cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_MOD_DATE, date);
}

/* Pages, or 0 after an error. */
static unsigned
lay_out(const struct report *r, unsigned of, struct buf *out, cairo_status_t *status)
{
	ARENA_AUTO a = { 0 };
	struct pages p = { .r = r, .a = &a, .page = 1, .of = of, .y = TOP };

	p.surface = cairo_pdf_surface_create_for_stream(append, out, PAGE_WIDTH, PAGE_HEIGHT);
	cairo_pdf_surface_restrict_to_version(p.surface, CAIRO_PDF_VERSION_1_5);
	set_metadata(r, p.surface);
	canvas_begin(&p.canvas, p.surface, r->lang == LANG_JA);
	put_title(&p);
	for (size_t i = 0; i < r->blocks.count; i++) {
		const struct block *b = &r->blocks.items[i];
		if (i > 0 && p.used && b->kind != BLOCK_POINT && b[-1].kind == BLOCK_POINT)
			p.y += 10;
		put_block(&p, b, i + 1 < r->blocks.count ? b + 1 : NULL);
	}
	footer(&p);
	cairo_show_page(p.canvas.cr);
	canvas_end(&p.canvas);
	cairo_surface_finish(p.surface);
	*status = cairo_surface_status(p.surface);
	cairo_surface_destroy(p.surface);
	return p.page;
}

static bool
pdf_write(const struct report *r, struct buf *out, struct err *e)
{
	cairo_status_t status;
	unsigned pages = lay_out(r, 0, NULL, &status);

	if (status == CAIRO_STATUS_SUCCESS)
		(void)lay_out(r, pages, out, &status);
	if (status == CAIRO_STATUS_SUCCESS)
		pdf_fonts_slim(out);
	return status == CAIRO_STATUS_SUCCESS ||
	       err_set(e, ERR_SYSTEM, "setting the PDF failed: %s", cairo_status_to_string(status));
}

const struct report_writer report_pdf = { "pdf", pdf_write };
