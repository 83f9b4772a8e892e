/* How fast hosts are matched with the index open, for bench/match.py:
 *   bench-fleet host DATA OS STATUS              one dpkg status file: the first time and the median of 101
 *   bench-fleet fleet DATA OS HOSTS PACKAGES THREADS
 * A fleet's hosts are made up, each different: names from the index and others, most versions with every fix, some
 * some fixes behind. Making them is not part of the time. Prints one line of JSON. */
#include "base/json.h"
#include "base/time.h"
#include "vuln/index.h"

#include <pthread.h>
#include <time.h>

static double
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* xorshift64*: the same fleet on every machine. */
static uint32_t
pick(uint64_t *state, uint64_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du >> 33) % below);
}

static size_t
match_once(const struct vuln_index *ix, const char *os, const struct package_list *l)
{
	ARENA_AUTO a = { 0 };
	struct match_request r = { .os = str_of(os), .packages = l, .now = 1 };
	struct match_result m;
	struct err e = { 0 };
	if (!match_hits(ix, &r, &a, &m, &e))
		die(e.code, "%s", e.text);
	return m.count;
}

/* VmHWM: rusage would count the program that started this one as well. */
static double
peak_mib(void)
{
	BUF_AUTO text = { 0 };
	struct str rest, line, word;
	uint64_t kib = 0;
	if (!file_read("/proc/self/status", 65536, &text, NULL))
		return 0;
	for (rest = buf_str(&text); str_line(&rest, &line);)
		if (str_word(&line, &word) && str_eq(word, STR("VmHWM:")) && str_word(&line, &word))
			(void)!str_to_u64(word, &kib);
	return (double)kib / 1024;
}

#define RUNS 101

static void
host(const char *data, const char *os, const char *status)
{
	struct err e = { 0 };
	struct vuln_index *ix;
	struct package_list l = { 0 };
	double took[RUNS];
	size_t found = 0;
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 }, out = { 0 };
	if (!file_read(status, (size_t)1 << 28, &text, &e) || !dpkg_parse_status(buf_str(&text), &a, &l, &e))
		die(e.code, "%s", e.text);
	double start = now_ms();
	if (!vuln_index_open(data, &ix, &e))
		die(e.code, "%s", e.text);
	double opened = now_ms() - start;
	for (size_t i = 0; i < RUNS; i++) {
		start = now_ms();
		found = match_once(ix, os, &l);
		took[i] = now_ms() - start;
	}
	double first = took[0];
	qsort(took, RUNS, sizeof(*took), order);
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_i64(&w, "packages", (int64_t)l.count);
	json_put_i64(&w, "findings", (int64_t)found);
	json_key(&w, "open_ms");
	json_double(&w, opened, 3);
	json_key(&w, "first_ms");
	json_double(&w, first, 3);
	json_key(&w, "median_ms");
	json_double(&w, took[RUNS / 2], 3);
	json_end_object(&w);
	puts(buf_cstr(&out));
	vuln_index_close(ix);
}

struct fleet {
	const struct vuln_index *ix;
	const char *os;
	const struct index_system *system;
	size_t hosts, packages, threads, first;
	size_t findings;
	double took;
};

/* The newest version that anything says of the package, or one of those before it. */
static struct str
some_version(const struct fleet *f, const struct index_package *p, uint64_t *random, bool old)
{
	struct index_facts facts;
	if (!index_package_facts(f->ix, p, &facts) || facts.head->versions == 0)
		return STR("1.0-1");
	uint32_t n = facts.head->versions;
	return index_string(f->ix, facts.versions[old ? pick(random, n) : n - 1].text);
}

static void
make_host(const struct fleet *f, size_t number, struct arena *a, struct package_list *l)
{
	uint64_t random = 0x9e3779b97f4a7c15u * (number + 1);
	l->items = ARENA_ARRAY(a, struct package, f->packages);
	l->count = f->packages;
	for (size_t i = 0; i < f->packages; i++) {
		struct package *p = &l->items[i];
		uint32_t row = pick(&random, (uint64_t)f->system->count * 2);
		const struct index_package *known = NULL;
		if (row < f->system->count)
			known = INDEX_ROW(f->ix, INDEX_PACKAGES, index_package, f->system->first + row);
		p->source = known ? index_string(f->ix, known->name) : arena_printf(a, "other-%u", row);
		p->source_version = known ? some_version(f, known, &random, pick(&random, 20) == 0) : STR("1.0-1");
		p->name = p->source;
		p->version = p->source_version;
	}
}

static void *
run(void *user)
{
	struct fleet *f = user;
	for (size_t i = f->first; i < f->hosts; i += f->threads) {
		ARENA_AUTO a = { 0 };
		struct package_list l = { 0 };
		make_host(f, i, &a, &l);
		double start = now_ms();
		f->findings += match_once(f->ix, f->os, &l);
		f->took += now_ms() - start;
	}
	return NULL;
}

static void
fleet(const char *data, const char *os, size_t hosts, size_t packages, size_t threads)
{
	struct err e = { 0 };
	struct vuln_index *ix;
	struct fleet parts[16];
	pthread_t ids[16];
	BUF_AUTO out = { 0 };
	if (!vuln_index_open(data, &ix, &e))
		die(e.code, "%s", e.text);
	const struct index_system *system = index_find_system(ix, str_of(os));
	if (!system || threads < 1 || threads > COUNT(parts))
		die(ERR_USAGE, "no such system in the index, or more than %zu threads", COUNT(parts));
	for (size_t i = 0; i < threads; i++) {
		parts[i] = (struct fleet){ .ix = ix,
					   .os = os,
					   .system = system,
					   .hosts = hosts,
					   .packages = packages,
					   .threads = threads,
					   .first = i };
		if (pthread_create(&ids[i], NULL, run, &parts[i]) != 0)
			die(ERR_SYSTEM, "starting a thread failed");
	}
	double longest = 0;
	size_t findings = 0;
	for (size_t i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		longest = parts[i].took > longest ? parts[i].took : longest;
		findings += parts[i].findings;
	}
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_i64(&w, "hosts", (int64_t)hosts);
	json_put_i64(&w, "packages", (int64_t)packages);
	json_put_i64(&w, "threads", (int64_t)threads);
	json_put_i64(&w, "findings", (int64_t)findings);
	json_key(&w, "seconds");
	json_double(&w, longest / 1e3, 3);
	json_key(&w, "peak_mib");
	json_double(&w, peak_mib(), 1);
	json_end_object(&w);
	puts(buf_cstr(&out));
	vuln_index_close(ix);
}

int
main(int argc, char **argv)
{
	uint64_t n[3];
	if (argc == 5 && strcmp(argv[1], "host") == 0) {
		host(argv[2], argv[3], argv[4]);
		return 0;
	}
	if (argc != 7 || strcmp(argv[1], "fleet") != 0 || !str_to_u64(str_of(argv[4]), &n[0]) ||
	    !str_to_u64(str_of(argv[5]), &n[1]) || !str_to_u64(str_of(argv[6]), &n[2]))
		die(ERR_USAGE, "bench-fleet host DATA OS STATUS | fleet DATA OS HOSTS PACKAGES THREADS");
	fleet(argv[2], argv[3], n[0], n[1], n[2]);
	return 0;
}
