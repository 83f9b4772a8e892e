#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "dev-master", "1.0-dev",    "1.0-a1", "1.0-beta1", "1.0-b2",
					      "1.0RC1",     "1.0",        "1.0.0",  "1.0.1",     "1.0.x-dev",
					      "1.0-p1",     "1.0-patch2", "1.1" };

	order_rising(&version_packagist, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"v1.0 = 1.0",        "1.0-beta.2 = 1.0b2", "1_0+build = 1.0", "1.0RC1 = 1.0rc1", "1.0-alpha = 1.0a",
		"1.0-foo = 1.0-qux", "1.0-foo < 1.0-dev",  "1.01 = 1.1",      "1.0# = 1.0",      "10 > 9",
		"1.5 < 1.x-dev",     "1.x-dev < 2",
	};

	order_table(&version_packagist, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = {
		"1",          "v1.2.3.4",      "1.0-beta2",     "1.0.0RC1",   "1.0-dev",
		"1.x-dev",    "2.1.x-dev",     "dev-feature/x", "20100102",   "2010-01-02.5",
		"1.0-p1-dev", "1.0.0+build.5", "1.0-alpha.2.1", "V1.0-STABLE"
	};
	static const char *const bad[] = { "",         "v",    "a",    "1.2.3.4.5", "1.0-foo", "1.0#", "1.2.3.#",
					   "1.0 beta", "dev-", "1.0+", "1.",        "1.0-",    ".1" };

	order_validity(&version_packagist, good, COUNT(good), true);
	order_validity(&version_packagist, bad, COUNT(bad), false);
}

/* 1.2.3.# = 1.2.3 and 1.2.3 < 1.2.3.1 are there too: no order has all three. */
static void
known_answers(void **state)
{
	static const char *const impossible[] = { "1.2.3.# = 1.2.3.1", NULL };

	order_known_rows(&version_packagist, "packagist-versions-generated.txt", NULL, 10630);
	order_known_rows(&version_packagist, "packagist-versions.txt", impossible, 94);
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
