#include "os/proc.h"

#include <signal.h>
#include <unistd.h>

#include "unit.h"

static void
output_status_and_input(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "sh", "-c", "cat; echo bad >&2; exit 3", NULL };
	struct proc_spec s = { .argv = argv, .input = STR("in\n") };

	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_int_equal(r.status, 3);
	assert_str(buf_str(&r.out), "in\n");
	assert_str(buf_str(&r.err), "bad\n");
}

static void
the_environment_is_clean(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "env", NULL };
	const char *env[] = { "LC_ALL=C.UTF-8", "X=1", NULL };
	struct proc_spec s = { .argv = argv, .env = env };

	assert_int_equal(setenv("LD_PRELOAD_TEST", "no", 1), 0);
	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_str(buf_str(&r.out), "LC_ALL=C.UTF-8\nX=1\n"
				    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOME=/\n");
}

static void
a_missing_program_is_named(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "mamori-no-such-program", NULL };
	struct proc_spec s = { .argv = argv };

	assert_false(runner_run(&runner_system, &s, &r, &unit_err));
	assert_int_equal(unit_err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(unit_err.text, "mamori-no-such-program"));
}

static void
output_past_the_cap_is_dropped(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "sh", "-c", "head -c 300000 /dev/zero; echo end >&2", NULL };
	struct proc_spec s = { .argv = argv, .output_max = 1000 };

	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_int_equal(r.out.len, 1000);
	assert_true(r.truncated);
	assert_str(buf_str(&r.err), "end\n");
}

static void
the_deadline_ends_the_whole_group(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "sh", "-c", "sleep 60 & sleep 60", NULL };
	struct proc_spec s = { .argv = argv, .timeout_s = 1 };

	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_true(r.timed_out);
	assert_int_equal(r.status, -1);
	assert_int_equal(r.signal, SIGTERM);
}

/* A service that a program starts keeps its outputs open: that must not hold us up. */
static void
a_child_left_behind_does_not_block(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "sh", "-c", "echo up; sleep 20 & exit 0", NULL };
	struct proc_spec s = { .argv = argv, .timeout_s = 15 };

	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_int_equal(r.status, 0);
	assert_false(r.timed_out);
	assert_str(buf_str(&r.out), "up\n");
}

static void
a_file_takes_both_outputs_appended(void **state)
{
	BUF_AUTO got = { 0 };
	const char *argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
	struct proc_spec s = { .argv = argv, .own_session = true, .output_file = unit_path(state, "log") };

	for (int i = 0; i < 2; i++) {
		PROC_RESULT_AUTO r = { 0 };
		assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
		assert_int_equal(r.out.len, 0);
	}
	assert_ok(file_read(unit_path(state, "log"), 100, &got, &unit_err));
	assert_str(buf_str(&got), "out\nerr\nout\nerr\n");
}

static void
input_that_nobody_reads_does_no_harm(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	BUF_AUTO input = { 0 };
	const char *argv[] = { "true", NULL };

	memset(buf_reserve(&input, 1000000), 'x', 1000000);
	input.len = 1000000;
	struct proc_spec s = { .argv = argv, .input = buf_str(&input) };
	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_int_equal(r.status, 0);
}

static void
low_priority_reaches_the_program(void **state)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "nice", NULL };
	struct proc_spec s = { .argv = argv, .low_priority = true };

	assert_ok(runner_run(&runner_system, &s, &r, &unit_err));
	assert_str(buf_str(&r.out), "19\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_status_and_input),
		cmocka_unit_test(the_environment_is_clean),
		cmocka_unit_test(a_missing_program_is_named),
		cmocka_unit_test(output_past_the_cap_is_dropped),
		cmocka_unit_test(the_deadline_ends_the_whole_group),
		cmocka_unit_test(a_child_left_behind_does_not_block),
		unit_test_in_folder(a_file_takes_both_outputs_appended),
		cmocka_unit_test(input_that_nobody_reads_does_no_harm),
		cmocka_unit_test(low_priority_reaches_the_program),
	};

	return cmocka_run_group_tests_name("os/proc", tests, NULL, NULL);
}
