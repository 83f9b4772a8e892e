/* The bytes of one file, whole or still arriving, shared by everyone who reads them: a descriptor, and how much of it
 * may be read now. Readers hold a reference; the file may be renamed or unlinked meanwhile. */
#ifndef MAMORI_RELAY_BLOB_H
#define MAMORI_RELAY_BLOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct blob {
	_Atomic unsigned refs;
	int fd;
	uint64_t size; /* UINT64_MAX until it is known */
	/* What may be given out: below this offset. It never falls. */
	_Atomic uint64_t readable;
	_Atomic bool failed; /* the rest will never come */
	/* When the disk filled up: what lies at `split` and behind it is in this descriptor instead, at the same
	 * offsets (origin.c). Set before `readable` passes it. */
	int spill;
	_Atomic uint64_t split;
};

/* Takes the descriptor over; all of it is readable. */
struct blob *blob_new(int fd, uint64_t size);
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is fine */

/* Which descriptor holds offset, and how many bytes from there it may give, at most `want`. 0: none yet. */
uint64_t blob_at(const struct blob *b, uint64_t offset, uint64_t want, int *fd);

#endif
