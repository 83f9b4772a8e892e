/* rpm's database. Its form ndb is read by rpm-ndb.c; sqlite and the old Berkeley one by librpm when the system has
 * it, loaded at run time so that mamori does not need it, else by the rpm program. All give the same lines, so that
 * there is one parser. The folder is handed over as /proc/PID/fd/N: already resolved inside the root. */
#include "os/pkgdb.h"
#include "os/proc.h"
#include "os/rpm-ndb.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#define QUERY_OUTPUT_MAX ((size_t)64 << 20)
#define HEADER_FLAGS 0xf0f00u /* no digests, no signatures: rpm verified them when it installed */
#define LOG_CRITICAL_ONLY 7

const char rpm_query_format[] = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n";

static const char *const rpm_folders[] = { "/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm" };
static const char *const rpm_files[] = { "rpmdb.sqlite", "Packages.db", "Packages" };

/* "bash-5.1.8-6.el9.src.rpm" to bash, 5.1.8-6.el9. */
static bool
source_split(struct str file, struct str *name, struct str *version)
{
	if (str_ends(file, STR(".src.rpm")))
		file.len -= strlen(".src.rpm");
	else if (str_ends(file, STR(".nosrc.rpm")))
		file.len -= strlen(".nosrc.rpm");
	else
		return false;
	ptrdiff_t release = str_rfind_char(file, '-');
	if (release <= 0)
		return false;
	ptrdiff_t dash = str_rfind_char(str_head(file, (size_t)release), '-');
	if (dash <= 0)
		return false;
	*name = str_head(file, (size_t)dash);
	*version = str_skip(file, (size_t)dash + 1);
	return true;
}

static struct str
with_epoch(struct arena *a, struct str epoch, struct str version)
{
	if (epoch.len == 0 || str_eq(epoch, STR("0")) || str_eq(epoch, STR("(none)")))
		return arena_str(a, version);
	return arena_printf(a, "%.*s:%.*s", STR_ARG(epoch), STR_ARG(version));
}

static bool
rpm_line(struct str line, struct arena *a, struct package *p)
{
	enum { NAME, EPOCH, VERSION, RELEASE, ARCH, SOURCE, FIELDS };
	struct str f[FIELDS] = { 0 };

	for (size_t i = 0; i < FIELDS; i++) {
		if (!str_cut(&line, '\t', &f[i]) && i < SOURCE)
			return false;
	}
	uint64_t number;
	if (!package_word_valid(f[NAME]) || !package_word_valid(f[VERSION]) || !package_word_valid(f[RELEASE]) ||
	    !(str_to_u64(f[EPOCH], &number) || str_eq(f[EPOCH], STR("(none)"))))
		return false;
	*p = (struct package){ .name = arena_str(a, f[NAME]) };
	struct str full = arena_printf(a, "%.*s-%.*s", STR_ARG(f[VERSION]), STR_ARG(f[RELEASE]));
	p->version = with_epoch(a, f[EPOCH], full);
	p->arch = str_eq(f[ARCH], STR("(none)")) || !package_word_valid(f[ARCH]) ? STR("") : arena_str(a, f[ARCH]);
	struct str name, version;
	if (source_split(f[SOURCE], &name, &version) && package_word_valid(name) && package_word_valid(version)) {
		p->source = str_eq(name, p->name) ? p->name : arena_str(a, name);
		p->source_version = with_epoch(a, f[EPOCH], version);
	} else {
		p->source = p->name;
		p->source_version = p->version;
	}
	return true;
}

bool
rpm_parse_query(struct str text, struct arena *a, struct package_list *out, struct err *e)
{
	struct str line;

	while (str_line(&text, &line)) {
		struct package p;
		/* Imported keys are kept as packages of this name; they are not software. */
		if (line.len == 0 || str_starts(line, STR("gpg-pubkey\t")))
			continue;
		if (!rpm_line(line, a, &p)) {
			out->bad++;
			continue;
		}
		if (out->count >= PACKAGES_MAX)
			return err_set(e, ERR_TOO_LARGE, "more than %d installed packages", PACKAGES_MAX);
		*ARRAY_PUSH(a, out) = p;
	}
	return true;
}

/* The functions of librpm (rpm 4.14 and newer) that are needed, under their own types. */
struct librpm {
	int (*read_config)(const char *file, const char *target);
	int (*push_macro)(void *context, const char *name, const char *options, const char *body, int level);
	int (*pop_macro)(void *context, const char *name);
	int (*log_mask)(int mask);
	void *(*ts_create)(void);
	void *(*ts_free)(void *ts);
	unsigned (*ts_flags)(void *ts, unsigned flags);
	int (*ts_open)(void *ts, int mode);
	void *(*iterate)(const void *ts, int tag, const void *key, size_t len);
	void *(*next)(void *iterator);
	void *(*iterate_free)(void *iterator);
	char *(*format)(void *header, const char *format, const char **error);
};

static void *
librpm_open(void)
{
	static const char *const names[] = { "librpm.so.10", "librpm.so.9", "librpm.so.8" };

	for (size_t i = 0; i < COUNT(names); i++) {
		void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		if (handle)
			return handle;
	}
	return NULL;
}

