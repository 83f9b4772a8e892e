/* Names a second of our DNS asker, for bench/dns.sh: bench-dns ADDRESS:PORT NAMES IN_FLIGHT
 * Asks for n0.bench.example to n(NAMES-1).bench.example, each once, in no polite way: the server is ours.
 * Prints one line of JSON. */
#include "measure.h"
#include "net/dns-ask.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

struct bench {
	struct event_base *base;
	struct dns_ask *ask;
	uint64_t names, next, left;
	uint64_t exist, absent, lost;
};

static void
more(struct bench *b)
{
	struct err e = { 0 };
	char text[40];
	while (b->next < b->names && dns_ask_room(b->ask) > 0) {
		struct dns_name name;
		int len = snprintf(text, sizeof(text), "n%u.bench.example", (unsigned)b->next++);
		if (!dns_name_parse(str_sub(text, (size_t)len), &name, &e) ||
		    !dns_ask(b->ask, &name, DNS_A, 0, NULL, &e))
			die(e.code, "%s", e.text);
	}
}

static void
done(void *user, void *question, const struct dns_ask_result *r)
{
	struct bench *b = user;
	b->lost += r->end != DNS_ASK_ANSWERED;
	b->absent += r->end == DNS_ASK_ANSWERED && r->rcode == DNS_NXDOMAIN;
	b->exist += r->end == DNS_ASK_ANSWERED && r->message->count[DNS_ANSWER] > 0;
	more(b);
	if (--b->left == 0)
		event_base_loopbreak(b->base);
}

static void
report(const struct bench *b, double took)
{
	BUF_AUTO out = { 0 };
	struct dns_ask_counts c = dns_ask_counts(b->ask);
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_i64(&w, "names", (int64_t)b->names);
	json_put_i64(&w, "exist", (int64_t)b->exist);
	json_put_i64(&w, "absent", (int64_t)b->absent);
	json_put_i64(&w, "lost", (int64_t)b->lost);
	json_put_i64(&w, "sent", (int64_t)c.sent);
	measure_put_names(&w, b->names, took);
	json_end_object(&w);
	puts(buf_cstr(&out));
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	uint64_t in_flight;
	if (argc != 4 || !str_to_u64(str_of(argv[2]), &b.names) || b.names == 0 || b.names > 100000000 ||
	    !str_to_u64(str_of(argv[3]), &in_flight) || in_flight == 0 || in_flight > 50000)
		die(ERR_USAGE, "bench-dns ADDRESS:PORT NAMES IN_FLIGHT");
	const char *resolver = argv[1];
	b.left = b.names;
	b.base = event_base_new();
	if (!b.base)
		die(ERR_SYSTEM, "no event loop");
	if (!dns_ask_new(b.base,
			 &(struct dns_ask_options){ .resolvers = &resolver,
						    .resolver_count = 1,
						    .done = done,
						    .user = &b,
						    .pending_max = (unsigned)in_flight + 1000,
						    .in_flight_max = (unsigned)in_flight,
						    .rate = DNS_ASK_NO_LIMIT },
			 &b.ask, &e))
		die(e.code, "%s", e.text);
	double from = measure_now();
	more(&b);
	event_base_dispatch(b.base);
	report(&b, measure_now() - from);
	dns_ask_free(b.ask);
	event_base_free(b.base);
	return b.lost > 0;
}
