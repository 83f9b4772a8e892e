/* Bundles at a closed site: taking in what was carried here (everything verified before anything is used), and packing up
 * what goes back. State: DATA/bundles/state.json; a bundle under way has its folder DATA/bundles/ID. */
#ifndef MAMORI_RELAY_BUNDLE_H
#define MAMORI_RELAY_BUNDLE_H

#include "relay/cache.h"
#include "relay/digest.h"
#include "relay/relay.h"
#include "trust/bundle.h"

/* What a relay remembers of bundles. */
struct relay_bundle_state {
	struct str site; /* of the first bundle taken in, where enrolment did not say; empty: none yet */
	struct str id; /* of the last one */
	int64_t counter; /* its number, 0: none yet */
	int64_t made, expires, imported; /* of the last one */
	int64_t up_counter; /* of the last one that went back */
	int64_t seen; /* the latest signed time */
};
/* No state yet is an empty one. */
bool relay_bundle_state_read(const char *data, struct arena *a, struct relay_bundle_state *out,
			     struct err *e) MUST_CHECK;
void relay_bundle_state_write(const struct relay_bundle_state *s, struct json_writer *w);

struct relay_bundle_import {
	const char *data, *folder;
	const struct key *key; /* the server's order key */
	struct str site, server; /* of the enrolment; empty: whichever came first */
	struct cache *cache;
	struct digest_map *digests; /* learns what each address of the content stands for; may be NULL */
	const struct clock *clock;
	/* A letter for one host, whole; durable when it returns. */
	bool (*letter)(void *user, struct str host, struct str bytes, struct err *e);
	/* Another file than content and letters: it lies at `path` until the call returns. The first failure ends the import.
	 * "tuf" members come together, behind the others: path is their folder; "index" comes last, to be
	 * looked at by them. */
	bool (*file)(void *user, struct str kind, struct str name, const char *path, struct err *e);
	/* done and total: bytes; may be NULL */
	void (*doing)(void *user, const char *what, uint64_t done, uint64_t total);
	void *user;
};

struct relay_bundle_result {
	struct bundle_head head;
	size_t content, letters, files; /* members that were taken in */
	size_t there; /* content that was there already */
	uint64_t bytes;
};

/* Takes in the bundle in the folder; of several the oldest that is new. Killed at any moment, the next call goes on. Parts
 * that came alone are kept for the call that brings the rest (reason BUNDLE_INCOMPLETE). */
bool relay_bundle_take(const struct relay_bundle_import *in, struct arena *a, struct relay_bundle_result *out,
		       enum bundle_reason *reason, struct err *e) MUST_CHECK;

/* DATA/allow.list, one origin a line: the archives whose files bundles brought. */
#define RELAY_BUNDLE_ALLOW "allow.list"
/* Tells a running relay of them when the file has changed since *seen. */
void relay_bundle_allow(struct relay *r, const char *data, int64_t *seen);

struct relay_bundle_export {
	const char *data;
	const char *to; /* the medium; the bundle gets a folder of its own there, *folder */
	struct str site, server, from; /* from: this relay's id */
	const struct key *key; /* this relay's signing key */
	const char *const *letters; /* files, NULL-terminated: HOST.letter */
	struct str status; /* JSON of the relay's state, for the server's page */
	uint64_t part_size;
	int64_t life; /* until it expires, milliseconds */
	const struct clock *clock;
	void (*doing)(void *user, const char *what, uint64_t done, uint64_t total);
	void *user;
};
bool relay_bundle_pack(const struct relay_bundle_export *x, struct arena *a, struct bundle_head *out,
		       const char **folder, struct err *e) MUST_CHECK;

#endif
