/* Running other programs on Linux (os/proc.h): fork, a clean environment, capped pipes, a deadline. */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/file.h"

#define OUTPUT_DEFAULT ((size_t)1 << 20)
#define TIMEOUT_DEFAULT_S 600
#define KILL_AFTER_MS 5000
/* A service that a program started may hold our pipe open for ever: after the program's own end we
 * take what is there and wait no longer than this. */
#define DRAIN_MS 300
#define ENV_MAX 64

static const char *const search_path[] = { "/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/",
					   "/usr/bin/",        "/sbin/",          "/bin/" };
static const char *const env_default[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					   "LC_ALL=C", "HOME=/" };

/* Everything the child needs, made before fork(): afterwards only async-signal-safe calls are allowed. */
struct launch {
	const struct proc_spec *spec;
	const char *candidates[COUNT(search_path)];
	size_t candidate_count;
	const char *env[ENV_MAX + COUNT(env_default) + 1];
	int in, out, err; /* the child's ends */
	int report; /* errno of a failed start goes there; closed by a successful exec */
	pid_t parent;
};

struct start_failure {
	int error;
	int step; /* 0: exec, 1: chroot, 2: other */
};

static size_t
key_len(const char *entry)
{
	const char *eq = strchr(entry, '=');

	return eq ? (size_t)(eq - entry) : strlen(entry);
}

static bool
env_prepare(struct launch *l, struct err *e)
{
	size_t n = 0;

	for (const char *const *p = l->spec->env; p && *p; p++) {
		if (n == ENV_MAX)
			return err_set(e, ERR_BUG, "starting %s: too many environment variables", l->spec->argv[0]);
		l->env[n++] = *p;
	}
	size_t given = n;
	for (size_t i = 0; i < COUNT(env_default); i++) {
		bool overridden = false;
		for (size_t k = 0; k < given; k++) {
			if (strncmp(l->env[k], env_default[i], key_len(env_default[i]) + 1) == 0)
				overridden = true;
		}
		if (!overridden)
			l->env[n++] = env_default[i];
	}
	l->env[n] = NULL;
	return true;
}

static void
candidates_prepare(struct launch *l, struct arena *a)
{
	const char *program = l->spec->argv[0];

	if (strchr(program, '/')) {
		l->candidates[l->candidate_count++] = program;
		return;
	}
	for (size_t i = 0; i < COUNT(search_path); i++)
		l->candidates[l->candidate_count++] = path_join(a, search_path[i], program);
}

_Noreturn static void
child_fail(const struct launch *l, int step)
{
	struct start_failure f = { .error = errno, .step = step };

	(void)!write(l->report, &f, sizeof(f));
	_exit(127);
}

