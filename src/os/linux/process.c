/* Processes and what they hold (os/live.h): /proc/PID/{comm,cmdline,cgroup,maps}. */
#include "os/live.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"

#define PROCESSES_MAX 100000
#define SMALL_MAX ((size_t)64 << 10)
#define MAPS_MAX ((size_t)16 << 20)

const struct live live_system = { .proc = "/proc", .sys = "/sys", .run = "/run", .dev = "/dev" };

/* ---- which processes are ours ---- */

struct home {
	char space[64]; /* our process namespace */
	struct stat root;
	bool root_known;
};

static bool
link_read(struct arena *a, const char *proc, const char *pid, const char *name, char *into, size_t cap)
{
	ssize_t n = readlink(arena_printf(a, "%s/%s/%s", proc, pid, name).ptr, into, cap - 1);

	into[n > 0 ? n : 0] = 0;
	return n > 0;
}

static void
home_read(const struct live *l, struct arena *a, struct home *h)
{
	link_read(a, l->proc, "self", "ns/pid", h->space, sizeof(h->space));
	h->root_known = stat(arena_printf(a, "%s/self/root/.", l->proc).ptr, &h->root) == 0;
}

/* A container's processes are seen from here too, but neither their files nor their services are this machine's. */
static bool
is_ours(const struct live *l, struct arena *a, const struct home *h, const char *pid)
{
	char space[64];
	struct stat root;

	if (link_read(a, l->proc, pid, "ns/pid", space, sizeof(space)) && strcmp(space, h->space) != 0)
		return false;
	return !h->root_known || stat(arena_printf(a, "%s/%s/root/.", l->proc, pid).ptr, &root) != 0 ||
	       (root.st_dev == h->root.st_dev && root.st_ino == h->root.st_ino);
}

typedef void visit_fn(const struct live *l, const char *pid, struct arena *a, void *user);

static void
each_process(const struct live *l, struct arena *a, visit_fn *visit, void *user)
{
	struct str *names;
	size_t count;
	struct home h = { 0 };

	if (!dir_list(a, l->proc, PROCESSES_MAX, &names, &count, NULL))
		return;
	home_read(l, a, &h);
	for (size_t i = 0; i < count; i++) {
		uint64_t pid;
		if (str_to_u64(names[i], &pid) && (long)pid != getpid() && is_ours(l, a, &h, names[i].ptr))
			visit(l, names[i].ptr, a, user);
	}
}

/* A small file of a process; empty when it has ended meanwhile. */
static struct str
read_small(const struct live *l, const char *pid, const char *name, struct arena *a)
{
	BUF_AUTO text = { 0 };

	if (!file_read(arena_printf(a, "%s/%s/%s", l->proc, pid, name).ptr, SMALL_MAX, &text, NULL))
		return STR_NONE;
	return arena_str(a, buf_str(&text));
}

/* ---- by name ---- */

struct search {
	const struct str *names;
	size_t count;
	struct str found;
};

static struct str
base_name(struct str path)
{
	ptrdiff_t slash = str_rfind_char(path, '/'), back = str_rfind_char(path, '\\');
	ptrdiff_t at = slash > back ? slash : back; /* Wine shows Windows paths */

	return at < 0 ? path : str_skip(path, (size_t)at + 1);
}

static void
search_visit(const struct live *l, const char *pid, struct arena *a, void *user)
{
	struct search *s = user;
	struct str command = read_small(l, pid, "cmdline", a), program;

	if (s->found.ptr || command.len == 0) /* a kernel thread has no command line */
		return;
	if (!str_split(command, '\0', &program, &command))
		program = command;
	struct str own = str_trim(read_small(l, pid, "comm", a));
	program = base_name(program);
	for (size_t i = 0; i < s->count && !s->found.ptr; i++) {
		/* The kernel keeps 15 bytes of a name. */
		if (str_eq_nocase(program, s->names[i]) || str_eq_nocase(own, str_head(s->names[i], 15)))
			s->found = s->names[i];
	}
}

struct str
process_find(const struct live *l, const struct str *names, size_t count, struct arena *a)
{
	struct search s = { .names = names, .count = count };

	if (count > 0)
		each_process(l, a, search_visit, &s);
	return s.found;
}

/* ---- units ---- */

