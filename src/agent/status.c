/* What the state folder says, read without a lock (agent.h). */
#include "agent/agent.h"

#include <unistd.h>

#include "agent/contact.h"
#include "agent/updates.h"
#include "agent/way.h"

#define FILES_MAX 100000

/* Files of a folder that end in .json; an unreadable folder counts as empty. */
static size_t
count_files(const struct agent *a, struct arena *arena, const char *folder)
{
	struct str *names;
	size_t count, n = 0;
	if (!dir_list(arena, state_path(a, arena, folder), FILES_MAX, &names, &count, NULL))
		return 0;
	for (size_t i = 0; i < count; i++)
		n += str_ends(names[i], STR(".json")) ? 1 : 0;
	return n;
}

static size_t
count_open(const struct agent *a, struct arena *arena)
{
	struct str *names;
	size_t count, n = 0;
	if (!dir_list(arena, state_path(a, arena, "orders"), FILES_MAX, &names, &count, NULL))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct json *v;
		const char *file = arena_printf(arena, "orders/%.*s", STR_ARG(names[i])).ptr;
		if (str_ends(names[i], STR(".json")) && state_load(a, arena, file, &v, NULL) && v)
			n += json_get_bool(v, "open", false) ? 1 : 0;
	}
	return n;
}

static bool
lock_held(const struct agent *a, struct arena *arena, const char *name)
{
	const char *path = state_path(a, arena, name);
	struct err e = { 0 };
	FD_AUTO fd = -1;
	return file_exists(path) && !file_lock(path, &fd, &e) && e.code == ERR_BUSY;
}

static void
contact_write(struct json_writer *w, const struct contact *c)
{
	json_put_cstr(w, "state", c->state);
	json_put_time(w, "tried", c->tried);
	json_put_time(w, "last_contact", c->reached);
	json_put_time(w, "next", c->next);
	json_put_i64(w, "failures", c->failures);
	json_put_i64(w, "interval", c->interval);
	json_put_cstr(w, "error", c->error);
	json_put_cstr(w, "notice", c->notice);
}

static void
plan_write(const struct agent *a, struct arena *arena, const struct contact *c, struct json_writer *w)
{
	struct json *v = NULL;
	size_t count = 0, security = 0;
	if (!state_load(a, arena, "plan.json", &v, NULL))
		v = NULL;
	const struct json *patches = json_get_array(json_get(v, "updates"), "patches", &count);
	for (size_t i = 0; i < count; i++)
		security += json_get_bool(&patches[i], "security", false) ? 1 : 0;
	struct str at = json_get_str(v, "planned_at"), error = json_get_str(v, "error");
	json_key(w, "planned_at");
	json_str_or_null(w, at);
	json_key(w, "plan_error");
	json_str_or_null(w, error.len ? error : str_of(c->refresh_error));
	json_put_i64(w, "patches", (int64_t)count);
	json_put_i64(w, "security", (int64_t)security);
}

/* How it gets to the server and to packages. */
static void
ways_write(const struct agent *a, struct arena *arena, const struct identity *id, struct json_writer *w)
{
	struct ways ways;
	json_key(w, "relays");
	json_begin_array(w);
	if (id->host) {
		ways_load(a, arena, id, clock_now(a->clock), &ways);
		for (size_t i = 0; i < ways.count; i++)
			if (ways.way[i].url)
				json_cstr(w, ways.way[i].url);
	}
	json_end_array(w);
	json_put_bool(w, "relay_only", id->relay_only);
	json_put_cstr(w, "packages_through", id->host ? ways.packages : NULL);
}

/* As the server is told it: what follows from metadata that has expired is to be known at the machine, too. */
static void
metadata_write(const struct agent *a, struct arena *arena, const struct identity *id, const struct contact *c,
	       struct json_writer *w)
{
	KEY_AUTO order_key = NULL;
	if (!key_public_from_pem(str_of(id->order_key), &order_key, NULL))
		return;
	struct session s = { .agent = a, .arena = arena, .id = *id, .order_key = order_key, .contact = *c };
	updates_load(&s);
	updates_write(&s, w);
}

bool
agent_status(const struct agent *a, struct buf *json, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct identity id = { 0 };
	struct contact c;
	struct err why = { 0 };
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	bool enrolled = identity_load(a, &arena, &id, &why);
	/* Another user's folder is not the same as no enrolment. */
	if (!enrolled &&
	    (why.code != ERR_REFUSED || (access(a->state, F_OK) == 0 && access(a->state, R_OK | X_OK) != 0)))
		return err_set(e, why.code, "%s", why.text);
	contact_load(a, &arena, id.host, &c);
	json_begin_object(&w);
	json_put_bool(&w, "enrolled", enrolled);
	json_put_cstr(&w, "agent", MAMORI_VERSION);
	json_put_bool(&w, "running", lock_held(a, &arena, "run.lock"));
	json_put_bool(&w, "busy", lock_held(a, &arena, "check-in.lock"));
	json_put_cstr(&w, "host", id.host);
	json_put_cstr(&w, "server", id.server);
	json_put_cstr(&w, "agents", id.agents[0]);
	ways_write(a, &arena, &id, &w);
	json_key(&w, "certificate");
	json_begin_object(&w);
	json_put_cstr(&w, "serial", id.serial);
	json_put_time(&w, "not_after", id.not_after);
	json_end_object(&w);
	contact_write(&w, &c);
	json_put_i64(&w, "results_waiting", (int64_t)count_files(a, &arena, "attempts"));
	json_put_i64(&w, "orders_open", (int64_t)count_open(a, &arena));
	plan_write(a, &arena, &c, &w);
	if (enrolled)
		metadata_write(a, &arena, &id, &c, &w);
	json_end_object(&w);
	buf_add(json, buf_str(&b));
	return true;
}
