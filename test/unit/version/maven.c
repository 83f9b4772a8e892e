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
		"1-alpha",         "1-alpha-2", "1-alpha-10", "1.beta",    "1-beta",  "1-beta2", "1-m3",   "1-rc",
		"1-rc-1-snapshot", "1-rc-1",    "1-SNAPSHOT", "1.0.alpha", "1.0.rc",  "1",       "1-ga.1", "1-sp",
		"1.foo",           "1-bar",     "1-foo",      "1-foo2",    "1-foo10", "1-1",     "1-2",    "1-10",
		"1.0.1",           "1.1",       "1.1.1",      "1.10",      "2"
	};

	order_rising(&version_maven, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1 = 1.0.0",
		"1-0 = 1",
		"1. = 1",
		"1.ga = 1",
		"1.0-final = 1",
		"1.RELEASE = 1",
		"1.0.0-foo.0.0 = 1-foo",
		"1.0.0-0.0.0 = 1",
		"1a1 = 1-alpha-1",
		"1-a-1 > 1-alpha-1",
		"1cr2 = 1-rc-2",
		"1-Sp > 1-ga",
		"1-sp.1 > 1-ga.1",
		"1-sp-1 < 1-ga-1",
		"1-1.foo-bar1baz-.1 = 1-1.foo-bar-1-baz-0.1",
		"1.z > 1",
		"1-alpha < 1",
		"1.z > 1-alpha",
		"1.0.alpha < 1",
		"1.0.alpha < 1-1",
		"1-1 > 1",
		"1..1 = 1.0.1",
		"1-0.1 > 1",
		"1-0.1 > 1-sp",
		"1.0.0.x < 1.0.0.1",
		"20240101000000000000000000000001.1 > 20240101000000000000000000000001",
	};

	order_table(&version_maven, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "1.0-SNAPSHOT", "r09", "2.0.0.Final", "1.0+build", "1_0" };
	static const char *const bad[] = { "", "1 0", "1.0/2", "[1.0,2.0)", "1.0\n", "1:0", "1*" };

	order_validity(&version_maven, good, COUNT(good), true);
	order_validity(&version_maven, bad, COUNT(bad), false);
}

/* Three rows close a circle: what is added to a release would be below its candidate, 2.9.0-1 < 2.9.0.RC1, where
 * 2.9.0.RC1 < 2.9.0 < 2.9.0-1 by the rest of the file (4.0.0.Beta3 < 4.0.0.Final, 1.0.0 < 1.0-1). No order has them. */
static void
known_answers(void **state)
{
	static const char *const impossible[] = { "1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3", "2.9.0-1 < 2.9.0.RC1",
						  "1.1.0-01-glassfish < 1.1.0.Beta1", NULL };

	order_known_rows(&version_maven, "maven-versions-generated.txt", impossible, 14749);
	order_known_rows(&version_maven, "maven-versions.txt", NULL, 102);
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
