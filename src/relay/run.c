/* The relay's beginning and end, and what services may ask of it. */
#include "relay/relay-internal.h"

#include "base/log.h"
#include "net/address.h"
#include "net/tls.h"
#include "os/file.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_SPARE 512
#define LOOK_EVERY_S 5
#define EVICT_EVERY 12 /* looks */
/* So many connections fewer than there were: their memory goes back. */
#define FEWER 64
#define CONNECTION_COST (32u << 10) /* TLS, its socket in the kernel not counted */

/* ---- the list of origins ---- */

/* A new list beside the old ones, which live as long as the relay: whoever holds an origin of them may keep it. */
static struct allowlist *
allow_copy(struct relay *r)
{
	const struct allowlist *old = atomic_load(&r->allow);
	struct allowlist *fresh = ARENA_NEW(&r->arena, struct allowlist);
	for (size_t i = 0; old && i < old->origins.count; i++)
		*ARRAY_PUSH(&r->arena, &fresh->origins) = old->origins.items[i];
	for (size_t i = 0; old && i < old->tunnels.count; i++)
		*ARRAY_PUSH(&r->arena, &fresh->tunnels) = old->tunnels.items[i];
	/* Never changed in place. */
	if (old)
		fresh->named = old->named;
	return fresh;
}

typedef bool allow_fn(struct allowlist *l, struct arena *a, struct str text, struct err *e);

static bool
allow_more(struct relay *r, allow_fn *add, struct str text, struct err *e)
{
	pthread_mutex_lock(&r->mutex);
	const struct allowlist *old = atomic_load(&r->allow);
	struct allowlist *fresh = allow_copy(r);
	bool ok = add(fresh, &r->arena, text, e);
	bool more =
		ok && (!old || fresh->origins.count > old->origins.count || fresh->tunnels.count > old->tunnels.count);
	if (more)
		atomic_store_explicit(&r->allow, fresh, memory_order_release);
	pthread_mutex_unlock(&r->mutex);
	return ok;
}

bool
relay_allow(struct relay *r, struct str text, struct err *e)
{
	return allow_more(r, allow_add, text, e);
}

bool
relay_allow_tunnel(struct relay *r, struct str host_port, struct err *e)
{
	return allow_more(r, allow_add_tunnel, host_port, e);
}

static bool
same_files(const struct allowlist *a, const struct allowlist *b)
{
	bool same = a->named.count == b->named.count;
	for (size_t i = 0; same && i < a->named.count; i++) {
		const struct origin *x = &a->named.items[i], *y = &b->named.items[i];
		same = x->https == y->https && strcmp(x->host, y->host) == 0 && strcmp(x->port, y->port) == 0 &&
		       str_eq(x->path, y->path);
	}
	return same;
}

void
relay_allow_files(struct relay *r, const struct str *urls, size_t count)
{
	ARENA_AUTO a = { 0 };
	struct allowlist wanted = { 0 };
	for (size_t i = 0; i < count; i++)
		if (!allow_add_file(&wanted, &a, urls[i]))
			log_warn("relay", "%.*s is no address of a file", STR_ARG(urls[i]));
	pthread_mutex_lock(&r->mutex);
	const struct allowlist *old = atomic_load(&r->allow);
	/* Lists live as long as the relay: none is made for nothing. */
	if (!old || !same_files(old, &wanted)) {
		struct allowlist *fresh = allow_copy(r);
		memset(&fresh->named, 0, sizeof(fresh->named));
		for (size_t i = 0; i < count; i++)
			(void)!allow_add_file(fresh, &r->arena, urls[i]);
		atomic_store_explicit(&r->allow, fresh, memory_order_release);
	}
	pthread_mutex_unlock(&r->mutex);
}

static const struct allowlist *
allow_current(void *user)
{
	struct relay *r = user;
	return atomic_load_explicit(&r->allow, memory_order_acquire);
}

static bool
allow_given(struct relay *r, struct err *e)
{
	for (const char *const *a = r->o.allow; a && *a; a++)
		if (!relay_allow(r, str_of(*a), e))
			return false;
	for (const char *const *t = r->o.tunnels; t && *t; t++)
		if (!relay_allow_tunnel(r, str_of(*t), e))
			return false;
	/* With nothing to add there is a list all the same. */
	if (!atomic_load(&r->allow))
		atomic_store(&r->allow, ARENA_NEW(&r->arena, struct allowlist));
	r->given = atomic_load(&r->allow)->origins.count;
	return true;
}

