/* A report as a list of blocks, written once and rendered by every writer: PDF, HTML, XLSX. The same report gives the same
 * bytes: its date is that of its newest fact, nothing else knows of a clock. */
#ifndef MAMORI_EVIDENCE_REPORT_H
#define MAMORI_EVIDENCE_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/tr.h"
#include "evidence/chart.h"

enum cell_kind { CELL_TEXT, CELL_COUNT, CELL_SHARE, CELL_NONE };

struct cell {
	enum cell_kind kind;
	struct str text;
	uint64_t count, of; /* SHARE: count / of */
};

struct grid_column {
	struct str title;
	double weight; /* of the width; 0: as a number needs */
	bool right;
	bool code; /* set in the letters of a program's words */
};

struct grid {
	unsigned number; /* "Table 3" */
	struct str title, note;
	struct grid_column *columns;
	size_t column_count;
	/* of each row column_count */
	ARRAY_OF(struct cell) cells;
	uint64_t emphasis; /* rows (the first 64) that are totals or what is talked about */
};

struct key_figure {
	struct str value, label, note;
	int32_t color;
};

enum block_kind {
	BLOCK_HEADING,
	BLOCK_TEXT,
	BLOCK_POINT, /* an item of a list */
	BLOCK_NOTE, /* small print */
	BLOCK_FIGURES,
	BLOCK_TABLE,
	BLOCK_CHART,
	BLOCK_PAGE, /* a new page, where there are pages */
};

struct block {
	enum block_kind kind;
	unsigned level; /* HEADING: 1, 2 */
	struct str text;
	struct key_figure *figures;
	size_t figure_count;
	struct grid *table;
	struct chart *chart;
};

struct report {
	struct arena *arena;
	enum lang lang;
	struct str title, subtitle, author;
	struct str footer; /* on every page */
	int64_t date; /* of its newest fact */
	unsigned tables;
	ARRAY_OF(struct block) blocks;
};

struct report *report_new(struct arena *a, enum lang lang, struct str title, int64_t date);
/* Anybody's text, fit for a report: one line of valid UTF-8, nothing that steers or reorders, at most max bytes. */
struct str report_clean(struct arena *a, struct str text, size_t max);
void report_heading(struct report *r, unsigned level, struct str text);
void report_text(struct report *r, enum block_kind kind, struct str text);
/* figures: kept, not copied. */
void report_figures(struct report *r, struct key_figure *figures, size_t count);
void report_chart(struct report *r, struct chart *c);
void report_page(struct report *r);
/* A table with the next number. columns: kept. */
struct grid *report_table(struct report *r, struct str title, struct grid_column *columns, size_t count);

void grid_text(struct report *r, struct grid *t, struct str text);
void grid_count(struct report *r, struct grid *t, uint64_t n);
void grid_share(struct report *r, struct grid *t, uint64_t n, uint64_t of); /* of 0: a dash */
void grid_none(struct report *r, struct grid *t);
/* The row that comes next is emphasised. */
void grid_emphasise(struct grid *t);
size_t grid_rows(const struct grid *t);
/* "12,345", "12.3%", "–", or the text. */
struct str cell_text(struct arena *a, const struct cell *c);
/* With commas between thousands. */
struct str count_text(struct arena *a, uint64_t n);
struct str share_text(struct arena *a, uint64_t n, uint64_t of);

struct report_writer {
	const char *name; /* "pdf" */
	bool (*write)(const struct report *r, struct buf *out, struct err *e);
};
/* NULL-terminated; to add a form is to add one file and one row. */
extern const struct report_writer *const report_writers[];
const struct report_writer *report_writer_find(struct str name); /* or NULL */

#endif
