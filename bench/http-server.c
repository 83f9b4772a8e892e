/* The HTTP server alone, for bench/server.py: answers two bytes, on the loop thread or (/worker) from another one.
 * Prints the ports of its plain and its TLS listener, and runs until its standard input ends. */
#include "base/time.h"
#include "net/server.h"
#include "trust/cert.h"

#include <pthread.h>
#include <unistd.h>

#define QUEUE 4096

struct bench {
	struct http_server *server;
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct http_exchange *queue[QUEUE];
	size_t head, tail;
	bool end;
};

static void
answer(struct http_exchange *x)
{
	static const struct http_header headers[] = { { "Content-Type", "text/plain" } };
	http_reply(x, 200, headers, 1, STR("ok"));
}

static void
on_request(void *user, int listener, struct http_exchange *x)
{
	struct bench *b = user;
	(void)listener;
	if (!str_eq(http_path(x), STR("/worker"))) {
		answer(x);
		return;
	}
	pthread_mutex_lock(&b->mutex);
	b->queue[b->tail++ % QUEUE] = x;
	pthread_cond_signal(&b->filled);
	pthread_mutex_unlock(&b->mutex);
}

static void *
work(void *user)
{
	struct bench *b = user;
	for (;;) {
		pthread_mutex_lock(&b->mutex);
		while (b->head == b->tail && !b->end)
			pthread_cond_wait(&b->filled, &b->mutex);
		struct http_exchange *x = b->head != b->tail ? b->queue[b->head++ % QUEUE] : NULL;
		pthread_mutex_unlock(&b->mutex);
		if (!x)
			return NULL;
		answer(x);
	}
}

static void *
wait_for_end(void *user)
{
	struct bench *b = user;
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	http_server_stop(b->server);
	return NULL;
}

static void
make_certificate(struct buf *pem, struct buf *key_pem)
{
	static const char *const names[] = { "127.0.0.1", NULL };
	struct err e = { 0 };
	KEY_AUTO ca_key = NULL;
	KEY_AUTO key = NULL;
	BUF_AUTO ca = { 0 };
	int64_t now = clock_now(&clock_system);
	const struct cert_request r = { .common_name = STR("bench"),
					.names = names,
					.server = true,
					.not_before = now - 300000,
					.not_after = now + 3600000 };
	if (!key_generate(&ca_key, &e) || !key_generate(&key, &e) || !ca_create(ca_key, "bench", now, &ca, &e) ||
	    !cert_issue(ca_key, buf_str(&ca), key, &r, pem, &e) || !key_to_pem(key, key_pem, &e))
		die(e.code, "%s", e.text);
	buf_add(pem, buf_str(&ca));
}

int
main(void)
{
	struct bench b = { .mutex = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };
	struct err e = { 0 };
	BUF_AUTO pem = { 0 };
	BUF_AUTO key = { 0 };
	make_certificate(&pem, &key);
	const struct http_listener listeners[] = {
		{ .address = "127.0.0.1:0" },
		{ .address = "127.0.0.1:0", .certificate_pem = buf_str(&pem), .key_pem = buf_str(&key) },
	};
	if (!http_server_new(listeners, COUNT(listeners), on_request, &b, &b.server, &e))
		die(e.code, "%s", e.text);
	pthread_t worker, stopper;
	if (pthread_create(&worker, NULL, work, &b) != 0 || pthread_create(&stopper, NULL, wait_for_end, &b) != 0)
		die(ERR_SYSTEM, "no threads");
	printf("%u %u\n", http_server_port(b.server, 0), http_server_port(b.server, 1));
	fflush(stdout);
	http_server_run(b.server);
	pthread_join(stopper, NULL);
	pthread_mutex_lock(&b.mutex);
	b.end = true;
	pthread_cond_signal(&b.filled);
	pthread_mutex_unlock(&b.mutex);
	pthread_join(worker, NULL);
	http_server_free(b.server);
	return 0;
}