/* ---- TLS ---- */

bool
relay_set_certificate(struct relay *r, struct str certificate_pem, struct str key_pem, struct str client_ca_pem,
		      struct err *e)
{
	SSL_CTX *fresh = NULL;
	if (!tls_server_context(certificate_pem, key_pem, STR_NONE, &fresh, e))
		return false;
	if (client_ca_pem.len > 0 && !tls_ask_client(fresh, client_ca_pem, e)) {
		SSL_CTX_free(fresh);
		return false;
	}
	/* Files of hundreds of megabytes: the fastest of what is safe comes first. */
	(void)!SSL_CTX_set_ciphersuites(fresh,
					"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
	/* What could not be sent is read from its file again, into another place. */
	SSL_CTX_set_mode(fresh, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	pthread_mutex_lock(&r->mutex);
	SSL_CTX *old = r->tls;
	r->tls = fresh;
	pthread_mutex_unlock(&r->mutex);
	SSL_CTX_free(old);
	return true;
}

/* ---- for services ---- */

bool
relay_ending(const struct relay *r)
{
	return atomic_load(&r->stop);
}

struct cache *
relay_cache(struct relay *r)
{
	return r->cache;
}

struct digest_map *
relay_digests(struct relay *r)
{
	return r->digests;
}

struct relay_stats
relay_stats(const struct relay *r)
{
	struct uplink_stats u = uplink_stats(r->uplink);
	struct relay_stats s = { .cache = cache_stats(r->cache),
				 .bytes_fetched = u.bytes_fetched,
				 .mismatches = u.mismatches,
				 .fetches = u.fetches,
				 .uplink_ok = u.ok,
				 .uplink_failed = u.failed,
				 .started = r->started,
				 .known = digest_map_count(r->digests) };
	for (unsigned i = 0; i < r->loop_count; i++) {
		const struct loop *l = &r->loops[i];
		s.requests += atomic_load(&l->requests);
		s.hits += atomic_load(&l->hits);
		s.misses += atomic_load(&l->misses);
		s.joined += atomic_load(&l->joined);
		s.refused += atomic_load(&l->refused);
		s.bytes_served += atomic_load(&l->bytes_served);
		s.connections += atomic_load(&l->connections);
	}
	return s;
}

/* ---- beginning ---- */

static unsigned
core_count(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > LOOPS_MAX ? LOOPS_MAX : (unsigned)n;
}

static void
descriptors_raise(struct relay *r)
{
	struct rlimit limit;
	r->connections_max = 500;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 2 * DESCRIPTORS_SPARE)
		r->connections_max = (size_t)limit.rlim_cur - DESCRIPTORS_SPARE;
	/* No more than a quarter of the machine's memory would go into connections. */
	size_t fit = (size_t)sysconf(_SC_PHYS_PAGES) / 4 * (size_t)sysconf(_SC_PAGESIZE) / CONNECTION_COST;
	if (fit < r->connections_max)
		r->connections_max = fit;
}

static bool
stores_open(struct relay *r, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *known = path_join(&a, r->o.data, "known");
	const struct cache_options o = { .folder = path_join(&a, r->o.data, "cache"),
					 .size_max = r->o.cache_size,
					 .age_max = r->o.cache_age,
					 .clock = r->o.clock };
	return cache_open(&o, &r->cache, e) && digest_map_open(known, &r->digests, e);
}

static bool
loops_open(struct relay *r, struct err *e)
{
	unsigned port;
	int probe;
	/* Alone on its port: several loops of ours may share it, another program may not. */
	if (!address_listen(r->o.listen, &probe, &port, e))
		return false;
	close(probe);
	unsigned count = core_count();
	r->loops = xcalloc(count, sizeof(r->loops[0]));
	for (r->loop_count = 0; r->loop_count < count;) {
		struct loop *l = &r->loops[r->loop_count++];
		l->listen_fd = l->wake_fd = -1;
		if (!loop_open(l, r, r->loop_count - 1, e))
			return false;
	}
	return true;
}

static void *
loop_thread(void *arg)
{
	loop_run(arg);
	return NULL;
}

static bool
loops_start(struct relay *r, struct err *e)
{
	for (unsigned i = 0; i < r->loop_count; i++) {
		struct loop *l = &r->loops[i];
		l->runs = pthread_create(&l->thread, NULL, loop_thread, l) == 0;
		if (!l->runs)
			return err_set(e, ERR_SYSTEM, "the relay cannot start its threads");
	}
	return true;
}

static bool
relay_start(struct relay *r, struct err *e)
{
	const struct uplink_options up = { &r->o, r->cache, r->digests, loop_stir, allow_current, r };
	if (r->o.certificate_pem.len > 0 &&
	    !relay_set_certificate(r, r->o.certificate_pem, r->o.key_pem, r->o.client_ca_pem, e))
		return false;
	if (!loops_open(r, e) || !uplink_start(&up, &r->uplink, e) || !loops_start(r, e))
		return false;
	return call_threads_start(r) || err_set(e, ERR_SYSTEM, "the relay cannot start its threads");
}

/* ---- end ---- */

static void
relay_end(struct relay *r)
{
	atomic_store(&r->stop, true);
	for (unsigned i = 0; i < r->loop_count; i++)
		if (r->loops[i].runs)
			loop_wake(&r->loops[i]);
	for (unsigned i = 0; i < r->loop_count; i++)
		if (r->loops[i].runs)
			pthread_join(r->loops[i].thread, NULL);
	uplink_stop(r->uplink);
	call_threads_stop(r);
	for (unsigned i = 0; i < r->loop_count; i++)
		loop_free(&r->loops[i]);
	free(r->loops);
	cache_close(r->cache);
	digest_map_close(r->digests);
	SSL_CTX_free(r->tls);
	arena_free(&r->arena);
	pthread_mutex_destroy(&r->mutex);
	pthread_cond_destroy(&r->changed);
}

static uint64_t
connections(const struct relay *r)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < r->loop_count; i++)
		n += atomic_load(&r->loops[i].connections);
	return n;
}

