#include "server/planner_thread.h"

#include "base/log.h"
#include "server/planner.h"

#include <time.h>

enum {
	LOOK_S = 5, /* what time alone makes due is seen so late at most */
	STAGES_S = 5, /* rings are counted this often at most: a count may visit every host */
	GATHER_MS = 100, /* what comes in together is computed together */
};

struct planner {
	struct app *app;
	struct queue *queue;
	struct store *st;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken, stop, ended, kept; /* the writer is done with the batch, and kept it */
	pthread_t thread;
	int64_t stages_at; /* monotonic seconds */
};

static int64_t
monotonic_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec;
}

/* ---- the writer's part ---- */

struct keep_job {
	struct job job;
	struct planner *planner;
	struct planner_batch *batch;
	bool written;
};

static bool
keep_write(struct job *j, struct store *st)
{
	struct keep_job *k = (struct keep_job *)j;
	struct err e = { 0 };
	k->written = planner_keep(st, k->batch, &e);
	if (!k->written)
		log_error("planner", "%s", e.text);
	return k->written;
}

static void
keep_done(struct job *j, bool committed, const struct err *e)
{
	(void)e; /* what was not kept is still due */
	struct keep_job *k = (struct keep_job *)j;
	struct planner *p = k->planner;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	p->kept = committed && k->written;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static const struct job_ops keep_ops = { NULL, keep_write, keep_done };

static bool
batch_keep(struct planner *p, struct planner_batch *b)
{
	struct keep_job k = { { &keep_ops, NULL }, p, b, false };
	p->ended = p->kept = false;
	queue_write(p->queue, &k.job);
	pthread_mutex_lock(&p->lock);
	while (!p->ended)
		pthread_cond_wait(&p->changed, &p->lock);
	bool kept = p->kept;
	pthread_mutex_unlock(&p->lock);
	return kept;
}

/* ---- the thread ---- */

/* True: there may be more. */
static bool
round_run(struct planner *p)
{
	struct planner_batch b;
	struct err e = { 0 };
	bool stages = monotonic_s() - p->stages_at >= STAGES_S;
	bool ok = planner_compute(p->app, p->st, stages, &b, &e);
	bool any = ok && (b.directive_count || b.stage_count);
	if (!ok)
		log_error("planner", "%s", e.text);
	if (stages)
		p->stages_at = monotonic_s();
	if (any)
		any = batch_keep(p, &b);
	planner_batch_free(&b);
	return any;
}

static void
wait_for_change(struct planner *p)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_S;
	while (!p->woken && !p->stop && pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0)
		;
	p->woken = false;
}

static void *
planner_run(void *arg)
{
	struct planner *p = arg;
	struct timespec gather = { .tv_nsec = GATHER_MS * 1000000L };
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		pthread_mutex_unlock(&p->lock);
		bool more = round_run(p);
		if (!more)
			nanosleep(&gather, NULL);
		pthread_mutex_lock(&p->lock);
		if (!more && !p->stop)
			wait_for_change(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

bool
planner_start(struct app *app, struct queue *q, struct planner **out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct store *st;
	if (!store_open(app_database(app->data, &a), STORE_READ, &st, e))
		return false;
	struct planner *p = xcalloc(1, sizeof(*p));
	*p = (struct planner){ .app = app, .queue = q, .st = st };
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	if (pthread_create(&p->thread, NULL, planner_run, p) != 0)
		die(ERR_SYSTEM, "the system gives no more threads");
	*out = p;
	return true;
}

void
planner_wake(struct planner *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->woken = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

void
planner_stop(struct planner *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
}

void
planner_free(struct planner *p)
{
	if (!p)
		return;
	store_close(p->st);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
