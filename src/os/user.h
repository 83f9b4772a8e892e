/* Giving up rights for good: the part that talks to the network runs as nobody in particular. */
#ifndef MAMORI_OS_USER_H
#define MAMORI_OS_USER_H

#include "base/arena.h"

#include <sys/types.h>

#define USER_NOBODY 65534

struct user {
	uid_t uid;
	gid_t gid;
};

/* The user of this name from /etc/passwd; 65534:65534 when there is none of that name (or it is root). */
struct user user_find(const char *name);
/* The name of this id in /etc/passwd, printable; empty when it has none there. In the arena. */
struct str user_name(struct arena *a, uid_t uid);
/* Root becomes u: groups, real, effective and saved ids, verified; no way back, no new privileges, no
 * core dumps or tracing by others. A process that is not root already only gets the last three. */
bool user_drop(struct user u, struct err *e) MUST_CHECK;

#endif