/* Until the signal that ends the relay; what is old goes meanwhile. */
static void
wait_for_end(struct relay *r, const sigset_t *set)
{
	uint64_t most = 0;
	for (unsigned looks = 1;;) {
		const struct timespec wait = { .tv_sec = LOOK_EVERY_S };
		int got = sigtimedwait(set, NULL, &wait);
		if (got == SIGTERM || got == SIGINT)
			return;
		if (got >= 0 || errno != EAGAIN)
			continue;
		bool minute = looks++ % EVICT_EVERY == 0;
		if (minute)
			cache_evict(r->cache, 0);
		uint64_t now = connections(r);
		bool fewer = now + FEWER <= most;
		if (minute || fewer)
			lean_now();
		most = fewer || now > most ? now : most;
	}
}

bool
relay_run(const struct relay_options *o, struct err *e)
{
	ARENA_AUTO a = { 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!dir_make(o->data, 0750, e))
		return false;
	FD_AUTO lock = -1;
	if (!file_lock(path_join(&a, o->data, "relay.lock"), &lock, e))
		return err_wrap(e, "starting the relay of %s", o->data);
	struct relay r = { .o = *o };
	r.o.clock = o->clock ? o->clock : &clock_system;
	r.started = clock_now(r.o.clock);
	r.calls_end = &r.calls;
	pthread_mutex_init(&r.mutex, NULL);
	pthread_mutex_init(&r.refusals.mutex, NULL);
	pthread_cond_init(&r.changed, NULL);
	descriptors_raise(&r);
	bool ok = allow_given(&r, e) && stores_open(&r, e) && relay_start(&r, e);
	if (ok && o->certificate_pem.len == 0)
		log_warn("relay",
			 "not enrolled: plain HTTP only, whoever is on the way can read and change what passes");
	if (ok)
		lean_after_start();
	if (ok && o->ready_fd >= 0)
		(void)!write(o->ready_fd, "r", 1);
	if (ok)
		wait_for_end(&r, &set);
	relay_end(&r);
	return ok;
}
