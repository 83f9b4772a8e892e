/* Inside the room: what was added to a column, as arrays. */
#ifndef MAMORI_EXPOSURE_COLUMN_ENTRIES_H
#define MAMORI_EXPOSURE_COLUMN_ENTRIES_H

#include "exposure/column-write.h"

/* Entries of a column, by banner; of one banner by value, each once. */
struct entries {
	uint32_t *docs;
	uint64_t *values; /* ranks, or numbers with their sign bit turned */
	uint8_t *confidence;
	uint32_t count, owners;
	bool many;
};

/* rank: of each number of a text; NULL where values are numbers themselves. */
void entries_gather(const struct column_build *b, const uint32_t *rank, struct entries *out);
void entries_free(struct entries *x);
#define ENTRIES_AUTO __attribute__((cleanup(entries_free))) struct entries

#endif
