#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "1.0~rc1",      "1.0~rc1^git1", "1.0~rc2",   "1.0",
					      "1.0-1.el9",    "1.0-1.el9_4",  "1.0-2.el9", "1.0-10.el9",
					      "1.0^20160101", "1.0^20160102", "1.0a",      "1.0b",
					      "1.0.1",        "1.9",          "1.10",      "2.a",
					      "2.0",          "1:0.1",        "10:0.1" };

	order_rising(&version_rpm, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0 = 1_0",
		"1.0 = 1..0",
		"1.0. = 1.0",
		"1.05 = 1.5",
		"0:1.0-1 = 1.0-1",
		"1.0 < 1.0-1",
		"1.0 < 1.0-",
		"5.5p1 < 5.5p10",
		"10xyz < 10.1xyz",
		"xyz.4 < 8",
		"1.0^ > 1.0",
		"1.0^git1~pre < 1.0^git1",
		"1.0aa < 1.0ab",
		"6.0.rc1 > 6.0",
		"3.10.0-229.el7 < 3.10.0-229.1.2.ael7b",
		"20240101000000000000000000001 > 20240101000000000000000000000",
	};

	order_table(&version_rpm, rows, COUNT(rows));
}

static void
any_bytes_are_ordered(void **state)
{
	static const char *const rows[] = { ":1 = 0:1", "a:1 < a:2", "1.1.\xce\xb1 = 1.1.\xce\xb2", "- < 1", "+ = _" };

	order_table(&version_rpm, rows, COUNT(rows));
	assert_int_equal(order_sign(&version_rpm, STR(""), STR_NONE), '=');
	assert_int_equal(order_sign(&version_rpm, STR("~"), STR("")), '<');
	assert_int_equal(order_sign(&version_rpm, STR("^"), STR("")), '>');
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "0:1.0-1.el9", "1.0~rc1^git1-0.1.fc40", "4.18.0-553.el8_10",
					    "1.0+git" };
	static const char *const bad[] = { "",      ":1",  "1:",  "1.0-",          "-1",
					   "1-2-3", "1 0", "1/0", "99999999999:1", "1.\xce\xb1" };

	order_validity(&version_rpm, good, COUNT(good), true);
	order_validity(&version_rpm, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_rpm, "redhat-versions.txt", NULL, 165);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_the_parts),    cmocka_unit_test(pairs),
		cmocka_unit_test(any_bytes_are_ordered), cmocka_unit_test(validity),
		cmocka_unit_test(known_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
