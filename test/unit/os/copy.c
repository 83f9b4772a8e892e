#include "os/copy.h"
#include "os/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static void
add_piece(void *user, struct str piece)
{
	buf_add(user, piece);
}

static void
a_copy_has_content_and_mode_and_was_seen(void **state)
{
	BUF_AUTO content = { 0 };
	BUF_AUTO seen = { 0 };
	BUF_AUTO got = { 0 };
	struct stat st;
	const char *from = unit_path(state, "from"), *to = unit_path(state, "to");

	for (int i = 0; i < 100000; i++)
		buf_addf(&content, "%d,", i);
	assert_ok(file_write(from, buf_str(&content), 0600, &unit_err));
	assert_ok(file_write(to, STR("longer than nothing, and replaced"), 0600, &unit_err));
	assert_ok(file_copy(from, to, 0644, add_piece, &seen, &unit_err));
	assert_ok(file_read(to, content.len, &got, &unit_err));
	assert_true(str_eq(buf_str(&got), buf_str(&content)));
	assert_true(str_eq(buf_str(&seen), buf_str(&content)));
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void
what_is_no_file_is_not_copied(void **state)
{
	const char *to = unit_path(state, "to");

	assert_false(file_copy(unit_path(state, "."), to, 0644, NULL, NULL, &unit_err));
	assert_int_equal(unit_err.code, ERR_INPUT);
	assert_false(file_copy("/dev/zero", to, 0644, NULL, NULL, &unit_err));
	assert_int_equal(unit_err.code, ERR_INPUT);
	assert_false(file_copy(unit_path(state, "none"), to, 0644, NULL, NULL, &unit_err));
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
	assert_false(file_exists(to));
	/* Nor is anything written through a link that somebody left there. */
	assert_ok(file_write(unit_path(state, "from"), STR("x"), 0644, &unit_err));
	assert_int_equal(symlink("elsewhere", to), 0);
	assert_false(file_copy(unit_path(state, "from"), to, 0644, NULL, NULL, &unit_err));
	assert_false(file_exists(unit_path(state, "elsewhere")));
}

static void
names_change_at_once(void **state)
{
	char target[64];
	const char *link = unit_path(state, "current");

	assert_ok(file_write(unit_path(state, "a"), STR("a"), 0644, &unit_err));
	assert_ok(file_move(unit_path(state, "a"), unit_path(state, "b"), &unit_err));
	assert_false(file_exists(unit_path(state, "a")));
	assert_true(file_exists(unit_path(state, "b")));
	assert_false(file_move(unit_path(state, "a"), unit_path(state, "b"), &unit_err));
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
	assert_ok(link_replace(link, "one", &unit_err));
	assert_ok(link_replace(link, "two", &unit_err));
	assert_int_equal(readlink(link, target, sizeof(target)), 3);
	assert_memory_equal(target, "two", 3);
	/* One that a crash has left in between is in nobody's way. */
	assert_int_equal(symlink("three", unit_path(state, "current.next")), 0);
	assert_ok(link_replace(link, "four", &unit_err));
	assert_int_equal(readlink(link, target, sizeof(target)), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(a_copy_has_content_and_mode_and_was_seen),
		unit_test_in_folder(what_is_no_file_is_not_copied),
		unit_test_in_folder(names_change_at_once),
	};

	return cmocka_run_group_tests_name("os/copy", tests, NULL, NULL);
}
