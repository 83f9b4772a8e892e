/* What hosts say about mitigations of emergencies (plan/mitigate.h), one report for each. */
#ifndef MAMORI_STORE_HOST_MITIGATION_H
#define MAMORI_STORE_HOST_MITIGATION_H

#include "store/store.h"

struct host_mitigation {
	struct str report; /* JSON; empty: none was told */
	int64_t in_force; /* how many updates are mitigated */
	int64_t at;
};
bool host_mitigation_get(struct store *st, struct arena *a, struct str host, struct host_mitigation *out,
			 struct err *e) MUST_CHECK;
/* An empty report or [] forgets it. */
bool host_mitigation_put(struct store *st, struct str host, const struct host_mitigation *m, struct err *e) MUST_CHECK;

#endif
