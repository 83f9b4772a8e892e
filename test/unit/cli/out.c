/* Tables, widths and CSV as a user sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/cli.h"

static void
width_counts_japanese_as_two(void **state)
{
	assert_int_equal(cli_width(STR("abc")), 3);
	assert_int_equal(cli_width(STR("皮膚科")), 6);
	assert_int_equal(cli_width(STR("e\xcc\x81")), 1); /* e + combining acute */
	assert_int_equal(cli_width(STR("\xff\xfe")), 2); /* two bytes that are no UTF-8: one mark each */
	assert_int_equal(cli_width(STR("")), 0);
}

static void
csv_field(const char *in, const char *expected)
{
	BUF_AUTO out = { 0 };
	cli_csv(&out, str_of(in), false);
	assert_string_equal(buf_cstr(&out), expected);
}

static void
csv_quotes_and_disarms_formulas(void **state)
{
	csv_field("openssl", "openssl,");
	csv_field("a,b", "\"a,b\",");
	csv_field("say \"hi\"", "\"say \"\"hi\"\"\",");
	csv_field("=HYPERLINK(1)", "\"'=HYPERLINK(1)\",");
	csv_field("-1", "\"'-1\",");
	BUF_AUTO out = { 0 };
	cli_csv(&out, STR("end"), true);
	assert_string_equal(buf_cstr(&out), "end\r\n");
}

/* Captures what a table prints by pointing standard output at a file. */
static void
table_text(struct str cell, char *into, size_t cap)
{
	ARENA_AUTO arena = { 0 };
	static const char *const headers[] = { "HOST", "WHY" };
	FILE *file = tmpfile();
	assert_non_null(file);
	FILE *saved = stdout;
	stdout = file;
	struct cli_table *t = cli_table_new(&arena, headers, 2);
	cli_table_cell(t, cell);
	cli_table_cell(t, STR("x"));
	cli_table_print(t);
	stdout = saved;
	rewind(file);
	size_t n = fread(into, 1, cap - 1, file);
	into[n] = 0;
	fclose(file);
}

static void
table_lines_up_and_steers_no_terminal(void **state)
{
	char text[512];
	table_text(STR("病棟3"), text, sizeof(text));
	assert_string_equal(text, "HOST   WHY\n病棟3  x\n");
	table_text(STR("\x1b[2Jevil\n"), text, sizeof(text));
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "evil"));
	table_text(STR("a\xe2\x80\xae"
		       "b"),
		   text, sizeof(text)); /* right-to-left override */
	assert_null(strstr(text, "\xe2\x80\xae"));
}

static void
isolates_do_not_turn_a_line_round(void **state)
{
	char text[400];

	table_text(STR("a\xe2\x81\xa7"
		       "b\xe2\x80\xa8"
		       "c"),
		   text, sizeof(text));
	assert_null(strstr(text, "\xe2\x81\xa7"));
	assert_null(strstr(text, "\xe2\x80\xa8"));
	assert_non_null(strstr(text, "a\xef\xbf\xbd"
				     "b\xef\xbf\xbd"
				     "c"));
}

static void
wrapped_text_keeps_its_own_lines(void **state)
{
	BUF_AUTO out = { 0 };

	cli_wrap(&out, STR("report: a short line\nnotify: one folder for each organisation"), 2, 32);
	assert_string_equal(buf_cstr(&out), "report: a short line\n  notify: one folder for each\n  organisation\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(width_counts_japanese_as_two),
		cmocka_unit_test(csv_quotes_and_disarms_formulas),
		cmocka_unit_test(table_lines_up_and_steers_no_terminal),
		cmocka_unit_test(isolates_do_not_turn_a_line_round),
		cmocka_unit_test(wrapped_text_keeps_its_own_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
