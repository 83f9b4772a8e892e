/* Drawing charts (evidence/chart.h). The world is in chart-world.c. */
#include "evidence/chart.h"

#include "evidence/chart-world.h"
#include "evidence/report.h"

enum { ROW = 19, BAR = 11, PAIR_BAR = 7, PAIR_ROW = 25, TEXT = 8, LEGEND = 18 };

struct chart *
chart_new(struct arena *a, enum chart_kind kind, enum lang lang, struct str title)
{
	struct chart *c = ARENA_NEW(a, struct chart);

	*c = (struct chart){ .kind = kind, .lang = lang, .title = title };
	return c;
}

void
chart_series(struct chart *c, struct str name, int32_t color)
{
	if (c->series_count == CHART_SERIES_MAX)
		return;
	c->series[c->series_count] = name;
	c->colors[c->series_count++] = color;
}

struct chart_row *
chart_row(struct arena *a, struct chart *c, struct str label)
{
	struct chart_row *row = ARRAY_PUSH(a, &c->rows);

	*row = (struct chart_row){ .label = label };
	return row;
}

/* Bold letters are so much wider; widths are measured of the others. */
static const double BOLD = 1.12;

/* The longest label, within bounds. */
static double
label_width(const struct chart *c, double width)
{
	double most = 0;

	for (size_t i = 0; i < c->rows.count; i++) {
		double w = drawing_text_width(c->rows.items[i].label, TEXT) * (c->rows.items[i].emphasis ? BOLD : 1);
		most = w > most ? w : most;
	}
	most += 8;
	return most > width * 0.46 ? width * 0.46 : most;
}

static void
label(struct drawing *d, const struct chart_row *row, double y, double width)
{
	struct shape *s = drawing_text(d, width - 6, y, TEXT, (width - 6) / (row->emphasis ? BOLD : 1), row->label);

	s->anchor = ANCHOR_END;
	s->bold = row->emphasis;
}

/* One line of squares and names, from the left. */
static void
legend(struct drawing *d, const struct chart *c, double x, double y)
{
	for (size_t i = 0; i < c->series_count; i++) {
		drawing_rect(d, x, y - 7, 8, 8, c->colors[i]);
		drawing_text(d, x + 12, y, TEXT, 0, c->series[i])->fill = COLOR_SOFT;
		x += 12 + drawing_text_width(c->series[i], TEXT) + 16;
	}
}

static uint64_t
largest(const struct chart *c)
{
	uint64_t most = 0;

	for (size_t i = 0; i < c->rows.count; i++)
		most = c->rows.items[i].values[0] > most ? c->rows.items[i].values[0] : most;
	return most;
}

static uint64_t
whole(const struct chart *c, const struct chart_row *row)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < c->series_count; k++)
		sum += row->values[k];
	return sum;
}

static struct drawing *
draw_bars(struct arena *a, const struct chart *c, double width)
{
	struct drawing *d = drawing_new(a, width, (double)c->rows.count * ROW + 4, c->title);
	double left = label_width(c, width), room = width - left - 60;
	uint64_t most = largest(c);

	for (size_t i = 0; i < c->rows.count; i++) {
		const struct chart_row *row = &c->rows.items[i];
		double y = (double)i * ROW + 4;
		double w = most > 0 ? room * (double)row->values[0] / (double)most : 0;
		label(d, row, y + 9, left);
		drawing_rect(d, left, y, w > 0.5 || row->values[0] == 0 ? w : 0.5, BAR,
			     row->emphasis ? COLOR_RED : COLOR_BLUE)
			->hint = row->label;
		drawing_text(d, left + w + 5, y + 9, TEXT, 0, count_text(a, row->values[0]))->bold = row->emphasis;
	}
	drawing_line(d, left, 0, 0, d->height - 4, COLOR_LINE, 0.75);
	return d;
}

