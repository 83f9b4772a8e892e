/* Inside the room: a writer of segments. */
#ifndef MAMORI_EXPOSURE_SEGMENT_WRITE_H
#define MAMORI_EXPOSURE_SEGMENT_WRITE_H

#include "exposure/column-write.h"
#include "exposure/manifest.h"
#include "exposure/raw-write.h"

/* One writer never holds more than this, whatever its caller allows. */
#define MEMORY_MAX ((size_t)1 << 30)

struct known_origin { /* numbers + 1: of an origin, of its texts in their columns */
	uint32_t number, source, snapshot;
};

struct build { /* what is in memory */
	bool open;
	int fd;
	struct str file;
	const char *path;
	struct output out;
	uint32_t docs;
	struct column_build columns[COLUMNS];
	struct buf ips;
	struct buf marks; /* uint16_t of each banner */
	uint32_t transports[4]; /* their numbers in the column + 1 */
	struct known_origin origin; /* of the last banner */
	struct raw_build raw;
};

struct written { /* a file that waits for the manifest */
	struct str file;
	const char *path;
	int fd; /* holds its lock */
	uint32_t docs;
};

struct segment_writer {
	struct arena arena;
	const char *folder;
	struct segment_origin *origins;
	size_t origin_count;
	struct build build;
	ARRAY_OF(struct written) done;
};

/* With the numbers of its origins in w->origins. */
bool segment_add_from(struct segment_writer *w, const struct banner *b, const uint32_t *origins, size_t count,
		      struct err *e) MUST_CHECK;
/* Spills all writers, their columns on all cores; every one is tried, the first error is told. */
bool segments_seal(struct segment_writer **writers, size_t count, struct err *e) MUST_CHECK;
/* keep: the files stay. */
void segment_writer_free(struct segment_writer *w, bool keep);

#endif
