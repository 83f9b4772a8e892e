/* From the rules of a calendar to slots. Pure: no clock, no file. Definitions (design, Shapes): a start in a DST gap moves
 * to the first valid minute, a repeated time is its first occurrence, valid and blackout dates are inclusive and judged by
 * the slot's local start date; the 31st of a short month and a fifth weekday that does not exist give no slot. */
#ifndef MAMORI_PLAN_CALENDAR_H
#define MAMORI_PLAN_CALENDAR_H

#include "plan/policy.h"
#include "plan/zone.h"

/* Named lists of days: Japanese national holidays come with mamori, others by CSV ("date,name"). */
struct day_list {
	struct str name;
	ARRAY_OF(int64_t) days; /* since 1970-01-01, sorted */
};
struct day_lists {
	ARRAY_OF(struct day_list) lists;
};
const struct day_list *day_list_find(const struct day_lists *l, struct str name);
/* The list 祝日 (also holidays-jp) with the law's rules and the Cabinet Office's equinox dates. */
void day_list_holidays_jp(struct arena *a, struct day_list *out);
bool day_list_parse(struct arena *a, struct str name, struct str csv, struct day_list *out, struct err *e) MUST_CHECK;

/* Days from `from` on, before `until` (days since 1970-01-01), with what people call them; empty: no name given. */
struct named_day {
	int64_t day;
	struct str name;
};
struct named_days {
	struct named_day *items;
	size_t count, cap;
};
void day_list_holidays_named(struct arena *a, int64_t from, int64_t until, struct named_days *out);
/* Of a text that day_list_parse() took. */
void day_list_named(struct arena *a, struct str csv, int64_t from, int64_t until, struct named_days *out);

struct calendar_world {
	const struct zone *device; /* of the host */
	const struct zone *zones; /* those that windows name */
	size_t zone_count;
	const struct day_lists *lists;
};

/* One occurrence of a window on one host. */
struct slot {
	const struct window *window;
	int64_t date; /* local start date, days since 1970-01-01 */
	int64_t start, end, cutoff; /* instants; start includes the host's share of `spread` */
	int64_t ready_by; /* 0: none */
};

/* Share of the spread of this host in this slot, 0 ≤ share < spread: the same on every machine, without any state. */
int64_t calendar_spread(const struct calendar_rules *r, const struct window *w, int64_t date, struct str host);

/* Slots that overlap [from, until), by start, then name; at most max. host empty: without spread. */
size_t calendar_slots(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t from,
		      int64_t until, struct slot *out, size_t max);
/* The slot that is open at `now` (latest start), else the next one that opens within ten years; false: none. */
bool calendar_current(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t now,
		      struct slot *out);
bool calendar_next(const struct calendar_rules *r, const struct calendar_world *world, struct str host, int64_t after,
		   struct slot *out);
/* "ward-pc/night/2026-11-24/HOST" */
struct str slot_id(struct arena *a, struct str policy, const struct slot *s, struct str host);

#endif
