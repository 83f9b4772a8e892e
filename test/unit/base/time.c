#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"

static void
check_parse(const char *text, const char *expected)
{
	char into[TIME_RFC3339_MAX];
	int64_t ms;

	if (!time_parse(str_of(text), &ms))
		fail_msg("%s was refused", text);
	assert_string_equal(time_rfc3339(ms, into), expected);
}

static void
instants_are_read(void **state)
{
	int64_t ms;

	check_parse("2026-11-21T13:00:00Z", "2026-11-21T13:00:00Z");
	check_parse("2026-11-21t13:00:00z", "2026-11-21T13:00:00Z");
	check_parse("2026-11-21 13:00:00+09:00", "2026-11-21T04:00:00Z");
	check_parse("2026-11-21T01:00:00-05:30", "2026-11-21T06:30:00Z");
	check_parse("2026-11-21T13:00:00.5Z", "2026-11-21T13:00:00.500Z");
	check_parse("2026-11-21T13:00:00.123456789+00:00", "2026-11-21T13:00:00.123Z");
	check_parse("2026-11-21", "2026-11-21T00:00:00Z");
	check_parse("2024-02-29", "2024-02-29T00:00:00Z");
	check_parse("2000-02-29T23:59:59.999Z", "2000-02-29T23:59:59.999Z");
	check_parse("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
	check_parse("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
	check_parse("0001-01-01", "0001-01-01T00:00:00Z");
	assert_true(time_parse(STR("2001-09-09T01:46:40Z"), &ms));
	assert_int_equal(ms, 1000000000000);
}

static void
everything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"2100-02-29",
		"2026-04-31",
		"2026-11-21T13:00:00",
		"2026-11-21T13:00Z",
		"2026-11-21T24:00:00Z",
		"2026-11-21T13:60:00Z",
		"2026-11-21T13:00:61Z",
		"2026-11-21T13:30:60Z",
		"2026-11-21T13:00:00.Z",
		"2026-11-21T13:00:00+0900",
		"2026-11-21T13:00:00+24:00",
		"2026-11-21T13:00:00Z ",
		" 2026-11-21",
		"26-11-21",
		"2026-1-21",
		"2026-11-21X13:00:00Z",
		"+026-11-21",
		"2026-11-21T13:00:00+09:00x",
	};
	int64_t ms = 7;

	for (size_t i = 0; i < COUNT(bad); i++)
		if (time_parse(str_of(bad[i]), &ms))
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(ms, 7);
}

static void
days_and_dates_agree(void **state)
{
	static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t expected = time_days(-1, 1, 1);

	assert_int_equal(time_days(1970, 1, 1), 0);
	assert_int_equal(time_days(2000, 3, 1), 11017);
	/* Every day of more than two thousand years, both ways. */
	for (int year = -1; year < 2110; year++)
		for (unsigned month = 1; month <= 12; month++) {
			bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

			for (unsigned day = 1; day <= lengths[month - 1] + (unsigned)leap; day++, expected++) {
				int y;
				unsigned m, d;

				time_civil(expected, &y, &m, &d);
				if (time_days(year, month, day) != expected || y != year || m != month || d != day)
					fail_msg("%d-%u-%u", year, month, day);
			}
		}
}

static void
what_no_date_can_say_is_clamped(void **state)
{
	char into[TIME_RFC3339_MAX];

	assert_string_equal(time_rfc3339(INT64_MAX, into), "9999-12-31T23:59:59.999Z");
	assert_string_equal(time_rfc3339(INT64_MIN, into), "0000-01-01T00:00:00Z");
	assert_string_equal(time_rfc3339(0, into), "1970-01-01T00:00:00Z");
}

static void
local_time_is_the_machines(void **state)
{
	char into[TIME_RFC3339_MAX];

	setenv("TZ", "JST-9", 1);
	tzset();
	assert_string_equal(time_local(1000000000000, into), "2001-09-09 10:46");
	assert_string_equal(time_local(-1, into), "1970-01-01 08:59");
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_string_equal(time_local(1000000000000, into), "2001-09-09 01:46");
}

static void
durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "90s", 90000 },      { "15m", 900000 },    { "36h", 129600000 },
		     { "14d", 1209600000 }, { "2w", 1209600000 }, { "0s", 0 } };
	static const char *const bad[] = {
		"", "s", "5", "-5s", "1h30m", "5 m", "5M", "99999999999999999999s", "9223372036854775807s"
	};
	int64_t ms;

	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(time_parse_duration(str_of(good[i].text), &ms) && ms == good[i].ms);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(time_parse_duration(str_of(bad[i]), &ms));
}

static void
the_clock_runs(void **state)
{
	int64_t now = clock_now(&clock_system);

	assert_true(now > 1700000000000 && now <= clock_now(&clock_system));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_read),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(days_and_dates_agree),
		cmocka_unit_test(what_no_date_can_say_is_clamped),
		cmocka_unit_test(local_time_is_the_machines),
		cmocka_unit_test(durations),
		cmocka_unit_test(the_clock_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
