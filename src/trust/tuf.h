/* Update metadata, the client's side: The Update Framework, specification 1.0.x, section 5 ("Detailed client workflow").
 *
 * A pure state machine: whoever calls brings the bytes (HTTP, a relay, a bundle's folder) and the time. What is trusted
 * lies in a folder of its own, each file written as temp + fsync + rename, so that a crash at any moment leaves a state
 * from which the next update goes on:
 *
 * root.json  timestamp.json  snapshot.json  targets.json  ROLE.json (a delegated role, its name percent-encoded)
 *
 * Nothing that was fetched is believed for where it came from. Lengths are capped before anything is read. */
#ifndef MAMORI_TRUST_TUF_H
#define MAMORI_TRUST_TUF_H

#include "base/json.h"

/* Where metadata comes from. `name` is a file below the repository's metadata folder ("42.root.json", "timestamp.json"):
 * ASCII without a slash, safe as part of a path or a URL as it is. Appends it to out. ERR_NOT_FOUND: there is none;
 * ERR_TOO_LARGE: it is longer than max bytes, and reading stopped there. May block. */
typedef bool tuf_fetch_fn(void *user, const char *name, size_t max, struct buf *out, struct err *e);
/* The folder `user` (const char *) as such a source. */
bool tuf_fetch_folder(void *user, const char *name, size_t max, struct buf *out, struct err *e) MUST_CHECK;

/* Why something was refused: one for each check of the specification. */
enum tuf_reason {
	TUF_OK,
	TUF_STORE, /* the folder of what is trusted cannot be read or written */
	TUF_MALFORMED, /* not JSON, or not of the form of its role */
	TUF_WRONG_TYPE, /* one role's metadata under the name of another's */
	TUF_SPEC_VERSION, /* not of specification 1.x */
	TUF_UNAVAILABLE, /* a file that must be there could not be had */
	TUF_ROOT_TOO_LONG, /* 5.3.3 */
	TUF_ROOT_NOT_BY_OLD, /* 5.3.4 (1): too few signatures by the keys that are trusted */
	TUF_ROOT_NOT_BY_NEW, /* 5.3.4 (2): too few by the keys that it names itself */
	TUF_ROOT_ROLLBACK, /* 5.3.5: older than the trusted one */
	TUF_ROOT_SKIPPED, /* 5.3.5: not N+1 */
	TUF_ROOT_EXPIRED, /* 5.3.10 */
	TUF_TIMESTAMP_TOO_LONG, /* 5.4.1 */
	TUF_TIMESTAMP_UNSIGNED, /* 5.4.2 */
	TUF_TIMESTAMP_ROLLBACK, /* 5.4.3.1 */
	TUF_TIMESTAMP_SNAPSHOT_ROLLBACK, /* 5.4.3.2 */
	TUF_TIMESTAMP_EXPIRED, /* 5.4.4 */
	TUF_SNAPSHOT_TOO_LONG, /* 5.5.1 */
	TUF_SNAPSHOT_HASH, /* 5.5.2, also a length that is not the listed one */
	TUF_SNAPSHOT_UNSIGNED, /* 5.5.3 */
	TUF_SNAPSHOT_VERSION, /* 5.5.4 */
	TUF_SNAPSHOT_ROLLBACK, /* 5.5.5: a version in it went back */
	TUF_SNAPSHOT_REMOVED, /* 5.5.5: a file that was listed is not any more */
	TUF_SNAPSHOT_EXPIRED, /* 5.5.6 */
	TUF_TARGETS_UNLISTED, /* 5.6: the snapshot does not list it */
	TUF_TARGETS_TOO_LONG, /* 5.6.1; from here on also of delegated roles */
	TUF_TARGETS_HASH, /* 5.6.2 */
	TUF_TARGETS_UNSIGNED, /* 5.6.3 */
	TUF_TARGETS_VERSION, /* 5.6.4 */
	TUF_TARGETS_EXPIRED, /* 5.6.5 */
	TUF_SEARCH_TOO_LONG, /* 5.6.7.1: too many roles visited */
	TUF_TARGET_UNKNOWN, /* 5.7.2: no role that may speak for this path names it */
	TUF_TARGET_TOO_LONG, /* 5.7.3: longer than its metadata says */
	TUF_TARGET_LENGTH, /* 5.7.3: shorter */
	TUF_TARGET_HASH, /* 5.7.3 */
};
/* "timestamp-rollback": for machines and logs. */
const char *tuf_reason_name(enum tuf_reason reason);

struct tuf_limits { /* 0: the default */
	size_t root_max, timestamp_max; /* bytes; 512 KiB, 64 KiB */
	size_t snapshot_max, targets_max; /* bytes, where no length is listed and as a cap on what is; 4 MiB, 32 MiB */
	unsigned roots; /* new roots in one update, 1024 */
	unsigned visits; /* roles visited for one target, 64 */
};

