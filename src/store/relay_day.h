/* How a relay did from day to day: one small row for each. Days are those of the caller, counted from 1970. */
#ifndef MAMORI_STORE_RELAY_DAY_H
#define MAMORI_STORE_RELAY_DAY_H

#include "store/relay.h"

enum { RELAY_DAYS_MAX = 400 }; /* older days go */

struct relay_day {
	int64_t day;
	int64_t hits, misses, served, fetched; /* of that day */
	int64_t space, space_max; /* at its end */
};

/* Adds what it told now to the day. `before` is what it had told until then: its counters begin anew with each start. */
bool relay_day_add(struct store *st, const struct relay_row *before, const struct relay_row *now, int64_t day,
		   struct err *e) MUST_CHECK;
/* Those days from `from` to `to` on which it was heard, in order. */
bool relay_day_read(struct store *st, struct arena *a, struct str relay, int64_t from, int64_t to,
		    struct relay_day **out, size_t *count, struct err *e) MUST_CHECK;

#endif
