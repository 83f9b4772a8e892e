#include "plan/calendar.h"

#include "../os/unit.h"
#include "base/time.h"

/* All days of a year, as "01-01 01-12 …". */
static void
assert_year(const struct day_list *l, int of, const char *expected)
{
	BUF_AUTO days = { 0 };

	for (size_t i = 0; i < l->days.count; i++) {
		int year;
		unsigned month, day;
		time_civil(l->days.items[i], &year, &month, &day);
		if (year == of)
			buf_addf(&days, "%s%02u-%02u", days.len ? " " : "", month, day);
	}
	assert_str(buf_str(&days), expected);
}

/* As the Cabinet Office's list has them. */
static void
holidays_of_special_years(void **state)
{
	ARENA_AUTO a = { 0 };
	struct day_list l;

	day_list_holidays_jp(&a, &l);
	assert_str(l.name, "祝日");
	assert_year(&l, 1980, "01-01 01-15 02-11 03-20 04-29 05-03 05-05 09-15 09-23 10-10 11-03 11-23 11-24");
	/* 国民の休日 is newer than this. */
	assert_year(&l, 1985,
		    "01-01 01-15 02-11 03-21 04-29 05-03 05-05 05-06 09-15 09-16 09-23 10-10 11-03 11-04 11-23");
	assert_year(&l, 1989,
		    "01-01 01-02 01-15 01-16 02-11 02-24 03-21 04-29 05-03 05-04 05-05 09-15 09-23 10-10 11-03 11-23 "
		    "12-23");
	assert_year(&l, 2006,
		    "01-01 01-02 01-09 02-11 03-21 04-29 05-03 05-04 05-05 07-17 09-18 09-23 10-09 11-03 11-23 12-23");
	assert_year(&l, 2015,
		    "01-01 01-12 02-11 03-21 04-29 05-03 05-04 05-05 05-06 07-20 09-21 09-22 09-23 10-12 11-03 11-23 "
		    "12-23");
	assert_year(&l, 2019,
		    "01-01 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 "
		    "09-23 10-14 10-22 11-03 11-04 11-23");
	assert_year(&l, 2020,
		    "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-23 07-24 08-10 09-21 09-22 "
		    "11-03 11-23");
	assert_year(&l, 2021,
		    "01-01 01-11 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-22 07-23 08-08 08-09 09-20 09-23 11-03 "
		    "11-23");
	assert_year(&l, 2026,
		    "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 "
		    "11-03 11-23");
	assert_year(&l, 2027,
		    "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 "
		    "11-23");
}

static void
both_names_find_the_holidays(void **state)
{
	ARENA_AUTO a = { 0 };
	struct day_lists l = { 0 };

	assert_null(day_list_find(&l, STR("祝日")));
	assert_null(day_list_find(NULL, STR("祝日")));
	day_list_holidays_jp(&a, ARRAY_PUSH(&a, &l.lists));
	assert_ptr_equal(day_list_find(&l, STR("祝日")), &l.lists.items[0]);
	assert_ptr_equal(day_list_find(&l, STR("holidays-jp")), &l.lists.items[0]);
	assert_null(day_list_find(&l, STR("休診日")));
}

static void
csv_as_spreadsheets_write_it(void **state)
{
	ARENA_AUTO a = { 0 };
	struct day_list l;

	assert_ok(day_list_parse(&a, STR("休診日"),
				 STR("\xef\xbb\xbf日付,名称\r\n2026/12/30,年末\r\n\"2026-12-29\",x\r\n\r\n# later\n"
				     "2027/1/3\n2026-12-30,again\n"),
				 &l, &unit_err));
	assert_str(l.name, "休診日");
	assert_year(&l, 2026, "12-29 12-30");
	assert_year(&l, 2027, "01-03");
	/* The Cabinet Office's own file has a heading in Shift_JIS. */
	assert_ok(day_list_parse(&a, STR("x"), STR("\x8d\x91\x96\xaf,\x96\xbc\x8f\xcc\n1955/1/1,\x8c\xb3\n"), &l,
				 &unit_err));
	assert_year(&l, 1955, "01-01");
}

static void
wrong_csv_names_its_line(void **state)
{
	static const struct {
		const char *csv, *said;
	} cases[] = {
		{ "2026-12-29\n2026-02-30\n", "line 2" },
		{ "date\nname\n", "line 2" },
		{ "2026-13-01\n", "line 1" },
		{ "", "no day" },
		{ "date,name\n", "no day" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct day_list l = { .name = STR("before") };
		struct err e = { 0 };
		assert_false(day_list_parse(&a, STR("x"), str_of(cases[i].csv), &l, &e));
		assert_str(l.name, "before");
		assert_int_equal(e.code, ERR_INPUT);
		if (!strstr(e.text, cases[i].said))
			fail_msg("%s", e.text);
	}
}

static void
days_have_names(void **state)
{
	static const struct {
		int year;
		unsigned month, day;
		const char *name;
	} rows[] = {
		{ 1988, 4, 29, "天皇誕生日" },    { 1990, 4, 29, "みどりの日" },    { 2026, 4, 29, "昭和の日" },
		{ 2019, 10, 14, "体育の日" },     { 2026, 10, 12, "スポーツの日" }, { 2021, 7, 23, "スポーツの日" },
		{ 2026, 9, 22, "休日" }, /* between two */
		{ 2026, 5, 6, "休日" }, /* for a Sunday */
		{ 2026, 11, 23, "勤労感謝の日" },
	};
	ARENA_AUTO a = { 0 };
	struct named_days days;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t day = time_days(rows[i].year, rows[i].month, rows[i].day);
		day_list_holidays_named(&a, day, day + 1, &days);
		assert_int_equal(days.count, 1);
		assert_str(days.items[0].name, rows[i].name);
	}
	int64_t day = time_days(2026, 11, 24);
	day_list_holidays_named(&a, day, day + 1, &days);
	assert_int_equal(days.count, 0);
	day_list_named(&a, STR("date,name\n2026/12/29,休診日\n2026-12-30\n2027-01-04,later\n"), time_days(2026, 12, 1),
		       time_days(2027, 1, 1), &days);
	assert_int_equal(days.count, 2);
	assert_str(days.items[0].name, "休診日");
	assert_int_equal(days.items[1].name.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holidays_of_special_years),    cmocka_unit_test(both_names_find_the_holidays),
		cmocka_unit_test(csv_as_spreadsheets_write_it), cmocka_unit_test(days_have_names),
		cmocka_unit_test(wrong_csv_names_its_line),
	};

	return cmocka_run_group_tests_name("plan/day-list", tests, NULL, NULL);
}
