#include "server/queue.h"

#include "base/log.h"
#include "base/table.h"
#include "server/match_job.h"
#include "server/planner_thread.h"
#include "store/host.h"
#include "store/trend.h"

enum {
	READ_WAITING_MAX = 2000,
	GROUP_MAX = 256, /* jobs in one transaction */
	MATCHED_MAX = 2 * GROUP_MAX, /* matched and not yet stored: more would only fill the memory */
	READERS_MAX = 8,
	SLOW_READERS = 2,
	SLOW_WAITING_MAX = 200,
};

struct job_list {
	struct job *head, **tail;
	size_t count;
};

struct match_wait {
	struct match_wait *next, *same; /* same: bucket */
	size_t len;
	char host[];
};
enum { MATCH_BUCKETS = 4096 }; /* a power of two */

struct queue {
	struct app *app;
	pthread_mutex_t lock;
	pthread_cond_t read_ready, write_ready, match_ready, slow_ready;
	struct job_list reads, writes, slows;
	struct match_wait *matches, **matches_tail;
	struct match_wait *waiting[MATCH_BUCKETS]; /* the same by host: a whole fleet may wait */
	size_t matched; /* waiting to be stored, and the one that is being matched */
	bool readers_stop, writer_stop;
	struct store *writer_store;
	pthread_t readers[READERS_MAX], writer, matcher;
	struct planner *planner;
	struct store *reader_stores[READERS_MAX], *matcher_store;
	unsigned reader_count, reader_next;
	pthread_t slow[SLOW_READERS];
	struct store *slow_stores[SLOW_READERS];
	unsigned slow_count, slow_next;
};

static void
list_init(struct job_list *l)
{
	*l = (struct job_list){ .tail = &l->head };
}

static void
list_push(struct job_list *l, struct job *j)
{
	j->next = NULL;
	*l->tail = j;
	l->tail = &j->next;
	l->count++;
}

static struct job *
list_pop(struct job_list *l)
{
	struct job *j = l->head;
	if (!j)
		return NULL;
	l->head = j->next;
	if (!l->head)
		l->tail = &l->head;
	l->count--;
	return j;
}

/* ---- readers ---- */

/* With the lock held, until the threads that read are to stop. */
static void
jobs_run(struct queue *q, struct job_list *list, pthread_cond_t *ready, struct store *st)
{
	for (;;) {
		struct job *j = list_pop(list);
		if (!j && q->readers_stop)
			break;
		if (!j) {
			pthread_cond_wait(ready, &q->lock);
			continue;
		}
		pthread_mutex_unlock(&q->lock);
		j->ops->read(j, st);
		pthread_mutex_lock(&q->lock);
	}
}

