/* The pull reader, from memory and from streams of every step width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../known.h"
#include "base/json.h"

#include <dirent.h>
#include <malloc.h>

struct pieces {
	struct str rest;
	size_t step; /* bytes a call gives at most */
};

static bool
give(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	struct pieces *p = user;
	size_t n = p->rest.len < p->step ? p->rest.len : p->step;

	*got = n < cap ? n : cap;
	if (*got > 0)
		memcpy(into, p->rest.ptr, *got);
	p->rest = str_skip(p->rest, *got);
	return true;
}

/* All tokens as one line of text, and the error as it is told. */
static void
dump(struct json_reader *r, struct buf *out)
{
	static const char *const names[] = {
		[JSON_ERROR] = "!",  [JSON_DONE] = ".",      [JSON_OBJECT] = "{", [JSON_OBJECT_END] = "}",
		[JSON_ARRAY] = "[",  [JSON_ARRAY_END] = "]", [JSON_KEY] = "k",    [JSON_STRING] = "s",
		[JSON_NUMBER] = "n", [JSON_TRUE] = "t",      [JSON_FALSE] = "f",  [JSON_NULL] = "0",
	};
	enum json_token t;
	struct err e = { 0 };

	do {
		t = json_next(r);
		buf_add(out, str_of(names[t]));
		if (t == JSON_KEY || t == JSON_STRING || t == JSON_NUMBER) {
			buf_add_char(out, '(');
			buf_add(out, json_text(r));
			buf_add_char(out, ')');
		}
	} while (t != JSON_ERROR && t != JSON_DONE);
	if (t == JSON_ERROR) {
		assert_false(json_error(r, &e));
		assert_int_equal(json_next(r), JSON_ERROR);
		buf_add(out, str_of(e.text));
	}
}

/* Reads text in every way; all ways must tell the same, which is left in out. */
static void
dump_all(struct str text, bool sequence, struct buf *out)
{
	JSON_READER_AUTO r = json_reader_mem(text, NULL);

	if (sequence)
		json_reader_sequence(r);
	dump(r, out);
	for (size_t step = 1; step <= 8; step++) {
		struct pieces p = { text, step };
		JSON_READER_AUTO s = json_reader_stream(give, &p, NULL);
		BUF_AUTO other = { 0 };

		if (sequence)
			json_reader_sequence(s);
		dump(s, &other);
		if (!str_eq(buf_str(out), buf_str(&other)))
			fail_msg("steps of %zu differ: \"%s\" against \"%s\"", step, buf_cstr(&other), buf_cstr(out));
	}
}

static void
check(const char *text, const char *expected)
{
	BUF_AUTO out = { 0 };

	dump_all(str_of(text), false, &out);
	assert_string_equal(buf_cstr(&out), expected);
}

static void
tokens_come_in_order(void **state)
{
	check("{\"a\" : [1, -2.5e+3 ,true,false,null], \"b\":{}, \"\":[]}", "{k(a)[n(1)n(-2.5e+3)tf0]k(b){}k()[]}.");
	check(" \r\n\t0 ", "n(0).");
	check("\"x\"", "s(x).");
	check("\xef\xbb\xbf[]", "[].");
}

static void
strings_are_unescaped(void **state)
{
	check("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s(\"\\/\b\f\n\r\t).");
	check("\"\\u0041\\u00e9\\u3042\\ud83d\\ude00\"", "s(A\xc3\xa9\xe3\x81\x82\xf0\x9f\x98\x80).");
	check("\"\\ud83dx\"", "s(\xef\xbf\xbdx).");
	check("\"\\ude00\\ud83d\"", "s(\xef\xbf\xbd\xef\xbf\xbd).");
	check("\"\\ud83d\\u0041\"", "s(\xef\xbf\xbd"
				    "A).");
	check("\"皮膚科 plain text that is longer than eight bytes\\n\"",
	      "s(皮膚科 plain text that is longer than eight bytes\n).");
	check("\"a\x7f b\"", "s(a\x7f b).");
}

static void
zero_bytes_are_text(void **state)
{
	JSON_READER_AUTO r = json_reader_mem(STR("\"a\\u0000b\""), NULL);

	assert_int_equal(json_next(r), JSON_STRING);
	assert_true(str_eq(json_text(r), STR("a\0b")));
	assert_int_equal(json_next(r), JSON_DONE);
}

