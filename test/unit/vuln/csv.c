#include "vuln/csv.h"
#include "unit.h"

static void
quotes_commas_and_lines(void **state)
{
	struct input in;
	struct csv_reader r = { .in = &in };
	input_of_mem(&in, "x.csv", STR("a,b,c\r\n1,\"two, and \"\"more\"\"\",\r\n\"over\ntwo lines\",x\n"));
	assert_int_equal(csv_next(&r, &unit_err), CSV_RECORD);
	assert_int_equal(csv_column(&r, "B"), 1);
	assert_int_equal(csv_column(&r, "d"), -1);
	assert_int_equal(csv_next(&r, &unit_err), CSV_RECORD);
	assert_str(csv_field(&r, 1), "two, and \"more\"");
	assert_str(csv_field(&r, 2), "");
	assert_int_equal(csv_next(&r, &unit_err), CSV_RECORD);
	assert_str(csv_field(&r, 0), "over\ntwo lines");
	assert_str(csv_field(&r, 2), "");
	assert_int_equal(csv_next(&r, &unit_err), CSV_END);
	csv_free(&r);
	input_close(&in);
}

static void
an_endless_record_is_bad(void **state)
{
	struct input in;
	struct csv_reader r = { .in = &in, .record_max = 16 };
	input_of_mem(&in, "x.csv", STR("\"never closed and much too long for sixteen bytes\nmore\nend"));
	assert_int_equal(csv_next(&r, &unit_err), CSV_BAD);
	assert_int_equal(csv_next(&r, &unit_err), CSV_RECORD);
	assert_str(csv_field(&r, 0), "more");
	csv_free(&r);
	input_close(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_commas_and_lines),
		cmocka_unit_test(an_endless_record_is_bad),
	};
	return cmocka_run_group_tests_name("vuln/csv", tests, NULL, NULL);
}
