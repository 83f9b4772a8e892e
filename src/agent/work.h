/* Carrying out orders. The stamp of an order is durable before its work starts, its `running` results before
 * anything changes; whatever a crash leaves open is ended by reading what really happened, never by doing it again. */
#ifndef MAMORI_AGENT_WORK_H
#define MAMORI_AGENT_WORK_H

#include "agent/session.h"

/* Takes all of s->orders. *did: something may have been installed, so that packages and plan are old. */
bool work_orders(struct session *s, bool *did, struct err *e) MUST_CHECK;
/* Ends orders that an earlier run left open; waits for an installer that still lives. *did as above. */
bool work_recover(struct session *s, bool *did, struct err *e) MUST_CHECK;

#endif
