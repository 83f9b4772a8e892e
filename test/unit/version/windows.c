#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = {
		"6.1.7601.17514",  "6.3.9600.16384",  "10.0.9200",    "10.0.19041",  "10.0.19041.1",
		"10.0.19045.4651", "10.0.20348.2582", "10.0.22631.1", "10.0.100000", "11"
	};

	order_rising(&version_windows, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"10.0 = 10.0.0.0",
		"10 = 10.0",
		"10.0.019041.1 = 10.0.19041.1",
		"6,1,7601,17514 = 6.1.7601.17514",
		"v1.2 = 1.2",
		"1.0.0.0.1 > 1.0.0.0",
		"1.0a > 1.0",
		"1.0a < 1.0.1",
		"1.0.0b = 1.0B",
		"99999999999999999999 > 4294967295",
		"0 = 0.0",
		"x > 0",
	};

	order_table(&version_windows, rows, COUNT(rows));
}

static void
blanks(void **state)
{
	static const struct str same[] = { { "10.0.19041.1", 12 },
					   { " 10.0.19041.1\t", 14 },
					   { "10, 0, 19041, 1", 15 },
					   { "10.0.19041.1 (WinBuild.160101.0800)", 35 } };

	for (size_t i = 0; i < COUNT(same); i++)
		assert_true(order_holds(&version_windows, same[0], '=', same[i]));
}

static void
validity(void **state)
{
	static const char *const good[] = { "10", "10.0", "10.0.19045", "10.0.19045.4651", "0.0.0.0", "4294967295" };
	static const char *const bad[] = {
		"", "a", "1.", ".1", "1..2", "1.2.3.4.5", "4294967296", "1.0a", "1.0 ", "1,0"
	};

	order_validity(&version_windows, good, COUNT(good), true);
	order_validity(&version_windows, bad, COUNT(bad), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_the_parts),
		cmocka_unit_test(pairs),
		cmocka_unit_test(blanks),
		cmocka_unit_test(validity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
