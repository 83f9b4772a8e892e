/* Certificate transparency logs themselves: RFC 6962 (get-sth, get-entries) and static-ct (checkpoint, tiles). */
#ifndef MAMORI_SURFACE_CT_LOG_H
#define MAMORI_SURFACE_CT_LOG_H

#include "base/buf.h"
#include "surface/fact.h"

/* get-sth: {"tree_size":…}. */
bool ct_sth_read(struct str body, uint64_t *size, struct err *e) MUST_CHECK;
/* A checkpoint (origin, size, root hash, signatures): the size. The signature is not judged: a log can only show us too little. */
bool ct_checkpoint_read(struct str body, uint64_t *size, struct err *e) MUST_CHECK;
/* "tile/data/x001/x234/067", ".p/W" behind it for a partial one of 1 to 255 entries. */
void ct_tile_path(uint64_t tile, unsigned width, struct buf *out);
typedef void ct_entry_fn(void *user, struct str der, int64_t at, bool precert);
/* The entries of get-entries' JSON, or of a data tile (unpacked from gzip where it is). False with ERR_INPUT at the first
 * byte that fits no entry; those before were given. */
bool ct_entries_read(struct str body, ct_entry_fn *entry, void *user, size_t *count, struct err *e) MUST_CHECK;
bool ct_tile_read(struct str body, ct_entry_fn *entry, void *user, size_t *count, struct err *e) MUST_CHECK;

#endif
