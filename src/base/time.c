#include "base/time.h"

static int64_t
system_now(void *user)
{
	struct timespec t;

	(void)user;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct clock clock_system = { system_now, NULL };

/* Years are counted from March, so the leap day is the last of its year; 400 years are an era of 146,097 days. */
int64_t
time_days(int year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void
time_civil(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;

	*day = (unsigned)(day_of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* RFC 3339 has four digits for the year. */
#define EARLIEST (INT64_C(-62167219200) * 1000)
#define LATEST (INT64_C(253402300800) * 1000 - 1)

/* Writes n as so many digits, then c. */
static char *
put(char *to, int64_t n, int width, char c)
{
	for (int i = width; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	to[width] = c;
	return to + width + 1;
}

const char *
time_rfc3339(int64_t ms, char into[TIME_RFC3339_MAX])
{
	int64_t days, rest;
	unsigned month, day;
	char *p = into;
	int year;

	ms = ms < EARLIEST ? EARLIEST : ms > LATEST ? LATEST : ms;
	days = (ms - EARLIEST) / DAY + EARLIEST / DAY;
	rest = ms - days * DAY;
	time_civil(days, &year, &month, &day);
	p = put(p, year, 4, '-');
	p = put(p, month, 2, '-');
	p = put(p, day, 2, 'T');
	p = put(p, rest / HOUR, 2, ':');
	p = put(p, rest / MINUTE % 60, 2, ':');
	p = put(p, rest / SECOND % 60, 2, rest % SECOND ? '.' : 'Z');
	if (rest % SECOND)
		p = put(p, rest % SECOND, 3, 'Z');
	*p = '\0';
	return into;
}

/* Exactly n digits, then sep (none when '\0'). */
static bool
take(struct str *s, size_t n, char sep, unsigned *out)
{
	uint64_t value;

	if (s->len < n + (sep != '\0') || !str_to_u64(str_head(*s, n), &value) || (sep && s->ptr[n] != sep))
		return false;
	*out = (unsigned)value;
	*s = str_skip(*s, n + (sep != '\0'));
	return true;
}

static bool
take_date(struct str *s, int64_t *ms)
{
	static const unsigned char lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year, month, day;
	bool leap;

	if (!take(s, 4, '-', &year) || !take(s, 2, '-', &month) || !take(s, 2, '\0', &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] || (month == 2 && day == 29 && !leap))
		return false;
	*ms = time_days((int)year, month, day) * DAY;
	return true;
}

/* Digits behind the dot, as many as there are; those past milliseconds are dropped. */
static bool
take_fraction(struct str *s, int64_t *ms)
{
	size_t n = 0;
	int64_t value = 0;

	*s = str_skip(*s, 1);
	for (; n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
		if (n < 3)
			value = value * 10 + (s->ptr[n] - '0');
	if (n == 0)
		return false;
	for (size_t i = n; i < 3; i++)
		value *= 10;
	*ms += value;
	*s = str_skip(*s, n);
	return true;
}

static bool
take_zone(struct str s, int64_t *ms)
{
	bool east;
	unsigned hour, minute;

	if (s.len == 1)
		return s.ptr[0] == 'Z' || s.ptr[0] == 'z';
	if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-'))
		return false;
	east = s.ptr[0] == '+';
	s = str_skip(s, 1);
	if (!take(&s, 2, ':', &hour) || !take(&s, 2, '\0', &minute) || hour > 23 || minute > 59)
		return false;
	*ms += (east ? -1 : 1) * ((int64_t)hour * HOUR + (int64_t)minute * MINUTE);
	return true;
}

bool
time_parse(struct str s, int64_t *ms)
{
	unsigned hour, minute, second;
	int64_t at;

	if (!take_date(&s, &at))
		return false;
	if (s.len == 0) {
		*ms = at;
		return true;
	}
	if (s.ptr[0] != 'T' && s.ptr[0] != 't' && s.ptr[0] != ' ')
		return false;
	s = str_skip(s, 1);
	if (!take(&s, 2, ':', &hour) || !take(&s, 2, ':', &minute) || !take(&s, 2, '\0', &second))
		return false;
	/* A leap second is the first of the next minute here, as for every clock that has none. */
	if (hour > 23 || minute > 59 || second > 60 || (second == 60 && minute != 59))
		return false;
	at += (int64_t)hour * HOUR + (int64_t)minute * MINUTE + (int64_t)second * SECOND;
	if (s.len > 0 && s.ptr[0] == '.' && !take_fraction(&s, &at))
		return false;
	if (!take_zone(s, &at))
		return false;
	*ms = at;
	return true;
}

const char *
time_local(int64_t ms, char into[TIME_RFC3339_MAX])
{
	time_t seconds = (time_t)((ms - (ms < 0 ? SECOND - 1 : 0)) / SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(into, TIME_RFC3339_MAX, "%Y-%m-%d %H:%M", &tm) == 0)
		return time_rfc3339(ms, into);
	return into;
}

bool
time_parse_duration(struct str s, int64_t *ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', SECOND }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', 7 * (int64_t)DAY } };
	uint64_t n;

	if (s.len < 2 || !str_to_u64(str_head(s, s.len - 1), &n) || n > INT64_MAX)
		return false;
	for (size_t i = 0; i < COUNT(units); i++)
		if (s.ptr[s.len - 1] == units[i].unit)
			return !__builtin_mul_overflow((int64_t)n, units[i].ms, ms);
	return false;
}
