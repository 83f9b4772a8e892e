/* Whether a machine looks like a server, by what it reports: a suggestion for machines to which nobody gave a role. Pure. */
#ifndef MAMORI_PLAN_SERVER_GUESS_H
#define MAMORI_PLAN_SERVER_GUESS_H

#include "plan/inventory.h"

/* A Windows Server, or a Linux machine without a graphical login; a machine that cannot be told (no list of packages) does
 * not count as one. *why: what speaks for it, English; reasons are joined with ", ". Both lists as they were reported. */
bool server_guess(const struct inventory *inv, const struct package_list *packages, struct arena *a, struct str *why);

#endif
