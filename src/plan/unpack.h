/* Package lists as archives have them, unpacked as they are read: gz, xz, zst, bz2, lzma or plain, in bounded memory. */
#ifndef MAMORI_PLAN_UNPACK_H
#define MAMORI_PLAN_UNPACK_H

#include "base/buf.h"
#include "base/err.h"

/* Calls each for every line. Longer ones than 64 KiB are passed over. */
typedef void unpack_line_fn(void *user, struct str line);
bool unpack_lines(const char *path, unpack_line_fn *each, void *user, struct err *e) MUST_CHECK;

/* For readers of another kind. NULL: it cannot be unpacked. */
struct unpack;
struct unpack *unpack_open(const char *path, struct err *e);
/* > 0 bytes, 0 end, < 0 failed, or unpacks to more than 2 GiB. */
ssize_t unpack_read(struct unpack *u, char *into, size_t n);
void unpack_close(struct unpack *u); /* takes NULL */

#endif
