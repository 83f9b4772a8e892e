/* The values and words of a segment that is built: numbers, order, who has them. */
#include "world.h"

#include "exposure/vocabulary.h"

enum { WORDS = 60000 };

static struct str
word(unsigned n, char into[64])
{
	/* Short and long ones, many with a start in common, some that differ in case only. */
	int len = 0;
	switch (n % 6) {
	case 0:
		len = snprintf(into, 64, "%u", n);
		break;
	case 1:
		len = snprintf(into, 64, "w%u", n);
		break;
	case 2:
		len = snprintf(into, 64, "common-start-%u", n / 6);
		break;
	case 3:
		len = snprintf(into, 64, "Common-Start-%u", n / 6);
		break;
	case 4:
		len = snprintf(into, 64, "x%08x", n * 2654435761u);
		break;
	default:
		len = snprintf(into, 64, "averyveryverylongprefixofawordthatis%u", n);
		break;
	}
	return str_sub(into, (size_t)len);
}

static void
test_numbers_order_and_documents(void **state)
{
	struct vocabulary v = { 0 };
	char text[64];
	uint32_t *docs = xcalloc(400000, sizeof(*docs));

	for (uint32_t doc = 0; doc < 4000; doc++) {
		for (unsigned n = doc % 50; n < WORDS; n += 50 + n / 3)
			vocabulary_word(&v, word(n, text), doc);
		vocabulary_word(&v, STR("everywhere"), doc);
		vocabulary_word(&v, STR("everywhere"), doc);
	}
	vocabulary_flush(&v);
	uint32_t everywhere = vocabulary_put(&v, STR("everywhere"));
	assert_int_equal(vocabulary_docs(&v, everywhere, docs), 4000);
	for (uint32_t d = 0; d < 4000; d++)
		assert_int_equal(docs[d], d);
	for (unsigned n = 0; n < WORDS; n++) {
		uint32_t number = vocabulary_put(&v, word(n, text));
		assert_true(str_eq(vocabulary_text(&v, number), word(n, text)));
		assert_int_equal(vocabulary_put(&v, word(n, text)), number);
		uint32_t count = vocabulary_docs(&v, number, docs);
		for (uint32_t i = 1; i < count; i++)
			assert_true(docs[i - 1] < docs[i]);
	}
	assert_int_equal(v.count, WORDS + 1);
	uint32_t *sorted = vocabulary_sorted(&v);
	for (uint32_t i = 1; i < v.count; i++)
		assert_true(value_compare(vocabulary_text(&v, sorted[i - 1]), vocabulary_text(&v, sorted[i])) < 0);
	free(sorted);
	free(docs);
	vocabulary_free(&v);
}

/* Words of very many banners, in a pattern that is known, twice in some: all of them and each once. */
static void
test_frequent_words(void **state)
{
	enum { DOCS = 20000, FREQUENT = 300 };
	struct vocabulary v = { 0 };
	uint32_t *docs = xcalloc(DOCS, sizeof(*docs));
	char text[64];

	for (uint32_t doc = 0; doc < DOCS; doc++) {
		for (unsigned n = 0; n < FREQUENT; n++) {
			/* One in 2 to 33; some of them begin late, some end early. */
			if (doc % (n % 32 + 2) || (n % 7 == 0 && doc < 9000) || (n % 11 == 0 && doc > 15000))
				continue;
			struct str s = str_sub(text, (size_t)snprintf(text, sizeof(text), "w%u", n));
			vocabulary_word(&v, s, doc);
			if (n % 3 == 0)
				vocabulary_word(&v, s, doc);
		}
		vocabulary_word(&v, word(6 * doc, text), doc);
	}
	vocabulary_flush(&v);
	for (unsigned n = 0; n < FREQUENT; n++) {
		struct str s = str_sub(text, (size_t)snprintf(text, sizeof(text), "w%u", n));
		uint32_t count = vocabulary_docs(&v, vocabulary_put(&v, s), docs), i = 0;
		for (uint32_t doc = 0; doc < DOCS; doc++) {
			if (doc % (n % 32 + 2) || (n % 7 == 0 && doc < 9000) || (n % 11 == 0 && doc > 15000))
				continue;
			assert_true(i < count);
			assert_int_equal(docs[i++], doc);
		}
		assert_int_equal(i, count);
	}
	free(docs);
	vocabulary_free(&v);
}

/* Texts that begin alike, differ in case alone, end inside of one another or have zero bytes; few and many. */
static void
test_texts_are_sorted(void **state)
{
	static const char *const begins[] = { "",
					      "host",
					      "Host",
					      "HOST123",
					      "a-very-long-beginning-that-many-texts-have-in-common/",
					      "A-very-long-beginning-that-many-texts-have-in-common/",
					      "[@`{\x7f",
					      "\xe7\x9a\xae" };

	for (unsigned count = 40; count <= 40000; count *= 10) {
		struct vocabulary v = { 0 };
		made_state = count;
		for (unsigned i = 0; i < count; i++) {
			BUF_AUTO text = { 0 };
			buf_add(&text, str_of(begins[made_random(COUNT(begins))]));
			if (made_random(4) > 0)
				buf_addf(&text, "%u", made_random(count));
			for (unsigned n = made_random(12); n > 0; n--)
				buf_add_char(&text, "aAzZ@[\0 "[made_random(8)]);
			(void)vocabulary_put(&v, buf_str(&text));
		}
		uint32_t *sorted = vocabulary_sorted(&v);
		for (uint32_t i = 1; i < v.count; i++)
			assert_true(value_compare(vocabulary_text(&v, sorted[i - 1]), vocabulary_text(&v, sorted[i])) <
				    0);
		free(sorted);
		vocabulary_free(&v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_sorted),
		cmocka_unit_test(test_numbers_order_and_documents),
		cmocka_unit_test(test_frequent_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
