/* The ready policies of the first-run assistant: three answers, and unattended patching needs no further decision. Pure: the
 * texts are ordinary policies, with comments in the reader's language (base/tr.h), for the administrator to change later. */
#ifndef MAMORI_PLAN_POLICY_READY_H
#define MAMORI_PLAN_POLICY_READY_H

#include "base/arena.h"

struct policy_answers {
	int quiet_from, quiet_to; /* when wards are quiet: minutes after midnight; 22:00 to 05:00 is 1320 and 300 */
	/* The day servers may be down, one of: the n-th (1–5, 0: last) weekday (0 Monday) of each month … */
	int server_nth, server_weekday;
	struct str server_days; /* … or, where not empty, a named list of days such as 休診日 */
	struct str pilot; /* the group that goes first; empty: no pilot */
};

struct policy_text {
	struct str name, yaml;
};

enum { POLICY_READY_MAX = 5 };

/* "hospital" (everybody), "ward-night", "outpatient-morning", "server-inspection" (roles ward, outpatient, server) and, with
 * a pilot group, "pilot". Gives how many. ERR_INPUT: an answer is none; out is untouched then. */
bool policy_ready(struct arena *a, const struct policy_answers *q, struct policy_text out[POLICY_READY_MAX],
		  size_t *count, struct err *e) MUST_CHECK;

#endif
