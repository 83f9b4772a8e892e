/* What the ledger wants to know of this very machine; the build picks hardware-linux.c (private to the room). */
#ifndef MAMORI_PLAN_HARDWARE_H
#define MAMORI_PLAN_HARDWARE_H

#include "plan/inventory.h"

/* Never fails: what cannot be read stays empty. The last user is read from the root's own records. */
void hardware_read(const struct root *r, bool live, struct arena *a, struct hardware *out);

#endif
