#include "vuln/bucket.h"
#include "unit.h"

static size_t
live_rows(const struct bucket *b, struct str payload, struct str *last_body)
{
	size_t offset = 0, n = 0;
	struct bucket_row row;
	bool bad = false;
	while (bucket_row_next(payload, &offset, &row, &bad))
		if (row.live) {
			n++;
			*last_body = row.body;
		}
	assert_false(bad);
	return n;
}

static void
the_newest_of_a_key_stays(void **state)
{
	BUCKET_SET_AUTO set = { 0 };
	struct bucket *b = bucket_set_get(&set, "osv", STR("Debian"));
	enum bucket_put how;
	struct str body;
	assert_ok(bucket_put(b, STR("A"), 5, STR("five"), &how, &unit_err));
	assert_int_equal(how, BUCKET_ADDED);
	assert_ok(bucket_put(b, STR("A"), 4, STR("four"), &how, &unit_err));
	assert_int_equal(how, BUCKET_OLDER);
	assert_int_equal(live_rows(b, buf_str(&b->payload), &body), 1);
	assert_str(body, "five");
	assert_ok(bucket_put(b, STR("A"), 6, STR("six"), &how, &unit_err));
	assert_int_equal(how, BUCKET_REPLACED);
	assert_int_equal(live_rows(b, buf_str(&b->payload), &body), 1);
	assert_str(body, "six");
	assert_int_equal(b->count, 1);
	assert_ptr_equal(bucket_set_get(&set, "osv", STR("Debian")), b);
	assert_ptr_not_equal(bucket_set_get(&set, "osv", STR("AlmaLinux")), b);
}

static void
a_file_comes_back_and_damage_is_refused(void **state)
{
	BUCKET_SET_AUTO set = { 0 };
	BUF_AUTO file = { 0 };
	ARENA_AUTO a = { 0 };
	struct bucket *b = bucket_set_get(&set, "osv", STR("Rocky Linux")), back;
	enum bucket_put how;
	struct str payload, body;
	snprintf(b->path, sizeof(b->path), "all.zip");
	b->imported = 7;
	b->published = 6;
	assert_ok(bucket_put(b, STR("A"), 1, STR("old"), &how, &unit_err));
	assert_ok(bucket_put(b, STR("A"), 2, STR("new"), &how, &unit_err));
	bucket_write(b, &file);
	assert_ok(bucket_open("f", buf_str(&file), &back, &payload, &unit_err));
	assert_string_equal(back.feed, "osv");
	assert_string_equal(back.source, "Rocky Linux");
	assert_string_equal(back.path, "all.zip");
	assert_int_equal(back.count, 1);
	assert_int_equal(live_rows(&back, payload, &body), 1);
	assert_str(body, "new");
	assert_str(bucket_file_name(b, &a), "osv-Rocky_20Linux.feed");
	for (size_t i = 0; i < file.len; i++) {
		struct err e = { 0 };
		file.ptr[i] ^= 0x10;
		assert_false(bucket_open("f", buf_str(&file), &back, &payload, &e));
		assert_int_equal(e.code, ERR_INPUT);
		file.ptr[i] ^= 0x10;
		assert_false(bucket_open("f", str_head(buf_str(&file), i), &back, &payload, &e));
	}
}

static void
merging_counts_what_is_there_twice(void **state)
{
	BUCKET_SET_AUTO one = { 0 }, two = { 0 };
	enum bucket_put how;
	uint64_t duplicates = 0;
	assert_ok(bucket_put(bucket_set_get(&one, "kev", STR("")), STR("A"), 1, STR("1"), &how, &unit_err));
	assert_ok(bucket_put(bucket_set_get(&two, "kev", STR("")), STR("A"), 2, STR("2"), &how, &unit_err));
	assert_ok(bucket_put(bucket_set_get(&two, "kev", STR("")), STR("B"), 2, STR("3"), &how, &unit_err));
	assert_ok(bucket_set_merge(&one, &two, &duplicates, &unit_err));
	assert_int_equal(duplicates, 1);
	assert_int_equal(one.items[0]->count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_a_key_stays),
		cmocka_unit_test(a_file_comes_back_and_damage_is_refused),
		cmocka_unit_test(merging_counts_what_is_there_twice),
	};
	return cmocka_run_group_tests_name("vuln/bucket", tests, NULL, NULL);
}
