#include "patch/plan_rows.h"

#include "scene.h"

#define EMPTY_PLAN "{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[]}"

static void
a_plan_becomes_rows_with_their_states(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct host h;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_MISSING);
	assert_int_equal(scene_state(w, "a", HELD), PATCH_KEPT_BACK);
	ok(host_get(w->st, &w->arena, STR("a"), &h, &e));
	assert_int_equal(h.pending, 3);
	assert_int_equal(h.security, 2);
	assert_int_equal(h.updates_at, NOW);
}

static void
pain_9_what_other_hands_installed_goes(void **state)
{
	struct world *w = *state;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	scene_plan(w, "a", EMPTY_PLAN);
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_STATES);
	assert_int_equal(scene_state(w, "a", HELD), PATCH_STATES);
}

static void
what_is_ordered_or_done_outlives_the_plan(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	scene_order(w, &k, "{\"kind\":\"apply\",\"hosts\":[\"a\"],\"patches\":[\"" OPENSSL "\"]}");
	ok(host_patch_set_state(w->st, STR("a"), STR(BASH), PATCH_INSTALLED, STR_NONE, NOW, &e));
	scene_plan(w, "a", EMPTY_PLAN);
	assert_int_equal(scene_state(w, "a", OPENSSL), PATCH_QUEUED);
	assert_int_equal(scene_state(w, "a", BASH), PATCH_INSTALLED);
}

static void
pain_9_an_installed_update_that_is_listed_again_is_missing_again(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "a", "alpha", HOST_ACTIVE);
	scene_plan(w, "a", plan_text());
	ok(host_patch_set_state(w->st, STR("a"), STR(BASH), PATCH_INSTALLED, STR_NONE, NOW, &e));
	scene_plan(w, "a", plan_text()); /* the disk was put back */
	assert_int_equal(scene_state(w, "a", BASH), PATCH_MISSING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_becomes_rows_with_their_states),
		TEST(pain_9_what_other_hands_installed_goes),
		TEST(what_is_ordered_or_done_outlives_the_plan),
		TEST(pain_9_an_installed_update_that_is_listed_again_is_missing_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
