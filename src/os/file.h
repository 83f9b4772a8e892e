/* Files: read whole with a cap, written as temp + fsync + rename + fsync of the folder. */
#ifndef MAMORI_OS_FILE_H
#define MAMORI_OS_FILE_H

#include "base/arena.h"
#include "base/buf.h"

#include <sys/types.h>

/* Reads a whole file; more than max bytes is ERR_TOO_LARGE. */
bool file_read(const char *path, size_t max, struct buf *out, struct err *e) MUST_CHECK;
/* The file is there with its new content and mode, or unchanged: survives a crash at any moment. Where a file system has
 * no modes (USB sticks), only a file that everybody may read can be written; else ERR_REFUSED.
 * A crash may leave ".NAME.XXXXXX" behind in the same folder. What root writes belongs to the folder's owner. */
bool file_write(const char *path, struct str content, unsigned mode, struct err *e) MUST_CHECK;
/* Removes a file durably; a missing one is fine. */
bool file_remove(const char *path, struct err *e) MUST_CHECK;
bool file_exists(const char *path);
int64_t file_size(const char *path); /* -1 when missing */
int64_t file_mtime(const char *path); /* milliseconds, 0 when missing */
/* Appends what tells one state of a file from another (inode, size, times in ns); "-" when missing. */
void file_stamp(const char *path, struct buf *out);
/* At most max bytes from an offset on; nothing behind the end. */
bool file_piece(const char *path, int64_t from, size_t max, struct buf *out, struct err *e) MUST_CHECK;
/* What was written behind offset `from`, of that at most the last max bytes; a missing file is empty. */
bool file_tail(const char *path, int64_t from, size_t max, struct buf *out, struct err *e) MUST_CHECK;
bool dir_make(const char *path, unsigned mode, struct err *e)
	MUST_CHECK; /* A folder of secrets: ERR_REFUSED when it belongs to neither root, nor this user, nor `also`, or when others may
 * write to it, and so could put a socket or a key of their own there. */
bool dir_check_private(const char *path, uint32_t also, struct err *e) MUST_CHECK;
/* with parents */
/* What root makes in another user's folder is to be that user's: gives path to the owner of folder. */
bool dir_give(const char *path, const char *folder, struct err *e) MUST_CHECK;
/* Names in a folder, sorted, without "." and ".."; at most max, else ERR_TOO_LARGE. */
bool dir_list(struct arena *a, const char *path, size_t max, struct str **names, size_t *count,
	      struct err *e) MUST_CHECK;
bool dir_remove_all(const char *path, struct err *e) MUST_CHECK; /* never follows links */
/* Free bytes for an unprivileged user on the file system that holds path. */
bool file_space(const char *path, uint64_t *free_bytes, struct err *e) MUST_CHECK;
/* Size of that file system. */
bool file_space_total(const char *path, uint64_t *bytes, struct err *e) MUST_CHECK;

/* An exclusive lock for as long as the descriptor stays open (flock). ERR_BUSY when another has it. */
bool file_lock(const char *path, int *fd, struct err *e) MUST_CHECK;

/* A root folder whose content is not trusted: links inside resolve inside (openat2 RESOLVE_IN_ROOT). */
struct root {
	int fd;
	const char *path; /* as given, for messages */
};
bool root_open(struct root *r, const char *path, struct err *e) MUST_CHECK;
void root_close(struct root *r);
/* A descriptor of a regular file below the root, or -1 with errno. */
int root_open_file(const struct root *r, const char *path);
/* A descriptor (O_PATH) of a folder below the root, or -1 with errno. */
int root_open_dir(const struct root *r, const char *path);
bool root_read(const struct root *r, const char *path, size_t max, struct buf *out, struct err *e) MUST_CHECK;
bool root_list(const struct root *r, struct arena *a, const char *path, size_t max, struct str **names, size_t *count,
	       struct err *e) MUST_CHECK;
bool root_exists(const struct root *r, const char *path);
/* When a regular file was last written, milliseconds. No link on its way counts, nor a way that everybody may write on:
 * whoever could put a file there is somebody who may. ERR_NOT_FOUND where there is none. */
bool root_written_at(const struct root *r, const char *path, int64_t *out, struct err *e) MUST_CHECK;

/* Joins with one slash, in the arena. */
const char *path_join(struct arena *a, const char *dir, const char *name);
/* Folder of the running executable. */
bool path_of_executable(struct arena *a, const char **dir, struct err *e) MUST_CHECK;

void fd_cleanup(int *fd);
#define FD_AUTO __attribute__((cleanup(fd_cleanup))) int

#endif
