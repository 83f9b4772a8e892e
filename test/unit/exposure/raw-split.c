/* Records come out byte for byte as they went in, whatever they are. */
#include "world.h"

#include "exposure/import-scan.h"
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

static bool
split_all(struct raw_split *s, struct str lines)
{
	struct raw_piece pieces[PIECES_MAX];
	struct str line;
	size_t count;

	while (str_cut(&lines, '\n', &line))
		if (!raw_pieces(line, pieces, &count) || !raw_split_add(s, line, pieces, count))
			return false;
	return true;
}

static void
assert_round_trip(struct str lines, uint64_t records, bool must)
{
	struct raw_split *s = xcalloc(1, sizeof(*s));
	BUF_AUTO packed = { 0 };
	BUF_AUTO out = { 0 };

	bool done = split_all(s, lines);
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

/* What the scanner tells of a record's values is what one finds who looks for them. */
static void
test_the_scanner_tells_where_values_stand(void **state)
{
	static const char *const records[] = {
		"{\"ip\":\"192.0.2.1\",\"port\":80,\"data\":\"a\\r\\nb \\\"q\\\" \\\\\"}",
		"{\"a\":[1,-2.5e+3,\"x\",{\"b\":null}],\"c\":true,\"d\":\"\"}",
		"[]",
		"17",
	};
	struct scan_paths *paths = scan_paths_new();
	SCANNER_AUTO scan = { 0 };

	scan_paths_add(paths, "port", 1);
	scan_paths_ready(paths);
	for (size_t i = 0; i < COUNT(records); i++) {
		struct raw_piece pieces[PIECES_MAX];
		size_t count;
		struct str record = str_of(records[i]);
		/* The second time its keys are known. */
		for (int again = 0; again < 2; again++) {
			assert_true(scan_record(&scan, paths, record));
			assert_true(raw_pieces(record, pieces, &count));
			assert_int_equal(scan.piece_count, count);
			for (size_t k = 0; k < count; k++) {
				assert_int_equal(scan.pieces[k].at, pieces[k].at);
				assert_int_equal(scan.pieces[k].len, pieces[k].len);
				assert_int_equal(scan.pieces[k].number, pieces[k].number);
			}
		}
	}
	scan_paths_free(paths);
}

/* A block that has to give up in the middle: records of one form, then of more forms than it takes, then with line ends. */
static void
test_records_taken_apart_are_put_together_when_others_come(void **state)
{
	struct raw_split *s = xcalloc(1, sizeof(*s));
	struct raw_piece pieces[PIECES_MAX];
	BUF_AUTO packed = { 0 };
	BUF_AUTO out = { 0 };
	BUF_AUTO kept = { 0 };
	uint64_t records = 0;
	size_t count;

	for (unsigned i = 0; i < 100; i++) {
		BUF_AUTO line = { 0 };
		buf_addf(&line, "{\"key%u\":\"%u\",\"n\":%u}", i / 2, i, i);
		assert_true(raw_pieces(buf_str(&line), pieces, &count));
		if (!raw_split_add(s, buf_str(&line), pieces, count))
			continue;
		records++;
		buf_addf(&kept, "%s\n", buf_cstr(&line));
	}
	assert_int_equal(records, 2 * SPLIT_TEMPLATES);
	raw_split_write(s, &packed);
	const uint8_t *from = (const uint8_t *)packed.ptr, *end = from + packed.len;
	assert_ptr_equal(raw_join(from, end, records, 1 << 26, &out), end);
	assert_true(str_eq(buf_str(&out), buf_str(&kept)));
	raw_split_free(s);
	free(s);
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

struct seen_raws {
	const struct buf *raws;
	size_t *seen;
};

static bool
see_raw(void *user, const struct banner *b, struct err *e)
{
	struct seen_raws *x = user;

	(*x->seen)++;
	assert_true(str_eq(b->raw, buf_str(&x->raws[b->port])));
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

/* As the block degrades: taken apart, then lines, then with lengths. */
static void
test_records_of_any_form_come_back_from_one_block(void **state)
{
	enum { RECORDS = 300 };
	char path[64];
	struct query all = { .kind = QUERY_ALL };
	struct exposure_page page = { .limit = RECORDS, .sort = FIELDS, .raw = true };
	struct err e = { 0 };
	static struct buf raws[RECORDS];

	for (unsigned kinds = 1; kinds <= 3; kinds++) {
		world_begin(path);
		struct segment_writer *w = made_writer(path, "test", "f", "s");
		for (unsigned i = 0; i < RECORDS; i++) {
			raws[i].len = 0;
			if (i < RECORDS / 3 || kinds == 1)
				buf_addf(&raws[i], "{\"n\":%u,\"d\":\"text %u\"}", i, i);
			else if (i < 2 * RECORDS / 3 || kinds == 2)
				buf_addf(&raws[i], "{\"n%u\":%u}", i, i);
			else
				buf_addf(&raws[i], "{\n\"n\":%u}", i);
			struct banner b = { .port = (uint16_t)i, .raw = buf_str(&raws[i]) };
			assert_true(segment_add(w, &b, &e));
		}
		made_commit(path, w);
		struct exposure_index *ix = world_open(path);
		size_t seen = 0;
		struct seen_raws x = { raws, &seen };
		assert_true(exposure_search(ix, &all, &page, see_raw, &x, &e));
		assert_int_equal(seen, RECORDS);
		exposure_close(ix);
		world_end(path);
	}
	for (unsigned i = 0; i < RECORDS; i++)
		buf_free(&raws[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_round_trip),
		cmocka_unit_test(test_random_bytes_round_trip),
		cmocka_unit_test(test_the_scanner_tells_where_values_stand),
		cmocka_unit_test(test_records_taken_apart_are_put_together_when_others_come),
		cmocka_unit_test(test_records_and_texts_come_back),
		cmocka_unit_test(test_records_of_any_form_come_back_from_one_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
