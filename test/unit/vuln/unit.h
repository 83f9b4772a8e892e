/* What the tests of this room share. */
#ifndef MAMORI_TEST_VULN_UNIT_H
#define MAMORI_TEST_VULN_UNIT_H

#include "../os/unit.h"
#include "base/time.h"

/* A clock that stands. */
static inline int64_t
unit_now(void *user)
{
	return *(const int64_t *)user;
}

/* 2031-04-01T00:00:00Z */
static int64_t unit_instant = INT64_C(1932768000000);
static inline struct clock
unit_clock(void)
{
	return (struct clock){ unit_now, &unit_instant };
}

#endif
