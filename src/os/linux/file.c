/* Files on Linux (os/file.h): durable writes, capped reads, locks. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/linux/fd.h"

#define REMOVE_DEPTH_MAX 200
#define PATH_CAP 4096

void
fd_cleanup(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

bool
fd_read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	struct stat st;
	size_t before = out->len;

	if (fstat(fd, &st) != 0)
		return err_sys(e, "reading %s", path);
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return err_set(e, ERR_TOO_LARGE, "reading %s: it is larger than %zu bytes", path, max);
	/* Files of /proc and /sys say 0 (or a page) and are read until they end. */
	size_t step = st.st_size > 0 ? (size_t)st.st_size + 1 : 16384;
	for (;;) {
		char *into = buf_reserve(out, step);
		ssize_t n = read(fd, into, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf_truncate(out, before);
			return err_sys(e, "reading %s", path);
		}
		if (n == 0)
			break;
		out->len += (size_t)n;
		if (out->len - before > max) {
			buf_truncate(out, before);
			return err_set(e, ERR_TOO_LARGE, "reading %s: it is larger than %zu bytes", path, max);
		}
		step = 16384;
	}
	return true;
}

bool
file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "opening %s", path);
	return fd_read_all(fd, path, max, out, e);
}

bool
fd_write_all(int fd, struct str content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.ptr, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		content = str_sub(content.ptr + n, content.len - (size_t)n);
	}
	return true;
}

/* The folder of a path, "." when it has none. */
static void
folder_of(const char *path, char into[PATH_CAP])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		(void)snprintf(into, PATH_CAP, ".");
	else if (slash == path)
		(void)snprintf(into, PATH_CAP, "/");
	else
		(void)snprintf(into, PATH_CAP, "%.*s", (int)(slash - path), path);
}

static bool
folder_sync(const char *path, struct err *e)
{
	char folder[PATH_CAP];

	folder_of(path, folder);
	FD_AUTO fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return err_sys(e, "making %s durable", folder);
	return true;
}

/* Whoever was root and gave up its rights could not read what root makes in its folder. New inodes only: a name
 * that is there already may be anything. */
static bool
give_to_folder_owner(int fd, const char *path)
{
	char folder[PATH_CAP];
	struct stat st;

	folder_of(path, folder);
	return geteuid() != 0 || stat(folder, &st) != 0 || st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0;
}

/* A USB stick's file system has no modes and says so with EPERM, for a file that was made a moment ago. What everybody may
 * read is written all the same; a secret is not. */
static bool
set_mode(int fd, unsigned mode)
{
	return fchmod(fd, mode) == 0 || (errno == EPERM && (mode & 0044) == 0044);
}

bool
file_write(const char *path, struct str content, unsigned mode, struct err *e)
{
	char temp[PATH_CAP];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	int n = snprintf(temp, sizeof(temp), "%.*s.%s.XXXXXX", (int)(name - path), path, name);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return err_set(e, ERR_INPUT, "writing %s: the path is too long", path);
	FD_AUTO fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "writing %s", path);
	if (!fd_write_all(fd, content) || !set_mode(fd, mode) || !give_to_folder_owner(fd, path) || fsync(fd) != 0 ||
	    rename(temp, path) != 0) {
		err_sys(e, "writing %s", path);
		(void)unlink(temp);
		return false;
	}
	return folder_sync(path, e);
}

bool
file_remove(const char *path, struct err *e)
{
	if (unlink(path) != 0)
		return errno == ENOENT ? true : err_sys(e, "removing %s", path);
	return folder_sync(path, e);
}

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

int64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

int64_t
file_mtime(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

void
file_stamp(const char *path, struct buf *out)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		buf_add(out, STR("-;"));
		return;
	}
	buf_addf(out, "%llu:%lld:%lld.%09ld:%lld.%09ld;", (unsigned long long)st.st_ino, (long long)st.st_size,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static bool
read_from(int fd, const char *path, int64_t from, size_t max, struct buf *out, struct err *e)
{
	if (lseek(fd, from, SEEK_SET) < 0)
		return err_sys(e, "reading %s", path);
	while (max > 0) {
		ssize_t n = read(fd, buf_reserve(out, max), max);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "reading %s", path);
		if (n == 0)
			break;
		out->len += (size_t)n;
		max -= (size_t)n;
	}
	return true;
}

bool
file_piece(const char *path, int64_t from, size_t max, struct buf *out, struct err *e)
{
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? err_sys(e, "opening %s", path) : read_from(fd, path, from, max, out, e);
}

