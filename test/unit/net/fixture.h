/* A server with real TLS on loopback, its authority and a client's certificate, for the tests of this room. */
#ifndef MAMORI_TEST_NET_FIXTURE_H
#define MAMORI_TEST_NET_FIXTURE_H

#include "base/arena.h"
#include "base/time.h"
#include "net/client.h"
#include "net/server.h"
#include "trust/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)

/* An authority and what it issued. */
struct pki {
	struct key *ca_key;
	struct buf ca;
	struct buf server, server_key; /* certificate and CA behind it */
	struct buf client, client_key;
};

static inline void
pki_issue(struct pki *p, const char *name, bool server, int64_t from, int64_t until, struct buf *pem,
	  struct buf *key_pem)
{
	static const char *const names[] = { "127.0.0.1", "localhost", NULL };
	struct err e;
	KEY_AUTO k = NULL;
	const struct cert_request r = { .common_name = str_of(name),
					.names = server ? names : NULL,
					.server = server,
					.not_before = from,
					.not_after = until };
	assert_true(key_generate(&k, &e));
	assert_true(cert_issue(p->ca_key, buf_str(&p->ca), k, &r, pem, &e));
	assert_true(key_to_pem(k, key_pem, &e));
}

static inline void
pki_make(struct pki *p)
{
	struct err e;
	int64_t now = clock_now(&clock_system);
	assert_true(key_generate(&p->ca_key, &e));
	assert_true(ca_create(p->ca_key, "mamori test", now, &p->ca, &e));
	pki_issue(p, "server", true, now - MINUTE_MS, now + DAY_MS, &p->server, &p->server_key);
	buf_add(&p->server, buf_str(&p->ca));
	pki_issue(p, "h-1", false, now - MINUTE_MS, now + DAY_MS, &p->client, &p->client_key);
}

static inline void
pki_free(struct pki *p)
{
	key_free(p->ca_key);
	buf_free(&p->ca);
	buf_free(&p->server);
	buf_free(&p->server_key);
	buf_free(&p->client);
	buf_free(&p->client_key);
}

struct fixture {
	struct pki pki;
	struct http_server *server;
	pthread_t thread;
	_Atomic int working; /* exchanges that a worker holds */
	_Atomic int seen;
	_Atomic int release; /* /held waits for it */
};

struct work {
	struct fixture *f;
	struct http_exchange *x;
};

static inline void *
worker(void *user)
{
	struct work *w = user;
	struct http_exchange *x = w->x;
	/* The views must stay readable whatever happened to the peer meanwhile. */
	char path[32];
	snprintf(path, sizeof(path), "%.*s", STR_ARG(http_path(x)));
	while (strcmp(path, "/held") == 0 && !atomic_load(&w->f->release))
		usleep(2000);
	assert_true(str_eq(http_path(x), str_of(path)));
	http_reply(x, 200, NULL, 0, http_path(x));
	atomic_fetch_sub(&w->f->working, 1);
	free(w);
	return NULL;
}

static inline void
to_worker(struct fixture *f, struct http_exchange *x)
{
	pthread_t t;
	struct work *w = xcalloc(1, sizeof(*w));
	*w = (struct work){ f, x };
	atomic_fetch_add(&f->working, 1);
	assert_int_equal(pthread_create(&t, NULL, worker, w), 0);
	pthread_detach(t);
}

static inline void
reply_who(struct http_exchange *x)
{
	BUF_AUTO out = { 0 };
	struct err e;
	struct cert_info info = { .common_name = "-" };
	struct str pem = http_client_certificate(x);
	if (pem.ptr)
		assert_true(cert_read(pem, &info, &e));
	buf_addf(&out, "%s %d %.*s", info.common_name, (int)http_peer_uid(x), STR_ARG(http_peer(x)));
	http_reply(x, 200, NULL, 0, buf_str(&out));
}

