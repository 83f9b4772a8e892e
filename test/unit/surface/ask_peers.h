/* Servers on this machine for the tests of the asker: DNS by the question's first letters, WHOIS and HTTP by a function. Every
 * question is counted. */
#ifndef TEST_ASK_PEERS_H
#define TEST_ASK_PEERS_H

#include "base/table.h"
#include "net/address.h"
#include "net/dns.h"
#include "os/file.h"
#include "surface/ask-internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

struct tally {
	pthread_mutex_t lock;
	struct arena arena;
	struct table table;
};

static inline void
tally_add(struct tally *t, struct str what)
{
	pthread_mutex_lock(&t->lock);
	bool known = table_has(&t->table, what);
	void **n = table_put(&t->table, known ? what : arena_str(&t->arena, what), NULL);
	*n = (void *)((uintptr_t)*n + 1);
	pthread_mutex_unlock(&t->lock);
}

static inline unsigned
tally_of(struct tally *t, const char *what)
{
	pthread_mutex_lock(&t->lock);
	unsigned n = (unsigned)(uintptr_t)table_get(&t->table, str_of(what));
	pthread_mutex_unlock(&t->lock);
	return n;
}

struct peer;
/* Appends the answer. */
typedef void peer_reply_fn(struct peer *p, struct str request, struct buf *out);

struct peer {
	pthread_t thread;
	int tcp, udp, stop[2];
	unsigned port;
	char at[32]; /* "127.0.0.1:4711" */
	struct tally tally;
	/* DNS */
	const char *(*made)(struct peer *p,
			    struct str name); /* in place of the rules here: the address, NULL: no such name */
	/* An answer of its own; 0: as the rules here say. */
	size_t (*whole)(struct peer *p, const struct dns_message *q, unsigned char *out);
	bool lies, silent;
	unsigned drop_each;
	_Atomic unsigned asked, dropped;
	/* lines and HTTP */
	peer_reply_fn *_Atomic reply;
	bool http;
	_Atomic bool dribble; /* the answer comes byte by byte, without end */
};

/* ---- DNS ---- */

