/* mamori serve: listeners, threads, and an end within five seconds. */
#include "base/log.h"
#include "os/file.h"
#include "os/user.h"
#include "patch/order_request.h"
#include "server/directory.h"
#include "server/exchange.h"
#include "server/exposure_merge.h"
#include "server/report_order.h"
#include "server/exposures.h"
#include "server/planner.h"
#include "server/publish.h"
#include "server/queue.h"
#include "server/server.h"
#include "server/feed_change.h"
#include "server/surface_job.h"
#include "store/setting.h"
#include "store/trend.h"

#include <fts.h>
#include <signal.h>
#include <unistd.h>

enum {
	READERS = 2,
	DASHBOARD_BODY_MAX = 3 << 19,
	AGENTS_BODY_MAX = 16 << 20,
	TICK_S = 60,
	RENEW_TICKS = 60, /* the server's certificate is looked at once an hour */
};

struct serving {
	struct app app;
	struct http_server *http;
	struct buf certificate, key;
	pthread_t ticker;
	struct directory_sync directory; /* the writer's until its queue has stopped */
	struct publish_memory published; /* the ticker's */
	struct exposure_merger *merger;
};

/* ---- what time brings ---- */

struct expire_job {
	struct job job;
	struct app *app;
	struct directory_sync *directory;
	bool directory_due;
	enum surface_act surface;
};

/* Once a day; a setting says for which one it was done, so that a restart does not miss one. */
static bool
day_bring(const struct expire_job *j, struct store *st, int64_t now, struct err *e)
{
	int64_t done;
	ARENA_AUTO a = { 0 };
	if (!setting_number(st, "day", 0, INT64_MAX, 0, &done, e))
		return false;
	int64_t day = app_day(j->app, now);
	return done == day || (day_change_apply(j->app, st, now, e) &&
			       setting_put(st, "day", arena_printf(&a, "%lld", (long long)day), e));
}

static bool
expire_write(struct job *j, struct store *st)
{
	struct expire_job *own = (struct expire_job *)j;
	const struct app *app = own->app;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct order_context c = { st, &a, app->order_key, clock_now(app->clock), 0 };
	own->directory_due = directory_due(st, c.now);
	if (order_expire_all(&c, &e) && planner_tick(st, c.now, &e) && day_bring(own, st, c.now, &e) &&
	    surface_schedule_tick(app, st, c.now, &own->surface, &e))
		return true;
	log_error("server", "what time brings: %s", e.text);
	return false;
}

static void
expire_done(struct job *j, bool committed, const struct err *e)
{
	struct expire_job *own = (struct expire_job *)j;
	(void)e; /* the next tick tries again */
	directory_sync_reap(own->directory, false);
	if (committed && own->directory_due)
		directory_sync_start(own->directory, own->app->data);
	if (committed)
		surface_job_act(own->app->surface_job, own->surface);
	free(j);
}

static const struct job_ops expire_ops = { NULL, expire_write, expire_done };

static void
certificate_renew(struct serving *s)
{
	struct err e = { 0 };
	bool renewed;
	BUF_AUTO certificate = { 0 };
	BUF_AUTO key = { 0 };
	bool ok = app_certificate(&s->app, &certificate, &key, &renewed, &e);
	for (size_t i = LISTENER_DASHBOARD; ok && renewed && i <= LISTENER_AGENTS; i++)
		ok = http_server_set_certificate(s->http, i, buf_str(&certificate), buf_str(&key), &e);
	if (!ok)
		log_error("server", "its certificate could not be renewed: %s", e.text);
	else if (renewed)
		log_info("server", "certificate renewed");
}

