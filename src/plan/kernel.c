#include "plan/kernel.h"

#include <ctype.h>

#include "version/version.h"

static const struct {
	const char *manager, *prefix;
} image_prefixes[] = {
	{ "dpkg", "linux-image-unsigned-" },
	{ "dpkg", "linux-image-" },
	{ "dpkg", "pve-kernel-" },
	{ "dpkg", "proxmox-kernel-" },
};

static const char *const image_not[] = { "-dbg", "-dbgsym" };
static const char *const image_suffixes[] = { "-unsigned", "-signed" };

/* "linux-image-6.1.0-37-amd64" to "6.1.0-37-amd64"; not linux-image-amd64, which only depends on one. */
static struct str
deb_release(struct str name)
{
	for (size_t i = 0; i < COUNT(image_not); i++) {
		if (str_ends(name, str_of(image_not[i])))
			return STR_NONE;
	}
	for (size_t i = 0; i < COUNT(image_suffixes); i++) {
		if (str_ends(name, str_of(image_suffixes[i])))
			name.len -= strlen(image_suffixes[i]);
	}
	for (size_t i = 0; i < COUNT(image_prefixes); i++) {
		struct str prefix = str_of(image_prefixes[i].prefix);
		if (!str_starts(name, prefix))
			continue;
		struct str release = str_skip(name, prefix.len);
		ptrdiff_t dot = str_find_char(release, '.');
		if (dot > 0 && isdigit((unsigned char)release.ptr[0]))
			return release;
	}
	return STR_NONE;
}

/* What holds the image itself: since RHEL 8 kernel-core, before it kernel. */
static struct str
rpm_release(const struct package_list *l, const struct package *p, struct arena *a)
{
	static const char *const images[] = { "kernel-core",     "kernel-rt-core",  "kernel-debug-core",
					      "kernel-uek-core", "kernel-64k-core", "kernel-uek" };
	size_t cores;
	bool is_image = false;

	for (size_t i = 0; i < COUNT(images); i++)
		is_image = is_image || str_eq(p->name, str_of(images[i]));
	if (str_eq(p->name, STR("kernel")))
		is_image = package_list_find(l, STR("kernel-core"), &cores) == NULL;
	if (str_eq(p->name, STR("kernel-default")))
		return arena_printf(a, "%.*s-default", STR_ARG(p->version));
	if (!is_image)
		return STR_NONE;
	struct str epoch, version;
	if (!str_split(p->version, ':', &epoch, &version))
		version = p->version;
	return arena_printf(a, "%.*s.%.*s", STR_ARG(version), STR_ARG(p->arch));
}

/* linux-lts 6.6.31-r0 runs as 6.6.31-0-lts. */
static struct str
apk_release(const struct package *p, struct arena *a)
{
	static const char *const flavours[] = { "lts", "virt", "edge", "rpi", "stable" };
	ptrdiff_t revision = str_find(p->version, STR("-r"));

	if (!str_starts(p->name, STR("linux-")) || revision < 0)
		return STR_NONE;
	struct str flavour = str_skip(p->name, strlen("linux-"));
	for (size_t i = 0; i < COUNT(flavours); i++) {
		if (str_eq(flavour, str_of(flavours[i])))
			return arena_printf(a, "%.*s-%.*s-%.*s", STR_ARG(str_head(p->version, (size_t)revision)),
					    STR_ARG(str_skip(p->version, (size_t)revision + 2)), STR_ARG(flavour));
	}
	return STR_NONE;
}

void
kernels_find(struct inventory *inv, struct arena *a)
{
	const struct package_list *l = &inv->packages;
	struct str manager = str_of(l->manager);

	for (size_t i = 0; i < l->count; i++) {
		const struct package *p = &l->items[i];
		struct str release = STR_NONE;
		if (str_eq(manager, STR("dpkg")))
			release = deb_release(p->name);
		else if (str_eq(manager, STR("rpm")))
			release = rpm_release(l, p, a);
		else if (str_eq(manager, STR("apk")))
			release = apk_release(p, a);
		if (release.len == 0)
			continue;
		*ARRAY_PUSH(a, &inv->kernels) = (struct kernel_package){
			.package = p->name,
			.version = p->version,
			.release = release,
			.running = inv->running_kernel.len > 0 && str_eq(release, inv->running_kernel),
		};
	}
}

/* The release without its numbers: "6.1.0-37-cloud-amd64" to "-cloud-amd64", "5.14.0-427.el9.x86_64" to ".el9.x86_64". */
static struct str
flavour(struct str release)
{
	size_t i = 0;

	while (i < release.len && !isalpha((unsigned char)release.ptr[i]))
		i++;
	return str_skip(release, i);
}

static int
version_order(const struct inventory *inv, struct str a, struct str b)
{
	struct str manager = str_of(inv->packages.manager);

	if (str_eq(manager, STR("rpm")))
		return version_rpm.compare(a, b);
	return str_eq(manager, STR("apk")) ? version_apk.compare(a, b) : version_deb.compare(a, b);
}

/* Debian keeps one release name over several versions; the booted one is in /proc/version: "… Debian 6.1.140-1 (…". */
static struct str
booted_version(struct str proc_version)
{
	ptrdiff_t at = -1;
	struct str rest = proc_version, word = STR_NONE;

	for (ptrdiff_t next = str_find(rest, STR(" Debian ")); next >= 0; next = str_find(rest, STR(" Debian "))) {
		rest = str_skip(rest, (size_t)next + strlen(" Debian "));
		at = next;
	}
	if (at < 0 || !str_word(&rest, &word) || !isdigit((unsigned char)word.ptr[0]))
		return STR_NONE;
	return word;
}

void
kernel_reboot_signals(struct inventory *inv, struct str proc_version, struct arena *a)
{
	const struct kernel_package *running = NULL, *newest = NULL;
	struct str booted = booted_version(proc_version);

	for (size_t i = 0; i < inv->kernels.count; i++) {
		if (inv->kernels.items[i].running)
			running = &inv->kernels.items[i];
	}
	if (!running)
		return;
	newest = running;
	for (size_t i = 0; i < inv->kernels.count; i++) {
		const struct kernel_package *k = &inv->kernels.items[i];
		if (str_eq(flavour(k->release), flavour(running->release)) &&
		    version_order(inv, k->version, newest->version) > 0)
			newest = k;
	}
	if (newest != running)
		*ARRAY_PUSH(a, &inv->reboot_signals) =
			arena_printf(a, "kernel %.*s → %.*s", STR_ARG(running->release), STR_ARG(newest->release));
	else if (booted.len > 0 && version_order(inv, running->version, booted) > 0)
		*ARRAY_PUSH(a, &inv->reboot_signals) =
			arena_printf(a, "kernel %.*s: %.*s → %.*s", STR_ARG(running->release), STR_ARG(booted),
				     STR_ARG(running->version));
}
