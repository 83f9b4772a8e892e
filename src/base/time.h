/* Instants are int64_t milliseconds since 1970-01-01T00:00Z; 0 means "none". */
#ifndef MAMORI_BASE_TIME_H
#define MAMORI_BASE_TIME_H

#include "base/str.h"

/* Injected, so that tests need no sleep. */
struct clock {
	int64_t (*now)(void *user);
	void *user;
};

extern const struct clock clock_system;

static inline int64_t
clock_now(const struct clock *c)
{
	return c->now(c->user);
}

#define TIME_RFC3339_MAX 32
/* "2026-11-21T13:00:00Z" (milliseconds only when there are any); returns into. */
const char *time_rfc3339(int64_t ms, char into[TIME_RFC3339_MAX]);
/* RFC 3339 with zone, or a bare date (00:00Z). False on anything else. */
bool time_parse(struct str s, int64_t *ms);
/* In the machine's zone: "2026-11-21 22:00". */
const char *time_local(int64_t ms, char into[TIME_RFC3339_MAX]);
/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t time_days(int year, unsigned month, unsigned day);
void time_civil(int64_t days, int *year, unsigned *month, unsigned *day);
/* "90s" "15m" "36h" "14d" "2w" to milliseconds. */
bool time_parse_duration(struct str s, int64_t *ms);

#endif
