/* Fetching what goes into a bundle: files of known digest into a store of objects that an interrupted export finds again,
 * and signed metadata, checked with the distributions' keys by gpgv. */
#ifndef MAMORI_PATCH_BUNDLE_FETCH_H
#define MAMORI_PATCH_BUNDLE_FETCH_H

#include "base/arena.h"
#include "net/client.h"
#include "os/proc.h"
#include "trust/key.h"

struct bundle_fetcher {
	struct http_client *client;
	const char *work; /* objects/ and archives/ below it */
	const char *const *keyrings; /* NULL-terminated, beside the system's; may be NULL */
	const struct runner *runner;
	http_progress_fn *progress; /* of the file under way; may be NULL */
	void *user;
	uint64_t fetched; /* bytes that came over the network */
};

/* Where the object of this digest lies or will lie. */
const char *bundle_object_path(struct arena *a, const char *work, const char *sha256);
/* Is it there? (It was checked when it came.) */
bool bundle_object_has(const char *work, const char *sha256, uint64_t size);
/* The file at url, which has this digest and size, as an object. What an earlier try got stays and is gone on with.
 * ERR_REFUSED: the origin has something else. */
bool bundle_fetch_object(struct bundle_fetcher *f, struct str url, const char *sha256, uint64_t size,
			 struct err *e) MUST_CHECK;
/* InRelease (or Release and Release.gpg) below `base`; *text is what the signature covers, *path the file as it came, and
 * *name which of the two it is. trusted: the signature is not asked for. Conditional: what has not changed is not sent
 * again. */
struct bundle_signed {
	const char *path, *signature_path; /* signature_path: Release.gpg, or NULL */
	struct str text;
};
bool bundle_fetch_release(struct bundle_fetcher *f, struct str base, bool trusted, struct arena *a,
			  struct bundle_signed *out, struct err *e) MUST_CHECK;
/* repomd.xml at this address, with repomd.xml.asc. ERR_REFUSED: it has none, or no known key made it. */
bool bundle_fetch_repomd(struct bundle_fetcher *f, struct str url, struct arena *a, struct bundle_signed *out,
			 struct err *e) MUST_CHECK;

#endif
