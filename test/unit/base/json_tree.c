#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"

static struct json *
parsed(struct arena *a, const char *text)
{
	struct json *v = NULL;
	struct err e = { 0 };

	if (!json_parse(a, str_of(text), NULL, &v, &e))
		fail_msg("%s: %s", text, e.text);
	return v;
}

static void
members_are_found_by_name(void **state)
{
	ARENA_AUTO a = { 0 };
	struct json *v =
		parsed(&a, "{\"s\":\"x\",\"n\":-42,\"d\":9.8,\"b\":true,\"z\":null,\"l\":[1,[],{\"k\":2}],\"w\":1e3}");
	const struct json *list;
	size_t n;

	assert_true(str_eq(json_get_str(v, "s"), STR("x")));
	assert_int_equal(json_get_i64(v, "n", 0), -42);
	assert_int_equal(json_get_i64(v, "w", 0), 1000);
	assert_int_equal(json_get_i64(v, "d", 7), 7); /* not whole */
	assert_true(json_get_double(v, "d", 0) == 9.8);
	assert_true(json_get_bool(v, "b", false));
	assert_int_equal(json_get(v, "z")->kind, JSON_KIND_NULL);
	list = json_get_array(v, "l", &n);
	assert_int_equal(n, 3);
	assert_int_equal(list[1].kind, JSON_KIND_ARRAY);
	assert_int_equal(list[1].count, 0);
	assert_int_equal(json_get_i64(&list[2], "k", 0), 2);
}

static void
what_is_missing_gives_the_default(void **state)
{
	ARENA_AUTO a = { 0 };
	struct json *v = parsed(&a, "{\"s\":1,\"n\":\"5\",\"big\":1e40}");
	size_t n = 9;

	assert_null(json_get(v, "none"));
	assert_null(json_get(NULL, "none"));
	assert_null(json_get_str(v, "s").ptr);
	assert_int_equal(json_get_i64(v, "n", 7), 7);
	assert_int_equal(json_get_i64(v, "big", 7), 7);
	assert_true(json_get_bool(v, "s", true));
	assert_null(json_get_array(v, "s", &n));
	assert_int_equal(n, 0);
	assert_int_equal(json_get_i64(json_get(json_get(v, "x"), "y"), "z", 3), 3);
}

static void
refuse(const char *text, const char *why)
{
	ARENA_AUTO a = { 0 };
	struct json *v = NULL;
	struct err e = { 0 };

	assert_false(json_parse(&a, str_of(text), NULL, &v, &e));
	assert_null(v);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, why);
}

static void
broken_documents_are_refused(void **state)
{
	refuse("{\"a\":1,\"b\":2,\"a\":3}", "line 1, column 20: the key \"a\" is there twice");
	refuse("[{\"x\":{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\n\"\\u0031\":1}}]",
	       "line 2, column 12: the key \"1\" is there twice");
	refuse("[1", "line 1, column 3: the text ends inside an object or array");
	refuse("[] []", "line 1, column 4: something follows after the end of the document");
	refuse("", "line 1, column 1: the text ends where a value was expected");
}

static void
one_value_out_of_a_stream_of_tokens(void **state)
{
	ARENA_AUTO a = { 0 };
	JSON_READER_AUTO r = json_reader_mem(STR("{\"vulns\":[{\"id\":\"A\"},{\"id\":\"B\"}],\"x\":1}"), NULL);
	struct json *v;
	struct err e = { 0 };
	enum json_token t;

	assert_int_equal(json_next(r), JSON_OBJECT);
	assert_int_equal(json_next(r), JSON_KEY);
	assert_int_equal(json_next(r), JSON_ARRAY);
	for (const char *const *id = (const char *const[]){ "A", "B", NULL }; *id; id++) {
		assert_true(json_parse_value(&a, r, json_next(r), &v, &e));
		assert_true(str_eq(json_get_str(v, "id"), str_of(*id)));
	}
	t = json_next(r);
	assert_int_equal(t, JSON_ARRAY_END);
	assert_false(json_parse_value(&a, r, t, &v, &e));
	assert_int_equal(e.code, ERR_BUG);
	assert_int_equal(json_next(r), JSON_KEY);
	assert_true(str_eq(json_text(r), STR("x")));
}

/* No recursion: a limit that a caller raises costs no stack. */
static void
depth_costs_no_stack(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct json *v;
	struct err e = { 0 };
	enum { DEEP = 1000000 };

	memset(buf_reserve(&text, 2 * DEEP), '[', DEEP);
	memset(text.ptr + DEEP, ']', DEEP);
	text.len = 2 * DEEP;
	assert_true(json_parse(&a, buf_str(&text), &(struct json_limits){ .depth = DEEP }, &v, &e));
	for (int i = 1; i < DEEP; i++) {
		assert_int_equal(v->count, 1);
		v = v->item;
	}
	assert_int_equal(v->count, 0);
	assert_false(json_parse(&a, buf_str(&text), NULL, &v, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

/* Each value costs many times its two bytes. */
static void
values_are_counted(void **state)
{
	ARENA_AUTO a = { 0 };
	struct json_limits limits = { .values = 4 };
	struct json *v;
	struct err e = { 0 };
	BUF_AUTO many = { 0 };

	assert_true(json_parse(&a, STR("{\"a\":[0,{}]}"), &limits, &v, &e));
	assert_false(json_parse(&a, STR("{\"a\":[0,{},1]}"), &limits, &v, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	/* Without a word of the caller, too. */
	buf_add_char(&many, '[');
	for (size_t i = 0; i < 2000000; i++)
		buf_add(&many, STR("0,"));
	buf_add(&many, STR("0]"));
	assert_false(json_parse(&a, buf_str(&many), NULL, &v, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_name),    cmocka_unit_test(what_is_missing_gives_the_default),
		cmocka_unit_test(broken_documents_are_refused), cmocka_unit_test(one_value_out_of_a_stream_of_tokens),
		cmocka_unit_test(depth_costs_no_stack),         cmocka_unit_test(values_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
