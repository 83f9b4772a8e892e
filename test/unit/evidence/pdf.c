/* PDF reports: the same bytes twice, dated by their newest fact, pages that hold what was written. */
#include "evidence/pdf.h"

#include "sample.h"

static void
test_bytes(void **state)
{
	BUF_AUTO out = { 0 };

	write_twice(&report_pdf, &out);
	assert_true(str_starts(buf_str(&out), STR("%PDF-1.5")));
	assert_true(str_ends(str_trim(buf_str(&out)), STR("%%EOF")));
	/* 2025-12-02, not today. */
	assert_true(has(&out, "20251202"));
}

/* A table of many rows goes over several pages, and an empty report is one page. */
static void
test_pages(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO many = { 0 };
	BUF_AUTO one = { 0 };
	struct err e = { 0 };

	write_twice(&report_pdf, &many);
	assert_true(has(&many, "/Count 3"));
	assert_true(report_pdf.write(report_new(&a, LANG_EN, STR("Nothing"), 1000), &one, &e));
	assert_true(has(&one, "/Count 1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bytes), cmocka_unit_test(test_pages) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
