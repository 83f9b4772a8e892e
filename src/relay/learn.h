/* Metadata that is signed, and what it makes known. */
#ifndef MAMORI_RELAY_LEARN_H
#define MAMORI_RELAY_LEARN_H

#include "base/str.h"
#include "relay/digest.h"

/* A file that carries its own signature, or has one beside it. */
enum signed_kind {
	SIGNED_NONE,
	SIGNED_INRELEASE,
	SIGNED_RELEASE, /* Release, its signature is Release.gpg */
	SIGNED_REPOMD, /* repomd.xml, its signature is repomd.xml.asc */
	SIGNED_SIGNATURE, /* one of the signatures: worth nothing by itself */
};
enum signed_kind signed_kind(struct str url);

/* Will this file, once it is verified, make others known (Packages, Sources, Index of differences, primary.xml)? */
bool index_kind(struct str url);

struct learner {
	struct digest_map *digests;
	const char *const *keyrings; /* NULL-terminated, beside the system's; may be NULL */
	void *user;
	/* Fetches the signature beside a file; small. */
	bool (*fetch)(void *user, struct str url, struct buf *out, struct err *e);
};

/* Checks the signature of the file at `path`, which came as url; then what it lists is known. ERR_CONFLICT: it is an older
 * Release than the one before. */
bool learn_signed(const struct learner *l, struct str url, const char *path, struct err *e) MUST_CHECK;
/* Is what this signed file lists still known? Not so when the folder of what is known was lost. */
bool learn_is_kept(struct digest_map *digests, struct str url);
/* The verified file at `path` came as url: what it lists becomes known. */
bool learn_index(const struct learner *l, struct str url, const char *path, struct err *e) MUST_CHECK;
/* The indexes (URLs) that would tell the digest of this URL and have not been read yet; one a line. False: none. */
bool learn_wanted(struct digest_map *digests, struct str url, struct buf *urls);

#endif
