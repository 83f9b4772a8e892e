/* Excel files: the same bytes twice, strangers' text as text and never as a formula or a link. */
#include "evidence/xlsx.h"

#include "sample.h"

#include <archive.h>
#include <archive_entry.h>

/* All files of the archive behind each other. */
static void
unpack(const struct buf *zip, struct buf *out, size_t *sheets)
{
	struct archive *r = archive_read_new();
	struct archive_entry *entry;

	*sheets = 0;
	archive_read_support_format_zip(r);
	assert_int_equal(archive_read_open_memory(r, zip->ptr, zip->len), ARCHIVE_OK);
	while (archive_read_next_header(r, &entry) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);
		*sheets += strstr(name, "worksheets/sheet") != NULL;
		if (strstr(name, ".png"))
			continue;
		char block[8192];
		for (la_ssize_t n; (n = archive_read_data(r, block, sizeof(block))) > 0;)
			buf_add(out, str_sub(block, (size_t)n));
	}
	archive_read_free(r);
}

static void
test_text_stays_text(void **state)
{
	BUF_AUTO zip = { 0 };
	BUF_AUTO all = { 0 };
	size_t sheets;

	write_twice(&report_xlsx, &zip);
	unpack(&zip, &all, &sheets);
	assert_int_equal(sheets, 2);
	assert_true(has(&all, "=cmd|'/C calc'!A0 &lt;script&gt;"));
	assert_true(has(&all, "<t>=1+1</t>"));
	assert_false(has(&all, "<f>")); /* no formula at all */
	assert_false(has(&all, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"));
	assert_false(has(&all, "\x1b"));
	/* Dated by its newest fact. */
	assert_true(has(&all, "2025-12-02T00:00:00Z</dcterms:created>"));
	assert_true(has(&all, "<v>69007</v>"));
}

static void
test_nothing_in_it(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO zip = { 0 };
	BUF_AUTO all = { 0 };
	struct err e = { 0 };
	size_t sheets;

	assert_true(report_xlsx.write(report_new(&a, LANG_EN, STR("Nothing"), 1000), &zip, &e));
	unpack(&zip, &all, &sheets);
	assert_int_equal(sheets, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text_stays_text),
					    cmocka_unit_test(test_nothing_in_it) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
