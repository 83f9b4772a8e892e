/* What a relay says of itself, by its own check-in or in a bundle that was carried back (doc/agent-protocol.md). */
#ifndef MAMORI_SERVER_RELAY_TOLD_H
#define MAMORI_SERVER_RELAY_TOLD_H

#include "server/request.h"
#include "store/relay.h"

/* Counters, times, origins and refusals; what is not told stays as it was. Nothing of it is believed further than it can be
 * shown: it is capped, and texts are one line each. */
void relay_told_take(struct arena *a, const struct json *told, struct relay_row *relay);
/* Keeps it, and adds it to the day. */
bool relay_told_keep(struct request *r, const struct relay_row *before, const struct relay_row *now,
		     struct err *e) MUST_CHECK;

/* How the signed lists of an origin stand against what the site wants. */
enum list_state {
	LIST_CURRENT,
	LIST_UNREAD, /* none has been read yet, or the relay verifies nothing of that origin */
	LIST_UNUSED, /* nobody has asked for it for a month */
	LIST_STALE, /* not asked for again within the site's limit */
	LIST_EXPIRED, /* past its own Valid-Until */
};
#define LIST_UNUSED_MS (30 * INT64_C(86400000))

/* Members "origins" and "refused" of the open object. */
void relay_told_write(struct request *r, const struct relay_row *relay, int64_t fresh_ms);
/* The worst of its lists that are old: its URL and state; LIST_CURRENT: none. *old counts them. */
enum list_state relay_told_worst(struct request *r, const struct relay_row *relay, int64_t fresh_ms, struct str *url,
				 size_t *old);

#endif
