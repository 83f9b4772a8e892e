#include "server/report_order.h"

#include "base/codec.h"
#include "base/log.h"
#include "os/file.h"
#include "trust/key.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ORDER_JSON_MAX = 1 << 20,
	ERROR_MAX = 4096,
	MADE_WITHIN_MS = 15 * 60 * 1000,
	LOOK_MS = 100, /* whether it has ended */
	ID_BYTES = 8,
};

struct report_orders {
	const char *data, *store, *folder;
	const struct clock *clock;
	struct arena arena;
	pthread_mutex_t lock; /* the files, too */
	pthread_cond_t changed;
	bool stop, started;
	pthread_t thread;
};

static const char *const state_names[] = { "waiting", "running", "done", "failed" };

const char *
order_state_name(enum order_state s)
{
	return state_names[s];
}

/* ---- files; with the lock held ---- */

static const char *
path_of(const struct report_orders *o, struct arena *a, struct str id, struct str ending)
{
	return path_join(a, o->folder, arena_printf(a, "%.*s.%.*s", STR_ARG(id), STR_ARG(ending)).ptr);
}

/* What was made; a report in JSON is not to be taken for the order itself. */
static const char *
made_path(const struct report_orders *o, struct arena *a, const struct report_order *x)
{
	return path_of(o, a, x->id, str_eq(x->format, STR("json")) ? STR("report.json") : x->format);
}

static bool
keep(const struct report_orders *o, const struct report_order *x, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_str(&w, "id", x->id);
	json_put_str(&w, "kind", x->kind);
	json_put_str(&w, "format", x->format);
	json_put_str(&w, "country", x->country);
	json_put_str(&w, "query", x->query);
	json_put_str(&w, "as_of", x->as_of);
	json_put_str(&w, "from", x->from);
	json_put_str(&w, "lang", x->lang);
	json_put_str(&w, "by", x->by);
	json_put_i64(&w, "top", x->top);
	json_put_str(&w, "owner", x->owner);
	json_put_i64(&w, "run", x->run);
	json_put_i64(&w, "before", x->before);
	json_put_i64(&w, "at", x->at);
	json_put_i64(&w, "ended_at", x->ended_at);
	json_put_cstr(&w, "state", state_names[x->state]);
	json_put_i64(&w, "bytes", x->bytes);
	json_put_str(&w, "sha256", x->sha256);
	json_put_str(&w, "error", x->error);
	json_end_object(&w);
	return dir_make(o->folder, 0700, e) && file_write(path_of(o, &a, x->id, STR("json")), buf_str(&out), 0600, e);
}

static bool
read_one(const struct report_orders *o, struct arena *a, struct str id, struct report_order *x, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct json *j;
	if (!file_read(path_of(o, a, id, STR("json")), ORDER_JSON_MAX, &text, e) ||
	    !json_parse(a, arena_str(a, buf_str(&text)), NULL, &j, e))
		return false;
	*x = (struct report_order){ .id = id,
				    .kind = json_get_str(j, "kind"),
				    .format = json_get_str(j, "format"),
				    .country = json_get_str(j, "country"),
				    .query = json_get_str(j, "query"),
				    .as_of = json_get_str(j, "as_of"),
				    .from = json_get_str(j, "from"),
				    .lang = json_get_str(j, "lang"),
				    .by = json_get_str(j, "by"),
				    .top = json_get_i64(j, "top", 0),
				    .owner = json_get_str(j, "owner"),
				    .run = json_get_i64(j, "run", 0),
				    .before = json_get_i64(j, "before", 0),
				    .at = json_get_i64(j, "at", 0),
				    .ended_at = json_get_i64(j, "ended_at", 0),
				    .bytes = json_get_i64(j, "bytes", 0),
				    .sha256 = json_get_str(j, "sha256"),
				    .error = json_get_str(j, "error"),
				    .state = ORDER_FAILED };
	for (size_t i = 0; i < COUNT(state_names); i++)
		if (str_eq(json_get_str(j, "state"), str_of(state_names[i])))
			x->state = (enum order_state)i;
	return true;
}

