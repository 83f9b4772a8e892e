#include "net/dns-ask.h"

#include "net/address.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that does by the question's first letters what it is told to: see answer(). */
struct server {
	pthread_t thread;
	int udp, other, tcp, stop[2];
	unsigned drop_each; /* every so many datagrams one is lost */
	unsigned rcode; /* it says no to everybody */
	_Atomic unsigned asked, dropped, tcp_asked;
	struct sockaddr_in late_peer;
	unsigned char late[512];
	size_t late_len;
	char text[32];
};

/* The query with a header of these flags and one A record, or none; returns its length. */
static size_t
answer(unsigned char *out, const struct dns_message *q, unsigned flags, const char *address)
{
	static const unsigned char head[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
	size_t len = q->records_at;
	memcpy(out, q->bytes, len);
	memset(out + 4, 0, 8);
	out[2] = (unsigned char)(0x80 | flags >> 8);
	out[3] = (unsigned char)flags;
	out[5] = 1;
	if (address) {
		out[7] = 1;
		memcpy(out + len, head, sizeof(head));
		memcpy(out + len + sizeof(head), address, 4);
		len += sizeof(head) + 4;
	}
	return len;
}

#define TRUE_ADDRESS "\300\0\2\1"
#define FALSE_ADDRESS "\6\6\6\6"

static void
send_to(int fd, const unsigned char *bytes, size_t len, const struct sockaddr_in *to)
{
	(void)!sendto(fd, bytes, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* Everything a forger may try that does not know the id, the port or the question. */
static void
lie(const struct server *s, const struct dns_message *q, const struct sockaddr_in *to)
{
	unsigned char out[600];
	size_t len = answer(out, q, 0, FALSE_ADDRESS);
	send_to(s->other, out, len, to); /* from another port */
	out[0] ^= 0x55;
	send_to(s->udp, out, len, to); /* another id */
	out[0] ^= 0x55;
	out[14] ^= 1;
	send_to(s->udp, out, len, to); /* another name */
	out[14] ^= 1;
	out[q->records_at - 3] = 28;
	send_to(s->udp, out, len, to); /* another type */
	out[q->records_at - 3] = 1;
	out[2] = 0;
	send_to(s->udp, out, len, to); /* a question, no answer */
	out[2] = 0x80;
	send_to(s->udp, out, len - 1, to); /* malformed */
	send_to(s->udp, out, 5, to);
}

static void
late(struct server *s, const struct dns_message *q, const struct sockaddr_in *from)
{
	unsigned char out[600];
	if (s->late_len == 0) {
		s->late_len = answer(s->late, q, 0, FALSE_ADDRESS);
		s->late_peer = *from;
		return;
	}
	send_to(s->udp, s->late, s->late_len, &s->late_peer);
	send_to(s->udp, out, answer(out, q, 0, TRUE_ADDRESS), from);
}

static void
serve_udp(struct server *s)
{
	unsigned char in[600], out[600];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	struct dns_message q;
	char name[DNS_NAME_TEXT];
	ssize_t n = recvfrom(s->udp, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);
	if (n < 0 || dns_message_read(in, (size_t)n, &q) != DNS_FINE)
		return;
	unsigned count = ++s->asked;
	if (s->drop_each && count % s->drop_each == 0) {
		s->dropped++;
		return;
	}
	(void)dns_name_text(&q.name, name);
	struct str text = str_of(name);
	if (s->rcode)
		send_to(s->udp, out, answer(out, &q, s->rcode, NULL), &from);
	else if (str_starts(text, STR("dead")))
		return;
	else if (str_starts(text, STR("big")))
		send_to(s->udp, out, answer(out, &q, DNS_TC, NULL), &from);
	else if (str_starts(text, STR("late")))
		late(s, &q, &from);
	else if (str_starts(text, STR("nx")))
		send_to(s->udp, out, answer(out, &q, DNS_NXDOMAIN, NULL), &from);
	else {
		if (str_starts(text, STR("lie")))
			lie(s, &q, &from);
		send_to(s->udp, out, answer(out, &q, 0, TRUE_ADDRESS), &from);
	}
}

static void
serve_tcp(struct server *s)
{
	unsigned char in[600], out[602];
	struct dns_message q;
	FD_AUTO fd = accept(s->tcp, NULL, NULL);
	size_t have = 0;
	while (fd >= 0 && (have < 2 || have < 2u + in[1])) {
		ssize_t n = read(fd, in + have, sizeof(in) - have);
		if (n <= 0)
			return;
		have += (size_t)n;
	}
	if (fd < 0 || dns_message_read(in + 2, have - 2, &q) != DNS_FINE)
		return;
	unsigned count = ++s->tcp_asked;
	/* "bigcut": the first connection ends in the middle. */
	bool cut = q.name.wire[0] == 6 && count == 1;
	size_t len = answer(out + 2, &q, 0, TRUE_ADDRESS);
	out[0] = 0;
	out[1] = (unsigned char)len;
	(void)!write(fd, out, cut ? 9 : len + 2);
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	struct pollfd p[] = { { s->udp, POLLIN, 0 }, { s->tcp, POLLIN, 0 }, { s->stop[0], POLLIN, 0 } };
	while (poll(p, COUNT(p), -1) >= 0 && !p[2].revents) {
		if (p[0].revents)
			serve_udp(s);
		if (p[1].revents)
			serve_tcp(s);
	}
	return NULL;
}

static int
udp_on(unsigned port)
{
	const int size = 4 << 20;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
server_start(struct server *s)
{
	struct err e = { 0 };
	unsigned port = 0;
	/* One port for both protocols: another program may have it for one of them. */
	for (s->udp = -1; s->udp < 0;) {
		assert_true(address_listen("127.0.0.1:0", &s->tcp, &port, &e));
		s->udp = udp_on(port);
		if (s->udp < 0)
			close(s->tcp);
	}
	s->other = udp_on(0);
	snprintf(s->text, sizeof(s->text), "127.0.0.1:%u", port);
	assert_int_equal(pipe(s->stop), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void
server_stop(struct server *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->udp);
	close(s->other);
	close(s->tcp);
	close(s->stop[0]);
}

/* What was answered, per question: the number is the question's pointer. */
struct seen {
	struct event_base *base;
	struct dns_ask *ask;
	unsigned left, wanted, next; /* next: names made up one by one */
	unsigned char times[20000];
	unsigned ended[3], lied;
	struct dns_ask_result last; /* its views are gone */
	struct dns_ask_counts counts;
};

static void
more(struct seen *t)
{
	char text[40];
	struct dns_name name;
	struct err e = { 0 };
	while (t->next < t->wanted && dns_ask_room(t->ask) > 0) {
		unsigned i = t->next++;
		snprintf(text, sizeof(text), "%s%u.Example.org", i % 5 ? "nx" : "host", i);
		assert_true(dns_name_parse(str_of(text), &name, &e));
		assert_true(dns_ask(t->ask, &name, DNS_A, 0, (void *)(uintptr_t)i, &e));
	}
}

static void
done(void *user, void *question, const struct dns_ask_result *r)
{
	struct seen *t = user;
	t->times[(uintptr_t)question]++;
	t->ended[r->end]++;
	t->last = *r;
	struct dns_reader reader = { .message = r->message };
	struct dns_record record;
	struct dns_data d;
	while (r->message && dns_record_next(&reader, &record)) {
		assert_int_equal(dns_data_read(&record, &d), DNS_FINE);
		t->lied += memcmp(d.address, TRUE_ADDRESS, 4) != 0;
	}
	more(t);
	if (--t->left == 0)
		event_base_loopbreak(t->base);
}

static void
seen_start(struct seen *t, struct dns_ask_options *o)
{
	struct err e = { 0 };
	t->base = event_base_new();
	assert_non_null(t->base);
	o->done = done;
	o->user = t;
	assert_true(dns_ask_new(t->base, o, &t->ask, &e));
}

static void
seen_end(struct seen *t)
{
	t->counts = dns_ask_counts(t->ask);
	dns_ask_free(t->ask);
	event_base_free(t->base);
}

static void
ask_one(struct server *s, struct seen *t, struct dns_ask_options o, const char *text)
{
	struct dns_name name;
	struct err e = { 0 };
	const char *const resolver = s->text;
	if (!o.resolvers) {
		o.resolvers = &resolver;
		o.resolver_count = 1;
	}
	memset(t, 0, sizeof(*t));
	t->left = 1;
	seen_start(t, &o);
	assert_true(dns_name_parse(str_of(text), &name, &e));
	assert_true(dns_ask(t->ask, &name, DNS_A, 0, NULL, &e));
	event_base_dispatch(t->base);
	assert_int_equal(t->times[0], 1);
	seen_end(t);
}

static void
no_name_is_lost_when_packets_are(void **state)
{
	struct server s = { .drop_each = 100 };
	struct seen *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	server_start(&s);
	const char *const resolvers[] = { s.text, s.text };
	t->left = t->wanted = COUNT(t->times);
	seen_start(t, &(struct dns_ask_options){ .resolvers = resolvers,
						 .resolver_count = 2,
						 .in_flight_max = 2000,
						 .pending_max = 3000,
						 .tries = 20,
						 .rate = DNS_ASK_NO_LIMIT });
	more(t);
	event_base_dispatch(t->base);
	for (size_t i = 0; i < COUNT(t->times); i++)
		assert_int_equal(t->times[i], 1);
	assert_int_equal(t->ended[DNS_ASK_ANSWERED], COUNT(t->times));
	assert_int_equal(t->lied, 0);
	assert_true(s.dropped >= COUNT(t->times) / 100);
	seen_end(t);
	assert_true(t->counts.sent >= COUNT(t->times) + s.dropped);
	assert_true(t->counts.late >= s.dropped);
	server_stop(&s);
	free(t);
}

static void
lies_are_not_believed(void **state)
{
	struct server s = { 0 };
	struct seen t;
	server_start(&s);
	ask_one(&s, &t, (struct dns_ask_options){ .patience_ms = 10000 }, "lie.example.org");
	assert_int_equal(t.ended[DNS_ASK_ANSWERED], 1);
	assert_int_equal(t.lied, 0);
	assert_int_equal(t.last.tries, 1);
	/* Other port, other id, other name, other type, not an answer, five bytes; and the malformed one. */
	assert_int_equal(t.counts.strange, 6);
	assert_int_equal(t.counts.malformed, 1);
	server_stop(&s);
}

static void
late_answers_are_asked_for_again(void **state)
{
	struct server s = { 0 };
	struct seen t;
	server_start(&s);
	ask_one(&s, &t, (struct dns_ask_options){ .patience_ms = 50, .tries = 50 }, "late.example.org");
	assert_int_equal(t.ended[DNS_ASK_ANSWERED], 1);
	assert_int_equal(t.lied, 0);
	assert_true(t.last.tries >= 2 && t.counts.late >= 1 && t.counts.strange >= 1);
	server_stop(&s);
}

static void
truncated_answers_come_by_tcp(void **state)
{
	static const char *const names[] = { "big.example.org", "bigcut.example.org" };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct server s = { 0 };
		struct seen t;
		server_start(&s);
		ask_one(&s, &t, (struct dns_ask_options){ .patience_ms = 10000 }, names[i]);
		assert_int_equal(t.ended[DNS_ASK_ANSWERED], 1);
		assert_true(t.last.tcp);
		assert_int_equal(t.lied, 0);
		assert_int_equal(s.tcp_asked, i + 1); /* the second was cut off once */
		server_stop(&s);
	}
}

static void
unknown_is_not_absent(void **state)
{
	struct server s = { 0 };
	struct seen t;
	server_start(&s);
	ask_one(&s, &t, (struct dns_ask_options){ .patience_ms = 10, .tries = 3 }, "dead.example.org");
	assert_int_equal(t.ended[DNS_ASK_UNKNOWN], 1);
	assert_int_equal(t.last.tries, 3);
	assert_int_equal(t.counts.late, 3);
	ask_one(&s, &t, (struct dns_ask_options){ .patience_ms = 10000 }, "nx.example.org");
	assert_int_equal(t.ended[DNS_ASK_ANSWERED], 1);
	assert_int_equal(t.last.rcode, DNS_NXDOMAIN);
	server_stop(&s);
}

static void
another_resolver_is_asked_when_one_says_no(void **state)
{
	struct server bad = { .rcode = DNS_SERVFAIL }, good = { 0 };
	struct seen t;
	server_start(&bad);
	server_start(&good);
	const char *const both[] = { bad.text, good.text };
	/* Whichever is asked first, by chance. */
	for (unsigned i = 0; i < 8; i++) {
		ask_one(&bad, &t,
			(struct dns_ask_options){ .resolvers = both, .resolver_count = 2, .patience_ms = 10000 },
			"host.example.org");
		assert_int_equal(t.ended[DNS_ASK_ANSWERED], 1);
		assert_true(t.last.tries <= 2);
	}
	ask_one(&bad, &t, (struct dns_ask_options){ .patience_ms = 10, .tries = 2 }, "host.example.org");
	assert_int_equal(t.ended[DNS_ASK_FAILED], 1);
	assert_int_equal(t.last.rcode, DNS_SERVFAIL);
	server_stop(&bad);
	server_stop(&good);
}

static double
seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ten at once, then 100 a second: 50 names of one zone take at least 0.4 s, however fast the server is. */
static void
one_authority_is_asked_politely(void **state)
{
	struct server s = { 0 };
	struct seen t = { .left = 50, .wanted = 50 };
	server_start(&s);
	const char *const resolver = s.text;
	seen_start(&t, &(struct dns_ask_options){
			       .resolvers = &resolver, .resolver_count = 1, .patience_ms = 10000, .rate = 100 });
	double from = seconds();
	more(&t);
	event_base_dispatch(t.base);
	assert_true(seconds() - from >= 0.38);
	assert_int_equal(t.ended[DNS_ASK_ANSWERED], 50);
	seen_end(&t);
	server_stop(&s);
}

static void
bad_words_and_full_askers_are_refused(void **state)
{
	static const char *const bad[] = { "resolver.example:53", "127.0.0.1", "127.0.0.1:0", "" };
	struct event_base *base = event_base_new();
	struct dns_ask *a = NULL;
	struct dns_name name;
	struct dns_ask_options o = { .resolver_count = 1, .done = done, .pending_max = 1 };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };
		o.resolvers = &bad[i];
		assert_false(dns_ask_new(base, &o, &a, &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
	const char *const good = "127.0.0.1:9";
	struct err e = { 0 };
	o.resolvers = &good;
	assert_true(dns_ask_new(base, &o, &a, &e));
	assert_true(dns_name_parse(STR("a.b"), &name, &e));
	assert_true(dns_ask(a, &name, DNS_A, 0, NULL, &e));
	assert_false(dns_ask(a, &name, DNS_A, 0, NULL, &e));
	assert_int_equal(e.code, ERR_BUSY);
	dns_ask_free(a);
	o.resolver_count = 0;
	assert_false(dns_ask_new(base, &o, &a, &e));
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_is_lost_when_packets_are),
		cmocka_unit_test(lies_are_not_believed),
		cmocka_unit_test(late_answers_are_asked_for_again),
		cmocka_unit_test(truncated_answers_come_by_tcp),
		cmocka_unit_test(unknown_is_not_absent),
		cmocka_unit_test(another_resolver_is_asked_when_one_says_no),
		cmocka_unit_test(one_authority_is_asked_politely),
		cmocka_unit_test(bad_words_and_full_askers_are_refused),
	};
	return cmocka_run_group_tests_name("net/dns-ask", tests, NULL, NULL);
}
