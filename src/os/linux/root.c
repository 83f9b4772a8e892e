/* A root folder whose content is not trusted (os/file.h): every path is resolved by the kernel as if
 * the folder were "/", so a link in a mounted disk cannot lead the reader out of it. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* A descriptor (O_PATH) of what the last component is, each component taken as it is; -1 with errno. */
static int
open_step_by_step(const struct root *r, const char *path)
{
	FD_AUTO fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
	struct stat st;

	for (struct str rest = str_of(path), step; fd >= 0 && rest.len > 0;) {
		char name[NAME_MAX + 1];
		str_split(rest, '/', &step, &rest);
		if (step.len == 0)
			continue;
		if (step.len > NAME_MAX || str_eq(step, STR("..")) || str_eq(step, STR("."))) {
			errno = EINVAL;
			return -1;
		}
		if (fstat(fd, &st) != 0)
			return -1;
		if (S_ISLNK(st.st_mode) || (st.st_mode & S_IWOTH)) {
			errno = S_ISLNK(st.st_mode) ? ELOOP : EPERM;
			return -1;
		}
		memcpy(name, step.ptr, step.len);
		name[step.len] = '\0';
		int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		fd_cleanup(&fd);
		fd = next;
		errno = why;
	}
	int out = fd;
	fd = -1;
	return out;
}

bool
root_written_at(const struct root *r, const char *path, int64_t *out, struct err *e)
{
	struct stat st;
	FD_AUTO fd = open_step_by_step(r, path);

	if (fd < 0 && errno == EPERM)
		return err_set(e, ERR_REFUSED, "everybody may write in a folder of %s: put it elsewhere", path);
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_REFUSED, "a folder on the way to %s is a link: name the way without it", path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NOT_FOUND, "there is no %s", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, "looking at %s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(e, ERR_REFUSED, "%s is a link: name the file itself", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_REFUSED, "%s is no file", path);
	if (st.st_mode & S_IWOTH)
		return err_set(e, ERR_REFUSED, "everybody may write %s: take that right away", path);
	*out = st.st_mtim.tv_sec * 1000LL + st.st_mtim.tv_nsec / 1000000;
	return true;
}

int
root_open_dir(const struct root *r, const char *path)
{
	return open_inside(r, path, O_PATH | O_DIRECTORY);
}
