#include "server/exposure_pool.h"

#include "base/log.h"

#include <pthread.h>

enum { IDLE_MAX = 4 };

enum { EXPORTS_KEPT = 64 };
#define EXPORT_LASTS_MS INT64_C(3600000)

struct exposure_pool {
	const char *data, *store; /* store: NULL: the files below data */
	pthread_mutex_t lock;
	const struct exposure_backend *backend;
	void *idle[IDLE_MAX];
	size_t count;
	unsigned borrowed; /* now */
	struct {
		uint64_t mark;
		int64_t at;
	} exports[EXPORTS_KEPT];
	size_t export_next;
};

struct exposure_pool *
exposure_pool_new(const char *data)
{
	struct exposure_pool *p = xcalloc(1, sizeof(*p));
	p->data = data;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void
exposure_pool_free(struct exposure_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		p->backend->close(p->idle[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static void *
idle_take(struct exposure_pool *p)
{
	pthread_mutex_lock(&p->lock);
	void *state = p->count ? p->idle[--p->count] : NULL;
	pthread_mutex_unlock(&p->lock);
	return state;
}

/* What was opened before an import still answers where the new cannot be read. */
static bool
renew(struct exposure_pool *p, const struct exposure_backend *b, void **state, int64_t limit_ms, struct err *e)
{
	void *fresh;
	if (*state && b->deadline)
		b->deadline(*state, limit_ms);
	if (*state && (!b->stale || !b->stale(*state)))
		return true;
	if (!b->open(p->data, p->store, &fresh, e)) {
		if (!*state)
			return false;
		log_error("exposure", "what was imported last cannot be read: %s", e->text);
		err_clear(e);
		return true;
	}
	if (*state)
		b->close(*state);
	*state = fresh;
	return true;
}

bool
exposure_borrow(struct exposure_pool *p, int64_t limit_ms, struct exposure_use *out, struct err *e)
{
	const struct exposure_backend *b;
	*out = (struct exposure_use){ .pool = p };
	if (!exposure_backend_find(p->store, &b, e))
		return false;
	pthread_mutex_lock(&p->lock);
	p->backend = b;
	p->borrowed++;
	pthread_mutex_unlock(&p->lock);
	void *state = idle_take(p);
	if (!renew(p, b, &state, limit_ms, e)) {
		pthread_mutex_lock(&p->lock);
		p->borrowed--;
		pthread_mutex_unlock(&p->lock);
		return err_wrap(e, "reading the exposure data of this server");
	}
	if (b->deadline)
		b->deadline(state, limit_ms);
	out->backend = b;
	out->state = state;
	return true;
}

void
exposure_return(struct exposure_use *u)
{
	if (!u->state)
		return;
	pthread_mutex_lock(&u->pool->lock);
	u->pool->borrowed--;
	bool kept = u->pool->count < IDLE_MAX;
	if (kept)
		u->pool->idle[u->pool->count++] = u->state;
	pthread_mutex_unlock(&u->pool->lock);
	if (!kept)
		u->backend->close(u->state);
	u->state = NULL;
}

bool
exposure_pool_set_store(struct exposure_pool *p, const char *store, struct err *e)
{
	const struct exposure_backend *b;
	if (!exposure_backend_find(store, &b, e))
		return false;
	p->store = store;
	return true;
}

const char *
exposure_pool_store(const struct exposure_pool *p)
{
	return p->store;
}

bool
exposure_pool_busy(struct exposure_pool *p)
{
	pthread_mutex_lock(&p->lock);
	bool busy = p->borrowed > 0;
	pthread_mutex_unlock(&p->lock);
	return busy;
}

bool
exposure_export_known(struct exposure_pool *p, uint64_t mark, int64_t now)
{
	bool known = false;
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < EXPORTS_KEPT && !known; i++)
		known = p->exports[i].mark == mark && p->exports[i].at > 0 && now >= p->exports[i].at &&
			now - p->exports[i].at < EXPORT_LASTS_MS;
	pthread_mutex_unlock(&p->lock);
	return known;
}

void
exposure_export_note(struct exposure_pool *p, uint64_t mark, int64_t now)
{
	pthread_mutex_lock(&p->lock);
	p->exports[p->export_next].mark = mark;
	p->exports[p->export_next].at = now;
	p->export_next = (p->export_next + 1) % EXPORTS_KEPT;
	pthread_mutex_unlock(&p->lock);
}
