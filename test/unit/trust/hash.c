#include "trust/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* FIPS 180-4 examples. */
static void
known_digests(void **state)
{
	char hex[SHA256_HEX_LEN];
	sha256_hex(STR(""), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex(STR("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
pieces_equal_the_whole(void **state)
{
	char whole[SHA256_HEX_LEN], pieces[SHA256_HEX_LEN];
	sha256_hex(STR("one two three"), whole);
	struct sha256_stream *s = sha256_open();
	sha256_update(s, STR("one "));
	sha256_update(s, STR(""));
	sha256_update(s, STR("two three"));
	sha256_close(s, pieces);
	assert_string_equal(pieces, whole);
}

static void
each_is_of_its_own_bytes_alone(void **state)
{
	unsigned char one[SHA256_LEN], each[SHA256_LEN];
	struct sha256_stream *s = sha256_open();
	const struct str texts[] = { STR("abc"), STR(""), STR("one two three"), STR("abc") };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		sha256(texts[i], one);
		sha256_each(s, texts[i], each);
		assert_memory_equal(each, one, SHA256_LEN);
	}
	sha256_free(s);
	sha256_free(NULL);
}

static void
tokens_differ(void **state)
{
	BUF_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	random_token(&a, 32);
	random_token(&b, 32);
	assert_int_equal(a.len, 43); /* 32 bytes as base64url */
	assert_false(str_eq(buf_str(&a), buf_str(&b)));
	for (int i = 0; i < 2000; i++) {
		a.len = 0;
		random_token(&a, 9);
		assert_int_not_equal(a.ptr[0], '-'); /* "mamori token revoke -6Iw…" is no option */
	}
}

static void
secrets_compare(void **state)
{
	assert_true(secret_eq(STR("same"), STR("same")));
	assert_false(secret_eq(STR("same"), STR("sama")));
	assert_false(secret_eq(STR("same"), STR("sam")));
	assert_true(secret_eq(STR(""), STR_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(pieces_equal_the_whole),
		cmocka_unit_test(each_is_of_its_own_bytes_alone),
		cmocka_unit_test(tokens_differ),
		cmocka_unit_test(secrets_compare),
	};
	return cmocka_run_group_tests_name("trust/hash", tests, NULL, NULL);
}
