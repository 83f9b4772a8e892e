/* Is there room? Asked before anything is changed, because a full disk in the middle of an installation is the
 * worst moment to find out. */
#include "plan/apt.h"
#include "plan/deb.h"

#define MIB ((uint64_t)1 << 20)

static bool
space_check(const char *path, uint64_t need, struct err *e)
{
	uint64_t free_bytes;

	if (!file_space(path, &free_bytes, e))
		return false;
	if (free_bytes >= need)
		return true;
	return err_set(e, ERR_NO_SPACE,
		       "too little space on the disk of %s: %llu MiB are free, %llu MiB are needed, %llu MiB are "
		       "missing; free some and try again",
		       path, (unsigned long long)(free_bytes / MIB), (unsigned long long)((need + MIB - 1) / MIB),
		       (unsigned long long)((need - free_bytes + MIB - 1) / MIB));
}

bool
apt_is_kernel_image(struct str name)
{
	return str_starts(name, STR("linux-image-"));
}

struct need {
	uint64_t download, install, boot;
};

/* dpkg keeps old and new files of one package at a time; a .deb unpacks to some five times its size, and what
 * is new stays. A kernel takes its image and an initrd in /boot. */
static struct need
need_of(const char *stage, const struct patch *const *patches, size_t count, struct arena *a)
{
	struct need n = { 0 };
	uint64_t largest = 0, sum = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < patches[i]->packages.count; k++) {
			const struct patch_package *p = &patches[i]->packages.items[k];
			BUF_AUTO name = { 0 };
			deb_file_name(p->name, p->to, p->arch, &name);
			if (file_size(path_join(a, stage, buf_cstr(&name))) != (int64_t)p->size)
				n.download += p->size;
			largest = p->size > largest ? p->size : largest;
			sum += p->from.len ? p->size / 2 : p->size * 5;
			if (apt_is_kernel_image(p->name) && p->from.len == 0)
				n.boot += 120 * MIB;
		}
	}
	n.install = largest * 5 + sum + 16 * MIB;
	return n;
}

bool
apt_space_for_install(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count, struct arena *a,
		      struct err *e)
{
	const char *stage = apt_stage_here(c, a), *boot = path_join(a, c->root, "/boot");
	struct need n = need_of(stage, patches, count, a);

	if (!space_check(stage, n.download + MIB, e) || !space_check(path_join(a, c->root, "/var/cache"), 16 * MIB, e))
		return false;
	if (n.boot > 0 && file_exists(boot) && !space_check(boot, n.boot, e))
		return false;
	return space_check(c->root, n.install + n.download, e);
}

bool
apt_space_for_download(const struct pkgmgr_ctx *c, const struct patch *const *patches, size_t count, struct arena *a,
		       struct err *e)
{
	const char *stage = apt_stage_here(c, a);

	return space_check(stage, need_of(stage, patches, count, a).download + 16 * MIB, e);
}