struct tuf_options {
	const char *folder; /* of what is trusted; kept, not copied */
	tuf_fetch_fn *fetch; /* NULL: only what is in the folder */
	void *user;
	int64_t now; /* the system's clock when the update begins */
	int64_t seen; /* the last signed time that the caller knows of, 0: none. Expiry is judged by the latest of now, this,
		       * and "issued" in the trusted metadata */
	struct tuf_limits limits;
};

struct tuf_client;

/* Puts the first trusted root (handed over by enrolment or by hand) into an empty folder, which is made. The root must be
 * signed by its own keys. A folder that has a root already is left as it is: ERR_CONFLICT. */
bool tuf_store_begin(const char *folder, struct str root, struct err *e) MUST_CHECK;

/* 5.2: reads what is trusted. What is there and does not verify under the trusted root any more counts as absent.
 * ERR_NOT_FOUND: there is no trusted root; ERR_REFUSED: it is damaged. */
bool tuf_client_open(const struct tuf_options *o, struct tuf_client **out, struct err *e) MUST_CHECK;
/* 5.3 to 5.6.6: new roots, timestamp, snapshot, targets; each is kept as soon as it is trusted. */
bool tuf_client_update(struct tuf_client *c, struct err *e) MUST_CHECK;
/* The reason of the last failure of this client; TUF_OK after a success. *role (may be NULL): whose metadata it was. */
enum tuf_reason tuf_client_reason(const struct tuf_client *c, struct str *role);
void tuf_client_free(struct tuf_client *c);
void tuf_client_cleanup(struct tuf_client **c);
#define TUF_CLIENT_AUTO __attribute__((cleanup(tuf_client_cleanup))) struct tuf_client *

/* A file that is vouched for. Everything in it lives as long as the client. */
struct tuf_target {
	struct str path;
	uint64_t length;
	struct str sha256, sha512; /* lower-case hexadecimal; one of them may be empty */
	const struct json *custom; /* object or NULL */
	struct str role; /* who vouches for it: "targets" or a delegated role */
	struct str file; /* where it is below the repository's folder of targets: "app/HASH.setup.deb" */
	int64_t expires; /* when the first of the metadata that vouches for it expires */
};
/* 5.6.7: looks for a path, fetching delegated metadata as needed. */
bool tuf_client_find(struct tuf_client *c, struct str path, struct tuf_target *out, struct err *e) MUST_CHECK;
/* All targets of one role ("targets", "approval", "catalog" …), whichever delegation of the top level leads there; those
 * outside of what the delegation allows are left out, and so are those that an earlier role speaks for. */
typedef bool tuf_each_fn(void *user, const struct tuf_target *t, struct err *e);
bool tuf_client_each(struct tuf_client *c, struct str role, tuf_each_fn *each, void *user, struct err *e) MUST_CHECK;

/* What is trusted now; 0 and STR_NONE when there is none. Versions of delegated roles are those of the snapshot. */
int64_t tuf_client_version(const struct tuf_client *c, struct str role);
/* When the first of root, timestamp, snapshot and targets expires; 0: something is missing. */
int64_t tuf_client_expires(const struct tuf_client *c);
/* The latest signed time seen, to be kept by the caller. */
int64_t tuf_client_seen(const struct tuf_client *c);
/* The time by which this client judges. */
int64_t tuf_client_time(const struct tuf_client *c);

/* 5.7.3: the file itself, in pieces. One `tuf_check_add` that fails ends it; tuf_check_end() frees in any case and says
 * whether length and digests are right. */
struct tuf_check;
struct tuf_check *tuf_check_open(const struct tuf_target *t);
bool tuf_check_add(struct tuf_check *k, struct str bytes, struct err *e) MUST_CHECK;
bool tuf_check_end(struct tuf_check *k, enum tuf_reason *reason, struct err *e) MUST_CHECK; /* reason may be NULL */

/* ---- cut off ---- */

enum tuf_freshness {
	TUF_FRESH, /* nothing has expired */
	TUF_EXPIRED_BUT_STAGED, /* expired; what was verified before that may be installed until `until`, with a warning */
	TUF_STALE, /* nothing may be installed any more */
};
struct tuf_staged {
	int64_t verified; /* when it was verified and put aside, by the clock that was believed then */
	int64_t expires; /* tuf_target.expires at that time */
	int64_t offline_for; /* of the policy, milliseconds */
};
/* At a site that is cut off: may what was staged be installed at `now` (the later of clock and last signed time)?
 * *until: for EXPIRED_BUT_STAGED expires + offline_for. What was verified only after the expiry is STALE. */
enum tuf_freshness tuf_staged_freshness(const struct tuf_staged *s, int64_t now, int64_t *until);
/* The sentence that goes with it, in the reader's language: warning or refusal; empty when FRESH. */
void tuf_staged_sentence(enum tuf_freshness f, const struct tuf_staged *s, int64_t until, struct buf *out);

#endif
