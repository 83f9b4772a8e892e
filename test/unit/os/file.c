#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void
written_content_and_mode_are_there(void **state)
{
	BUF_AUTO got = { 0 };
	struct stat st;
	const char *path = unit_path(state, "a");

	assert_ok(file_write(path, STR("one"), 0640, &unit_err));
	assert_ok(file_write(path, STR("two\n"), 0600, &unit_err));
	assert_ok(file_read(path, 4, &got, &unit_err));
	assert_str(buf_str(&got), "two\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_size(path), 4);
}

/* As on a USB stick: changing a mode is refused by the kernel. */
static bool
without_modes(void)
{
	struct sock_filter rows[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fchmod, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(rows), rows };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void
where_there_are_no_modes_only_what_all_may_read_is_written(void **state)
{
	const char *open_path = unit_path(state, "open"), *secret = unit_path(state, "secret");
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct err e = { 0 };
		if (!without_modes())
			_exit(77);
		if (!file_write(open_path, STR("metadata"), 0644, &e))
			_exit(1);
		_exit(file_write(secret, STR("password"), 0600, &e) || e.code != ERR_REFUSED ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip(); /* a kernel without filters */
	assert_int_equal(status, 0);
	assert_true(file_exists(open_path));
	assert_false(file_exists(secret));
}

static void
no_temporary_file_stays(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;

	assert_ok(file_write(unit_path(state, "b"), STR("x"), 0600, &unit_err));
	assert_false(file_write(unit_path(state, "missing/b"), STR("x"), 0600, &unit_err));
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
	assert_ok(dir_list(&a, unit_dir(state), 10, &names, &count, &unit_err));
	assert_int_equal(count, 1);
	assert_str(names[0], "b");
}

static void
more_than_the_cap_is_refused_and_leaves_the_buffer(void **state)
{
	BUF_AUTO got = { 0 };

	buf_add(&got, STR("before"));
	assert_ok(file_write(unit_path(state, "c"), STR("12345"), 0600, &unit_err));
	assert_false(file_read(unit_path(state, "c"), 4, &got, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
	assert_str(buf_str(&got), "before");
	/* A file that does not say its size is capped as well. */
	assert_false(file_read("/proc/self/status", 10, &got, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
}

static void
folders_are_made_and_removed_without_following_links(void **state)
{
	assert_ok(dir_make(unit_path(state, "keep"), 0700, &unit_err));
	assert_ok(file_write(unit_path(state, "keep/file"), STR("x"), 0600, &unit_err));
	assert_ok(dir_make(unit_path(state, "gone/deep/er"), 0700, &unit_err));
	assert_ok(file_write(unit_path(state, "gone/deep/f"), STR("x"), 0600, &unit_err));
	assert_int_equal(symlink("../keep", unit_path(state, "gone/link")), 0);
	assert_ok(dir_remove_all(unit_path(state, "gone"), &unit_err));
	assert_false(file_exists(unit_path(state, "gone")));
	assert_true(file_exists(unit_path(state, "keep/file")));
	assert_ok(dir_remove_all(unit_path(state, "gone"), &unit_err));
}

static void
listing_is_sorted_and_capped(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str *names;
	size_t count;

	for (const char *const *n = (const char *const[]){ "z", "a", "m", NULL }; *n; n++)
		assert_ok(file_write(unit_path(state, *n), STR(""), 0600, &unit_err));
	assert_ok(dir_list(&a, unit_dir(state), 3, &names, &count, &unit_err));
	assert_str(names[0], "a");
	assert_str(names[2], "z");
	assert_false(dir_list(&a, unit_dir(state), 2, &names, &count, &unit_err));
	assert_int_equal(unit_err.code, ERR_TOO_LARGE);
}

static void
a_lock_is_held_until_it_is_closed(void **state)
{
	FD_AUTO first = -1;
	FD_AUTO second = -1;

	assert_ok(file_lock(unit_path(state, "lock"), &first, &unit_err));
	assert_false(file_lock(unit_path(state, "lock"), &second, &unit_err));
	assert_int_equal(unit_err.code, ERR_BUSY);
	fd_cleanup(&first);
	assert_ok(file_lock(unit_path(state, "lock"), &second, &unit_err));
}

static void
links_in_a_root_stay_inside(void **state)
{
	BUF_AUTO got = { 0 };
	struct root r;
	FD_AUTO fd = -1;

	assert_ok(dir_make(unit_path(state, "root/etc"), 0755, &unit_err));
	assert_ok(file_write(unit_path(state, "root/etc/inside"), STR("inside"), 0600, &unit_err));
	assert_ok(file_write(unit_path(state, "secret"), STR("outside"), 0600, &unit_err));
	assert_int_equal(symlink("../../../../secret", unit_path(state, "root/etc/up")), 0);
	assert_int_equal(symlink("/etc/inside", unit_path(state, "root/etc/absolute")), 0);
	assert_int_equal(symlink(unit_path(state, "secret"), unit_path(state, "root/etc/out")), 0);
	assert_int_equal(mkfifo(unit_path(state, "root/etc/fifo"), 0600), 0);
	assert_ok(root_open(&r, unit_path(state, "root"), &unit_err));
	assert_ok(root_read(&r, "/etc/absolute", 100, &got, &unit_err));
	assert_str(buf_str(&got), "inside");
	assert_false(root_read(&r, "/etc/up", 100, &got, &unit_err));
	assert_false(root_read(&r, "/etc/out", 100, &got, &unit_err));
	assert_false(root_read(&r, "../secret", 100, &got, &unit_err));
	fd = root_open_file(&r, "/etc/fifo");
	assert_int_equal(fd, -1);
	assert_false(root_exists(&r, "/etc/nothing"));
	root_close(&r);
}

static void
paths_join_with_one_slash(void **state)
{
	ARENA_AUTO a = { 0 };

	assert_string_equal(path_join(&a, "/a/", "/b"), "/a/b");
	assert_string_equal(path_join(&a, "/a", "b/c"), "/a/b/c");
	assert_string_equal(path_join(&a, "/", "b"), "/b");
}

static void
a_folder_that_others_may_write_to_keeps_no_secrets(void **state)
{
	const char *path = unit_path(state, "private");
	struct err e = { 0 };

	assert_ok(dir_make(path, 0700, &unit_err));
	assert_ok(dir_check_private(path, geteuid(), &unit_err));
	for (unsigned mode = 0720; mode != 0; mode = mode == 0720 ? 0702 : 0) {
		assert_int_equal(chmod(path, mode), 0);
		assert_false(dir_check_private(path, geteuid(), &e));
		assert_int_equal(e.code, ERR_REFUSED);
	}
	assert_int_equal(chmod(path, 0755), 0);
	assert_ok(dir_check_private(path, geteuid(), &unit_err));
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_false(dir_check_private(path, 54321, &e));
	assert_ok(dir_check_private(path, 12345, &unit_err));
}

static void
the_time_of_a_file_is_told_without_following_anything(void **state)
{
	const struct timespec then[2] = { { .tv_sec = 1700000000, .tv_nsec = 5000000 },
					  { .tv_sec = 1700000000, .tv_nsec = 5000000 } };
	struct root r;
	int64_t at = 0;

	assert_ok(dir_make(unit_path(state, "var/backups"), 0755, &unit_err));
	assert_ok(file_write(unit_path(state, "var/backups/done"), STR(""), 0644, &unit_err));
	assert_int_equal(utimensat(AT_FDCWD, unit_path(state, "var/backups/done"), then, 0), 0);
	assert_int_equal(symlink("var", unit_path(state, "link")), 0);
	assert_int_equal(symlink("done", unit_path(state, "var/backups/last")), 0);
	assert_int_equal(mkfifo(unit_path(state, "var/backups/fifo"), 0644), 0);
	assert_ok(root_open(&r, unit_dir(state), &unit_err));
	assert_ok(root_written_at(&r, "/var/backups/done", &at, &unit_err));
	assert_true(at == 1700000000005);
	static const struct {
		const char *path;
		enum err_code code;
		const char *words;
	} rows[] = {
		{ "/var/backups/none", ERR_NOT_FOUND, "there is no" },
		{ "/var/none/done", ERR_NOT_FOUND, "there is no" },
		{ "/link/backups/done", ERR_REFUSED, "on the way" },
		{ "/var/backups/last", ERR_REFUSED, "is a link" },
		{ "/var/backups/fifo", ERR_REFUSED, "is no file" },
		{ "/var/backups", ERR_REFUSED, "is no file" },
		{ "/var/../var/backups/done", ERR_SYSTEM, "looking at" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(root_written_at(&r, rows[i].path, &at, &unit_err));
		assert_int_equal(unit_err.code, rows[i].code);
		assert_non_null(strstr(unit_err.text, rows[i].words));
	}
	/* Where everybody may write, everybody may say that there was a backup. */
	assert_int_equal(chmod(unit_path(state, "var/backups/done"), 0646), 0);
	assert_false(root_written_at(&r, "/var/backups/done", &at, &unit_err));
	assert_int_equal(chmod(unit_path(state, "var/backups/done"), 0644), 0);
	assert_int_equal(chmod(unit_path(state, "var/backups"), 01777), 0);
	assert_false(root_written_at(&r, "/var/backups/done", &at, &unit_err));
	assert_int_equal(unit_err.code, ERR_REFUSED);
	root_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(written_content_and_mode_are_there),
		unit_test_in_folder(where_there_are_no_modes_only_what_all_may_read_is_written),
		unit_test_in_folder(no_temporary_file_stays),
		unit_test_in_folder(more_than_the_cap_is_refused_and_leaves_the_buffer),
		unit_test_in_folder(folders_are_made_and_removed_without_following_links),
		unit_test_in_folder(listing_is_sorted_and_capped),
		unit_test_in_folder(a_lock_is_held_until_it_is_closed),
		unit_test_in_folder(links_in_a_root_stay_inside),
		unit_test_in_folder(the_time_of_a_file_is_told_without_following_anything),
		unit_test_in_folder(a_folder_that_others_may_write_to_keeps_no_secrets),
		cmocka_unit_test(paths_join_with_one_slash),
	};

	return cmocka_run_group_tests_name("os/file", tests, NULL, NULL);
}
