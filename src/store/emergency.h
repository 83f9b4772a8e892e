/* Updates under a policy's emergency rule, and who consents to reboots for them in service hours. */
#ifndef MAMORI_STORE_EMERGENCY_H
#define MAMORI_STORE_EMERGENCY_H

#include "store/store.h"

enum { EMERGENCY_CONSENTS = 2 }; /* approvers that a reboot in service hours needs */

struct emergency_row {
	struct str patch, title;
	int64_t since, ended_at, consents;
	int64_t waiting, done; /* hosts that miss it, hosts that have it */
};
/* It is one from now on; *added false: it was already. One that ended begins anew. */
bool emergency_begin(struct store *st, struct str patch, int64_t now, bool *added, struct err *e) MUST_CHECK;
/* Those that have not ended. */
bool emergency_all(struct store *st, struct arena *a, struct emergency_row **out, size_t *count,
		   struct err *e) MUST_CHECK;
/* Ended within this time, or going on: with the numbers of their hosts. */
bool emergency_list(struct store *st, struct arena *a, int64_t ended_after, struct emergency_row **out, size_t *count,
		    struct err *e) MUST_CHECK;
/* Ends those that no host misses any more; their ids. */
bool emergency_end(struct store *st, struct arena *a, int64_t now, struct str **ended, size_t *count,
		   struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND when it is none, ERR_CONFLICT when this user consented already. */
bool emergency_consent(struct store *st, struct str patch, struct str by, struct str reason, int64_t now,
		       struct err *e) MUST_CHECK;

#endif
