/* Who asks for what, and the thread that speaks to origins. */
#include "relay/origin-internal.h"

#include "base/log.h"
#include "os/file.h"
#include "relay/proxy.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define CONNECTIONS_KEPT 16L
#define CONNECTIONS_PER_HOST 32L
#define CONNECTIONS_MAX 128L
#define POLL_MS 1000
/* So many files are on their way in at once, and so many of one origin; others wait. */
#define ACTIVE_MAX 256
#define ACTIVE_PER_ORIGIN 32
/* When nothing came for so long there is time to digest. */
#define IDLE_MS 2
#define IDLE_SLICE (512u << 10)
/* So much may lie undigested: the system still has it in memory when it is digested at last. */
#define UNDIGESTED_MAX (64u << 20)
/* The relay ends within 5 s: what is not digested then is not kept. */
#define END_MS 2000

int64_t
monotonic_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
uplink_wake(struct uplink *u)
{
	curl_multi_wakeup(u->multi);
}

/* ---- flows ---- */

void
flow_stir(struct uplink *u, struct flow *f)
{
	uint64_t loops = atomic_load(&f->loops);
	while (loops) {
		unsigned loop = (unsigned)__builtin_ctzll(loops);
		loops &= loops - 1;
		u->o.stir(u->o.user, loop);
	}
}

