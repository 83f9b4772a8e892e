/* Inside the room: a segment file while it is written: bytes go to the disk as they come, checksums stay. */
#ifndef MAMORI_EXPOSURE_OUTPUT_H
#define MAMORI_EXPOSURE_OUTPUT_H

#include "exposure/segment.h"

#include <pthread.h>

struct output {
	int fd;
	const char *path;
	uint64_t at; /* bytes so far */
	char *block; /* the block that is being filled */
	size_t filled;
	struct buf sums, sections;
	char *gather; /* many blocks for one write */
	size_t gathered;
	bool failed;
	struct err error; /* the first */
	pthread_mutex_t lock; /* sections come from several threads */
};

void output_begin(struct output *o, int fd, const char *path);
void output_add(struct output *o, const void *bytes, size_t len);
/* A section with its padding; nothing when it is empty. Of several threads at once. */
void output_section(struct output *o, enum section_kind kind, unsigned column, struct str bytes);
/* Sections, checksums, trailer. Not yet fsync'ed. */
bool output_end(struct output *o, uint32_t docs, struct err *e) MUST_CHECK;
void output_free(struct output *o);

#endif