static void *
reader_run(void *arg)
{
	struct queue *q = arg;
	pthread_mutex_lock(&q->lock);
	jobs_run(q, &q->reads, &q->read_ready, q->reader_stores[q->reader_next++]);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

static void *
slow_run(void *arg)
{
	struct queue *q = arg;
	pthread_mutex_lock(&q->lock);
	jobs_run(q, &q->slows, &q->slow_ready, q->slow_stores[q->slow_next++]);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- the writer ---- */

static void
group_answer(struct job *group, bool committed, const struct err *e)
{
	for (struct job *j = group, *next; j; j = next) {
		next = j->next; /* done() frees it */
		j->ops->done(j, committed, e);
	}
}

/* A job whose savepoint cannot even be undone takes the whole group down: nothing of it was acknowledged. */
static bool
group_run(struct store *st, struct job *group, struct err *e)
{
	for (struct job *j = group; j; j = j->next) {
		if (!store_job_begin(st, e))
			return false;
		if (!j->ops->write(j, st))
			store_job_undo(st);
		else if (!store_job_keep(st, e))
			return false;
	}
	return true;
}

static void
group_commit(struct queue *q, struct job *group)
{
	struct err e = { 0 };
	struct store *st = q->writer_store;
	bool ok = store_begin(st, &e) && group_run(st, group, &e) &&
		  trend_keep(st, app_day(q->app, clock_now(q->app->clock)), &e) && store_commit(st, &e);
	if (!ok) {
		store_rollback(st);
		log_error("store", "nothing of a group of changes could be kept: %s", e.text);
	}
	group_answer(group, ok, &e);
	pthread_mutex_lock(&q->lock);
	struct planner *planner = q->planner;
	pthread_mutex_unlock(&q->lock);
	planner_wake(planner);
}

static struct job *
group_take(struct queue *q)
{
	struct job_list group;
	list_init(&group);
	for (size_t i = 0; i < GROUP_MAX; i++) {
		struct job *j = list_pop(&q->writes);
		if (!j)
			break;
		list_push(&group, j);
	}
	return group.head;
}

static void *
writer_run(void *arg)
{
	struct queue *q = arg;
	pthread_mutex_lock(&q->lock);
	for (;;) {
		struct job *group = group_take(q);
		if (!group && q->writer_stop)
			break;
		if (!group) {
			pthread_cond_wait(&q->write_ready, &q->lock);
			continue;
		}
		pthread_mutex_unlock(&q->lock);
		group_commit(q, group);
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- the matcher ---- */

struct match_write {
	struct job job;
	struct queue *queue;
	struct match_job match;
};

static bool
match_write(struct job *j, struct store *st)
{
	struct match_write *w = (struct match_write *)j;
	struct err e = { 0 };
	if (match_store(st, &w->match, &e))
		return true;
	log_error("match", "host %.*s: %s", STR_ARG(w->match.host->name), e.text);
	return false;
}

static void
match_done(struct job *j, bool committed, const struct err *e)
{
	struct match_write *w = (struct match_write *)j;
	struct queue *q = w->queue;
	(void)e; /* the group's failure is in the log; the next section or reload matches again */
	if (committed && w->match.again)
		queue_match(q, w->match.host->id);
	match_job_free(&w->match);
	free(w);
	pthread_mutex_lock(&q->lock);
	q->matched--;
	pthread_cond_signal(&q->match_ready);
	pthread_mutex_unlock(&q->lock);
}

static const struct job_ops match_ops = { NULL, match_write, match_done };

static struct match_wait **
bucket_of(struct queue *q, struct str host)
{
	return &q->waiting[str_hash(host, 0) & (MATCH_BUCKETS - 1)];
}

static void
wait_forget(struct queue *q, const struct match_wait *m)
{
	struct match_wait **at = bucket_of(q, str_sub(m->host, m->len));
	while (*at != m)
		at = &(*at)->same;
	*at = m->same;
}

static void
match_one(struct queue *q, struct str host)
{
	struct err e = { 0 };
	bool due;
	struct match_write *w = xcalloc(1, sizeof(*w));
	w->job.ops = &match_ops;
	w->queue = q;
	bool ok = match_compute(q->app, q->matcher_store, host, &w->match, &due, &e);
	if (!ok && e.code != ERR_NOT_FOUND) /* forgotten meanwhile */
		log_error("match", "host %.*s: %s", STR_ARG(host), e.text);
	if (ok && due)
		queue_write(q, &w->job);
	else
		match_done(&w->job, false, NULL);
}

static void *
matcher_run(void *arg)
{
	struct queue *q = arg;
	pthread_mutex_lock(&q->lock);
	while (!q->readers_stop) { /* what waits is matched again after the next start */
		struct match_wait *m = q->matches;
		if (!m || q->matched >= MATCHED_MAX) {
			pthread_cond_wait(&q->match_ready, &q->lock);
			continue;
		}
		q->matches = m->next;
		if (!q->matches)
			q->matches_tail = &q->matches;
		wait_forget(q, m);
		q->matched++;
		pthread_mutex_unlock(&q->lock);
		match_one(q, str_sub(m->host, m->len));
		free(m);
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- outside ---- */

static bool
stores_open(struct queue *q, unsigned readers, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = app_database(q->app->data, &a);
	if (!store_open(path, STORE_READ, &q->matcher_store, e))
		return false;
	for (; q->reader_count < readers && q->reader_count < READERS_MAX; q->reader_count++)
		if (!store_open(path, STORE_READ, &q->reader_stores[q->reader_count], e))
			return false;
	for (; q->slow_count < SLOW_READERS; q->slow_count++)
		if (!store_open(path, STORE_READ, &q->slow_stores[q->slow_count], e))
			return false;
	return true;
}

static void
queue_free(struct queue *q)
{
	for (unsigned i = 0; i < q->reader_count; i++)
		store_close(q->reader_stores[i]);
	for (unsigned i = 0; i < q->slow_count; i++)
		store_close(q->slow_stores[i]);
	store_close(q->matcher_store);
	store_close(q->writer_store);
	for (struct match_wait *m = q->matches, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	pthread_cond_destroy(&q->read_ready);
	pthread_cond_destroy(&q->write_ready);
	pthread_cond_destroy(&q->match_ready);
	pthread_cond_destroy(&q->slow_ready);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

bool
queue_start(struct app *app, struct store *st, unsigned readers, struct queue **out, struct err *e)
{
	struct queue *q = xcalloc(1, sizeof(*q));
	q->app = app;
	q->writer_store = st;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->read_ready, NULL);
	pthread_cond_init(&q->write_ready, NULL);
	pthread_cond_init(&q->match_ready, NULL);
	pthread_cond_init(&q->slow_ready, NULL);
	list_init(&q->reads);
	list_init(&q->writes);
	list_init(&q->slows);
	q->matches_tail = &q->matches;
	if (!stores_open(q, readers, e)) {
		queue_free(q);
		return false;
	}
	/* Threads that cannot even be made at the start end the program: nothing was acknowledged yet. */
	for (unsigned i = 0; i < q->reader_count; i++)
		if (pthread_create(&q->readers[i], NULL, reader_run, q) != 0)
			die(ERR_SYSTEM, "the system gives no more threads");
	for (unsigned i = 0; i < q->slow_count; i++)
		if (pthread_create(&q->slow[i], NULL, slow_run, q) != 0)
			die(ERR_SYSTEM, "the system gives no more threads");
	if (pthread_create(&q->writer, NULL, writer_run, q) != 0 ||
	    pthread_create(&q->matcher, NULL, matcher_run, q) != 0)
		die(ERR_SYSTEM, "the system gives no more threads");
	struct planner *planner;
	if (!planner_start(app, q, &planner, e)) {
		queue_stop(q);
		return false;
	}
	pthread_mutex_lock(&q->lock);
	q->planner = planner;
	pthread_mutex_unlock(&q->lock);
	*out = q;
	return true;
}

void
queue_stop(struct queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->readers_stop = true;
	pthread_cond_broadcast(&q->read_ready);
	pthread_cond_broadcast(&q->match_ready);
	pthread_cond_broadcast(&q->slow_ready);
	pthread_mutex_unlock(&q->lock);
	for (unsigned i = 0; i < q->reader_count; i++)
		pthread_join(q->readers[i], NULL);
	for (unsigned i = 0; i < q->slow_count; i++)
		pthread_join(q->slow[i], NULL);
	pthread_join(q->matcher, NULL);
	planner_stop(q->planner);
	pthread_mutex_lock(&q->lock);
	q->writer_stop = true;
	pthread_cond_broadcast(&q->write_ready);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->writer, NULL);
	planner_free(q->planner);
	queue_free(q);
}

bool
queue_read(struct queue *q, struct job *j)
{
	pthread_mutex_lock(&q->lock);
	bool taken = q->reads.count < READ_WAITING_MAX && !q->readers_stop;
	if (taken) {
		list_push(&q->reads, j);
		pthread_cond_signal(&q->read_ready);
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

bool
queue_slow(struct queue *q, struct job *j)
{
	pthread_mutex_lock(&q->lock);
	bool taken = q->slows.count < SLOW_WAITING_MAX && !q->readers_stop;
	if (taken) {
		list_push(&q->slows, j);
		pthread_cond_signal(&q->slow_ready);
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

void
queue_write(struct queue *q, struct job *j)
{
	pthread_mutex_lock(&q->lock);
	list_push(&q->writes, j);
	pthread_cond_signal(&q->write_ready);
	pthread_mutex_unlock(&q->lock);
}

void
queue_match(struct queue *q, struct str host)
{
	pthread_mutex_lock(&q->lock);
	bool waits = false;
	struct match_wait **bucket = bucket_of(q, host);
	for (const struct match_wait *m = *bucket; m && !waits; m = m->same)
		waits = str_eq(host, str_sub(m->host, m->len));
	if (!waits) {
		struct match_wait *m = xcalloc(1, sizeof(*m) + host.len + 1);
		m->len = host.len;
		memcpy(m->host, host.ptr, host.len);
		m->same = *bucket;
		*bucket = m;
		*q->matches_tail = m;
		q->matches_tail = &m->next;
		pthread_cond_signal(&q->match_ready);
	}
	pthread_mutex_unlock(&q->lock);
}
