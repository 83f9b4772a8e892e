#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "base/tr.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static void
says_what_and_why(void **state)
{
	struct err e = { 0 };

	assert_false(err_set(&e, ERR_INPUT, "line %d is broken", 3));
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, "line 3 is broken");
	assert_false(err_wrap(&e, "%s", "feed kev"));
	assert_false(err_wrap(&e, "import"));
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, "import: feed kev: line 3 is broken");
	assert_false(err_set(&e, ERR_BUSY, "again: %s", e.text)); /* its own text may be an argument */
	assert_string_equal(e.text, "again: import: feed kev: line 3 is broken");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	assert_string_equal(e.text, "");
	assert_false(err_set(NULL, ERR_INPUT, "x"));
	assert_false(err_wrap(NULL, "x"));
}

static enum err_code
code_of(int number)
{
	struct err e = { 0 };

	errno = number;
	assert_false(err_sys(&e, "open /x"));
	assert_true(str_starts(str_of(e.text), STR("open /x: ")));
	return e.code;
}

static void
the_systems_words_become_codes(void **state)
{
	struct err e = { 0 };

	assert_int_equal(code_of(ENOSPC), ERR_NO_SPACE);
	assert_int_equal(code_of(EDQUOT), ERR_NO_SPACE);
	assert_int_equal(code_of(ENOENT), ERR_NOT_FOUND);
	assert_int_equal(code_of(EACCES), ERR_REFUSED);
	assert_int_equal(code_of(EPERM), ERR_REFUSED);
	assert_int_equal(code_of(EIO), ERR_SYSTEM);
	errno = ENOENT;
	err_sys(&e, "open %s", "/x");
	assert_string_equal(e.text, "open /x: No such file or directory");
	lang_set_thread(LANG_JA);
	errno = ENOENT;
	err_sys(&e, "open %s", "/x");
	lang_set_thread(LANG_EN);
	assert_string_equal(e.text, "open /x: ファイルまたはフォルダーがありません");
}

static void
a_strangers_words_stay_one_clean_line(void **state)
{
	struct err e = { 0 };

	err_set(&e, ERR_INPUT, "name %s", "a\nb\x1b[2J\xff\xc2\x9b皮膚科\xe2\x80\xae!");
	assert_string_equal(e.text, "name a b [2J? 皮膚科 !");
}

static void
long_words_are_cut_between_characters(void **state)
{
	struct err e = { 0 };
	char name[3001];

	for (size_t i = 0; i < 1000; i++)
		memcpy(name + 3 * i, "皮", 4);
	err_set(&e, ERR_INPUT, "%s", name);
	assert_int_equal(strlen(e.text), 999);
	assert_true(str_is_utf8(str_of(e.text)));
	err_set(&e, ERR_INPUT, "x%s", name);
	assert_int_equal(strlen(e.text), 997); /* 1 + 332 × 3; one more would be 1000 */
	assert_true(str_is_utf8(str_of(e.text)));
	err_wrap(&e, "front");
	assert_true(str_starts(str_of(e.text), STR("front: x皮")));
	assert_true(str_is_utf8(str_of(e.text)));
}

static void
exit_statuses_are_the_promised_ones(void **state)
{
	static const struct {
		enum err_code code;
		int status;
		const char *name;
	} rows[] = {
		{ ERR_NONE, 0, "none" },           { ERR_USAGE, 2, "usage" },
		{ ERR_INPUT, 3, "input" },         { ERR_UNREACHABLE, 4, "unreachable" },
		{ ERR_REFUSED, 5, "refused" },     { ERR_NOT_FOUND, 3, "not-found" },
		{ ERR_CONFLICT, 5, "conflict" },   { ERR_BUSY, 4, "busy" },
		{ ERR_TOO_LARGE, 3, "too-large" }, { ERR_NO_SPACE, 4, "no-space" },
		{ ERR_SYSTEM, 4, "system" },       { ERR_BUG, 70, "bug" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(err_exit_status(&(struct err){ .code = rows[i].code }), rows[i].status);
		assert_string_equal(err_code_name(rows[i].code), rows[i].name);
	}
	assert_int_equal(err_exit_status(NULL), 0);
}

static void
dying_says_so(void **state)
{
	char said[200];
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 2);
		die(ERR_USAGE, "no such verb: %s", "sacn");
	}
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	assert_true(n > 0);
	said[n] = '\0';
	assert_string_equal(said, "mamori: no such verb: sacn\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_and_why),
		cmocka_unit_test(the_systems_words_become_codes),
		cmocka_unit_test(a_strangers_words_stay_one_clean_line),
		cmocka_unit_test(long_words_are_cut_between_characters),
		cmocka_unit_test(exit_statuses_are_the_promised_ones),
		cmocka_unit_test(dying_says_so),
	};
	lang_set_process(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
