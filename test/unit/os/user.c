#include "os/user.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/machine.h"
#include "unit.h"

static void
unknown_names_and_root_are_nobody(void **state)
{
	assert_int_equal(user_find("no-such-user-here").uid, USER_NOBODY);
	assert_int_equal(user_find("root").uid, USER_NOBODY);
	assert_int_equal(user_find("daemon").uid, 1);
}

static int
drop_in_child(void)
{
	struct err e = { 0 };
	struct user u = { USER_NOBODY, USER_NOBODY };
	bool was_root = geteuid() == 0;

	if (!user_drop(u, &e))
		return 1;
	if (was_root && (getuid() != USER_NOBODY || getgid() != USER_NOBODY || getgroups(0, NULL) != 0))
		return 2;
	if (was_root && (setuid(0) == 0 || access("/etc/shadow", R_OK) == 0))
		return 3;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

static void
dropped_rights_do_not_come_back(void **state)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(drop_in_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
the_fingerprint_is_steady(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO one = { 0 }, two = { 0 };
	struct machine m;
	struct root r;

	unit_put(state, "etc/machine-id", STR("0123456789abcdef0123456789abcdef\n"));
	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	machine_read(&r, &a, &m);
	assert_str(m.machine_id, "0123456789abcdef0123456789abcdef");
	machine_fingerprint_input(&m, &one);
	machine_read(&r, &a, &m);
	machine_fingerprint_input(&m, &two);
	root_close(&r);
	assert_str(buf_str(&one), buf_cstr(&two));
	assert_true(str_starts(buf_str(&one), STR("0123456789abcdef0123456789abcdef\n")));
	assert_true(m.boot_id.len == 36);
	assert_true(m.kernel.len > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_names_and_root_are_nobody),
		cmocka_unit_test(dropped_rights_do_not_come_back),
		unit_test_in_folder(the_fingerprint_is_steady),
	};

	return cmocka_run_group_tests_name("os/user", tests, NULL, NULL);
}
