/* Names a second through the whole asker, with its log and its store: bench-ask FOLDER ADDRESS:PORT NAMES
 * Asks for n0.bench.example to n(NAMES-1).bench.example of a server of our own, at no rate. Prints one line of JSON. */
#include "measure.h"
#include "surface/ask.h"

#include <stdio.h>
#include <stdlib.h>

struct bench {
	uint64_t data, none, failed;
};

static void
done(void *user, void *tag, const struct answer *a)
{
	struct bench *b = user;
	(void)tag;
	b->data += a->kind == ANSWER_DATA;
	b->none += a->kind == ANSWER_NONE;
	b->failed += a->kind == ANSWER_FAILED;
}

static void
report(const struct bench *b, uint64_t names, double took)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_i64(&w, "names", (int64_t)names);
	json_put_i64(&w, "data", (int64_t)b->data);
	json_put_i64(&w, "none", (int64_t)b->none);
	json_put_i64(&w, "failed", (int64_t)b->failed);
	measure_put_names(&w, names, took);
	json_end_object(&w);
	puts(buf_cstr(&out));
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	struct sources s;
	struct str resolver;
	struct asker *k;
	uint64_t names;
	char what[64];
	if (argc != 4 || !str_to_u64(str_of(argv[3]), &names) || names == 0 || names > 10000000)
		die(ERR_USAGE, "bench-ask FOLDER ADDRESS:PORT NAMES");
	sources_default(&s);
	resolver = str_of(argv[2]);
	s.resolvers = &resolver;
	s.resolver_count = 1;
	s.rate[SERVICE_DNS] = 1e6; /* the server is ours */
	const struct asker_options o = {
		.folder = argv[1], .sources = &s, .clock = &clock_system, .done = done, .user = &b
	};
	if (!asker_open(&o, &k, &e))
		die(e.code, "%s", e.text);
	double from = measure_now();
	for (uint64_t i = 0; i < names; i++) {
		int len = snprintf(what, sizeof(what), "A n%llu.bench.example", (unsigned long long)i);
		asker_put(k, SERVICE_DNS, str_sub(what, (size_t)len), NULL);
	}
	if (!asker_run(k, &e))
		die(e.code, "%s", e.text);
	report(&b, names, measure_now() - from);
	asker_close(k);
	return b.failed > 0;
}
