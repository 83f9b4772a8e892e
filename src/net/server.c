/* The loop of the HTTP server: listeners, answers that workers hand back, limits and the end. All of libevent runs on
 * the loop thread; other threads only queue an answer under the mutex and write to an eventfd. */
#include "net/server-internal.h"

#include "base/arena.h"
#include "base/log.h"
#include "net/address.h"
#include "net/status.h"

#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define END_MS 3000
#define REFUSED_LOGGED 20
#define MINUTE_MS 60000

int64_t
server_monotonic(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
server_log_refused(struct listener *l, const char *peer, const char *reason)
{
	struct http_server *s = l->server;
	int64_t now = server_monotonic();
	if (now - s->refused_since >= MINUTE_MS || s->refused_since == 0) {
		if (s->refused > REFUSED_LOGGED)
			log_warn(l->name, "%u more connections were refused in the last minute",
				 s->refused - REFUSED_LOGGED);
		s->refused_since = now;
		s->refused = 0;
	}
	if (++s->refused <= REFUSED_LOGGED)
		log_warn(l->name, "connection of %s refused: %s", peer, reason);
}

/* ---- what a request is ---- */

struct str
http_method(const struct http_exchange *x)
{
	return x->request.method;
}

struct str
http_path(const struct http_exchange *x)
{
	return x->request.path;
}

struct str
http_query(const struct http_exchange *x)
{
	return x->request.query;
}

struct str
http_body(const struct http_exchange *x)
{
	return buf_str(&x->request.body);
}

struct str
http_header_get(const struct http_exchange *x, const char *name)
{
	return request_field(&x->request, str_of(name));
}

struct str
http_peer(const struct http_exchange *x)
{
	return str_of(x->peer->address);
}

struct str
http_client_certificate(const struct http_exchange *x)
{
	return x->peer->certificate.len ? buf_str(&x->peer->certificate) : STR_NONE;
}

int64_t
http_peer_uid(const struct http_exchange *x)
{
	return x->peer->uid;
}

/* ---- answers ---- */

static void
write_date(struct buf *out)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	buf_addf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * tm.tm_wday, tm.tm_mday,
		 months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* A line break in a field would let its author write the rest of the answer. */
static bool
field_is_safe(const struct http_header *h)
{
	return !strpbrk(h->name, "\r\n: ") && !strpbrk(h->value, "\r\n");
}

void
exchange_write(struct http_exchange *x, int status, const struct http_header *headers, size_t count, struct str body)
{
	struct buf *out = &x->out;
	/* The whole in one piece: an answer of 1 MB is not moved six times. */
	buf_reserve(out, 512 + body.len);
	if (atomic_load(&x->server->stop))
		x->close = true;
	buf_addf(out, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
	write_date(out);
	for (size_t i = 0; i < count; i++) {
		if (!field_is_safe(&headers[i])) {
			log_error("http", "a header field with a line break was left out of an answer");
			continue;
		}
		buf_addf(out, "%s: ", headers[i].name);
		buf_add(out, str_of(headers[i].value));
		buf_add(out, STR("\r\n"));
	}
	bool bodyless = status == 204 || status == 304 || status < 200;
	if (!bodyless)
		buf_addf(out, "Content-Length: %zu\r\n", body.len);
	if (x->close)
		buf_add(out, STR("Connection: close\r\n"));
	else if (!x->request.http11)
		buf_add(out, STR("Connection: keep-alive\r\n"));
	buf_add(out, STR("\r\n"));
	if (!bodyless && !str_eq(x->request.method, STR("HEAD")))
		buf_add(out, body);
}

static void
server_wake(struct http_server *s)
{
	const uint64_t one = 1;
	int saved = errno;
	/* A full counter wakes just as well. */
	(void)!write(s->wake, &one, sizeof(one));
	errno = saved;
}

bool
http_is_gone(const struct http_exchange *x)
{
	return atomic_load(&x->gone);
}

void
http_reply(struct http_exchange *x, int status, const struct http_header *headers, size_t count, struct str body)
{
	struct http_server *s = x->server;
	exchange_write(x, status, headers, count, body);
	pthread_mutex_lock(&s->mutex);
	bool first = !s->replies;
	x->next = NULL;
	*s->replies_end = x;
	s->replies_end = &x->next;
	pthread_mutex_unlock(&s->mutex);
	if (first)
		server_wake(s);
}

static struct http_exchange *
take_replies(struct http_server *s)
{
	pthread_mutex_lock(&s->mutex);
	struct http_exchange *x = s->replies;
	s->replies = NULL;
	s->replies_end = &s->replies;
	pthread_mutex_unlock(&s->mutex);
	return x;
}

/* ---- the loop ---- */

static void
on_end(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	struct http_server *s = user;
	event_base_loopbreak(s->base);
}

void
server_conn_gone(struct http_server *s)
{
	if (s->closing && !s->conns)
		event_base_loopbreak(s->base);
}

static void
server_begin_end(struct http_server *s)
{
	const struct timeval end = { .tv_sec = END_MS / 1000, .tv_usec = END_MS % 1000 * 1000 };
	s->closing = true;
	for (size_t i = 0; i < s->listener_count; i++) {
		if (s->listeners[i].accept)
			evconnlistener_free(s->listeners[i].accept);
		s->listeners[i].accept = NULL;
	}
	conn_close_idle(s);
	if (!s->conns)
		event_base_loopbreak(s->base);
	event_add(s->end, &end);
}

static void
on_wake(evutil_socket_t fd, short what, void *user)
{
	(void)what;
	struct http_server *s = user;
	uint64_t n;
	(void)!read(fd, &n, sizeof(n));
	struct http_exchange *x = take_replies(s), *next;
	for (; x; x = next) {
		next = x->next;
		if (x->conn)
			conn_answer(x);
		else
			exchange_free(x);
	}
	if (atomic_load(&s->stop) && !s->closing)
		server_begin_end(s);
}

static void
on_sweep(evutil_socket_t fd, short what, void *user)
{
	(void)fd, (void)what;
	struct http_server *s = user;
	bool paused = false;
	conn_sweep(s);
	for (size_t i = 0; i < s->listener_count; i++) {
		struct listener *l = &s->listeners[i];
		if (l->paused && l->accept)
			evconnlistener_enable(l->accept);
		paused = paused || l->paused;
		l->paused = false;
	}
	/* Without connections there is nothing to wake up for. */
	s->sweeping = s->conns || paused;
	if (s->sweeping)
		event_add(s->sweep, &s->sweep_every);
}

static void
server_sweep_soon(struct http_server *s)
{
	if (!s->sweeping)
		event_add(s->sweep, &s->sweep_every);
	s->sweeping = true;
}

static void
on_accept(struct evconnlistener *accept, evutil_socket_t fd, struct sockaddr *address, int len, void *user)
{
	(void)accept;
	struct listener *l = user;
	if (l->connections >= l->connections_max && !conn_evict(l)) {
		server_log_refused(l, "a further peer", "too many connections at once");
		close(fd);
		return;
	}
	conn_new(l, fd, address, (socklen_t)len);
	server_sweep_soon(l->server);
}

static void
on_accept_error(struct evconnlistener *accept, void *user)
{
	struct listener *l = user;
	int reason = errno;
	if (reason != EMFILE && reason != ENFILE && reason != ENOMEM && reason != ENOBUFS)
		return;
	/* The waiting connection would be offered again at once, for ever: pause until something was closed. */
	server_log_refused(l, "a further peer", strerror(reason));
	evconnlistener_disable(accept);
	l->paused = true;
	server_sweep_soon(l->server);
}

void
http_server_run(struct http_server *s)
{
	event_base_dispatch(s->base);
	conn_close_all(s);
	/* libevent closes the sockets of freed bufferevents in a later round. */
	event_base_loop(s->base, EVLOOP_NONBLOCK);
}

void
http_server_stop(struct http_server *s)
{
	atomic_store(&s->stop, true);
	server_wake(s);
}

/* ---- beginning and end ---- */

static void
listener_limits(struct listener *l, const struct http_listener *o)
{
	l->body_max = o->body_max ? o->body_max : 1u << 20;
	l->head_max = o->header_max ? o->header_max : 16u << 10;
	l->connections_max = o->connections_max ? o->connections_max : 1000;
	l->timeout_ms = (int64_t)(o->timeout_s ? o->timeout_s : 60) * 1000;
}

/* Port 0 becomes the port that the kernel chose. */
static void
name_with_port(struct listener *l)
{
	char *colon = strrchr(l->name, ':');
	if (colon)
		snprintf(colon, sizeof(l->name) - (size_t)(colon - l->name), ":%u", l->port);
}

static bool
listener_open(struct listener *l, const struct http_listener *o, struct err *e)
{
	int fd = -1;
	listener_limits(l, o);
	snprintf(l->name, sizeof(l->name), "%s", o->unix_path ? o->unix_path : o->address);
	l->tls = o->certificate_pem.len > 0;
	if (!l->tls && !o->unix_path && !address_is_loopback(o->address))
		return err_set(e, ERR_REFUSED,
			       "without a certificate nothing is served on %s, only on this machine's own "
			       "address 127.0.0.1",
			       l->name);
	buf_add(&l->client_ca, o->client_ca_pem);
	if (l->tls && !tls_server_context(o->certificate_pem, o->key_pem, o->client_ca_pem, &l->context, e))
		return err_wrap(e, "cannot listen on %s", l->name);
	if (o->unix_path ? !address_listen_unix(o->unix_path, &fd, e) : !address_listen(o->address, &fd, &l->port, e))
		return false;
	if (o->unix_path)
		l->unix_path = xstrdup(o->unix_path);
	else
		name_with_port(l);
	l->accept =
		evconnlistener_new(l->server->base, on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!l->accept) {
		close(fd);
		return err_set(e, ERR_SYSTEM, "cannot listen on %s: the event loop refused the socket", l->name);
	}
	evconnlistener_set_error_cb(l->accept, on_accept_error);
	return true;
}

static bool
server_events(struct http_server *s, struct err *e)
{
	struct event_config *config = event_config_new();
	if (config) {
		/* Answers toggle interest in writing; these changes are then one system call. Safe because no
		 * descriptor is duplicated here. */
		event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK);
		s->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!s->base || s->wake < 0)
		return err_sys(e, "cannot set up the server's event loop");
	s->wake_event = event_new(s->base, s->wake, EV_READ | EV_PERSIST, on_wake, s);
	s->sweep = event_new(s->base, -1, 0, on_sweep, s);
	s->end = event_new(s->base, -1, 0, on_end, s);
	if (!s->wake_event || !s->sweep || !s->end || event_add(s->wake_event, NULL) != 0)
		return err_sys(e, "cannot set up the server's event loop");
	return true;
}

/* Often enough for the shortest timeout, never more than ten times a second. */
static void
server_set_sweep(struct http_server *s)
{
	int64_t ms = 2000;
	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i].timeout_ms / 4 < ms)
			ms = s->listeners[i].timeout_ms / 4;
	if (ms < 100)
		ms = 100;
	s->sweep_every = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

