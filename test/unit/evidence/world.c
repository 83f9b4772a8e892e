/* Names and borders of countries. */
#include "evidence/world.h"

#include "sample.h"

static void
test_names(void **state)
{
	ARENA_AUTO a = { 0 };

	assert_null(world_find(STR("")));
	assert_null(world_find(STR("??")));
	/* What is not known stays a code, cleaned. */
	assert_true(str_eq(world_name(&a, STR("Q\x1b"), LANG_EN), STR("Q ")));
	if (!world_there())
		skip();
	assert_true(str_eq(world_name(&a, STR("JP"), LANG_JA), STR("日本")));
	assert_true(str_eq(world_name(&a, STR("jp"), LANG_EN), STR("Japan")));
	assert_true(str_eq(world_name(&a, STR("GB"), LANG_EN), STR("United Kingdom")));
}

/* Every ring lies on the plane, and no ring goes from one edge to the other. */
static void
test_borders(void **state)
{
	if (!world_there())
		skip();
	size_t drawn = 0;
	for (size_t i = 0; i < world_country_count; i++) {
		const struct world_country *c = &world_countries[i];
		drawn += c->rings > 0;
		for (uint32_t r = c->first; r < c->first + c->rings; r++) {
			for (uint32_t k = 1; k < world_rings[r].points; k++) {
				const int16_t *p = world_points[world_rings[r].first + k], *q = p - 2;
				assert_in_range(p[0], WORLD_LEFT, WORLD_RIGHT);
				assert_true(p[1] >= WORLD_TOP && p[1] <= WORLD_BOTTOM);
				assert_true(abs(p[0] - q[0]) < (WORLD_RIGHT - WORLD_LEFT) / 2);
			}
		}
	}
	assert_in_range(drawn, 170, 200);
	const struct world_country *sg = world_find(STR("SG"));
	assert_non_null(sg);
	assert_int_equal(sg->rings, 0);
	assert_in_range(sg->x, 15000, 16500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_names), cmocka_unit_test(test_borders) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
