/* Who works on this machine (os/live.h). The kernel does not say when a mouse was last moved; it counts what moving it
 * causes. logind's files say who is logged on, a terminal's access time when something was last typed there. */
#include "os/live.h"

#include <dirent.h>
#include <sys/stat.h>
#include <utmp.h>

#include "os/file.h"

#define FILES_MAX 10000
#define SMALL_MAX ((size_t)64 << 10)
#define TABLE_MAX ((size_t)4 << 20)

static struct str
text_of(struct arena *a, const char *path, size_t max)
{
	BUF_AUTO text = { 0 };

	if (!file_read(path, max, &text, NULL))
		return STR_NONE;
	return arena_str(a, str_trim(buf_str(&text)));
}

/* The value of KEY=VALUE in such a file. */
static struct str
value_of(struct str text, const char *key)
{
	struct str line, name, value;

	while (str_line(&text, &line))
		if (str_split(line, '=', &name, &value) && str_eq(name, str_of(key)))
			return value;
	return STR_NONE;
}

/* ---- logons ---- */

static void
session_add(struct str text, struct arena *a, struct activity *out)
{
	struct str class = value_of(text, "CLASS"), state = value_of(text, "STATE");

	if (!str_starts(class, STR("user")) || str_eq(state, STR("closing")))
		return;
	out->logged_on = true;
	bool seat = !str_eq(value_of(text, "REMOTE"), STR("1"));
	struct str type = value_of(text, "TYPE");
	out->at_seat = out->at_seat || seat;
	out->used = out->used || !seat;
	out->graphical = out->graphical || (seat && type.len > 0 && !str_eq(type, STR("tty")));
	if (out->user.len == 0)
		out->user = arena_str(a, value_of(text, "USER"));
}

/* Where there is no logind. */
static void
utmp_add(const struct live *l, struct arena *a, struct activity *out)
{
	BUF_AUTO b = { 0 };
	struct utmp u;

	if (!file_read(arena_printf(a, "%s/utmp", l->run).ptr, TABLE_MAX, &b, NULL))
		return;
	for (size_t at = 0; at + sizeof(u) <= b.len; at += sizeof(u)) {
		memcpy(&u, b.ptr + at, sizeof(u));
		struct str user = str_sub(u.ut_user, strnlen(u.ut_user, sizeof(u.ut_user)));
		if (u.ut_type != USER_PROCESS || user.len == 0)
			continue;
		out->logged_on = true;
		bool seat = u.ut_host[0] == 0 || u.ut_host[0] == ':';
		out->at_seat = out->at_seat || seat;
		out->used = out->used || !seat;
		out->graphical = out->graphical || u.ut_host[0] == ':';
		if (out->user.len == 0)
			out->user = arena_line(a, user, sizeof(u.ut_user));
	}
}

static void
sessions_read(const struct live *l, struct arena *a, struct activity *out)
{
	const char *folder = arena_printf(a, "%s/systemd/sessions", l->run).ptr;
	struct str *names;
	size_t count;

	if (!dir_list(a, folder, FILES_MAX, &names, &count, NULL)) {
		utmp_add(l, a, out);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!str_ends(names[i], STR(".ref"))) /* a pipe beside the file */
			session_add(text_of(a, path_join(a, folder, names[i].ptr), SMALL_MAX), a, out);
}

bool
session_is_remote(const struct live *l, struct str scope)
{
	ARENA_AUTO a = { 0 };
	struct str id = str_skip(scope, strlen("session-"));

	if (!str_starts(scope, STR("session-")) || !str_ends(id, STR(".scope")) || str_find_char(id, '/') >= 0)
		return false;
	id = str_head(id, id.len - strlen(".scope"));
	const char *path = arena_printf(&a, "%s/systemd/sessions/%.*s", l->run, STR_ARG(id)).ptr;
	return str_eq(value_of(text_of(&a, path, SMALL_MAX), "REMOTE"), STR("1"));
}

/* ---- input ---- */

static void
newer(int64_t *best, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISCHR(st.st_mode)) {
		int64_t at = st.st_atim.tv_sec * 1000LL;
		*best = at > *best ? at : *best;
	}
}