bool
file_tail(const char *path, int64_t from, size_t max, struct buf *out, struct err *e)
{
	struct stat st;
	FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? true : err_sys(e, "opening %s", path);
	if (fstat(fd, &st) != 0)
		return err_sys(e, "reading %s", path);
	int64_t size = st.st_size, start = size > (int64_t)max ? size - (int64_t)max : 0;
	/* The file is shorter than before: it was rotated meanwhile. */
	if (from <= size && from > start)
		start = from;
	return read_from(fd, path, start, max, out, e);
}

static bool
make_one(const char *path, unsigned mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return true;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return err_sys(e, "making the folder %s", path);
}

bool
dir_make(const char *path, unsigned mode, struct err *e)
{
	char part[PATH_CAP];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(e, ERR_INPUT, "making the folder %s: the path is empty or too long", path);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		/* Parents are for passing through; only the folder itself has the mode that was asked for. */
		if (!make_one(part, mode | 0111, e))
			return false;
		part[i] = '/';
	}
	return make_one(path, mode, e);
}

bool
dir_check_private(const char *path, uint32_t also, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_sys(e, "opening the folder %s", path);
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != also)
		return err_set(
			e, ERR_REFUSED,
			"the folder %s belongs to another user (%u): use one of your own, or give it to yourself "
			"with chown",
			path, (unsigned)st.st_uid);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_REFUSED, "others may write to the folder %s: end that with chmod go-w %s", path,
			       path);
	return true;
}

static int
name_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
dirp_cleanup(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

bool
fd_list(int fd, const char *path, struct arena *a, size_t max, struct str **names, size_t *count, struct err *e)
{
	ARRAY_OF(struct str) found = { 0 };
	__attribute__((cleanup(dirp_cleanup))) DIR *d = fdopendir(fd);

	if (!d) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return err_sys(e, "listing %s", path);
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(d);
		if (!entry)
			break;
		if (is_dots(entry->d_name))
			continue;
		if (found.count >= max)
			return err_set(e, ERR_TOO_LARGE, "listing %s: it holds more than %zu names", path, max);
		*ARRAY_PUSH(a, &found) = arena_str(a, str_of(entry->d_name));
	}
	if (errno != 0)
		return err_sys(e, "listing %s", path);
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), name_order);
	*names = found.items;
	*count = found.count;
	return true;
}

bool
dir_give(const char *path, const char *folder, struct err *e)
{
	struct stat st;

	if (geteuid() != 0 || stat(folder, &st) != 0 || st.st_uid == 0 || lchown(path, st.st_uid, st.st_gid) == 0)
		return true;
	return err_sys(e, "giving %s to the owner of %s", path, folder);
}

bool
dir_list(struct arena *a, const char *path, size_t max, struct str **names, size_t *count, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "listing %s", path);
	return fd_list(fd, path, a, max, names, count, e);
}

static bool
remove_content(int fd, unsigned depth)
{
	__attribute__((cleanup(dirp_cleanup))) DIR *d = fdopendir(fd);

	if (!d) {
		(void)close(fd);
		return false;
	}
	if (depth > REMOVE_DEPTH_MAX) {
		errno = ELOOP;
		return false;
	}
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		if (is_dots(entry->d_name) || unlinkat(dirfd(d), entry->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return false;
		int sub = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0 || !remove_content(sub, depth + 1) || unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR) != 0)
			return false;
	}
	return true;
}

bool
dir_remove_all(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0 || !remove_content(fd, 0) || rmdir(path) != 0)
		return err_sys(e, "removing the folder %s", path);
	return folder_sync(path, e);
}

bool
file_space(const char *path, uint64_t *free_bytes, struct err *e)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return err_sys(e, "asking for the free space of %s", path);
	*free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return true;
}

bool
file_space_total(const char *path, uint64_t *bytes, struct err *e)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return err_sys(e, "asking for the size of the file system of %s", path);
	*bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	return true;
}

bool
file_lock(const char *path, int *fd, struct err *e)
{
	FD_AUTO held = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (held >= 0 && !give_to_folder_owner(held, path))
		return err_sys(e, "making the lock %s", path);
	if (held < 0 && errno == EEXIST)
		held = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (held < 0)
		return err_sys(e, "opening the lock %s", path);
	while (flock(held, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return err_set(e, ERR_BUSY, "%s is in use by another process: wait until it has ended", path);
		if (errno != EINTR)
			return err_sys(e, "taking the lock %s", path);
	}
	*fd = held;
	held = -1;
	return true;
}

bool
path_of_executable(struct arena *a, const char **dir, struct err *e)
{
	char path[PATH_CAP];
	char folder[PATH_CAP];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return err_sys(e, "finding the folder of this program");
	path[n] = '\0';
	folder_of(path, folder);
	*dir = arena_cstr(a, str_of(folder));
	return true;
}
