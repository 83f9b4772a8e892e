/* When the newest backup of this host was made, for steps of server systems that ask for one. Nothing of anybody else's is
 * run or opened: the time of a marker file, and what systemd keeps of the last run of a service. */
#ifndef MAMORI_AGENT_BACKUP_H
#define MAMORI_AGENT_BACKUP_H

#include "agent/session.h"
#include "plan/policy.h"

/* Fills in s->backup, which the inventory tells; never fails: what cannot be seen says why. */
void backup_look(struct session *s, const struct backup_rules *rules);

#endif
