/* Update metadata, the side that writes: a repository in a folder, as The Update Framework 1.0.x describes it, with
 * consistent snapshots.
 *
 * metadata/  what clients read: N.root.json, timestamp.json, N.snapshot.json, N.targets.json, N.ROLE.json (a link to the
 *            folder metadata.N: a new root appears together with all that belongs to it)
 * targets/   PATH/HASH.NAME
 * pending/   what waits for signatures made elsewhere: root.json, targets.json, catalog.json, custom.json …
 * online/    keys that sign without a human: ROLE.pem (timestamp, snapshot, approval, index), readable by the server alone
 *
 * Readers of metadata/ need no lock: what is there was published whole, whatever crashed in between. */
#ifndef MAMORI_TRUST_TUF_REPO_H
#define MAMORI_TRUST_TUF_REPO_H

#include "base/time.h"
#include "trust/keyfile.h"
#include "trust/tuf.h"

struct tuf_repo;

/* Who signs a role. */
struct tuf_signers {
	const struct keyfile *keys; /* public halves are enough */
	size_t count;
	unsigned threshold; /* 0: one */
};

struct tuf_repo_plan {
	struct tuf_signers root, targets, catalog,
		custom; /* offline keys; catalog and custom may have none: no delegation */
	int64_t now;
};
/* Makes the folder with online keys, an unsigned root and targets in pending/. ERR_CONFLICT: there is one already. */
bool tuf_repo_create(const char *folder, const struct tuf_repo_plan *plan, struct err *e) MUST_CHECK;

/* Opens, locked against other writers for as long as it is open (ERR_BUSY). folder and clock are kept, not copied. */
bool tuf_repo_open(const char *folder, const struct clock *clock, struct tuf_repo **out, struct err *e) MUST_CHECK;
/* Keeps what was changed and is not published in pending/; what is neither saved nor published is lost at the close. */
bool tuf_repo_save(struct tuf_repo *r, struct err *e) MUST_CHECK;
void tuf_repo_close(struct tuf_repo *r);
void tuf_repo_cleanup(struct tuf_repo **r);
#define TUF_REPO_AUTO __attribute__((cleanup(tuf_repo_cleanup))) struct tuf_repo *

/* A file to vouch for, into the pending metadata of a role ("approval", "index", "catalog", "custom", "targets"); the same path again
 * replaces it. Becomes valid with tuf_repo_publish(), for offline roles once enough keys have signed. */
struct tuf_put {
	struct str path; /* "custom/printer-driver/2.1/setup.deb": relative, no "..", at most 512 bytes of UTF-8 */
	const char *file; /* copied into targets/; NULL: only length and digest are named, the file is had elsewhere */
	uint64_t length; /* without file */
	struct str sha256; /* without file: hexadecimal */
	struct str custom; /* a JSON object's text, or empty */
};
bool tuf_repo_put_target(struct tuf_repo *r, const char *role, const struct tuf_put *p, struct err *e) MUST_CHECK;
/* The SHA-256 (hexadecimal) by which the published metadata of a role names it; empty: it does not. */
bool tuf_repo_target(struct tuf_repo *r, const char *role, struct str path, struct str *sha256,
		     struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND: the role does not name it. */
bool tuf_repo_remove_target(struct tuf_repo *r, const char *role, struct str path, struct err *e) MUST_CHECK;

/* Keys of a role: root, targets, timestamp and snapshot are in the root; the others in targets. Changes the pending one.
 * add and revoke may be NULL; threshold 0: as it is. A role of no keys, or of fewer than its threshold, is refused. */
struct tuf_rotation {
	const char *role;
	const struct keyfile *add;
	size_t add_count;
	const char *const
		*revoke; /* key ids, or at least eight digits that only one of them starts with; NULL-terminated */
	unsigned threshold;
	bool online; /* make a new online key (timestamp, snapshot, approval, index) and revoke the one before */
};
bool tuf_repo_rotate(struct tuf_repo *r, const struct tuf_rotation *change, struct err *e) MUST_CHECK;
/* The next version of a role with a new expiry and nothing else changed, into pending/. */
bool tuf_repo_renew(struct tuf_repo *r, const char *role, struct err *e) MUST_CHECK;

/* For sites that see a bundle once a month: what the server signs from now on is valid for at least so long (milliseconds, at
 * most 90 days), and tuf_repo_publish() signs anew what is not. The longer, the longer may newer metadata be hidden. */
void tuf_repo_valid_for(struct tuf_repo *r, int64_t ms);

/* Publishes what has signatures enough: pending offline metadata, the approvals, a snapshot and a timestamp. A timestamp
 * with less than half of its time left is renewed even if nothing changed. *what (may be NULL) says what came of it. */
struct tuf_published {
	bool changed; /* metadata/ is not what it was */
	int64_t timestamp_version, expires;
	struct str waiting[16]; /* roles that lack signatures; live as long as the repository is open */
	size_t waiting_count;
};
bool tuf_repo_publish(struct tuf_repo *r, struct tuf_published *what, struct err *e) MUST_CHECK;

/* What waits and what is published, for people. */
struct tuf_repo_role {
	struct str name;
	int64_t published, pending; /* versions, 0: none */
	int64_t expires; /* of what is published */
	int64_t signatures, threshold; /* of what waits, else of what is published */
	int64_t lacks_old; /* a root that waits: signatures of the root before that it lacks */
	struct str *keys; /* ids */
	size_t key_count;
	bool online; /* signed by the server */
};
struct tuf_repo_role_list {
	ARRAY_OF(struct tuf_repo_role) items;
};
bool tuf_repo_roles(struct tuf_repo *r, struct arena *a, struct tuf_repo_role_list *out, struct err *e) MUST_CHECK;

/* One metadata file, for who is asked to sign it. Nothing is verified but its form; names are a stranger's. */
struct tuf_holding {
	struct str name;
	const struct str *keys;
	size_t count;
	int64_t threshold;
};
struct tuf_described_file {
	struct str path, sha256;
	int64_t length;
};
struct tuf_description {
	struct str type; /* "root", "targets" … */
	int64_t version, expires, issued;
	ARRAY_OF(struct tuf_described_file) targets;
	ARRAY_OF(struct tuf_holding) delegates; /* who may sign what, as this says */
	ARRAY_OF(struct str) signers; /* key ids, not verified */
};
bool tuf_describe(struct arena *a, struct str metadata, struct tuf_description *out, struct err *e) MUST_CHECK;

/* Signs one metadata file's text anywhere, with no repository at hand: adds or replaces this key's signature and appends
 * the new text. */
bool tuf_sign(struct arena *a, struct str metadata, const struct key *k, struct buf *out, struct err *e) MUST_CHECK;

#endif
