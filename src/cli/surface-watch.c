/* A run of discovery that goes on: what is told of it, and how it is stopped. */
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/discover.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define KEEP_MS 5000 /* between two writes of progress.json */
#define SAY_MS 30000 /* between two lines where nobody looks at a terminal */

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	stopped = sig;
}

void
surface_watch_begin(struct surface_watch *w)
{
	struct sigaction act = { .sa_handler = on_stop };
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	w->began = clock_now(w->c->clock);
	w->said_at = w->began;
}

bool
surface_watch_stop(void *user)
{
	const struct surface_watch *w = user;
	struct pollfd leash = { .fd = STDIN_FILENO, .events = POLLIN };
	/* The server holds the other end: when it dies, the next one goes on with the run. */
	if (w->scheduled && poll(&leash, 1, 0) > 0 && (leash.revents & (POLLHUP | POLLERR)))
		stopped = SIGHUP;
	return stopped != 0;
}

struct so_far {
	int64_t domains, hosts, candidates;
};

static struct so_far
count(const struct discovery *d)
{
	struct so_far n = { 0 };
	for (size_t i = 0; i < d->graph.count; i++) {
		const struct node *node = d->graph.nodes[i];
		n.domains += node->own == OWN_APPROVED && node->is == THING_DOMAIN;
		n.hosts += node->own == OWN_APPROVED && node->is == THING_NAME;
		n.candidates += node->own == OWN_CANDIDATE;
	}
	return n;
}

/* For the server's page. That it cannot be written is no reason to stop a run. */
static void
keep(struct surface_watch *w, const struct discovery *d, int64_t now)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer j = { .out = &out };
	struct err ignored = { 0 };
	struct so_far n = count(d);
	w->kept_at = now;
	json_begin_object(&j);
	json_put_time(&j, "began", w->began);
	json_put_time(&j, "at", now);
	json_put_i64(&j, "answered", (int64_t)w->answered);
	json_put_i64(&j, "waiting", (int64_t)w->waiting);
	json_put_i64(&j, "round", d->rounds + 1);
	json_put_i64(&j, "domains", n.domains);
	json_put_i64(&j, "hosts", n.hosts);
	json_put_i64(&j, "candidates", n.candidates);
	json_end_object(&j);
	(void)!file_write(path_join(&a, w->folder, "progress.json"), buf_str(&out), 0600, &ignored);
}

static void
say(struct surface_watch *w, const struct discovery *d, int64_t now)
{
	struct so_far n = count(d);
	w->said_at = now;
	fprintf(stderr,
		tr("%lld min: %llu questions answered, %llu waiting; so far %lld domains and %lld hosts are ours, %lld "
		   "may be"),
		(long long)((now - w->began) / 60000), (unsigned long long)w->answered, (unsigned long long)w->waiting,
		(long long)n.domains, (long long)n.hosts, (long long)n.candidates);
	fputc('\n', stderr);
}

void
surface_watch_progress(void *user, const struct discovery *d, uint64_t answered, uint64_t waiting)
{
	struct surface_watch *w = user;
	int64_t now = clock_now(w->c->clock);
	w->answered = answered;
	w->waiting = waiting;
	cli_progress(w->c, tr("answered"), answered, answered + waiting);
	if (now - w->kept_at >= KEEP_MS || now < w->kept_at)
		keep(w, d, now);
	if (!isatty(STDERR_FILENO) && !w->scheduled && (now - w->said_at >= SAY_MS || now < w->said_at))
		say(w, d, now);
}

void
surface_watch_end(struct surface_watch *w, bool ok, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct err ignored = { 0 };
	cli_progress_end(w->c);
	(void)!file_remove(path_join(&a, w->folder, "progress.json"), &ignored);
	if (!ok && stopped)
		err_set(e, ERR_BUSY,
			"stopped; what was answered is kept (%llu answers, %llu questions are open), and the next run "
			"goes on from there: mamori surface discover --data %s",
			(unsigned long long)w->answered, (unsigned long long)w->waiting, w->c->data);
}
