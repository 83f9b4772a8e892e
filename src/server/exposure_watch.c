/* Saved queries are counted anew in the background whenever something was imported: told by `mamori exposure import` through the
 * socket, and looked for once a minute and at the start. */
#include "base/log.h"
#include "base/sentence.h"
#include "exposure/mine.h"
#include "os/file.h"
#include "server/exposure_pool.h"
#include "server/exposures.h"
#include "server/queue.h"
#include "store/exposure_saved.h"
#include "store/setting.h"

#include <arpa/inet.h>
#include <sys/stat.h>

enum { SERVICES_MAX = 100000, COUNT_MS = 120000 };

/* ---- lists of services ---- */

struct services {
	char *items;
	size_t count, cap;
	bool full;
};

static bool
services_add(void *user, const struct banner *b, struct err *e)
{
	struct services *s = user;
	(void)e;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->items = xrealloc(s->items, s->cap, SAVED_SERVICE);
	}
	char *at = s->items + s->count++ * SAVED_SERVICE;
	uint16_t port = htons(b->port);
	memcpy(at, b->ip, 16);
	memcpy(at + 16, &port, 2);
	at[18] = (char)b->transport;
	return true;
}

static int
compare_services(const void *x, const void *y)
{
	return memcmp(x, y, SAVED_SERVICE);
}

static void
services_sort(struct services *s)
{
	size_t kept = 0;
	if (s->count)
		qsort(s->items, s->count, SAVED_SERVICE, compare_services);
	for (size_t i = 0; i < s->count; i++) {
		const char *one = s->items + i * SAVED_SERVICE;
		if (kept && memcmp(s->items + (kept - 1) * SAVED_SERVICE, one, SAVED_SERVICE) == 0)
			continue;
		memmove(s->items + kept++ * SAVED_SERVICE, one, SAVED_SERVICE);
	}
	s->count = kept;
}

/* What is in x (and, both: what is in either), in order. */
static struct str
walk_both(struct arena *a, struct str x, struct str y, bool both)
{
	char *out = arena_alloc(a, x.len + (both ? y.len : 0) + 1, 1);
	size_t i = 0, j = 0, n = 0;
	while (i + SAVED_SERVICE <= x.len || (both && j + SAVED_SERVICE <= y.len)) {
		bool has_x = i + SAVED_SERVICE <= x.len, has_y = j + SAVED_SERVICE <= y.len;
		int d = !has_x ? 1 : !has_y ? -1 : memcmp(x.ptr + i, y.ptr + j, SAVED_SERVICE);
		if (d <= 0 ? both || d < 0 : both)
			memcpy(out + n, d <= 0 ? x.ptr + i : y.ptr + j, SAVED_SERVICE), n += SAVED_SERVICE;
		i += d <= 0 ? SAVED_SERVICE : 0;
		j += d >= 0 ? SAVED_SERVICE : 0;
	}
	return str_sub(out, n);
}

struct str
services_merge(struct arena *a, struct str x, struct str y)
{
	return walk_both(a, x, y, true);
}

/* ---- counting one ---- */

static bool
compute(struct exposure_use *use, struct arena *a, struct exposure_saved *s, int64_t now, struct err *e)
{
	struct query *q;
	uint64_t n;
	if (!query_parse(a, s->query, &q, e) || !use->backend->count(use->state, q, &n, e))
		return false;
	s->banners = (int64_t)n;
	s->services = 0;
	if (!s->notice)
		return true;
	struct services list = { 0 };
	struct exposure_page page = { .limit = SERVICES_MAX + 1, .sort = FIELDS };
	bool ok = n <= SERVICES_MAX
			  ? use->backend->search(use->state, q, &page, services_add, &list, e)
			  : err_set(e, ERR_TOO_LARGE, "it finds more than %d banners: notices need a narrower query",
				    SERVICES_MAX);
	services_sort(&list);
	if (ok) {
		struct str all = arena_str(a, str_sub(list.items ? list.items : "", list.count * SAVED_SERVICE));
		s->services = (int64_t)list.count;
		if (!s->counted_at) /* the first time is what later ones are compared with */
			s->seen = all;
		s->fresh = walk_both(a, all, s->seen, false);
		s->fresh_count = (int64_t)(s->fresh.len / SAVED_SERVICE);
		s->fresh_since = !s->fresh.len ? 0 : s->fresh_since ? s->fresh_since : now;
	}
	free(list.items);
	return ok;
}

void
exposure_saved_compute(struct exposure_use *use, struct arena *a, struct exposure_saved *s, int64_t now)
{
	struct err e = { 0 };
	if (use->backend->deadline)
		use->backend->deadline(use->state, COUNT_MS);
	LANG_ENGLISH_AUTO;
	s->trouble = STR("");
	if (compute(use, a, s, now, &e))
		s->counted_at = now;
	else
		s->trouble = arena_str(a, str_of(e.text));
}

/* ---- all of them ---- */

/* The same of a store elsewhere, which has to be asked. */
static struct str
store_mark(struct app *app, struct arena *a)
{
	EXPOSURE_USE_AUTO use = { 0 };
	struct segment_origin *imports = NULL;
	struct err e = { 0 };
	size_t count = 0;
	int64_t newest = 0;
	if (!exposure_borrow(app->exposure, COUNT_MS, &use, &e) ||
	    (use.backend->imports && !use.backend->imports(use.state, a, &imports, &count, &e))) {
		log_error("exposure", "%s", e.text);
		return STR("none");
	}
	for (size_t i = 0; i < count; i++)
		newest = imports[i].imported_at > newest ? imports[i].imported_at : newest;
	return arena_printf(a, "%zu.%lld", count, (long long)newest);
}

