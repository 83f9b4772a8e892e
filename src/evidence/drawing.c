/* Shapes, and writing them as SVG (evidence/drawing.h). */
#include "evidence/drawing.h"

#include "base/utf8.h"
#include "evidence/markup.h"

#include <math.h>

struct drawing *
drawing_new(struct arena *a, double width, double height, struct str title)
{
	struct drawing *d = ARENA_NEW(a, struct drawing);

	*d = (struct drawing){ .arena = a, .width = width, .height = height, .title = title };
	return d;
}

static struct shape *
add(struct drawing *d, struct shape s)
{
	struct shape *place = ARRAY_PUSH(d->arena, &d->shapes);

	*place = s;
	return place;
}

struct shape *
drawing_rect(struct drawing *d, double x, double y, double w, double h, int32_t fill)
{
	return add(d, (struct shape){
			      .kind = SHAPE_RECT, .x = x, .y = y, .w = w, .h = h, .fill = fill, .stroke = COLOR_NONE });
}

struct shape *
drawing_line(struct drawing *d, double x, double y, double w, double h, int32_t stroke, double line)
{
	return add(d, (struct shape){ .kind = SHAPE_LINE,
				      .x = x,
				      .y = y,
				      .w = w,
				      .h = h,
				      .fill = COLOR_NONE,
				      .stroke = stroke,
				      .line = line });
}

struct shape *
drawing_circle(struct drawing *d, double x, double y, double radius, int32_t fill)
{
	return add(d, (struct shape){ .kind = SHAPE_CIRCLE,
				      .x = x,
				      .y = y,
				      .w = radius,
				      .fill = fill,
				      .stroke = COLOR_WHITE,
				      .line = 0.4 });
}

/* ---- text ---- */

/* Of what three and four bytes encode most is Chinese, Japanese or Korean. */
static double
character_width(const char *p, size_t n)
{
	if (n >= 3)
		return (unsigned char)p[0] == 0xe2 ? 0.7 : 1;
	if (n == 1 && strchr("iljtf.,:;'|!()[] ", p[0]))
		return 0.32;
	if (n == 1 && p[0] >= 'A' && p[0] <= 'Z')
		return 0.68;
	return n == 1 && (p[0] == 'm' || p[0] == 'w' || p[0] == '%' || p[0] == '@') ? 0.9 : 0.56;
}

double
drawing_text_width(struct str text, double size)
{
	double width = 0;

	for (size_t i = 0, n; i < text.len; i += n) {
		n = utf8_sequence(text.ptr + i, text.len - i);
		n = n ? n : 1;
		width += character_width(text.ptr + i, n);
	}
	return width * size;
}

static struct str
shortened(struct arena *a, struct str text, double size, double max)
{
	size_t i = 0, n;

	if (max <= 0 || drawing_text_width(text, size) <= max)
		return text;
	for (double width = 0.7; i < text.len; i += n) {
		n = utf8_sequence(text.ptr + i, text.len - i);
		n = n ? n : 1;
		width += character_width(text.ptr + i, n);
		if (width * size > max)
			break;
	}
	return arena_printf(a, "%.*s…", STR_ARG(str_head(text, i)));
}

struct shape *
drawing_text(struct drawing *d, double x, double y, double size, double max, struct str text)
{
	return add(d, (struct shape){ .kind = SHAPE_TEXT,
				      .x = x,
				      .y = y,
				      .size = size,
				      .text = shortened(d->arena, text, size, max),
				      .fill = COLOR_TEXT,
				      .stroke = COLOR_NONE });
}

/* ---- SVG ---- */

/* Hundredths, without the locale's comma and without zeros that say nothing. */
static void
number(struct buf *out, double v)
{
	long long n = llround(v * 100);

	buf_addf(out, "%s%lld", n < 0 ? "-" : "", llabs(n) / 100);
	if (n % 100 != 0)
		buf_addf(out, n % 10 ? ".%02lld" : ".%.1lld", n % 10 ? llabs(n) % 100 : llabs(n) % 100 / 10);
}

static void
attribute(struct buf *out, const char *name, double v)
{
	buf_addf(out, " %s=\"", name);
	number(out, v);
	buf_add_char(out, '"');
}

static void
paint(struct buf *out, const struct shape *s)
{
	if (s->fill == COLOR_NONE)
		buf_addf(out, " fill=\"none\"");
	else
		buf_addf(out, " fill=\"#%06x\"", (unsigned)s->fill);
	if (s->stroke != COLOR_NONE) {
		buf_addf(out, " stroke=\"#%06x\"", (unsigned)s->stroke);
		attribute(out, "stroke-width", s->line);
	}
}

static void
polygon(struct buf *out, const struct shape *s)
{
	const struct point *p = s->points;

	buf_addf(out, "<path fill-rule=\"evenodd\" d=\"");
	for (size_t i = 0; i < s->ring_count; i++) {
		for (size_t k = 0; k < s->rings[i]; k++, p++) {
			buf_add_char(out, k == 0 ? 'M' : 'L');
			number(out, p->x);
			buf_add_char(out, ' ');
			number(out, p->y);
		}
		buf_add_char(out, 'Z');
	}
	buf_add_char(out, '"');
}

static void
place(struct buf *out, const struct shape *s)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	switch (s->kind) {
	case SHAPE_RECT:
		buf_addf(out, "<rect");
		attribute(out, "x", s->x);
		attribute(out, "y", s->y);
		attribute(out, "width", s->w);
		attribute(out, "height", s->h);
		return;
	case SHAPE_LINE:
		buf_addf(out, "<line");
		attribute(out, "x1", s->x);
		attribute(out, "y1", s->y);
		attribute(out, "x2", s->x + s->w);
		attribute(out, "y2", s->y + s->h);
		return;
	case SHAPE_CIRCLE:
		buf_addf(out, "<circle");
		attribute(out, "cx", s->x);
		attribute(out, "cy", s->y);
		attribute(out, "r", s->w);
		return;
	case SHAPE_POLYGON:
		polygon(out, s);
		return;
	case SHAPE_TEXT:
		buf_addf(out, "<text");
		attribute(out, "x", s->x);
		attribute(out, "y", s->y);
		attribute(out, "font-size", s->size);
		buf_addf(out, " text-anchor=\"%s\"%s", anchors[s->anchor], s->bold ? " font-weight=\"700\"" : "");
		return;
	}
}

static const char *
element(const struct shape *s)
{
	static const char *const names[] = { "rect", "line", "path", "circle", "text" };
	return names[s->kind];
}

void
drawing_svg(const struct drawing *d, struct buf *out)
{
	buf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ");
	number(out, d->width);
	buf_add_char(out, ' ');
	number(out, d->height);
	buf_addf(out, "\"><title>");
	markup_text(out, d->title);
	buf_addf(out, "</title>\n");
	for (size_t i = 0; i < d->shapes.count; i++) {
		const struct shape *s = &d->shapes.items[i];
		place(out, s);
		paint(out, s);
		buf_add_char(out, '>');
		if (s->hint.len > 0) {
			buf_addf(out, "<title>");
			markup_text(out, s->hint);
			buf_addf(out, "</title>");
		}
		if (s->kind == SHAPE_TEXT)
			markup_text(out, s->text);
		buf_addf(out, "</%s>\n", element(s));
	}
	buf_addf(out, "</svg>\n");
}
