#include "agent/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TIMES "\"issued\":\"2026-11-21T13:00:00Z\",\"expires\":\"2026-11-22T13:00:00Z\""

static void
an_order_is_read(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct order o;
	(void)state;
	assert_true(order_parse(
		&a,
		STR("{\"id\":\"Ab-1_\",\"host\":\"h\",\"kind\":\"apply\",\"patches\":[\"deb:a@1\"],\"by\":\"x\"," TIMES
		    "}"),
		&o, &e));
	assert_true(str_eq(o.id, STR("Ab-1_")));
	assert_int_equal(o.kind, ORDER_APPLY);
	assert_int_equal(o.patches.count, 1);
	assert_int_equal(o.expires - o.issued, 86400000);
}

static void
an_id_never_leaves_its_folder(void **state)
{
	static const char *const bad[] = {
		"{\"id\":\"../x\",\"host\":\"h\",\"kind\":\"apply\"," TIMES "}",
		"{\"id\":\"a/b\",\"host\":\"h\",\"kind\":\"apply\"," TIMES "}",
		"{\"id\":\"\",\"host\":\"h\",\"kind\":\"apply\"," TIMES "}",
		"{\"id\":\".\",\"host\":\"h\",\"kind\":\"apply\"," TIMES "}",
		"{\"id\":\"a\",\"host\":\"h\",\"kind\":\"run\"," TIMES "}",
		"{\"id\":\"a\",\"host\":\"h\",\"kind\":\"apply\"}",
		"{\"id\":\"a\",\"host\":\"h\",\"kind\":\"apply\",\"patches\":[{}]," TIMES "}",
		"[]",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct order o;
		if (order_parse(&a, str_of(bad[i]), &o, &e))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_read),
		cmocka_unit_test(an_id_never_leaves_its_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
