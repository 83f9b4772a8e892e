#include "plan/inventory.h"

#include "../os/unit.h"
#include "plan/kernel.h"

static void
put_debian(void **state)
{
	unit_put(state, "usr/lib/os-release",
		 STR("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME='Debian'\n"
		     "VERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n"));
	unit_put(state, "etc/hostname", STR("ward-3-pc-07\n"));
	unit_put(state, "etc/timezone", STR("Asia/Tokyo\n"));
	unit_put(state, "etc/machine-id", STR("00000000000000000000000000000001\n"));
	unit_put(state, "var/lib/dpkg/status",
		 STR("Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.15-1\n\n"
		     "Package: linux-image-6.1.0-37-amd64\nStatus: install ok installed\nArchitecture: amd64\n"
		     "Source: linux-signed-amd64 (6.1.140+1)\nVersion: 6.1.140-1\n\n"
		     "Package: linux-image-6.1.0-37-amd64-dbg\nStatus: install ok installed\nVersion: 6.1.140-1\n\n"
		     "Package: linux-image-amd64\nStatus: install ok installed\nArchitecture: amd64\nVersion: "
		     "6.1.140-1\n\n"
		     "garbage\n"));
}

static void
a_root_folder_is_read_without_running_anything(void **state)
{
	ARENA_AUTO a = { 0 };
	struct inventory inv;
	struct inventory_options o = { .root = unit_dir(state) };

	put_debian(state);
	unit_put(state, "run/reboot-required", STR("*** restart ***\n"));
	unit_put(state, "run/reboot-required.pkgs", STR("linux-base\nlibc6\n"));
	assert_ok(inventory_read(&o, &a, &inv, &unit_err));
	assert_str(os_key(&inv.os, &a), "debian:12");
	assert_str(inv.os.name, "Debian GNU/Linux 12 (bookworm)");
	assert_str(inv.hostname, "ward-3-pc-07");
	assert_str(inv.timezone, "Asia/Tokyo");
	assert_str(inv.running_kernel, "");
	assert_int_equal(inv.packages.count, 4);
	assert_int_equal(inv.packages.bad, 1);
	assert_int_equal(inv.kernels.count, 1);
	assert_str(inv.kernels.items[0].release, "6.1.0-37-amd64");
	assert_int_equal(inv.reboot_signals.count, 1);
	assert_str(inv.reboot_signals.items[0], "reboot-required: linux-base, libc6");
	assert_int_equal(inv.hardware.disks.count, 0);
}

static void
a_folder_without_a_system_is_said(void **state)
{
	ARENA_AUTO a = { 0 };
	struct inventory inv;
	struct inventory_options o = { .root = unit_dir(state) };

	assert_false(inventory_read(&o, &a, &inv, &unit_err));
	assert_int_equal(unit_err.code, ERR_INPUT);
	put_debian(state);
	assert_ok(dir_remove_all(unit_path(state, "var/lib/dpkg"), &unit_err));
	assert_false(inventory_read(&o, &a, &inv, &unit_err));
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
}

static void
this_machine(void **state)
{
	ARENA_AUTO a = { 0 };
	struct inventory inv;
	struct inventory_options o = { .root = "/", .live = true };

	if (!inventory_read(&o, &a, &inv, &unit_err)) {
		if (unit_err.code != ERR_NOT_FOUND)
			fail_msg("%s", unit_err.text);
		arena_free(&a);
		skip();
	}
	assert_true(inv.packages.count > 10);
	assert_int_equal(inv.packages.bad, 0);
	assert_true(inv.hardware.memory > 0);
	assert_int_equal(inv.boot_id.len, 36);
	assert_true(inv.running_kernel.len > 0);
}

static struct inventory
with_kernels(struct arena *a, const char *manager, const char *running, const struct package *packages, size_t count)
{
	struct inventory inv = { .running_kernel = str_of(running), .packages = { .manager = manager } };

	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(a, &inv.packages) = packages[i];
	package_list_sort(&inv.packages);
	kernels_find(&inv, a);
	return inv;
}

