#include "trust/key.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct fixture {
	struct key *k, *other;
	struct arena arena;
	struct buf text;
	struct json *tree;
};

static const char document[] = "{\"id\":\"o-1\",\"why\":\"更新 \\u0001 \\\"quoted\\\"\"}";

static int
setup(void **state)
{
	struct err e;
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct json_writer w = { .out = &f->text };
	*state = f;
	return key_generate(&f->k, &e) && key_generate(&f->other, &e) &&
			       signed_write(&w, f->k, "order", str_of(document), &e) &&
			       json_parse(&f->arena, buf_str(&f->text), NULL, &f->tree, &e)
		       ? 0
		       : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	key_free(f->k);
	key_free(f->other);
	arena_free(&f->arena);
	buf_free(&f->text);
	free(f);
	return 0;
}

static void
the_exact_bytes_come_back(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct str out;
	assert_true(signed_open(f->tree, f->k, "order", &out, &e));
	assert_true(str_eq(out, str_of(document)));
}

static void
another_key_or_type_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct str out = STR_NONE;
	assert_false(signed_open(f->tree, f->other, "order", &out, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(signed_open(f->tree, f->k, "result", &out, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_null(out.ptr);
}

static void
any_changed_byte_is_refused(void **state)
{
	struct fixture *f = *state;
	struct json *text = &f->tree->item[0];
	assert_true(str_eq(f->tree->key[0], STR("document")));
	for (size_t i = 0; i < text->text.len; i++) {
		struct err e = { 0 };
		struct str out;
		char *byte = (char *)(uintptr_t)&text->text.ptr[i];
		*byte ^= 1;
		assert_false(signed_open(f->tree, f->k, "order", &out, &e));
		assert_int_equal(e.code, ERR_REFUSED);
		*byte ^= 1;
	}
}

static void
lacking_parts_are_bad_input(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = { "{}",
					     "[]",
					     "null",
					     "{\"document\":\"x\"}",
					     "{\"signature\":\"AAAA\"}",
					     "{\"document\":1,\"signature\":\"AAAA\"}",
					     "{\"document\":\"x\",\"signature\":\"not base64!\"}" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err e = { 0 };
		struct json *v;
		struct str out;
		assert_true(json_parse(&f->arena, str_of(texts[i]), NULL, &v, &e));
		assert_false(signed_open(v, f->k, "order", &out, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
}

static void
broken_utf8_is_not_signed(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	assert_false(signed_write(&w, f->k, "result", STR("\xff"), &e));
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_exact_bytes_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(another_key_or_type_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(any_changed_byte_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(lacking_parts_are_bad_input, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_utf8_is_not_signed, setup, teardown),
	};
	return cmocka_run_group_tests_name("trust/signed", tests, NULL, NULL);
}
