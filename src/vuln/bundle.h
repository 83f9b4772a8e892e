/* Inside the room: everything that was imported, in one file for a network without the internet (doc/feed-store.md):
 *   "mamoBNDL"  u32 version  u64 instant  u32 n × (text name, text SHA-256, u64 length)  text SHA-256 of all before
 *   contents, one behind the other
 * Whoever vouches for the head (a signature over it) vouches for every byte of the file. */
#ifndef MAMORI_VULN_BUNDLE_H
#define MAMORI_VULN_BUNDLE_H

#include "base/arena.h"
#include "base/buf.h"

#define BUNDLE_FILES_MAX 256

struct bundle_file {
	struct str name, content;
};

struct bundle {
	int64_t instant; /* the newest import in it */
	ARRAY_OF(struct bundle_file) files;
	struct str head; /* what a signature is to be over */
};

void bundle_write(const struct bundle *b, struct buf *out);
/* Views into `file`; every digest was compared. ERR_INPUT names what is wrong with `path`. */
bool bundle_read(struct str file, const char *path, struct arena *a, struct bundle *out, struct err *e) MUST_CHECK;

#endif
