#include "agent/waiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

struct place {
	struct arena arena;
	const char *dir, *program, *log, *wake, *status;
	pid_t pid;
};

/* A check-in that leaves a line in a log and asks for the next one in an hour. */
static int
setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	struct err e = { 0 };
	const char *base = getenv("TMPDIR");
	BUF_AUTO script = { 0 };
	p->dir = mkdtemp(arena_cstr(&p->arena, arena_printf(&p->arena, "%s/mamori-wait.XXXXXX", base ? base : "/tmp")));
	if (!p->dir)
		return -1;
	p->program = path_join(&p->arena, p->dir, "once");
	p->log = path_join(&p->arena, p->dir, "log");
	p->wake = path_join(&p->arena, p->dir, "wake");
	p->status = path_join(&p->arena, p->dir, "status");
	buf_addf(&script, "#!/bin/sh\necho ran >>%s\n[ -f %s/slow ] && sleep 60\necho 3600 >&3\n", p->log, p->dir);
	*state = p;
	return file_write(p->program, buf_str(&script), 0700, &e) && mkfifo(p->wake, 0600) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	struct err e = { 0 };
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	bool ok = dir_remove_all(p->dir, &e);
	arena_free(&p->arena);
	free(p);
	return ok ? 0 : -1;
}

static void
start(struct place *p)
{
	p->pid = fork();
	if (p->pid == 0) {
		char *child[] = { (char *)(uintptr_t)p->program, NULL };
		struct waiter w = {
			.child = child, .wake = p->wake, .watch = { p->status }, .watch_count = 1, .settle_s = 1
		};
		_exit(waiter_run(&w));
	}
}

/* Waits up to 10 s until the check-in ran n times. */
static void
expect_runs(struct place *p, size_t n)
{
	size_t lines = 0;
	for (int i = 0; i < 1000; i++) {
		int64_t size = file_size(p->log);
		lines = size < 0 ? 0 : (size_t)size / 4;
		if (lines >= n)
			break;
		usleep(10000);
	}
	assert_int_equal(lines, n);
}

static long
switches(pid_t pid)
{
	char path[64], line[200];
	long n = -1;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			n = strtol(line + 24, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static void
it_runs_at_once_then_when_woken_or_when_packages_change(void **state)
{
	struct place *p = *state;
	struct err e = { 0 };
	start(p);
	expect_runs(p, 1);
	usleep(200000);
	int fd = open(p->wake, O_WRONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "!", 1), 1);
	close(fd);
	expect_runs(p, 2);
	usleep(200000);
	/* Another file of the folder means nothing. */
	assert_true(file_write(path_join(&p->arena, p->dir, "lock"), STR("x"), 0600, &e));
	usleep(1500000);
	expect_runs(p, 2);
	assert_true(file_write(p->status, STR("x"), 0600, &e));
	expect_runs(p, 3);
}

static void
between_check_ins_it_never_wakes_up(void **state)
{
	struct place *p = *state;
	start(p);
	expect_runs(p, 1);
	usleep(500000);
	long before = switches(p->pid);
	assert_true(before > 0);
	usleep(2000000);
	assert_int_equal(switches(p->pid), before);
}

static void
sigterm_ends_it_and_a_running_check_in_within_five_seconds(void **state)
{
	struct place *p = *state;
	struct err e = { 0 };
	int status;
	assert_true(file_write(path_join(&p->arena, p->dir, "slow"), STR("x"), 0600, &e));
	start(p);
	expect_runs(p, 1);
	time_t begin = time(NULL);
	kill(p->pid, SIGTERM);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
	assert_int_equal(status, 0);
	assert_in_range(time(NULL) - begin, 0, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_runs_at_once_then_when_woken_or_when_packages_change, setup,
						teardown),
		cmocka_unit_test_setup_teardown(between_check_ins_it_never_wakes_up, setup, teardown),
		cmocka_unit_test_setup_teardown(sigterm_ends_it_and_a_running_check_in_within_five_seconds, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