#define PACKAGE(n, v, ar) \
	{ \
		.name = { n, sizeof(n) - 1 }, .version = { v, sizeof(v) - 1 }, .arch = { ar, sizeof(ar) - 1 } \
	}

static void
an_older_running_kernel_asks_for_a_restart(void **state)
{
	ARENA_AUTO a = { 0 };
	static const struct package deb[] = {
		PACKAGE("linux-image-6.1.0-9-amd64", "6.1.27-1", "amd64"),
		PACKAGE("linux-image-6.1.0-37-amd64", "6.1.140-1", "amd64"),
		PACKAGE("linux-image-6.1.0-38-cloud-amd64", "6.1.147-1", "amd64"),
	};
	struct inventory inv = with_kernels(&a, "dpkg", "6.1.0-9-amd64", deb, COUNT(deb));

	kernel_reboot_signals(&inv, STR(""), &a);
	assert_int_equal(inv.kernels.count, 3);
	assert_int_equal(inv.reboot_signals.count, 1);
	assert_str(inv.reboot_signals.items[0], "kernel 6.1.0-9-amd64 → 6.1.0-37-amd64");
	inv = with_kernels(&a, "dpkg", "6.1.0-37-amd64", deb, COUNT(deb));
	kernel_reboot_signals(&inv, STR("Linux version 6.1.0-37-amd64 (x) #1 SMP Debian 6.1.140-1 (2025-05-22)"), &a);
	assert_int_equal(inv.reboot_signals.count, 0);
	/* The same name was installed anew since the start. */
	kernel_reboot_signals(&inv, STR("Linux version 6.1.0-37-amd64 (x) #1 SMP Debian 6.1.137-1 (2025-05-01)"), &a);
	assert_int_equal(inv.reboot_signals.count, 1);
	assert_str(inv.reboot_signals.items[0], "kernel 6.1.0-37-amd64: 6.1.137-1 → 6.1.140-1");
}

static void
kernels_of_rpm_and_apk(void **state)
{
	ARENA_AUTO a = { 0 };
	static const struct package rpm[] = {
		PACKAGE("kernel", "5.14.0-503.el9", "x86_64"),
		PACKAGE("kernel-core", "5.14.0-427.el9", "x86_64"),
		PACKAGE("kernel-core", "5.14.0-503.el9", "x86_64"),
	};
	static const struct package old[] = { PACKAGE("kernel", "3.10.0-1160.el7", "x86_64") };
	static const struct package apk[] = { PACKAGE("linux-lts", "6.6.31-r0", "x86_64"),
					      PACKAGE("linux-pam", "1.6-r0", "x86_64") };
	struct inventory inv = with_kernels(&a, "rpm", "5.14.0-427.el9.x86_64", rpm, COUNT(rpm));

	kernel_reboot_signals(&inv, STR(""), &a);
	assert_int_equal(inv.kernels.count, 2);
	assert_str(inv.reboot_signals.items[0], "kernel 5.14.0-427.el9.x86_64 → 5.14.0-503.el9.x86_64");
	inv = with_kernels(&a, "rpm", "", old, COUNT(old));
	assert_int_equal(inv.kernels.count, 1);
	assert_str(inv.kernels.items[0].release, "3.10.0-1160.el7.x86_64");
	inv = with_kernels(&a, "apk", "6.6.31-0-lts", apk, COUNT(apk));
	assert_int_equal(inv.kernels.count, 1);
	assert_true(inv.kernels.items[0].running);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(a_root_folder_is_read_without_running_anything),
		unit_test_in_folder(a_folder_without_a_system_is_said),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(an_older_running_kernel_asks_for_a_restart),
		cmocka_unit_test(kernels_of_rpm_and_apk),
	};

	return cmocka_run_group_tests_name("plan/inventory", tests, NULL, NULL);
}
