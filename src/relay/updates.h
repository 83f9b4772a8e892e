/* The relay's copy of the update metadata, as the server gave it or bundles brought it, for hosts that reach nothing else.
 * It comes in through the client's workflow; hosts verify it all the same.
 *
 * R/updates/           what the relay itself trusts (trust/tuf.h)
 * R/metadata/NAME      what the server's repository has below metadata/
 * R/scripts/HASH.NAME  scripts that it vouches for
 * R/index.taken        SHA-256 of the vulnerability data that was taken in last */
#ifndef MAMORI_RELAY_UPDATES_H
#define MAMORI_RELAY_UPDATES_H

#include "relay/relay.h"

#define RELAY_METADATA "metadata"
#define RELAY_SCRIPTS "scripts"

/* GET /relay/v1/updates/NAME and /relay/v1/scripts/HASH.NAME; false: it is neither. */
bool updates_call(const char *data, struct relay_call *c);
/* Where a relay with a way out has it from. */
struct updates_source {
	void *user;
	/* Appends what the server has at a path ("/agent/v1/relay/updates/timestamp.json"); ERR_NOT_FOUND: it has none. */
	bool (*get)(void *user, const char *path, size_t max, struct buf *out, struct err *e);
	/* Takes in the vulnerability data in a file, whose digest was right; NULL: nobody wants it. */
	bool (*index)(const char *data, const char *file, int64_t now, struct err *e);
	int64_t now;
};
/* Follows the server's metadata by the client's workflow and fetches what it vouches for: scripts, vulnerability data. What is
 * refused leaves everything as it was, and e names the check. No repository is no error. */
bool updates_pull(const char *data, const struct updates_source *from, struct err *e) MUST_CHECK;

/* Lets those files pass whose addresses the metadata that this relay trusts names (`urls`), each by its digest, and no others
 * any more. Also when it was started without its server, or a bundle brought the metadata. *seen: the state that was looked
 * at last, empty at first; nothing is done while it is the same. What failed
 * is tried anew with the next call. */
bool updates_name(const char *data, struct relay *relay, int64_t now, struct buf *seen, struct err *e) MUST_CHECK;

/* Is the file what the metadata that this relay trusts names as vulnerability data? True where it names none. */
bool updates_index_fits(const char *data, const char *file, int64_t now, struct err *e) MUST_CHECK;

/* Takes over the files of a folder that was verified; the timestamp last, so that what it names is there. */
bool updates_mirror(const char *data, const char *folder, struct err *e) MUST_CHECK;

#endif
