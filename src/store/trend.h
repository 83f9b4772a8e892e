/* How findings went from day to day: one small row per day and group. Days are those of the
 * caller, counted from 1970: the server counts in its own zone. */
#ifndef MAMORI_STORE_TREND_H
#define MAMORI_STORE_TREND_H

#include "store/host.h"

enum { TREND_DAYS_MAX = 800 }; /* older days go */

struct trend_day {
	int64_t day;
	int64_t hosts, clean; /* active ones; clean: matched, and nothing found */
	int64_t open[HOST_SEVERITIES]; /* host × vulnerability */
	int64_t kev, overdue, added, fixed;
};

struct trend_fixed {
	int64_t fixed, waited; /* milliseconds from first seen to gone, added up */
};

/* Counts what one host's matching changed; it stands in the day's row with the next trend_keep(). */
bool trend_add(struct store *st, struct str group, int64_t added, int64_t fixed, struct err *e) MUST_CHECK;
bool trend_fix_add(struct store *st, struct str group, int64_t day, int severity, int64_t waited,
		   struct err *e) MUST_CHECK;
/* Writes the day's row of every group whose sums changed: once before each commit. */
bool trend_keep(struct store *st, int64_t day, struct err *e) MUST_CHECK;
/* Days that are too old go; a day without a row is like the one before it, so the last of the old ones stays. */
bool trend_prune(struct store *st, int64_t day, struct err *e) MUST_CHECK;

/* Days from `from` to `to` in order, every one of them from the first that is known; group.ptr NULL: all groups. */
bool trend_read(struct store *st, struct arena *a, struct str group, int64_t from, int64_t to, struct trend_day **out,
		size_t *count, struct err *e) MUST_CHECK;
bool trend_fixed_read(struct store *st, struct str group, int64_t from, int64_t to,
		      struct trend_fixed out[HOST_SEVERITIES], struct err *e) MUST_CHECK;

#endif