static void
mistakes_are_told_with_their_place(void **state)
{
	check("", "!line 1, column 1: the text ends where a value was expected");
	check("[1,]", "[n(1)!line 1, column 4: a value was expected here");
	check("{\"a\":1,}", "{k(a)n(1)!line 1, column 8: a key in double quotes was expected here");
	check("{\n \"a\" 1}", "{k(a)!line 2, column 6: a colon was expected behind the key");
	check("[1 2]", "[n(1)!line 1, column 4: a comma or the end of the object or array was expected here");
	check("[1}", "[n(1)!line 1, column 3: a comma or the end of the object or array was expected here");
	check("[\n[", "[[!line 2, column 2: the text ends where a value was expected");
	check("[1", "[n(1)!line 1, column 3: the text ends inside an object or array");
	check("1 1", "n(1)!line 1, column 3: something follows after the end of the document");
	check("[tru]", "[!line 1, column 2: a value was expected here");
	check("truex", "t!line 1, column 5: something follows after the end of the document");
	check("\"a", "!line 1, column 3: the text ends inside a string");
	check("\"a\n\"", "!line 1, column 3: a control character inside a string is not escaped");
	check("\"\\x\"", "!line 1, column 2: a backslash is followed by a character that it cannot escape");
	check("\"\\u12g4\"", "!line 1, column 2: \\u is not followed by four hexadecimal digits");
	check("\"\xc3\"", "!line 1, column 2: a string is not valid UTF-8");
	check("\"\xed\xa0\x80\"", "!line 1, column 2: a string is not valid UTF-8");
	check("\"\xf0\x9f\x98", "!line 1, column 2: a string is not valid UTF-8");
	check("'a'", "!line 1, column 1: a value was expected here");
}

static void
numbers_follow_the_grammar(void **state)
{
	static const char *const good[] = { "0", "-0", "10", "0.5", "1e5", "1E-5", "1.0e+05", "123456789012345678901" };
	static const char *const bad[] = { "01",  "-",    "+1",    ".5",  "5.",  "1e",
					   "1e+", "0x10", "1.2.3", "--1", "-01", "1-2" };

	for (size_t i = 0; i < COUNT(good); i++) {
		BUF_AUTO expected = { 0 };

		buf_addf(&expected, "n(%s).", good[i]);
		check(good[i], buf_cstr(&expected));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		BUF_AUTO out = { 0 };

		dump_all(str_of(bad[i]), false, &out);
		assert_non_null(strchr(buf_cstr(&out), '!'));
	}
}

static void
sequences_end_with_the_input(void **state)
{
	BUF_AUTO lines = { 0 };
	BUF_AUTO none = { 0 };
	BUF_AUTO broken = { 0 };

	dump_all(STR("{\"a\":1}\n[2]\r\n\n3\n"), true, &lines);
	assert_string_equal(buf_cstr(&lines), "{k(a)n(1)}[n(2)]n(3).");
	dump_all(STR(" \n"), true, &none);
	assert_string_equal(buf_cstr(&none), ".");
	dump_all(STR("{}\n{\"a\"\n"), true, &broken);
	assert_string_equal(buf_cstr(&broken), "{}{k(a)!line 3, column 1: a colon was expected behind the key");
}

/* Tokens that lie across the ends of the reader's own chunks. */
static void
long_tokens_cross_chunks(void **state)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO digits = { 0 };
	struct pieces p;

	for (int i = 0; i < 20000; i++)
		buf_add(&text, i % 3 ? STR("x") : STR("皮膚\\n"));
	for (int i = 0; i < 40000; i++)
		buf_add_char(&digits, '7');
	for (size_t shift = 0; shift < 7; shift++) {
		BUF_AUTO doc = { 0 };
		BUF_AUTO mem = { 0 };
		BUF_AUTO stream = { 0 };
		JSON_READER_AUTO a = NULL;
		JSON_READER_AUTO b = NULL;

		for (size_t i = 0; i < shift; i++)
			buf_add_char(&doc, ' ');
		buf_addf(&doc, "{\"%s\":%s}", buf_cstr(&text), buf_cstr(&digits));
		a = json_reader_mem(buf_str(&doc), NULL);
		dump(a, &mem);
		p = (struct pieces){ buf_str(&doc), SIZE_MAX };
		b = json_reader_stream(give, &p, NULL);
		dump(b, &stream);
		assert_true(str_eq(buf_str(&mem), buf_str(&stream)));
		assert_true(mem.len > 80000);
		assert_true(str_ends(buf_str(&mem), STR("7)}.")));
	}
}

/* One gigabyte of one byte. */
static bool
give_same(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	uint64_t *left = user;

	*got = *left < cap ? (size_t)*left : cap;
	memset(into, '[', *got);
	*left -= *got;
	return true;
}

