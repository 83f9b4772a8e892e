/* Merging in the background (server/exposure_merge.h): at the lowest priority, at most half of one core, and standing still while
 * questions are being answered. */
#include "server/exposure_merge.h"

#include "base/log.h"
#include "exposure/index.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_MS = 10000, /* between two looks whether there is enough to merge */
	WORK_MS = 20, /* then a pause of the same length */
	YIELD_MS = 20, /* between two looks whether questions still run */
};

struct exposure_merger {
	const char *data;
	struct exposure_pool *pool;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop; /* guarded by lock */
	int64_t worked_from; /* the thread's */
	uint64_t vain; /* generation that could not be merged any further; the thread's */
};

static int64_t
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* False: it is to end. */
static bool
rest(struct exposure_merger *m, int64_t ms)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&m->lock);
	while (!m->stop && pthread_cond_timedwait(&m->changed, &m->lock, &until) == 0)
		;
	bool go_on = !m->stop;
	pthread_mutex_unlock(&m->lock);
	return go_on;
}

static bool
go_on(void *user)
{
	struct exposure_merger *m = user;
	bool alive = true;
	while (alive && exposure_pool_busy(m->pool))
		alive = rest(m, YIELD_MS);
	int64_t now = now_ms();
	if (alive && now - m->worked_from < WORK_MS)
		return true;
	alive = alive && rest(m, WORK_MS);
	m->worked_from = now_ms();
	return alive;
}

static void
merge_all(struct exposure_merger *m)
{
	const struct exposure_pace pace = { .go_on = go_on, .user = m, .banners = EXPOSURE_MERGE_GENTLE };
	struct err e = { 0 };
	uint64_t generation = 0;
	bool due = true, did = true;
	while (did && due) {
		did = false;
		if (!segments_due(m->data, &due, &generation, &e))
			break;
		due = due && generation != m->vain;
		m->worked_from = now_ms();
		if (due && !segments_merge_paced(m->data, &pace, &did, &e))
			break;
		if (did)
			log_info("exposure", "small segments were merged");
	}
	if (e.code != ERR_NONE)
		log_warn("exposure", "small segments were not merged: %s", e.text);
	m->vain = generation;
}

static void *
merger_run(void *arg)
{
	struct exposure_merger *m = arg;
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19); /* of this thread alone, as Linux counts */
	while (rest(m, LOOK_MS))
		merge_all(m);
	return NULL;
}

struct exposure_merger *
exposure_merger_new(const char *data, struct exposure_pool *pool)
{
	struct exposure_merger *m = xcalloc(1, sizeof(*m));
	pthread_condattr_t clock;
	m->data = data;
	m->pool = pool;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&m->thread, NULL, merger_run, m) == 0)
		return m;
	log_warn("exposure", "small segments will not be merged: the system gives no more threads");
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

void
exposure_merger_free(struct exposure_merger *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
