/* For bench/calendar.sh: one year of slots for so many hosts with the windows of a usual policy, each host with its own share
 * of the spread. Prints hosts, slots and milliseconds. */
#include "base/time.h"
#include "plan/calendar.h"

static struct window
window_make(const char *name, enum window_rule rule, int at, int hours)
{
	return (struct window){ .name = str_of(name),
				.rule = rule,
				.weekdays = 1 << 1 | 1 << 3,
				.nth = 1 | 1 << 2,
				.offset_days = 9,
				.at = at,
				.length = hours * 3600000LL,
				.cutoff = 3600000,
				.ready_by = 450,
				.days = STR("祝日"),
				.tz = STR("Europe/London") };
}

int
main(void)
{
	enum { HOSTS = 10000, SLOTS = 1000 };
	const int64_t from = INT64_C(1795305600000), until = from + INT64_C(365) * 86400000; /* 2026-11-22 */
	ARENA_AUTO a = { 0 };
	struct calendar_rules rules = { .spread = 1800000 };
	struct day_lists lists = { 0 };
	struct zone zone;
	struct slot *slots = ARENA_ARRAY(&a, struct slot, SLOTS);
	struct timespec begin, end;
	size_t total = 0;
	struct err e = { 0 };

	if (!zone_load(NULL, STR("Europe/London"), until, &a, &zone, &e))
		die(e.code, "%s", e.text);
	const struct calendar_world world = { .device = &zone, .zones = &zone, .zone_count = 1, .lists = &lists };
	day_list_holidays_jp(&a, ARRAY_PUSH(&a, &lists.lists));
	*ARRAY_PUSH(&a, &rules.windows) = window_make("night", WINDOW_WEEKLY, 22 * 60, 4);
	*ARRAY_PUSH(&a, &rules.windows) = window_make("holidays", WINDOW_DAYS, 9 * 60, 8);
	*ARRAY_PUSH(&a, &rules.windows) = window_make("fridays", WINDOW_NTH, 90, 2);
	*ARRAY_PUSH(&a, &rules.windows) = window_make("tuesday", WINDOW_PATCH_TUESDAY, 120, 3);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < HOSTS; i++) {
		char host[32];
		snprintf(host, sizeof(host), "host-%d", i);
		total += calendar_slots(&rules, &world, str_of(host), from, until, slots, SLOTS);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d %zu %.1f\n", HOSTS, total,
	       (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	return 0;
}
