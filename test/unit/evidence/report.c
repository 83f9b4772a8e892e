/* The document model: numbers as people read them, strangers' text made fit. */
#include "evidence/report.h"

#include "sample.h"

static void
assert_str(struct str s, const char *expected)
{
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.ptr, expected, s.len);
}

static void
test_numbers(void **state)
{
	ARENA_AUTO a = { 0 };

	assert_str(count_text(&a, 0), "0");
	assert_str(count_text(&a, 999), "999");
	assert_str(count_text(&a, 1000), "1,000");
	assert_str(count_text(&a, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_str(share_text(&a, 0, 0), "–");
	assert_str(share_text(&a, 0, 5), "0.0%");
	assert_str(share_text(&a, 1, 3), "33.3%");
	assert_str(share_text(&a, 2, 3), "66.7%");
	assert_str(share_text(&a, 1, 8), "12.5%");
	/* What is not nothing is never shown as nothing, what is not all never as all. */
	assert_str(share_text(&a, 1, 100000), "<0.1%");
	assert_str(share_text(&a, 99999, 100000), "99.9%");
	assert_str(share_text(&a, 7, 7), "100.0%");
	assert_str(share_text(&a, UINT64_MAX / 2, UINT64_MAX), "50.0%");
}

static void
test_tables(void **state)
{
	ARENA_AUTO a = { 0 };
	struct report *r = sample_report(&a, LANG_EN);
	struct grid *t = NULL;

	for (size_t i = 0; i < r->blocks.count; i++)
		if (r->blocks.items[i].kind == BLOCK_TABLE)
			t = r->blocks.items[i].table;
	assert_non_null(t);
	assert_int_equal(t->number, 1);
	assert_int_equal(grid_rows(t), 70);
	struct str hostile = cell_text(&a, &t->cells.items[0]);
	assert_true(str_is_utf8(hostile));
	assert_true(str_find_char(hostile, '\n') < 0 && str_find_char(hostile, '\x1b') < 0);
	assert_true(str_find(hostile, STR("\xe2\x80\xae")) < 0);
	assert_true(str_contains(hostile, STR("皮膚科")));
}

static void
test_writers(void **state)
{
	assert_ptr_equal(report_writer_find(STR("PDF")), report_writers[0]);
	assert_null(report_writer_find(STR("doc")));
	assert_null(report_writer_find(STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_numbers), cmocka_unit_test(test_tables),
					    cmocka_unit_test(test_writers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
