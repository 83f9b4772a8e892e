#include "plan/calendar.h"

#include "../os/unit.h"
#include "base/time.h"
#include "plan/policy-yaml.h"

#define DAY_MS INT64_C(86400000)

/* A calendar made from YAML, the zones that the tests name, and the holidays. */
struct fixture {
	struct arena a;
	struct policy policy;
	struct zone zones[4];
	struct day_lists lists;
	struct calendar_world world;
};

static int64_t
ms(const char *text)
{
	int64_t t;

	assert_true(time_parse(str_of(text), &t));
	return t;
}

static void
fixture_cleanup(struct fixture *f)
{
	arena_free(&f->a);
}
#define FIXTURE_AUTO __attribute__((cleanup(fixture_cleanup))) struct fixture

static void
fixture_load(struct fixture *f, const char *install)
{
	static const char *const names[] = { "Asia/Tokyo", "Europe/London", "Pacific/Apia", "America/New_York" };
	struct policy_remarks remarks = { 0 };

	if (!file_exists("/usr/share/zoneinfo/Asia/Tokyo"))
		skip();
	for (size_t i = 0; i < COUNT(names); i++)
		assert_ok(zone_load(NULL, str_of(names[i]), ms("2060-01-01"), &f->a, &f->zones[i], &unit_err));
	day_list_holidays_jp(&f->a, ARRAY_PUSH(&f->a, &f->lists.lists));
	f->world = (struct calendar_world){ &f->zones[0], f->zones, COUNT(names), &f->lists };
	if (!policy_from_yaml(&f->a, arena_printf(&f->a, "policy: p\ninstall: {%s}\n", install), NULL, &f->policy,
			      &remarks))
		fail_msg("%.*s", STR_ARG(remarks.items.items[0].text));
}

/* Local starts as the first word of what time_rfc3339 gives, one a line: "2026-11-24T22:00 …". */
static void
assert_starts(struct fixture *f, const char *from, const char *until, const char *expected)
{
	struct slot slots[100];
	BUF_AUTO text = { 0 };
	size_t n = calendar_slots(&f->policy.install, &f->world, STR(""), ms(from), ms(until), slots, COUNT(slots));

	for (size_t i = 0; i < n; i++) {
		char at[TIME_RFC3339_MAX];
		time_rfc3339(slots[i].start, at);
		buf_addf(&text, "%s%.16s", i ? " " : "", at);
	}
	assert_str(buf_str(&text), expected);
}

