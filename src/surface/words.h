/* Labels that hosts of medical organisations are often called by: what is guessed where no list is given. */
#ifndef MAMORI_SURFACE_WORDS_H
#define MAMORI_SURFACE_WORDS_H

#include "base/arena.h"

extern const char *const surface_words[]; /* NULL-terminated */

/* A list of one's own: a label a line, "#" begins a remark; what is no label is passed over and counted. */
bool words_read(struct arena *a, struct str file, struct str **words, size_t *count, size_t *bad,
		struct err *e) MUST_CHECK;

#endif
