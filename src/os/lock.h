/* Who holds a lock of the kind that dpkg and apt take (fcntl). */
#ifndef MAMORI_OS_LOCK_H
#define MAMORI_OS_LOCK_H

#include <stdbool.h>

struct lock_holder {
	long pid;
	char program[64]; /* its name, "?" when it cannot be seen; printable */
};

/* False: nobody does, or there is no such file. Takes nothing itself. */
bool lock_find_holder(const char *path, struct lock_holder *out);

#endif
