/* Records come out byte for byte as they went in, whatever they are. */
#include "world.h"

#include "exposure/raw-split.h"

static const char *const odd[] = {
	"{\"ip\":\"192.0.2.1\",\"port\":80,\"data\":\"a\\r\\nb \\\"q\\\" \\\\\"}",
	"{\"ip\":\"192.0.2.2\",\"port\":-1.5e+10,\"data\":\"\"}",
	"{\"a\":[1,2,3,\"x\",{\"b\":null}],\"c\":true}",
	"{ \"spaced\" : \"value\" , \"n\" : 12 }",
	"[]",
	"",
	"not json at all 12 34",
	"\"lonely \\\\\\\\\"",
	"{\"\\u0001\":\"\\u0002\"}",
	"{\"皮膚科\":\"内科\"}",
};

static void
assert_round_trip(struct str lines, uint64_t records, bool must)
{
	struct raw_split *s = xcalloc(1, sizeof(*s));
	BUF_AUTO packed = { 0 };
	BUF_AUTO out = { 0 };

	bool done = raw_split(s, lines);
	assert_true(done || !must);
	if (done) {
		raw_split_write(s, &packed);
		const uint8_t *from = (const uint8_t *)packed.ptr, *end = from + packed.len;
		assert_ptr_equal(raw_join(from, end, records, 1 << 26, &out), end);
		assert_true(str_eq(buf_str(&out), lines));
		/* Cut off anywhere it is refused, not read past its end. */
		for (size_t n = 0; n < packed.len; n += 1 + packed.len / 97) {
			BUF_AUTO cut = { 0 };
			char *copy = xcalloc(1, n + 1);
			memcpy(copy, packed.ptr, n);
			assert_true(raw_join((uint8_t *)copy, (uint8_t *)copy + n, records, 1 << 26, &cut) == NULL);
			free(copy);
		}
	}
	raw_split_free(s);
	free(s);
}

static void
test_lines_round_trip(void **state)
{
	BUF_AUTO lines = { 0 };

	for (size_t i = 0; i < COUNT(odd); i++)
		buf_addf(&lines, "%s\n", odd[i]);
	assert_round_trip(buf_str(&lines), COUNT(odd), true);
	/* What cannot be taken apart is said to be so. */
	assert_round_trip(STR("{\"open\":\"never closed}\n"), 1, false);
	assert_round_trip(STR("{\"a\":\x01\x02}\n"), 1, false);
	lines.len = 0;
	for (unsigned i = 0; i < 100; i++)
		buf_addf(&lines, "{\"key%u\":\"%u\"}\n", i, i);
	assert_round_trip(buf_str(&lines), 100, false);
}

static void
test_random_bytes_round_trip(void **state)
{
	static const char alphabet[] = "{}[]:,\"\"\"\\\\ab01.-e \x7f";

	made_state = 77;
	for (unsigned round = 0; round < 3000; round++) {
		BUF_AUTO lines = { 0 };
		unsigned records = 1 + made_random(5);
		for (unsigned i = 0; i < records; i++) {
			for (unsigned n = made_random(40); n > 0; n--)
				buf_add_char(&lines, alphabet[made_random(sizeof(alphabet) - 1)]);
			buf_add_char(&lines, '\n');
		}
		assert_round_trip(buf_str(&lines), records, false);
	}
}

/* ---- through a segment ---- */

struct expected {
	struct str raws[20], texts[20];
	size_t count, seen;
};

static bool
see(void *user, const struct banner *b, struct err *e)
{
	struct expected *x = user;
	size_t i = b->port;

	x->seen++;
	assert_true(str_eq(b->raw, x->raws[i]));
	for (size_t k = 0; k < b->count; k++)
		if (b->values[k].field == FIELD_DATA)
			assert_true(str_eq(b->values[k].text, x->texts[i]));
	return true;
}

static void
test_records_and_texts_come_back(void **state)
{
	/* Texts that are in their record, escaped, in part, in another record's words, or not at all. */
	static struct expected x = {
		.raws = { { "{\"d\":\"plain\"}", 13 },
			  { "{\"d\":\"a\\u00e9\\n\\t\\\"x\\\"\"}", 24 },
			  { "{\"d\":\"\\ud83d\\ude00 pair\"}", 25 },
			  { "<host>\n<a b=\"1\"/>\n</host>", 25 },
			  { "{\"d\":\"prefix and more\"}", 23 },
			  { "", 0 },
			  { "{\"d\":\"hello\",\"e\":\"hello world\"}", 31 } },
		.texts = { { "plain", 5 },
			   { "a\xc3\xa9\n\t\"x\"", 8 },
			   { "\xf0\x9f\x98\x80 pair", 9 },
			   { "1", 1 },
			   { "prefix", 6 },
			   { "nowhere", 7 },
			   { "hello world", 11 } },
		.count = 7,
	};
	char path[64];
	struct query all = { .kind = QUERY_ALL };
	struct exposure_page page = { .limit = 100, .sort = FIELDS, .raw = true };
	struct err e = { 0 };

	world_begin(path);
	struct segment_writer *w = made_writer(path, "test", "f", "s");
	for (size_t i = 0; i < x.count; i++) {
		struct banner_value v = { .field = FIELD_DATA, .text = x.texts[i], .at = i == 4 ? 6 : 0 };
		struct banner b = { .port = (uint16_t)i, .values = &v, .count = 1, .raw = x.raws[i] };
		assert_true(segment_add(w, &b, &e));
	}
	made_commit(path, w);
	struct exposure_index *ix = world_open(path);
	assert_true(exposure_search(ix, &all, &page, see, &x, &e));
	assert_int_equal(x.seen, x.count);
	assert_int_equal(world_count(ix, "\"hello world\""), 1);
	exposure_close(ix);
	world_end(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_round_trip),
		cmocka_unit_test(test_random_bytes_round_trip),
		cmocka_unit_test(test_records_and_texts_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
