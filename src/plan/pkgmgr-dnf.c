/* dnf (version 4 and 5 know these words). dnf checks every package's signature itself (gpgcheck of the source). */
#include "base/tr.h"
#include "plan/run.h"
#include "version/version.h"

#define UPDATES_MAX 100000

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
dnf_refresh(const struct pkgmgr_ctx *c, struct err *e)
{
	const char *argv[] = { "dnf", "-q", "-y", "makecache", "--refresh", NULL };
	struct manager_run run = { .argv = argv, .doing = tr("refreshing the package lists") };
	PROC_RESULT_AUTO r = { 0 };

	return manager_run(c, &run, &r, e);
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

static void
dnf_staged(const struct pkgmgr_ctx *c, struct patch_list *l, struct arena *a)
{
	for (size_t i = 0; i < l->patches.count; i++) {
		struct patch *p = &l->patches.items[i];
		size_t there = 0;
		for (size_t k = 0; k < p->packages.count; k++)
			there += file_size(path_join(a, c->stage_dir, rpm_file_name(&p->packages.items[k], a).ptr)) > 0;
		p->staged = there == p->packages.count;
	}
}

static bool
dnf_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };
	struct package_list installed = { 0 };
	struct update_list all = { 0 }, security = { 0 };
	struct patch_list list = { .manager = "dnf", .lists_at = file_mtime(path_join(a, c->root, "/var/cache/dnf")) };

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
	dnf_staged(c, &list, a);
	*out = list;
	return true;
}

static bool
dnf_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e)
{
	static const char *const paths[] = { "/var/lib/rpm",   "/usr/lib/sysimage/rpm",
					     "/var/cache/dnf", "/etc/yum.repos.d",
					     "/etc/dnf",       NULL };
	BUF_AUTO stamp = { 0 };

	manager_fingerprint(c, paths, &stamp);
	file_stamp(c->stage_dir, &stamp);
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

	return dir_make(c->stage_dir, 0700, e) && manager_run(c, &run, &r, e);
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

static bool
dnf_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	  struct apply_result *results, struct err *e)
{
	const char *head[] = { "dnf", "-y", "upgrade", NULL };
	struct manager_install in = { .run = { .argv = dnf_command(head, patches, count, a),
					       .doing = tr("installing updates"),
					       .to_log = true },
				      .outcome = dnf_outcome };

	return manager_install(c, &in, patches, count, a, results, e);
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
