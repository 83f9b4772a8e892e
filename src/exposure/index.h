/* The exposure index: immutable segments below DATA/exposure, opened by mmap, searched in place. doc/exposure-index.md is
 * its format. A segment appears by one rename after its last fsync; a manifest names those that count. */
#ifndef MAMORI_EXPOSURE_INDEX_H
#define MAMORI_EXPOSURE_INDEX_H

#include "exposure/banner.h"

/* ---- writing: one segment at a time and thread ---- */

struct segment_writer;
struct segment_origin { /* provenance of what is written from now on */
	struct str source, file, digest; /* digest: SHA-256 of the file, hex */
	struct str snapshot;
	int64_t imported_at;
	struct str rules; /* version of the enrichment rules; empty: not enriched */
};
bool segment_begin(const char *data, const struct segment_origin *o, struct segment_writer **out,
		   struct err *e) MUST_CHECK;
/* Adds one banner; its bytes are copied. Not durable before segment_commit(). */
bool segment_add(struct segment_writer *w, const struct banner *b, struct err *e) MUST_CHECK;
/* Bytes in memory: the caller commits and begins anew when it is enough. */
size_t segment_memory(const struct segment_writer *w);
/* Writes what is in memory to the segment's file, so that memory stays bounded; adding goes on. Nothing counts yet. */
bool segment_spill(struct segment_writer *w, struct err *e) MUST_CHECK;
/* A stream's digest is known at its end: stated before the commit. */
void segment_set_digest(struct segment_writer *w, struct str digest);
/* Durable and named by the manifest, with all that was committed together (one import: all or nothing). */
bool segments_commit(const char *data, struct segment_writer **writers, size_t count, struct err *e) MUST_CHECK;
/* The same; and in the same step what earlier imports of the same source and file into the same snapshot gave counts no
 * more (an import replaces the earlier content; --add does not). */
bool segments_replace(const char *data, struct segment_writer **writers, size_t count,
		      const struct segment_origin *earlier, struct err *e) MUST_CHECK;
void segment_abandon(struct segment_writer *w);
/* Merges small segments, and those of which much is dead, into one: bounded work, repeated while *did. Never in the way of
 * readers, who keep what they have mapped, nor of imports. Killed at any moment it changes nothing. *did = false: there was
 * nothing to do, somebody else merges, or what was copied changed meanwhile. */
bool segments_merge(const char *data, bool *did, struct err *e) MUST_CHECK;
/* Asked every few dozen banners: may wait for whoever comes first; false: stop, nothing changes. */
struct exposure_pace {
	bool (*go_on)(void *user);
	void *user;
	uint64_t banners; /* of one merge, so that its memory is bounded; 0: about a million */
};
enum { EXPOSURE_MERGE_GENTLE = 1 << 18 };
bool segments_merge_paced(const char *data, const struct exposure_pace *pace, bool *did, struct err *e) MUST_CHECK;
/* Whether there is enough to merge, and of which generation of the manifest that was said. */
bool segments_due(const char *data, bool *due, uint64_t *generation, struct err *e) MUST_CHECK;
/* Merges once when it is due: bounded work that an import does at its end. */
bool segments_tidy(const char *data, struct err *e) MUST_CHECK;

/* ---- reading ---- */

struct exposure_index;
/* Damaged segments are named in *damaged and set aside; the others answer. */
bool exposure_open(const char *data, struct exposure_index **out, struct str **damaged, size_t *damaged_count,
		   struct arena *a, struct err *e) MUST_CHECK;
void exposure_close(struct exposure_index *ix);
uint64_t exposure_count(const struct exposure_index *ix);
/* Rises with every commit and merge. */
uint64_t exposure_generation(const struct exposure_index *ix);
/* Segments that were set aside, when it was opened or since: damage shows when a block is first read. */
void exposure_damaged(const struct exposure_index *ix, struct arena *a, struct str **names, size_t *count);
/* What is not answered so many milliseconds from now (0: no limit) is given up and is ERR_BUSY. Where several threads ask one
 * index, it holds for all of them. */
void exposure_set_deadline(struct exposure_index *ix, int64_t after);
/* A commit or merge came since this was opened, or other networks are ours. */
bool exposure_is_stale(const struct exposure_index *ix);
/* The imports that gave what counts, each with its time. */
void exposure_imports(const struct exposure_index *ix, struct arena *a, struct segment_origin **out, size_t *count);

#endif
