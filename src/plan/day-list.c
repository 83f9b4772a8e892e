/* Named lists of days. The Japanese one is computed from the rows of one table: each row is a sentence of the law
 * (国民の祝日に関する法律, Act No. 178 of 1948, as amended up to Act No. 57 of 2018, and the special Acts for 2019–2021).
 * A year that the Diet changes later gets a row here. */
#include "plan/calendar.h"

#include "base/time.h"

#include <stdlib.h>

enum {
	HOLIDAYS_FIRST = 1980, /* the equinox formula holds for 1980–2099 */
	HOLIDAYS_LAST = 2099,
	CSV_CAP = 4 * 1024 * 1024,
	DAYS_CAP = 20000,
	LIST_NAME_CAP = 100
};

static int
day_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
list_sort(struct day_list *l)
{
	size_t kept = 0;

	if (l->days.count > 1)
		qsort(l->days.items, l->days.count, sizeof(*l->days.items), day_order);
	for (size_t i = 0; i < l->days.count; i++) {
		if (kept == 0 || l->days.items[i] != l->days.items[kept - 1])
			l->days.items[kept++] = l->days.items[i];
	}
	l->days.count = kept;
}

static bool
is_holidays(struct str name)
{
	return str_eq(name, STR("祝日")) || str_eq(name, STR("holidays-jp"));
}

const struct day_list *
day_list_find(const struct day_lists *l, struct str name)
{
	for (size_t i = 0; l && i < l->lists.count; i++) {
		const struct day_list *one = &l->lists.items[i];
		if (str_eq(one->name, name) || (is_holidays(name) && is_holidays(one->name)))
			return one;
	}
	return NULL;
}

/* ---- Japanese national holidays ---- */

enum holiday_kind { FIXED, MONDAY, VERNAL, AUTUMNAL };

static const struct holiday {
	enum holiday_kind kind;
	unsigned month, day; /* MONDAY: the day-th one of the month */
	int from, to; /* years */
	int not_from, not_to; /* years that a special Act moves */
	const char *name;
} holidays[] = {
	{ FIXED, 1, 1, 1949, 9999, 0, 0, "元日" },
	{ FIXED, 1, 15, 1949, 1999, 0, 0, "成人の日" },
	{ MONDAY, 1, 2, 2000, 9999, 0, 0, "成人の日" },
	{ FIXED, 2, 11, 1967, 9999, 0, 0, "建国記念の日" },
	{ FIXED, 2, 23, 2020, 9999, 0, 0, "天皇誕生日" },
	{ FIXED, 12, 23, 1989, 2018, 0, 0, "天皇誕生日" },
	{ FIXED, 4, 29, 1949, 1988, 0, 0, "天皇誕生日" },
	{ FIXED, 4, 29, 1989, 2006, 0, 0, "みどりの日" },
	{ FIXED, 4, 29, 2007, 9999, 0, 0, "昭和の日" },
	{ VERNAL, 3, 0, 1949, 9999, 0, 0, "春分の日" },
	{ FIXED, 5, 3, 1949, 9999, 0, 0, "憲法記念日" },
	{ FIXED, 5, 4, 2007, 9999, 0, 0, "みどりの日" },
	{ FIXED, 5, 5, 1949, 9999, 0, 0, "こどもの日" },
	{ FIXED, 7, 20, 1996, 2002, 0, 0, "海の日" },
	{ MONDAY, 7, 3, 2003, 9999, 2020, 2021, "海の日" },
	{ FIXED, 8, 11, 2016, 9999, 2020, 2021, "山の日" },
	{ FIXED, 9, 15, 1966, 2002, 0, 0, "敬老の日" },
	{ MONDAY, 9, 3, 2003, 9999, 0, 0, "敬老の日" },
	{ AUTUMNAL, 9, 0, 1948, 9999, 0, 0, "秋分の日" },
	{ FIXED, 10, 10, 1966, 1999, 0, 0, "体育の日" },
	{ MONDAY, 10, 2, 2000, 2019, 0, 0, "体育の日" },
	{ MONDAY, 10, 2, 2022, 9999, 0, 0, "スポーツの日" },
	{ FIXED, 11, 3, 1948, 9999, 0, 0, "文化の日" },
	{ FIXED, 11, 23, 1948, 9999, 0, 0, "勤労感謝の日" },
	/* Single days by Acts of their own: funeral, wedding and enthronement (Acts No. 4 of 1989, No. 24 of 1990, No. 32 of
	 * 1993, No. 99 of 2018); the Olympic years (Acts No. 55 of 2018 and No. 68 of 2020). */
	{ FIXED, 2, 24, 1989, 1989, 0, 0, "大喪の礼の行われる日" },
	{ FIXED, 11, 12, 1990, 1990, 0, 0, "即位礼正殿の儀の行われる日" },
	{ FIXED, 6, 9, 1993, 1993, 0, 0, "結婚の儀の行われる日" },
	{ FIXED, 5, 1, 2019, 2019, 0, 0, "天皇の即位の日" },
	{ FIXED, 10, 22, 2019, 2019, 0, 0, "即位礼正殿の儀の行われる日" },
	{ FIXED, 7, 23, 2020, 2020, 0, 0, "海の日" },
	{ FIXED, 7, 24, 2020, 2020, 0, 0, "スポーツの日" },
	{ FIXED, 8, 10, 2020, 2020, 0, 0, "山の日" },
	{ FIXED, 7, 22, 2021, 2021, 0, 0, "海の日" },
	{ FIXED, 7, 23, 2021, 2021, 0, 0, "スポーツの日" },
	{ FIXED, 8, 8, 2021, 2021, 0, 0, "山の日" },
};

