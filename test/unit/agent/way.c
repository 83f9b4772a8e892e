#include "agent/way.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define NOW INT64_C(1800000000000)
#define MINUTE INT64_C(60000)
#define A "https://10.1.0.5:8480"
#define B "https://10.1.0.6:8480"

struct world {
	char dir[64];
	struct agent agent;
	struct arena arena;
	struct identity id;
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	*state = w;
	snprintf(w->dir, sizeof(w->dir), "/tmp/mamori-test-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->agent = (struct agent){ .state = w->dir, .root = "/", .clock = &clock_system };
	w->id = (struct identity){ .host = "h1", .relays = { A, B } };
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	(void)!dir_remove_all(w->dir, &e);
	arena_free(&w->arena);
	free(w);
	return 0;
}

static void
order_is(const struct ways *w, const char *const *wanted, size_t count)
{
	assert_int_equal(w->count, count);
	for (size_t i = 0; i < count; i++) {
		if (wanted[i])
			assert_string_equal(w->way[i].url, wanted[i]);
		else
			assert_null(w->way[i].url);
	}
}

static void
direct_comes_first_unless_the_site_says_otherwise(void **state)
{
	struct world *w = *state;
	struct ways ways;
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	order_is(&ways, (const char *const[]){ NULL, A, B }, 3);
	w->id.relay_only = true;
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	order_is(&ways, (const char *const[]){ A, B }, 2);
	/* Given at enrolment: kept, and never twice. */
	w->id.relays_given[0] = A;
	w->id.relays[0] = B;
	w->id.relays[1] = NULL;
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	order_is(&ways, (const char *const[]){ B, A }, 2);
	memset(w->id.relays, 0, sizeof(w->id.relays));
	memset(w->id.relays_given, 0, sizeof(w->id.relays_given));
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	order_is(&ways, (const char *const[]){ NULL }, 1);
}

static void
what_does_not_answer_is_tried_last_for_longer_and_longer(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct ways ways;
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	way_note(&ways.way[0], false, NOW);
	assert_int_equal(ways.way[0].again, NOW + 5 * MINUTE);
	assert_true(ways_save(&w->agent, &ways, &e));
	ways_load(&w->agent, &w->arena, &w->id, NOW + MINUTE, &ways);
	order_is(&ways, (const char *const[]){ A, B, NULL }, 3);
	way_note(&ways.way[2], false, NOW + MINUTE);
	assert_int_equal(ways.way[2].again, NOW + 11 * MINUTE);
	for (int i = 0; i < 20; i++)
		way_note(&ways.way[2], false, NOW);
	assert_int_equal(ways.way[2].again, NOW + 360 * MINUTE);
	assert_true(ways_save(&w->agent, &ways, &e));
	ways_load(&w->agent, &w->arena, &w->id, NOW + 361 * MINUTE, &ways);
	order_is(&ways, (const char *const[]){ NULL, A, B }, 3);
	/* A clock that was put back must not keep it away for days. */
	ways_load(&w->agent, &w->arena, &w->id, NOW - 3000 * MINUTE, &ways);
	order_is(&ways, (const char *const[]){ NULL, A, B }, 3);
	way_note(&ways.way[0], true, NOW);
	assert_int_equal(ways.way[0].failures, 0);
}

static void
packages_come_by_the_way_that_worked_last(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct ways ways;
	size_t order[NET_WAYS_MAX];
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	assert_int_equal(ways_for_packages(&ways, NOW, order), 3);
	assert_string_equal(ways.way[order[0]].url, A); /* relays before the way out */
	assert_null(ways.way[order[2]].url);
	ways.packages = ways.way[order[1]].url;
	assert_true(ways_save(&w->agent, &ways, &e));
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	assert_string_equal(ways.packages, B);
	assert_int_equal(ways_for_packages(&ways, NOW, order), 3);
	assert_string_equal(ways.way[order[0]].url, B);
	/* It does not answer: the other relay first, then itself, the way out last. */
	way_note(&ways.way[2], false, NOW);
	assert_int_equal(ways_for_packages(&ways, NOW, order), 3);
	assert_string_equal(ways.way[order[0]].url, A);
	assert_string_equal(ways.way[order[1]].url, B);
	assert_null(ways.way[order[2]].url);
	assert_int_equal(ways_for_packages(&ways, NOW + 6 * MINUTE, order), 3);
	assert_string_equal(ways.way[order[0]].url, B);
	ways_packages_by(&ways, STR("https://unknown.example:1"));
	assert_null(ways_packages_name(&ways));
	ways_packages_by(&ways, STR(A));
	assert_string_equal(ways_packages_name(&ways), A);
	ways_packages_by(&ways, STR("direct"));
	assert_true(ways.packages_direct && !ways.packages);
	assert_true(ways_save(&w->agent, &ways, &e));
	ways_load(&w->agent, &w->arena, &w->id, NOW, &ways);
	assert_int_equal(ways_for_packages(&ways, NOW, order), 3);
	assert_null(ways.way[order[0]].url);
}

static void
a_relays_address_is_no_more_than_that(void **state)
{
	static const char *const good[] = { A, "http://relay:8480", "https://[fd00::5]:8480", "https://relay.example" };
	static const char *const bad[] = { "",
					   "relay:8480",
					   "ftp://relay",
					   "https://",
					   "https://a/b",
					   "https://u@relay",
					   "https://a\nb",
					   "https://a b",
					   "https://a\"",
					   "https://a?x",
					   "https://a;rm -rf" };
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(relay_url_valid(str_of(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(relay_url_valid(str_of(bad[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(direct_comes_first_unless_the_site_says_otherwise, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_answer_is_tried_last_for_longer_and_longer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(packages_come_by_the_way_that_worked_last, setup, teardown),
		cmocka_unit_test(a_relays_address_is_no_more_than_that),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
