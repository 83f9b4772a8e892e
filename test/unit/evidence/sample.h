/* A report with whatever a stranger might write into it. */
#ifndef MAMORI_TEST_EVIDENCE_SAMPLE_H
#define MAMORI_TEST_EVIDENCE_SAMPLE_H

#include "evidence/report.h"
#include "evidence/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A formula, markup, an escape of a terminal, an override of direction, an ill-formed byte, Japanese. */
#define HOSTILE \
	"=cmd|'/C calc'!A0 <script>alert(1)</script> \x1b[31m \xe2\x80\xae" \
	"evil \xff ]]> &amp; 皮膚科\n\ttwo"

static inline struct report *
sample_report(struct arena *a, enum lang lang)
{
	static struct grid_column columns[] = {
		{ .title = { "Name", 4 }, .weight = 1 },
		{ .title = { "Count", 5 }, .right = true },
		{ .title = { "Share", 5 }, .right = true },
		{ .title = { "Code", 4 }, .weight = 1, .code = true },
	};
	struct report *r = report_new(a, lang, STR("Title & <b>"), INT64_C(1764633600000));
	struct key_figure *figures = ARENA_ARRAY(a, struct key_figure, 2);
	struct chart *bars = chart_new(a, CHART_BARS, lang, STR("Bars <i>"));
	struct chart *world = chart_new(a, CHART_WORLD, lang, STR("World"));

	r->subtitle = STR("Subtitle");
	r->author = STR("mamori");
	r->footer = STR("Footer");
	figures[0] = (struct key_figure){ STR("1,234"), STR("Things"), STR("of a kind"), COLOR_ACCENT };
	figures[1] = (struct key_figure){ STR("5.0%"), STR("Others"), STR(""), COLOR_RED };
	report_figures(r, figures, 2);
	report_heading(r, 1, STR(HOSTILE));
	report_text(r, BLOCK_TEXT, STR("Paragraph " HOSTILE));
	report_text(r, BLOCK_POINT, STR("Point one"));
	report_text(r, BLOCK_POINT, STR("Point two"));
	struct grid *t = report_table(r, STR("Table: [title]/*?"), columns, COUNT(columns));
	for (unsigned i = 0; i < 70; i++) {
		grid_text(r, t, i == 0 ? STR(HOSTILE) : arena_printf(a, "row %u 病院", i));
		grid_count(r, t, 1000 * i + 7);
		grid_share(r, t, i, 70);
		grid_text(r, t, STR("=1+1"));
	}
	t->note = STR("A note.");
	chart_row(a, bars, report_clean(a, STR(HOSTILE), 100))->values[0] = 12;
	chart_row(a, bars, STR("病院"))->values[0] = 5;
	report_chart(r, bars);
	chart_row(a, world, STR("JP"))->values[0] = 12;
	chart_row(a, world, STR("SG"))->values[0] = 3;
	report_chart(r, world);
	return r;
}

static inline void
write_twice(const struct report_writer *w, struct buf *out)
{
	ARENA_AUTO a = { 0 };
	ARENA_AUTO b = { 0 };
	BUF_AUTO again = { 0 };
	struct err e = { 0 };

	assert_true(w->write(sample_report(&a, LANG_JA), out, &e));
	assert_true(w->write(sample_report(&b, LANG_JA), &again, &e));
	assert_int_equal(out->len, again.len);
	assert_memory_equal(out->ptr, again.ptr, out->len);
}

/* A build without the packages has no map. */
static inline bool
world_there(void)
{
	return world_country_count > 0;
}

static inline bool
has(const struct buf *b, const char *text)
{
	return str_contains(buf_str(b), str_of(text));
}

#endif