static size_t
memory_in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void
deep_input_fails_at_the_cap_in_little_memory(void **state)
{
	uint64_t left = (uint64_t)1 << 30;
	size_t before = memory_in_use(), used;
	JSON_READER_AUTO r = json_reader_stream(give_same, &left, &(struct json_limits){ .depth = 1000 });
	struct err e = { 0 };
	int opened = 0;

	while (json_next(r) == JSON_ARRAY)
		opened++;
	used = memory_in_use() - before;
	assert_int_equal(opened, 1000);
	assert_int_equal(json_depth(r), 1000);
	assert_false(json_error(r, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_true(used < 64 * 1024);
	assert_true(left > ((uint64_t)1 << 30) - 64 * 1024);
}

static void
limits_hold(void **state)
{
	struct err e = { 0 };
	JSON_READER_AUTO text = json_reader_mem(STR("[\"1234\",\"12345\"]"), &(struct json_limits){ .string_max = 4 });
	JSON_READER_AUTO escaped =
		json_reader_mem(STR("\"\\n\\n\\n\\n\\n\""), &(struct json_limits){ .string_max = 4 });
	JSON_READER_AUTO number = json_reader_mem(STR("12345"), &(struct json_limits){ .string_max = 4 });
	JSON_READER_AUTO whole = json_reader_mem(STR("[1234]"), &(struct json_limits){ .total = 5 });
	struct pieces p = { STR("[1,2,3,4,5,6]"), 2 };
	JSON_READER_AUTO stream = json_reader_stream(give, &p, &(struct json_limits){ .total = 5 });

	assert_int_equal(json_next(text), JSON_ARRAY);
	assert_int_equal(json_next(text), JSON_STRING);
	assert_int_equal(json_next(text), JSON_ERROR);
	assert_false(json_error(text, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_int_equal(json_next(escaped), JSON_ERROR);
	assert_int_equal(json_next(number), JSON_ERROR);
	assert_int_equal(json_next(whole), JSON_ERROR);
	while (json_next(stream) != JSON_ERROR)
		assert_true(json_offset(stream) <= 6);
	err_clear(&e);
	assert_false(json_error(stream, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
}

static bool
give_failing(void *user, char *into, size_t cap, size_t *got, struct err *e)
{
	bool *started = user;

	if (*started)
		return err_set(e, ERR_UNREACHABLE, "the connection was cut");
	*started = true;
	into[0] = '1';
	*got = 1;
	return true;
}

static void
a_broken_stream_is_no_end(void **state)
{
	bool started = false;
	JSON_READER_AUTO r = json_reader_stream(give_failing, &started, NULL);
	struct err e = { 0 };

	assert_int_equal(json_next(r), JSON_ERROR);
	assert_false(json_error(r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_string_equal(e.text, "the connection was cut");
}

static void
values_can_be_skipped(void **state)
{
	JSON_READER_AUTO r = json_reader_mem(STR("{\"a\":{\"b\":[1,{}]},\"c\":2,\"d\":[3]}"), NULL);
	JSON_READER_AUTO broken = json_reader_mem(STR("[[1,[2}]]"), NULL);

	assert_int_equal(json_next(r), JSON_OBJECT);
	assert_int_equal(json_next(r), JSON_KEY);
	assert_int_equal(json_next(r), JSON_OBJECT);
	assert_true(json_skip(r));
	assert_int_equal(json_depth(r), 1);
	assert_int_equal(json_next(r), JSON_KEY);
	assert_true(str_eq(json_text(r), STR("c")));
	assert_true(json_skip(r)); /* from the key: its value */
	assert_int_equal(json_next(r), JSON_KEY);
	assert_int_equal(json_next(r), JSON_ARRAY);
	assert_true(json_skip(r));
	assert_int_equal(json_next(r), JSON_OBJECT_END);
	assert_int_equal(json_next(r), JSON_DONE);
	assert_int_equal(json_next(broken), JSON_ARRAY);
	assert_false(json_skip(broken));
}

/* y_ must be taken, n_ refused, i_ either: but never differently by memory and stream. */
static void
json_test_suite(void **state)
{
	BUF_AUTO folder = { 0 };
	DIR *d = opendir(known_path(&folder, "json-testsuite/test_parsing"));
	struct dirent *entry;
	int seen = 0;

	if (!d) {
		print_message("# SKIP json_test_suite: ../shared/data/json-testsuite is not here\n");
		buf_free(&folder);
		skip();
		return; /* not reached; the analyser does not know */
	}
	while ((entry = readdir(d))) {
		BUF_AUTO path = { 0 };
		BUF_AUTO text = { 0 };
		BUF_AUTO out = { 0 };
		bool taken;

		if (!str_ends(str_of(entry->d_name), STR(".json")))
			continue;
		buf_addf(&path, "json-testsuite/test_parsing/%s", entry->d_name);
		assert_true(known_read(buf_cstr(&path), &text));
		dump_all(buf_str(&text), false, &out);
		taken = str_ends(buf_str(&out), STR("."));
		if (entry->d_name[0] != 'i' && taken != (entry->d_name[0] == 'y'))
			fail_msg("%s was %s: %s", entry->d_name, taken ? "taken" : "refused", buf_cstr(&out));
		seen++;
	}
	closedir(d);
	assert_true(seen > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_come_in_order),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(zero_bytes_are_text),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(numbers_follow_the_grammar),
		cmocka_unit_test(sequences_end_with_the_input),
		cmocka_unit_test(long_tokens_cross_chunks),
		cmocka_unit_test(deep_input_fails_at_the_cap_in_little_memory),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_broken_stream_is_no_end),
		cmocka_unit_test(values_can_be_skipped),
		cmocka_unit_test(json_test_suite),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