/* 新こよみ便利帳 (Japan Coast Guard, Hydrographic Department), valid 1980–2099. The Cabinet Office announces each date in the
 * February before; so far they have never differed. */
static unsigned
equinox_day(int year, double base)
{
	int n = year - 1980;

	return (unsigned)(base + 0.242194 * n) - (unsigned)(n / 4);
}

static int64_t
holiday_day(const struct holiday *h, int year)
{
	int64_t first = time_days(year, h->month, 1);

	switch (h->kind) {
	case FIXED:
		return first + h->day - 1;
	case MONDAY:
		/* 1970-01-05 was a Monday. */
		return first + (4 - first % 7 + 7) % 7 + (int64_t)(h->day - 1) * 7;
	case VERNAL:
		return first + equinox_day(year, 20.8431) - 1;
	case AUTUMNAL:
		return first + equinox_day(year, 23.2488) - 1;
	}
	return first;
}

static bool
is_sunday(int64_t day)
{
	return (day + 4) % 7 == 0;
}

/* 振替休日 (Article 3 paragraph 2): a holiday on a Sunday gives the next day that is none; until 2006 the Monday, which only
 * counted where it was none itself. */
static void
substitutes_add(struct arena *a, struct day_list *l, const int64_t *laws, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t day = laws[i] + 1;
		if (!is_sunday(laws[i]))
			continue;
		while (bsearch(&day, laws, count, sizeof(*laws), day_order))
			day++;
		if (day == laws[i] + 1 || laws[i] >= time_days(2007, 1, 1))
			*ARRAY_PUSH(a, &l->days) = day;
	}
}

/* 国民の休日 (Article 3 paragraph 3, since 1985-12-27): a day between two holidays; until 2006 not when it was a Sunday. */
static void
between_add(struct arena *a, struct day_list *l, const int64_t *laws, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		int64_t day = laws[i] + 1;
		if (laws[i + 1] != day + 1 || day < time_days(1985, 12, 27))
			continue;
		if (is_sunday(day) && day < time_days(2007, 1, 1))
			continue;
		*ARRAY_PUSH(a, &l->days) = day;
	}
}

void
day_list_holidays_jp(struct arena *a, struct day_list *out)
{
	struct day_list laws = { 0 }, l = { .name = STR("祝日") };

	for (int year = HOLIDAYS_FIRST; year <= HOLIDAYS_LAST; year++) {
		for (size_t i = 0; i < COUNT(holidays); i++) {
			const struct holiday *h = &holidays[i];
			if (year >= h->from && year <= h->to && (year < h->not_from || year > h->not_to))
				*ARRAY_PUSH(a, &laws.days) = holiday_day(h, year);
		}
	}
	list_sort(&laws);
	for (size_t i = 0; i < laws.days.count; i++)
		*ARRAY_PUSH(a, &l.days) = laws.days.items[i];
	substitutes_add(a, &l, laws.days.items, laws.days.count);
	between_add(a, &l, laws.days.items, laws.days.count);
	list_sort(&l);
	*out = l;
}

/* What the Cabinet Office calls it; substitutes and days between have no name of their own. */
static const char *
holiday_name(int64_t day)
{
	int year;
	unsigned month, date;
	time_civil(day, &year, &month, &date);
	for (size_t i = 0; i < COUNT(holidays); i++) {
		const struct holiday *h = &holidays[i];
		if (year >= h->from && year <= h->to && (year < h->not_from || year > h->not_to) &&
		    holiday_day(h, year) == day)
			return h->name;
	}
	return "休日";
}

