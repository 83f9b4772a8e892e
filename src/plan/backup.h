/* When the newest backup of a host was made, as the host itself sees it (doc/policy.md, "backup"). */
#ifndef MAMORI_PLAN_BACKUP_H
#define MAMORI_PLAN_BACKUP_H

#include "base/arena.h"

enum { BACKUP_WHY_MAX = 500, BACKUP_PATH_MAX = 1000 };
/* Clocks of host and server may differ by so much; what lies further ahead is no time of a backup. */
#define BACKUP_AHEAD_MS INT64_C(300000)

struct backup_seen {
	bool asked; /* a policy names a place to look at */
	int64_t at; /* 0: none known */
	struct str why; /* what keeps it from being known, a sentence; empty: nothing */
};

/* A path from the root on, without "..", of printable characters. */
bool backup_marker_valid(struct str path);
/* A name that systemctl takes for one service and nothing else. */
bool backup_unit_valid(struct str name);

/* What `systemctl show` says of a service that makes the backup, in UTC: *at is the end of its last run where that was a
 * success, else 0, and false where that run failed. Properties: backup_unit_properties. */
extern const char backup_unit_properties[];
bool backup_unit_judge(struct str shown, int64_t *at);

#endif
