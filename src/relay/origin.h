/* Everything that comes from outside: one thread that speaks to origins (libcurl), one that does what takes time with
 * a file that has come (verify, sync, take into the cache). A file that several ask for comes once: they all hold the
 * same flow. Nothing here blocks the caller. */
#ifndef MAMORI_RELAY_ORIGIN_H
#define MAMORI_RELAY_ORIGIN_H

#include "relay/blob.h"
#include "relay/cache.h"
#include "relay/digest.h"
#include "relay/relay.h"
#include "relay/target.h"

#include <pthread.h>

/* What of a file is not given out before its digest matched. */
#define HELD_BACK (64u << 10)

enum flow_kind {
	FLOW_KNOWN, /* its digest is known */
	FLOW_UNVERIFIED, /* passed on as it comes */
	FLOW_SIGNED, /* carries its own signature: nothing is passed on before it was checked */
	FLOW_HEAD, /* only what the origin says about it */
	FLOW_TUNNEL, /* a connection */
	FLOW_LEARN, /* nothing is passed on: metadata is fetched that tells the digest of this URL */
};

enum flow_state {
	FLOW_ASKING, /* the origin has not answered */
	FLOW_COMING, /* blob and entry are set */
	FLOW_DONE, /* all of it is readable; tunnel: fd is set; learned: look again */
	FLOW_SAME, /* not modified: what the cache has is current */
	FLOW_FAILED, /* status and why say how; readers of the blob are cut off */
};

/* Somebody who reads a flow: how far. */
struct follower {
	struct follower *next, **link;
	_Atomic uint64_t at;
	_Atomic bool too_slow; /* others waited for it while there was no disk to wait on: it is to be cut off */
};

struct transfer_state; /* origin-internal.h */

struct flow {
	_Atomic unsigned refs;
	_Atomic int state; /* enum flow_state; what is below `blob` is set before it changes */
	enum flow_kind kind;
	char *url;
	const struct origin *origin; /* NULL: tunnel */
	struct digest digest; /* FLOW_KNOWN */
	_Atomic uint64_t loops; /* a bit for each loop that wants to be told */
	pthread_mutex_t mutex; /* of followers */
	struct follower *followers;
	uint64_t punched; /* without a disk: what lies between split and here is gone; under mutex */
	_Atomic(struct blob *) blob;
	struct cache_entry entry; /* as the origin says: etag, last_modified, type, size */
	int status;
	const char *why; /* English, a key of the catalogue */
	bool gone; /* the origin says that there is no such file */
	int fd; /* FLOW_TUNNEL; the first who takes it sets it to -1 */
	struct transfer_state *transfer;
	struct flow *chain; /* in the table of flows */
	bool listed;
};

struct uplink;

struct uplink_options {
	const struct relay_options *relay;
	struct cache *cache;
	struct digest_map *digests;
	/* Says to loop i that some flow it asked about went on; any thread. */
	void (*stir)(void *user, unsigned loop);
	/* The list in force. */
	const struct allowlist *(*allowed)(void *user);
	void *user;
};

bool uplink_start(const struct uplink_options *o, struct uplink **out, struct err *e) MUST_CHECK;
/* Ends all transfers; what has come of them stays and is gone on with later. */
void uplink_stop(struct uplink *u);

struct flow_ask {
	enum flow_kind kind;
	struct str url;
	const struct origin *origin;
	struct digest digest; /* FLOW_KNOWN */
	const struct cache_entry *have; /* what the cache has: ask whether it is current */
	const char *via; /* the relays that the request came through, or NULL */
	unsigned loop; /* who is to be told */
};
/* The flow of this file, a new one or one that is under way (*joined); with a reference. */
struct flow *uplink_ask(struct uplink *u, const struct flow_ask *ask, bool *joined);
struct flow *flow_ref(struct flow *f);
void flow_unref(struct flow *f);
static inline enum flow_state
flow_state(const struct flow *f)
{
	return (enum flow_state)atomic_load_explicit(&f->state, memory_order_acquire);
}

/* Begins to read; false: this flow has let go of what lies at `at` already, ask anew. */
bool flow_follow(struct flow *f, struct follower *me, uint64_t at) MUST_CHECK;
/* Has read up to `at`. */
void flow_advance(struct uplink *u, struct flow *f, struct follower *me, uint64_t at);
void flow_leave(struct uplink *u, struct flow *f, struct follower *me);

struct uplink_stats {
	uint64_t bytes_fetched, mismatches, fetches;
	int64_t ok, failed;
};
struct uplink_stats uplink_stats(const struct uplink *u);

#endif
