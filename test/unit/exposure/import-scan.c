/* The bulk scanner: the JSON test suite and made-up texts with base/json as oracle, paths, escapes, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../known.h"
#include "../../fuzz/scan-oracle.h"
#include "exposure/raw-text.h"
#include "os/file.h"

#include <dirent.h>

static void
assert_agrees(struct str text)
{
	const char *why = oracle_compare(text);
	if (why)
		fail_msg("%s: %.*s", why, (int)(text.len < 300 ? text.len : 300), text.ptr);
}

static void
test_json_test_suite(void **state)
{
	struct err e = { 0 };
	BUF_AUTO folder = { 0 };
	size_t files = 0;
	DIR *d = opendir(known_path(&folder, "json-testsuite/test_parsing"));
	if (!d) {
		print_message("# SKIP json_test_suite: ../shared/data/json-testsuite is not here\n");
		buf_free(&folder);
		skip();
		return;
	}
	for (struct dirent *entry; (entry = readdir(d));) {
		BUF_AUTO path = { 0 };
		BUF_AUTO text = { 0 };
		if (!str_ends(str_of(entry->d_name), STR(".json")))
			continue;
		buf_addf(&path, "%s/%s", buf_cstr(&folder), entry->d_name);
		assert_true(file_read(buf_cstr(&path), 1 << 20, &text, &e));
		assert_agrees(buf_str(&text));
		BUF_AUTO found = { 0 };
		uint64_t replaced;
		bool ok = oracle_scan(buf_str(&text), &found, &replaced);
		if (entry->d_name[0] == 'y')
			assert_true(ok);
		if (entry->d_name[0] == 'n')
			assert_false(ok);
		files++;
	}
	closedir(d);
	assert_true(files > 300);
}

/* Texts made from pieces that matter, cut and joined in every order: any disagreement shows. */
static void
test_agrees_with_base(void **state)
{
	static const char *const pieces[] = {
		"{",
		"}",
		"[",
		"]",
		",",
		":",
		"\"a\"",
		"\"\\ud83d\\ude00\"",
		"\"\\ud83d\"",
		"\"\\u0000x\"",
		"\"\xe7\x9a\xae\"",
		"\"0123456789abcdefghijklmno\\n0123456789abcdefghij\"",
		"\"\xff\xe3\x81\"",
		"1",
		"-0.5e+3",
		"01",
		"true",
		"null",
		"nul",
		" ",
		"\"\\x\"",
		"\"",
		"\\",
		"\t",
		"{\"k\":",
		"\"v\"}",
	};
	uint64_t seed = 7;
	for (int round = 0; round < 60000; round++) {
		BUF_AUTO text = { 0 };
		for (int i = 0; i < 1 + round % 9; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			buf_add(&text, str_of(pieces[(seed >> 33) % COUNT(pieces)]));
		}
		assert_agrees(buf_str(&text));
	}
}

/* Records of one file have the same keys in the same order, but for those that have not. */
static void
test_records_before_change_nothing(void **state)
{
	static const char *const keys[] = {
		"a", "k", "b", "\\u0061", "\xff", "0123456789abcdefghi", "0123456789abcdefghij"
	};
	static const char *const values[] = {
		"1", "\"x\\n\"", "{\"k\":2,\"a\":{\"z\":3}}", "[1,{\"k\":\"\xe7\"}]", "{}", "\"\\ud83d\\ude00\"", "nul"
	};
	static const char *const colons[] = { ":", ":", ":", " :", ": " };
	SCANNER_AUTO s = { 0 };
	struct scan_paths *p = oracle_names();
	uint64_t seed = 11;

	for (int round = 0; round < 40000; round++) {
		BUF_AUTO text = { 0 };
		/* Mostly the keys of the round before. */
		uint64_t order = round / 5 % 7;
		for (unsigned i = 0; i < 3; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			uint64_t r = seed >> 33;
			size_t key = r % 8 ? (order + i * 2) % COUNT(keys) : r / 8 % COUNT(keys);
			buf_addf(&text, "%c\"%s\"%s%s", i ? ',' : '{', keys[key], colons[r / 64 % COUNT(colons)],
				 values[r / 512 % COUNT(values)]);
		}
		buf_add_char(&text, '}');
		const char *why = oracle_again(&s, p, buf_str(&text));
		if (why)
			fail_msg("%s: %s", why, buf_cstr(&text));
	}
	scan_paths_free(p);
}

