#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
policy_order(void **state)
{
	/* Debian Policy 5.6.12: ~~, ~~a, ~, the empty part, a. */
	static const char *const rising[] = { "1~~",
					      "1~~a",
					      "1~",
					      "1",
					      "1a",
					      "1b",
					      "1z",
					      "1+",
					      "1+deb12u1",
					      "1.0~rc1-1",
					      "1.0~rc1-2",
					      "1.0",
					      "1.0-1~bpo12+1",
					      "1.0-1",
					      "1.0-1+b1",
					      "1.0-1.1",
					      "1.0-2",
					      "1.0-10",
					      "1.0.1-1",
					      "1.9-1",
					      "1.10-1",
					      "2",
					      "1:0.1",
					      "1:1.0",
					      "10:0" };

	order_rising(&version_deb, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"0:1.0-1 = 1.0-1",
		"1.0 = 1.0-0",
		"1.0-0 = 1.0-00",
		"1.01 = 1.1",
		"1.0-1-1 > 1.0-1",
		"2.7.4+reloaded2-13ubuntu1 < 2.7.4+reloaded2-13+deb9u1",
		"3.0.15-1~deb12u1 < 3.0.17-1~deb12u2",
		"6.1.0-37 > 6.1.0-9",
		"1.2.3-1~deb7u1 < 1.2.3-1",
		"99999999999999999999999 < 100000000000000000000000",
		"4294967297:1 > 1:1",
		"1a < 1.a",
	};

	order_table(&version_deb, rows, COUNT(rows));
}

/* Not valid, but whatever comes has its place. */
static void
any_bytes_are_ordered(void **state)
{
	static const char *const rows[] = { ":1 = :1", "a:1 < a:2", "- < 1", "1: < 1:1", "\xe7\x9a\xae > z", "1- = 1" };

	order_table(&version_deb, rows, COUNT(rows));
	assert_int_equal(order_sign(&version_deb, STR("1\0a"), STR("1\0b")), '<');
	assert_int_equal(order_sign(&version_deb, STR(""), STR_NONE), '=');
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "1.0-1", "2:1.0+dfsg~rc1-0ubuntu1~22.04", "1.0-1-1", "1:2:3-1", "0~" };
	static const char *const bad[] = { "",      "a1",           "1.0-",    "1_0", "1 0",         ":1",   "1:",
					   "1:2_3", "4294967296:1", "1.0-1:2", "-1",  "1.0\xc3\xa9", "1.0/2" };

	order_validity(&version_deb, good, COUNT(good), true);
	order_validity(&version_deb, bad, COUNT(bad), false);
	assert_false(version_deb.valid(STR("1\0")));
}

static void
known_answers(void **state)
{
	order_known_rows(&version_deb, "debian-versions-generated.txt", NULL, 14442);
	order_known_rows(&version_deb, "debian-versions.txt", NULL, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_order),          cmocka_unit_test(pairs),
		cmocka_unit_test(any_bytes_are_ordered), cmocka_unit_test(validity),
		cmocka_unit_test(known_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
