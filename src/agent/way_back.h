/* Ways back from withdrawn updates: which there are, and saying once why there is none. */
#ifndef MAMORI_AGENT_WAY_BACK_H
#define MAMORI_AGENT_WAY_BACK_H

#include "agent/mandate.h"

/* Fills in s->back, asking the package manager only when something withdrawn is in. */
void way_back_plan(struct session *s, const struct directive *d);
/* A way back that is none goes into the history as a failed attempt of this slot, once for each patch and reason. */
void way_back_tell(struct session *s, struct str slot);

#endif
