/* See waiter.h. One poll() over a timer, signals, the wake FIFO and inotify; without an event it never wakes up. */
#include "agent/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
	DEFAULT_DELAY_S = 300, /* a check-in that said nothing (it crashed) */
	CHILD_MAX_S = 6 * 3600, /* a check-in that hangs is ended: its state survives that at any moment */
	STOP_S = 4, /* between SIGTERM and SIGKILL for a check-in */
	SETTLE_S = 15,
	WARD_ARGS = 32,
	WARD_MAX_S = 90,
	SETTLE_MAX_S = 120, /* changes that never stop are reported after this time */
};

struct waiting {
	const struct waiter *w;
	int timer, signals, wake, notify;
	pid_t child; /* 0: none */
	pid_t ward; /* who answers at the socket; 0: nobody */
	bool urgent; /* a check-in is due as soon as the one that runs has ended */
	int report; /* read end of the child's pipe */
	bool stopping;
	int64_t due; /* next check-in, seconds of CLOCK_BOOTTIME */
	int64_t changed; /* first unreported change, 0 none */
};

static void
say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

/* Counts suspended time too: a laptop that wakes up checks in when it is due, not later. */
static int64_t
seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

static void
timer_set(const struct waiting *s, int64_t at)
{
	int64_t now = seconds();
	struct itimerspec t = { .it_value = { .tv_sec = at > now ? at - now : 0, .tv_nsec = at > now ? 0 : 1 } };
	timerfd_settime(s->timer, 0, &t, NULL);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Done again after every check-in: a folder that was replaced meanwhile is watched again. */
static void
watch_add(const struct waiting *s)
{
	for (size_t i = 0; i < s->w->watch_count; i++) {
		char dir[4096];
		size_t len = (size_t)(base_name(s->w->watch[i]) - s->w->watch[i]);
		if (len == 0 || len >= sizeof(dir))
			continue;
		memcpy(dir, s->w->watch[i], len);
		dir[len] = 0;
		inotify_add_watch(s->notify, dir, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
	}
}

static bool
watched(const struct waiting *s, const char *name)
{
	for (size_t i = 0; i < s->w->watch_count; i++)
		if (strcmp(base_name(s->w->watch[i]), name) == 0)
			return true;
	return false;
}

/* Empties the queue; true when one of the watched files changed. */
static bool
notify_read(const struct waiting *s)
{
	_Alignas(struct inotify_event) char b[4096];
	bool hit = false;
	for (;;) {
		ssize_t n = read(s->notify, b, sizeof(b));
		if (n <= 0)
			return hit;
		for (char *p = b; p < b + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)p;
			hit = hit || (ev->mask & IN_Q_OVERFLOW) || (ev->len && watched(s, ev->name));
			p += sizeof(*ev) + ev->len;
		}
	}
}

static void
child_start(struct waiting *s)
{
	int pipes[2];
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		s->due = seconds() + DEFAULT_DELAY_S;
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (pipes[1] == WAITER_REPORT_FD)
			fcntl(WAITER_REPORT_FD, F_SETFD, 0);
		else
			dup2(pipes[1], WAITER_REPORT_FD);
		execv(s->w->child[0], s->w->child);
		say("mamori-agent-wait: cannot start mamori-agent; is it still installed?\n");
		_exit(70);
	}
	close(pipes[1]);
	s->report = pipes[0];
	s->child = pid > 0 ? pid : 0;
	s->due = seconds() + (pid > 0 ? CHILD_MAX_S : DEFAULT_DELAY_S);
	s->changed = 0;
	if (pid < 0)
		close(pipes[0]);
}

/* Somebody is at the socket: a process of its own finds out who, and what for. Its life is short and at least a
 * second, so that nobody can make us start many. */
static void
ward_start(struct waiting *s)
{
	char *argv[WARD_ARGS];
	size_t n = 0;
	for (; s->w->child[n] && n + 1 < WARD_ARGS; n++)
		argv[n] = s->w->child[n];
	argv[n] = NULL;
	pid_t pid = n > 1 ? fork() : -1;
	if (pid == 0) {
		static char verb[] = "ward";
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		argv[1] = verb;
		close(WAITER_REPORT_FD); /* perhaps the lock of this program: not this child's */
		if (s->w->ward == WAITER_WARD_FD)
			fcntl(WAITER_WARD_FD, F_SETFD, 0);
		else
			dup2(s->w->ward, WAITER_WARD_FD);
		alarm(WARD_MAX_S); /* whatever holds it up, it ends */
		execv(argv[0], argv);
		_exit(70);
	}
	s->ward = pid > 0 ? pid : 0;
}