static int
newest_first(const void *x, const void *y)
{
	const struct report_order *a = x, *b = y;
	return a->at != b->at ? (a->at < b->at ? 1 : -1) : str_cmp(b->id, a->id);
}

static bool
read_all(const struct report_orders *o, struct arena *a, struct report_order **out, size_t *count, struct err *e)
{
	static const struct str ending = { ".json", 5 };
	struct str *names;
	size_t files = 0;
	*count = 0;
	*out = NULL;
	if (!file_exists(o->folder))
		return true;
	if (!dir_list(a, o->folder, 10000, &names, &files, e))
		return false;
	*out = ARENA_ARRAY(a, struct report_order, files + 1);
	for (size_t i = 0; i < files; i++) {
		struct err why = { 0 };
		if (!str_ends(names[i], ending) || names[i].len != (size_t)ID_BYTES * 2 + ending.len)
			continue;
		if (read_one(o, a, str_head(names[i], names[i].len - ending.len), &(*out)[*count], &why))
			(*count)++;
		else
			log_warn("report", "an order of a report cannot be read: %s", why.text);
	}
	if (*count > 0)
		qsort(*out, *count, sizeof(**out), newest_first);
	return true;
}

static bool
forget(const struct report_orders *o, struct arena *a, const struct report_order *x, struct err *e)
{
	return file_remove(made_path(o, a, x), e) && file_remove(path_of(o, a, x->id, STR("log")), e) &&
	       file_remove(path_of(o, a, x->id, STR("json")), e);
}

/* ---- making one ---- */

enum { WORDS_MAX = 24 };

static bool
is_surface(const struct report_order *x)
{
	return str_eq(x->kind, STR("surface"));
}

static size_t
words_exposure(const struct report_orders *o, struct arena *a, const struct report_order *x, const char **argv)
{
	size_t n = 0;
	argv[n++] = "exposure";
	argv[n++] = "report";
	argv[n++] = arena_cstr(a, x->kind);
	argv[n++] = arena_printf(a, "--top=%lld", (long long)x->top).ptr;
	if (x->query.len)
		argv[n++] = arena_printf(a, "--query=%.*s", STR_ARG(x->query)).ptr;
	if (x->country.len)
		argv[n++] = arena_printf(a, "--country=%.*s", STR_ARG(x->country)).ptr;
	if (x->as_of.len)
		argv[n++] = arena_printf(a, "--as-of=%.*s", STR_ARG(x->as_of)).ptr;
	if (x->from.len)
		argv[n++] = arena_printf(a, "--from=%.*s", STR_ARG(x->from)).ptr;
	if (o->store)
		argv[n++] = arena_printf(a, "--store=%s", o->store).ptr;
	return n;
}

static size_t
words_surface(struct arena *a, const struct report_order *x, const char **argv)
{
	size_t n = 0;
	argv[n++] = "surface";
	argv[n++] = "report";
	argv[n++] = arena_printf(a, "--run=%lld", (long long)x->run).ptr;
	if (x->before)
		argv[n++] = arena_printf(a, "--before=%lld", (long long)x->before).ptr;
	if (x->owner.len)
		argv[n++] = arena_printf(a, "--owner=%.*s", STR_ARG(x->owner)).ptr;
	return n;
}

static pid_t
start(const struct report_orders *o, struct arena *a, const struct report_order *x)
{
	const char *dir, *argv[WORDS_MAX] = { "mamori" };
	struct err e = { 0 };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, standard;
	pid_t pid;
	if (!path_of_executable(a, &dir, &e)) {
		log_error("report", "%s", e.text);
		return 0;
	}
	size_t n = 1 + (is_surface(x) ? words_surface(a, x, argv + 1) : words_exposure(o, a, x, argv + 1));
	argv[n++] = "--background";
	argv[n++] = "--data";
	argv[n++] = o->data;
	argv[n++] = arena_printf(a, "--format=%.*s", STR_ARG(x->format)).ptr;
	argv[n++] = arena_printf(a, "--to=%s", made_path(o, a, x)).ptr;
	argv[n++] = arena_printf(a, "--lang=%.*s", STR_ARG(x->lang)).ptr;
	argv[n] = NULL;
	sigemptyset(&none);
	sigemptyset(&standard);
	sigaddset(&standard, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &standard);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, path_of(o, a, x->id, STR("log")),
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int status = posix_spawn(&pid, path_join(a, dir, "mamori-main"), &files, &attributes,
				 (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return status == 0 ? pid : 0;
}

/* With the lock held; it is given up while waiting. */
static void
wait_ms(struct report_orders *o, int64_t ms)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&o->changed, &o->lock, &until);
}