static inline size_t
dns_reply(unsigned char *out, const struct dns_message *q, unsigned flags, const char *name, const char *address)
{
	static const unsigned char head[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
	static const unsigned char alias[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 4, 'g', 'o', 'n', 'e', 0 };
	size_t len = q->records_at;
	memcpy(out, q->bytes, len);
	memset(out + 4, 0, 8);
	out[2] = (unsigned char)(0x80 | flags >> 8);
	out[3] = (unsigned char)flags;
	out[5] = 1;
	out[7] = address || name;
	if (address) {
		memcpy(out + len, head, sizeof(head));
		memcpy(out + len + sizeof(head), address, 4);
		len += sizeof(head) + 4;
	} else if (name) {
		memcpy(out + len, alias, sizeof(alias));
		len += sizeof(alias);
	}
	return len;
}

#define ADDRESS_TRUE "\300\0\2\1"
#define ADDRESS_FALSE "\6\6\6\6"

static inline size_t
dns_answer(struct peer *p, const struct dns_message *q, bool tcp, unsigned char *out)
{
	char name[DNS_NAME_TEXT], type[12];
	BUF_AUTO what = { 0 };
	(void)dns_name_text(&q->name, name);
	buf_addf(&what, "%s %s", dns_type_text(q->type, type), name);
	tally_add(&p->tally, buf_str(&what));
	unsigned count = ++p->asked;
	struct str text = str_of(name);
	size_t whole = p->whole ? p->whole(p, q, out) : 0;
	if (whole)
		return whole;
	if (p->silent || (p->drop_each && count % p->drop_each == 0)) {
		p->dropped++;
		return 0;
	}
	if (p->made) {
		const char *address = p->made(p, text);
		return dns_reply(out, q, address ? 0 : DNS_NXDOMAIN, NULL, q->type == DNS_A ? address : NULL);
	}
	if (p->lies)
		return dns_reply(out, q, 0, NULL, ADDRESS_FALSE);
	if (str_starts(text, STR("big")) && !tcp)
		return dns_reply(out, q, DNS_TC, NULL, NULL);
	if (str_starts(text, STR("alias")))
		return dns_reply(out, q, DNS_NXDOMAIN, "gone", NULL);
	if (str_starts(text, STR("empty")))
		return dns_reply(out, q, 0, NULL, NULL);
	if (str_starts(text, STR("ill")))
		return dns_reply(out, q, DNS_SERVFAIL, NULL, NULL);
	if (str_starts(text, STR("host")) || str_starts(text, STR("big")) || str_starts(text, STR("forged")))
		return dns_reply(out, q, 0, NULL, ADDRESS_TRUE);
	if (str_starts(text, STR("loop")))
		return dns_reply(out, q, 0, NULL, "\177\0\0\1");
	return dns_reply(out, q, DNS_NXDOMAIN, NULL, NULL);
}

static inline void
dns_udp(struct peer *p)
{
	unsigned char in[600], out[700];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct dns_message q;
	ssize_t n = recvfrom(p->udp, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
	if (n < 0 || dns_message_read(in, (size_t)n, &q) != DNS_FINE)
		return;
	size_t size = dns_answer(p, &q, false, out);
	if (size > 0 && q.name.wire[0] >= 6 && memcmp(q.name.wire + 1, "forged", 6) == 0) {
		unsigned char bad[700];
		memcpy(bad, out, size);
		memcpy(bad + size - 4, ADDRESS_FALSE, 4);
		bad[1] ^= 0x55;
		(void)!sendto(p->udp, bad, size, 0, (struct sockaddr *)&from, len);
	}
	if (size > 0)
		(void)!sendto(p->udp, out, size, 0, (struct sockaddr *)&from, len);
}

/* ---- TCP ---- */

static inline bool
write_all(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s = str_skip(s, (size_t)n);
	}
	return true;
}

static inline void
dns_tcp(struct peer *p, int fd)
{
	unsigned char in[600], out[702];
	struct dns_message q;
	size_t have = 0;
	while (have < 2 || have < 2u + in[1]) {
		ssize_t n = read(fd, in + have, sizeof(in) - have);
		if (n <= 0)
			return;
		have += (size_t)n;
	}
	if (dns_message_read(in + 2, have - 2, &q) != DNS_FINE)
		return;
	size_t len = dns_answer(p, &q, true, out + 2);
	out[0] = 0;
	out[1] = (unsigned char)len;
	(void)write_all(fd, str_sub((char *)out, len + 2));
}

/* Until whoever asked goes away. */
static inline void
dribble(struct peer *p, int fd)
{
	struct pollfd wait = { p->stop[0], POLLIN, 0 };
	do
		if (!write_all(fd, STR("% ")))
			return;
	while (poll(&wait, 1, 50) == 0);
}

static inline void
talk_to(struct peer *p, int fd)
{
	BUF_AUTO in = { 0 };
	BUF_AUTO out = { 0 };
	const struct timeval limit = { .tv_sec = 20 };
	const char *end = p->http ? "\r\n\r\n" : "\n";
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	while (str_find(buf_str(&in), str_of(end)) < 0) {
		ssize_t n = read(fd, buf_reserve(&in, 4096), 4096);
		if (n <= 0)
			return;
		in.len += (size_t)n;
	}
	struct str rest = buf_str(&in), line;
	(void)str_line(&rest, &line);
	tally_add(&p->tally, line);
	p->asked++;
	if (p->dribble) {
		if (p->http)
			(void)write_all(fd, STR("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"));
		dribble(p, fd);
		return;
	}
	p->reply(p, p->http ? buf_str(&in) : line, &out);
	(void)write_all(fd, buf_str(&out));
}

static inline void *
peer_serve(void *arg)
{
	struct peer *p = arg;
	struct pollfd wait[] = { { p->stop[0], POLLIN, 0 }, { p->tcp, POLLIN, 0 }, { p->udp, POLLIN, 0 } };
	while (poll(wait, COUNT(wait), -1) >= 0 && !wait[0].revents) {
		if (wait[2].revents)
			dns_udp(p);
		if (!wait[1].revents)
			continue;
		int fd = accept4(p->tcp, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (p->reply)
			talk_to(p, fd);
		else
			dns_tcp(p, fd);
		close(fd);
	}
	return NULL;
}

/* reply NULL: DNS. Set what it does before. */
static inline void
peer_start(struct peer *p)
{
	const int size = 4 << 20;
	struct err e = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->tally.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	/* One port for both protocols: another program may have it for one of them. */
	for (p->udp = -1; p->udp < 0;) {
		if (!address_listen("127.0.0.1:0", &p->tcp, &p->port, &e))
			fail_msg("%s", e.text);
		p->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		in.sin_port = htons((uint16_t)p->port);
		(void)setsockopt(p->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		if (bind(p->udp, (struct sockaddr *)&in, sizeof(in)) == 0)
			continue;
		close(p->udp);
		close(p->tcp);
		p->udp = -1;
	}
	snprintf(p->at, sizeof(p->at), "127.0.0.1:%u", p->port);
	assert_int_equal(pipe(p->stop), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, peer_serve, p), 0);
}

static inline void
peer_stop(struct peer *p)
{
	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	close(p->stop[0]);
	close(p->udp);
	close(p->tcp);
	table_free(&p->tally.table);
	arena_free(&p->tally.arena);
}

static inline void
http_answer(struct buf *out, int status, const char *more, struct str body)
{
	buf_addf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status, body.len, more);
	buf_add(out, body);
}

/* ---- one run ---- */

enum { SEEN_MAX = 4096 };

struct seen {
	unsigned times;
	enum answer_kind kind;
	int status;
	bool stored;
	struct buf body, from, why;
};

struct trial {
	char folder[64];
	struct sources sources;
	struct str resolver[4];
	struct asker_options o;
	struct ask_tuning tuning;
	struct asker *asker;
	struct seen *seen;
	size_t count; /* tags given out */
	uint64_t told;
	struct coverage coverage[SERVICES];
};

static inline void
trial_done(void *user, void *tag, const struct answer *a)
{
	struct trial *t = user;
	size_t i = (size_t)(uintptr_t)tag;
	assert_true(i < SEEN_MAX);
	struct seen *s = &t->seen[i];
	s->times++;
	s->kind = a->kind;
	s->status = a->http_status;
	s->stored = a->stored;
	buf_truncate(&s->body, 0);
	buf_truncate(&s->from, 0);
	buf_truncate(&s->why, 0);
	buf_add(&s->body, a->body);
	buf_add(&s->from, a->from);
	buf_add(&s->why, a->why);
	t->told++;
}

/* Nobody is asked at a rate, nothing is waited for long; a test changes what it is about. */
static inline void
trial_init(struct trial *t)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->folder, sizeof(t->folder), "/tmp/mamori-ask-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	sources_default(&t->sources);
	for (size_t s = 0; s < SERVICES; s++) {
		t->sources.rate[s] = 1e6;
		t->sources.cache_ms[s] = 3600000;
	}
	t->sources.whois = t->sources.rdap_bootstrap = t->sources.crtsh = t->sources.internetdb = STR("");
	t->sources.shodan = t->sources.censys = STR("");
	t->seen = calloc(SEEN_MAX, sizeof(*t->seen));
	assert_non_null(t->seen);
	t->tuning = ask_tuning_default;
	t->tuning.backoff = t->tuning.limited = 20;
	t->tuning.gather = 5;
	t->tuning.dns_patience = 3000;
	t->tuning.dns_tries = 4; /* who says no is asked again after a pause that grows with its speed */
	t->tuning.vet_patience = 3000;
	t->o = (struct asker_options){
		.folder = t->folder, .sources = &t->sources, .clock = &clock_system, .done = trial_done, .user = t
	};
}