/* Never unloaded: librpm leaves handlers behind that run when the process ends. */
static bool
librpm_load(struct librpm *l)
{
	static const struct {
		const char *name;
		size_t offset;
	} wanted[] = {
		{ "rpmReadConfigFiles", offsetof(struct librpm, read_config) },
		{ "rpmPushMacro", offsetof(struct librpm, push_macro) },
		{ "rpmPopMacro", offsetof(struct librpm, pop_macro) },
		{ "rpmlogSetMask", offsetof(struct librpm, log_mask) },
		{ "rpmtsCreate", offsetof(struct librpm, ts_create) },
		{ "rpmtsFree", offsetof(struct librpm, ts_free) },
		{ "rpmtsSetVSFlags", offsetof(struct librpm, ts_flags) },
		{ "rpmtsOpenDB", offsetof(struct librpm, ts_open) },
		{ "rpmtsInitIterator", offsetof(struct librpm, iterate) },
		{ "rpmdbNextIterator", offsetof(struct librpm, next) },
		{ "rpmdbFreeIterator", offsetof(struct librpm, iterate_free) },
		{ "headerFormat", offsetof(struct librpm, format) },
	};
	void *handle = librpm_open();

	if (!handle)
		return false;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		void *symbol = dlsym(handle, wanted[i].name);
		if (!symbol)
			return false;
		memcpy((char *)l + wanted[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

static bool
librpm_headers(const struct librpm *l, void *ts, struct arena *a, struct package_list *out, struct err *e)
{
	bool ok = true;
	void *iterator = l->iterate(ts, 0 /* RPMDBI_PACKAGES */, NULL, 0);

	for (void *header = l->next(iterator); header && ok; header = l->next(iterator)) {
		const char *why = NULL;
		char *line = l->format(header, rpm_query_format, &why);
		if (!line) {
			out->bad++;
			continue;
		}
		ok = rpm_parse_query(str_of(line), a, out, e);
		free(line);
	}
	(void)l->iterate_free(iterator);
	return ok;
}

static bool
librpm_query(const struct librpm *l, const char *dbpath, struct arena *a, struct package_list *out, struct err *e)
{
	(void)l->log_mask(LOG_CRITICAL_ONLY);
	if (l->read_config(NULL, NULL) != 0)
		return err_set(e, ERR_SYSTEM, "librpm cannot read its own configuration");
	(void)l->push_macro(NULL, "_dbpath", NULL, dbpath, 0);
	void *ts = l->ts_create();
	(void)l->ts_flags(ts, HEADER_FLAGS);
	bool ok = l->ts_open(ts, O_RDONLY) == 0 ||
		  err_set(e, ERR_INPUT, "the database is damaged or of a form that this machine's librpm cannot read");
	ok = ok && librpm_headers(l, ts, a, out, e);
	(void)l->ts_free(ts);
	(void)l->pop_macro(NULL, "_dbpath");
	return ok;
}

bool
rpm_program_query(const char *dbpath, struct arena *a, struct package_list *out, struct err *e)
{
	const char *argv[] = { "rpm",           "--dbpath",      dbpath,           "-qa", "--nodigest",
			       "--nosignature", "--queryformat", rpm_query_format, NULL };
	struct proc_spec spec = { .argv = argv, .output_max = QUERY_OUTPUT_MAX, .timeout_s = 120 };
	PROC_RESULT_AUTO r = { 0 };

	if (!runner_run(&runner_system, &spec, &r, e))
		return err_wrap(e, "rpm's database needs librpm or the program rpm");
	if (r.status != 0 || r.truncated)
		return err_set(e, ERR_INPUT, "rpm cannot read the database: %.*s", STR_ARG(str_trim(buf_str(&r.err))));
	return rpm_parse_query(buf_str(&r.out), a, out, e);
}

/* The folder that holds a database, or NULL. */
static const char *
rpm_folder(const struct root *r)
{
	for (size_t i = 0; i < COUNT(rpm_folders); i++) {
		for (size_t k = 0; k < COUNT(rpm_files); k++) {
			char path[256];
			(void)snprintf(path, sizeof(path), "%s/%s", rpm_folders[i], rpm_files[k]);
			if (root_exists(r, path))
				return rpm_folders[i];
		}
	}
	return NULL;
}

/* A file that is no SQLite database at all is refused here: librpm leaves memory behind when it finds out. */
static bool
is_sqlite(int folder)
{
	char magic[16];
	FD_AUTO fd = openat(folder, "rpmdb.sqlite", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 || (read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
			  memcmp(magic, "SQLite format 3", sizeof(magic)) == 0);
}

/* True when there is a database of the form ndb; *fd is it. */
static bool
is_ndb(int folder, int *fd)
{
	*fd = openat(folder, "Packages.db", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return *fd >= 0;
}

static bool
rpm_present(const struct root *r)
{
	return rpm_folder(r) != NULL;
}

static bool
rpm_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e)
{
	struct librpm l;
	const char *folder = rpm_folder(r);
	FD_AUTO fd = folder ? root_open_dir(r, folder) : -1;
	FD_AUTO ndb = -1;

	if (fd < 0)
		return err_sys(e, "opening the folder of rpm's database in %s", r->path);
	if (is_ndb(fd, &ndb))
		return rpm_ndb_read(ndb, a, out, e);
	if (!is_sqlite(fd))
		return err_set(e, ERR_INPUT, "rpmdb.sqlite is not a database: it is damaged");
	struct str dbpath = arena_printf(a, "/proc/%ld/fd/%d", (long)getpid(), fd);
	if (librpm_load(&l))
		return librpm_query(&l, dbpath.ptr, a, out, e);
	return rpm_program_query(dbpath.ptr, a, out, e);
}

const struct pkgdb pkgdb_rpm = { "rpm", rpm_present, rpm_read };
