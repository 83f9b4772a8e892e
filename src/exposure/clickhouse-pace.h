/* Inside the room: how long a server may say nothing, and how slowly it may speak once it does. Times are monotonic milliseconds;
 * what we do with the bytes meanwhile is not counted. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_PACE_H
#define MAMORI_EXPOSURE_CLICKHOUSE_PACE_H

#include "base/str.h"

enum {
	PACE_SILENCE_MS = 3600000, /* an answer comes when it is whole, and one about a whole world takes its time */
	PACE_WINDOW_MS = 30000,
	PACE_BYTES = 3000 /* of a window */
};

struct pace {
	int64_t since; /* waiting since */
	int64_t waited; /* of this window */
	uint64_t bytes; /* of this window */
	bool speaks;
};

void pace_begin(struct pace *p, int64_t now);
/* Bytes came; then what is done with them, until pace_wait(). */
void pace_bytes(struct pace *p, int64_t now, size_t bytes);
void pace_wait(struct pace *p, int64_t now);
/* Has it been too quiet, or too slow? */
bool pace_stalls(struct pace *p, int64_t now);

#endif
