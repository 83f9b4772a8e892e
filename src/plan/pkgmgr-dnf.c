/* dnf (version 4 and 5 know these words). dnf checks every package's signature itself (gpgcheck of the source). */
#include "base/log.h"
#include "base/table.h"
#include "base/tr.h"
#include "plan/run.h"
#include "version/version.h"

#define UPDATES_MAX 100000
#define DOWNLOADS_MAX 200000
/* Files in the folder of downloads, for their times: the lists were refreshed; something was fetched. */
#define STAMP_REFRESHED "refreshed"
#define STAMP_FETCHED "fetched"

/* Tab-separated, one package a line. */
#define QUERY "%{name}\t%{epoch}\t%{version}\t%{release}\t%{arch}\t%{sourcerpm}\t%{downloadsize}\t%{repoid}\n"

static bool
dnf_present(const char *root)
{
	ARENA_AUTO a = { 0 };

	/* Debian has dnf too; there it manages nothing. */
	return file_exists(path_join(&a, root, "/usr/bin/dnf")) &&
	       !file_exists(path_join(&a, root, "/var/lib/dpkg/status"));
}

static bool
stamp_put(const struct pkgmgr_ctx *c, const char *name, struct err *e)
{
	ARENA_AUTO a = { 0 };

	return dir_make(c->stage_dir, 0700, e) && file_write(path_join(&a, c->stage_dir, name), STR(""), 0600, e);
}

static bool
dnf_refresh(const struct pkgmgr_ctx *c, struct err *e)
{
	const char *argv[] = { "dnf", "-q", "-y", "makecache", "--refresh", NULL };
	struct manager_run run = { .argv = argv, .doing = tr("refreshing the package lists") };
	PROC_RESULT_AUTO r = { 0 };

	return manager_run(c, &run, &r, e) && stamp_put(c, STAMP_REFRESHED, e);
}

/* A line of QUERY; the source's name and version stand in SOURCERPM as in the database. */
static bool
dnf_line(struct str line, struct arena *a, struct update *u)
{
	struct package_list one = { 0 };
	struct str rest = line, piece;

	for (int i = 0; i < 6; i++) {
		if (!str_cut(&rest, '\t', &piece))
			return false;
	}
	struct str head = str_sub(line.ptr, (size_t)(rest.ptr - line.ptr) - 1);
	if (!rpm_parse_query(head, a, &one, NULL) || one.count != 1)
		return false;
	*u = (struct update){ .name = one.items[0].name, .arch = one.items[0].arch, .to = one.items[0].version };
	u->source = one.items[0].source;
	u->source_version = one.items[0].source_version;
	if (!str_cut(&rest, '\t', &piece) || !str_to_u64(piece, &u->size))
		u->size = 0;
	u->origins = arena_str(a, str_trim(rest));
	return true;
}

static struct str
installed_version(const struct package_list *l, const struct update *u)
{
	struct str best = STR_NONE;
	size_t n;
	const struct package *found = package_list_find(l, u->name, &n);

	for (size_t i = 0; i < n; i++) {
		if (str_eq(found[i].arch, u->arch) &&
		    (best.len == 0 || version_rpm.compare(found[i].version, best) > 0))
			best = found[i].version;
	}
	return best;
}

static bool
dnf_query(const struct pkgmgr_ctx *c, bool security, struct arena *a, struct update_list *out, struct err *e)
{
	const char *all[] = { "dnf", "-q", "-C", "repoquery", "--upgrades", "--latest-limit=1", "--qf", QUERY, NULL };
	const char *some[] = { "dnf",        "-q",   "-C",  "repoquery", "--upgrades", "--latest-limit=1",
			       "--security", "--qf", QUERY, NULL };
	struct manager_run run = { .argv = security ? some : all,
				   .doing = tr("asking dnf for pending updates"),
				   .low_priority = true };
	PROC_RESULT_AUTO r = { 0 };
	struct str line;

	if (!manager_run(c, &run, &r, e))
		return false;
	struct str rest = buf_str(&r.out);
	while (str_line(&rest, &line)) {
		struct update u;
		if (str_trim(line).len == 0 || !dnf_line(line, a, &u))
			continue;
		if (out->items.count >= UPDATES_MAX)
			return err_set(e, ERR_TOO_LARGE, "dnf lists more than %d packages", UPDATES_MAX);
		*ARRAY_PUSH(a, &out->items) = u;
	}
	return true;
}

/* dnf's own name of the file in a download folder. */
static struct str
rpm_file_name(const struct patch_package *p, struct arena *a)
{
	struct str epoch, version;

	if (!str_split(p->to, ':', &epoch, &version))
		version = p->to;
	return arena_printf(a, "%.*s-%.*s.%.*s.rpm", STR_ARG(p->name), STR_ARG(version), STR_ARG(p->arch));
}

