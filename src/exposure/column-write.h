/* Inside the room: a column while its segment is built, and its sections. */
#ifndef MAMORI_EXPOSURE_COLUMN_WRITE_H
#define MAMORI_EXPOSURE_COLUMN_WRITE_H

#include "exposure/output.h"
#include "exposure/vocabulary.h"

struct column_build {
	struct vocabulary values; /* of strings; of text: with banners */
	uint32_t lead; /* so many banners from the first on have one entry each, the same one */
	uint64_t lead_value;
	struct buf
		stream; /* of the others: banner − the last one, number or zigzag(value), confidence when any was given */
	uint32_t last; /* banner */
	uint32_t entries;
	int64_t before; /* number */
	bool confident;
};

void column_add_text(struct column_build *b, uint32_t doc, uint32_t number, uint8_t confidence);
void column_add_number(struct column_build *b, uint32_t doc, int64_t value, uint8_t confidence);
void column_write_values(struct column_build *b, struct output *o, unsigned column, uint32_t docs,
			 struct column_info *info);
void column_write_numbers(struct column_build *b, struct output *o, unsigned column, uint32_t docs,
			  struct column_info *info);
void column_write_words(struct column_build *b, struct output *o, unsigned column, uint32_t docs,
			struct column_info *info);
/* docs addresses of 16 bytes, and marks of two. */
void column_write_addresses(const unsigned char *ips, const char *marks, struct output *o, uint32_t docs,
			    struct column_info *info);
void column_build_free(struct column_build *b);

#endif
