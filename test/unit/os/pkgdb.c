#include "os/pkgdb.h"

#include <unistd.h>

#include "os/proc.h"
#include "unit.h"

#define SAMPLES "../shared/data/package-databases"

static struct package_list
dpkg(struct arena *a, struct str text)
{
	struct package_list l = { 0 };

	assert_ok(dpkg_parse_status(text, a, &l, &unit_err));
	return l;
}

static void
dpkg_source_with_and_without_version(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l =
		dpkg(&a, STR("Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9\n"
			     "Architecture: amd64\nDescription: C library\n Package: not this one\n\n"
			     "Package: binutils-x\nStatus: hold ok installed\nSource: binutils (2.40-2)\n"
			     "Version: 10+2.40\nArchitecture: all\n\n"
			     "Package: acl\nStatus: install ok installed\nVersion: 2.3.1-3\n"));

	assert_int_equal(l.count, 3);
	assert_int_equal(l.bad, 0);
	assert_str(l.items[0].source, "glibc");
	assert_str(l.items[0].source_version, "2.36-9");
	assert_str(l.items[1].source, "binutils");
	assert_str(l.items[1].source_version, "2.40-2");
	assert_str(l.items[1].version, "10+2.40");
	assert_str(l.items[2].source, "acl");
	assert_str(l.items[2].source_version, "2.3.1-3");
}

static void
dpkg_broken_stanzas_never_lose_the_good_ones(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = dpkg(&a, STR("Package: one\nStatus: install ok installed\nVersion: 1\n\n"
					     "Status: install ok installed\nVersion: 2\n\n" /* no name */
					     "Package: three\nStatus: install ok installed\n\n" /* no version */
					     "Package: four\nStatus: install ok installed\nVersion: 4\nPackage: "
					     "five\nVersion: 5\n\n" /* run together */
					     "asdf\n\n"
					     "Package: six\nVersion: 6\n\n" /* no status */
					     "Package: se ven\nStatus: install ok installed\nVersion: 7\n\n"
					     "Package: eight\nStatus: install ok installed\nVersion: \xff\n\n"
					     "Package: nine\nStatus: install ok mislaid\nVersion: 9\n\n"
					     "Package: ten\nStatus: install ok installed\nVersion: 10"));

	assert_int_equal(l.count, 2);
	assert_int_equal(l.bad, 8);
	assert_str(l.items[0].name, "one");
	assert_str(l.items[1].name, "ten");
}

static void
dpkg_only_what_is_on_disk(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = dpkg(&a, STR("Package: rc\nStatus: deinstall ok config-files\nVersion: 1\n\n"
					     "Package: hi\nStatus: install reinstreq half-installed\nVersion: 1\n\n"
					     "Package: no\nStatus: unknown ok not-installed\nArchitecture: all\n\n"
					     "Package: un\nStatus: install ok unpacked\nVersion: 1\n\n"
					     "Package: tr\nStatus: install ok triggers-pending\nVersion: 1\n"));

	assert_int_equal(l.bad, 0);
	assert_int_equal(l.count, 2);
	assert_str(l.items[0].name, "un");
	assert_true(l.items[0].unfinished);
	assert_str(l.items[1].name, "tr");
	assert_false(l.items[1].unfinished);
}

static struct package_list
read_root(void **state, struct arena *a)
{
	struct package_list l = { 0 };
	struct root r;

	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	assert_ok(pkgdb_read(&r, a, &l, &unit_err));
	root_close(&r);
	return l;
}

static void
dpkg_journal_and_image_folder(void **state)
{
	ARENA_AUTO a = { 0 };

	unit_put(state, "var/lib/dpkg/status",
		 STR("Package: b\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
		     "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"));
	unit_put(state, "var/lib/dpkg/updates/0001",
		 STR("Package: b\nStatus: install ok unpacked\nArchitecture: amd64\nVersion: 2\n"));
	unit_put(state, "var/lib/dpkg/updates/tmp.i", STR("Package: a\nStatus: install ok installed\nVersion: 9\n"));
	unit_put(state, "var/lib/dpkg/status.d/base", STR("Package: base\nArchitecture: amd64\nVersion: 3\n"));
	unit_put(state, "var/lib/dpkg/status.d/base.md5sums", STR("d41d8cd98f00b204e9800998ecf8427e  etc/x\n"));
	struct package_list l = read_root(state, &a);
	assert_string_equal(l.manager, "dpkg");
	assert_int_equal(l.bad, 0);
	assert_int_equal(l.count, 3);
	assert_str(l.items[0].name, "a");
	assert_str(l.items[0].version, "1");
	assert_str(l.items[1].version, "2");
	assert_true(l.items[1].unfinished);
	assert_str(l.items[2].name, "base");
	size_t n;
	assert_ptr_equal(package_list_find(&l, STR("b"), &n), &l.items[1]);
	assert_int_equal(n, 1);
	assert_null(package_list_find(&l, STR("bb"), &n));
}