/* Its exit status; -1: it was ended, *late: because it took too long. */
static int
wait_for(struct report_orders *o, pid_t pid, bool *late)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t until = (int64_t)t.tv_sec * 1000 + MADE_WITHIN_MS;
	int status = 0;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		(void)clock_gettime(CLOCK_MONOTONIC, &t);
		*late = (int64_t)t.tv_sec * 1000 > until;
		if (o->stop || *late) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return -1;
		}
		wait_ms(o, LOOK_MS);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The last line that it wrote, without "mamori: ". */
static struct str
last_words(const struct report_orders *o, struct arena *a, const struct report_order *x)
{
	static const struct str name = { "mamori: ", 8 };
	BUF_AUTO text = { 0 };
	struct err e = { 0 };
	struct str rest, line, last = STR("");
	if (!file_read(path_of(o, a, x->id, STR("log")), ERROR_MAX << 4, &text, &e))
		return STR("");
	rest = buf_str(&text);
	while (str_line(&rest, &line))
		if (str_trim(line).len)
			last = str_trim(line);
	if (str_starts(last, name))
		last = str_skip(last, name.len);
	return arena_line(a, last, ERROR_MAX);
}

static void
tidy_away(const char *path)
{
	struct err e = { 0 };
	if (!file_remove(path, &e))
		log_warn("report", "%s", e.text);
}

static void
finish(struct report_orders *o, struct arena *a, struct report_order *x, int status, bool late)
{
	BUF_AUTO bytes = { 0 };
	char hex[SHA256_HEX_LEN];
	struct err e = { 0 };
	bool ok = status == 0 && report_order_read(o, x, &bytes, &e);
	x->ended_at = clock_now(o->clock);
	x->state = ok ? ORDER_DONE : ORDER_FAILED;
	if (ok) {
		sha256_hex(buf_str(&bytes), hex);
		x->sha256 = arena_str(a, str_of(hex));
		x->bytes = (int64_t)bytes.len;
	} else if (late) {
		x->error = is_surface(x) ? STR("it took longer than 15 minutes; narrow it by owner")
					 : STR("it took longer than 15 minutes; narrow it by country or query");
	} else {
		struct str said = last_words(o, a, x);
		x->error = said.len             ? said
			   : e.code != ERR_NONE ? arena_str(a, str_of(e.text))
						: STR("it ended before it was done: there is too little memory for it, "
						      "or the server was stopped");
	}
	if (!ok)
		tidy_away(made_path(o, a, x));
	tidy_away(path_of(o, a, x->id, STR("log")));
	struct err why = { 0 };
	if (!keep(o, x, &why))
		log_error("report", "%s", why.text);
}

/* The oldest that waits; false: none. */
static bool
make_next(struct report_orders *o)
{
	ARENA_AUTO a = { 0 };
	struct report_order *all, *next = NULL;
	struct err e = { 0 };
	size_t count;
	bool late = false;
	if (!read_all(o, &a, &all, &count, &e)) {
		log_error("report", "%s", e.text);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].state == ORDER_WAITING)
			next = &all[i];
	if (!next)
		return false;
	next->state = ORDER_RUNNING;
	if (!keep(o, next, &e)) {
		log_error("report", "%s", e.text);
		return false;
	}
	pid_t pid = start(o, &a, next);
	finish(o, &a, next, pid ? wait_for(o, pid, &late) : -1, late);
	return true;
}

