#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/table.h"

static void
holds_what_was_put(void **state)
{
	ARENA_AUTO a = { 0 };
	TABLE_AUTO t = { 0 };
	enum { MANY = 50000 };
	bool added;

	assert_null(table_get(&t, STR("0")));
	for (uintptr_t i = 0; i < MANY; i++) {
		*table_put(&t, arena_printf(&a, "%zu", (size_t)i), &added) = (void *)(i + 1);
		assert_true(added);
	}
	assert_int_equal(t.count, MANY);
	for (uintptr_t i = 0; i < MANY; i++) {
		struct str key = arena_printf(&a, "%zu", (size_t)i);

		assert_ptr_equal(table_get(&t, key), (void *)(i + 1));
		assert_ptr_equal(*table_put(&t, key, &added), (void *)(i + 1));
		assert_false(added);
	}
	assert_false(table_has(&t, STR("50000")));
}

static void
a_new_place_is_null(void **state)
{
	TABLE_AUTO t = { 0 };

	assert_null(*table_put(&t, STR("a"), NULL));
	assert_true(table_has(&t, STR("a")));
	assert_null(table_get(&t, STR("a")));
	assert_null(*table_put(&t, STR(""), NULL));
	assert_true(table_has(&t, STR_NONE));
	assert_false(table_has(&t, STR("A")));
}

/* Output made from a walk must be the same on every run. */
static void
a_walk_is_in_the_order_of_putting(void **state)
{
	static const char *const keys[] = { "zebra", "apt", "", "openssl", "b" };
	TABLE_AUTO t = { 0 };
	struct table_slot *slot;
	size_t n = 0;

	for (size_t i = 0; i < COUNT(keys); i++)
		table_put(&t, str_of(keys[i]), NULL);
	table_put(&t, STR("apt"), NULL);
	for (size_t i = 0; table_next(&t, &i, &slot); n++)
		assert_true(n < COUNT(keys) && str_eq(slot->key, str_of(keys[n])));
	assert_int_equal(n, COUNT(keys));
	table_free(&t);
	n = 0;
	assert_false(table_next(&t, &n, &slot));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_put),
		cmocka_unit_test(a_new_place_is_null),
		cmocka_unit_test(a_walk_is_in_the_order_of_putting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