struct flow *
flow_ref(struct flow *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void
flow_unref(struct flow *f)
{
	if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	if (f->fd >= 0)
		close(f->fd);
	blob_unref(f->blob);
	pthread_mutex_destroy(&f->mutex);
	free(f->url);
	free(f);
}

static struct flow **
flow_link(struct uplink *u, struct str url, enum flow_kind kind)
{
	struct flow **link = &u->table[str_hash(url, 0) % FLOW_SLOTS];
	while (*link && ((*link)->kind != kind || !str_eq(str_of((*link)->url), url)))
		link = &(*link)->chain;
	return link;
}

void
flow_unlist(struct uplink *u, struct flow *f)
{
	pthread_mutex_lock(&u->mutex);
	bool listed = f->listed;
	if (listed) {
		struct flow **link = &u->table[str_hash(str_of(f->url), 0) % FLOW_SLOTS];
		while (*link != f)
			link = &(*link)->chain;
		*link = f->chain;
		f->listed = false;
	}
	pthread_mutex_unlock(&u->mutex);
	if (listed)
		flow_unref(f);
}

void
flow_end(struct uplink *u, struct flow *f, enum flow_state state, int status, const char *why)
{
	f->status = status;
	f->why = why;
	if (state == FLOW_FAILED) {
		struct blob *b = f->blob;
		if (b)
			atomic_store(&b->failed, true);
	}
	/* The table's reference may be the last but this. */
	flow_ref(f);
	atomic_store_explicit(&f->state, state, memory_order_release);
	if (state != FLOW_DONE)
		flow_unlist(u, f);
	flow_stir(u, f); // NOLINT(clang-analyzer-unix.Malloc): we hold a reference
	flow_unref(f); // NOLINT(clang-analyzer-unix.Malloc)
}

static struct flow *
flow_new(const struct flow_ask *ask)
{
	BUF_AUTO url = { 0 };
	struct flow *f = xcalloc(1, sizeof(*f));
	f->refs = 1;
	f->kind = ask->kind;
	buf_add(&url, ask->url);
	f->url = xstrdup(buf_cstr(&url));
	f->origin = ask->origin;
	f->digest = ask->digest;
	f->fd = -1;
	pthread_mutex_init(&f->mutex, NULL);
	return f;
}

/* A flow that fell back to memory has let go of its beginning; whoever comes now needs one of his own. */
static bool
flow_joinable(const struct flow *f, const struct flow_ask *ask)
{
	if (ask->kind == FLOW_TUNNEL)
		return false;
	if (ask->kind == FLOW_KNOWN && memcmp(&f->digest.sha256, &ask->digest.sha256, SHA256_LEN) != 0)
		return false;
	return !f->blob || atomic_load(&f->blob->split) == UINT64_MAX;
}

struct flow *
uplink_ask(struct uplink *u, const struct flow_ask *ask, bool *joined)
{
	*joined = false;
	pthread_mutex_lock(&u->mutex);
	struct flow **link = flow_link(u, ask->url, ask->kind), *f = *link;
	if (f && flow_joinable(f, ask)) {
		*joined = true;
		atomic_fetch_or(&f->loops, 1ull << ask->loop);
		f = flow_ref(f);
		pthread_mutex_unlock(&u->mutex);
		return f;
	}
	bool lists = !f && ask->kind != FLOW_TUNNEL;
	f = flow_new(ask);
	atomic_fetch_or(&f->loops, 1ull << ask->loop);
	struct transfer_state *t = transfer_new(u, flow_ref(f), ask);
	/* A second flow of the same file must not write into the first one's part. */
	if (!lists) {
		free(t->part);
		t->part = NULL;
	} else {
		f->listed = true;
		f->chain = NULL;
		*link = flow_ref(f);
	}
	*u->fresh_end = t;
	u->fresh_end = &t->next;
	atomic_fetch_add(&u->fetches, 1);
	pthread_mutex_unlock(&u->mutex);
	uplink_wake(u);
	return f;
}

bool
flow_follow(struct flow *f, struct follower *me, uint64_t at)
{
	pthread_mutex_lock(&f->mutex);
	uint64_t split = atomic_load(&f->blob->split);
	bool ok = split == UINT64_MAX || f->punched <= split || at >= f->punched;
	if (ok) {
		atomic_store(&me->at, at);
		me->next = f->followers;
		me->link = &f->followers;
		if (me->next)
			me->next->link = &me->next;
		f->followers = me;
	}
	pthread_mutex_unlock(&f->mutex);
	return ok;
}

void
flow_advance(struct uplink *u, struct flow *f, struct follower *me, uint64_t at)
{
	atomic_store_explicit(&me->at, at, memory_order_relaxed);
	if (atomic_load_explicit(&f->blob->split, memory_order_relaxed) != UINT64_MAX)
		uplink_wake(u);
}

void
flow_leave(struct uplink *u, struct flow *f, struct follower *me)
{
	pthread_mutex_lock(&f->mutex);
	if (me->link) {
		*me->link = me->next;
		if (me->next)
			me->next->link = me->link;
	}
	me->next = NULL;
	me->link = NULL;
	pthread_mutex_unlock(&f->mutex);
	if (f->blob && atomic_load_explicit(&f->blob->split, memory_order_relaxed) != UINT64_MAX)
		uplink_wake(u);
}

/* ---- the thread ---- */

static void
take_fresh(struct uplink *u)
{
	pthread_mutex_lock(&u->mutex);
	if (u->fresh) {
		*u->queued_end = u->fresh;
		u->queued_end = u->fresh_end;
		u->fresh = NULL;
		u->fresh_end = &u->fresh;
		u->room = true;
	}
	pthread_mutex_unlock(&u->mutex);
}

/* A wave of questions takes descriptors and memory for some of them only. Tunnels are made for no origin. */
static bool
has_room(const struct uplink *u, const struct transfer_state *t)
{
	const struct origin *origin = t->flow->origin;
	size_t same = 0;
	if (t->flow->kind == FLOW_LEARN)
		return true;
	for (const struct transfer_state *a = u->active; origin && a; a = a->next)
		same += a->flow->origin == origin;
	return u->active_count < ACTIVE_MAX && same < ACTIVE_PER_ORIGIN;
}

static void
make_active(struct uplink *u, struct transfer_state *t)
{
	t->next = u->active;
	t->link = &u->active;
	if (t->next)
		t->next->link = &t->next;
	u->active = t;
	u->active_count++;
}

static void
begin_queued(struct uplink *u, bool all)
{
	const struct origin *full = NULL; /* most that wait, wait for the same */
	struct transfer_state **link = u->room || all ? &u->queued : u->queued_end;
	u->room = false;
	for (struct transfer_state *t; (t = *link);) {
		if (!all && ((full && t->flow->origin == full && t->flow->kind != FLOW_LEARN) || !has_room(u, t))) {
			full = t->flow->origin;
			link = &t->next;
			continue;
		}
		*link = t->next;
		if (u->queued_end == &t->next)
			u->queued_end = link;
		make_active(u, t);
		if (!all)
			transfer_begin(t);
	}
}

static void
take_done(struct uplink *u)
{
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(u->multi, &left));) {
		struct transfer_state *t = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		transfer_done(t, m->data.result);
	}
}

static uint64_t
limit_now(const struct uplink *u)
{
	const struct relay_options *r = u->o.relay;
	struct tm tm;
	if (r->limit_count == 0)
		return UINT64_MAX;
	time_t now = (time_t)(clock_now(r->clock) / 1000);
	localtime_r(&now, &tm);
	return limit_at(r->limits, r->limit_count, (unsigned)(tm.tm_hour * 60 + tm.tm_min));
}

static int
step_all(struct uplink *u)
{
	int64_t now = monotonic_ms();
	int wait = POLL_MS;
	bucket_fill(&u->bucket, limit_now(u), now);
	for (struct transfer_state *t = u->active, *next; t; t = next) {
		next = t->next;
		transfer_step(t, now);
	}
	for (struct transfer_state *t = u->active; t; t = t->next) {
		int delay = transfer_delay(t, now);
		wait = delay >= 0 && delay < wait ? delay : wait;
	}
	return wait;
}

/* What is passed on without a known digest is digested by finish.c once it is whole; of large files the beginning before,
 * while nothing else is to be done. */