static void *
orders_run(void *arg)
{
	struct report_orders *o = arg;
	pthread_mutex_lock(&o->lock);
	while (!o->stop)
		if (!make_next(o))
			wait_ms(o, 3600000);
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* A server that was killed leaves one that runs no more. */
static void
mend(struct report_orders *o)
{
	ARENA_AUTO a = { 0 };
	struct report_order *all;
	struct err e = { 0 };
	size_t count = 0;
	if (!read_all(o, &a, &all, &count, &e))
		log_error("report", "%s", e.text);
	for (size_t i = 0; i < count; i++)
		if (all[i].state == ORDER_RUNNING)
			finish(o, &a, &all[i], -1, false);
}

struct report_orders *
report_orders_new(const char *data, const char *folder, const char *store, const struct clock *clock)
{
	struct report_orders *o = xcalloc(1, sizeof(*o));
	pthread_condattr_t monotonic;
	o->data = data;
	o->store = store;
	o->clock = clock;
	o->folder = path_join(&o->arena, data, folder);
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&o->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	mend(o);
	o->started = pthread_create(&o->thread, NULL, orders_run, o) == 0;
	if (!o->started)
		log_error("report", "reports will not be made: the system gives no more threads");
	return o;
}

void
report_orders_free(struct report_orders *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	if (o->started)
		pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->changed);
	pthread_mutex_destroy(&o->lock);
	arena_free(&o->arena);
	free(o);
}

/* ---- what requests ask for ---- */

/* Room for one more: those that have ended go, the oldest first. */
static bool
make_room(struct report_orders *o, struct arena *a, struct err *e)
{
	struct report_order *all;
	size_t count, waiting = 0;
	if (!read_all(o, a, &all, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		waiting += all[i].state == ORDER_WAITING;
	if (waiting >= ORDERS_WAITING)
		return err_set(e, ERR_BUSY, "%d reports wait already: order again when one is done", ORDERS_WAITING);
	for (size_t i = count; i > 0 && count >= ORDERS_KEPT; i--) {
		if (all[i - 1].state == ORDER_WAITING || all[i - 1].state == ORDER_RUNNING)
			continue;
		if (!forget(o, a, &all[i - 1], e))
			return false;
		count--;
	}
	return true;
}

bool
report_order_add(struct report_orders *o, struct arena *a, struct report_order *x, struct err *e)
{
	unsigned char id[ID_BYTES];
	BUF_AUTO hex = { 0 };
	random_bytes(id, sizeof(id));
	hex_encode(&hex, id, sizeof(id));
	x->id = arena_str(a, buf_str(&hex));
	x->state = ORDER_WAITING;
	pthread_mutex_lock(&o->lock);
	bool ok = make_room(o, a, e) && keep(o, x, e);
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	return ok;
}

bool
report_order_list(struct report_orders *o, struct arena *a, struct report_order **out, size_t *count, struct err *e)
{
	pthread_mutex_lock(&o->lock);
	bool ok = read_all(o, a, out, count, e);
	pthread_mutex_unlock(&o->lock);
	return ok;
}

static bool
get(struct report_orders *o, struct arena *a, struct str id, struct report_order *out, struct err *e)
{
	bool fine = id.len == (size_t)ID_BYTES * 2;
	for (size_t i = 0; i < id.len && fine; i++)
		fine = (id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f');
	if (!fine || !file_exists(path_of(o, a, id, STR("json"))))
		return err_set(e, ERR_NOT_FOUND, "there is no report %.*s", STR_ARG(str_head(id, 100)));
	return read_one(o, a, id, out, e);
}

bool
report_order_get(struct report_orders *o, struct arena *a, struct str id, struct report_order *out, struct err *e)
{
	pthread_mutex_lock(&o->lock);
	bool ok = get(o, a, id, out, e);
	pthread_mutex_unlock(&o->lock);
	return ok;
}

bool
report_order_read(struct report_orders *o, const struct report_order *x, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	return file_read(made_path(o, &a, x), ORDER_FILE_MAX, out, e);
}

bool
report_order_remove(struct report_orders *o, struct arena *a, struct str id, struct err *e)
{
	struct report_order x = { 0 };
	pthread_mutex_lock(&o->lock);
	bool ok = get(o, a, id, &x, e);
	if (ok && x.state == ORDER_RUNNING)
		ok = err_set(e, ERR_CONFLICT, "this report is being made: remove it when it is done");
	ok = ok && forget(o, a, &x, e);
	pthread_mutex_unlock(&o->lock);
	return ok;
}