void
day_list_holidays_named(struct arena *a, int64_t from, int64_t until, struct named_days *out)
{
	struct day_list l;
	day_list_holidays_jp(a, &l);
	*out = (struct named_days){ 0 };
	for (size_t i = 0; i < l.days.count; i++)
		if (l.days.items[i] >= from && l.days.items[i] < until)
			*ARRAY_PUSH(a, out) =
				(struct named_day){ l.days.items[i], str_of(holiday_name(l.days.items[i])) };
}

/* ---- CSV ---- */

/* "2026-11-23", and "2026/11/23", "2026/1/3" as spreadsheets and the Cabinet Office write it. */
static bool
date_read(struct str s, int64_t *day)
{
	struct str year, month, date, rest;
	char sep = str_find_char(s, '/') >= 0 ? '/' : '-', text[11];
	uint64_t y, m, d;
	int64_t ms;

	if (!str_split(s, sep, &year, &rest) || !str_split(rest, sep, &month, &date) || !str_to_u64(year, &y) ||
	    !str_to_u64(month, &m) || !str_to_u64(date, &d) || y < 1900 || y > 9999 || m < 1 || m > 12 || d < 1 ||
	    d > 31)
		return false;
	snprintf(text, sizeof(text), "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)d % 100);
	if (!time_parse(str_of(text), &ms))
		return false;
	*day = ms / 86400000;
	return true;
}

/* The first field of a line, without its quotes. */
static struct str
first_field(struct str line)
{
	struct str field = line, rest;

	str_split(line, ',', &field, &rest);
	field = str_trim(field);
	if (field.len >= 2 && field.ptr[0] == '"' && field.ptr[field.len - 1] == '"')
		field = str_trim(str_sub(field.ptr + 1, field.len - 2));
	return field;
}

/* The second field of a line, without its quotes. */
static struct str
second_field(struct str line)
{
	struct str first, rest;
	return str_split(line, ',', &first, &rest) ? first_field(rest) : STR("");
}

void
day_list_named(struct arena *a, struct str csv, int64_t from, int64_t until, struct named_days *out)
{
	struct str line;
	int64_t day;
	*out = (struct named_days){ 0 };
	if (str_starts(csv, STR("\xef\xbb\xbf")))
		csv = str_skip(csv, 3);
	while (out->count < DAYS_CAP && str_line(&csv, &line))
		if (date_read(first_field(line), &day) && day >= from && day < until)
			*ARRAY_PUSH(a, out) =
				(struct named_day){ day, arena_line(a, second_field(line), LIST_NAME_CAP) };
}

bool
day_list_parse(struct arena *a, struct str name, struct str csv, struct day_list *out, struct err *e)
{
	struct day_list l = { .name = arena_line(a, name, LIST_NAME_CAP) };
	struct str line, field, shown;
	unsigned number = 0;
	int64_t day;

	if (csv.len > CSV_CAP)
		return err_set(e, ERR_TOO_LARGE, "the list of days “%.*s” is larger than 4 MiB", STR_ARG(l.name));
	if (str_starts(csv, STR("\xef\xbb\xbf")))
		csv = str_skip(csv, 3);
	while (str_line(&csv, &line)) {
		number++;
		field = first_field(line);
		if (field.len == 0 || field.ptr[0] == '#')
			continue;
		if (!date_read(field, &day)) {
			if (number == 1 && !(field.ptr[0] >= '0' && field.ptr[0] <= '9'))
				continue; /* a heading, in whatever encoding */
			shown = arena_line(a, field, 40);
			return err_set(e, ERR_INPUT,
				       "the list of days “%.*s”, line %u: “%.*s” is no date; write 2026-11-23 first",
				       STR_ARG(l.name), number, STR_ARG(shown));
		}
		if (l.days.count == DAYS_CAP)
			return err_set(e, ERR_TOO_LARGE, "the list of days “%.*s” has more than 20,000 days",
				       STR_ARG(l.name));
		*ARRAY_PUSH(a, &l.days) = day;
	}
	if (l.days.count == 0)
		return err_set(e, ERR_INPUT, "the list of days “%.*s” has no day; write one date a line, 2026-11-23",
			       STR_ARG(l.name));
	list_sort(&l);
	*out = l;
	return true;
}
