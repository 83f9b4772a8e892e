/* Who asked for what is not on the list of origins: counted by name, the newest asker kept. Strangers choose the names, so
 * only a few are kept, and of these the least asked gives way. Any thread. */
#ifndef MAMORI_RELAY_REFUSAL_H
#define MAMORI_RELAY_REFUSAL_H

#include "base/str.h"

#include <pthread.h>

enum { REFUSALS_MAX = 16 };

struct refusal {
	char what[128]; /* host[:port], printable; longer ones end there */
	char peer[80]; /* the address that asked last */
	uint64_t count;
	int64_t last; /* milliseconds */
};

struct refusals {
	pthread_mutex_t mutex;
	struct refusal all[REFUSALS_MAX];
	size_t count;
	uint64_t total; /* with those that gave way */
};

void refusal_add(struct refusals *r, struct str what, const char *peer, int64_t now);
/* Most asked first; *total counts all. */
size_t refusals_read(struct refusals *r, struct refusal out[REFUSALS_MAX], uint64_t *total);

#endif
