/* The load of bench/check-in.py: hosts that are one thread, one certificate and one kept TLS connection each.
 *
 *   bench-check-in hosts DASHBOARD-PORT AGENTS-PORT TOKEN-FILE HOSTS SECONDS
 *       enrols, sends its sections, then checks in without changes, one right after the other
 *   bench-check-in peer PORT CONNECTIONS SECONDS
 *       asks any TLS server for "/"
 *
 * Prints {"rate","p50","p99","enrol"}: answers a second, milliseconds, enrolments a second. */
#include "base/json.h"
#include "trust/cert.h"
#include "trust/token.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOSTS_MAX = 900, ANSWER_MAX = 1 << 16 };

static const char *const section_names[] = { "system", "packages", "updates" };
static const char *const section_bodies[] = {
	"{\"os\":{\"id\":\"debian\",\"version\":\"12\",\"name\":\"Debian GNU/Linux 12\"},\"hostname\":\"bench\"}",
	"{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"openssl\",\"3.0.15-1\",\"amd64\",\"\",\"\"]]}",
	"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[]}",
};

struct bench {
	const char *dashboard, *agents, *peer;
	struct token token;
	double seconds;
	pthread_barrier_t ready;
};

struct connection {
	SSL_CTX *context;
	SSL *tls;
	int fd;
};

struct host {
	struct bench *bench;
	pthread_t thread;
	unsigned number;
	struct arena arena;
	struct buf certificate, key, answer;
	struct connection to;
	double *took;
	size_t count, cap;
	double enrolled; /* seconds */
};

static double
seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn static void
give_up(const char *what, const char *detail)
{
	fprintf(stderr, "check-in: %s%s%s\n", what, *detail ? ": " : "", detail);
	exit(1);
}

/* ---- one connection ---- */

static void
use_identity(struct connection *c, struct host *h)
{
	BIO *cert = BIO_new_mem_buf(h->certificate.ptr, (int)h->certificate.len);
	BIO *key = BIO_new_mem_buf(h->key.ptr, (int)h->key.len);
	X509 *x = PEM_read_bio_X509(cert, NULL, NULL, NULL);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	if (!x || !k || SSL_CTX_use_certificate(c->context, x) != 1 || SSL_CTX_use_PrivateKey(c->context, k) != 1)
		give_up("its own certificate cannot be used", "");
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(cert);
	BIO_free(key);
}

static void
connect_to(struct connection *c, const char *port, struct host *identity)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	int one = 1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->context = SSL_CTX_new(TLS_client_method());
	if (identity)
		use_identity(c, identity);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		give_up("nobody listens on port", port);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->tls = SSL_new(c->context);
	SSL_set_fd(c->tls, c->fd);
	if (SSL_connect(c->tls) != 1)
		give_up("no TLS on port", port);
}

static void
disconnect(struct connection *c)
{
	SSL_free(c->tls);
	SSL_CTX_free(c->context);
	close(c->fd);
}

