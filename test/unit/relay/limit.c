#include "relay/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
reads_sizes_and_hours(void **state)
{
	struct relay_limit l;
	uint64_t n;
	assert_true(size_parse(STR("10M"), &n) && n == 10000000);
	assert_true(size_parse(STR("1.5G"), &n) && n == 1500000000);
	assert_true(size_parse(STR("512"), &n) && n == 512);
	assert_false(size_parse(STR("M"), &n) || size_parse(STR("-1M"), &n) || size_parse(STR("1X"), &n) ||
		     size_parse(STR(""), &n));
	assert_true(limit_parse(STR("08:00-18:30=10M"), &l, NULL));
	assert_true(l.from == 480 && l.until == 1110 && l.bytes_per_second == 10000000);
	static const char *const bad[] = {
		"", "10M", "8-18=10M", "08:00-08:00=1M", "25:00-26:00=1M", "08:60-09:00=1M", "08:00-09:00="
	};
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(limit_parse(str_of(bad[i]), &l, NULL));
}

static void
the_smallest_in_force_counts(void **state)
{
	const struct relay_limit l[] = { { 480, 1080, 100 }, { 720, 780, 10 }, { 1320, 360, 50 } };
	assert_int_equal(limit_at(l, 3, 479), UINT64_MAX);
	assert_int_equal(limit_at(l, 3, 480), 100);
	assert_int_equal(limit_at(l, 3, 720), 10);
	assert_int_equal(limit_at(l, 3, 1080), UINT64_MAX);
	assert_int_equal(limit_at(l, 3, 1380), 50);
	assert_int_equal(limit_at(l, 3, 0), 50);
	assert_int_equal(limit_at(l, 3, 360), UINT64_MAX);
}

static void
the_bucket_keeps_the_rate(void **state)
{
	struct bucket b = { .rate = UINT64_MAX };
	int64_t now = 1000, taken = 0;
	assert_true(bucket_open(&b));
	bucket_fill(&b, 1000000, now);
	for (int i = 0; i < 1000; i++) {
		now += 10;
		bucket_fill(&b, 1000000, now);
		while (bucket_open(&b)) {
			b.tokens -= 16384;
			taken += 16384;
		}
	}
	/* Ten seconds at a megabyte a second, and no more than a piece besides. */
	assert_true(taken > 9900000 && taken <= 10000000 + 16384);
	/* A pause is not saved up. */
	now += 3600000;
	bucket_fill(&b, 1000000, now);
	assert_true(b.tokens <= 250001);
	bucket_fill(&b, 0, now + 1);
	bucket_fill(&b, 0, now + 100000);
	assert_false(b.tokens > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sizes_and_hours),
		cmocka_unit_test(the_smallest_in_force_counts),
		cmocka_unit_test(the_bucket_keeps_the_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
