#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "1.0.0-Alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc", "1.0.0",
					      "1.0.0.1-a",   "1.0.0.1",       "1.0.1",      "2.0" };

	order_rising(&version_nuget, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0 = 1.0.0.0", "1.0.01 = 1.0.1",     "1.0.0-BETA = 1.0.0-beta",
		"1.0.0+a = 1.0", "1.0.0-2 < 1.0.0-10", "1.0.0-10 < 1.0.0-a",
	};

	order_table(&version_nuget, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "1.0", "1.0.0.0", "1.01.1", "1.0.0-Beta.2+x" };
	static const char *const bad[] = { "", "a", "1.2.3.4.5", "1.0-", "1.0-a..b", "1..0", "1.0 " };

	order_validity(&version_nuget, good, COUNT(good), true);
	order_validity(&version_nuget, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_nuget, "nuget-versions.txt", NULL, 35);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_the_parts),
		cmocka_unit_test(pairs),
		cmocka_unit_test(validity),
		cmocka_unit_test(known_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
