/* Unattended patching on the host: asks the slot machine (plan/slot.h) what is to be done, keeps its stamp durably before
 * doing it, does it, until there is nothing to do now. Online or not. */
#ifndef MAMORI_AGENT_SLOT_RUN_H
#define MAMORI_AGENT_SLOT_RUN_H

#include "agent/session.h"
#include "plan/directive.h"

/* What the last run decided, for the first check-in of this one. */
void slot_report_load(struct session *s);
/* Takes out of it the lease that was handed back: no use of it before a newer directive names it again. */
void slot_lease_strip(struct session *s, struct directive *d);
/* The id of the slot in work; empty: none. */
struct str slot_run_id(struct session *s);
/* *sent: in, the server is there; out, it has heard all. *until: when to look again, 0 at the usual time.
 * *down: the machine is being restarted. */
bool slot_run(struct session *s, bool *sent, int64_t *until, bool *down, struct err *e) MUST_CHECK;

#endif