static void
child_signals(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int s = 1; s < 32; s++)
		(void)sigaction(s, &standard, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child_descriptors(const struct launch *l)
{
	/* The pipes' numbers may be 0..2 when the caller runs without them: move them out of the way first. */
	int in = fcntl(l->in, F_DUPFD, 10), out = fcntl(l->out, F_DUPFD, 10), err = fcntl(l->err, F_DUPFD, 10);

	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		child_fail(l, 2);
	(void)close(in);
	(void)close(out);
	(void)close(err);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
#endif
	for (int fd = 3; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

_Noreturn static void
child_run(const struct launch *l)
{
	const struct proc_spec *s = l->spec;

	child_signals();
	if (s->own_session) {
		(void)setsid();
	} else {
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != l->parent)
			_exit(127);
	}
	if (s->low_priority) {
		(void)setpriority(PRIO_PROCESS, 0, 19);
		(void)syscall(SYS_ioprio_set, 1, 0, 3 << 13); /* IOPRIO_WHO_PROCESS, this one, IOPRIO_CLASS_IDLE */
	}
	(void)umask(022);
	child_descriptors(l);
	if (s->root && strcmp(s->root, "/") != 0 && chroot(s->root) != 0)
		child_fail(l, 1);
	if (chdir("/") != 0)
		child_fail(l, 2);
	int worst = ENOENT;
	for (size_t i = 0; i < l->candidate_count; i++) {
		(void)execve(l->candidates[i], (char *const *)(uintptr_t)s->argv, (char *const *)(uintptr_t)l->env);
		if (errno != ENOENT)
			worst = errno;
	}
	errno = worst;
	child_fail(l, 0);
}

struct pump {
	struct pollfd fds[4]; /* stdin, stdout, stderr, the process */
	struct str input;
	size_t max;
	struct proc_result *result;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
pump_close(struct pollfd *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

static void
pump_write(struct pump *p)
{
	/* A socket, because send() can be told not to raise SIGPIPE in a process that has not ignored it. */
	ssize_t n = p->input.len ? send(p->fds[0].fd, p->input.ptr, p->input.len, MSG_NOSIGNAL) : 0;

	if (n > 0)
		p->input = str_skip(p->input, (size_t)n);
	if (p->input.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		pump_close(&p->fds[0]);
}

static void
pump_read(struct pump *p, struct pollfd *from, struct buf *into)
{
	char piece[16384];
	ssize_t n = read(from->fd, piece, sizeof(piece));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		pump_close(from);
	if (n <= 0)
		return;
	size_t room = p->max > into->len ? p->max - into->len : 0;
	if ((size_t)n > room)
		p->result->truncated = true;
	buf_add(into, str_sub(piece, (size_t)n < room ? (size_t)n : room));
}

/* One round; returns how many descriptors were ready. */
static int
pump_once(struct pump *p, int wait_ms)
{
	for (size_t i = 0; i < COUNT(p->fds); i++)
		p->fds[i].revents = 0;
	int ready = poll(p->fds, COUNT(p->fds), wait_ms);
	if (ready <= 0)
		return ready;
	if (p->fds[0].fd >= 0 && p->fds[0].revents)
		pump_write(p);
	if (p->fds[1].fd >= 0 && p->fds[1].revents)
		pump_read(p, &p->fds[1], &p->result->out);
	if (p->fds[2].fd >= 0 && p->fds[2].revents)
		pump_read(p, &p->fds[2], &p->result->err);
	return ready;
}

static void
result_status(struct proc_result *r, int status)
{
	if (WIFEXITED(status)) {
		r->status = WEXITSTATUS(status);
	} else {
		r->status = -1;
		r->signal = WTERMSIG(status);
	}
}

/* Moves bytes until the process has ended; ends it itself after the timeout. */
static void
pump_run(struct pump *p, pid_t pid, unsigned timeout_s)
{
	int64_t deadline = now_ms() + (int64_t)timeout_s * 1000;
	int64_t drain_until = 0;
	int status = 0;

	for (;;) {
		bool ended = drain_until != 0;
		/* Without a descriptor of the process (kernels before 5.3) its end is looked for in ticks. */
		bool ticks = p->fds[3].fd < 0;
		int64_t left = (ended ? drain_until : deadline) - now_ms();
		if (ended && (left <= 0 || (p->fds[1].fd < 0 && p->fds[2].fd < 0)))
			break;
		if (!ended && left <= 0) {
			(void)kill(-pid, p->result->timed_out ? SIGKILL : SIGTERM);
			p->result->timed_out = true;
			deadline = now_ms() + KILL_AFTER_MS;
			continue;
		}
		(void)pump_once(p, (int)(ticks && left > 50 ? 50 : left < 60000 ? left : 60000));
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			result_status(p->result, status);
			pump_close(&p->fds[3]);
			pump_close(&p->fds[0]);
			drain_until = now_ms() + DRAIN_MS;
		}
	}
	for (size_t i = 0; i < COUNT(p->fds); i++)
		pump_close(&p->fds[i]);
}

struct pipes {
	int in[2], out[2], err[2], report[2];
};

static void
pair_close(int pair[2])
{
	fd_cleanup(&pair[0]);
	fd_cleanup(&pair[1]);
}

static void
pipes_cleanup(struct pipes *p)
{
	pair_close(p->in);
	pair_close(p->out);
	pair_close(p->err);
	pair_close(p->report);
}

/* in[0], out[1] and err[1] are the child's; the others ours, where there is something to move. */
static bool
pipes_open(struct pipes *p, const struct proc_spec *s, struct err *e)
{
	if (pipe2(p->report, O_CLOEXEC) != 0)
		return err_sys(e, "starting %s", s->argv[0]);
	if (s->input.len == 0)
		p->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->in) == 0)
		(void)fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	if (s->output_file) {
		p->out[1] = open(s->output_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (p->out[1] < 0)
			return err_sys(e, "opening %s for the output of %s", s->output_file, s->argv[0]);
		p->err[1] = fcntl(p->out[1], F_DUPFD_CLOEXEC, 3);
	} else if (pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->err, O_CLOEXEC) != 0) {
		return err_sys(e, "starting %s", s->argv[0]);
	}
	if (p->in[0] < 0 || p->out[1] < 0 || p->err[1] < 0)
		return err_sys(e, "starting %s", s->argv[0]);
	return true;
}

static bool
start_failed(const struct proc_spec *s, const struct start_failure *f, struct err *e)
{
	errno = f->error;
	if (f->step == 1)
		return err_sys(e, "working inside the root folder %s", s->root);
	if (f->step == 0 && f->error == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "the program %s is not installed", s->argv[0]);
	return err_sys(e, "starting %s", s->argv[0]);
}

static bool
run_system(void *user, const struct proc_spec *s, struct proc_result *r, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	__attribute__((cleanup(pipes_cleanup))) struct pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct launch l = { .spec = s, .parent = getpid() };
	struct start_failure failure;

	*r = (struct proc_result){ 0 };
	if (!env_prepare(&l, e) || !pipes_open(&pipes, s, e))
		return false;
	candidates_prepare(&l, &arena);
	l.in = pipes.in[0];
	l.out = pipes.out[1];
	l.err = pipes.err[1];
	l.report = pipes.report[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "starting %s", s->argv[0]);
	if (pid == 0)
		child_run(&l);
	fd_cleanup(&pipes.in[0]);
	fd_cleanup(&pipes.out[1]);
	fd_cleanup(&pipes.err[1]);
	fd_cleanup(&pipes.report[1]);
	if (read(pipes.report[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return start_failed(s, &failure, e);
	}
	struct pump p = { .input = s->input, .max = s->output_max ? s->output_max : OUTPUT_DEFAULT, .result = r };
	p.fds[0] = (struct pollfd){ .fd = pipes.in[1], .events = POLLOUT };
	p.fds[1] = (struct pollfd){ .fd = pipes.out[0], .events = POLLIN };
	p.fds[2] = (struct pollfd){ .fd = pipes.err[0], .events = POLLIN };
#ifdef SYS_pidfd_open
	p.fds[3] = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
#else
	p.fds[3] = (struct pollfd){ .fd = -1 };
#endif
	pipes.in[1] = pipes.out[0] = pipes.err[0] = -1; /* the pump closes them */
	pump_run(&p, pid, s->timeout_s ? s->timeout_s : TIMEOUT_DEFAULT_S);
	return true;
}

void
proc_result_free(struct proc_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

const struct runner runner_system = { run_system, NULL };