static void
apk_origin_and_broken_stanzas(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = { 0 };

	assert_ok(apk_parse_installed(STR("C:Q1Y=\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\nF:lib\nR:x\nZ:Q1\n\n"
					  "P:noorigin\nV:1\nA:noarch\n\nP:noversion\n\nyolo\n"),
				      &a, &l, &unit_err));
	assert_int_equal(l.count, 2);
	assert_int_equal(l.bad, 2);
	assert_str(l.items[0].source, "openssl");
	assert_str(l.items[0].source_version, "3.1.4-r5");
	assert_str(l.items[1].source, "noorigin");
}

static void
rpm_epochs_and_sources(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = { 0 };

	assert_ok(rpm_parse_query(STR("bash\t0\t5.1.8\t6.el9\tx86_64\tbash-5.1.8-6.el9.src.rpm\n"
				      "dbus-libs\t1\t1.12.20\t8.el9\tx86_64\tdbus-1.12.20-8.el9.src.rpm\n"
				      "gpg-pubkey\t0\tb86b3716\t61e69f29\t(none)\t(none)\n"
				      "own\t0\t1\t1\tnoarch\t(none)\nhalf a line\n"),
				  &a, &l, &unit_err));
	assert_int_equal(l.count, 3);
	assert_int_equal(l.bad, 1);
	assert_str(l.items[0].version, "5.1.8-6.el9");
	assert_str(l.items[1].version, "1:1.12.20-8.el9");
	assert_str(l.items[1].source, "dbus");
	assert_str(l.items[1].source_version, "1:1.12.20-8.el9");
	assert_str(l.items[2].source, "own");
}

static bool
have(const char *program)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { program, "--version", NULL };
	struct proc_spec s = { .argv = argv };

	return runner_run(&runner_system, &s, &r, NULL) && r.status == 0;
}

/* A real database, made by rpm itself: an own package built and installed into the test's folder. */
static void
rpm_real_database(void **state)
{
	ARENA_AUTO a = { 0 };

	if (!have("rpm") || !have("rpmbuild"))
		skip();
	unit_put(state, "t.spec",
		 STR("Name: tool-libs\nEpoch: 2\nVersion: 1.4\nRelease: 7\nSummary: x\nLicense: x\n"
		     "BuildArch: noarch\n%description\nx\n%files\n"));
	const char *dir = unit_dir(state);
	struct str top = arena_printf(&a, "_topdir %s/build", dir);
	const char *build[] = { "rpmbuild", "-bb", "--quiet", "--define", top.ptr, unit_path(state, "t.spec"), NULL };
	struct str db = arena_printf(&a, "%s/root/usr/lib/sysimage/rpm", dir);
	struct str file = arena_printf(&a, "%s/build/RPMS/noarch/tool-libs-1.4-7.noarch.rpm", dir);
	const char *install[] = { "rpm", "--dbpath", db.ptr, "-i", "--justdb", "--nodeps", file.ptr, NULL };
	const char *const *steps[] = { build, install };

	assert_ok(dir_make(db.ptr, 0755, &unit_err));
	for (size_t i = 0; i < COUNT(steps); i++) {
		PROC_RESULT_AUTO r = { 0 };
		struct proc_spec s = { .argv = steps[i] };
		assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
		if (r.status != 0)
			fail_msg("%s: %s", steps[i][0], buf_cstr(&r.err));
	}
	struct package_list l = { 0 };
	struct root r;
	assert_ok(root_open(&r, unit_path(state, "root"), &unit_err));
	assert_ok(pkgdb_read(&r, &a, &l, &unit_err));
	root_close(&r);
	assert_string_equal(l.manager, "rpm");
	assert_int_equal(l.count, 1);
	assert_str(l.items[0].name, "tool-libs");
	assert_str(l.items[0].version, "2:1.4-7");
	assert_str(l.items[0].arch, "noarch");
	assert_str(l.items[0].source, "tool-libs");
	struct package_list told = { 0 };
	assert_ok(rpm_program_query(db.ptr, &a, &told, &unit_err));
	assert_int_equal(told.count, 1);
	assert_str(told.items[0].version, "2:1.4-7");
}