/* The whole answer in h->answer; gives the status, *body is a view. */
static int
ask(struct host *h, const char *method, const char *path, struct str body, struct str *answer)
{
	BUF_AUTO request = { 0 };
	buf_addf(&request,
		 "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		 method, path, body.len);
	buf_add(&request, body);
	if (SSL_write(h->to.tls, request.ptr, (int)request.len) != (int)request.len)
		give_up("the server hung up on a request", path);
	buf_truncate(&h->answer, 0);
	ptrdiff_t head = -1;
	size_t length = 0;
	while (head < 0 || h->answer.len < (size_t)head + 4 + length) {
		int n = SSL_read(h->to.tls, buf_reserve(&h->answer, ANSWER_MAX), ANSWER_MAX);
		if (n <= 0)
			give_up("the server hung up before its answer to", path);
		h->answer.len += (size_t)n;
		if (head >= 0 || (head = str_find(buf_str(&h->answer), STR("\r\n\r\n"))) < 0)
			continue;
		const char *field = strcasestr(buf_cstr(&h->answer), "\r\nContent-Length:");
		length = field ? strtoul(field + 17, NULL, 10) : 0;
	}
	*answer = str_skip(buf_str(&h->answer), (size_t)head + 4);
	return (int)strtol(h->answer.ptr + 9, NULL, 10);
}

/* ---- a host ---- */

static void
enrol(struct host *h)
{
	struct err e = { 0 };
	struct key *tls = NULL;
	struct json *reply;
	struct str answer;
	BUF_AUTO csr = { 0 };
	BUF_AUTO signing = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	struct str name = arena_printf(&h->arena, "bench-%u", h->number);
	if (!key_generate(&tls, &e) || !csr_create(tls, "host", &csr, &e) || !key_public_to_pem(tls, &signing, &e) ||
	    !key_to_pem(tls, &h->key, &e))
		give_up("making keys", e.text);
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	json_put_str(&w, "token", h->bench->token.id);
	json_put_str(&w, "secret", h->bench->token.secret);
	json_put_str(&w, "csr", buf_str(&csr));
	json_put_str(&w, "signing_key", buf_str(&signing));
	json_put_str(&w, "hostname", name);
	json_put_str(&w, "machine", name);
	json_put_cstr(&w, "os", "debian:12");
	json_put_cstr(&w, "agent", "0.1.0");
	json_end_object(&w);
	connect_to(&h->to, h->bench->dashboard, NULL);
	double start = seconds_now();
	if (ask(h, "POST", "/enrol/v1", buf_str(&body), &answer) != 200 ||
	    !json_parse(&h->arena, answer, NULL, &reply, &e))
		give_up("enrolling failed", h->answer.ptr);
	h->enrolled = seconds_now() - start;
	buf_add(&h->certificate, json_get_str(reply, "certificate"));
	disconnect(&h->to);
	key_free(tls);
}

/* Gives the new lineage, and whether sections are asked for. */
static struct str
check_in(struct host *h, struct arena *a, struct str lineage, bool *needed)
{
	struct err e = { 0 };
	struct json *reply;
	struct str answer;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	json_put_i64(&w, "protocol", 1);
	json_put_cstr(&w, "agent", "0.1.0");
	json_put_cstr(&w, "boot", "boot");
	json_put_str(&w, "machine", arena_printf(a, "bench-%u", h->number));
	json_key(&w, "lineage");
	json_str_or_null(&w, lineage);
	json_key(&w, "sections");
	json_begin_object(&w);
	for (size_t i = 0; i < COUNT(section_names); i++) {
		char hash[SHA256_HEX_LEN];
		sha256_hex(str_of(section_bodies[i]), hash);
		json_put_cstr(&w, section_names[i], hash);
	}
	json_end_object(&w);
	json_key(&w, "results");
	json_begin_array(&w);
	json_end_array(&w);
	json_end_object(&w);
	if (ask(h, "POST", "/agent/v1/check-in", buf_str(&body), &answer) != 200 ||
	    !json_parse(a, answer, NULL, &reply, &e))
		give_up("a check-in failed", h->answer.ptr);
	*needed = json_get(reply, "need")->count > 0;
	return json_get_str(reply, "lineage");
}

static void
took(struct host *h, double seconds)
{
	if (h->count == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 4096;
		h->took = xrealloc(h->took, h->cap, sizeof(*h->took));
	}
	h->took[h->count++] = seconds * 1000;
}

static void *
host_run(void *arg)
{
	struct host *h = arg;
	struct str answer, lineage;
	bool needed;
	enrol(h);
	connect_to(&h->to, h->bench->agents, h);
	lineage = check_in(h, &h->arena, STR_NONE, &needed);
	for (size_t i = 0; needed && i < COUNT(section_names); i++) {
		struct str path = arena_printf(&h->arena, "/agent/v1/sections/%s", section_names[i]);
		if (ask(h, "PUT", path.ptr, str_of(section_bodies[i]), &answer) != 204)
			give_up("a section was refused", h->answer.ptr);
	}
	pthread_barrier_wait(&h->bench->ready);
	char kept[128] = "";
	snprintf(kept, sizeof(kept), "%.*s", STR_ARG(lineage));
	for (double start = seconds_now(), now = start; now - start < h->bench->seconds;) {
		ARENA_AUTO a = { 0 };
		lineage = check_in(h, &a, str_of(kept), &needed);
		if (needed)
			give_up("sections are asked for again", "");
		snprintf(kept, sizeof(kept), "%.*s", STR_ARG(lineage));
		double end = seconds_now();
		took(h, end - now);
		now = end;
	}
	disconnect(&h->to);
	return NULL;
}

static void *
peer_run(void *arg)
{
	struct host *h = arg;
	struct str answer;
	connect_to(&h->to, h->bench->peer, NULL);
	pthread_barrier_wait(&h->bench->ready);
	for (double start = seconds_now(), now = start; now - start < h->bench->seconds;) {
		if (ask(h, "GET", "/", STR(""), &answer) != 200)
			give_up("the peer refused", h->answer.ptr);
		double end = seconds_now();
		took(h, end - now);
		now = end;
	}
	disconnect(&h->to);
	return NULL;
}

/* ---- all of them ---- */

static int
by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

static void
report(struct host *hosts, unsigned count, double seconds)
{
	size_t n = 0;
	double enrolled = 0;
	for (unsigned i = 0; i < count; i++) {
		n += hosts[i].count;
		enrolled += hosts[i].enrolled;
	}
	double *all = xcalloc(n + 1, sizeof(*all));
	size_t at = 0;
	for (unsigned i = 0; i < count; i++)
		for (size_t k = 0; k < hosts[i].count; k++)
			all[at++] = hosts[i].took[k];
	qsort(all, n, sizeof(*all), by_value);
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_key(&w, "rate");
	json_double(&w, (double)n / seconds, 0);
	json_key(&w, "p50");
	json_double(&w, all[n / 2], 2);
	json_key(&w, "p99");
	json_double(&w, all[n * 99 / 100], 2);
	json_key(&w, "enrol");
	json_double(&w, enrolled > 0 ? count / enrolled * count : 0, 0);
	json_end_object(&w);
	puts(buf_cstr(&out));
	free(all);
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	ARENA_AUTO a = { 0 };
	BUF_AUTO token = { 0 };
	bool peer = argc == 5 && strcmp(argv[1], "peer") == 0;
	if (!peer && (argc != 7 || strcmp(argv[1], "hosts") != 0))
		give_up("see the head of bench/check-in.c for its arguments", "");
	unsigned count = (unsigned)strtoul(argv[peer ? 3 : 5], NULL, 10);
	b.peer = b.dashboard = argv[2];
	b.agents = argv[3];
	if (count == 0 || count > HOSTS_MAX || !str_to_double(str_of(argv[peer ? 4 : 6]), &b.seconds) || b.seconds <= 0)
		give_up("so many hosts or seconds cannot be", "");
	if (!peer && (!file_read(argv[4], 65536, &token, &e) || !token_parse(&a, buf_str(&token), &b.token, &e)))
		give_up("reading the token", e.text);
	pthread_barrier_init(&b.ready, NULL, count);
	struct host *hosts = xcalloc(count, sizeof(*hosts));
	for (unsigned i = 0; i < count; i++) {
		hosts[i].bench = &b;
		hosts[i].number = i;
		if (pthread_create(&hosts[i].thread, NULL, peer ? peer_run : host_run, &hosts[i]) != 0)
			give_up("no more threads", "");
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(hosts[i].thread, NULL);
	report(hosts, count, b.seconds);
	return 0;
}
