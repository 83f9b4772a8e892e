/* What follows when the feeds changed: which hosts have to be matched again, and what becomes of the findings of the
 * others. Private to server. */
#ifndef MAMORI_SERVER_FEED_CHANGE_H
#define MAMORI_SERVER_FEED_CHANGE_H

#include "server/app.h"

struct feed_change {
	size_t hosts; /* active ones */
	struct str *ids; /* of them to be matched again */
	size_t count;
	size_t vulnerabilities; /* of which something else is known now */
	size_t findings; /* with another date or action for that reason, without matching */
};

/* Inside a transaction of the writer. Compares the index in use with the one that the hosts were matched with, which is
 * kept as feeds/index.matched. Hosts of which nothing can have changed count as matched with the new one; what is known
 * of vulnerabilities (severity, exploited, EPSS) is taken over, and by when to act is decided anew where it matters. */
bool feed_change_apply(struct app *app, struct store *st, int64_t now, struct arena *a, struct feed_change *out,
		       struct err *e) MUST_CHECK;
/* The server's start: the same, in a transaction of its own. */
bool feed_change_start(struct app *app, struct store *st, int64_t now, struct arena *a, struct feed_change *out,
		       struct err *e) MUST_CHECK;
/* What a day brings: dates that passed, systems at their end of life, rows of the trend that are too old. */
bool day_change_apply(struct app *app, struct store *st, int64_t now, struct err *e) MUST_CHECK;

#endif