/* The kernel sets a terminal's access time when something is read from it. */
static int64_t
terminals_last(const struct live *l, struct arena *a)
{
	const char *pts = arena_printf(a, "%s/pts", l->dev).ptr;
	struct str *names;
	size_t count;
	int64_t best = 0;

	if (dir_list(a, pts, FILES_MAX, &names, &count, NULL))
		for (size_t i = 0; i < count; i++)
			if (!str_eq(names[i], STR("ptmx")))
				newer(&best, path_join(a, pts, names[i].ptr));
	for (int i = 1; i < 64; i++)
		newer(&best, arena_printf(a, "%s/tty%d", l->dev, i).ptr);
	return best;
}

static bool
is_input_device(const struct live *l, struct arena *a, struct str device)
{
	const char *folder = arena_printf(a, "%s/bus/usb/devices", l->sys).ptr;
	struct str *names, start = arena_printf(a, "%.*s:", STR_ARG(device));
	size_t count;

	if (!dir_list(a, folder, FILES_MAX, &names, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_starts(names[i], start) &&
		    str_eq(text_of(a, arena_printf(a, "%s/%.*s/bInterfaceClass", folder, STR_ARG(names[i])).ptr, 64),
			   STR("03")))
			return true;
	return false;
}

/* Transfers of USB keyboards and mice: they report only when something happens. */
static uint64_t
usb_count(const struct live *l, struct arena *a)
{
	const char *folder = arena_printf(a, "%s/bus/usb/devices", l->sys).ptr;
	struct str *names;
	size_t count;
	uint64_t sum = 0, n;

	if (!dir_list(a, folder, FILES_MAX, &names, &count, NULL))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (str_find_char(names[i], ':') < 0 && is_input_device(l, a, names[i]) &&
		    str_to_u64(text_of(a, arena_printf(a, "%s/%.*s/urbnum", folder, STR_ARG(names[i])).ptr, 64), &n))
			sum += n;
	return sum;
}

/* "  1:   9   0   IO-APIC   1-edge   i8042": PS/2 keyboards and mice, also those of laptops and virtual machines. */
static uint64_t
ps2_count(const struct live *l, struct arena *a)
{
	struct str text = text_of(a, arena_printf(a, "%s/interrupts", l->proc).ptr, TABLE_MAX), line, word;
	uint64_t sum = 0, n;

	while (str_line(&text, &line)) {
		if (!str_contains(line, STR("i8042")) || !str_word(&line, &word))
			continue;
		while (str_word(&line, &word) && str_to_u64(word, &n))
			sum += n;
	}
	return sum;
}

void
activity_read(const struct live *l, int64_t now, struct input_seen *seen, struct arena *a, struct activity *out)
{
	struct activity r = { .idle = -1 };
	uint64_t count = usb_count(l, a) + ps2_count(l, a);

	sessions_read(l, a, &r);
	/* Anything else than the same count is a change; the first look knows nothing and assumes use. */
	if (seen->at == 0 || count != seen->count || seen->at > now || (count == 0 && r.graphical))
		*seen = (struct input_seen){ .count = count,
					     .at = now,
					     .changed = seen->changed || (seen->at && count != seen->count) };
	if (r.logged_on) {
		r.used = r.used || seen->changed || !r.graphical || count == 0;
		int64_t typed = terminals_last(l, a), last = typed > seen->at ? typed : seen->at;
		r.idle = last < now ? now - last : 0;
	}
	*out = r;
}

/* ---- power ---- */

bool
power_on_battery(const struct live *l)
{
	ARENA_AUTO a = { 0 };
	const char *folder = arena_printf(&a, "%s/class/power_supply", l->sys).ptr;
	struct str *names;
	size_t count;

	if (!dir_list(&a, folder, FILES_MAX, &names, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *supply = path_join(&a, folder, names[i].ptr);
		struct str type = text_of(&a, path_join(&a, supply, "type"), 64);
		/* A mouse has a battery too: its scope is Device. */
		if ((str_eq(type, STR("Battery")) || str_eq(type, STR("UPS"))) &&
		    !str_eq(text_of(&a, path_join(&a, supply, "scope"), 64), STR("Device")) &&
		    str_eq(text_of(&a, path_join(&a, supply, "status"), 64), STR("Discharging")))
			return true;
	}
	return false;
}
