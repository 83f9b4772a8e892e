/* What is done with a file that has come whole: what takes time, off the thread that speaks to origins. A clerk takes
 * files into the cache, those that wait at once; another one, that gives way to everybody, digests what came without a
 * known digest before. What waits for something else (a signature beside the file, an index) has a thread of its own. */
#include "relay/origin-internal.h"

#include "base/log.h"
#include "relay/cache-internal.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#define N_(text) text

#define WORKERS_MAX 32
#define WAIT_MS 120000
#define POLL_US 5000
#define SIGNATURE_MAX (1u << 20)
#define TOGETHER_MAX 32
/* So many may wait to be digested when there is time; what is more is done at once. */
#define DIGEST_LATER_MAX 256
#define DIGEST_SLICE (4u << 20)

/* ---- the clerks ---- */

/* Without a lock: the digester may be kept from the processor for long, and must hold nothing that others want. */
static void
clerk_add(struct clerk *c, struct transfer_state *t)
{
	t->next = atomic_load(&c->jobs);
	while (!atomic_compare_exchange_weak(&c->jobs, &t->next, t))
		;
	atomic_fetch_add(&c->count, 1);
	sem_post(&c->ready);
}

/* Waits for jobs; gives at most `most`, the first first. 0: it is over. */
static size_t
clerk_take(struct clerk *c, struct transfer_state **out, size_t most)
{
	size_t n = 0;
	while (!c->taken) {
		struct transfer_state *next;
		bool stop = atomic_load(&c->stop);
		for (struct transfer_state *t = atomic_exchange(&c->jobs, NULL); t; t = next) {
			next = t->next;
			t->next = c->taken;
			c->taken = t;
		}
		if (!c->taken && stop)
			return 0;
		if (!c->taken)
			sem_wait(&c->ready);
	}
	for (; c->taken && n < most; n++) {
		out[n] = c->taken;
		c->taken = out[n]->next;
		out[n]->next = NULL;
	}
	atomic_fetch_sub(&c->count, n);
	return n;
}

static void
part_gone(const struct transfer_state *t, bool part_too)
{
	BUF_AUTO of = { 0 };
	if (!t->part)
		return;
	buf_addf(&of, "%s.of", t->part);
	unlink(of.ptr);
	if (part_too)
		unlink(t->part);
}

static bool
is_kept(const struct transfer_state *t)
{
	return t->keep && !t->spilled && t->part;
}

static void
leave(struct transfer_state *t, bool kept)
{
	part_gone(t, !kept);
	flow_unlist(t->u, t->flow);
	transfer_free(t);
}

/* Files that wait together are synced together. */
static void
take_into_cache(struct uplink *u, struct transfer_state *const *all, size_t n)
{
	struct cache_commit items[TOGETHER_MAX];
	for (size_t i = 0; i < n; i++)
		items[i] = (struct cache_commit){ .url = str_of(all[i]->flow->url),
						  .part = all[i]->part,
						  .entry = &all[i]->entry };
	cache_commit_all(u->o.cache, items, n);
	for (size_t i = 0; i < n; i++) {
		if (!items[i].done)
			log_warn("cache", "%s was passed on, but not kept: %s", all[i]->flow->url, items[i].error.text);
		leave(all[i], items[i].done);
	}
}

static uint64_t
next_slice(const struct transfer_state *t)
{
	return t->have - t->hashed > DIGEST_SLICE ? t->hashed + DIGEST_SLICE : t->have;
}

/* Digests what is left of it; false: it is gone. */
static bool
digest_rest(struct transfer_state *t)
{
	struct uplink *u = t->u;
	bool ok = true, late = false;
	while (ok && !late && t->hashed < t->have) {
		ok = part_digest(t, next_slice(t));
		late = atomic_load(&u->end_at) > 0 && monotonic_ms() > atomic_load(&u->end_at);
	}
	if (t->hashed < t->have) {
		log_warn("cache", "%s was passed on, but not kept: %s", t->flow->url,
			 late ? "the relay is being stopped" : "it cannot be read again");
		leave(t, false);
		return false;
	}
	sha256_close(t->sha, t->entry.sha256);
	t->sha = NULL;
	return true;
}

static void *
keeper_run(void *arg)
{
	struct clerk *c = arg;
	struct transfer_state *all[TOGETHER_MAX];
	for (size_t n; (n = clerk_take(c, all, TOGETHER_MAX)) > 0;) {
		size_t kept = 0;
		for (size_t i = 0; i < n; i++)
			if (!all[i]->sha || digest_rest(all[i]))
				all[kept++] = all[i];
		take_into_cache(c->u, all, kept);
	}
	return NULL;
}