static void
signals_of_end(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

/* Waits for the signal that ends the server; between two waits it sees to what time brings. */
static void *
ticker_run(void *arg)
{
	struct serving *s = arg;
	sigset_t set;
	signals_of_end(&set);
	publish_run(s->app.data, s->app.clock, &s->published);
	for (unsigned tick = 1;; tick++) {
		struct timespec wait = { .tv_sec = TICK_S };
		int got = sigtimedwait(&set, NULL, &wait);
		if (got == SIGTERM || got == SIGINT)
			break;
		struct expire_job *j = xcalloc(1, sizeof(*j));
		*j = (struct expire_job){ { &expire_ops, NULL }, &s->app, &s->directory, false, SURFACE_ACT_NONE };
		queue_write(s->app.queue, &j->job);
		exposure_watch_kick(s->app.watch, false);
		/* What people have signed meanwhile appears within a minute. */
		publish_run(s->app.data, s->app.clock, &s->published);
		if (tick % RENEW_TICKS == 0)
			certificate_renew(s);
	}
	http_server_stop(s->http);
	return NULL;
}

/* ---- starting ---- */

/* The first start as root with a user of our own hands the folder over to it. */
static bool
folder_give(const char *data, struct user u, struct err *e)
{
	char *const paths[] = { (char *)(uintptr_t)data, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
	if (!walk)
		return err_sys(e, "giving %s to the user mamori", data);
	bool ok = true;
	for (FTSENT *f; ok && (f = fts_read(walk));) {
		if (f->fts_info == FTS_DP)
			continue;
		ok = lchown(f->fts_accpath, u.uid, u.gid) == 0 ||
		     err_sys(e, "giving %s to the user mamori", f->fts_path);
	}
	fts_close(walk);
	return ok;
}

static bool
rights_drop(const char *data, struct err *e)
{
	struct user u = user_find("mamori");
	if (geteuid() != 0)
		return user_drop(u, e);
	if (u.uid == USER_NOBODY) {
		log_warn("server", "runs as root: there is no user mamori to drop to");
		return true;
	}
	return folder_give(data, u, e) && user_drop(u, e);
}

static bool
listeners_bind(struct serving *s, const struct server_options *o, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *socket = path_join(&a, o->data, "mamori.sock");
	struct str certificate = buf_str(&s->certificate), key = buf_str(&s->key);
	struct http_listener listeners[LISTENERS] = {
		[LISTENER_DASHBOARD] = { .address = o->listen,
					 .certificate_pem = certificate,
					 .key_pem = key,
					 .body_max = DASHBOARD_BODY_MAX },
		[LISTENER_AGENTS] = { .address = o->agents,
				      .certificate_pem = certificate,
				      .key_pem = key,
				      .client_ca_pem = buf_str(&s->app.ca_pem),
				      .body_max = AGENTS_BODY_MAX },
		[LISTENER_SOCKET] = { .unix_path = socket, .body_max = DASHBOARD_BODY_MAX },
	};
	/* Left behind by a server that was killed; the folder's lock says that none runs. */
	if (!file_remove(socket, e))
		return false;
	return http_server_new(listeners, LISTENERS, exchange_start, &s->app, &s->http, e);
}

/* Ports that the system chose (address with port 0) become known here. */
static bool
ports_learn(struct serving *s, struct store *st, const struct server_options *o, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *given[] = { o->listen, o->agents };
	const char *real[2];
	for (size_t i = 0; i < COUNT(given); i++) {
		struct str address = str_of(given[i]);
		address = str_head(address, (size_t)str_rfind_char(address, ':'));
		real[i] = arena_printf(&a, "%.*s:%u", STR_ARG(address), http_server_port(s->http, i)).ptr;
	}
	return app_set_endpoints(&s->app, st, NULL, real[0], real[1], e);
}

static bool
serving_start(struct serving *s, struct store **st, const struct server_options *o, struct err *e)
{
	bool renewed;
	if (!app_set_endpoints(&s->app, *st, o->name, o->listen, o->agents, e) ||
	    !app_certificate(&s->app, &s->certificate, &s->key, &renewed, e) || !listeners_bind(s, o, e) ||
	    !ports_learn(s, *st, o, e) || !rights_drop(o->data, e))
		return false;
	/* Hosts whose findings are of another index than the one that is there now. */
	ARENA_AUTO a = { 0 };
	struct feed_change change = { 0 };
	struct err ignored = { 0 };
	if (!feed_change_start(&s->app, *st, clock_now(s->app.clock), &a, &change, &ignored))
		log_error("match", "%s", ignored.text); /* machines may check in all the same */
	bool surface_left = surface_job_was_left(*st);
	struct store *writer = *st;
	*st = NULL;
	if (!queue_start(&s->app, writer, READERS, &s->app.queue, e))
		return false;
	s->app.watch = exposure_watch_new(&s->app);
	exposure_watch_kick(s->app.watch, false);
	s->merger = exposure_merger_new(s->app.data, s->app.exposure);
	s->app.orders =
		report_orders_new(s->app.data, "exposure/reports", exposure_pool_store(s->app.exposure), s->app.clock);
	s->app.surface_orders = report_orders_new(s->app.data, "surface/reports", NULL, s->app.clock);
	s->app.surface_job = surface_job_new(&s->app);
	if (surface_left)
		surface_job_start(s->app.surface_job);
	for (size_t i = 0; i < change.count; i++)
		queue_match(s->app.queue, change.ids[i]);
	return true;
}

static void
ready_tell(int fd)
{
	if (fd >= 0 && write(fd, "\n", 1) != 1)
		log_warn("server", "nobody waits for the word that it is ready");
}

static bool
serving_run(struct serving *s, const struct server_options *o, struct err *e)
{
	if (pthread_create(&s->ticker, NULL, ticker_run, s) != 0)
		return err_set(e, ERR_SYSTEM, "starting the server: the system gives no more threads");
	log_info("server", "listens on port %u, for agents on port %u", http_server_port(s->http, LISTENER_DASHBOARD),
		 http_server_port(s->http, LISTENER_AGENTS));
	ready_tell(o->ready_fd);
	http_server_run(s->http);
	/* Ended by itself or by the ticker: the ticker must end too. */
	(void)pthread_kill(s->ticker, SIGTERM);
	pthread_join(s->ticker, NULL);
	log_info("server", "ends");
	return true;
}

bool
server_serve(const struct server_options *o, struct err *e)
{
	struct serving s = { 0 };
	struct store *st = NULL;
	sigset_t ends, before;
	/* Blocked in every thread from here on; the ticker takes them one by one. */
	signals_of_end(&ends);
	pthread_sigmask(SIG_BLOCK, &ends, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	bool ok = app_open(&s.app, o->data, o->clock, &st, e) &&
		  (!o->exposure_store || exposure_pool_set_store(s.app.exposure, o->exposure_store, e)) &&
		  serving_start(&s, &st, o, e) && serving_run(&s, o, e);
	exposure_merger_free(s.merger);
	surface_job_end(s.app.surface_job); /* what it tells goes through the queue */
	queue_stop(s.app.queue);
	report_orders_free(s.app.orders);
	report_orders_free(s.app.surface_orders);
	surface_job_free(s.app.surface_job);
	exposure_watch_free(s.app.watch);
	directory_sync_reap(&s.directory, true);
	http_server_free(s.http);
	store_close(st);
	app_close(&s.app);
	publish_forget(&s.published);
	buf_free(&s.certificate);
	buf_free(&s.key);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}
