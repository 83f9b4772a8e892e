/* Charts: numbers with labels, drawn into one drawing whatever the form is. */
#ifndef MAMORI_EVIDENCE_CHART_H
#define MAMORI_EVIDENCE_CHART_H

#include "base/tr.h"
#include "evidence/drawing.h"

enum { CHART_SERIES_MAX = 4 };

enum chart_kind {
	CHART_BARS, /* one number a row */
	CHART_PAIRS, /* shares of several series beside each other: values[i] of of[i] */
	CHART_STACKED, /* what a row's whole is made of */
	CHART_FUNNEL, /* what is left after each step */
	CHART_WORLD, /* countries shaded by their number; labels are codes */
};

struct chart_row {
	struct str label;
	uint64_t values[CHART_SERIES_MAX], of[CHART_SERIES_MAX];
	bool emphasis;
};

struct chart {
	enum chart_kind kind;
	enum lang lang;
	struct str title; /* with its unit */
	struct str series[CHART_SERIES_MAX];
	int32_t colors[CHART_SERIES_MAX];
	size_t series_count;
	ARRAY_OF(struct chart_row) rows;
};

struct chart *chart_new(struct arena *a, enum chart_kind kind, enum lang lang, struct str title);
void chart_series(struct chart *c, struct str name, int32_t color);
struct chart_row *chart_row(struct arena *a, struct chart *c, struct str label);
/* As wide as asked for, as high as it needs. NULL: there is nothing to draw (no rows; no map in this build). */
struct drawing *chart_draw(struct arena *a, const struct chart *c, double width);

#endif