static struct drawing *
draw_pairs(struct arena *a, const struct chart *c, double width)
{
	struct drawing *d = drawing_new(a, width, (double)c->rows.count * PAIR_ROW + LEGEND + 4, c->title);
	double left = label_width(c, width), room = width - left - 50, most = 0;

	for (size_t i = 0; i < c->rows.count; i++)
		for (size_t k = 0; k < c->series_count; k++) {
			const struct chart_row *row = &c->rows.items[i];
			double share = row->of[k] > 0 ? (double)row->values[k] / (double)row->of[k] : 0;
			most = share > most ? share : most;
		}
	legend(d, c, left, 10);
	for (size_t i = 0; i < c->rows.count; i++) {
		const struct chart_row *row = &c->rows.items[i];
		double y = (double)i * PAIR_ROW + LEGEND + 4;
		label(d, row, y + 11, left);
		for (size_t k = 0; k < c->series_count; k++) {
			double share = row->of[k] > 0 ? (double)row->values[k] / (double)row->of[k] : 0;
			double w = most > 0 ? room * share / most : 0, at = y + (double)k * (PAIR_BAR + 2);
			drawing_rect(d, left, at, w, PAIR_BAR, c->colors[k])->hint = c->series[k];
			drawing_text(d, left + w + 4, at + 6.5, 6.5, 0, share_text(a, row->values[k], row->of[k]))
				->fill = COLOR_SOFT;
		}
	}
	drawing_line(d, left, LEGEND, 0, d->height - LEGEND - 4, COLOR_LINE, 0.75);
	return d;
}

static struct drawing *
draw_stacked(struct arena *a, const struct chart *c, double width)
{
	struct drawing *d = drawing_new(a, width, (double)c->rows.count * (ROW + 4) + LEGEND + 4, c->title);
	double left = label_width(c, width), room = width - left - 60;

	legend(d, c, left, 10);
	for (size_t i = 0; i < c->rows.count; i++) {
		const struct chart_row *row = &c->rows.items[i];
		double x = left, y = (double)i * (ROW + 4) + LEGEND + 4;
		uint64_t all = whole(c, row);
		label(d, row, y + 11, left);
		for (size_t k = 0; all > 0 && k < c->series_count; k++) {
			double w = room * (double)row->values[k] / (double)all;
			struct str share = share_text(a, row->values[k], all);
			struct shape *s = drawing_rect(d, x, y, w, BAR + 5, c->colors[k]);
			s->hint = arena_printf(a, "%.*s: %.*s", STR_ARG(c->series[k]),
					       STR_ARG(count_text(a, row->values[k])));
			s->stroke = COLOR_WHITE;
			s->line = 0.6;
			if (w > drawing_text_width(share, 7) + 6) {
				struct shape *t = drawing_text(d, x + w / 2, y + 11, 7, 0, share);
				t->anchor = ANCHOR_MIDDLE;
				t->fill = c->colors[k] == COLOR_ORANGE || c->colors[k] == COLOR_SKY ||
							  c->colors[k] == COLOR_GREY || c->colors[k] == COLOR_LINE
						  ? COLOR_TEXT
						  : COLOR_WHITE;
			}
			x += w;
		}
		drawing_text(d, left + room + 6, y + 11, TEXT, 0, count_text(a, all))->bold = row->emphasis;
	}
	return d;
}

static struct drawing *
draw_funnel(struct arena *a, const struct chart *c, double width)
{
	static const int32_t shades[] = { COLOR_SKY, COLOR_BLUE, COLOR_ACCENT };
	enum { STEP = 34, HEIGHT = 22 };
	struct drawing *d = drawing_new(a, width, (double)c->rows.count * STEP, c->title);
	double left = label_width(c, width), room = width - left - 90;
	uint64_t most = largest(c);

	for (size_t i = 0; i < c->rows.count; i++) {
		const struct chart_row *row = &c->rows.items[i];
		double y = (double)i * STEP + 2, w = most > 0 ? room * (double)row->values[0] / (double)most : 0;
		w = w < 1.5 && row->values[0] > 0 ? 1.5 : w;
		label(d, row, y + 14, left);
		drawing_rect(d, left + (room - w) / 2, y, w, HEIGHT, shades[i % COUNT(shades)])->hint = row->label;
		drawing_text(d, left + room + 10, y + 11, 9, 0, count_text(a, row->values[0]))->bold = true;
		if (i > 0)
			drawing_text(d, left + room + 10, y + 20, 6.5, 0,
				     share_text(a, row->values[0], c->rows.items[0].values[0]))
				->fill = COLOR_SOFT;
		if (i + 1 < c->rows.count)
			drawing_line(d, left + room / 2, y + HEIGHT + 2, 0, STEP - HEIGHT - 4, COLOR_LINE, 1.2);
	}
	return d;
}

struct drawing *
chart_draw(struct arena *a, const struct chart *c, double width)
{
	static struct drawing *(*const draw[])(struct arena * a, const struct chart *c, double width) = {
		[CHART_BARS] = draw_bars,     [CHART_PAIRS] = draw_pairs, [CHART_STACKED] = draw_stacked,
		[CHART_FUNNEL] = draw_funnel, [CHART_WORLD] = draw_world,
	};

	return c->rows.count > 0 ? draw[c->kind](a, c, width) : NULL;
}
