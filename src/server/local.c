/* API requests in this process, while no server owns the folder. */
#include "server/app.h"
#include "server/match_job.h"
#include "server/route.h"
#include "server/server.h"
#include "store/trend.h"

#include <unistd.h>

static bool
match_now(struct app *app, struct store *st, struct str host, struct err *e)
{
	struct match_job j;
	bool due, ok = match_compute(app, st, host, &j, &due, e);
	if (ok && due)
		ok = store_begin(st, e) && match_store(st, &j, e) &&
		     trend_keep(st, app_day(app, clock_now(app->clock)), e) && store_commit(st, e);
	if (!ok)
		store_rollback(st);
	match_job_free(&j);
	return ok;
}

static bool
after(struct request *r, struct err *e)
{
	if (r->match_host.len)
		return match_now(r->app, r->st, r->match_host, e);
	for (size_t i = 0; i < r->match_host_count; i++)
		if (!match_now(r->app, r->st, r->match_hosts[i], e))
			return false;
	return true;
}

static bool
request_run(struct request *r, struct err *e)
{
	if (!route_prepare(&routes_dashboard, r))
		return true;
	if (!store_begin(r->st, e))
		return false;
	if (!route_write(r)) {
		store_rollback(r->st);
		return true;
	}
	if (!trend_keep(r->st, app_day(r->app, r->now), e) || !store_commit(r->st, e)) {
		store_rollback(r->st);
		return false;
	}
	return after(r, e);
}

static bool
app_request(struct app *app, struct store *st, const char *method, const char *path, struct str body, int *status,
	    struct buf *answer, struct err *e)
{
	struct request r;
	request_init(&r, app, DOOR_SOCKET);
	r.st = st;
	r.lang = lang_current();
	r.peer_uid = (int64_t)geteuid();
	r.peer = STR("command line");
	r.method = str_of(method);
	if (!str_split(str_of(path), '?', &r.path, &r.query))
		r.path = str_of(path);
	r.body = body;
	bool ok = request_run(&r, e);
	if (ok) {
		*status = r.status;
		buf_add(answer, buf_str(&r.out));
	}
	request_end(&r);
	return ok;
}

bool
server_api_local(const char *data, const struct clock *clock, const char *method, const char *path, struct str body,
		 int *status, struct buf *answer, struct err *e)
{
	struct app app;
	STORE_AUTO st = NULL;
	bool ok = app_open(&app, data, clock, &st, e) && app_request(&app, st, method, path, body, status, answer, e);
	store_close(st);
	st = NULL;
	app_close(&app);
	return ok;
}
