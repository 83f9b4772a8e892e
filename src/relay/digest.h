/* What is known of files before they arrive: canonical URL → SHA-256 and size. Filled from signed metadata alone: a
 * distribution's Release, the Packages that it lists, repomd.xml, targets of mamori's own update metadata.
 *
 * One file for each source of knowledge (DIR/SOURCE.known), sorted, mapped and searched, so that a distribution's
 * sixty thousand names cost no memory. A source's file is replaced whole: what its newer version does not name is
 * no longer known. Several processes may have the folder open. Safe to call from any thread. */
#ifndef MAMORI_RELAY_DIGEST_H
#define MAMORI_RELAY_DIGEST_H

#include "base/buf.h"
#include "trust/key.h"

struct digest {
	unsigned char sha256[SHA256_LEN];
	uint64_t size;
};

struct digest_map;

bool digest_map_open(const char *folder, struct digest_map **out, struct err *e) MUST_CHECK;
void digest_map_close(struct digest_map *m);

/* The newest source that names it wins. */
bool digest_find(struct digest_map *m, struct str url, struct digest *out);

/* Collects what one source names, then replaces the source durably. */
struct digest_batch;
struct digest_batch *digest_batch_new(void);
void digest_batch_add(struct digest_batch *b, struct str url, const struct digest *d);
size_t digest_batch_count(const struct digest_batch *b);
void digest_batch_free(struct digest_batch *b);
void digest_batch_cleanup(struct digest_batch **b);
#define DIGEST_BATCH_AUTO __attribute__((cleanup(digest_batch_cleanup))) struct digest_batch *
/* source: any text that names it (the URL of the Packages file, "tuf"). An empty batch removes it. */
bool digest_map_replace(struct digest_map *m, struct str source, struct digest_batch *b, struct err *e) MUST_CHECK;
/* Is there a file of this source? *made (may be NULL): when it was made, milliseconds. */
bool digest_map_has(struct digest_map *m, struct str source, int64_t *made);
/* Where it lies. */
const char *digest_map_folder(const struct digest_map *m);
/* Names known in all. */
uint64_t digest_map_count(struct digest_map *m);

/* 64 hexadecimal digits. */
bool digest_parse(struct str hex, uint64_t size, struct digest *out) MUST_CHECK;
void digest_hex(const struct digest *d, char out[SHA256_HEX_LEN]);

#endif
