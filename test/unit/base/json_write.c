#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"

#include <math.h>

static void
commas_and_colons_come_by_themselves(void **state)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };

	json_begin_object(&w);
	json_put_str(&w, "s", STR("x"));
	json_put_str(&w, "none", STR_NONE);
	json_put_cstr(&w, "c", NULL);
	json_put_i64(&w, "n", INT64_MIN);
	json_put_bool(&w, "b", true);
	json_put_time(&w, "t", 1000000000000);
	json_put_time(&w, "never", 0);
	json_key(&w, "empty");
	json_begin_array(&w);
	json_end_array(&w);
	json_key(&w, "list");
	json_begin_array(&w);
	json_begin_object(&w);
	json_end_object(&w);
	json_null(&w);
	json_raw(&w, STR("{\"raw\":1}"));
	json_bool(&w, false);
	json_end_array(&w);
	json_key_str(&w, STR("k\""));
	json_cstr(&w, "end");
	json_end_object(&w);
	assert_string_equal(buf_cstr(&out),
			    "{\"s\":\"x\",\"none\":null,\"c\":null,\"n\":-9223372036854775808,\"b\":true,"
			    "\"t\":\"2001-09-09T01:46:40Z\",\"never\":null,\"empty\":[],"
			    "\"list\":[{},null,{\"raw\":1},false],\"k\\\"\":\"end\"}");
}

static void
written(struct str s, const char *expected)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };

	json_str(&w, s);
	assert_string_equal(buf_cstr(&out), expected);
}

static void
strings_are_escaped_and_valid(void **state)
{
	written(STR("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	written(STR_NONE, "\"\"");
	written(STR("\xc2\x9b\xe2\x80\xae\xc3\xa9"), "\"\\u009b\\u202e\xc3\xa9\"");
	written(STR("a\0b\x1b\x7f"), "\"a\\u0000b\\u001b\\u007f\"");
	written(STR("皮膚科😀"), "\"皮膚科😀\"");
	written(STR("a\xff\xc3(\xed\xa0\x80"), "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	written(STR("\xe3\x81"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	written(STR(""), "\"\"");
}

/* Eight bytes are looked at at once: each byte is escaped or kept wherever it stands, and read back as it was. */
static void
every_byte_at_every_place(void **state)
{
	char text[40];
	(void)state;
	for (size_t len = 1; len < 26; len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 1; c < 0x80; c++) {
				ARENA_AUTO a = { 0 };
				BUF_AUTO out = { 0 };
				struct json_writer w = { .out = &out };
				struct err e = { 0 };
				struct json *v;
				bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
				memset(text, 'x', len);
				text[at] = (char)c;
				json_str(&w, str_sub(text, len));
				assert_true(out.len == len + 2 ? plain : !plain);
				assert_true(json_parse(&a, buf_str(&out), NULL, &v, &e));
				assert_true(str_eq(v->text, str_sub(text, len)));
			}
}

static void
fractions(void **state)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };

	json_begin_array(&w);
	json_double(&w, 9.8, 1);
	json_double(&w, -0.00064, 5);
	json_double(&w, 10, 0);
	json_double(&w, NAN, 1);
	json_double(&w, -INFINITY, 1);
	json_end_array(&w);
	assert_string_equal(buf_cstr(&out), "[9.8,-0.00064,10,null,null]");
}

static void
a_tree_is_written_as_it_was_read(void **state)
{
	struct str text = STR("{\"a\":[1,2.50,\"x\\n\",true,false,null,{}],\"\":{\"b\":-1e9}}");
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	BUF_AUTO expected = { 0 };
	struct json_writer w = { .out = &out };
	struct err e = { 0 };
	struct json *v;

	assert_true(json_parse(&a, text, NULL, &v, &e));
	json_begin_array(&w);
	json_tree(&w, v);
	json_tree(&w, NULL);
	json_end_array(&w);
	buf_addf(&expected, "[%.*s,null]", STR_ARG(text));
	assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_colons_come_by_themselves),
		cmocka_unit_test(strings_are_escaped_and_valid),
		cmocka_unit_test(every_byte_at_every_place),
		cmocka_unit_test(fractions),
		cmocka_unit_test(a_tree_is_written_as_it_was_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
