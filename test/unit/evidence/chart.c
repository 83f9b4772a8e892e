/* Charts: what is drawn stays within the drawing, lengths follow the numbers. */
#include "evidence/chart.h"

#include "evidence/world.h"
#include "sample.h"

static struct chart *
make(struct arena *a, enum chart_kind kind)
{
	static const char *const names[] = { "JP", "US", "SG", "ZZ" };
	struct chart *c = chart_new(a, kind, LANG_EN, STR("Chart"));

	chart_series(c, STR("One"), COLOR_BLUE);
	chart_series(c, STR("Two"), COLOR_RED);
	for (unsigned i = 0; i < COUNT(names); i++) {
		struct chart_row *row = chart_row(a, c, str_of(names[i]));
		row->values[0] = 100u >> i;
		row->values[1] = i;
		row->of[0] = 100;
		row->of[1] = 4;
	}
	return c;
}

static void
assert_inside(const struct drawing *d)
{
	assert_true(d->width > 0 && d->height > 0 && d->shapes.count > 0);
	for (size_t i = 0; i < d->shapes.count; i++) {
		const struct shape *s = &d->shapes.items[i];
		if (s->kind == SHAPE_RECT) {
			assert_true(s->x >= -0.01 && s->y >= -0.01 && s->w >= 0 && s->h >= 0);
			assert_true(s->x + s->w <= d->width + 0.01 && s->y + s->h <= d->height + 0.01);
		}
		const struct point *p = s->points;
		for (size_t k = 0; s->kind == SHAPE_POLYGON && k < s->ring_count; k++)
			for (size_t j = 0; j < s->rings[k]; j++, p++)
				assert_true(p->x >= -0.01 && p->y >= -0.01 && p->x <= d->width + 0.01 &&
					    p->y <= d->height + 0.01);
	}
}

static void
test_inside(void **state)
{
	for (enum chart_kind kind = CHART_BARS; kind <= CHART_WORLD; kind++) {
		ARENA_AUTO a = { 0 };
		struct drawing *d = chart_draw(&a, make(&a, kind), 480);
		if (kind == CHART_WORLD && world_country_count == 0)
			assert_null(d);
		else
			assert_inside(d);
	}
}

static void
test_lengths(void **state)
{
	ARENA_AUTO a = { 0 };
	struct drawing *d = chart_draw(&a, make(&a, CHART_BARS), 480);
	double first = 0, second = 0;

	for (size_t i = 0; i < d->shapes.count; i++) {
		const struct shape *s = &d->shapes.items[i];
		if (s->kind == SHAPE_RECT && first <= 0)
			first = s->w;
		else if (s->kind == SHAPE_RECT && second <= 0)
			second = s->w;
	}
	assert_true(first > 100 && second > first * 0.49 && second < first * 0.51);
}

static void
test_nothing(void **state)
{
	for (enum chart_kind kind = CHART_BARS; kind <= CHART_WORLD; kind++) {
		ARENA_AUTO a = { 0 };
		struct chart *c = chart_new(&a, kind, LANG_JA, STR("Empty"));
		assert_null(chart_draw(&a, c, 480));
		/* A row of zeros divides by nothing. */
		chart_series(c, STR("One"), COLOR_BLUE);
		(void)chart_row(&a, c, STR("JP"));
		struct drawing *d = chart_draw(&a, c, 480);
		BUF_AUTO out = { 0 };
		if (d)
			drawing_svg(d, &out);
		assert_false(str_contains(buf_str(&out), STR("nan")) || str_contains(buf_str(&out), STR("inf\"")));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_inside), cmocka_unit_test(test_lengths),
					    cmocka_unit_test(test_nothing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
