#include "os/lock.h"

#include <ctype.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"

static void
program_name(long pid, char into[64])
{
	char path[64];
	BUF_AUTO name = { 0 };

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (pid <= 0 || !file_read(path, 4096, &name, NULL)) {
		(void)snprintf(into, 64, "?");
		return;
	}
	struct str s = str_trim(buf_str(&name));
	(void)snprintf(into, 64, "%.*s", (int)(s.len < 63 ? s.len : 63), s.ptr);
	for (char *p = into; *p; p++) {
		if (!isprint((unsigned char)*p))
			*p = '?';
	}
}

bool
lock_find_holder(const char *path, struct lock_holder *out)
{
	FD_AUTO fd = open(path, O_RDWR | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	out->pid = lock.l_pid;
	program_name(out->pid, out->program);
	return true;
}
