/* Inside the room: text and drawings on a Cairo surface. */
#ifndef MAMORI_EVIDENCE_CANVAS_H
#define MAMORI_EVIDENCE_CANVAS_H

#include "evidence/drawing.h"

#include <pango/pangocairo.h>

struct canvas {
	cairo_t *cr;
	PangoLayout *layout; /* one, used again and again */
	bool japanese;
};

/* Fonts that differ by nothing but what is installed: no hinting, whole-pixel metrics off. */
void canvas_begin(struct canvas *c, cairo_surface_t *surface, bool japanese);
void canvas_end(struct canvas *c);

struct text_style {
	double size;
	int32_t color;
	bool bold, code;
	double width; /* lines break here; 0: one line */
	enum anchor anchor; /* of one line, and of the lines within width */
	double spacing; /* of lines, times the font's own; 0: 1 */
};
/* The height that text would take; the layout is set up. */
double canvas_measure(struct canvas *c, const struct text_style *s, struct str text);
/* Draws it with its upper left corner there; gives its height. */
double canvas_text(struct canvas *c, const struct text_style *s, double x, double y, struct str text);
void canvas_drawing(struct canvas *c, const struct drawing *d, double x, double y);
void canvas_rect(struct canvas *c, double x, double y, double w, double h, int32_t color);

/* The drawing as a PNG of so many pixels for each point. */
bool drawing_png(const struct drawing *d, bool japanese, double scale, struct buf *out, struct err *e) MUST_CHECK;

#endif
