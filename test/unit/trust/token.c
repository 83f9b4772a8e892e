#include "trust/token.h"

#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
round_trip_with_blanks_around(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct str urls[] = { STR("https://mamori.example:8443"), STR("https://[fd00::1]:8443") };
	struct token in = { urls, 2, STR(DIGEST), STR("t-1"), STR("c2VjcmV0"), INT64_C(1800000000000) }, out;
	BUF_AUTO text = { 0 };
	buf_add(&text, STR(" \n"));
	token_write(&in, &text);
	buf_add(&text, STR("\r\n"));
	assert_true(str_contains(buf_str(&text), STR("mamori1.")));
	assert_true(token_parse(&a, buf_str(&text), &out, &e));
	assert_int_equal(out.url_count, 2);
	assert_true(str_eq(out.urls[1], urls[1]));
	assert_true(str_eq(out.ca_digest, in.ca_digest));
	assert_true(str_eq(out.id, in.id));
	assert_true(str_eq(out.secret, in.secret));
	assert_int_equal(out.expires, in.expires);
}

static void
wrong_content_is_refused(void **state)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"u\":[],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[\"http://x:1\"],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[\"https://x y\"],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[1],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[\"https://x:1\"],\"k\":\"BA78\",\"i\":\"a\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[\"https://x:1\"],\"k\":\"" DIGEST "\",\"i\":\"a\\n\",\"s\":\"b\",\"e\":1}",
		"{\"u\":[\"https://x:1\"],\"k\":\"" DIGEST "\",\"i\":\"a\",\"e\":1}",
		"{\"u\":[\"https://x:1\"],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":9223372036854775807}",
		"{\"u\":[\"https://x:1\"],\"k\":\"" DIGEST "\",\"i\":\"a\",\"s\":\"b\",\"e\":0}",
	};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct token out = { .url_count = 7 };
		BUF_AUTO text = { 0 };
		buf_add(&text, STR("mamori1."));
		base64url_encode(&text, bodies[i], strlen(bodies[i]));
		assert_false(token_parse(&a, buf_str(&text), &out, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(out.url_count, 7); /* untouched */
	}
}

static void
rubbish_says_what_to_do(void **state)
{
	static const char *const texts[] = { "", "mamori1", "mamori2.e30", "mamori1.%%%",
					     "-----BEGIN CERTIFICATE-----" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct token out;
		assert_false(token_parse(&a, str_of(texts[i]), &out, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.text, "token create"));
	}
}

static void
an_endless_file_is_not_read(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct token out;
	BUF_AUTO text = { 0 };
	memset(buf_reserve(&text, 5000), ' ', 5000);
	text.len = 5000;
	assert_false(token_parse(&a, buf_str(&text), &out, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_with_blanks_around),
		cmocka_unit_test(wrong_content_is_refused),
		cmocka_unit_test(rubbish_says_what_to_do),
		cmocka_unit_test(an_endless_file_is_not_read),
	};
	return cmocka_run_group_tests_name("trust/token", tests, NULL, NULL);
}