static void
rpm_damaged_database_is_an_error(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = { 0 };
	struct root r;

	if (!have("rpm"))
		skip();
	unit_put(state, "var/lib/rpm/rpmdb.sqlite", STR("this is no database at all\n"));
	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	assert_false(pkgdb_read(&r, &a, &l, &unit_err));
	root_close(&r);
	assert_int_equal(unit_err.code, ERR_INPUT);
}

static void
no_database_is_said(void **state)
{
	ARENA_AUTO a = { 0 };
	struct package_list l = { 0 };
	struct root r;

	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	assert_false(pkgdb_read(&r, &a, &l, &unit_err));
	root_close(&r);
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(unit_err.text, unit_dir(state)));
}

struct sample {
	const char *path;
	bool (*parse)(struct str text, struct arena *a, struct package_list *out, struct err *e);
	size_t count, bad;
};

static void
collected_samples(void **state)
{
	static const struct sample samples[] = {
		{ SAMPLES "/dpkg/dpkg/valid", dpkg_parse_status, 7, 0 },
		{ SAMPLES "/dpkg/dpkg/single", dpkg_parse_status, 1, 0 },
		{ SAMPLES "/dpkg/dpkg/nopackage", dpkg_parse_status, 2, 1 },
		{ SAMPLES "/dpkg/dpkg/noversion", dpkg_parse_status, 2, 1 },
		{ SAMPLES "/dpkg/dpkg/trailingnewlines", dpkg_parse_status, 1, 0 },
		{ SAMPLES "/dpkg/dpkg/invalid", dpkg_parse_status, 0, 2 },
		{ SAMPLES "/dpkg/dpkg/empty", dpkg_parse_status, 0, 0 },
		{ SAMPLES "/dpkg/dpkg/statusfield", dpkg_parse_status, 4, 1 },
		{ SAMPLES "/dpkg/opkg/single", dpkg_parse_status, 1, 0 },
		{ SAMPLES "/apk/installed", apk_parse_installed, 15, 0 },
		{ SAMPLES "/apk/no-origin", apk_parse_installed, 1, 0 },
		{ SAMPLES "/apk/invalid", apk_parse_installed, 0, 2 },
	};

	if (access(SAMPLES, R_OK) != 0)
		skip();
	for (size_t i = 0; i < COUNT(samples); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		struct package_list l = { 0 };
		assert_ok(file_read(samples[i].path, 1 << 20, &text, &unit_err));
		assert_ok(samples[i].parse(buf_str(&text), &a, &l, &unit_err));
		if (l.count != samples[i].count || l.bad != samples[i].bad)
			fail_msg("%s: %zu packages and %zu broken", samples[i].path, l.count, l.bad);
	}
}

static void
what_steers_a_terminal_is_no_word(void **state)
{
	static const char *const bad[] = { "",          "a b",           "a\n",           "a\x1b[31m", "a\x7f",
					   "a\xc2\x9b", "a\xe2\x80\xae", "a\xe2\x81\xa6", "\xff" };

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(package_word_valid(str_of(bad[i])));
	assert_true(package_word_valid(STR("libc++-dev")));
	assert_true(package_word_valid(STR("守り")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_source_with_and_without_version),
		cmocka_unit_test(dpkg_broken_stanzas_never_lose_the_good_ones),
		cmocka_unit_test(dpkg_only_what_is_on_disk),
		unit_test_in_folder(dpkg_journal_and_image_folder),
		cmocka_unit_test(apk_origin_and_broken_stanzas),
		cmocka_unit_test(rpm_epochs_and_sources),
		unit_test_in_folder(rpm_real_database),
		unit_test_in_folder(rpm_damaged_database_is_an_error),
		unit_test_in_folder(no_database_is_said),
		cmocka_unit_test(collected_samples),
		cmocka_unit_test(what_steers_a_terminal_is_no_word),
	};

	return cmocka_run_group_tests_name("os/pkgdb", tests, NULL, NULL);
}
