/* How far updates have come through the rings of a policy, halts, and leases for slots. */
#ifndef MAMORI_STORE_RING_STAGE_H
#define MAMORI_STORE_RING_STAGE_H

#include "store/store.h"

/* Hosts of one ring of a policy that miss an update or got it. */
struct ring_sum {
	int64_t ring, hosts, installed, failed, running, unhealthy, first_installed, last_installed;
};
/* heard_after: hosts that are silent longer do not count. failed_after: failures before were forgiven when somebody lifted
 * a halt. Rings without such a host are absent. */
bool ring_sums(struct store *st, struct arena *a, struct str policy, struct str patch, int64_t heard_after,
	       int64_t failed_after, struct ring_sum **out, size_t *count, struct err *e) MUST_CHECK;
/* When the nth host of a ring got it (from 1); 0: fewer have. */
bool ring_reached(struct store *st, struct str policy, struct str patch, int64_t ring, int64_t heard_after, int64_t nth,
		  int64_t *at, struct err *e) MUST_CHECK;
/* When the update was first heard of anywhere; 0: never. */
bool ring_patch_seen(struct store *st, struct str patch, int64_t *at, struct err *e) MUST_CHECK;
/* Active hosts that are in it, whatever they miss. */
bool ring_hosts(struct store *st, struct str policy, int64_t ring, int64_t *hosts, struct err *e) MUST_CHECK;

struct ring_stage {
	struct str policy, patch, decisions; /* decisions: JSON */
	int64_t due;
};
/* Those of a policy for the updates of a host. */
bool ring_stages_of_host(struct store *st, struct arena *a, struct str policy, struct str host, struct ring_stage **out,
			 size_t *count, struct err *e) MUST_CHECK;
bool ring_stage_get(struct store *st, struct arena *a, struct str policy, struct str patch, struct ring_stage *out,
		    bool *found, struct err *e) MUST_CHECK;
/* One that has never been computed becomes due. */
bool ring_stage_want(struct store *st, struct str policy, struct str patch, struct err *e) MUST_CHECK;
bool ring_stages_due(struct store *st, struct arena *a, int64_t now, int64_t max, struct ring_stage **out,
		     size_t *count, struct err *e) MUST_CHECK;
/* *changed: the decisions are others than before; the directives of all hosts that miss the update are then due. */
bool ring_stage_put(struct store *st, const struct ring_stage *s, bool *changed, struct err *e) MUST_CHECK;
/* What a change on one host may have moved. */
bool ring_stages_touch_host(struct store *st, struct str host, int64_t since, struct err *e) MUST_CHECK;

/* Those of a policy for the updates of a host that are to be counted anew, at most max. */
bool ring_stages_touched(struct store *st, struct arena *a, struct str policy, struct str host, int64_t max,
			 struct ring_stage **out, size_t *count, struct err *e) MUST_CHECK;

struct ring_halt {
	struct str id, policy, patch, ring, why;
	int64_t at, lifted_at;
	struct str lifted_by;
	struct str title; /* read only, of the patch */
};
bool ring_halt_insert(struct store *st, const struct ring_halt *h, struct err *e) MUST_CHECK;
bool ring_halted(struct store *st, struct str policy, struct str patch, bool *halted, int64_t *lifted_at,
		 struct err *e) MUST_CHECK;
bool ring_halt_lift(struct store *st, struct arena *a, struct str id, struct str by, int64_t now, struct ring_halt *out,
		    struct err *e) MUST_CHECK;
bool ring_halt_list(struct store *st, struct arena *a, bool lifted, struct page *p, struct ring_halt **out,
		    size_t *count, struct err *e) MUST_CHECK;

struct lease_row {
	struct str host, slot, policy, redundancy; /* policy: whose rings limit it; redundancy.ptr NULL: none */
	int64_t ring, start, until;
};
/* Those that have not ended: of the same policy, or of the same redundancy group. */
bool leases_near(struct store *st, struct arena *a, struct str policy, struct str redundancy, int64_t now,
		 struct lease_row **out, size_t *count, struct err *e) MUST_CHECK;
/* *found false: this host holds none. */
bool lease_of_host(struct store *st, struct arena *a, struct str host, int64_t now, struct lease_row *out, bool *found,
		   struct err *e) MUST_CHECK;
bool lease_put(struct store *st, const struct lease_row *l, struct err *e) MUST_CHECK;
bool lease_drop(struct store *st, struct str host, struct err *e) MUST_CHECK;
/* Names of members of a redundancy group other than host that were not seen since, are not healthy, or have an
 * emergency's mitigation in force. */
bool partner_down(struct store *st, struct str redundancy, struct str host, int64_t silent_before, bool *down,
		  struct err *e) MUST_CHECK;

#endif
