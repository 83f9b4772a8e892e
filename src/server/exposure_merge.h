/* Small segments of exposure data are merged by the server itself, by one thread that comes after everything else. Private to
 * server. */
#ifndef MAMORI_SERVER_EXPOSURE_MERGE_H
#define MAMORI_SERVER_EXPOSURE_MERGE_H

#include "server/exposure_pool.h"

struct exposure_merger;
/* data and pool must outlive it. NULL: the system gives no more threads; nothing is merged then. */
struct exposure_merger *exposure_merger_new(const char *data, struct exposure_pool *pool);
/* Stops in the middle of a merge, which changes nothing then. */
void exposure_merger_free(struct exposure_merger *m);

#endif