/* What is said to stand in the record word for word does. */
static void
test_exact_texts(void **state)
{
	static const struct {
		const char *json;
		bool exact;
	} texts[] = {
		{ "{\"a\":\"plain\"}", true },           { "{\"a\":\"line\\r\\n\\\"\\/\\u3042\"}", true },
		{ "{\"a\":\"\\ud83d\\ude00\"}", false }, { "{\"a\":\"\\udc00\"}", false },
		{ "{\"a\":\"\xff\"}", false },           { "{\"a\":\"\xe7\x9a\xae\"}", true },
	};
	struct scan_paths *p = oracle_names();
	SCANNER_AUTO s = { 0 };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str json = str_of(texts[i].json);
		assert_true(scan_record(&s, p, json));
		assert_int_equal(s.count, 1);
		assert_int_equal(s.values[0].exact, texts[i].exact);
		assert_int_equal(s.values[0].at, 6);
		if (texts[i].exact)
			assert_true(raw_text_says(json.ptr + 6, json.ptr + json.len, s.values[0].text));
	}
	scan_paths_free(p);
}

static void
test_paths(void **state)
{
	SCANNER_AUTO s = { 0 };
	struct scan_paths *p = scan_paths_new();
	scan_paths_add(p, "ip_str", 1);
	scan_paths_add(p, "location.city", 2);
	scan_paths_add(p, "cpe[]", 3);
	scan_paths_add(p, "http.components.*", 4);
	scan_paths_add(p, "http.components.*.categories[]", 5);
	scan_paths_add(p, "items[]", 6);
	scan_paths_ready(p);
	assert_true(scan_record(
		&s, p,
		STR("{\"x\":{\"ip_str\":\"no\"},\"ip_str\":\"1.2.3.4\",\"location\":{\"city\":\"\\u6771\\u4eac\","
		    "\"ip_str\":1},\"cpe\":[\"a\",[\"deep\"],\"b\"],\"http\":{\"components\":{\"jQuery\":"
		    "{\"categories\":[\"JS\"]}}},\"items\":[{\"q\":1}]}")));
	static const struct {
		unsigned id, kind;
		const char *text;
	} expected[] = { { 1, SCAN_STRING, "1.2.3.4" },   { 2, SCAN_STRING, "東京" },
			 { 3, SCAN_STRING, "a" },         { 3, SCAN_OPEN, NULL },
			 { 3, SCAN_CLOSE, "[\"deep\"]" }, { 3, SCAN_STRING, "b" },
			 { 4, SCAN_KEY, "jQuery" },       { 4, SCAN_OPEN, NULL },
			 { 5, SCAN_STRING, "JS" },        { 4, SCAN_CLOSE, "{\"categories\":[\"JS\"]}" },
			 { 6, SCAN_OPEN, NULL },          { 6, SCAN_CLOSE, "{\"q\":1}" } };
	assert_int_equal(s.count, COUNT(expected));
	for (size_t i = 0; i < s.count; i++) {
		assert_int_equal(s.values[i].id, expected[i].id);
		assert_int_equal(s.values[i].kind, expected[i].kind);
		if (expected[i].text)
			assert_true(str_eq(s.values[i].text, str_of(expected[i].text)));
	}
	scan_paths_free(p);
}

static void
test_limits(void **state)
{
	BUF_AUTO deep = { 0 };
	for (int i = 0; i < SCAN_DEPTH; i++)
		buf_add_char(&deep, '[');
	for (int i = 0; i < SCAN_DEPTH; i++)
		buf_add_char(&deep, ']');
	assert_agrees(buf_str(&deep));
	uint64_t replaced;
	BUF_AUTO found = { 0 };
	assert_true(oracle_scan(buf_str(&deep), &found, &replaced));
	BUF_AUTO deeper = { 0 };
	buf_addf(&deeper, "[%s]", buf_cstr(&deep));
	assert_false(oracle_scan(buf_str(&deeper), &found, &replaced));
	/* A string past its limit, and one of a megabyte whose every byte is ill-formed. */
	BUF_AUTO bad = { 0 };
	buf_add_char(&bad, '"');
	memset(buf_reserve(&bad, 1 << 20), 0xff, 1 << 20);
	bad.len += 1 << 20;
	buf_add_char(&bad, '"');
	buf_truncate(&found, 0);
	assert_true(oracle_scan(buf_str(&bad), &found, &replaced));
	assert_int_equal(replaced, 1 << 20);
	assert_int_equal(found.len, 3 * (1 << 20) + 2);
	BUF_AUTO large = { 0 };
	buf_add_char(&large, '"');
	memset(buf_reserve(&large, SCAN_STRING_MAX + 1), 'x', SCAN_STRING_MAX + 1);
	large.len += SCAN_STRING_MAX + 1;
	buf_add_char(&large, '"');
	assert_false(oracle_scan(buf_str(&large), &found, &replaced));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_test_suite),
		cmocka_unit_test(test_agrees_with_base),
		cmocka_unit_test(test_records_before_change_nothing),
		cmocka_unit_test(test_exact_texts),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
