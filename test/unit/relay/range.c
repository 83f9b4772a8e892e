#include "relay/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
known_answers(void **state)
{
	static const struct {
		const char *range, *if_range, *none_match, *since;
		int status;
		unsigned first, end;
	} rows[] = {
		{ NULL, NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=0-0", NULL, NULL, NULL, 206, 0, 1 },
		{ "bytes=10-19", NULL, NULL, NULL, 206, 10, 20 },
		{ "bytes=10-", NULL, NULL, NULL, 206, 10, 1000 },
		{ "bytes=10-99999", NULL, NULL, NULL, 206, 10, 1000 },
		{ "bytes=-10", NULL, NULL, NULL, 206, 990, 1000 },
		{ "bytes=-99999", NULL, NULL, NULL, 206, 0, 1000 },
		{ "Bytes=0-1", NULL, NULL, NULL, 206, 0, 2 },
		{ "bytes=-0", NULL, NULL, NULL, 416, 0, 0 },
		{ "bytes=1000-", NULL, NULL, NULL, 416, 0, 0 },
		{ "bytes=18446744073709551615-", NULL, NULL, NULL, 416, 0, 0 },
		{ "bytes=0-18446744073709551615", NULL, NULL, NULL, 206, 0, 1000 },
		{ "bytes=99999999999999999999-", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=5-4", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=0-1,3-4", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=+1-2", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=a-b", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=", NULL, NULL, NULL, 200, 0, 1000 },
		{ "chars=0-1", NULL, NULL, NULL, 200, 0, 1000 },
		{ "bytes=0-1", "\"e\"", NULL, NULL, 206, 0, 2 },
		{ "bytes=0-1", "\"f\"", NULL, NULL, 200, 0, 1000 },
		{ "bytes=0-1", "W/\"e\"", NULL, NULL, 200, 0, 1000 },
		{ "bytes=0-1", "Sun, 06 Nov 1994 08:49:37 GMT", NULL, NULL, 206, 0, 2 },
		{ "bytes=0-1", "Sun, 06 Nov 1994 08:49:38 GMT", NULL, NULL, 200, 0, 1000 },
		{ NULL, NULL, "\"e\"", NULL, 304, 0, 0 },
		{ NULL, NULL, "\"x\", W/\"e\"", NULL, 304, 0, 0 },
		{ NULL, NULL, "*", NULL, 304, 0, 0 },
		{ NULL, NULL, "\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT", 200, 0, 1000 },
		{ NULL, NULL, NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 304, 0, 0 },
		{ NULL, NULL, NULL, "Mon, 07 Nov 1994 08:49:37 GMT", 304, 0, 0 },
		{ NULL, NULL, NULL, "Sat, 05 Nov 1994 08:49:37 GMT", 200, 0, 1000 },
		{ NULL, NULL, NULL, "yesterday", 200, 0, 1000 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct range_ask ask = { str_of(rows[i].range), str_of(rows[i].if_range),
					       str_of(rows[i].none_match), str_of(rows[i].since) };
		struct range r;
		range_find(&ask, 1000, STR("\"e\""), STR("Sun, 06 Nov 1994 08:49:37 GMT"), &r);
		if (r.status != rows[i].status || r.first != rows[i].first || r.end != rows[i].end)
			fail_msg("row %zu: %d %llu %llu", i, r.status, (unsigned long long)r.first,
				 (unsigned long long)r.end);
	}
}

static void
empty_files_have_no_parts(void **state)
{
	const struct range_ask ask = { .range = STR("bytes=0-") };
	struct range r;
	range_find(&ask, 0, STR(""), STR(""), &r);
	assert_int_equal(r.status, 416);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(empty_files_have_no_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
