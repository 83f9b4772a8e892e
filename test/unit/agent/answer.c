#include "agent/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
an_answer_is_read_with_its_caps(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct answer r;
	(void)state;
	assert_true(
		answer_parse(&a,
			     STR("{\"protocol\":1,\"lineage\":\"L1\",\"need\":[\"packages\"],\"accepted\":[\"o/p\"],"
				 "\"interval\":1,\"renew\":true,\"stage\":\"security\",\"orders\":[{}],"
				 "\"notice\":\"a\\u001b[2Jb\",\"later\":{\"x\":[1]}}"),
			     &r, &e));
	assert_int_equal(r.need_count, 1);
	assert_int_equal(r.accepted_count, 1);
	assert_int_equal(r.order_count, 1);
	assert_true(r.renew);
	assert_true(r.stage_security);
	/* A server that is out of its mind does not make us hammer it. */
	assert_int_equal(r.interval, 5);
	/* No control characters on an administrator's terminal. */
	assert_true(str_eq(r.notice, STR("a [2Jb")));
}

static void
nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"lineage\":\"\"}",
		"{\"lineage\":\"a\\nb\"}",
		"{\"lineage\":1}",
		"{\"lineage\":\"L\",\"need\":[1]}",
		"{\"lineage\":\"L\",\"accepted\":[{}]}",
		"{\"lineage\":\"L\",\"need\":[[[[[[[[[[1]]]]]]]]]]}",
		"{\"lineage\":\"L\"} x",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct answer r;
		if (answer_parse(&a, str_of(bad[i]), &r, &e))
			fail_msg("accepted: %s", bad[i]);
		assert_int_not_equal(e.code, ERR_NONE);
	}
}

static void
each_refusal_says_what_to_do(void **state)
{
	static const struct {
		int status;
		const char *body, *state, *words;
		enum err_code code;
	} rows[] = {
		{ 409, "{\"error\":{\"code\":\"cloned\"}}", "cloned", "enrol --again", ERR_REFUSED },
		{ 403, "{\"error\":{\"code\":\"pending\"}}", "pending", "approve", ERR_REFUSED },
		{ 403, "{\"error\":{\"code\":\"revoked\",\"message\":\"since Monday\"}}", "revoked", "since Monday",
		  ERR_REFUSED },
		{ 426, "{}", NULL, "version", ERR_REFUSED },
		{ 503, "<html>", NULL, "503", ERR_UNREACHABLE },
		{ 400, "{\"error\":{\"message\":\"no hash\"}}", NULL, "no hash", ERR_REFUSED },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		const char *got;
		assert_false(answer_error(&a, rows[i].status, str_of(rows[i].body), &got, &e));
		assert_int_equal(e.code, rows[i].code);
		if (!strstr(e.text, rows[i].words))
			fail_msg("\"%s\" lacks \"%s\"", e.text, rows[i].words);
		if (rows[i].state)
			assert_string_equal(got, rows[i].state);
		else
			assert_null(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read_with_its_caps),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(each_refusal_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