/* The last part of the control group's path: "0::/system.slice/ssh.service" (both generations of cgroups). */
static struct str
unit_path(struct str text)
{
	struct str line, best = STR_NONE;

	while (str_line(&text, &line)) {
		struct str number, rest, controllers, path;
		if (!str_split(line, ':', &number, &rest) || !str_split(rest, ':', &controllers, &path))
			continue;
		if (str_eq(controllers, STR("name=systemd")))
			return path;
		if (controllers.len == 0)
			best = path;
	}
	return best;
}

static struct str
part_with(struct str path, struct str suffix)
{
	struct str part, found = STR_NONE;

	while (str_cut(&path, '/', &part))
		if (str_ends(part, suffix))
			found = part;
	return found;
}

static struct stale
place_of(struct str path)
{
	struct str service = part_with(path, STR(".service")), scope = part_with(path, STR(".scope"));

	if (str_eq(scope, STR("init.scope")))
		return (struct stale){ .where = STALE_INIT, .unit = scope };
	if (str_starts(path, STR("/user.slice/"))) {
		if (str_starts(scope, STR("session-")))
			return (struct stale){ .where = STALE_SESSION, .unit = scope };
		return (struct stale){ .where = STALE_USER_MANAGER, .unit = service };
	}
	if (service.len > 0)
		return (struct stale){ .where = STALE_SERVICE, .unit = service };
	return (struct stale){ .where = STALE_LOOSE };
}

struct units {
	ARRAY_OF(struct str) names;
};

static void
units_visit(const struct live *l, const char *pid, struct arena *a, void *user)
{
	struct units *u = user;
	struct stale place = place_of(unit_path(read_small(l, pid, "cgroup", a)));

	if (place.where == STALE_SERVICE)
		*ARRAY_PUSH(a, &u->names) = place.unit;
}

static int
by_name(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

void
process_units(const struct live *l, struct arena *a, struct str **units, size_t *count)
{
	struct units u = { 0 };
	size_t kept = 0;

	each_process(l, a, units_visit, &u);
	if (u.names.count > 1)
		qsort(u.names.items, u.names.count, sizeof(*u.names.items), by_name);
	for (size_t i = 0; i < u.names.count; i++)
		if (kept == 0 || !str_eq(u.names.items[kept - 1], u.names.items[i]))
			u.names.items[kept++] = u.names.items[i];
	*units = u.names.items;
	*count = kept;
}

/* ---- replaced files that are still in use ---- */

static bool
is_program_folder(struct str path)
{
	static const char *const folders[] = { "/usr/", "/lib", "/bin/", "/sbin/", "/opt/" };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (str_starts(path, str_of(folders[i])))
			return true;
	return false;
}

/* "7f…-7f… r-xp 00000000 fd:00 1234   /usr/lib/…/libssl.so.3 (deleted)": code of a file that has no name any more.
 * Only code counts: data files, fonts and caches are replaced all the time. */
static struct str
maps_find(struct str maps)
{
	struct str line, word, deleted = STR(" (deleted)");

	while (str_line(&maps, &line)) {
		ptrdiff_t at = str_find_char(line, '/');
		if (at < 0 || !str_ends(line, deleted))
			continue;
		struct str path = str_skip(line, (size_t)at);
		bool two = str_word(&line, &word); /* addresses, then rights */
		two = two && str_word(&line, &word);
		if (!two || word.len < 3 || word.ptr[2] != 'x')
			continue;
		path = str_head(path, path.len - deleted.len);
		if (is_program_folder(path))
			return path;
	}
	return STR_NONE;
}

static void
stale_visit(const struct live *l, const char *pid, struct arena *a, void *user)
{
	struct stale_list *out = user;
	BUF_AUTO maps = { 0 };
	uint64_t number = 0;

	if (!file_read(arena_printf(a, "%s/%s/maps", l->proc, pid).ptr, MAPS_MAX, &maps, NULL))
		return;
	struct str library = maps_find(buf_str(&maps));
	if (library.len == 0)
		return;
	struct stale s = place_of(unit_path(read_small(l, pid, "cgroup", a)));
	(void)str_to_u64(str_of(pid), &number);
	s.pid = (long)number;
	s.name = str_trim(read_small(l, pid, "comm", a));
	s.library = arena_str(a, library);
	*ARRAY_PUSH(a, &out->items) = s;
}

void
process_stale(const struct live *l, struct arena *a, struct stale_list *out)
{
	each_process(l, a, stale_visit, out);
}
