/* What files and roots share: whole reads, writes and listings of an open descriptor. */
#ifndef MAMORI_OS_LINUX_FD_H
#define MAMORI_OS_LINUX_FD_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends all of fd to out; more than max bytes is ERR_TOO_LARGE and out is as before. path: for messages. */
bool fd_read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e) MUST_CHECK;
/* False with errno. */
bool fd_write_all(int fd, struct str content) MUST_CHECK;
/* As dir_list(); takes fd over in any case. */
bool fd_list(int fd, const char *path, struct arena *a, size_t max, struct str **names, size_t *count,
	     struct err *e) MUST_CHECK;

#endif