static inline void
trial_resolvers(struct trial *t, struct peer *const *peers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		t->resolver[i] = str_of(peers[i]->at);
	t->sources.resolvers = t->resolver;
	t->sources.resolver_count = count;
}

static inline void
trial_open(struct trial *t)
{
	struct err e = { 0 };
	if (!asker_open(&t->o, &t->asker, &e))
		fail_msg("%s", e.text);
	asker_tune(t->asker, &t->tuning);
}

static inline struct seen *
trial_put(struct trial *t, enum service s, const char *what)
{
	size_t i = t->count++;
	assert_true(i < SEEN_MAX);
	asker_put(t->asker, s, str_of(what), (void *)(uintptr_t)i);
	return &t->seen[i];
}

static inline void
trial_run(struct trial *t)
{
	struct err e = { 0 };
	if (!asker_run(t->asker, &e))
		fail_msg("%s", e.text);
	for (size_t s = 0; s < SERVICES; s++) {
		t->coverage[s] = asker_coverage(t->asker, (enum service)s);
		t->coverage[s].last_failure = STR_NONE;
	}
}

static inline void
trial_close(struct trial *t)
{
	asker_close(t->asker);
	t->asker = NULL;
}

/* What was answered so far is forgotten by the test; the folder stays. */
static inline void
trial_forget(struct trial *t)
{
	for (size_t i = 0; i < t->count; i++) {
		buf_free(&t->seen[i].body);
		buf_free(&t->seen[i].from);
		buf_free(&t->seen[i].why);
	}
	memset(t->seen, 0, SEEN_MAX * sizeof(*t->seen));
	t->count = 0;
	t->told = 0;
}

static inline void
trial_end(struct trial *t)
{
	struct err e = { 0 };
	if (t->asker)
		trial_close(t);
	trial_forget(t);
	free(t->seen);
	assert_true(dir_remove_all(t->folder, &e));
}

/* One question in a run of its own. */
static inline struct seen *
trial_ask(struct trial *t, enum service s, const char *what)
{
	trial_open(t);
	struct seen *seen = trial_put(t, s, what);
	trial_run(t);
	trial_close(t);
	assert_int_equal(seen->times, 1);
	return seen;
}

static inline void
assert_log_whole(struct trial *t)
{
	ARENA_AUTO a = { 0 };
	struct query_check check;
	struct err e = { 0 };
	if (!query_log_verify(t->folder, &a, &check, &e))
		fail_msg("%s", e.text);
	if (check.faults > 0)
		fail_msg("%.*s", STR_ARG(check.fault[0].what));
}

#endif
