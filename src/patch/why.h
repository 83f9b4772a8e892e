/* The sentence "why not patched": one for each state of an update on a host, in the reader's language. */
#ifndef MAMORI_PATCH_WHY_H
#define MAMORI_PATCH_WHY_H

#include "store/host_patch.h"

/* interval: of check-ins, milliseconds. */
struct str host_patch_why(struct arena *a, const struct host_patch *p, int64_t interval, int64_t now);

#endif
