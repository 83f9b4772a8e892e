/* Inside the room: a change of the manifest while it is prepared (commit.c, merge.c). */
#ifndef MAMORI_EXPOSURE_CHANGE_H
#define MAMORI_EXPOSURE_CHANGE_H

#include "exposure/join.h"

/* How many files one writer may have spilled at most. */
enum { CHANGE_FILES = 4096 };

typedef ARRAY_OF(struct str) change_names;

struct change {
	struct arena *a;
	const char *data, *folder;
	struct exposure_index ix; /* the segments as they will be; new ones last */
	struct manifest_segment *rows; /* of each */
	size_t first_new;
	uint64_t generation;
	bool recount;
	ARRAY_OF(int) fresh; /* files that must reach the disk before they are named */
	const change_names *aside; /* segments that are known to be damaged; may be NULL */
};

/* more: how many files may come to those of m. */
void change_begin(struct change *c, struct arena *a, const char *data, const char *folder, const struct manifest *m,
		  size_t more);
void change_free(struct change *c);
/* Segments that can be opened; the damaged ones stay named (in after), so that a restored file counts again. */
bool change_open_before(struct change *c, const struct manifest *m, struct manifest *after, struct err *e) MUST_CHECK;
/* The same for old ones whose damage showed since; true: there was one. */
bool change_set_aside(struct change *c, struct manifest *after);
bool change_open_written(struct change *c, struct segment_writer *w, struct err *e) MUST_CHECK;
/* The segments of c, with their dead, behind those that after names already; then as change_publish(). */
bool change_write(struct change *c, struct manifest *after, struct err *e) MUST_CHECK;
/* All files are on the disk, then the manifest says them: from here on they count. */
bool change_publish(struct change *c, const struct manifest *after, struct err *e) MUST_CHECK;
/* Removes files that no manifest names: of a merge, a replacement, or a killed import. What somebody still writes is locked. */
void change_sweep(struct change *c, const struct manifest *m);

#endif
