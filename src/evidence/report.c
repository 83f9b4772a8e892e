/* Building a report (evidence/report.h). */
#include "evidence/report.h"

#include "evidence/html.h"
#include "evidence/pdf.h"
#include "evidence/xlsx.h"

enum { TEXT_MAX = 4000 };

struct report *
report_new(struct arena *a, enum lang lang, struct str title, int64_t date)
{
	struct report *r = ARENA_NEW(a, struct report);

	*r = (struct report){ .arena = a, .lang = lang, .title = title, .date = date };
	return r;
}

struct str
report_clean(struct arena *a, struct str text, size_t max)
{
	return arena_line(a, text, max);
}

static struct block *
add(struct report *r, enum block_kind kind)
{
	struct block *b = ARRAY_PUSH(r->arena, &r->blocks);

	*b = (struct block){ .kind = kind };
	return b;
}

void
report_heading(struct report *r, unsigned level, struct str text)
{
	struct block *b = add(r, BLOCK_HEADING);

	b->level = level;
	b->text = report_clean(r->arena, text, TEXT_MAX);
}

void
report_text(struct report *r, enum block_kind kind, struct str text)
{
	add(r, kind)->text = report_clean(r->arena, text, TEXT_MAX);
}

void
report_figures(struct report *r, struct key_figure *figures, size_t count)
{
	struct block *b = add(r, BLOCK_FIGURES);

	b->figures = figures;
	b->figure_count = count;
}

void
report_chart(struct report *r, struct chart *c)
{
	add(r, BLOCK_CHART)->chart = c;
}

void
report_page(struct report *r)
{
	add(r, BLOCK_PAGE);
}

struct grid *
report_table(struct report *r, struct str title, struct grid_column *columns, size_t count)
{
	struct grid *t = ARENA_NEW(r->arena, struct grid);

	*t = (struct grid){ .number = ++r->tables, .title = title, .columns = columns, .column_count = count };
	add(r, BLOCK_TABLE)->table = t;
	return t;
}

void
grid_text(struct report *r, struct grid *t, struct str text)
{
	*ARRAY_PUSH(r->arena, &t->cells) =
		(struct cell){ .kind = CELL_TEXT, .text = report_clean(r->arena, text, TEXT_MAX) };
}

void
grid_count(struct report *r, struct grid *t, uint64_t n)
{
	*ARRAY_PUSH(r->arena, &t->cells) = (struct cell){ .kind = CELL_COUNT, .count = n };
}

void
grid_share(struct report *r, struct grid *t, uint64_t n, uint64_t of)
{
	*ARRAY_PUSH(r->arena, &t->cells) =
		(struct cell){ .kind = of > 0 ? CELL_SHARE : CELL_NONE, .count = n, .of = of };
}

void
grid_none(struct report *r, struct grid *t)
{
	*ARRAY_PUSH(r->arena, &t->cells) = (struct cell){ .kind = CELL_NONE };
}

size_t
grid_rows(const struct grid *t)
{
	return t->cells.count / t->column_count;
}

void
grid_emphasise(struct grid *t)
{
	if (grid_rows(t) < 64)
		t->emphasis |= UINT64_C(1) << grid_rows(t);
}

struct str
count_text(struct arena *a, uint64_t n)
{
	char digits[32], out[48];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), k = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	return arena_str(a, str_sub(out, (size_t)k));
}

struct str
share_text(struct arena *a, uint64_t n, uint64_t of)
{
	if (of == 0)
		return STR("–");
	/* Tenths, rounded half up; what is not all is never shown as all, what is not nothing never as nothing. */
	unsigned __int128 tenths = ((unsigned __int128)n * 2000 + of) / ((unsigned __int128)of * 2);
	if (tenths >= 1000 && n < of)
		tenths = 999;
	if (tenths == 0 && n > 0)
		return STR("<0.1%");
	return arena_printf(a, "%u.%u%%", (unsigned)(tenths / 10), (unsigned)(tenths % 10));
}

struct str
cell_text(struct arena *a, const struct cell *c)
{
	switch (c->kind) {
	case CELL_TEXT:
		return c->text;
	case CELL_COUNT:
		return count_text(a, c->count);
	case CELL_SHARE:
		return share_text(a, c->count, c->of);
	case CELL_NONE:
		break;
	}
	return STR("–");
}

const struct report_writer *const report_writers[] = { &report_pdf, &report_html, &report_xlsx, NULL };

const struct report_writer *
report_writer_find(struct str name)
{
	for (const struct report_writer *const *w = report_writers; *w; w++)
		if (str_eq_nocase(str_of((*w)->name), name))
			return *w;
	return NULL;
}
