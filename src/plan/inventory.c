#include "plan/inventory.h"

#include <ctype.h>
#include <unistd.h>

#include "os/machine.h"
#include "plan/hardware.h"
#include "plan/kernel.h"

#define SMALL_FILE 65536

static struct str
root_line(const struct root *r, struct arena *a, const char *path)
{
	BUF_AUTO text = { 0 };
	struct str line, rest;

	if (!root_read(r, path, SMALL_FILE, &text, NULL))
		return STR("");
	rest = buf_str(&text);
	if (!str_line(&rest, &line) || !str_is_utf8(line))
		return STR("");
	return arena_str(a, str_trim(line));
}

static bool
os_read(const struct root *r, struct arena *a, struct os_release *out, struct err *e)
{
	static const char *const places[] = { "/etc/os-release", "/usr/lib/os-release" };

	for (size_t i = 0; i < COUNT(places); i++) {
		BUF_AUTO text = { 0 };
		if (root_read(r, places[i], SMALL_FILE, &text, NULL) && os_release_parse(buf_str(&text), a, out))
			return true;
	}
	return err_set(
		e, ERR_INPUT,
		"%s holds no system that can be read: neither etc/os-release nor usr/lib/os-release says which it is",
		r->path);
}

/* Where /etc/localtime leads, without following it: "Asia/Tokyo". */
static struct str
timezone_read(const struct root *r, struct arena *a)
{
	char link[1024];
	FD_AUTO etc = root_open_dir(r, "/etc");
	ssize_t n = etc >= 0 ? readlinkat(etc, "localtime", link, sizeof(link)) : -1;

	if (n > 0) {
		struct str target = str_sub(link, (size_t)n);
		ptrdiff_t at = str_find(target, STR("zoneinfo/"));
		if (at >= 0 && str_is_utf8(target))
			return arena_str(a, str_skip(target, (size_t)at + strlen("zoneinfo/")));
	}
	return root_line(r, a, "/etc/timezone");
}

/* Debian's and Ubuntu's sign; the packages that asked are named beside it. */
static void
reboot_required(const struct root *r, struct arena *a, struct inventory *inv)
{
	static const char *const places[] = { "/run/reboot-required", "/var/run/reboot-required" };
	BUF_AUTO packages = { 0 }, text = { 0 };
	struct str line;

	if (!root_exists(r, places[0]) && !root_exists(r, places[1]))
		return;
	if (root_read(r, "/run/reboot-required.pkgs", SMALL_FILE, &text, NULL) && str_is_utf8(buf_str(&text))) {
		struct str rest = buf_str(&text);
		while (str_line(&rest, &line) && packages.len < 1000) {
			buf_add(&packages, packages.len ? STR(", ") : STR(": "));
			buf_add(&packages, str_trim(line));
		}
	}
	*ARRAY_PUSH(a, &inv->reboot_signals) = arena_printf(a, "reboot-required%s", buf_cstr(&packages));
}

static void
names_read(const struct root *r, bool live, struct arena *a, struct inventory *inv)
{
	inv->hostname = root_line(r, a, "/etc/hostname");
	inv->machine_id = root_line(r, a, "/etc/machine-id");
	inv->timezone = timezone_read(r, a);
	inv->boot_id = STR("");
	inv->running_kernel = STR("");
	if (live) {
		char name[256];
		if (gethostname(name, sizeof(name) - 1) == 0) {
			name[sizeof(name) - 1] = '\0';
			inv->hostname = arena_str(a, str_of(name));
		}
		inv->boot_id = machine_boot_id(a);
		inv->running_kernel = machine_kernel(a);
	}
}

static void
root_cleanup(struct root *r)
{
	root_close(r);
}

/* The machine's own architecture in its package manager's words: that of the package that every such system has. */
static struct str
architecture_find(const struct package_list *l)
{
	static const char *const names[] = { "dpkg", "rpm", "apk-tools" };
	for (size_t i = 0; i < COUNT(names); i++) {
		size_t count;
		const struct package *p = package_list_find(l, str_of(names[i]), &count);
		if (p && !str_eq(p->arch, STR("all")) && !str_eq(p->arch, STR("noarch")))
			return p->arch;
	}
	return STR("");
}

bool
inventory_read(const struct inventory_options *o, struct arena *a, struct inventory *out, struct err *e)
{
	__attribute__((cleanup(root_cleanup))) struct root r = { -1, "/" };
	struct inventory inv = { 0 };
	BUF_AUTO version = { 0 };

	if (!root_open(&r, o->root ? o->root : "/", e) || !os_read(&r, a, &inv.os, e) ||
	    !pkgdb_read(&r, a, &inv.packages, e))
		return false;
	names_read(&r, o->live, a, &inv);
	if (!o->skip_hardware)
		hardware_read(&r, o->live, a, &inv.hardware);
	kernels_find(&inv, a);
	reboot_required(&r, a, &inv);
	sources_read(&r, a, architecture_find(&inv.packages), inv.os.version, &inv.sources);
	if (o->live && file_read("/proc/version", SMALL_FILE, &version, NULL))
		kernel_reboot_signals(&inv, buf_str(&version), a);
	*out = inv;
	return true;
}
