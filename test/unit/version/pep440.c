#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_segments(void **state)
{
	static const char *const rising[] = { "oops",
					      "0.1-bulbasaur",
					      "0",
					      "1.dev0",
					      "1.0.dev456",
					      "1.0a1.dev1",
					      "1.0a1",
					      "1.0a2.dev456",
					      "1.0a12.dev456",
					      "1.0a12",
					      "1.0b1.dev456",
					      "1.0b2",
					      "1.0b2.post345.dev456",
					      "1.0b2.post345",
					      "1.0rc1.dev456",
					      "1.0rc1",
					      "1.0",
					      "1.0+abc.5",
					      "1.0+abc.7",
					      "1.0+5",
					      "1.0.post456.dev34",
					      "1.0.post456",
					      "1.0.15",
					      "1.1.dev1",
					      "1.1",
					      "1.10",
					      "2!0" };

	order_rising(&version_pep440, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0 = 1",
		"1.0.0 = 1",
		"v1.0 = 1.0",
		"1.0-alpha.1 = 1a1",
		"1.0.RC1 = 1rc1",
		"1.0c1 = 1.0rc1",
		"1.0pre1 = 1.0-preview_1",
		"1.0-1 = 1.0.post1",
		"1.0.rev2 = 1.0.post2",
		"1.0r = 1.0.post0",
		"1.0a = 1.0a0",
		"1.0.dev = 1.0.dev0",
		"0!1 = 1",
		"1+Ubuntu-1 = 1+ubuntu.1",
		"1+ubuntu_01 = 1+ubuntu.1",
		"1+1a < 1+1",
		"1.0+a < 1.0+a.0",
		"0 = 0.0",
		"0.0.1 > 0",
		"10.0 > 1.0",
		"1.0.post1.dev1 > 1.0",
	};

	order_table(&version_pep440, rows, COUNT(rows));
}

static void
validity(void **state)
{
	static const char *const good[] = { "1",           "v1.0",  "1!2.0",    "1.0a1.post2.dev3", "1.0-1",
					    "1.0+local.1", " 1.0 ", "1.0.post", "1.0ALPHA1",        "2012.2" };
	static const char *const bad[] = { "",   "a",  "1.0-bulbasaur", "1.0+", "1.0+a..b", "1.0+a.",       "1..0",
					   "1.", "1!", "1.0a1b2",       "1.0-", "1.0 a1",   "1.0+\xc3\xa9", "!1" };

	order_validity(&version_pep440, good, COUNT(good), true);
	order_validity(&version_pep440, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_pep440, "pypi-versions-generated.txt", NULL, 12375);
	order_known_rows(&version_pep440, "pypi-versions.txt", NULL, 37);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_the_segments),
		cmocka_unit_test(pairs),
		cmocka_unit_test(validity),
		cmocka_unit_test(known_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
