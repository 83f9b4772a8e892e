/* Text to words: what is one, what is like what, and where phrases are. */
#include "world.h"

#include "exposure/words.h"

static void
assert_terms(const char *text, const char *expected)
{
	BUF_AUTO out = { 0 };
	struct grams g;

	grams_begin(&g, str_of(text));
	while (grams_next(&g)) {
		buf_addf(&out, "%s", out.len ? " " : "");
		buf_add(&out, g.term);
	}
	assert_string_equal(buf_cstr(&out), expected);
}

static void
test_terms(void **state)
{
	assert_terms("", "");
	assert_terms(" -- \r\n", "");
	assert_terms("HTTP/1.1 200 OK", "http 1 1 200 ok");
	assert_terms("under_score", "under score");
	assert_terms("Ärzte ÉCOLE Ωμέγα ПРИВЕТ", "ärzte école ωμέγα привет");
	assert_terms("ＰＡＣＳ　２０２６", "pacs 2026");
	assert_terms("皮膚科", "皮 膚 皮膚 科 膚科 皮膚科");
	assert_terms("内科のx", "内 科 内科 の 科の 内科の x");
	assert_terms("循環器内", "循 環 循環 器 環器 循環器 内 器内 環器内");
	/* Half-width kana, with their voicing marks. */
	assert_terms("ｶﾞﾊﾟｳﾞ", "ガ パ ガパ ヴ パヴ ガパヴ");
	assert_terms("カ・ル", "カ ル");
	assert_terms("a\xff\xfe"
		     "b",
		     "a b");
	assert_terms("0123456789012345678901234567890123456789012345678901234567890123456789",
		     "0123456789012345678901234567890123456789012345678901234567890123");
}

/* Terms of text, each with a line end; quick: those that can be come from grams_ascii(). */
static void
terms(struct str text, bool quick, struct buf *out)
{
	struct grams g;
	struct ascii_word words[ASCII_WORDS];
	char bytes[16];
	size_t n = 0;

	grams_begin(&g, text);
	while ((quick && (n = grams_ascii(&g, words)) > 0) || grams_next(&g)) {
		for (size_t k = 0; k < n; k++) {
			const struct ascii_word *w = &words[k];
			assert_in_range(w->len, 1, ASCII_WORD_MAX);
			memcpy(bytes, &w->low, 8);
			memcpy(bytes + 8, &w->high, 8);
			for (size_t i = w->len; i < sizeof(bytes); i++)
				assert_int_equal(bytes[i], 0);
			buf_add(out, str_sub(bytes, w->len));
			buf_add_char(out, '\n');
		}
		if (n == 0) {
			buf_add(out, g.term);
			buf_add_char(out, '\n');
		}
	}
}

static void
test_quick_terms_are_the_same(void **state)
{
	static const char *const pieces[] = {
		" ",    "Z",  "http", "/1.1", "-",  "0123456789a", "0123456789ab", "@[`{", "\r\n",
		"_",    "OK", "9",    "x",    "A",  ":",           "\x10",         "\x7f", "皮",
		"膚科", "é",  "ＰＡ", "ガ",   "　", "\xff",        "ｶﾞ",           "Ω",
	};
	enum { ASCII_PIECES = 17 };
	uint64_t r = 0x2545f4914f6cdd1du;

	for (unsigned i = 0; i < 20000; i++) {
		BUF_AUTO text = { 0 };
		BUF_AUTO slow = { 0 };
		BUF_AUTO quick = { 0 };
		size_t choice = i % 2 ? COUNT(pieces) : ASCII_PIECES;
		for (unsigned n = i % 80; n > 0; n--) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			buf_add(&text, str_of(pieces[r % choice]));
		}
		/* Without a byte behind it, so that a read past the end is seen. */
		char *exact = xcalloc(text.len + 1, 1), *from = exact + 1;
		memcpy(from, buf_cstr(&text), text.len);
		terms(str_sub(from, text.len), false, &slow);
		terms(str_sub(from, text.len), true, &quick);
		assert_string_equal(buf_cstr(&quick), buf_cstr(&slow));
		free(exact);
	}
}

static void
test_phrases(void **state)
{
	static const struct {
		const char *text, *phrase;
		bool open, there;
	} rows[] = {
		{ "Welcome to the server", "TO THE", false, true },
		{ "Welcome to the server", "to server", false, false },
		{ "Welcome to the server", "the serv", false, false },
		{ "Welcome to the server", "the serv", true, true },
		{ "Apache/2.4.18 (Ubuntu)", "2.4.18", false, true },
		{ "当院は皮膚科です", "皮膚科", false, true },
		{ "皮膚 科", "皮膚科", false, false },
		{ "皮膚の科", "皮膚科", false, false },
		{ "内科 皮膚科", "内科 皮膚科", false, true },
		{ "aa ab", "ab", false, true },
		{ "a a b", "a b", false, true },
		{ "", "x", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (words_contain(str_of(rows[i].text), str_of(rows[i].phrase), rows[i].open) != rows[i].there)
			fail_msg("“%s” in “%s”", rows[i].phrase, rows[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_quick_terms_are_the_same),
		cmocka_unit_test(test_phrases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
