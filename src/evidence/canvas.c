/* Text and drawings on a Cairo surface (evidence/canvas.h). */
#include "evidence/canvas.h"

/* Noto's CJK fonts have Latin letters that fit; the others are for where these are not installed. */
#define FAMILIES "Noto Sans CJK JP,Noto Sans JP,IPAexGothic,Noto Sans,DejaVu Sans,sans-serif"
#define CODE_FAMILIES "Noto Sans Mono CJK JP,Noto Sans Mono,DejaVu Sans Mono,monospace"

void
canvas_begin(struct canvas *c, cairo_surface_t *surface, bool japanese)
{
	cairo_font_options_t *options = cairo_font_options_create();

	c->cr = cairo_create(surface);
	c->japanese = japanese;
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	c->layout = pango_cairo_create_layout(c->cr);
	pango_cairo_context_set_resolution(pango_layout_get_context(c->layout), 72);
	pango_cairo_context_set_font_options(pango_layout_get_context(c->layout), options);
	pango_context_set_language(pango_layout_get_context(c->layout),
				   pango_language_from_string(japanese ? "ja" : "en"));
	pango_context_set_round_glyph_positions(pango_layout_get_context(c->layout), FALSE);
	cairo_font_options_destroy(options);
}

void
canvas_end(struct canvas *c)
{
	g_object_unref(c->layout);
	cairo_destroy(c->cr);
}

static void
set_color(cairo_t *cr, int32_t color)
{
	cairo_set_source_rgb(cr, (color >> 16 & 255) / 255.0, (color >> 8 & 255) / 255.0, (color & 255) / 255.0);
}

double
canvas_measure(struct canvas *c, const struct text_style *s, struct str text)
{
	static const PangoAlignment alignments[] = { PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT };
	PangoFontDescription *font = pango_font_description_from_string(s->code ? CODE_FAMILIES : FAMILIES);
	int height;

	pango_font_description_set_absolute_size(font, s->size * PANGO_SCALE);
	pango_font_description_set_weight(font, s->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(c->layout, font);
	pango_font_description_free(font);
	pango_layout_set_width(c->layout, s->width > 0 ? (int)(s->width * PANGO_SCALE) : -1);
	pango_layout_set_wrap(c->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_alignment(c->layout, alignments[s->width > 0 ? s->anchor : ANCHOR_START]);
	/* A stranger's right-to-left text must not turn our line around. */
	pango_layout_set_auto_dir(c->layout, FALSE);
	pango_layout_set_line_spacing(c->layout, s->spacing > 0 ? (float)s->spacing : 1.0f);
	pango_layout_set_text(c->layout, text.ptr ? text.ptr : "", (int)text.len);
	pango_layout_get_size(c->layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

double
canvas_text(struct canvas *c, const struct text_style *s, double x, double y, struct str text)
{
	double height = canvas_measure(c, s, text);
	int width;

	if (s->width <= 0 && s->anchor != ANCHOR_START) {
		pango_layout_get_size(c->layout, &width, NULL);
		x -= (double)width / PANGO_SCALE / (s->anchor == ANCHOR_MIDDLE ? 2 : 1);
	}
	set_color(c->cr, s->color);
	cairo_move_to(c->cr, x, y);
	pango_cairo_show_layout(c->cr, c->layout);
	return height;
}

void
canvas_rect(struct canvas *c, double x, double y, double w, double h, int32_t color)
{
	set_color(c->cr, color);
	cairo_rectangle(c->cr, x, y, w, h);
	cairo_fill(c->cr);
}

/* ---- drawings ---- */

static void
trace_polygon(cairo_t *cr, const struct shape *s)
{
	const struct point *p = s->points;

	for (size_t i = 0; i < s->ring_count; i++) {
		cairo_new_sub_path(cr);
		for (size_t k = 0; k < s->rings[i]; k++, p++)
			cairo_line_to(cr, p->x, p->y);
		cairo_close_path(cr);
	}
}

static void
trace(cairo_t *cr, const struct shape *s)
{
	cairo_new_path(cr);
	if (s->kind == SHAPE_RECT) {
		cairo_rectangle(cr, s->x, s->y, s->w, s->h);
	} else if (s->kind == SHAPE_CIRCLE) {
		cairo_arc(cr, s->x, s->y, s->w, 0, 6.283185307179586);
	} else if (s->kind == SHAPE_POLYGON) {
		trace_polygon(cr, s);
	} else {
		cairo_move_to(cr, s->x, s->y);
		cairo_line_to(cr, s->x + s->w, s->y + s->h);
	}
}

/* The drawing gives the baseline, Pango's layouts have their upper edge. */
static void
draw_text(struct canvas *c, const struct shape *s)
{
	struct text_style style = { .size = s->size, .color = s->fill, .bold = s->bold, .anchor = s->anchor };

	(void)canvas_measure(c, &style, s->text);
	double base = (double)pango_layout_get_baseline(c->layout) / PANGO_SCALE;
	(void)canvas_text(c, &style, s->x, s->y - base, s->text);
}

void
canvas_drawing(struct canvas *c, const struct drawing *d, double x, double y)
{
	cairo_save(c->cr);
	cairo_translate(c->cr, x, y);
	cairo_set_fill_rule(c->cr, CAIRO_FILL_RULE_EVEN_ODD);
	cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
	for (size_t i = 0; i < d->shapes.count; i++) {
		const struct shape *s = &d->shapes.items[i];
		if (s->kind == SHAPE_TEXT) {
			draw_text(c, s);
			continue;
		}
		trace(c->cr, s);
		if (s->fill != COLOR_NONE) {
			set_color(c->cr, s->fill);
			cairo_fill_preserve(c->cr);
		}
		if (s->stroke != COLOR_NONE) {
			set_color(c->cr, s->stroke);
			cairo_set_line_width(c->cr, s->line);
			cairo_stroke_preserve(c->cr);
		}
	}
	cairo_new_path(c->cr);
	cairo_restore(c->cr);
}

static cairo_status_t
append(void *user, const unsigned char *bytes, unsigned len)
{
	buf_add(user, str_sub((const char *)bytes, len));
	return CAIRO_STATUS_SUCCESS;
}

bool
drawing_png(const struct drawing *d, bool japanese, double scale, struct buf *out, struct err *e)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(d->width * scale) + 1,
							      (int)(d->height * scale) + 1);
	struct canvas c;

	cairo_surface_set_device_scale(surface, scale, scale);
	canvas_begin(&c, surface, japanese);
	canvas_rect(&c, 0, 0, d->width + 1, d->height + 1, COLOR_WHITE);
	canvas_drawing(&c, d, 0, 0);
	canvas_end(&c);
	cairo_status_t status = cairo_surface_write_to_png_stream(surface, append, out);
	cairo_surface_destroy(surface);
	return status == CAIRO_STATUS_SUCCESS ||
	       err_set(e, ERR_SYSTEM, "drawing a picture failed: %s", cairo_status_to_string(status));
}
