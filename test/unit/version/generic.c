#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "order.h"

static void
order_of_what_publishers_write(void **state)
{
	static const char *const rising[] = { "1.0 dev",    "1.0 alpha",     "1.0a2",         "1.0 beta",      "1.0b2",
					      "1.0 beta 3", "1.0-preview.1", "1.0 RC 1",      "1.0rc2",        "1.0",
					      "1.0.1",      "1.0.2",         "1.0.2a",        "1.0.2k",        "1.0.2z",
					      "1.0.2za",    "1.0.2.1",       "1.0 Update 79", "1.0 Update 80", "1.1",
					      "1.10",       "24.08",         "2024.1" };

	order_rising(&version_generic, rising, COUNT(rising));
}

static void
pairs(void **state)
{
	static const char *const rows[] = {
		"1.0 = 1.0.0",
		"v1.0 = 1.0",
		"Version_1.0 = 1.0",
		"24.08-x64 = 24.8",
		"24.08_(64-bit) = 24.08",
		"7.0-x86_64-rc1 = 7.0rc1",
		"1.0_final = 1",
		"15.2(4)M5 > 15.2(3)M7",
		"9.8(3)18 < 9.8(4)",
		"1.0-BETA = 1.0-beta",
		"1.0-SNAPSHOT = 1.0dev",
		"1.0.0-beta = 1.0-beta",
		"3.13.0b2 < 3.13.0",
		"1.0.2b > 1.0.2",
		"5.5p1 > 5.5",
		"1-2-3 = 1.2.3",
		"1x642 > 1",
		"第3版 < 第10版",
		"2.0 < 10.0",
		"17.0.9+9 < 17.0.9+11",
		"8.0U3 = 8.0.3",
		"8.0_U2b > 8.0.2",
		"7.2.1-69057_Update_5 = 7.2.1-69057-5",
		"8u361 < 8u411",
	};

	order_table(&version_generic, rows, COUNT(rows));
}

static void
processors_do_not_count(void **state)
{
	static const char *const same[] = { "24.08",       "24.08 (x64)",  "24.08 (64-bit)", "24.8.0 x86_64",
					    "amd64 24.08", "24.08 64-Bit", "24.08_win32" };

	for (size_t i = 0; i < COUNT(same); i++)
		if (!order_holds(&version_generic, str_of(same[0]), '=', str_of(same[i])))
			fail_msg("%s", same[i]);
}

/* What a word decides against a number is no order. */
static void
alike(void **state)
{
	static const struct {
		const char *a, *b;
		bool alike;
	} rows[] = {
		{ "8.0.1", "8.0U2", true },
		{ "8.0.3.00200", "8.0 U3b", false },
		{ "8.0.2", "8.0 U3b", true },
		{ "7.2.4", "R05.32.58", false },
		{ "R05.32.58", "R05.34", true },
		{ "7.0", "KB88287", false },
		{ "1.0.2k", "1.0.2b", true },
		{ "1.0.2", "1.0.2b", true },
		{ "1.0rc1", "1.0.1", true },
		{ "2.0 SP1", "2.0 CU3", false },
		{ "2.0 SP1", "2.0 SP2", true },
		{ "15.2(4)M5", "15.2(4)M7", true },
		{ "16.0.17126", "publication", false },
		{ "1.0", "1.0", true },
		{ "8.0.1", "8.0.2-23305545", true },
		{ "8.0.2-22380479", "8.0.2-23305545", true },
		{ "8.0.2", "8.0.2-2330", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (version_alike(str_of(rows[i].a), str_of(rows[i].b)) != rows[i].alike ||
		    version_alike(str_of(rows[i].b), str_of(rows[i].a)) != rows[i].alike)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	assert_false(version_alike(STR("8.0.2-23305545"), STR("8.0.2")));
	assert_true(version_alike(STR("8.0.2"), STR("8.0.2-23305545")));
}

static void
validity(void **state)
{
	static const char *const good[] = { "1", "24.08 (x64)", "7.0 Update 80", "15.2(4)M5", "第3版" };
	static const char *const bad[] = { "", "abc", "1\n2", "1\x01", "1\xff" };

	order_validity(&version_generic, good, COUNT(good), true);
	order_validity(&version_generic, bad, COUNT(bad), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_what_publishers_write),
		cmocka_unit_test(pairs),
		cmocka_unit_test(processors_do_not_count),
		cmocka_unit_test(alike),
		cmocka_unit_test(validity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