static void
rules_and_their_days(void **state)
{
	static const struct {
		const char *install, *from, *until, *starts;
	} cases[] = {
		{ "windows: [{weekly: [tue, thu], at: '22:00', for: 4h}]", "2026-11-23", "2026-12-01",
		  "2026-11-24T13:00 2026-11-26T13:00" },
		{ "windows: [{monthly: [31], at: '12:00', for: 1h}]", "2026-01-01", "2026-06-01",
		  "2026-01-31T03:00 2026-03-31T03:00 2026-05-31T03:00" },
		{ "windows: [{monthly: [last], at: '12:00', for: 1h}]", "2028-01-01", "2028-04-01",
		  "2028-01-31T03:00 2028-02-29T03:00 2028-03-31T03:00" },
		{ "windows: [{monthly: [29], months: [2], at: '12:00', for: 1h}]", "2026-01-01", "2034-01-01",
		  "2028-02-29T03:00 2032-02-29T03:00" },
		{ "windows: [{nth: [5], weekday: [fri], at: '12:00', for: 1h}]", "2026-01-01", "2026-09-01",
		  "2026-01-30T03:00 2026-05-29T03:00 2026-07-31T03:00" },
		{ "windows: [{nth: [3], weekday: [fri], at: '12:00', for: 1h}]", "2026-01-01", "2026-04-01",
		  "2026-01-16T03:00 2026-02-20T03:00 2026-03-20T03:00" },
		{ "windows: [{nth: [last], weekday: [sun], months: [2], at: '12:00', for: 1h}]", "2026-01-01",
		  "2029-01-01", "2026-02-22T03:00 2027-02-28T03:00 2028-02-27T03:00" },
		{ "windows: [{patch-tuesday: +9d, at: '12:00', for: 1h}]", "2026-11-01", "2027-01-01",
		  "2026-11-19T03:00 2026-12-17T03:00" },
		{ "windows: [{patch-tuesday: +25d, at: '12:00', for: 1h}]", "2026-11-01", "2027-01-05",
		  "2026-11-07T03:00 2026-12-05T03:00 2027-01-02T03:00" },
		{ "windows: [{dates: [2026-12-29, 2026-12-01], at: '08:00', for: 10h}]", "2026-01-01", "2028-01-01",
		  "2026-11-30T23:00 2026-12-28T23:00" },
		{ "windows: [{days: 祝日, months: [9], at: '12:00', for: 1h}]", "2026-01-01", "2027-01-01",
		  "2026-09-21T03:00 2026-09-22T03:00 2026-09-23T03:00" },
		{ "windows: [{days: 休診日, at: '12:00', for: 1h}]", "2026-01-01", "2027-01-01", "" },
		{ "windows: [{weekly: [mon], at: '12:00', for: 1h, tz: Mars/Olympus}]", "2026-01-01", "2027-01-01",
		  "" },
		/* the wall clock of a zone, whatever the device's is */
		{ "windows: [{weekly: [sun], at: '01:30', for: 1h, tz: Europe/London}]", "2026-03-22", "2026-04-06",
		  "2026-03-22T01:30 2026-03-29T01:00 2026-04-05T00:30" },
		{ "windows: [{weekly: [sun], at: '01:30', for: 1h, tz: Europe/London}]", "2026-10-18", "2026-11-02",
		  "2026-10-18T00:30 2026-10-25T00:30 2026-11-01T01:30" },
		/* Friday was lost, and with it its start; two dates in one minute are one slot */
		{ "windows: [{weekly: [thu, fri, sat], at: '00:00', for: 1h, tz: Pacific/Apia}]", "2011-12-29",
		  "2012-01-02", "2011-12-29T10:00 2011-12-30T10:00" },
		{ "windows: [{weekly: [fri], at: '22:00', for: 1h, tz: Pacific/Apia}]", "2011-12-29", "2012-01-02",
		  "2011-12-30T10:00" },
		/* it starts on Saturday then, and is judged by that */
		{ "windows: [{weekly: [fri], at: '22:00', for: 1h, tz: Pacific/Apia}], blackout: [{from: 2011-12-30, "
		  "to: 2011-12-30}]",
		  "2011-12-29", "2012-01-02", "2011-12-30T10:00" },
		{ "windows: [{weekly: [fri], at: '22:00', for: 1h, tz: Pacific/Apia}], valid: {to: 2011-12-30}",
		  "2011-12-29", "2012-01-02", "" },
		/* judged by the local start date, inclusive at both ends */
		{ "windows: [{weekly: [mon, tue, wed, thu, fri, sat, sun], at: '00:00', for: 1h}], "
		  "valid: {from: 2026-12-30, to: 2027-01-05}, blackout: [{from: 2026-12-31, to: 2027-01-03}]",
		  "2026-12-01", "2027-02-01", "2026-12-29T15:00 2027-01-03T15:00 2027-01-04T15:00" },
		{ "windows: [{weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h}], "
		  "blackout: [{from: 2026-12-02, to: 2026-12-02}]",
		  "2026-12-01T12:00:00Z", "2026-12-03T14:00:00Z", "2026-12-01T13:00 2026-12-03T13:00" },
		{ "windows: [{weekly: [wed], at: '22:00', for: 4h}], valid: {to: 2026-12-02}", "2026-12-01",
		  "2027-01-01", "2026-12-02T13:00" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		FIXTURE_AUTO f = { 0 };
		fixture_load(&f, cases[i].install);
		assert_starts(&f, cases[i].from, cases[i].until, cases[i].starts);
	}
}

static void
length_is_time_that_passes(void **state)
{
	FIXTURE_AUTO f = { 0 };
	struct slot s;

	/* 23:00 to 03:00 of the next day would be five hours in the night the clock goes back. */
	fixture_load(&f, "windows: [{name: n, weekly: [sat], at: '23:00', for: 4h, cutoff: 90m, tz: Europe/London, "
			 "ready-by: '07:30'}]");
	assert_true(calendar_next(&f.policy.install, &f.world, STR(""), ms("2026-10-23"), &s));
	assert_int_equal(s.start, ms("2026-10-24T22:00:00Z"));
	assert_int_equal(s.end, ms("2026-10-25T02:00:00Z"));
	assert_int_equal(s.cutoff, ms("2026-10-25T00:30:00Z"));
	assert_int_equal(s.ready_by, ms("2026-10-25T07:30:00Z"));
	assert_str(slot_id(&f.a, STR("p"), &s, STR("pc-1")), "p/n/2026-10-24/pc-1");
}

static void
the_open_slot_then_the_next(void **state)
{
	FIXTURE_AUTO f = { 0 };
	const struct calendar_rules *r = &f.policy.install;
	struct slot s;

	fixture_load(&f, "windows: [{name: long, weekly: [tue], at: '20:00', for: 8h}, "
			 "{name: short, weekly: [tue], at: '22:00', for: 1h}]");
	assert_true(calendar_current(r, &f.world, STR(""), ms("2026-11-24T10:59:59Z"), &s));
	assert_int_equal(s.start, ms("2026-11-24T11:00:00Z"));
	assert_true(calendar_current(r, &f.world, STR(""), ms("2026-11-24T13:00:00Z"), &s));
	assert_str(s.window->name, "short");
	assert_true(calendar_current(r, &f.world, STR(""), ms("2026-11-24T14:00:00Z"), &s));
	assert_str(s.window->name, "long"); /* an end is not part of it */
	assert_true(calendar_current(r, &f.world, STR(""), ms("2026-11-24T19:00:00Z"), &s));
	assert_int_equal(s.start, ms("2026-12-01T11:00:00Z"));
	assert_true(calendar_next(r, &f.world, STR(""), ms("2026-11-24T11:00:00Z"), &s));
	assert_int_equal(s.start, ms("2026-11-24T13:00:00Z"));
}

static void
next_looks_ten_years_ahead(void **state)
{
	FIXTURE_AUTO f = { 0 };
	struct slot s;

	fixture_load(&f, "windows: [{dates: [2036-01-01], at: '12:00', for: 1h}]");
	assert_true(calendar_next(&f.policy.install, &f.world, STR(""), ms("2026-06-01"), &s));
	assert_int_equal(s.start, ms("2036-01-01T03:00:00Z"));
	assert_false(calendar_next(&f.policy.install, &f.world, STR(""), ms("2036-06-01"), &s));
}

static void
spread_is_stable_and_within_bounds(void **state)
{
	FIXTURE_AUTO f = { 0 };
	unsigned quarters[4] = { 0 };
	struct slot all, one;

	fixture_load(&f, "windows: [{weekly: [tue], at: '22:00', for: 4h, cutoff: 1h}], spread: 30m");
	assert_true(calendar_next(&f.policy.install, &f.world, STR(""), ms("2026-11-23"), &all));
	for (int i = 0; i < 1000; i++) {
		struct str host = arena_printf(&f.a, "host-%d", i);
		assert_true(calendar_next(&f.policy.install, &f.world, host, ms("2026-11-23"), &one));
		int64_t share = one.start - all.start;
		assert_true(share >= 0 && share < 1800000);
		assert_int_equal(one.end, all.end);
		assert_int_equal(one.cutoff, all.cutoff);
		assert_int_equal(share, calendar_spread(&f.policy.install, one.window, one.date, host));
		quarters[share / 450000]++;
	}
	for (size_t i = 0; i < COUNT(quarters); i++)
		assert_in_range(quarters[i], 180, 320);
	/* What hosts of every version must agree on. */
	assert_int_equal(calendar_spread(&f.policy.install, all.window, all.date, STR("host-1")) % 1000, 0);
	/* A spread past the cutoff would be a host that never starts. */
	f.policy.install.spread = 10 * 3600000;
	for (int i = 0; i < 1000; i++) {
		struct str host = arena_printf(&f.a, "host-%d", i);
		assert_true(calendar_next(&f.policy.install, &f.world, host, ms("2026-11-23"), &one));
		assert_true(one.start < one.cutoff);
	}
}

/* Pseudo-random, the same in every run. */
static uint64_t
any(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

static struct window
any_window(struct arena *a, uint64_t *s, int number)
{
	struct window w = { .name = arena_printf(a, "w%d", number), .rule = (enum window_rule)any(s, 4) };

	w.weekdays = (uint8_t)(1 + any(s, 127));
	w.nth = (uint8_t)(1 + any(s, 63));
	w.monthdays = (uint32_t)(1 + any(s, UINT32_MAX - 1));
	w.months = any(s, 2) ? (uint16_t)(1 + any(s, 4095)) : 0;
	w.offset_days = (int)any(s, 61);
	w.at = (int)any(s, 1440);
	w.length = (int64_t)(1 + any(s, 7 * 1440)) * 60000;
	w.cutoff = (int64_t)any(s, (uint64_t)w.length);
	w.ready_by = any(s, 2) ? (int)any(s, 1440) : -1;
	w.tz = any(s, 2) ? STR("Europe/London") : STR_NONE;
	return w;
}

/* Whatever the rules: in order, inside the span, cutoff between start and end, the same slots in one look and in many, and
 * the next one found from each. */
static void
slots_hold_their_promises(void **state)
{
	uint64_t seed = 20261122;

	for (int round = 0; round < 60; round++) {
		FIXTURE_AUTO f = { 0 };
		struct slot whole[2000], part[2000];
		size_t joined = 0;
		fixture_load(&f, "spread: 0m");
		struct calendar_rules r = { .spread = (int64_t)any(&seed, 3600) * 1000 };
		for (int i = 0; i < 3; i++)
			*ARRAY_PUSH(&f.a, &r.windows) = any_window(&f.a, &seed, i);
		int64_t from = ms("2026-01-01") + (int64_t)any(&seed, 1000) * DAY_MS, until = from + 400 * DAY_MS;
		size_t n = calendar_slots(&r, &f.world, STR("h"), from, until, whole, COUNT(whole));
		for (size_t i = 0; i < n; i++) {
			const struct slot *s = &whole[i];
			assert_true(s->start < until && s->end > from && s->start <= s->cutoff && s->cutoff <= s->end);
			assert_true(i == 0 || whole[i - 1].start <= s->start);
			assert_true(s->ready_by == 0 || s->ready_by > s->start - r.spread - DAY_MS / 8);
		}
		for (int64_t t = from; t < until; t += 17 * DAY_MS) {
			int64_t end = t + 17 * DAY_MS < until ? t + 17 * DAY_MS : until;
			size_t k = calendar_slots(&r, &f.world, STR("h"), t, end, part, COUNT(part));
			for (size_t i = 0; i < k; i++) {
				if (part[i].start < t && t > from)
					continue;
				assert_true(joined < n && part[i].start == whole[joined].start &&
					    part[i].date == whole[joined].date);
				joined++;
			}
		}
		assert_int_equal(joined, n);
		for (size_t i = 0; i + 1 < n; i++) {
			struct slot next;
			if (whole[i].start < from)
				continue;
			assert_true(calendar_next(&r, &f.world, STR("h"), whole[i].start, &next));
			for (size_t k = i + 1; k < n; k++) {
				if (whole[k].start > whole[i].start) {
					assert_int_equal(next.start, whole[k].start);
					break;
				}
			}
		}
		/* A short list holds the earliest. */
		size_t few = calendar_slots(&r, &f.world, STR("h"), from, until, part, 5);
		assert_int_equal(few, n < 5 ? n : 5);
		for (size_t i = 0; i < few; i++)
			assert_int_equal(part[i].start, whole[i].start);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_and_their_days),
		cmocka_unit_test(length_is_time_that_passes),
		cmocka_unit_test(the_open_slot_then_the_next),
		cmocka_unit_test(next_looks_ten_years_ahead),
		cmocka_unit_test(spread_is_stable_and_within_bounds),
		cmocka_unit_test(slots_hold_their_promises),
	};

	return cmocka_run_group_tests_name("plan/calendar", tests, NULL, NULL);
}