static struct transfer_state *
undigested(const struct uplink *u)
{
	struct transfer_state *t = u->active;
	while (t && !(t->blob && part_is_lazy(t) && t->have - t->hashed > UNDIGESTED_MAX))
		t = t->next;
	return t;
}

static void
round_end(struct uplink *u)
{
	int wait = step_all(u), events = 0;
	transfer_flush(u); /* a transfer that goes on after a pause brings bytes at once */
	if (u->room && u->queued)
		wait = 0;
	for (struct transfer_state *t = u->active; t; t = t->next)
		transfer_tell(t);
	struct transfer_state *lazy = undigested(u);
	curl_multi_poll(u->multi, NULL, 0, lazy && wait > IDLE_MS ? IDLE_MS : wait, &events);
	if (lazy && events == 0)
		(void)!part_digest(lazy, lazy->hashed + IDLE_SLICE);
}

static void *
uplink_run(void *arg)
{
	struct uplink *u = arg;
	sigset_t pipe_only;
	/* OpenSSL writes to sockets without MSG_NOSIGNAL. */
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
	while (!atomic_load(&u->stop)) {
		int running;
		take_fresh(u);
		begin_queued(u, false);
		curl_multi_perform(u->multi, &running);
		transfer_flush(u);
		take_done(u);
		round_end(u);
	}
	take_fresh(u);
	begin_queued(u, true);
	while (u->active)
		transfer_fail(u->active, 503, "the relay is being stopped; ask again in a moment");
	return NULL;
}

/* ---- beginning and end ---- */

/* In the address: of user and password alone some libcurl decode a % once more with each question of the proxy. */
static bool
read_credentials(struct uplink *u, struct err *e)
{
	const char *path = u->o.relay->proxy_credentials, *proxy = u->o.relay->proxy;
	BUF_AUTO url = { 0 };
	if (!path)
		return true;
	/* Without a proxy they are of no use yet; that they are wrong is said all the same. */
	if (!proxy_with_credentials(proxy ? proxy : "", path, &url, e))
		return false;
	if (proxy)
		u->proxy_url = xstrdup(buf_cstr(&url));
	explicit_bzero(url.ptr, url.len);
	return true;
}

/* libcurl wants the CA of relays further out as a file; ours is in memory. */
static bool
write_ca(struct uplink *u, struct err *e)
{
	const struct relay_options *r = u->o.relay;
	BUF_AUTO path = { 0 };
	if (r->client_ca_pem.len == 0)
		return true;
	buf_addf(&path, "%s/upstream-ca.pem", r->data);
	u->ca_file = xstrdup(path.ptr);
	return file_write(u->ca_file, r->client_ca_pem, 0644, e);
}

static void
uplink_free(struct uplink *u)
{
	if (u->multi)
		curl_multi_cleanup(u->multi);
	curl_global_cleanup();
	pthread_mutex_destroy(&u->mutex);
	pthread_cond_destroy(&u->changed);
	free(u->proxy_url);
	free(u->ca_file);
	free(u->stage);
	free(u);
}

bool
uplink_start(const struct uplink_options *o, struct uplink **out, struct err *e)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot be started");
	struct uplink *u = xcalloc(1, sizeof(*u));
	u->o = *o;
	u->fresh_end = &u->fresh;
	u->queued_end = &u->queued;
	u->bucket.rate = UINT64_MAX;
	u->learner = (struct learner){ o->digests, o->relay->keyrings, u, finish_fetch };
	pthread_mutex_init(&u->mutex, NULL);
	pthread_cond_init(&u->changed, NULL);
	u->stage = xcalloc(1, STAGE_BYTES);
	u->multi = curl_multi_init();
	if (!u->multi)
		abort();
	curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	curl_multi_setopt(u->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST);
	curl_multi_setopt(u->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
	if (!read_credentials(u, e) || !write_ca(u, e)) {
		uplink_free(u);
		return false;
	}
	u->thread_runs = pthread_create(&u->thread, NULL, uplink_run, u) == 0;
	if (!u->thread_runs || !finish_open(u)) {
		err_set(e, ERR_SYSTEM, "the relay cannot start its threads");
		uplink_stop(u);
		return false;
	}
	*out = u;
	return true;
}

void
uplink_stop(struct uplink *u)
{
	if (!u)
		return;
	atomic_store(&u->end_at, monotonic_ms() + END_MS);
	atomic_store(&u->stop, true);
	if (u->thread_runs) {
		uplink_wake(u);
		pthread_join(u->thread, NULL);
	}
	finish_wait(u);
	uplink_free(u);
}

struct uplink_stats
uplink_stats(const struct uplink *u)
{
	return (struct uplink_stats){ atomic_load(&u->bytes_fetched), atomic_load(&u->mismatches),
				      atomic_load(&u->fetches), atomic_load(&u->ok), atomic_load(&u->failed) };
}