/* Nobody waits for it: what is on its way to hosts goes first. */
static void *
digester_run(void *arg)
{
	struct clerk *c = arg;
	struct transfer_state *t;
	const struct sched_param none = { 0 };
	(void)!pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
	while (clerk_take(c, &t, 1) > 0) {
		bool ok = true;
		while (ok && t->hashed < t->have && !atomic_load(&c->u->stop))
			ok = part_digest(t, next_slice(t));
		clerk_add(&c->u->keeper, t);
	}
	return NULL;
}

static bool
clerk_start(struct uplink *u, struct clerk *c, void *(*run)(void *))
{
	c->u = u;
	c->runs = sem_init(&c->ready, 0, 0) == 0 && pthread_create(&c->thread, NULL, run, c) == 0;
	return c->runs;
}

bool
finish_open(struct uplink *u)
{
	return clerk_start(u, &u->keeper, keeper_run) && clerk_start(u, &u->digester, digester_run);
}

/* Every job is done first. */
static void
clerk_end(struct clerk *c)
{
	if (!c->runs)
		return;
	atomic_store(&c->stop, true);
	sem_post(&c->ready);
	pthread_join(c->thread, NULL);
	sem_destroy(&c->ready);
}

/* A file whose last byte has been let go: what remains is to keep it. */
static void
keep(struct transfer_state *t)
{
	t->entry = t->flow->entry;
	bool later = part_is_lazy(t) && atomic_load(&t->u->digester.count) < DIGEST_LATER_MAX;
	if (!is_kept(t))
		leave(t, false);
	else
		clerk_add(later ? &t->u->digester : &t->u->keeper, t);
}

/* ---- threads of their own ---- */

struct worker {
	void (*run)(struct transfer_state *t);
	struct transfer_state *t;
};

static void *
worker_run(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct uplink *u = w.t->u;
	free(arg);
	w.run(w.t);
	pthread_mutex_lock(&u->mutex);
	u->workers--;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->mutex);
	return NULL;
}

static bool
worker_start(struct transfer_state *t, void (*run)(struct transfer_state *t))
{
	struct uplink *u = t->u;
	pthread_t thread;
	pthread_attr_t attr;
	pthread_mutex_lock(&u->mutex);
	bool room = u->workers < WORKERS_MAX;
	u->workers += room;
	pthread_mutex_unlock(&u->mutex);
	if (!room)
		return false;
	struct worker *w = xcalloc(1, sizeof(*w));
	*w = (struct worker){ run, t };
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 512u << 10);
	bool ok = pthread_create(&thread, &attr, worker_run, w) == 0;
	pthread_attr_destroy(&attr);
	if (ok)
		return true;
	free(w);
	pthread_mutex_lock(&u->mutex);
	u->workers--;
	pthread_mutex_unlock(&u->mutex);
	return false;
}

void
finish_wait(struct uplink *u)
{
	pthread_mutex_lock(&u->mutex);
	while (u->workers > 0)
		pthread_cond_wait(&u->changed, &u->mutex);
	pthread_mutex_unlock(&u->mutex);
	clerk_end(&u->digester);
	clerk_end(&u->keeper);
}

/* Until the flow has ended, or the relay ends. */
static enum flow_state
flow_wait(struct uplink *u, const struct flow *f)
{
	for (int64_t end = monotonic_ms() + WAIT_MS; monotonic_ms() < end && !atomic_load(&u->stop);) {
		enum flow_state s = flow_state(f);
		if (s != FLOW_ASKING && s != FLOW_COMING)
			return s;
		usleep(POLL_US);
	}
	return FLOW_FAILED;
}

bool
finish_fetch(void *user, struct str url, struct buf *out, struct err *e)
{
	struct uplink *u = user;
	struct flow_ask ask = { .kind = FLOW_UNVERIFIED, .url = url, .loop = 0 };
	BUF_AUTO canonical = { 0 };
	bool joined;
	if (!allow_url(u->o.allowed(u->o.user), url, &canonical, &ask.origin))
		return err_set(e, ERR_REFUSED, "%.*s is not on the list of origins", STR_ARG(url));
	struct flow *f = uplink_ask(u, &ask, &joined);
	bool ok = flow_wait(u, f) == FLOW_DONE && f->blob->size <= SIGNATURE_MAX;
	if (ok) {
		size_t size = (size_t)f->blob->size;
		int fd = -1;
		ok = blob_at(f->blob, 0, size, &fd) == size &&
		     pread(fd, buf_reserve(out, size), size, 0) == (ssize_t)size;
		out->len += ok ? size : 0;
	}
	if (!ok)
		err_set(e, ERR_UNREACHABLE, "%.*s could not be had", STR_ARG(url));
	flow_unref(f);
	return ok;
}

