/* Inside the room: records as their sources wrote them, compressed in blocks as they come. Of records
 * that were not taken apart the first block is what the later ones refer to, so that one can be unpacked without those
 * between. */
#ifndef MAMORI_EXPOSURE_RAW_WRITE_H
#define MAMORI_EXPOSURE_RAW_WRITE_H

#include "exposure/banner.h"
#include "exposure/output.h"
#include "exposure/raw-split.h"
#include "exposure/vocabulary.h"

enum { RAW_BLOCK = 1 << 20, RAW_LEVEL = 1 };

/* How the records of a block lie: each with its length before it, as lines, taken apart. */
enum raw_form { RAW_LENGTHS, RAW_LINES, RAW_SPLIT };

struct raw_build {
	enum raw_form form; /* of the block that is being filled */
	struct buf raws, lens; /* where its records are not taken apart */
	struct buf shapes_of, literals, plain, packed;
	struct buf blocks; /* struct raw_block */
	struct vocabulary shapes;
	uint32_t first, docs; /* of that block */
	size_t size; /* of its records */
	struct raw_split *split;
	void *context, *dictionary; /* ZSTD_CCtx, ZSTD_CDict */
};

bool raw_add(struct raw_build *b, struct output *o, const struct banner *n, uint32_t doc, struct err *e) MUST_CHECK;
bool raw_end(struct raw_build *b, struct output *o, struct err *e) MUST_CHECK;
size_t raw_memory(const struct raw_build *b);
void raw_build_free(struct raw_build *b);

#endif
