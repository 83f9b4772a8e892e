/* rpm's ndb databases: what is kept is a name and a version. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/rpm-ndb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct package_list l = { 0 };
	FD_AUTO fd = memfd_create("rpm-ndb", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (rpm_ndb_read(fd, &a, &l, &e)) {
		for (size_t i = 0; i < l.count; i++) {
			if (!package_word_valid(l.items[i].name) || !package_word_valid(l.items[i].version))
				abort();
		}
	}
	return 0;
}