/* Where the whole file can be read: its part, or what lies in memory of it. */
static bool
whole_path(const struct transfer_state *t, struct buf *path)
{
	if (!t->spilled && t->part)
		buf_add(path, str_of(t->part));
	else if (t->spilled && atomic_load(&t->blob->split) == 0)
		buf_addf(path, "/proc/self/fd/%d", t->blob->spill);
	else
		return false;
	return true;
}

static void
verify(struct transfer_state *t)
{
	struct flow *f = t->flow;
	struct err e = { 0 };
	BUF_AUTO path = { 0 };
	bool ok = whole_path(t, &path) || err_set(&e, ERR_NO_SPACE, "there was no room on the disk to check it");
	if (f->kind == FLOW_SIGNED) {
		if (!ok || !learn_signed(&t->u->learner, str_of(f->url), path.ptr, &e)) {
			log_error("relay", "%s is not passed on: %s", f->url, e.text);
			atomic_fetch_add(&t->u->mismatches, e.code == ERR_REFUSED);
			t->verdict = VERDICT_WRONG;
			transfer_fail(t, 502,
				      e.code == ERR_CONFLICT
					      ? N_("what the origin sent is older than what it sent before")
					      : N_("the signature of what the origin sent cannot be verified"));
			return;
		}
	} else if (!ok || !learn_index(&t->u->learner, str_of(f->url), path.ptr, &e)) {
		/* It is what was signed; only what it lists stays unknown. */
		log_warn("relay", "what %s lists stays unknown: %s", f->url, e.text);
	}
	transfer_release(t);
	keep(t);
}

void
finish_start(struct transfer_state *t)
{
	struct flow *f = t->flow;
	bool slow = f->kind == FLOW_SIGNED || (f->kind == FLOW_KNOWN && index_kind(str_of(f->url)));
	if (slow && worker_start(t, verify))
		return;
	if (slow) {
		transfer_fail(t, 503, N_("the relay has too much to verify at the moment; ask again in a moment"));
		return;
	}
	transfer_release(t);
	keep(t);
}

/* ---- learning what a package's digest is ---- */

/* Fetches one index, or reads it in the cache; what it lists is known then. */
static bool
learn_one(struct uplink *u, struct str url)
{
	struct flow_ask ask = { .kind = FLOW_KNOWN, .loop = 0 };
	struct err e = { 0 };
	BUF_AUTO canonical = { 0 };
	BUF_AUTO path = { 0 };
	bool joined, ok;
	if (!allow_url(u->o.allowed(u->o.user), url, &canonical, &ask.origin) ||
	    !digest_find(u->o.digests, buf_str(&canonical), &ask.digest))
		return false;
	ask.url = buf_str(&canonical);
	struct blob *b = cache_open_digest(u->o.cache, ask.digest.sha256);
	if (b && b->size == ask.digest.size) {
		buf_addf(&path, "/proc/self/fd/%d", b->fd);
		ok = learn_index(&u->learner, ask.url, path.ptr, &e);
		blob_unref(b);
		return ok;
	}
	blob_unref(b);
	struct flow *f = uplink_ask(u, &ask, &joined);
	ok = flow_wait(u, f) == FLOW_DONE;
	flow_unref(f);
	return ok;
}

static void
learn(struct transfer_state *t)
{
	struct uplink *u = t->u;
	struct digest known;
	BUF_AUTO wanted = { 0 };
	struct str rest, url;
	bool any = learn_wanted(u->o.digests, str_of(t->flow->url), &wanted);
	rest = buf_str(&wanted);
	while (any && str_line(&rest, &url) && !digest_find(u->o.digests, str_of(t->flow->url), &known))
		(void)!learn_one(u, url);
	bool found = digest_find(u->o.digests, str_of(t->flow->url), &known);
	flow_end(u, t->flow, found ? FLOW_DONE : FLOW_FAILED, 403,
		 N_("no signed metadata that the relay has seen names that file; ask for the repository's metadata "
		    "through the relay first"));
	flow_unlist(u, t->flow);
	transfer_free(t);
}

void
finish_learn(struct transfer_state *t)
{
	if (!worker_start(t, learn))
		transfer_fail(t, 503, N_("the relay has too much to verify at the moment; ask again in a moment"));
}
