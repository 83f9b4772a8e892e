/* How long a server may say nothing, and how slowly it may speak. */
#include "exposure/clickhouse-pace.h"

#include "world.h"

static void
test_computing_in_silence_is_allowed(void **state)
{
	struct pace p;

	pace_begin(&p, 1000);
	assert_false(pace_stalls(&p, 1000 + PACE_SILENCE_MS));
	assert_true(pace_stalls(&p, 1001 + PACE_SILENCE_MS));
}

static void
test_dripping_is_not(void **state)
{
	struct pace p;
	int64_t now = 0;

	pace_begin(&p, now);
	now += PACE_SILENCE_MS / 2; /* before its first byte */
	for (int i = 0; i < 59; i++, now += 500) {
		pace_bytes(&p, now, 1);
		pace_wait(&p, now);
		assert_false(pace_stalls(&p, now));
	}
	pace_bytes(&p, now + 1000, 1);
	assert_true(pace_stalls(&p, now + 1000));
}

static void
test_what_we_do_with_the_bytes_is_not_counted(void **state)
{
	struct pace p;

	pace_begin(&p, 0);
	pace_bytes(&p, 10, 1);
	pace_wait(&p, 10 + 5 * PACE_WINDOW_MS);
	assert_false(pace_stalls(&p, 20 + 5 * PACE_WINDOW_MS));
	assert_true(pace_stalls(&p, 20 + 6 * PACE_WINDOW_MS));
}

static void
test_each_window_is_judged_by_itself(void **state)
{
	struct pace p;

	pace_begin(&p, 0);
	pace_bytes(&p, 1, 1000000);
	pace_wait(&p, 1);
	assert_false(pace_stalls(&p, 1 + PACE_WINDOW_MS));
	assert_false(pace_stalls(&p, 2 + PACE_WINDOW_MS));
	assert_true(pace_stalls(&p, 2 + 2 * PACE_WINDOW_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_computing_in_silence_is_allowed),
		cmocka_unit_test(test_dripping_is_not),
		cmocka_unit_test(test_what_we_do_with_the_bytes_is_not_counted),
		cmocka_unit_test(test_each_window_is_judged_by_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
