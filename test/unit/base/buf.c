#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void
grows_and_stays_terminated(void **state)
{
	BUF_AUTO b = { 0 };

	assert_string_equal(buf_cstr(&b), "");
	assert_true(str_eq(buf_str(&b), STR("")));
	for (int i = 0; i < 1000; i++) {
		buf_add(&b, STR("ab"));
		buf_add_char(&b, 'c');
		assert_int_equal(b.ptr[b.len], '\0');
	}
	assert_int_equal(b.len, 3000);
	assert_memory_equal(b.ptr + 2997, "abc", 3);
	buf_truncate(&b, 2);
	assert_string_equal(buf_cstr(&b), "ab");
	buf_truncate(&b, 5); /* never longer */
	assert_int_equal(b.len, 2);
}

static void
formats_of_any_length(void **state)
{
	BUF_AUTO b = { 0 };

	buf_addf(&b, "%s", "");
	assert_string_equal(buf_cstr(&b), "");
	buf_addf(&b, "%d-%5000s", 7, "x");
	assert_int_equal(b.len, 5002);
	assert_true(str_starts(buf_str(&b), STR("7- ")));
	assert_true(str_ends(buf_str(&b), STR(" x")));
}

static void
room_is_filled_by_the_caller(void **state)
{
	BUF_AUTO b = { 0 };

	memset(buf_reserve(&b, 500), 'z', 500);
	b.len += 500;
	assert_int_equal(strlen(buf_cstr(&b)), 500);
	buf_free(&b);
	assert_null(b.ptr);
	buf_add(&b, STR_NONE);
	assert_string_equal(buf_cstr(&b), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(formats_of_any_length),
		cmocka_unit_test(room_is_filled_by_the_caller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
