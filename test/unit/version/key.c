#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "version/digits.h"
#include "version/key.h"

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
numbers_keep_their_order(void **state)
{
	static const char *const numbers[] = { "",   "0",  "000", "1",   "01",  "9",       "10",
					       "11", "99", "100", "101", "110", "20240101" };

	for (size_t i = 0; i < COUNT(numbers); i++)
		for (size_t k = 0; k < COUNT(numbers); k++) {
			BUF_AUTO x = { 0 }, y = { 0 };
			struct str a = str_of(numbers[i]), b = str_of(numbers[k]);

			key_number(&x, a);
			key_number(&y, b);
			assert_int_equal(sign(str_cmp(buf_str(&x), buf_str(&y))), sign(digits_cmp(a, b)));
		}
}

/* Around the lengths where the form of the length changes. */
static void
long_numbers_keep_their_order(void **state)
{
	BUF_AUTO digits = { 0 }, before = { 0 };

	for (size_t n = 1; n <= 600; n++) {
		BUF_AUTO low = { 0 }, high = { 0 };

		buf_add_char(&digits, '1');
		key_number(&low, buf_str(&digits));
		digits.ptr[n - 1] = '2';
		key_number(&high, buf_str(&digits));
		digits.ptr[n - 1] = '1';
		assert_true(str_cmp(buf_str(&before), buf_str(&low)) < 0);
		assert_true(str_cmp(buf_str(&low), buf_str(&high)) < 0);
		buf_truncate(&before, 0);
		buf_add(&before, buf_str(&high));
	}
}

/* Whatever follows the texts, it does not change their order. */
static void
texts_keep_their_order(void **state)
{
	static const struct str texts[] = { { "", 0 },   { "\0", 1 },  { "\0\0", 2 },    { "\0a", 2 },
					    { "a", 1 },  { "a\0", 2 }, { "a\0\xff", 3 }, { "a\1", 2 },
					    { "aa", 2 }, { "b", 1 },   { "\xff", 1 },    { "\xff\xff", 2 } };

	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k < COUNT(texts); k++) {
			BUF_AUTO x = { 0 }, y = { 0 };

			key_text(&x, texts[i]);
			buf_add(&x, STR("\xff"));
			key_text(&y, texts[k]);
			assert_int_equal(sign(str_cmp(buf_str(&x), buf_str(&y))), i == k ? 1 : i < k ? -1 : 1);
		}
}

static void
case_is_folded(void **state)
{
	BUF_AUTO x = { 0 }, y = { 0 };

	key_text_folded(&x, STR("BETA-Z\xc0"));
	key_text_folded(&y, STR("beta-z\xc0"));
	assert_int_equal(str_cmp(buf_str(&x), buf_str(&y)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_keep_their_order),
		cmocka_unit_test(long_numbers_keep_their_order),
		cmocka_unit_test(texts_keep_their_order),
		cmocka_unit_test(case_is_folded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
