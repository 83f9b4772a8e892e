/* Copies and names on Linux (os/copy.h). */
#include "os/copy.h"

#include "os/file.h"
#include "os/linux/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

static bool
copy_pieces(int in, int out, file_seen_fn *seen, void *user)
{
	BUF_AUTO piece = { 0 };
	for (;;) {
		char *into = buf_reserve(&piece, PIECE);
		ssize_t n = read(in, into, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (seen)
			seen(user, str_sub(into, (size_t)n));
		if (!fd_write_all(out, str_sub(into, (size_t)n)))
			return false;
	}
}

bool
file_copy(const char *from, const char *to, unsigned mode, file_seen_fn *seen, void *user, struct err *e)
{
	struct stat st;
	FD_AUTO in = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in < 0 || fstat(in, &st) != 0)
		return err_sys(e, "opening %s", from);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is no regular file", from);
	FD_AUTO out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (out < 0)
		return err_sys(e, "writing %s", to);
	if (!copy_pieces(in, out, seen, user) || fchmod(out, mode) != 0 || fsync(out) != 0) {
		err_sys(e, "copying %s to %s", from, to);
		(void)unlink(to);
		return false;
	}
	return true;
}

/* The folder of a path is on disk as it is now. */
static bool
sync_folder_of(const char *path, struct err *e)
{
	ARENA_AUTO a = { 0 };
	ptrdiff_t slash = str_rfind_char(str_of(path), '/');
	const char *folder = slash < 0 ? "." : slash == 0 ? "/" : arena_cstr(&a, str_head(str_of(path), (size_t)slash));
	FD_AUTO fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return err_sys(e, "making %s durable", folder);
	return true;
}

bool
file_move(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) != 0)
		return err_sys(e, "moving %s to %s", from, to);
	return sync_folder_of(to, e);
}

bool
link_replace(const char *path, const char *target, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *temp = arena_printf(&a, "%s.next", path).ptr;
	if (unlink(temp) != 0 && errno != ENOENT)
		return err_sys(e, "replacing %s", temp);
	if (symlink(target, temp) != 0)
		return err_sys(e, "making the link %s", temp);
	return file_move(temp, path, e);
}
