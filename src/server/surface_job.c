#include "server/surface_job.h"

#include "base/log.h"
#include "os/file.h"
#include "server/queue.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_MS = 200, /* whether it has ended */
	OURS_MS = 2000, /* who ends a server ends its processes with it, and in no order */
	END_MS = 3500, /* so long it may take to end cleanly */
	TOLD_MAX = 64 << 10,
};

struct surface_job {
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool end, wanted, told; /* guarded by lock; told: it was asked to end */
	pid_t pid; /* the thread's */
	int leash; /* it ends when this is closed, also by our death; the thread's */
};

/* ---- how it ended ---- */

struct ended_job {
	struct job job;
	struct app *app;
	struct arena arena;
	struct surface_end end;
};

/* Nothing where somebody cancelled it meanwhile: that was told already. */
static bool
ended_write(struct job *job, struct store *st)
{
	struct ended_job *j = (struct ended_job *)job;
	struct surface_work work;
	struct err e = { 0 };
	bool ok = surface_work_get(st, &j->arena, &work, &e);
	if (ok && str_eq(work.state, STR("running"))) {
		j->end.cause = work.cause;
		j->end.by = work.by;
		j->end.began = work.began;
		ok = surface_end_put(st, &j->end, &e);
	}
	if (!ok)
		log_error("surface", "how a run ended could not be kept: %s", e.text);
	return ok;
}

static void
ended_done(struct job *job, bool committed, const struct err *e)
{
	struct ended_job *j = (struct ended_job *)job;
	(void)committed;
	(void)e;
	arena_free(&j->arena);
	free(j);
}

static const struct job_ops ended_ops = { NULL, ended_write, ended_done };

static const char *
told_path(const struct surface_job *j, struct arena *a, const char *name)
{
	return path_join(a, path_join(a, j->app->data, "surface"), name);
}

/* The last line that it wrote. */
static struct str
last_line(const struct surface_job *j, struct arena *a, const char *name)
{
	BUF_AUTO text = { 0 };
	struct err ignored = { 0 };
	struct str all, line, last = STR("");
	if (!file_read(told_path(j, a, name), TOLD_MAX, &text, &ignored))
		return last;
	for (all = buf_str(&text); str_line(&all, &line);)
		if (str_trim(line).len)
			last = str_trim(line);
	return arena_str(a, last);
}

static void
failure_read(const struct surface_job *j, struct arena *a, int status, struct surface_end *end)
{
	static const struct str prefix = { "mamori: ", 8 };
	struct str why = last_line(j, a, "job.err");
	end->state = STR("failed");
	end->why = str_starts(why, prefix) ? str_skip(why, prefix.len) : why;
	if (WIFSIGNALED(status))
		end->why = arena_printf(a, "it was ended from outside by the signal %d", WTERMSIG(status));
	else if (!end->why.len)
		end->why = arena_printf(a, "it ended with status %d and said nothing", WEXITSTATUS(status));
}

/* status: of waitpid(); −1: it could not be started. */
static void
ended_tell(struct surface_job *j, int status)
{
	struct ended_job *job = xcalloc(1, sizeof(*job));
	struct arena *a = &job->arena;
	struct err ignored = { 0 };
	struct json *said = NULL;
	job->job.ops = &ended_ops;
	job->app = j->app;
	job->end.ended = clock_now(j->app->clock);
	if (status == 0) {
		job->end.state = STR("done");
		if (json_parse(a, last_line(j, a, "job.out"), NULL, &said, &ignored))
			job->end.run = json_get_i64(said, "run", 0);
	} else if (status == -1) {
		job->end.state = STR("failed");
		job->end.why = STR("the system could not start it");
	} else {
		failure_read(j, a, status, &job->end);
	}
	log_info("surface", "a run of discovery ended: %.*s", STR_ARG(job->end.state));
	queue_write(j->app->queue, &job->job);
}

/* ---- the process ---- */

