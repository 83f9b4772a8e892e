/* The kinds of values that are times: durations, hours of the day, dates. */
#include "plan/policy-types.h"

#include "base/time.h"
#include "base/tr.h"

#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

bool
policy_duration_read(struct policy_reading *r, const struct policy_node *n, const char *key, int64_t min, int64_t max,
		     int64_t *out)
{
	struct str s;
	int64_t ms;

	if (!policy_scalar(r, n, key, &s))
		return false;
	if (!time_parse_duration(s, &ms))
		return policy_wrong(r, n, tr("“%s” takes a duration such as 30m, 4h or 3d, not “%.*s”"), key,
				    STR_ARG(policy_shown(r, s)));
	if (ms < min || ms > max)
		return policy_wrong(r, n, tr("“%s” is too long or too short: %.*s; it takes %lldm to %lldd"), key,
				    STR_ARG(policy_shown(r, s)), (long long)((min + 59999) / 60000),
				    (long long)(max / DAY_MS));
	*out = ms;
	return true;
}

static bool
duration_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	return policy_duration_read(r, n, f->key, f->min, f->max, at);
}

void
policy_duration_write(int64_t ms, struct json_writer *w)
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = { { DAY_MS, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } };
	char text[32];

	for (size_t i = 0; i < COUNT(units); i++) {
		if (ms % units[i].ms != 0 && i + 1 < COUNT(units))
			continue;
		snprintf(text, sizeof(text), "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
		break;
	}
	json_cstr(w, text);
}

static void
duration_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_duration_write(*(const int64_t *)at, w);
}

static bool
two_digits(struct str s, int max, int *out)
{
	uint64_t value;

	if (s.len < 1 || s.len > 2 || !str_to_u64(s, &value) || value > (uint64_t)max)
		return false;
	*out = (int)value;
	return true;
}

static bool
clock_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s, hour, minute;
	int h, m;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	if (!str_split(s, ':', &hour, &minute) || !two_digits(hour, 23, &h) || minute.len != 2 ||
	    !two_digits(minute, 59, &m))
		return policy_wrong(r, n, tr("“%s” takes a time from '00:00' to '23:59', not “%.*s”"), f->key,
				    STR_ARG(policy_shown(r, s)));
	*(int *)at = h * 60 + m;
	return true;
}

static bool
clock_there(const struct policy_field *f, const void *at)
{
	return *(const int *)at >= 0;
}

static void
clock_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	unsigned minutes = *(const unsigned *)at;
	char text[16];

	snprintf(text, sizeof(text), "%02u:%02u", minutes / 60 % 24, minutes % 60);
	json_cstr(w, text);
}

bool
policy_date_parse(struct str s, int64_t *day)
{
	int64_t ms;

	if (s.len != 10 || !time_parse(s, &ms) || ms < DAY_MS || ms >= 84006 * DAY_MS)
		return false; /* 1970-01-02 to 2199-12-31: day 0 is an open end */
	*day = ms / DAY_MS;
	return true;
}

void
policy_date_write(int64_t day, struct json_writer *w)
{
	char text[TIME_RFC3339_MAX];

	time_rfc3339(day * DAY_MS, text);
	json_str(w, str_sub(text, 10));
}

static bool
date_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str s;

	if (!policy_scalar(r, n, f->key, &s))
		return false;
	if (!policy_date_parse(s, at))
		return policy_wrong(
			r, n, tr("“%s” takes a date of the calendar such as 2026-12-29, 1970 to 2199, not “%.*s”"),
			f->key, STR_ARG(policy_shown(r, s)));
	return true;
}

static bool
date_there(const struct policy_field *f, const void *at)
{
	return *(const int64_t *)at != 0;
}

static void
date_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_date_write(*(const int64_t *)at, w);
}

typedef ARRAY_OF(int64_t) day_array;

static int
day_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
dates_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	day_array days = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);
	int64_t day;

	if (count == 0)
		return policy_wrong(r, n, tr("“%s” is empty; name one at least, or leave the line out"), f->key);
	if (count > POLICY_LIST_MAX)
		return policy_wrong(r, n, tr("“%s” has more than %d entries; divide the policy"), f->key,
				    POLICY_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!date_read(r, &items[i], f, &day))
			return false;
		*ARRAY_PUSH(r->a, &days) = day;
	}
	qsort(days.items, days.count, sizeof(*days.items), day_order);
	*(day_array *)at = days;
	return true;
}

static bool
dates_there(const struct policy_field *f, const void *at)
{
	return ((const day_array *)at)->count > 0;
}

static void
dates_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const day_array *days = at;

	json_begin_array(w);
	for (size_t i = 0; i < days->count; i++)
		policy_date_write(days->items[i], w);
	json_end_array(w);
}

const struct policy_type policy_duration = { duration_read, policy_always_there, duration_write };
const struct policy_type policy_clock = { clock_read, clock_there, clock_write };
const struct policy_type policy_date = { date_read, date_there, date_write };
const struct policy_type policy_dates = { dates_read, dates_there, dates_write };
