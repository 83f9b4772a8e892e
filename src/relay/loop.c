/* One loop: its own listening socket, its own connections. Nothing here waits for a disk, a name or an origin. */
#include "relay/relay-internal.h"

#include "base/log.h"
#include "net/address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SWEEP_S 1
#define ACCEPT_BATCH 64
#define END_MS 3000

static void
loop_clock(struct loop *l)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	l->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const char *
loop_date(struct loop *l)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm tm;
	if (now == l->date_of)
		return l->date;
	l->date_of = now;
	gmtime_r(&now, &tm);
	snprintf(l->date, sizeof(l->date), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
		 tm.tm_mday % 100, months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour % 100,
		 tm.tm_min % 100, tm.tm_sec % 100);
	return l->date;
}

/* ---- who waits ---- */

static void
wait_in(struct conn *c, struct conn **list)
{
	if (c->wait_link)
		return;
	c->wait_next = *list;
	c->wait_link = list;
	if (c->wait_next)
		c->wait_next->wait_link = &c->wait_next;
	*list = c;
}

void
loop_wait_add(struct conn *c)
{
	wait_in(c, &c->loop->waiting);
}

void
loop_hold(struct conn *c)
{
	wait_in(c, &c->loop->held);
}

void
loop_wait_remove(struct conn *c)
{
	if (!c->wait_link)
		return;
	*c->wait_link = c->wait_next;
	if (c->wait_next)
		c->wait_next->wait_link = c->wait_link;
	c->wait_link = NULL;
	c->wait_next = NULL;
}

void
loop_wake(struct loop *l)
{
	const uint64_t one = 1;
	int saved = errno;
	/* A full counter wakes just as well. */
	(void)!write(l->wake_fd, &one, sizeof(one));
	errno = saved;
}

void
loop_stir(void *user, unsigned loop)
{
	struct relay *r = user;
	struct loop *l = &r->loops[loop];
	if (!atomic_exchange(&l->stirred, true))
		loop_wake(l);
}

static void
go_waiting(struct loop *l)
{
	/* Whoever goes on may leave the list, and take nobody else out of it. */
	for (struct conn *c = l->waiting, *next; c; c = next) {
		next = c->wait_next;
		/* Who waits for his own socket is called by it. */
		if (!c->writing)
			conn_go(c);
	}
}

static void
begin_end(struct loop *l)
{
	l->closing = true;
	if (l->accept)
		event_del(l->accept);
	for (struct conn *c = l->conns, *next; c; c = next) {
		next = c->next;
		c->close = true;
		if (c->state != CONN_SEND && c->state != CONN_CALL)
			conn_free(c);
	}
	const struct timeval end = { .tv_sec = END_MS / 1000 };
	event_base_loopexit(l->base, &end);
	if (!l->conns)
		event_base_loopbreak(l->base);
}

static void
on_wake(evutil_socket_t fd, short what, void *user)
{
	(void)what;
	struct loop *l = user;
	uint64_t n;
	(void)!read(fd, &n, sizeof(n));
	loop_clock(l);
	if (atomic_load(&l->relay->stop) && !l->closing) {
		begin_end(l);
		return;
	}
	call_take_replies(l);
	/* Before looking: what goes on behind us wakes us again. */
	if (atomic_exchange(&l->stirred, false))
		go_waiting(l);
}

static void
on_sweep(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	struct loop *l = user;
	loop_clock(l);
	conn_overdue(l);
	if (l->paused && !l->closing)
		event_add(l->accept, NULL);
	l->paused = false;
}

static void
on_accept(evutil_socket_t listener, short what, void *user)
{
	(void)what;
	struct loop *l = user;
	loop_clock(l);
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		bool room = l->conn_count * l->relay->loop_count < l->relay->connections_max ||
			    (fd >= 0 && conn_make_room(l, &peer));
		if (fd >= 0 && room) {
			conn_accept(l, fd, (struct sockaddr *)&peer, len);
			continue;
		}
		if (fd >= 0)
			close(fd);
		if (fd < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
			return;
		/* The waiting connection would be offered again at once, for ever. */
		log_warn("relay", "too many connections at once: new ones wait");
		event_del(l->accept);
		l->paused = true;
		return;
	}
}

/* ---- beginning and end ---- */

static bool
loop_listen(struct loop *l, struct err *e)
{
	struct relay *r = l->relay;
	BUF_AUTO address = { 0 };
	struct str given = str_of(r->o.listen);
	ptrdiff_t colon = str_rfind_char(given, ':');
	if (l->index == 0)
		return address_listen_shared(r->o.listen, &l->listen_fd, &r->port, e);
	/* Port 0 became one that the kernel chose. */
	buf_addf(&address, "%.*s:%u", STR_ARG(str_head(given, (size_t)colon)), r->port);
	unsigned port;
	return address_listen_shared(buf_cstr(&address), &l->listen_fd, &port, e);
}

bool
loop_open(struct loop *l, struct relay *r, unsigned index, struct err *e)
{
	const struct timeval every = { .tv_sec = SWEEP_S };
	l->relay = r;
	l->index = index;
	l->listen_fd = -1;
	l->scratch = xcalloc(1, SCRATCH);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct event_config *config = event_config_new();
	if (config) {
		event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK);
		l->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (!l->base || l->wake_fd < 0)
		return err_sys(e, "cannot set up the relay's event loop");
	if (!loop_listen(l, e))
		return false;
	l->accept = event_new(l->base, l->listen_fd, EV_READ | EV_PERSIST, on_accept, l);
	l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
	l->sweep = event_new(l->base, -1, EV_PERSIST, on_sweep, l);
	if (!l->accept || !l->wake || !l->sweep || event_add(l->accept, NULL) != 0 || event_add(l->wake, NULL) != 0 ||
	    event_add(l->sweep, &every) != 0)
		return err_sys(e, "cannot set up the relay's event loop");
	return true;
}

void
loop_run(struct loop *l)
{
	event_base_dispatch(l->base);
	l->closing = true;
	while (l->conns)
		conn_free(l->conns); // NOLINT(clang-analyzer-unix.Malloc): it unlinks itself first
}

void
loop_free(struct loop *l)
{
	struct event *events[] = { l->accept, l->wake, l->sweep };
	for (size_t i = 0; i < COUNT(events); i++)
		if (events[i])
			event_free(events[i]);
	if (l->base)
		event_base_free(l->base);
	if (l->listen_fd >= 0)
		close(l->listen_fd);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	free(l->scratch);
}
