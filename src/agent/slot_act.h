/* The acts of the slot machine, one function each (private to the slot executor, slot_run.c). */
#ifndef MAMORI_AGENT_SLOT_ACT_H
#define MAMORI_AGENT_SLOT_ACT_H

#include "agent/facts.h"

struct slot_turn {
	struct session *s;
	const struct directive *policy; /* whose policy counts: the slot's, else the newest */
	const struct slot_decision *decision;
	struct facts *facts;
	bool *sent; /* the server is there and has heard all */
	bool unfinished; /* what was done has not ended: ask again soon, slot_ended() is not called */
	bool leave; /* the machine goes down */
	struct str why; /* of a failure, for the log and the notice */
	bool healthy; /* SLOT_HEALTH */
};

void slot_act(struct slot_turn *t, struct slot_result *r);
/* Services that run now are what has to run again after this slot; of an ill machine also those that an earlier slot broke.
 * Kept beside, once for each slot. */
bool slot_units_keep(struct session *s, struct str slot, bool ill, struct err *e) MUST_CHECK;
/* After a health check that failed: does all of that run by now? Somebody may have mended it. */
bool slot_units_run(struct session *s);

#endif
