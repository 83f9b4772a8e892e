#include "plan/zone.h"

#include "../os/unit.h"
#include "base/time.h"

#include <unistd.h>

static int64_t
ms(const char *text)
{
	int64_t t;

	assert_true(time_parse(str_of(text), &t));
	return t;
}

static struct zone
load(struct arena *a, const char *name)
{
	struct zone z;
	struct err e = { 0 };

	if (!zone_load(NULL, str_of(name), ms("2101-01-01"), a, &z, &e)) {
		if (!file_exists("/usr/share/zoneinfo/UTC")) {
			arena_free(a);
			skip();
		}
		fail_msg("%s", e.text);
	}
	return z;
}

static void
offsets_of_zones(void **state)
{
	static const struct {
		const char *zone, *at;
		int32_t offset;
	} cases[] = {
		{ "Asia/Tokyo", "2026-07-01", 32400 },
		{ "Asia/Tokyo", "1949-07-01", 36000 }, /* summer time under the occupation */
		{ "Europe/London", "2026-01-01", 0 },
		{ "Europe/London", "2026-03-29T00:59:59Z", 0 },
		{ "Europe/London", "2026-03-29T01:00:00Z", 3600 },
		{ "Europe/London", "2099-10-25T00:59:59Z", 3600 }, /* by the rule at the file's end */
		{ "Europe/London", "2099-10-25T01:00:00Z", 0 },
		{ "America/New_York", "2060-07-01", -14400 },
		{ "America/New_York", "2060-12-01", -18000 },
		{ "Pacific/Apia", "2011-12-30T09:59:59Z", -36000 },
		{ "Pacific/Apia", "2011-12-30T10:00:00Z", 50400 },
		{ "Australia/Lord_Howe", "2080-01-01", 39600 },
		{ "Australia/Lord_Howe", "2080-06-01", 37800 },
		{ "UTC", "2050-01-01", 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z = load(&a, cases[i].zone);
		if (zone_offset(&z, ms(cases[i].at)) != cases[i].offset)
			fail_msg("%s %s: %d", cases[i].zone, cases[i].at, zone_offset(&z, ms(cases[i].at)));
	}
}

static void
gaps_and_repeats(void **state)
{
	static const struct {
		const char *zone, *local, *instant;
	} cases[] = {
		{ "Asia/Tokyo", "2026-11-24T22:00:00Z", "2026-11-24T13:00:00Z" },
		{ "Europe/London", "2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z" },
		{ "Europe/London", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z" }, /* 01:00 is not there: 02:00 */
		{ "Europe/London", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z" },
		{ "Europe/London", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z" },
		{ "Europe/London", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z" }, /* twice: the first */
		{ "Europe/London", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z" },
		{ "America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z" },
		{ "America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z" },
		{ "Pacific/Apia", "2011-12-29T23:59:00Z", "2011-12-30T09:59:00Z" },
		{ "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z" }, /* the lost day */
		{ "Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z" },
		{ "Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z" }, /* half an hour */
		{ "Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z = load(&a, cases[i].zone);
		char text[TIME_RFC3339_MAX];
		assert_string_equal(time_rfc3339(zone_instant(&z, ms(cases[i].local)), text), cases[i].instant);
	}
}

/* Old zones changed at odd seconds; work begins at whole minutes. */
static void
first_whole_minute(void **state)
{
	ARENA_AUTO a = { 0 };
	struct zone z = { .name = STR("x") };

	*ARRAY_PUSH(&a, &z.transitions) = (struct zone_transition){ 30000, 3600 };
	assert_int_equal(zone_instant(&z, 1800000), 60000);
	assert_int_equal(zone_instant(&z, 29000), 29000);
	assert_int_equal(zone_instant(&z, 3630000), 30000);
}

/* Every instant whose wall clock is not repeated comes back from it; no wall clock gives an instant that is earlier. */
static void
instant_is_the_inverse(void **state)
{
	static const char *const names[] = { "Europe/London", "Australia/Lord_Howe", "Pacific/Apia",
					     "Africa/Casablanca", "America/St_Johns" };

	for (size_t i = 0; i < COUNT(names); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z = load(&a, names[i]);
		int64_t last = INT64_MIN;
		for (int64_t t = ms("2009-01-01"); t < ms("2014-01-01"); t += 900000) {
			int64_t back = zone_instant(&z, zone_local(&z, t));
			assert_true(back <= t && zone_local(&z, back) == zone_local(&z, t));
			assert_true(back == t || zone_offset(&z, t) < zone_offset(&z, back)); /* the clock went back */
		}
		for (int64_t wall = ms("2009-01-01"); wall < ms("2014-01-01"); wall += 900000) {
			int64_t t = zone_instant(&z, wall);
			assert_true(t >= last && zone_local(&z, t) >= wall);
			last = zone_offset(&z, t) == zone_offset(&z, t + 7200000) ? t : last;
		}
	}
}

static void
survives_json(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct zone z = load(&a, "Europe/London"), back;
	struct json *j;

	zone_write(&z, ms("2026-01-01"), ms("2028-01-01"), &w);
	assert_ok(json_parse(&a, buf_str(&out), NULL, &j, &unit_err));
	assert_ok(zone_read(&a, j, &back, &unit_err));
	assert_str(back.name, "Europe/London");
	assert_int_equal(back.transitions.count, 4);
	for (int64_t t = ms("2026-01-01"); t < ms("2028-01-01"); t += 3600000)
		assert_int_equal(zone_offset(&z, t), zone_offset(&back, t));
}

static void
wrong_json_is_refused(void **state)
{
	static const char *const cases[] = {
		"{}",
		"{\"name\":\"a\",\"offset\":99999999,\"transitions\":[]}",
		"{\"name\":\"a\",\"offset\":0,\"transitions\":[[2,3600],[1,0]]}",
		"{\"name\":\"a\",\"offset\":0,\"transitions\":[[2]]}",
		"{\"name\":\"a\",\"offset\":0,\"transitions\":[[\"2\",3600]]}",
		"{\"name\":\"a\",\"offset\":0,\"transitions\":[[9223372036854775807,3600]]}",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct json *j;
		struct zone z = { .offset = 7 };
		assert_ok(json_parse(&a, str_of(cases[i]), NULL, &j, &unit_err));
		if (zone_read(&a, j, &z, &unit_err))
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(z.offset, 7);
	}
}

static void
names_stay_in_the_folder(void **state)
{
	static const struct {
		const char *name;
		enum err_code code;
	} cases[] = {
		{ "../../etc/passwd", ERR_INPUT }, { "/etc/passwd", ERR_INPUT },    { "", ERR_INPUT },
		{ "Asia/Tokyo\n", ERR_INPUT },     { "Asia/Tokio", ERR_NOT_FOUND }, { "Asia", ERR_NOT_FOUND },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z;
		struct err e = { 0 };
		assert_false(zone_load(NULL, str_of(cases[i].name), 0, &a, &z, &e));
		if (e.code != cases[i].code)
			fail_msg("%s: %s", cases[i].name, e.text);
	}
}

/* A file of version 2 without transitions: 44 bytes of head twice, one type, and the rule. */
static struct str
tzif(struct arena *a, const char *rule)
{
	BUF_AUTO b = { 0 };
	static const char head[44] = { 'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4 };

	for (int i = 0; i < 2; i++) {
		buf_add(&b, str_sub(head, 44));
		buf_add(&b, str_sub("\0\0\0\0\0\0ABC\0", 10));
	}
	buf_addf(&b, "\n%s\n", rule);
	return arena_str(a, buf_str(&b));
}

static void
rules_at_the_end(void **state)
{
	static const struct {
		const char *rule, *at;
		int32_t offset;
	} cases[] = {
		{ "<+0330>-3:30", "2026-01-01", 12600 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-07-01", -14400 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2026-12-01", -18000 },
		{ "XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -14400 }, /* summer time all year (RFC 8536) */
		{ "XXX3EDT4,0/0,J365/23", "2027-12-31T23:30:00Z", -14400 },
		{ "IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:01Z", 10800 }, /* hours past the day */
		{ "AAA0BBB,J60,J300", "2028-03-01T01:59:00Z", 0 }, /* J60 is March 1 in leap years, too */
		{ "AAA0BBB,J60,J300", "2028-03-01T02:00:00Z", 3600 },
		{ "AAA0BBB,59,300", "2028-02-29T02:00:00Z", 3600 }, /* 59 counts the leap day */
	};
	static const char *const wrong[] = { "EST",
					     "E5",
					     "EST5EDT,M13.2.0,M11.1.0",
					     "EST5EDT,M3.2.0",
					     "EST25",
					     "EST5EDT,M3.6.0,M11.1.0",
					     "EST5EDT,M3.2.0,M11.1.0x",
					     "<ab5" };

	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z;
		assert_ok(zone_parse(&a, STR("x"), tzif(&a, cases[i].rule), ms("2030-01-01"), &z, &unit_err));
		if (zone_offset(&z, ms(cases[i].at)) != cases[i].offset)
			fail_msg("%s at %s: %d", cases[i].rule, cases[i].at, zone_offset(&z, ms(cases[i].at)));
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		ARENA_AUTO a = { 0 };
		struct zone z;
		if (zone_parse(&a, STR("x"), tzif(&a, wrong[i]), ms("2030-01-01"), &z, &unit_err))
			fail_msg("taken: %s", wrong[i]);
	}
}

/* A file of version 1 with two transitions, one hour and none. */
static void
transitions_are_in_order(void **state)
{
	static const char head[44] = { 'T', 'Z', 'i', 'f', [35] = 2, [39] = 2, [43] = 4 };
	static const char body[] = "\1\0"
				   "\0\0\0\0\0\0"
				   "\0\0\x0e\x10\1\0"
				   "ABC";
	static const char *const times[] = { "\0\0\0\1\0\0\0\2", "\0\0\0\2\0\0\0\1", "\0\0\0\1\0\0\0\1" };

	for (size_t i = 0; i < COUNT(times); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO b = { 0 };
		struct zone z;
		buf_add(&b, str_sub(head, sizeof(head)));
		buf_add(&b, str_sub(times[i], 8));
		buf_add(&b, str_sub(body, sizeof(body)));
		assert_int_equal(zone_parse(&a, STR("x"), buf_str(&b), 0, &z, NULL), i == 0);
		if (i == 0)
			assert_int_equal(zone_offset(&z, 1000), 3600);
	}
}

static void
this_machines_zone(void **state)
{
	ARENA_AUTO a = { 0 };
	struct zone z;

	zone_device(unit_dir(state), ms("2030-01-01"), &a, &z);
	assert_str(z.name, "UTC");
	unit_put(state, "usr/share/zoneinfo/Asia/Nowhere", tzif(&a, "NOW-9"));
	unit_put(state, "etc/x", STR(""));
	assert_int_equal(symlink("/usr/share/zoneinfo/Asia/Nowhere", unit_path(state, "etc/localtime")), 0);
	zone_device(unit_dir(state), ms("2030-01-01"), &a, &z);
	assert_str(z.name, "Asia/Nowhere");
	assert_int_equal(zone_offset(&z, ms("2026-01-01")), 32400);
	unit_put(state, "usr/share/zoneinfo/Asia/Nowhere", STR("TZif"));
	zone_device(unit_dir(state), ms("2030-01-01"), &a, &z);
	assert_str(z.name, "UTC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_of_zones),       cmocka_unit_test(gaps_and_repeats),
		cmocka_unit_test(first_whole_minute),     cmocka_unit_test(transitions_are_in_order),
		cmocka_unit_test(instant_is_the_inverse), cmocka_unit_test(survives_json),
		cmocka_unit_test(wrong_json_is_refused),  cmocka_unit_test(names_stay_in_the_folder),
		cmocka_unit_test(rules_at_the_end),       unit_test_in_folder(this_machines_zone),
	};

	return cmocka_run_group_tests_name("plan/zone", tests, NULL, NULL);
}
