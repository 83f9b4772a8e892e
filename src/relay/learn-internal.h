/* What the files that read metadata share. */
#ifndef MAMORI_RELAY_LEARN_INTERNAL_H
#define MAMORI_RELAY_LEARN_INTERNAL_H

#include "base/arena.h"
#include "plan/unpack.h"
#include "relay/learn.h"

/* ---- signature.c ---- */

/* Verifies the clear-signed file (signature: none) or the file with the detached signature; *text (may be NULL) is what
 * was signed, as gpgv gives it. ERR_REFUSED when no key of the keyrings made it. */
bool signature_check(const char *const *keyrings, const char *path, struct str signature, struct buf *text,
		     struct err *e) MUST_CHECK;

/* ---- index.c: parsers; pure, for fuzz targets too ---- */

/* Calls each for every file that the SHA256 section of a Release names. */
typedef void release_fn(void *user, struct str path, const struct digest *d);
bool release_parse(struct str text, release_fn *each, void *user, struct err *e) MUST_CHECK;
/* The value of a field of a Release, or STR_NONE. */
struct str release_field(struct str text, struct str name);

/* Packages, Sources and Index of differences, a line at a time. */
struct index_reader {
	void (*each)(void *user, struct str directory, struct str name, const struct digest *d);
	void *user;
	size_t stanzas;
	bool checksums; /* inside Checksums-Sha256 or SHA256-…: */
	char filename[1024], directory[1024], sha256[SHA256_HEX_LEN];
	uint64_t size;
	bool sized;
	struct {
		char name[256];
		struct digest digest;
	} sources[64]; /* of one stanza: their folder may follow */
	size_t source_count;
};
void index_line(struct index_reader *r, struct str line);
void index_end(struct index_reader *r); /* end of the last stanza */

/* rpm.c: the files that repomd.xml and primary.xml name, each with its SHA-256. */
typedef void rpm_fn(void *user, struct str href, const struct digest *d, struct str type);
bool repomd_parse(struct str text, rpm_fn *each, void *user, struct err *e) MUST_CHECK;
/* Reads a compressed primary.xml. */
bool primary_read(const char *path, rpm_fn *each, void *user, struct err *e) MUST_CHECK;

#endif
