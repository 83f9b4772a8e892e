/* What the files that read a bundle share (private to the room). */
#ifndef MAMORI_TRUST_BUNDLE_INTERNAL_H
#define MAMORI_TRUST_BUNDLE_INTERNAL_H

#include "trust/bundle.h"

/* A medium that fails, or a full disk, is another matter than a bad bundle. False. */
bool bundle_unreadable(enum bundle_reason *reason, struct err *e, const char *path);
/* The part as it lies in the spool or on the medium; −1 when it is in neither. */
int bundle_part_open(const struct bundle_place *p, struct arena *a, size_t i, uint64_t *size);
/* Names the part, and the members in it (l NULL: none). False. */
bool bundle_part_damaged(const struct bundle_head *h, const struct bundle_list *l, size_t part, uint64_t size,
			 const char *path, enum bundle_reason *reason, struct err *e);

#endif
