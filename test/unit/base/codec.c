#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/codec.h"

static void
hexadecimal(void **state)
{
	BUF_AUTO b = { 0 };

	hex_encode(&b, "\x00\xff\x1a", 3);
	assert_string_equal(buf_cstr(&b), "00ff1a");
	assert_true(hex_decode(&b, STR("4142")));
	assert_string_equal(buf_cstr(&b), "00ff1aAB");
	assert_false(hex_decode(&b, STR("4")));
	assert_false(hex_decode(&b, STR("414g")));
	assert_string_equal(buf_cstr(&b), "00ff1aAB"); /* nothing is left of what failed */
	assert_true(hex_decode(&b, STR("fF")));
}

/* RFC 4648 section 10. */
static void
base64_known_answers(void **state)
{
	static const char *const pairs[][2] = { { "", "" },
						{ "f", "Zg==" },
						{ "fo", "Zm8=" },
						{ "foo", "Zm9v" },
						{ "foob", "Zm9vYg==" },
						{ "fooba", "Zm9vYmE=" },
						{ "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < COUNT(pairs); i++) {
		BUF_AUTO text = { 0 };
		BUF_AUTO bytes = { 0 };
		struct str bare = str_of(pairs[i][1]);

		base64_encode(&text, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(buf_cstr(&text), pairs[i][1]);
		assert_true(base64_decode(&bytes, bare));
		while (str_ends(bare, STR("=")))
			bare.len--;
		assert_true(base64_decode(&bytes, bare));
		assert_int_equal(bytes.len, 2 * strlen(pairs[i][0]));
		assert_memory_equal(buf_cstr(&bytes), pairs[i][0], strlen(pairs[i][0]));
	}
}

static void
base64_both_alphabets(void **state)
{
	BUF_AUTO b = { 0 };

	base64url_encode(&b, "\xfb\xff\xfe\xff", 4);
	assert_string_equal(buf_cstr(&b), "-__-_w");
	buf_truncate(&b, 0);
	assert_true(base64_decode(&b, STR("+//+-__-")));
	assert_memory_equal(b.ptr, "\xfb\xff\xfe\xfb\xff\xfe", 6);
}

static void
base64_refuses_the_rest(void **state)
{
	static const char *const bad[] = { "Z",      "Zg=", "Z===", "Zg==Zg==", "Zm9vY", "Zm 9v",
					   "Zm9v\n", "Zh",  "Zm9",  "====",     "=" };
	BUF_AUTO b = { 0 };

	buf_add(&b, STR("kept"));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (base64_decode(&b, str_of(bad[i])))
			fail_msg("%s was taken", bad[i]);
	assert_string_equal(buf_cstr(&b), "kept");
}

static void
percent(void **state)
{
	BUF_AUTO b = { 0 };

	percent_encode(&b, STR("deb:a+b@1~2/é"));
	assert_string_equal(buf_cstr(&b), "deb%3Aa%2Bb%401~2%2F%C3%A9");
	buf_truncate(&b, 0);
	assert_true(percent_decode(&b, STR("deb%3aa+b%00")));
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.ptr, "deb:a+b", 8);
	assert_false(percent_decode(&b, STR("%4")));
	assert_false(percent_decode(&b, STR("x%")));
	assert_false(percent_decode(&b, STR("%zz")));
	assert_int_equal(b.len, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(base64_known_answers),
		cmocka_unit_test(base64_both_alphabets),
		cmocka_unit_test(base64_refuses_the_rest),
		cmocka_unit_test(percent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