static bool
is_staged(const struct pkgmgr_ctx *c, const struct patch *p, struct arena *a)
{
	size_t there = 0;

	for (size_t k = 0; k < p->packages.count; k++) {
		const struct patch_package *one = &p->packages.items[k];
		int64_t size = file_size(path_join(a, c->stage_dir, rpm_file_name(one, a).ptr));
		there += size > 0 && (one->size == 0 || (uint64_t)size == one->size);
	}
	return there == p->packages.count;
}

/* "openssl-libs-3.0.7-2.x86_64.rpm": name and "3.0.7-2". */
static bool
rpm_file_split(struct str file, struct str *name, struct str *version)
{
	struct str rest = str_head(file, file.len - strlen(".rpm"));
	ptrdiff_t arch = str_rfind_char(rest, '.'), release, dash;

	if (arch <= 0 || (release = str_rfind_char(str_head(rest, (size_t)arch), '-')) <= 0 ||
	    (dash = str_rfind_char(str_head(rest, (size_t)release), '-')) <= 0)
		return false;
	*name = str_head(rest, (size_t)dash);
	*version = str_sub(rest.ptr + dash + 1, (size_t)(arch - dash - 1));
	return true;
}

/* Installed now, or replaced by a newer one that is pending. What came along as a dependency is neither. */
static bool
is_spent(struct str file, const struct patch_list *l, const struct package_list *installed)
{
	struct str name, version, epoch, bare;
	size_t n;

	if (l->patches.count == 0 || !rpm_file_split(file, &name, &version))
		return true;
	const struct package *found = package_list_find(installed, name, &n);
	for (size_t i = 0; i < n; i++) {
		if (!str_split(found[i].version, ':', &epoch, &bare))
			bare = found[i].version;
		if (version_rpm.compare(bare, version) >= 0)
			return true;
	}
	for (size_t i = 0; i < l->patches.count; i++) {
		for (size_t k = 0; k < l->patches.items[i].packages.count; k++)
			if (str_eq(l->patches.items[i].packages.items[k].name, name))
				return true;
	}
	return false;
}

/* Fills staged; downloads that nobody waits for go. */
static void
dnf_staged(const struct pkgmgr_ctx *c, const struct package_list *installed, struct patch_list *l, struct arena *a)
{
	TABLE_AUTO keep = { 0 };
	struct str *names;
	size_t count;

	for (size_t i = 0; i < l->patches.count; i++) {
		struct patch *p = &l->patches.items[i];
		p->staged = is_staged(c, p, a);
		for (size_t k = 0; k < p->packages.count; k++)
			(void)table_put(&keep, rpm_file_name(&p->packages.items[k], a), NULL);
	}
	if (!dir_list(a, c->stage_dir, DOWNLOADS_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		struct err e = { 0 };
		if (str_ends(names[i], STR(".rpm")) && !table_has(&keep, names[i]) &&
		    is_spent(names[i], l, installed) && !file_remove(path_join(a, c->stage_dir, names[i].ptr), &e))
			log_warn("dnf", "%s", e.text);
	}
}

/* dnf's own folder changes when the lists do; ours tells that they were asked for. */
static int64_t
dnf_lists_at(const struct pkgmgr_ctx *c, struct arena *a)
{
	int64_t cache = file_mtime(path_join(a, c->root, "/var/cache/dnf"));
	int64_t ours = file_mtime(path_join(a, c->stage_dir, STAMP_REFRESHED));

	return ours > cache ? ours : cache;
}

static bool
dnf_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };
	struct package_list installed = { 0 };
	struct update_list all = { 0 }, security = { 0 };
	struct patch_list list = { .manager = "dnf", .lists_at = dnf_lists_at(c, a) };

	if (!root_open(&r, c->root, e) || !pkgdb_rpm.read(&r, a, &installed, e) || !dnf_query(c, false, a, &all, e) ||
	    !dnf_query(c, true, a, &security, e))
		return err_wrap(e, "planning updates");
	package_list_sort(&installed);
	for (size_t i = 0; i < all.items.count; i++) {
		struct update *u = &all.items.items[i];
		u->from = installed_version(&installed, u);
		for (size_t k = 0; k < security.items.count; k++)
			u->security = u->security || (str_eq(u->name, security.items.items[k].name) &&
						      str_eq(u->to, security.items.items[k].to));
	}
	updates_group("rpm", &all, a, &list);
	dnf_staged(c, &installed, &list, a);
	*out = list;
	return true;
}

