#include "plan/calendar.h"

#include "base/time.h"

#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (INT64_C(86400000))
/* No window is longer (policy-schema.c), no gap of a clock wider than a day: how far before an instant the date of a
 * slot that is still open there may lie. */
enum { DAYS_BEFORE = 7 + 3, DAYS_AFTER = 3 };

/* ---- dates ---- */

struct date { /* what the rules ask of a day, worked out once for all windows */
	int64_t day;
	int year;
	unsigned month, monthday, length, weekday; /* weekday 0 Monday */
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static unsigned
weekday_of(int64_t day)
{
	return (unsigned)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static struct date
date_of(int64_t day)
{
	struct date d = { .day = day, .weekday = weekday_of(day) };
	int64_t next;

	time_civil(day, &d.year, &d.month, &d.monthday);
	next = d.month == 12 ? time_days(d.year + 1, 1, 1) : time_days(d.year, d.month + 1, 1);
	d.length = (unsigned)(next - (day - d.monthday + 1));
	return d;
}

static struct date
date_next(struct date d)
{
	if (d.monthday == d.length)
		return date_of(d.day + 1);
	d.day++;
	d.monthday++;
	d.weekday = (d.weekday + 1) % 7;
	return d;
}

static int
day_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
days_have(const int64_t *days, size_t count, int64_t day)
{
	return count > 0 && bsearch(&day, days, count, sizeof(*days), day_order) != NULL;
}

/* ---- rules ---- */

static bool
month_fits(const struct window *w, unsigned month)
{
	return w->months == 0 || (w->months >> (month - 1) & 1);
}

static bool
nth_fits(const struct window *w, const struct date *d)
{
	unsigned n = (d->monthday - 1) / 7 + 1;

	return (w->nth >> n & 1) || ((w->nth & 1) && d->monthday + 7 > d->length);
}

static bool
patch_tuesday_fits(const struct window *w, const struct date *d)
{
	int64_t tuesday = d->day - w->offset_days;
	struct date t;

	if (weekday_of(tuesday) != 1)
		return false;
	t = date_of(tuesday);
	return t.monthday >= 8 && t.monthday <= 14 && month_fits(w, t.month);
}

static bool
window_on(const struct window *w, const struct date *d, const struct day_list *list)
{
	switch (w->rule) {
	case WINDOW_WEEKLY:
		return (w->weekdays >> d->weekday & 1) && month_fits(w, d->month);
	case WINDOW_MONTHLY:
		return ((w->monthdays >> d->monthday & 1) || ((w->monthdays & 1) && d->monthday == d->length)) &&
		       month_fits(w, d->month);
	case WINDOW_NTH:
		return (w->weekdays >> d->weekday & 1) && nth_fits(w, d) && month_fits(w, d->month);
	case WINDOW_PATCH_TUESDAY:
		return patch_tuesday_fits(w, d);
	case WINDOW_DATES:
		return days_have(w->dates.items, w->dates.count, d->day) && month_fits(w, d->month);
	case WINDOW_DAYS:
		return list && days_have(list->days.items, list->days.count, d->day) && month_fits(w, d->month);
	}
	return false;
}

static bool
day_allowed(const struct calendar_rules *r, int64_t day)
{
	if ((r->valid.from && day < r->valid.from) || (r->valid.to && day > r->valid.to))
		return false;
	for (size_t i = 0; i < r->blackouts.count; i++) {
		const struct day_span *b = &r->blackouts.items[i];
		if ((b->from == 0 || day >= b->from) && (b->to == 0 || day <= b->to))
			return false;
	}
	return true;
}

/* ---- slots ---- */

int64_t
calendar_spread(const struct calendar_rules *r, const struct window *w, int64_t date, struct str host)
{
	int64_t room = w->length - w->cutoff;
	uint64_t h;

	/* A share past the cutoff would be a host that is never patched. */
	room = room < r->spread ? room : r->spread;
	if (room <= 0 || host.len == 0)
		return 0;
	h = str_hash(host, str_hash(w->name, (uint64_t)date));
	/* Whole seconds, so that a slot's start reads well. */
	return room < 1000 ? 0 : (int64_t)(h % (uint64_t)(room / 1000)) * 1000;
}

/* A window with what its name and zone stand for. */
struct bound_window {
	const struct window *window;
	const struct zone *zone; /* NULL: named, and unknown: no slots, rather than slots at a wrong hour */
	const struct day_list *list;
};

static struct bound_window
window_bind(const struct window *w, const struct calendar_world *world)
{
	static const struct zone utc = { .name = { "UTC", 3 } };
	struct bound_window b = { .window = w };

	if (w->tz.len == 0)
		b.zone = world->device ? world->device : &utc;
	else if (str_eq(w->tz, STR("UTC")))
		b.zone = &utc;
	for (size_t i = 0; i < world->zone_count && w->tz.len > 0; i++) {
		if (str_eq(world->zones[i].name, w->tz))
			b.zone = &world->zones[i];
	}
	if (w->rule == WINDOW_DAYS && world->lists)
		b.list = day_list_find(world->lists, w->days);
	return b;
}

/* The slot of this window that the rule gives for day; false when its local start date is not allowed. */
static bool
slot_make(const struct calendar_rules *r, const struct bound_window *b, int64_t day, struct str host, struct slot *out)
{
	const struct window *w = b->window;
	struct slot s = { .window = w, .date = day };
	int64_t at = zone_instant(b->zone, day * DAY_MS + w->at * MINUTE_MS);

	/* A gap of a whole day moves the start to another date. */
	if (!day_allowed(r, floor_div(zone_local(b->zone, at), DAY_MS)))
		return false;
	s.start = at + calendar_spread(r, w, day, host);
	s.end = at + w->length;
	s.cutoff = s.end - w->cutoff;
	if (w->ready_by >= 0) {
		int64_t ready = day + (w->ready_by <= w->at ? 1 : 0);
		s.ready_by = zone_instant(b->zone, ready * DAY_MS + w->ready_by * MINUTE_MS);
	}
	*out = s;
	return true;
}

static int
slot_order(const struct slot *a, const struct slot *b)
{
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return str_cmp(a->window->name, b->window->name);
}

struct slots {
	struct slot *items;
	size_t count, max;
};

/* Keeps the earliest max. Days come in order, so the place is nearly always the end. */
static void
slots_put(struct slots *l, const struct slot *s)
{
	size_t i = l->count;

	while (i > 0 && slot_order(s, &l->items[i - 1]) < 0)
		i--;
	/* Two dates that a lost day moved to one start are one occasion. */
	if (i > 0 && l->items[i - 1].window == s->window && l->items[i - 1].start == s->start)
		return;
	if (i == l->max)
		return;
	if (l->count < l->max)
		l->count++;
	memmove(&l->items[i + 1], &l->items[i], (l->count - 1 - i) * sizeof(*l->items));
	l->items[i] = *s;
}

/* Slots with start in [first, until) and end > open. */
static size_t
slots_walk(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t first,
	   int64_t open, int64_t until, struct slots *l)
{
	struct bound_window bound[POLICY_WINDOWS_MAX];
	size_t windows = r->windows.count < POLICY_WINDOWS_MAX ? r->windows.count : POLICY_WINDOWS_MAX;
	struct date d = date_of(floor_div(first > open ? first : open, DAY_MS) - DAYS_BEFORE);
	int64_t last = floor_div(until, DAY_MS) + DAYS_AFTER;
	struct slot s;

	for (size_t i = 0; i < windows; i++)
		bound[i] = window_bind(&r->windows.items[i], world);
	for (; d.day <= last; d = date_next(d)) {
		if (l->count == l->max && (d.day - DAYS_AFTER) * DAY_MS > l->items[l->max - 1].start)
			break;
		for (size_t i = 0; i < windows; i++) {
			const struct bound_window *b = &bound[i];
			if (b->zone && window_on(b->window, &d, b->list) && slot_make(r, b, d.day, host, &s) &&
			    s.start >= first && s.start < until && s.end > open)
				slots_put(l, &s);
		}
	}
	return l->count;
}

size_t
calendar_slots(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t from,
	       int64_t until, struct slot *out, size_t max)
{
	struct slots l = { .items = out, .max = max };

	return max > 0 && from < until ? slots_walk(r, world, host, INT64_MIN / 2, from, until, &l) : 0;
}

bool
calendar_next(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t after,
	      struct slot *out)
{
	/* Most have one within weeks; only a leap day needs years. */
	static const int spans[] = { 10, 100, 3653 };

	for (size_t i = 0; i < COUNT(spans); i++) {
		struct slots l = { .items = out, .max = 1 };
		if (slots_walk(r, world, host, after + 1, INT64_MIN / 2, after + spans[i] * DAY_MS, &l) > 0)
			return true;
	}
	return false;
}

bool
calendar_current(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t now,
		 struct slot *out)
{
	enum { OPEN_MAX = 2 * POLICY_WINDOWS_MAX };
	struct slot open[OPEN_MAX];
	struct slots l = { .items = open, .max = OPEN_MAX };

	if (slots_walk(r, world, host, INT64_MIN / 2, now, now + 1, &l) > 0) {
		*out = open[l.count - 1];
		return true;
	}
	return calendar_next(r, world, host, now, out);
}

static char *
put_text(char *to, struct str s, char behind)
{
	if (s.len > 0)
		memcpy(to, s.ptr, s.len);
	to[s.len] = behind;
	return to + s.len + 1;
}

/* Leading zeros fill the places. */
static char *
put_number(char *to, unsigned n, size_t places, char behind)
{
	for (size_t i = places; i > 0; i--, n /= 10)
		to[i - 1] = (char)('0' + n % 10);
	to[places] = behind;
	return to + places + 1;
}

/* By hand: a host asks for one with almost every decision, and the simulator for a hundred million. */
struct str
slot_id(struct arena *a, struct str policy, const struct slot *s, struct str host)
{
	struct str window = s->window->name;
	size_t len = policy.len + 1 + window.len + 1 + strlen("2026-11-24/") + host.len;
	char *text = arena_alloc(a, len + 1, 1), *to = text;
	int year;
	unsigned month, day;

	time_civil(s->date, &year, &month, &day);
	to = put_text(to, policy, '/');
	to = put_text(to, window, '/');
	to = put_number(to, (unsigned)year, 4, '-');
	to = put_number(to, month, 2, '-');
	to = put_number(to, day, 2, '/');
	put_text(to, host, '\0');
	return str_sub(text, len);
}