/* Tells one state of the data from another. */
static struct str
data_mark(struct app *app, struct arena *a)
{
	if (exposure_pool_store(app->exposure))
		return store_mark(app, a);
	struct stat s, mine = { 0 };
	const char *path = path_join(a, app->data, "exposure/manifest.json");
	if (stat(path, &s) != 0)
		return STR("none");
	(void)stat(mine_path(a, app->data), &mine);
	return arena_printf(a, "%llu.%lld.%lld.%ld/%lld.%ld", (unsigned long long)s.st_ino, (long long)s.st_size,
			    (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (long long)mine.st_mtim.tv_sec,
			    mine.st_mtim.tv_nsec);
}

static bool
state_compute(struct exposure_use *use, struct exposure_pass *p, int64_t now, struct err *e)
{
	struct query all = { .kind = QUERY_ALL }, *mine;
	uint64_t banners, own;
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	if (!use->backend->count(use->state, &all, &banners, e) || !query_parse(p->arena, STR("mine:true"), &mine, e) ||
	    !use->backend->count(use->state, mine, &own, e))
		return false;
	json_begin_object(&w);
	json_put_i64(&w, "banners", (int64_t)banners);
	json_put_i64(&w, "mine", (int64_t)own);
	json_put_time(&w, "at", now);
	json_end_object(&w);
	p->state = arena_str(p->arena, buf_str(&out));
	return true;
}

bool
exposure_pass_open(struct app *app, struct store *st, bool anyway, struct exposure_pass *p, struct err *e)
{
	struct str kept;
	int64_t now = clock_now(app->clock);
	EXPOSURE_USE_AUTO use = { 0 };
	p->mark = data_mark(app, p->arena);
	if (!setting_get(st, p->arena, "exposure_mark", &kept, e))
		return false;
	p->due = anyway || !str_eq(kept.ptr ? kept : STR("none"), p->mark);
	if (!p->due)
		return true;
	if (!exposure_borrow(app->exposure, COUNT_MS, &use, e) || !state_compute(&use, p, now, e) ||
	    !exposure_saved_list(st, p->arena, true, &p->rows, &p->count, e))
		return false;
	for (size_t i = 0; i < p->count; i++)
		exposure_saved_compute(&use, p->arena, &p->rows[i], now);
	return true;
}

bool
exposure_pass_keep(struct store *st, const struct exposure_pass *p, struct err *e)
{
	for (size_t i = 0; i < p->count; i++)
		if (!exposure_saved_count(st, &p->rows[i], e))
			return false;
	return setting_put(st, "exposure_state", p->state, e) && setting_put(st, "exposure_mark", p->mark, e);
}

/* ---- in the background ---- */

struct exposure_watch {
	struct job job; /* first: it is the job */
	struct app *app;
	pthread_mutex_t lock;
	bool running, again, anyway; /* guarded by lock; again: asked while it ran */
	struct arena arena; /* of the job while it runs */
	struct exposure_pass pass;
};

static void
watch_end(struct exposure_watch *w)
{
	arena_free(&w->arena);
	pthread_mutex_lock(&w->lock);
	bool again = w->again;
	w->running = w->again = false;
	pthread_mutex_unlock(&w->lock);
	if (again)
		exposure_watch_kick(w, false);
}

static void
watch_read(struct job *j, struct store *st)
{
	struct exposure_watch *w = (struct exposure_watch *)j;
	struct err e = { 0 };
	pthread_mutex_lock(&w->lock);
	bool anyway = w->anyway;
	w->anyway = false;
	pthread_mutex_unlock(&w->lock);
	w->pass = (struct exposure_pass){ .arena = &w->arena };
	exposure_mine_refresh(w->app->data, st);
	bool ok = exposure_pass_open(w->app, st, anyway, &w->pass, &e);
	if (!ok)
		log_error("exposure", "saved queries could not be counted: %s", e.text);
	if (ok && w->pass.due)
		queue_write(w->app->queue, &w->job);
	else
		watch_end(w);
}

static bool
watch_write(struct job *j, struct store *st)
{
	struct exposure_watch *w = (struct exposure_watch *)j;
	struct err e = { 0 };
	if (exposure_pass_keep(st, &w->pass, &e))
		return true;
	log_error("exposure", "what saved queries find could not be kept: %s", e.text);
	return false;
}

static void
watch_done(struct job *j, bool committed, const struct err *e)
{
	(void)committed; /* the mark was not kept either: the next look counts again */
	(void)e;
	watch_end((struct exposure_watch *)j);
}

static const struct job_ops watch_ops = { watch_read, watch_write, watch_done };

struct exposure_watch *
exposure_watch_new(struct app *app)
{
	struct exposure_watch *w = xcalloc(1, sizeof(*w));
	w->job.ops = &watch_ops;
	w->app = app;
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void
exposure_watch_free(struct exposure_watch *w)
{
	if (!w)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
exposure_watch_kick(struct exposure_watch *w, bool anyway)
{
	pthread_mutex_lock(&w->lock);
	bool start = !w->running;
	w->again = w->running;
	w->anyway |= anyway;
	w->running = true;
	pthread_mutex_unlock(&w->lock);
	if (!start || queue_slow(w->app->queue, &w->job))
		return;
	pthread_mutex_lock(&w->lock);
	w->running = false; /* too much waits: the next look tries again */
	pthread_mutex_unlock(&w->lock);
}
