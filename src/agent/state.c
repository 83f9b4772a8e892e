#include "agent/state.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#define STATE_FILE_MAX (64U << 20)
#define RESERVE_BYTES (1 << 20)
#define LEFTOVER_MS (24LL * 3600 * 1000)

const char *
state_path(const struct agent *a, struct arena *arena, const char *name)
{
	return path_join(arena, a->state, name);
}

const char *
state_pathf(const struct agent *a, struct arena *arena, const char *fmt, ...)
{
	BUF_AUTO b = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_addfv(&b, fmt, ap);
	va_end(ap);
	return state_path(a, arena, buf_cstr(&b));
}

bool
state_make(const struct agent *a, struct err *e)
{
	static const char *const folders[] = { "", "orders", "attempts", "staged" };
	ARENA_AUTO arena = { 0 };
	for (size_t i = 0; i < COUNT(folders); i++)
		if (!dir_make(*folders[i] ? state_path(a, &arena, folders[i]) : a->state, 0700, e))
			return err_wrap(e, "preparing the agent's state folder");
	return dir_check_private(a->state, geteuid(), e);
}

bool
state_lock(const struct agent *a, int *fd, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct err why = { 0 };
	if (file_lock(state_path(a, &arena, "check-in.lock"), fd, &why))
		return true;
	if (why.code == ERR_BUSY)
		return err_set(e, ERR_BUSY, "a check-in is running on %s already; wait until it has ended", a->state);
	if (why.code == ERR_NOT_FOUND)
		return err_set(e, ERR_REFUSED,
			       "this machine is not enrolled (nothing in %s); create a token on the server with "
			       "\"mamori token create\" and run: mamori-agent enrol --token-file FILE",
			       a->state);
	return err_set(e, why.code, "%s", why.text);
}

bool
state_load(const struct agent *a, struct arena *arena, const char *name, struct json **out, struct err *e)
{
	const char *path = state_path(a, arena, name);
	struct err why = { 0 };
	BUF_AUTO text = { 0 };
	*out = NULL;
	if (!file_read(path, STATE_FILE_MAX, &text, &why))
		return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.text);
	struct json *v;
	if (!json_parse(arena, buf_str(&text), NULL, &v, e))
		return err_wrap(e, "reading the agent's state in %s", path);
	*out = v;
	return true;
}

bool
state_save(const struct agent *a, const char *name, struct str content, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	const char *path = state_path(a, &arena, name);
	struct err why = { 0 };
	if (file_write(path, content, 0600, &why))
		return true;
	/* An installation that fills the disk is when results are needed most. */
	if (why.code != ERR_NO_SPACE || unlink(state_path(a, &arena, "reserve")) != 0)
		return err_set(e, why.code, "%s", why.text);
	return file_write(path, content, 0600, e);
}

/* Temporary files of a writer that was killed; a young one may belong to an installer at work. */
static void
leftovers_remove(const struct agent *a, struct arena *arena, const char *folder)
{
	struct str *names;
	size_t count;
	const char *dir = state_path(a, arena, folder);
	if (!dir_list(arena, dir, 1000000, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *path = path_join(arena, dir, arena_cstr(arena, names[i]));
		if (names[i].len > 0 && names[i].ptr[0] == '.' && clock_now(a->clock) - file_mtime(path) > LEFTOVER_MS)
			(void)unlink(path);
	}
}

void
state_tidy(const struct agent *a)
{
	ARENA_AUTO arena = { 0 };
	const char *reserve = state_path(a, &arena, "reserve");
	leftovers_remove(a, &arena, "");
	leftovers_remove(a, &arena, "orders");
	leftovers_remove(a, &arena, "attempts");
	if (file_size(reserve) >= RESERVE_BYTES)
		return;
	FD_AUTO fd = open(reserve, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Without the space there is no reserve, and nothing else depends on it. */
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) != 0)
		(void)unlink(reserve);
}
