/* The real dnf and rpm, with packages and a source of our own, in a root of our own. Skips where they are missing. */
#include "fake.h"

#include <unistd.h>

/* dnf of this machine, working on the test's root instead of inside it. */
static bool
run_for_root(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	void **state = user;
	ARENA_AUTO a = { 0 };
	ARRAY_OF(const char *) v = { 0 };
	struct proc_spec s = *spec;
	const char *root = unit_path(state, "root");
	const char *const options[] = { "dnf",
					"--installroot",
					root,
					"--setopt=reposdir=/nonexistent",
					"--setopt=cachedir=/var/cache/dnf",
					"--setopt=tsflags=nodb_sync",
					"--nogpgcheck",
					"--releasever=9",
					"--repofrompath",
					arena_printf(&a, "own,file://%s/repo", unit_dir(state)).ptr };

	for (size_t i = 0; i < COUNT(options); i++)
		*ARRAY_PUSH(&a, &v) = options[i];
	for (const char *const *arg = spec->argv + 1; *arg; arg++)
		*ARRAY_PUSH(&a, &v) = *arg;
	*ARRAY_PUSH(&a, &v) = NULL;
	s.argv = v.items;
	/* Debian's rpm keeps its database elsewhere; here it is where a system of rpm's has it. */
	unit_put(state, "home/.rpmmacros", STR("%_dbpath /usr/lib/sysimage/rpm\n"));
	const char *env[] = { arena_printf(&a, "HOME=%s", unit_path(state, "home")).ptr, NULL };
	s.env = env;
	s.root = NULL;
	return runner_run(&runner_system, &s, r, e);
}

static bool
command(const char *const *argv)
{
	PROC_RESULT_AUTO r = { 0 };
	struct proc_spec s = { .argv = argv };

	if (!runner_run(&runner_system, &s, &r, &unit_err))
		return false;
	if (r.status != 0)
		print_message("%s: %s\n", argv[0], buf_cstr(&r.err));
	return r.status == 0;
}

static void
package_build(void **state, const char *version, const char *name)
{
	ARENA_AUTO a = { 0 };
	struct str top = arena_printf(&a, "_topdir %s/build", unit_dir(state));
	struct str rpms = arena_printf(&a, "_rpmdir %s/repo", unit_dir(state));
	const char *argv[] = { "rpmbuild", "-bb",      "--quiet", "--define",
			       top.ptr,    "--define", rpms.ptr,  unit_path(state, "t.spec"),
			       NULL };

	unit_put(state, "t.spec",
		 arena_printf(
			 &a,
			 "Name: tool\nEpoch: 1\nVersion: %s\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n"
			 "%%description\nx\n%%package %s\nSummary: y\n%%description %s\ny\n%%files\n%%files %s\n",
			 version, name, name, name));
	assert_true(command(argv));
}

static void
an_own_source_is_planned_staged_and_applied(void **state)
{
	ARENA_AUTO a = { 0 };
	const char *have[] = { "dnf", "--version", NULL }, *tool[] = { "createrepo_c", "--version", NULL };
	const char *build[] = { "rpmbuild", "--version", NULL };
	const char *index[] = { "createrepo_c", "-q", unit_path(state, "repo"), NULL };
	struct runner runner = { run_for_root, state };
	struct pkgmgr_ctx c = fake_ctx(state, &runner);
	struct patch_list l;
	struct apply_result r;

	if (geteuid() != 0 || !command(have) || !command(tool) || !command(build))
		skip();
	c.stage_dir = unit_path(state, "stage");
	package_build(state, "1.0", "libs");
	assert_true(command(index));
	assert_ok(dir_make(unit_path(state, "root"), 0755, &unit_err));
	const char *first[] = { "dnf", "-q", "-y", "install", "tool", "tool-libs", NULL };
	struct proc_spec s = { .argv = first };
	PROC_RESULT_AUTO installed = { 0 };
	assert_ok(run_for_root(state, &s, &installed, &unit_err));
	if (installed.status != 0)
		fail_msg("%s", buf_cstr(&installed.err));
	package_build(state, "1.2", "libs");
	assert_true(command(index));
	assert_ok(pkgmgr_dnf.refresh(&c, &unit_err));
	assert_ok(pkgmgr_dnf.plan(&c, &a, &l, &unit_err));
	assert_int_equal(l.patches.count, 1);
	assert_str(l.patches.items[0].id, "rpm:tool@1:1.2-1");
	assert_str(l.patches.items[0].title, "tool 1:1.0-1 → 1:1.2-1");
	assert_str(l.patches.items[0].origins, "own");
	assert_int_equal(l.patches.items[0].packages.count, 2);
	assert_true(l.patches.items[0].size > 0);
	assert_false(l.patches.items[0].staged);
	assert_ok(pkgmgr_dnf.stage(&c, l.patches.items, 1, &unit_err));
	assert_ok(pkgmgr_dnf.plan(&c, &a, &l, &unit_err));
	assert_true(l.patches.items[0].staged);
	assert_ok(pkgmgr_dnf.apply(&c, l.patches.items, 1, &a, &r, &unit_err));
	assert_int_equal(r.outcome, APPLY_INSTALLED);
	assert_ok(pkgmgr_dnf.plan(&c, &a, &l, &unit_err));
	assert_int_equal(l.patches.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(an_own_source_is_planned_staged_and_applied),
	};

	return cmocka_run_group_tests_name("plan/pkgmgr-dnf", tests, NULL, NULL);
}
