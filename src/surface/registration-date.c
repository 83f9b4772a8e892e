/* The dates of registries: 2010-01-31T…Z, 31-Jan-2010, 31.01.2010, 2010. 01. 31., Mon Sep 14 22:00:00 GMT 1997,
 * 20100131 … Read as numbers and words in any order, because no two registries agree. */
#include "surface/registration.h"

#include "base/time.h"

#include <ctype.h>

#define HOUR 3600000LL

struct date {
	int part[3]; /* numbers that may be day, month or year, in order */
	size_t parts;
	int year, month, day;
	int clock[3];
	int64_t zone; /* what is to be taken away */
	bool timed;
};

static int
month_of(struct str word)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char low[3];
	if (word.len < 3 || word.len > 9)
		return 0;
	for (size_t i = 0; i < 3; i++)
		low[i] = (char)tolower((unsigned char)word.ptr[i]);
	for (int m = 0; m < 12; m++)
		if (memcmp(low, months + 3 * m, 3) == 0)
			return m + 1;
	return 0;
}

static int
number(struct str s)
{
	int n = 0;
	for (size_t i = 0; i < s.len && i < 9; i++)
		n = n * 10 + (s.ptr[i] - '0');
	return n;
}

static struct str
run(struct str s, int (*is)(int))
{
	size_t n = 0;
	while (n < s.len && is((unsigned char)s.ptr[n]))
		n++;
	return str_head(s, n);
}

/* "10:11", "10:11:12", "10:11:12.0"; how many bytes. */
static size_t
clock_at(struct date *d, struct str s)
{
	size_t at = 0;
	for (size_t i = 0; i < 3; i++) {
		struct str digits = run(str_skip(s, at), isdigit);
		if (digits.len == 0 || digits.len > 2)
			break;
		d->clock[i] = number(digits);
		at += digits.len;
		if (i < 2 && at + 1 < s.len && s.ptr[at] == ':' && isdigit((unsigned char)s.ptr[at + 1]))
			at++;
		else
			break;
	}
	if (at < s.len && s.ptr[at] == '.')
		at += 1 + run(str_skip(s, at + 1), isdigit).len;
	d->timed = true;
	return at;
}

/* "+09:00", "+0900", "+3" behind a time. */
static size_t
zone_at(struct date *d, struct str s)
{
	struct str hours = run(str_skip(s, 1), isdigit), minutes = STR_NONE;
	size_t at = 1 + hours.len;
	if (hours.len == 4) {
		minutes = str_skip(hours, 2);
		hours.len = 2;
	} else if (at < s.len && s.ptr[at] == ':') {
		minutes = run(str_skip(s, at + 1), isdigit);
		at += 1 + minutes.len;
	}
	if (hours.len == 0 || hours.len > 2 || number(hours) > 14)
		return at;
	d->zone = (number(hours) * 60LL + number(minutes)) * 60000 * (s.ptr[0] == '-' ? -1 : 1);
	return at;
}

static void
compact(struct date *d, struct str digits)
{
	d->year = number(str_head(digits, 4));
	d->month = number(str_head(str_skip(digits, 4), 2));
	d->day = number(str_head(str_skip(digits, 6), 2));
	if (digits.len < 14)
		return;
	for (size_t i = 0; i < 3; i++)
		d->clock[i] = number(str_head(str_skip(digits, 8 + 2 * i), 2));
	d->timed = true;
}

static size_t
digits_at(struct date *d, struct str s)
{
	struct str digits = run(s, isdigit);
	bool dated = d->year > 0 || d->parts == 3;
	if (digits.len <= 2 && digits.len < s.len && s.ptr[digits.len] == ':' && !d->timed)
		return clock_at(d, s);
	if ((digits.len == 8 || digits.len == 14) && !dated)
		compact(d, digits);
	else if (digits.len == 4 && d->year == 0 && number(digits) >= 1900)
		d->year = number(digits);
	else if (digits.len <= 2 && d->parts < 3 && !d->day)
		d->part[d->parts++] = number(digits);
	return digits.len;
}

static const struct {
	struct str name;
	int hours;
} zones[] = { { STR("JST"), 9 },  { STR("KST"), 9 },  { STR("CET"), 1 },  { STR("CEST"), 2 },
	      { STR("EST"), -5 }, { STR("EDT"), -4 }, { STR("PST"), -8 }, { STR("PDT"), -7 } };

static size_t
word_at(struct date *d, struct str s)
{
	struct str word = run(s, isalpha);
	int month = month_of(word);
	if (month > 0 && d->month == 0)
		d->month = month;
	for (size_t i = 0; i < COUNT(zones) && d->timed; i++)
		if (str_eq_nocase(word, zones[i].name))
			d->zone = zones[i].hours * HOUR;
	return word.len;
}

/* Gives the numbers that are left over their meaning. */
static bool
order(struct date *d, bool month_first)
{
	int *p = d->part;
	size_t n = d->parts;
	if (d->year == 0 && n == 3 && d->month == 0) { /* 31/01/10: the year is last */
		d->year = p[2] + (p[2] < 70 ? 2000 : 1900);
		n = 2;
	} else if (d->year == 0 && n == 2 && d->month > 0) { /* 31-Jan-10 */
		d->year = p[1] + (p[1] < 70 ? 2000 : 1900);
		n = 1;
	}
	if (d->month == 0 && n >= 2) {
		bool first = (month_first || p[1] > 12) && p[0] <= 12;
		d->month = first ? p[0] : p[1];
		d->day = first ? p[1] : p[0];
	} else if (d->day == 0)
		d->day = n >= 1 ? p[0] : 1;
	return d->year >= 1970 && d->year < 2200 && d->month >= 1 && d->month <= 12 && d->day >= 1 && d->day <= 31;
}

bool
registration_date(struct str s, bool month_first, int64_t *ms)
{
	struct date d = { 0 };
	bool year_first = false;
	s = str_head(str_trim(s), 80);
	for (size_t at = 0; at < s.len;) {
		struct str rest = str_skip(s, at);
		unsigned char c = (unsigned char)rest.ptr[0];
		size_t step = 1;
		if (isdigit(c))
			step = digits_at(&d, rest);
		else if (isalpha(c))
			step = word_at(&d, rest);
		else if ((c == '+' || c == '-') && d.timed)
			step = zone_at(&d, rest);
		year_first |= d.year > 0 && d.parts == 0 && d.day == 0;
		at += step ? step : 1;
	}
	/* Behind a year the month is always first. */
	if (!order(&d, month_first || year_first) || d.clock[0] > 24 || d.clock[1] > 59 || d.clock[2] > 60)
		return false;
	*ms = time_days(d.year, (unsigned)d.month, (unsigned)d.day) * 24 * HOUR + d.clock[0] * HOUR +
	      d.clock[1] * 60000LL + d.clock[2] * 1000LL - d.zone;
	return true;
}
