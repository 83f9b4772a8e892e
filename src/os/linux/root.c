/* A root folder whose content is not trusted (os/file.h): every path is resolved by the kernel as if
 * the folder were "/", so a link in a mounted disk cannot lead the reader out of it. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/linux/fd.h"

bool
root_open(struct root *r, const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "opening the root folder %s", path);
	r->fd = fd;
	r->path = path;
	return true;
}

void
root_close(struct root *r)
{
	fd_cleanup(&r->fd);
}

static bool
is_whole_system(const struct root *r)
{
	return strcmp(r->path, "/") == 0;
}

/* -1 with errno. */
static int
open_inside(const struct root *r, const char *path, int flags)
{
	while (*path == '/')
		path++;
	if (*path == '\0')
		path = ".";
	/* For "/" both mean the same; the plain call also works on kernels before 5.6. */
	if (is_whole_system(r))
		return openat(r->fd, path, flags | O_CLOEXEC);
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
	return (int)syscall(SYS_openat2, r->fd, path, &how, sizeof(how));
}

int
root_open_file(const struct root *r, const char *path)
{
	struct stat st;
	/* Not blocking: a FIFO in the place of a file must not stop us. */
	FD_AUTO fd = open_inside(r, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	int out = fd;
	fd = -1;
	return out;
}

bool
root_read(const struct root *r, const char *path, size_t max, struct buf *out, struct err *e)
{
	FD_AUTO fd = root_open_file(r, path);

	if (fd < 0)
		return err_sys(e, "opening %s in %s", path, r->path);
	return fd_read_all(fd, path, max, out, e);
}

bool
root_list(const struct root *r, struct arena *a, const char *path, size_t max, struct str **names, size_t *count,
	  struct err *e)
{
	int fd = open_inside(r, path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return err_sys(e, "listing %s in %s", path, r->path);
	return fd_list(fd, path, a, max, names, count, e);
}

bool
root_exists(const struct root *r, const char *path)
{
	FD_AUTO fd = open_inside(r, path, O_PATH);

	return fd >= 0;
}

int
root_open_dir(const struct root *r, const char *path)
{
	return open_inside(r, path, O_PATH | O_DIRECTORY);
}
