/* Packages that somebody or something else changed on this machine: by hand, unattended-upgrades, another tool. What the
 * last run saw is kept (packages.seen); what is different now and not our doing becomes a signed result, trigger
 * "outside", with what the machine's own log says of who did it. */
#ifndef MAMORI_AGENT_OUTSIDE_H
#define MAMORI_AGENT_OUTSIDE_H

#include "agent/session.h"

/* With the sections of now, once no order is open; never fails: what cannot be told is logged. */
void outside_look(struct session *s);
/* These patches were worked on by us: how they are now is seen. Before their order is closed, so that a crash between
 * does not make it somebody else's doing. */
bool outside_ours(struct session *s, const struct patch_list *l, struct err *e) MUST_CHECK;

#endif
