/* What came of it: dpkg's database, and whether the system still runs what was there before. */
#include "plan/apt.h"

#include "plan/run.h"
#include "version/version.h"

#define ASKED_BY_MAX ((size_t)1 << 20)

bool
apt_package_is_in(const struct package_list *installed, const struct patch_package *p)
{
	size_t n;
	const struct package *found = package_list_find(installed, p->name, &n);

	for (size_t i = 0; i < n; i++) {
		if ((str_eq(found[i].arch, p->arch) || p->arch.len == 0) && !found[i].unfinished &&
		    version_deb.compare(found[i].version, p->to) >= 0)
			return true;
	}
	return false;
}

bool
apt_installed_read(const struct pkgmgr_ctx *c, struct arena *a, struct package_list *out, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, c->root };

	if (!root_open(&r, c->root, e) || !pkgdb_dpkg.read(&r, a, out, e))
		return err_wrap(e, "reading which updates are installed");
	package_list_sort(out);
	return true;
}

/* A kernel is used after the next start only; others are named in reboot-required.pkgs by their own scripts. */
static bool
needs_reboot(const struct patch *p, struct str asked_by)
{
	struct str line;

	for (size_t i = 0; i < p->packages.count; i++) {
		struct str name = p->packages.items[i].name, rest = asked_by;
		if (apt_is_kernel_image(name))
			return true;
		while (str_line(&rest, &line)) {
			if (str_eq(str_trim(line), name))
				return true;
		}
	}
	return false;
}

bool
apt_outcome(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	    struct apply_result *results, struct err *e)
{
	struct package_list installed = { 0 };
	BUF_AUTO asked_by = { 0 };

	if (!apt_installed_read(c, a, &installed, e))
		return false;
	if (!file_read(path_join(a, c->root, "/run/reboot-required.pkgs"), ASKED_BY_MAX, &asked_by, NULL))
		buf_truncate(&asked_by, 0);
	for (size_t i = 0; i < count; i++) {
		size_t in = 0;
		for (size_t k = 0; k < patches[i].packages.count; k++)
			in += apt_package_is_in(&installed, &patches[i].packages.items[k]);
		results[i] = (struct apply_result){ .patch = patches[i].id, .outcome = APPLY_FAILED };
		if (in == patches[i].packages.count)
			results[i].outcome =
				needs_reboot(&patches[i], buf_str(&asked_by)) ? APPLY_PENDING_REBOOT : APPLY_INSTALLED;
	}
	return true;
}
