/* Inside the room: the manifest, which names the segments that count, and where what is in them came from. */
#ifndef MAMORI_EXPOSURE_MANIFEST_H
#define MAMORI_EXPOSURE_MANIFEST_H

#include "exposure/index.h"

struct manifest_segment {
	struct str file;
	struct str dead; /* file with the banners that count no more; empty: none */
	uint64_t docs, dead_count;
	struct segment_origin *origins; /* numbers in COLUMN_ORIGIN are places here */
	size_t origin_count;
	bool aside; /* found damaged when it was last needed: only as a whole does it count again */
	bool looked; /* its addresses were looked at for honeypots (suspect.h) */
};

struct manifest {
	uint64_t generation;
	uint64_t addresses; /* different ones of all that counts */
	ARRAY_OF(struct manifest_segment) segments;
};

/* Tells one state of the manifest's file from another. */
struct manifest_mark {
	uint64_t inode, size;
	int64_t seconds, nanoseconds;
};
struct manifest_mark manifest_look(const char *path);

/* Strings live in a. None there: an empty one. */
bool manifest_read(struct arena *a, const char *data, struct manifest *out, struct err *e) MUST_CHECK;
bool manifest_write(const char *data, const struct manifest *m, struct err *e) MUST_CHECK;
/* DATA/exposure, made when it is not there. */
bool exposure_folder(struct arena *a, const char *data, const char **out, struct err *e) MUST_CHECK;
/* Its lock, waited for as long as another import may commit. */
bool exposure_lock(struct arena *a, const char *folder, int *fd, struct err *e) MUST_CHECK;

#endif