static bool
dnf_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e)
{
	static const char *const paths[] = { "/var/lib/rpm",   "/usr/lib/sysimage/rpm",
					     "/var/cache/dnf", "/etc/yum.repos.d",
					     "/etc/dnf",       NULL };
	ARENA_AUTO a = { 0 };
	BUF_AUTO stamp = { 0 };

	/* Of the downloads only when they were last fetched: planning removes old ones. */
	manager_fingerprint(c, paths, &stamp);
	file_stamp(path_join(&a, c->stage_dir, STAMP_REFRESHED), &stamp);
	file_stamp(path_join(&a, c->stage_dir, STAMP_FETCHED), &stamp);
	buf_addf(out, "%016llx", (unsigned long long)str_hash(buf_str(&stamp), 3));
	return true;
}

/* dnf upgrade with these very versions; head: NULL-terminated. */
static const char *const *
dnf_command(const char *const *head, const struct patch *patches, size_t count, struct arena *a)
{
	ARRAY_OF(const char *) v = { 0 };

	for (; *head; head++)
		*ARRAY_PUSH(a, &v) = *head;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			const struct patch_package *p = &patches[i].packages.items[k];
			*ARRAY_PUSH(a, &v) =
				arena_printf(a, "%.*s-%.*s.%.*s", STR_ARG(p->name), STR_ARG(p->to), STR_ARG(p->arch))
					.ptr;
		}
	}
	*ARRAY_PUSH(a, &v) = NULL;
	return v.items;
}

static bool
dnf_stage(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e)
{
	ARENA_AUTO a = { 0 };
	PROC_RESULT_AUTO r = { 0 };
	const char *head[] = { "dnf", "-q", "-y", "--downloadonly", "--downloaddir", c->stage_dir, "upgrade", NULL };
	struct manager_run run = { .argv = dnf_command(head, patches, count, &a),
				   .doing = tr("downloading updates ahead"),
				   .low_priority = true };

	/* The stamp first: a crash in the middle makes the next run look again. */
	return stamp_put(c, STAMP_FETCHED, e) && manager_run(c, &run, &r, e);
}

static bool
dnf_recover(const struct pkgmgr_ctx *c, bool *did, struct err *e)
{
	/* rpm writes each package whole or not at all; what a broken transaction leaves are old versions beside
	 * new ones, which the next upgrade replaces. */
	*did = false;
	return true;
}

static bool
dnf_outcome(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	    struct apply_result *results, struct err *e)
{
	if (!manager_outcome(c, &pkgdb_rpm, version_rpm.compare, patches, count, a, results, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i].packages.count; k++) {
			if (results[i].outcome != APPLY_INSTALLED ||
			    !str_starts(patches[i].packages.items[k].name, STR("kernel")))
				continue;
			results[i].outcome = APPLY_PENDING_REBOOT;
			results[i].why = arena_str(a, str_of(tr("installed; it takes effect after the next restart")));
		}
	}
	return true;
}

/* What was downloaded ahead is looked for where it lies, and its signature is checked as that of any other package. */
static bool
dnf_install(const struct pkgmgr_ctx *c, bool ahead, const struct patch *patches, size_t count, struct arena *a,
	    struct apply_result *results, struct err *e)
{
	const char *folder = arena_printf(a, "--setopt=destdir=%s", c->stage_dir).ptr;
	const char *online[] = { "dnf", "-y", folder, "upgrade", NULL };
	const char *offline[] = { "dnf", "-y", "-C", folder, "upgrade", NULL };
	struct manager_install in = { .run = { .argv = dnf_command(ahead ? offline : online, patches, count, a),
					       .doing = tr("installing updates"),
					       .to_log = true },
				      .outcome = dnf_outcome };

	return manager_install(c, &in, patches, count, a, results, e);
}

static bool
dnf_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	  struct apply_result *results, struct err *e)
{
	bool ahead = true;
	struct err why = { 0 };

	if (!dir_make(c->stage_dir, 0700, e))
		return false;
	for (size_t i = 0; i < count; i++)
		ahead = ahead && is_staged(c, &patches[i], a);
	if (!ahead)
		return dnf_install(c, false, patches, count, a, results, e);
	if (dnf_install(c, true, patches, count, a, results, &why))
		return true;
	/* The lists were cleaned away or belong to another way, or a dependency is missing: that can be fetched. */
	if (why.code == ERR_UNREACHABLE || str_contains(str_of(why.text), STR("ache-only")))
		return dnf_install(c, false, patches, count, a, results, e);
	*e = why;
	return false;
}

const struct pkgmgr pkgmgr_dnf = {
	.name = "dnf",
	.present = dnf_present,
	.refresh = dnf_refresh,
	.plan = dnf_plan,
	.fingerprint = dnf_fingerprint,
	.stage = dnf_stage,
	.recover = dnf_recover,
	.apply = dnf_apply,
	.outcome = dnf_outcome,
};
