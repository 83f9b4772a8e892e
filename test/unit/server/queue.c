/* Group commit: acknowledged means on disk, also when the server is killed in the middle. */
#include "server/queue.h"

#include "store/setting.h"
#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct put {
	struct job job;
	unsigned number;
	int ack; /* where the number is written once it is durable */
	bool fail, written;
};

static bool
put_write(struct job *j, struct store *st)
{
	struct put *p = (struct put *)j;
	struct err e = { 0 };
	char key[32];
	snprintf(key, sizeof(key), "n%u", p->number);
	p->written = setting_put(st, key, STR("x"), &e) && !p->fail;
	return p->written;
}

static void
put_done(struct job *j, bool committed, const struct err *e)
{
	struct put *p = (struct put *)j;
	if (committed && p->written && write(p->ack, &p->number, sizeof(p->number)) != sizeof(p->number))
		_exit(3);
	free(p);
}

static const struct job_ops put_ops = { NULL, put_write, put_done };

static void
put(struct queue *q, unsigned number, int ack, bool fail)
{
	struct put *p = xcalloc(1, sizeof(*p));
	*p = (struct put){ { &put_ops, NULL }, number, ack, fail, false };
	queue_write(q, &p->job);
}

static bool
kept(struct world *w, unsigned number)
{
	struct err e = { 0 };
	struct str value;
	char key[32];
	snprintf(key, sizeof(key), "n%u", number);
	ok(setting_get(w->st, &w->arena, key, &value, &e));
	return value.ptr != NULL;
}

/* Only the job that failed is undone; its neighbours in the same transaction are kept. */
static void
a_failing_job_leaves_its_neighbours(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct queue *q;
	int fds[2];
	unsigned got, count = 0;
	assert_int_equal(pipe(fds), 0);
	ok(queue_start(&w->app, w->st, 1, &q, &e));
	for (unsigned i = 0; i < 300; i++)
		put(q, i, fds[1], i % 3 == 0);
	queue_stop(q);
	close(fds[1]);
	while (read(fds[0], &got, sizeof(got)) == sizeof(got))
		count++;
	close(fds[0]);
	assert_int_equal(count, 200);
	ok(store_open(app_database(w->dir, &w->arena), STORE_WRITE, &w->st, &e));
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(kept(w, i), i % 3 != 0);
}

static void
child_run(struct world *w, int ack)
{
	struct err e = { 0 };
	struct queue *q;
	if (!queue_start(&w->app, w->st, 1, &q, &e))
		_exit(2);
	for (unsigned i = 0;; i++) {
		put(q, i, ack, false);
		if (i % 64 == 63)
			usleep(500); /* groups of many sizes */
	}
}

static void
nothing_acknowledged_is_lost_by_kill_9(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int fds[2], status;
	unsigned got, highest = 0, count = 0;
	assert_int_equal(pipe(fds), 0);
	store_close(w->st); /* a connection must not be carried over a fork */
	w->st = NULL;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		if (!store_open(app_database(w->dir, &w->arena), STORE_WRITE, &w->st, &e))
			_exit(1);
		child_run(w, fds[1]);
	}
	close(fds[1]);
	while (count < 2000 && read(fds[0], &got, sizeof(got)) == sizeof(got))
		count++;
	kill(pid, SIGKILL);
	/* What it still managed to acknowledge counts too. */
	do {
		highest = got > highest ? got : highest;
	} while (read(fds[0], &got, sizeof(got)) == sizeof(got));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(highest >= 1999);
	ok(store_open(app_database(w->dir, &w->arena), STORE_WRITE, &w->st, &e));
	/* One writer acknowledges in order: everything up to the highest was told to be durable. */
	for (unsigned i = 0; i <= highest; i++)
		if (!kept(w, i))
			fail_msg("%u was acknowledged and is gone (of %u)", i, highest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failing_job_leaves_its_neighbours),
		TEST(nothing_acknowledged_is_lost_by_kill_9),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
