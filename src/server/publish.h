/* The server's own part of the update metadata (trust/tuf-repo.h): below DATA/updates it signs what it may sign, in time, and
 * vouches for the vulnerability data. DATA/updates/state.json says what came of it, for notices. */
#ifndef MAMORI_SERVER_PUBLISH_H
#define MAMORI_SERVER_PUBLISH_H

#include "base/buf.h"
#include "base/time.h"

struct arena;
struct request;

#define PUBLISH_INDEX "index/feeds.mamori"

struct publish_memory {
	struct buf index; /* which vulnerability data was looked at last */
};

/* Publishes what has its signatures, signs anew what is half over, names the newest vulnerability data. Without a repository
 * nothing. What goes wrong is logged and kept for the overview. */
void publish_run(const char *data, const struct clock *clock, struct publish_memory *m);
void publish_forget(struct publish_memory *m);

/* Notices about it, into an open array: there is none, it waits for signatures, it ends soon, it does not work. */
void publish_notices_write(struct request *r);
/* The sentence of the first of them for a person at a terminal; empty: there is a repository. */
struct str publish_reminder(struct arena *a, const char *data);

#endif
