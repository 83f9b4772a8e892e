/* A picture made of few kinds of shapes: charts draw into it once, then it is rendered to PDF, to PNG or as SVG. Lengths are
 * points (1/72 inch), y grows downwards. */
#ifndef MAMORI_EVIDENCE_DRAWING_H
#define MAMORI_EVIDENCE_DRAWING_H

#include "base/arena.h"
#include "base/buf.h"

/* 0xRRGGBB; the colours that states and series have everywhere (Okabe and Ito's, which colour-blind people tell apart). */
enum {
	COLOR_NONE = -1,
	COLOR_TEXT = 0x1b2733,
	COLOR_SOFT = 0x5c6b78,
	COLOR_LINE = 0xc9d1d8,
	COLOR_PALE = 0xeef2f5,
	COLOR_WHITE = 0xffffff,
	COLOR_ACCENT = 0x0b4f83,
	COLOR_BLUE = 0x0072b2,
	COLOR_SKY = 0x56b4e9,
	COLOR_GREEN = 0x009e73,
	COLOR_ORANGE = 0xe69f00,
	COLOR_RED = 0xd55e00,
	COLOR_GREY = 0x9aa5ae,
};

enum shape_kind { SHAPE_RECT, SHAPE_LINE, SHAPE_POLYGON, SHAPE_CIRCLE, SHAPE_TEXT };
enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct point {
	double x, y;
};

struct shape {
	enum shape_kind kind;
	int32_t fill, stroke; /* COLOR_… or 0xRRGGBB */
	double line; /* width of the stroke */
	double x, y, w, h; /* rectangle; line to (x + w, y + h); circle: w is its radius; text: its baseline */
	/* polygon: rings behind each other, holes by the even-odd rule */
	const struct point *points;
	const size_t *rings; /* points of each */
	size_t ring_count;
	struct str text;
	struct str hint; /* what a pointer on it tells; may be empty */
	double size;
	bool bold;
	enum anchor anchor;
};

struct drawing {
	struct arena *arena;
	double width, height;
	struct str title; /* what it shows, for who cannot see it */
	ARRAY_OF(struct shape) shapes;
};

struct drawing *drawing_new(struct arena *a, double width, double height, struct str title);
struct shape *drawing_rect(struct drawing *d, double x, double y, double w, double h, int32_t fill);
struct shape *drawing_line(struct drawing *d, double x, double y, double w, double h, int32_t stroke, double line);
struct shape *drawing_circle(struct drawing *d, double x, double y, double radius, int32_t fill);
/* Text is made shorter with "…" until it is about no wider than max (0: as it is). */
struct shape *drawing_text(struct drawing *d, double x, double y, double size, double max, struct str text);
/* About how wide a text is: East Asian characters are as wide as high. */
double drawing_text_width(struct str text, double size);

/* An <svg> element that stands for itself: no script, no style sheet, no address. */
void drawing_svg(const struct drawing *d, struct buf *out);

#endif