bool
http_server_new(const struct http_listener *listeners, size_t count, http_request_fn *on_request, void *user,
		struct http_server **out, struct err *e)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	s->wake = -1;
	s->on_request = on_request;
	s->user = user;
	s->replies_end = &s->replies;
	s->listeners = xcalloc(count, sizeof(s->listeners[0]));
	pthread_mutex_init(&s->mutex, NULL);
	/* A peer that goes away must not take the process along. */
	signal(SIGPIPE, SIG_IGN);
	bool ok = server_events(s, e);
	for (size_t i = 0; ok && i < count; i++) {
		struct listener *l = &s->listeners[i];
		l->server = s;
		l->index = (int)i;
		s->listener_count = i + 1;
		ok = listener_open(l, &listeners[i], e);
	}
	if (!ok) {
		http_server_free(s);
		return false;
	}
	server_set_sweep(s);
	*out = s;
	return true;
}

bool
http_server_set_certificate(struct http_server *s, size_t i, struct str certificate_pem, struct str key_pem,
			    struct err *e)
{
	struct listener *l = &s->listeners[i];
	SSL_CTX *fresh = NULL;
	if (!tls_server_context(certificate_pem, key_pem, buf_str(&l->client_ca), &fresh, e))
		return err_wrap(e, "new certificate for %s", l->name);
	pthread_mutex_lock(&s->mutex);
	SSL_CTX *old = l->context;
	l->context = fresh;
	pthread_mutex_unlock(&s->mutex);
	SSL_CTX_free(old);
	return true;
}

unsigned
http_server_port(const struct http_server *s, size_t i)
{
	return s->listeners[i].port;
}

static void
listener_close(struct listener *l)
{
	if (l->accept)
		evconnlistener_free(l->accept);
	if (l->unix_path)
		unlink(l->unix_path);
	free(l->unix_path);
	SSL_CTX_free(l->context);
	buf_free(&l->client_ca);
}

void
http_server_free(struct http_server *s)
{
	if (!s)
		return;
	s->closing = true;
	conn_close_all(s);
	for (struct http_exchange *x = take_replies(s), *next; x; x = next) {
		next = x->next;
		exchange_free(x);
	}
	for (size_t i = 0; i < s->listener_count; i++)
		listener_close(&s->listeners[i]);
	struct event *events[] = { s->wake_event, s->sweep, s->end };
	for (size_t i = 0; i < COUNT(events); i++)
		if (events[i])
			event_free(events[i]);
	if (s->base)
		event_base_free(s->base);
	if (s->wake >= 0)
		close(s->wake);
	pthread_mutex_destroy(&s->mutex);
	free(s->listeners);
	free(s);
}
