/* Inside the room: work on all cores. */
#ifndef MAMORI_EXPOSURE_CORES_H
#define MAMORI_EXPOSURE_CORES_H

#include <stddef.h>

/* How many threads on_all_cores() takes at most: one for each core, no more than jobs. */
size_t cores_for(size_t jobs);
/* fn on as many threads, one of them the caller's; it takes jobs off a common list until there are none. At least once. */
void on_all_cores(size_t jobs, void *(*fn)(void *user), void *user);

#endif
