/* Carrying out orders. The stamp of an order is durable before its work starts, its `running` results before
 * anything changes; whatever a crash leaves open is ended by reading what really happened, never by doing it again. */
#ifndef MAMORI_AGENT_WORK_H
#define MAMORI_AGENT_WORK_H

#include "agent/order.h"

/* Takes all of s->orders. *did: something may have been installed, so that packages and plan are old. */
bool work_orders(struct session *s, bool *did, struct err *e) MUST_CHECK;
/* Ends orders that an earlier run left open; waits for an installer that still lives. *did as above. */
bool work_recover(struct session *s, bool *did, struct err *e) MUST_CHECK;

/* What orders of this kind asked for (to refresh, to stage) was done, or tried: they are closed. */
bool work_wishes_done(struct session *s, enum order_kind kind, struct err *e) MUST_CHECK;

/* One pass of a slot: its patches through the installer, its results under the slot's name. */
struct work_pass {
	struct str name; /* "slot:SLOT/PASS" */
	const char *trigger; /* window or emergency */
	enum order_act act;
	const struct patch *patches;
	size_t count;
};
/* False, ERR_BUSY: it is not known yet what came of it, ask again soon (work_recover() ends it); other errors: nothing
 * was done. */
bool work_pass(struct session *s, const struct work_pass *p, unsigned *installed, unsigned *failed,
	       struct err *e) MUST_CHECK;

#endif