/* /echo gives back method, query, a header field and the body; /held and /work go through a thread. */
static inline void
on_request(void *user, int listener, struct http_exchange *x)
{
	struct fixture *f = user;
	struct str path = http_path(x);
	(void)listener;
	atomic_fetch_add(&f->seen, 1);
	if (str_eq(path, STR("/held")) || str_eq(path, STR("/work"))) {
		to_worker(f, x);
	} else if (str_eq(path, STR("/who"))) {
		reply_who(x);
	} else if (str_eq(path, STR("/big"))) {
		BUF_AUTO big = { 0 };
		memset(buf_reserve(&big, 8u << 20), 'b', 8u << 20);
		big.len = 8u << 20;
		http_reply(x, 200, NULL, 0, buf_str(&big));
	} else if (str_eq(path, STR("/moved"))) {
		const struct http_header to[] = { { "Location", "https://elsewhere.example/x" } };
		http_reply(x, 302, to, 1, STR(""));
	} else if (str_eq(path, STR("/split"))) {
		const struct http_header split[] = { { "X-Split", "a\r\nX-Injected: 1" },
						     { "X-Name\r\nX-Injected", "1" } };
		http_reply(x, 200, split, COUNT(split), STR("split"));
	} else if (str_eq(path, STR("/missing"))) {
		http_reply(x, 404, NULL, 0, STR("no"));
	} else {
		BUF_AUTO out = { 0 };
		const struct http_header headers[] = { { "Content-Type", "text/plain" }, { "ETag", "\"v1\"" } };
		buf_addf(&out, "%.*s %.*s %.*s|", STR_ARG(http_method(x)), STR_ARG(http_query(x)),
			 STR_ARG(http_header_get(x, "x-test")));
		buf_add(&out, http_body(x));
		http_reply(x, 200, headers, COUNT(headers), buf_str(&out));
	}
}

static inline void *
server_thread(void *user)
{
	http_server_run(user);
	return NULL;
}

static inline void
fixture_start(struct fixture *f, const struct http_listener *listeners, size_t count)
{
	struct err e = { 0 };
	bool ok = http_server_new(listeners, count, on_request, f, &f->server, &e);
	if (!ok)
		print_error("%s\n", e.text);
	assert_true(ok);
	assert_int_equal(pthread_create(&f->thread, NULL, server_thread, f->server), 0);
}

static inline void
fixture_stop(struct fixture *f)
{
	atomic_store(&f->release, 1);
	http_server_stop(f->server);
	pthread_join(f->thread, NULL);
	while (atomic_load(&f->working))
		usleep(1000);
	http_server_free(f->server);
	f->server = NULL;
}

static inline struct http_listener
listener_tls(const struct fixture *f, bool client)
{
	return (struct http_listener){ .address = "127.0.0.1:0",
				       .certificate_pem = buf_str(&f->pki.server),
				       .key_pem = buf_str(&f->pki.server_key),
				       .client_ca_pem = client ? buf_str(&f->pki.ca) : STR_NONE };
}

static inline const char *
url_of(const struct fixture *f, size_t listener, const char *path, char into[128])
{
	snprintf(into, 128, "https://127.0.0.1:%u%s", http_server_port(f->server, listener), path);
	return into;
}

/* One request with these options; the answer's body is left in out. */
static inline bool
ask(const struct http_client_options *o, const char *method, const char *url, struct str body, struct http_response *r,
    struct err *e)
{
	__attribute__((cleanup(http_client_cleanup))) struct http_client *c = NULL;
	return http_client_new(o, &c, e) && http_request(c, method, url, NULL, body, r, e);
}

/* ---- raw bytes over TCP, for what no decent client sends ---- */

static inline int
raw_connect(unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

static inline void
raw_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the text is there (true), the end, or the time is over. */
static inline bool
raw_expect(int fd, struct buf *got, const char *text, int ms)
{
	int64_t end = clock_now(&clock_system) + ms;
	while (!str_contains(buf_str(got), str_of(text))) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_now(&clock_system);
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		char *into = buf_reserve(got, 4096);
		ssize_t n = recv(fd, into, 4096, 0);
		if (n <= 0)
			return false;
		got->len += (size_t)n;
	}
	return true;
}

/* Whether the server closes within that time. */
static inline bool
raw_closed(int fd, int ms)
{
	int64_t end = clock_now(&clock_system) + ms;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char waste[4096];
		int64_t left = end - clock_now(&clock_system);
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		if (recv(fd, waste, sizeof(waste), 0) <= 0)
			return true;
	}
}

#endif
