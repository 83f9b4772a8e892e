/* /api/v1/directory: where the machines' departments come from by themselves. The server never speaks LDAP: it starts
 * `mamori group sync`, which asks, imports and tells how it ended. */
#include "server/directory.h"

#include "base/log.h"
#include "os/file.h"
#include "server/api.h"
#include "server/policies.h"
#include "store/setting.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 1000, HOURS_MOST = 24 * 31 };
static const int64_t HOUR = 3600000;

/* ---- the setting ---- */

static const char *const texts[] = { "url", "base", "filter", "bind", "password_file", "ca", "name", "group" };

static bool
directory_write(struct request *r, struct err *e)
{
	struct str set, result;
	struct json *parsed = NULL, *ended = NULL;
	if (!setting_get(r->st, &r->arena, "directory", &set, e) ||
	    !setting_get(r->st, &r->arena, "directory_result", &result, e) ||
	    (set.len && !json_parse(&r->arena, set, NULL, &parsed, e)) ||
	    (result.len && !json_parse(&r->arena, result, NULL, &ended, e)))
		return false;
	json_begin_object(&r->w);
	for (size_t i = 0; i < COUNT(texts); i++)
		str_or_null(&r->w, texts[i], json_get_str(parsed, texts[i]));
	json_put_bool(&r->w, "plain", json_get_bool(parsed, "plain", false));
	json_put_i64(&r->w, "every", json_get_i64(parsed, "every", 0));
	json_key(&r->w, "result");
	if (ended)
		json_tree(&r->w, ended);
	else
		json_null(&r->w);
	json_end_object(&r->w);
	return true;
}

bool
api_directory(struct request *r, struct err *e)
{
	static const char *const filters[] = { NULL };
	return request_query(r, filters, e) && directory_write(r, e);
}

bool
api_directory_put(struct request *r, struct err *e)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	int64_t every = json_get_i64(r->json, "every", 0);
	if (every < 0 || every > HOURS_MOST)
		return err_set(e, ERR_USAGE, "every must be 0 (never by itself) to %d hours", HOURS_MOST);
	json_begin_object(&w);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str text;
		bool needed = i < 2 || strcmp(texts[i], "name") == 0 || strcmp(texts[i], "group") == 0;
		if (!body_text(r, texts[i], TEXT_BYTES, needed, &text, e))
			return false;
		if (text.len)
			json_put_str(&w, texts[i], text);
	}
	json_put_bool(&w, "plain", json_get_bool(r->json, "plain", false));
	json_put_i64(&w, "every", every);
	json_end_object(&w);
	return setting_put(r->st, "directory", buf_str(&out), e) &&
	       setting_put(r->st, "directory_result", STR(""), e) &&
	       request_audit(r, "directory.put", json_get_str(r->json, "url"),
			     arena_printf(&r->arena, "every %lld h", (long long)every), e) &&
	       directory_write(r, e);
}

bool
api_directory_delete(struct request *r, struct err *e)
{
	r->status = 204;
	return setting_put(r->st, "directory", STR(""), e) && setting_put(r->st, "directory_result", STR(""), e) &&
	       request_audit(r, "directory.delete", STR(""), STR(""), e);
}

bool
api_directory_result(struct request *r, struct err *e)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct str why;
	if (!body_text(r, "why", TEXT_BYTES, false, &why, e))
		return false;
	json_begin_object(&w);
	json_put_time(&w, "at", r->now);
	json_put_bool(&w, "ok", json_get_bool(r->json, "ok", false));
	json_put_i64(&w, "read", json_get_i64(r->json, "read", 0));
	json_put_i64(&w, "kept", json_get_i64(r->json, "kept", 0));
	str_or_null(&w, "why", why);
	json_end_object(&w);
	r->status = 204;
	return setting_put(r->st, "directory_result", buf_str(&out), e);
}

bool
directory_notice_write(struct request *r, struct err *e)
{
	struct str result;
	struct json *ended = NULL;
	if (!setting_get(r->st, &r->arena, "directory_result", &result, e) ||
	    (result.len && !json_parse(&r->arena, result, NULL, &ended, e)))
		return false;
	if (ended && !json_get_bool(ended, "ok", true))
		notice_write(
			r, "warning", "directory",
			arena_printf(&r->arena,
				     tr("Departments could not be read from the directory and stay as they were: %.*s"),
				     STR_ARG(json_get_str(ended, "why"))));
	return true;
}

/* ---- by itself ---- */

/* Whether the hours are over; then the moment is noted, so that a directory that fails is not asked again at once. */
static bool
is_due(struct store *st, struct arena *a, int64_t now, struct err *e)
{
	struct str set;
	struct json *parsed = NULL;
	int64_t at;
	if (!setting_get(st, a, "directory", &set, e) || !set.len || !json_parse(a, set, NULL, &parsed, e) ||
	    !setting_number(st, "directory_at", 0, INT64_MAX, 0, &at, e))
		return false;
	int64_t every = json_get_i64(parsed, "every", 0) * HOUR;
	return every && (now < at || now - at >= every) &&
	       setting_put(st, "directory_at", arena_printf(a, "%lld", (long long)now), e);
}

bool
directory_due(struct store *st, int64_t now)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	bool due = is_due(st, &a, now, &e);
	if (e.code != ERR_NONE)
		log_error("directory", "%s", e.text);
	return due;
}

/* Ends with us; the signals that we block are its own again. */
static pid_t
sync_spawn(const char *program, const char *data)
{
	const char *const argv[] = { "mamori", "group", "sync", "--scheduled", "--data", data, NULL };
	posix_spawnattr_t attributes;
	sigset_t none, standard;
	pid_t pid;
	sigemptyset(&none);
	sigemptyset(&standard);
	sigaddset(&standard, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &standard);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int status = posix_spawn(&pid, program, NULL, &attributes, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
	return status == 0 ? pid : 0;
}

void
directory_sync_start(struct directory_sync *s, const char *data)
{
	ARENA_AUTO a = { 0 };
	const char *dir;
	struct err e = { 0 };
	if (s->pid)
		return;
	if (!path_of_executable(&a, &dir, &e)) {
		log_error("directory", "%s", e.text);
		return;
	}
	s->pid = sync_spawn(path_join(&a, dir, "mamori-main"), data);
	if (!s->pid)
		log_error("directory", "mamori group sync could not be started from %s", dir);
}

void
directory_sync_reap(struct directory_sync *s, bool end)
{
	if (!s->pid)
		return;
	if (end)
		(void)kill(s->pid, SIGKILL);
	if (waitpid(s->pid, NULL, end ? 0 : WNOHANG) == s->pid)
		s->pid = 0;
}
