#include "vuln/sheet.h"
#include "unit.h"
#include "vuln/csv.h"

static void
gives(struct str bytes, const char *wanted)
{
	BUF_AUTO out = { 0 };
	if (!sheet_csv(bytes, &out, &unit_err))
		fail_msg("%s", unit_err.text);
	assert_string_equal(buf_cstr(&out), wanted);
}

static void
csv_comes_as_it_is(void **state)
{
	gives(STR("\xef\xbb\xbfhost,group\r\nw3-1,\"a\tb\"\r\n"), "host,group\r\nw3-1,\"a\tb\"\r\n");
	gives(STR("\x95\x5c,x\n"), "表,x\n");
}

static void
tabs_become_commas(void **state)
{
	gives(STR("host\tgroup\r\nw3-1\t\"two\nlines, \"\"x\"\"\"\r\na,b\t\r\nlast"),
	      "host,group\r\nw3-1,\"two\nlines, \"\"x\"\"\"\r\n\"a,b\",\r\nlast\r\n");
}

static void
separators_are_told_by_the_first_line(void **state)
{
	gives(STR("name;price\r\na;1,5\r\n"), "name,price\r\na,\"1,5\"\r\n");
	gives(STR("sep=;\r\na,b;c\r\n"), "\"a,b\",c\r\n");
	gives(STR("sep=,\r\na,b;c\r\n"), "a,b;c\r\n");
	gives(STR("#TYPE x\r\n\"a,b\"\t\"c\"\r\n"), "#TYPE x\r\n\"a,b\",c\r\n");
	/* A quote that never closes takes no rows with it. */
	gives(STR("a;b\r\n1;\"two\r\n3;4\r\n"), "a,b\r\n1,\"\"\"two\"\r\n3,4\r\n");
}

static void
old_files_are_named(void **state)
{
	BUF_AUTO out = { 0 };
	assert_false(sheet_csv(STR("\xd0\xcf\x11\xe0\xa1\xb1"), &out, &unit_err));
	assert_non_null(strstr(unit_err.text, ".xls"));
	assert_false(sheet_csv(STR("PK\x03\x04"), &out, &unit_err));
	assert_non_null(strstr(unit_err.text, ".xlsx"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_comes_as_it_is),
		cmocka_unit_test(tabs_become_commas),
		cmocka_unit_test(separators_are_told_by_the_first_line),
		cmocka_unit_test(old_files_are_named),
	};
	return cmocka_run_group_tests_name("vuln/sheet", tests, NULL, NULL);
}
