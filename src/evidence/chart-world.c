/* The map of the world: countries in steps of shade, each step ten times the one before or less (evidence/chart-world.h). */
#include "evidence/chart-world.h"

#include "evidence/report.h"
#include "evidence/world.h"

enum { LAND = 0xe3e8ec, SHADES = 5, LEGEND_HEIGHT = 20 };

static const int32_t shades[SHADES] = { 0xcfe3f1, 0x8fc0e0, 0x4a97c9, 0x0b6bab, 0x06395f };

struct steps {
	uint64_t from[SHADES]; /* the least of each step; falling off: 0 */
	size_t count;
};

/* Steps of a factor of the form 1, 10, 100 … or, for small numbers, 1, 2, 5, 10 … so that all shades are of use. */
static struct steps
steps_of(uint64_t most)
{
	struct steps s = { { 0 }, 0 };
	uint64_t factor = most > 20000 ? 10 : most > 600 ? 5 : most > 80 ? 3 : 2;

	for (uint64_t at = 1; s.count < SHADES && at <= most; at *= factor)
		s.from[s.count++] = at;
	return s;
}

static size_t
step_of(const struct steps *s, uint64_t n)
{
	size_t k = 0;

	while (k + 1 < s->count && n >= s->from[k + 1])
		k++;
	return k;
}

/* A scale of few steps still ends in the darkest shades. */
static int32_t
shade(const struct steps *s, size_t step)
{
	size_t count = s->count > 0 && s->count <= SHADES ? s->count : SHADES;

	return shades[step < count ? SHADES - count + step : SHADES - 1];
}

static uint64_t
count_of(const struct chart *c, const char *code)
{
	for (size_t i = 0; i < c->rows.count; i++)
		if (*code && str_eq_nocase(c->rows.items[i].label, str_of(code)))
			return c->rows.items[i].values[0];
	return 0;
}

static void
draw_country(struct drawing *d, const struct world_country *w, double scale, int32_t fill, struct str hint)
{
	struct shape *s = ARRAY_PUSH(d->arena, &d->shapes);
	size_t *rings = ARENA_ARRAY(d->arena, size_t, w->rings), total = 0, k = 0;

	for (uint32_t i = 0; i < w->rings; i++)
		total += rings[i] = world_rings[w->first + i].points;
	struct point *points = ARENA_ARRAY(d->arena, struct point, total);
	for (uint32_t i = 0; i < w->rings; i++) {
		const int16_t(*from)[2] = &world_points[world_rings[w->first + i].first];
		for (size_t p = 0; p < rings[i]; p++, k++)
			points[k] = (struct point){ from[p][0] * scale, (from[p][1] - WORLD_TOP) * scale };
	}
	*s = (struct shape){ .kind = SHAPE_POLYGON,
			     .fill = fill,
			     .stroke = COLOR_WHITE,
			     .line = 0.35,
			     .points = points,
			     .rings = rings,
			     .ring_count = w->rings,
			     .hint = hint };
}

static void
draw_legend(struct drawing *d, const struct steps *s, uint64_t most, double y)
{
	double x = 0;

	for (size_t k = 0; k < s->count; k++) {
		uint64_t to = k + 1 < s->count ? s->from[k + 1] - 1 : most;
		struct str text =
			to > s->from[k] ? arena_printf(d->arena, "%.*s–%.*s", STR_ARG(count_text(d->arena, s->from[k])),
						       STR_ARG(count_text(d->arena, to)))
					: count_text(d->arena, s->from[k]);
		drawing_rect(d, x, y - 7, 8, 8, shade(s, k));
		drawing_text(d, x + 12, y, 7, 0, text)->fill = COLOR_SOFT;
		x += 12 + drawing_text_width(text, 7) + 14;
	}
	drawing_rect(d, x, y - 7, 8, 8, LAND);
	drawing_text(d, x + 12, y, 7, 0, STR("0"))->fill = COLOR_SOFT;
}

struct drawing *
draw_world(struct arena *a, const struct chart *c, double width)
{
	double scale = width / (WORLD_RIGHT - WORLD_LEFT), height = (WORLD_BOTTOM - WORLD_TOP) * scale;
	uint64_t most = 0;

	if (world_country_count == 0)
		return NULL;
	for (size_t i = 0; i < c->rows.count; i++)
		if (world_find(c->rows.items[i].label) && c->rows.items[i].values[0] > most)
			most = c->rows.items[i].values[0];
	struct drawing *d = drawing_new(a, width, height + LEGEND_HEIGHT, c->title);
	struct steps steps = steps_of(most);
	/* Dots come last, so that no neighbour hides them. */
	for (int dots = 0; dots < 2; dots++) {
		for (size_t i = 0; i < world_country_count; i++) {
			const struct world_country *w = &world_countries[i];
			uint64_t n = count_of(c, w->code);
			int32_t fill = n > 0 ? shade(&steps, step_of(&steps, n)) : LAND;
			struct str hint = n > 0 ? arena_printf(a, "%s: %.*s", c->lang == LANG_JA ? w->ja : w->en,
							       STR_ARG(count_text(a, n)))
						: STR_NONE;
			if (w->rings > 0 && !dots)
				draw_country(d, w, scale, fill, hint);
			else if (w->rings == 0 && dots && n > 0 && w->x != INT16_MIN)
				drawing_circle(d, w->x * scale, (w->y - WORLD_TOP) * scale, 2.6, fill)->hint = hint;
		}
	}
	draw_legend(d, &steps, most, height + 14);
	return d;
}
