#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_the_parts(void **state)
{
	static const char *const rising[] = { "1.0_alpha",  "1.0_alpha2", "1.0_beta",    "1.0_pre", "1.0_rc",
					      "1.0_rc1-r3", "1.0_rc2",    "1.0",         "1.0-r1",  "1.0-r10",
					      "1.0_cvs",    "1.0_svn",    "1.0_git2024", "1.0_hg",  "1.0_p1",
					      "1.0_p1-r1",  "1.0_p10",    "1.0a",        "1.0b",    "1.0.1",
					      "1.01",       "1.05",       "1.1",         "1.9",     "1.10",
					      "2.0_alpha",  "2.0" };

	order_rising(&version_apk, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.2.3-r0 < 1.2.3-r1",
		"1.2.3-r01 = 1.2.3-r1",
		"001 = 1",
		"1.05 < 1.1",
		"1.05 < 1.5",
		"1.0_rc1_p1 > 1.0_rc1",
		"1.0_p1_rc1 < 1.0_p1",
		"1.0~abc < 1.0~abd",
		"1.0~abc > 1.0",
		"1.0~abc < 1.0_p1",
		"5.9.2p1-r0 < 5.9.2p1-r1",
		"5.9.2p1-r0 < 5.9.2p2-r0",
		"3.0.15-r0 < 3.0.17-r0",
		"1.0_git20240101120000000000000000 < 1.0_git20240101120000000000000001",
	};

	order_table(&version_apk, rows, COUNT(rows));
}

static void
any_bytes_are_ordered(void **state)
{
	static const char *const rows[] = { ".1 < 1", "1-ruff2 = 1-ruff1", "1 > 1-ruff",      "1.2 > 1.2_blah",
					    "a < b",  "1..1 < 1..2",       "1.2.0A < 1.2.0d", "\xe7\x9a\xae < 1" };

	order_table(&version_apk, rows, COUNT(rows));
	assert_int_equal(order_sign(&version_apk, STR(""), STR_NONE), '=');
}

static void
validity(void **state)
{
	static const char *const good[] = { "1",         "1.2.3", "1.2.3b-r4", "1.0_alpha_p2~0af-r1", "2.0_git20240101",
					    "5.9.2p1-r0" };
	static const char *const bad[] = { "",        "a",         ".1",      "1.",    "1..2", "1.0-r",
					   "1.0-1",   "1.0-r1-r2", "1.0_foo", "1.0bc", "1.0A", "1.0~",
					   "1.0~xyz", "1.0-r1_p1", "1.0 ",    "1:1.0" };

	order_validity(&version_apk, good, COUNT(good), true);
	order_validity(&version_apk, bad, COUNT(bad), false);
}

static void
known_answers(void **state)
{
	order_known_rows(&version_apk, "alpine-versions-generated.txt", NULL, 13979);
	order_known_rows(&version_apk, "alpine-versions.txt", NULL, 778);
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
