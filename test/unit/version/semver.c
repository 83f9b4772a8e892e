#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "0.0.0-0",
					      "0.0.0",
					      "1.0.0-",
					      "1.0.0-0",
					      "1.0.0-2",
					      "1.0.0-11",
					      "1.0.0--",
					      "1.0.0-Alpha",
					      "1.0.0-alpha",
					      "1.0.0-alpha.1",
					      "1.0.0-alpha.beta",
					      "1.0.0-beta",
					      "1.0.0-beta.2",
					      "1.0.0-beta.11",
					      "1.0.0-rc.1",
					      "1.0.0",
					      "1.0.1-a",
					      "1.0.1",
					      "1.2.0",
					      "1.10.0",
					      "2.0.0",
					      "99999999999999999999.0.0" };

	order_rising(&version_semver, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0.0+a = 1.0.0+b",      "1.0.0-a+x = 1.0.0-a",    "v1.2.3 = 1.2.3",     "1 = 1.0.0", "1.2 = 1.2.0",
		"1.2.3.4 = 1.2.3.5",      "1.0.0beta = 1.0.0-beta", "1.0.0-01 = 1.0.0-1", "a < 1",     "v < 1",
		"1.0.0-a..b > 1.0.0-a.0",
	};

	order_table(&version_semver, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = { "0.0.0",
					    "1.2.3",
					    "v1.2.3",
					    "1.0.0-alpha.1",
					    "1.0.0-0A.is.legal",
					    "1.0.0+20130313144700",
					    "1.0.0-beta+exp.sha.5114f85",
					    "1.0.0--",
					    "1.0.0+001" };
	static const char *const bad[] = {
		"",       "v",        "1",          "1.2",       "1.2.3.4",       "01.2.3",
		"1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+",    "1.2.3+a+b",     "1.2.3-a_b",
		"1.2.3 ", " 1.2.3",   "a.b.c",      "1.2.3beta", "1.0.0-\xc3\xa9"
	};

	order_validity(&version_semver, good, COUNT(good), true);
	order_validity(&version_semver, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_semver, "semver-versions.txt", NULL, 86);
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