static pid_t
spawn(const char *program, const char *data, int leash, const char *out, const char *err)
{
	const char *const argv[] = { "mamori", "surface", "discover", "--scheduled", "--json",
				     "--lang", "en",      "--data",   data,          NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, standard;
	pid_t pid;
	sigemptyset(&none);
	sigemptyset(&standard);
	sigaddset(&standard, SIGPIPE);
	sigaddset(&standard, SIGTERM);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &standard);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, leash, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int status = posix_spawn(&pid, program, &files, &attributes, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return status == 0 ? pid : 0;
}

static void
start(struct surface_job *j)
{
	ARENA_AUTO a = { 0 };
	const char *dir;
	struct err e = { 0 };
	int ends[2];
	if (!path_of_executable(&a, &dir, &e) || !dir_make(path_join(&a, j->app->data, "surface"), 0700, &e)) {
		log_error("surface", "%s", e.text);
		ended_tell(j, -1);
		return;
	}
	if (pipe2(ends, O_CLOEXEC) != 0) {
		ended_tell(j, -1);
		return;
	}
	j->pid = spawn(path_join(&a, dir, "mamori-main"), j->app->data, ends[0], told_path(j, &a, "job.out"),
		       told_path(j, &a, "job.err"));
	close(ends[0]);
	j->leash = ends[1];
	if (j->pid)
		return;
	close(j->leash);
	log_error("surface", "mamori surface discover could not be started from %s", dir);
	ended_tell(j, -1);
}

/* With the lock held, which is given up meanwhile. */
static void
wait_ms(struct surface_job *j, int64_t ms)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&j->changed, &j->lock, &until);
}

/* With the lock held. It was told to end and is wanted again: another one is started behind it. */
static void
reap(struct surface_job *j)
{
	int status;
	if (waitpid(j->pid, &status, WNOHANG) != j->pid)
		return;
	bool told = j->told;
	j->pid = 0;
	j->told = false;
	close(j->leash);
	if (told)
		return;
	for (int64_t waited = 0; status != 0 && !j->end && waited < OURS_MS; waited += LOOK_MS)
		wait_ms(j, LOOK_MS);
	if (status != 0 && j->end)
		return;
	j->wanted = false;
	pthread_mutex_unlock(&j->lock);
	ended_tell(j, status);
	pthread_mutex_lock(&j->lock);
}

/* With the lock held. */
static void
end_all(struct surface_job *j)
{
	if (!j->pid)
		return;
	(void)kill(j->pid, SIGTERM);
	close(j->leash);
	for (int64_t waited = 0; waited < END_MS; waited += LOOK_MS) {
		if (waitpid(j->pid, NULL, WNOHANG) == j->pid)
			return;
		wait_ms(j, LOOK_MS);
	}
	(void)kill(j->pid, SIGKILL);
	(void)waitpid(j->pid, NULL, 0);
}

static void
step(struct surface_job *j)
{
	if (j->pid && !j->wanted && !j->told) {
		j->told = true;
		(void)kill(j->pid, SIGTERM);
	}
	if (j->pid)
		reap(j);
	if (j->pid || !j->wanted)
		return;
	pthread_mutex_unlock(&j->lock);
	start(j);
	pthread_mutex_lock(&j->lock);
	j->wanted = j->pid != 0;
}

static void *
job_run(void *arg)
{
	struct surface_job *j = arg;
	pthread_mutex_lock(&j->lock);
	while (!j->end) {
		step(j);
		if (j->end)
			break;
		if (j->pid)
			wait_ms(j, LOOK_MS);
		else if (!j->wanted)
			(void)pthread_cond_wait(&j->changed, &j->lock);
	}
	end_all(j);
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* ---- from outside ---- */

struct surface_job *
surface_job_new(struct app *app)
{
	struct surface_job *j = xcalloc(1, sizeof(*j));
	pthread_condattr_t clock;
	j->app = app;
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&j->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&j->thread, NULL, job_run, j) == 0)
		return j;
	log_warn("surface", "discovery will not run by itself: the system gives no more threads");
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	free(j);
	return NULL;
}

void
surface_job_end(struct surface_job *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->end = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
}

void
surface_job_free(struct surface_job *j)
{
	if (!j)
		return;
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

static void
want(struct surface_job *j, bool wanted)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->wanted = wanted;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

void
surface_job_start(struct surface_job *j)
{
	want(j, true);
}

void
surface_job_stop(struct surface_job *j)
{
	want(j, false);
}

void
surface_job_act(struct surface_job *j, enum surface_act act)
{
	if (act != SURFACE_ACT_NONE)
		want(j, act == SURFACE_ACT_START);
}
