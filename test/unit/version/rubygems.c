#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "a", "0",       "1.a",     "1.a.1", "1.a.2", "1.a.10", "1.b", "1.pre",
					      "1", "1.0.0.1", "1.0.1.a", "1.0.1", "1.1",   "1.10",   "2" };

	order_rising(&version_rubygems, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0 = 1",           "1.0.a = 1.a",         "1.0.a.0.0 = 1.a",     "1.a.0.b < 1.a",
		"1.a.0.0.b < 1.a",   "1.a.0.b < 1.a.0.0.b", "1.a.0.1 > 1.a.0.0.1", "1.a.0.0.1 > 1.a",
		"1.0-1 = 1.0.pre.1", "1-a = 1.pre.a",       "1a2 = 1.a.2",         "1.A < 1.a",
		"1.00 = 1",
	};

	order_table(&version_rubygems, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "1.0.rc1", "1.0.0-x86-mingw", " 1.0 ", "1-a.b", "1.2b.3" };
	static const char *const bad[] = { "", "a", "1.", "1..2", "1b", "1-", "1-.a", "1.-a", "1.0+b", "1.0 a", "1_0" };

	order_validity(&version_rubygems, good, COUNT(good), true);
	order_validity(&version_rubygems, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_rubygems, "rubygems-versions-generated.txt", NULL, 4098);
	order_known_rows(&version_rubygems, "rubygems-versions.txt", NULL, 25);
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
