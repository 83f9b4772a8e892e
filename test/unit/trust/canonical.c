#include "trust/canonical.h"

#include "../known.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool
canonical_of(const char *text, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct json *v;
	assert_true(json_parse(&a, str_of(text), NULL, &v, e));
	return canonical_write(v, out, e);
}

static void
known_answers(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "{}", "{}" },
		{ " [ ] ", "[]" },
		{ "{\"b\": 1, \"a\": [true, false, null]}", "{\"a\":[true,false,null],\"b\":1}" },
		{ "-0", "0" },
		{ "-12", "-12" },
		{ "9007199254740993", "9007199254740993" },
		/* Control characters as they are: only the quote and the backslash are escaped. */
		{ "\"a\\nb\\t\\u0001\"", "\"a\nb\t\x01\"" },
		{ "\"\\\"\\\\\\/\"", "\"\\\"\\\\/\"" },
		{ "\"\\u5b88\\u308a\"", "\"守り\"" },
		/* By bytes: capitals first, the shorter first, beyond ASCII last. */
		{ "{\"é\":1,\"aa\":2,\"a\":3,\"Z\":4,\"\":5}", "{\"\":5,\"Z\":4,\"a\":3,\"aa\":2,\"é\":1}" },
		{ "{\"k\":{\"y\":{},\"x\":[[]]}}", "{\"k\":{\"x\":[[]],\"y\":{}}}" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO out = { 0 };
		struct err e = { 0 };
		if (!canonical_of(rows[i].in, &out, &e))
			fail_msg("%s: %s", rows[i].in, e.text);
		assert_string_equal(buf_cstr(&out), rows[i].out);
	}
}

static void
fractions_have_no_canonical_form(void **state)
{
	static const char *const rows[] = { "1.5", "1e3", "[1.0]", "{\"a\":-1E0}" };
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO out = { 0 };
		struct err e = { 0 };
		assert_false(canonical_of(rows[i], &out, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* A random value as JSON text of any spelling: blanks, escapes, order of members. */
static void
random_value(uint64_t *seed, int depth, struct buf *out)
{
	static const char *const scalars[] = { "null",         "true",   "0",       "-7",
					       "123456789",    "\"\"",   "\"x\"",   "\"\\u0041\"",
					       "\"\\\\\\\"\"", "\"守\"", "\"\\n\"", "\"/\\/\"" };
	uint64_t kind = next_random(seed) % (depth > 3 ? 1 : 3), count = next_random(seed) % 5;
	if (kind == 0) {
		buf_add(out, str_of(scalars[next_random(seed) % COUNT(scalars)]));
		return;
	}
	buf_add_char(out, kind == 1 ? '[' : '{');
	for (uint64_t i = 0; i < count; i++) {
		buf_add(out, i ? STR(" ,\n") : STR(" "));
		if (kind == 2)
			buf_addf(out, "\"%c%llu\" : ", 'a' + (char)(next_random(seed) % 26), (unsigned long long)i);
		random_value(seed, depth + 1, out);
	}
	buf_add_char(out, kind == 1 ? ']' : '}');
}

/* Canonical text is read back (where its strings hold no control characters it is JSON) and has itself as its form. */
static void
the_form_of_the_form_is_itself(void **state)
{
	uint64_t seed = 42;
	size_t read = 0;
	for (int i = 0; i < 2000; i++) {
		BUF_AUTO text = { 0 };
		BUF_AUTO once = { 0 };
		BUF_AUTO twice = { 0 };
		struct err e = { 0 };
		random_value(&seed, 0, &text);
		if (!canonical_of(buf_cstr(&text), &once, &e))
			fail_msg("%s: %s", buf_cstr(&text), e.text);
		if (str_find_char(buf_str(&once), '\n') >= 0)
			continue;
		read++;
		assert_true(canonical_of(buf_cstr(&once), &twice, &e));
		assert_true(str_eq(buf_str(&once), buf_str(&twice)));
	}
	assert_true(read > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(fractions_have_no_canonical_form),
		cmocka_unit_test(the_form_of_the_form_is_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
