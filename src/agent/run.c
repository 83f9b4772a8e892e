/* Becoming the program that waits (waiter.h), and waking it up. */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/identity.h"
#include "agent/waiter.h"
#include "agent/ward.h"
#include "base/log.h"
#include "base/tr.h"
#include "trust/key.h"

#ifndef MAMORI_LIBEXEC
#define MAMORI_LIBEXEC "/usr/libexec/mamori"
#endif
#define BOOT_S 180 /* machines that were switched on together ask within … */
#define BOOT_SPREAD_S 30

/* Whose change means that packages changed: one file for each package database. */
static const char *const databases[] = {
	"var/lib/dpkg/status",
	"var/lib/rpm/rpmdb.sqlite",
	"var/lib/rpm/Packages.db",
	"usr/lib/sysimage/rpm/rpmdb.sqlite",
	"usr/lib/sysimage/rpm/Packages.db",
	"lib/apk/db/installed",
};

struct wait_args {
	struct arena *arena;
	ARRAY_OF(const char *) v;
};

static void
arg(struct wait_args *w, const char *text)
{
	*ARRAY_PUSH(w->arena, &w->v) = text;
}

static unsigned
first_delay(void)
{
	struct timespec up;
	uint32_t random;
	random_bytes(&random, sizeof(random));
	clock_gettime(CLOCK_BOOTTIME, &up);
	return up.tv_sec < BOOT_S ? random % BOOT_SPREAD_S : 0;
}

static bool
lock_take(const struct agent *a, struct arena *arena, int *fd, struct err *e)
{
	struct err why = { 0 };
	if (file_lock(state_path(a, arena, "run.lock"), fd, &why))
		return true;
	if (why.code == ERR_BUSY)
		return err_set(e, ERR_CONFLICT,
			       "an agent is running on %s already; ask it to check in with: mamori-agent now",
			       a->state);
	return err_set(e, why.code, "%s", why.text);
}

static bool
fifo_make(const char *path, struct err *e)
{
	struct stat st;
	if (mkfifo(path, 0600) == 0)
		return true;
	if (errno != EEXIST || lstat(path, &st) != 0 || !S_ISFIFO(st.st_mode))
		return err_sys(e, "making %s", path);
	return true;
}

/* The vector of mamori-agent-wait; *child: where that of one check-in begins. */
static void
args_build(const struct agent *a, struct wait_args *w, const char *self, const char *wake, int ward, size_t *child)
{
	arg(w, "mamori-agent-wait");
	arg(w, "--wake");
	arg(w, wake);
	if (ward >= 0) {
		arg(w, "--ward");
		arg(w, arena_printf(w->arena, "%d", ward).ptr);
	}
	arg(w, "--first");
	arg(w, arena_printf(w->arena, "%u", first_delay()).ptr);
	for (size_t i = 0; i < COUNT(databases); i++) {
		const char *path = path_join(w->arena, a->root, databases[i]);
		if (!file_exists(path))
			continue;
		arg(w, "--watch");
		arg(w, path);
	}
	arg(w, "--");
	*child = w->v.count;
	arg(w, self);
	arg(w, "once");
	arg(w, "--from-wait");
	arg(w, "--state");
	arg(w, a->state);
	arg(w, "--root");
	arg(w, a->root);
	arg(w, "--lang");
	arg(w, lang_current() == LANG_JA ? "ja" : "en");
	arg(w, NULL);
}

/* Where people of this machine may speak. Without it everything else works. */
static int
ward_open(const struct agent *a, struct arena *arena)
{
	struct err e = { 0 };
	int fd = ward_listen(a, arena, &e);
	if (fd < 0)
		log_warn("ward", "%s", e.text);
	return fd;
}

/* Where the waiting program is not installed: the same loop in this process, which is larger. */
static int
wait_here(const struct wait_args *w, size_t child)
{
	struct waiter here = { .child = (char *const *)(const void *)(w->v.items + child) };
	for (size_t i = 1; i + 1 < child; i += 2) {
		const char *name = w->v.items[i], *value = w->v.items[i + 1];
		uint64_t n;
		if (strcmp(name, "--wake") == 0)
			here.wake = value;
		else if (strcmp(name, "--watch") == 0 && here.watch_count < WAITER_WATCH_MAX)
			here.watch[here.watch_count++] = value;
		else if (strcmp(name, "--ward") == 0 && str_to_u64(str_of(value), &n))
			here.ward = (int)n;
		else if (strcmp(name, "--first") == 0 && str_to_u64(str_of(value), &n))
			here.first_s = (unsigned)n;
	}
	return waiter_run(&here);
}

bool
agent_run(const struct agent *a, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct wait_args w = { .arena = &arena };
	struct identity id;
	const char *dir;
	size_t child;
	int lock = -1;
	if (!identity_load(a, &arena, &id, e) || !lock_take(a, &arena, &lock, e))
		return false;
	const char *wake = state_path(a, &arena, "wake");
	if (!fifo_make(wake, e) || !path_of_executable(&arena, &dir, e))
		return false;
	int ward = ward_open(a, &arena);
	args_build(a, &w, path_join(&arena, dir, "mamori-agent"), wake, ward, &child);
	log_info("agent", "waiting for work of %s as host %s", id.server, id.host);
	const char *places[] = { path_join(&arena, dir, "mamori-agent-wait"), MAMORI_LIBEXEC "/mamori-agent-wait" };
	/* The lock goes over to the program that waits, and is not given to check-ins. */
	fcntl(lock, F_SETFD, 0);
	if (ward >= 0)
		fcntl(ward, F_SETFD, 0);
	for (size_t i = 0; i < COUNT(places); i++)
		execv(places[i], (char *const *)(const void *)w.v.items);
	fcntl(lock, F_SETFD, FD_CLOEXEC);
	if (ward >= 0)
		fcntl(ward, F_SETFD, FD_CLOEXEC);
	log_warn("agent",
		 "mamori-agent-wait is neither in %s nor in %s; waiting in this process, which needs more memory", dir,
		 MAMORI_LIBEXEC);
	exit(wait_here(&w, child));
}

bool
agent_now(const struct agent *a, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct identity id;
	if (!identity_load(a, &arena, &id, e))
		return false;
	FD_AUTO fd = open(state_path(a, &arena, "wake"), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && (errno == ENXIO || errno == ENOENT))
		return err_set(e, ERR_UNREACHABLE,
			       "no agent is running on %s; start it with \"mamori-agent run\" or check in once with "
			       "\"mamori-agent once\"",
			       a->state);
	if (fd < 0 || (write(fd, "!", 1) < 0 && errno != EAGAIN))
		return err_sys(e, "waking the agent of %s", a->state);
	return true;
}