/* What the child said before it ended: digits, at most a day. */
static int64_t
report_read(int fd)
{
	char b[16];
	ssize_t n = 0;
	/* An orphan of the child may hold the other end, so the end of the file is not waited for. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read(fd, b, sizeof(b));
	close(fd);
	int64_t v = 0;
	for (ssize_t i = 0; i < n && b[i] >= '0' && b[i] <= '9' && v < 86400; i++)
		v = v * 10 + (b[i] - '0');
	return v < 1 ? DEFAULT_DELAY_S : v > 86400 ? 86400 : v;
}

static void
child_reap(struct waiting *s)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == s->ward && s->ward) {
			s->ward = 0;
			s->urgent = s->urgent || (WIFEXITED(status) && WEXITSTATUS(status) == WAITER_WARD_URGENT);
		}
		if (pid != s->child || !s->child)
			continue;
		s->child = 0;
		s->due = seconds() + report_read(s->report);
		watch_add(s);
		/* What our own installer changed has been reported by the check-in itself. */
		notify_read(s);
	}
}

static void
signals_read(struct waiting *s)
{
	struct signalfd_siginfo info;
	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			child_reap(s);
		} else if (!s->stopping) {
			s->stopping = true;
			if (s->child)
				kill(s->child, SIGTERM);
			s->due = seconds() + STOP_S;
		}
	}
}

static void
timer_fired(struct waiting *s)
{
	uint64_t fired;
	if (read(s->timer, &fired, sizeof(fired)) < 0 && errno == EAGAIN)
		return;
	if (s->child)
		kill(s->child, SIGKILL);
	else if (!s->stopping)
		child_start(s);
}

static void
wake_read(struct waiting *s)
{
	char b[64];
	while (read(s->wake, b, sizeof(b)) > 0)
		;
	child_start(s);
}

/* A package manager writes its database many times in one run: wait until it is quiet. */
static void
notify_fired(struct waiting *s)
{
	if (!notify_read(s))
		return;
	int64_t now = seconds(), settle = s->w->settle_s ? s->w->settle_s : SETTLE_S;
	if (!s->changed)
		s->changed = now;
	int64_t at = now + settle, latest = s->changed + SETTLE_MAX_S;
	at = at > latest ? latest : at;
	/* Each further change moves the report it made itself, never a check-in that is due earlier anyway. */
	if (at < s->due || s->due <= s->changed + SETTLE_MAX_S)
		s->due = at;
}

static bool
waiting_open(struct waiting *s)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	s->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->w->ward)
		fcntl(s->w->ward, F_SETFD, FD_CLOEXEC);
	/* Open for writing too, so that the FIFO never reports a hang-up. */
	s->wake = s->w->wake ? open(s->w->wake, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW) : -1;
	return s->signals >= 0 && s->timer >= 0;
}

int
waiter_run(const struct waiter *w)
{
	struct waiting s = { .w = w, .due = seconds() + w->first_s };
	if (!waiting_open(&s)) {
		say("mamori-agent-wait: the system has no more file descriptors or memory\n");
		return 4;
	}
	watch_add(&s);
	while (!s.stopping || s.child) {
		/* While a check-in runs, wake-ups and changes wait in their queues. */
		bool idle = !s.child && !s.stopping;
		if (idle && s.urgent) {
			s.urgent = false;
			child_start(&s);
			continue;
		}
		struct pollfd p[5] = {
			{ .fd = s.timer, .events = POLLIN },
			{ .fd = s.signals, .events = POLLIN },
			{ .fd = idle ? s.wake : -1, .events = POLLIN },
			{ .fd = idle ? s.notify : -1, .events = POLLIN },
			{ .fd = w->ward && !s.ward && !s.stopping ? w->ward : -1, .events = POLLIN },
		};
		timer_set(&s, s.due);
		if (poll(p, COUNT_OF(p), -1) < 0)
			continue;
		if (p[1].revents)
			signals_read(&s);
		if (p[0].revents)
			timer_fired(&s);
		if (p[2].revents && !s.child)
			wake_read(&s);
		if (p[3].revents && !s.child)
			notify_fired(&s);
		if (p[4].revents)
			ward_start(&s);
	}
	return 0;
}
