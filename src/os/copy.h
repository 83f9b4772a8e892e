/* Files too large to be held in memory, and names that change at once and durably. */
#ifndef MAMORI_OS_COPY_H
#define MAMORI_OS_COPY_H

#include "base/buf.h"

/* Sees every piece of what is copied, in order. */
typedef void file_seen_fn(void *user, struct str piece);
/* Copies a regular file, durably; what is left of a copy that failed is removed. seen may be NULL. */
bool file_copy(const char *from, const char *to, unsigned mode, file_seen_fn *seen, void *user,
	       struct err *e) MUST_CHECK;
/* The file has its new name (in the same file system, replacing another) or the old one: survives a crash. */
bool file_move(const char *from, const char *to, struct err *e) MUST_CHECK;
/* path is a symbolic link to target, at once, whatever link it was before. */
bool link_replace(const char *path, const char *target, struct err *e) MUST_CHECK;

#endif
