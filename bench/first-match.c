/* What it costs a server to match a fleet and to keep what it found, for bench/first-match.sh:
 *   bench-first-match HOSTS PACKAGES FINDINGS
 * Made-up hosts, each different, whose packages were received but never matched, as after the first import of a feed;
 * about FINDINGS of each. The server's own threads do the work (queue.h), with every commit on disk. Then a feed that
 * touches one package. Prints one line of JSON. */
#include "measure.h"
#include "os/file.h"
#include "patch/plan_rows.h"
#include "plan/pkgmgr.h"
#include "server/feed_change.h"
#include "server/queue.h"
#include "server/server.h"
#include "store/host.h"
#include "store/section.h"
#include "store/sql.h"
#include "vuln/feed.h"
#include "vuln/index.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 2000, PER_SOURCE = 3 }; /* sources that advisories name, vulnerabilities of each */

struct bench {
	char dir[64];
	uint64_t hosts, packages, findings;
	struct app app;
	struct store *st, *reader;
	struct arena arena;
};

#define MUST(call) \
	do { \
		if (!(call)) \
			die(e.code, "%s", e.text); \
	} while (0)

/* xorshift64*: the same fleet on every machine. */
static uint32_t
pick(uint64_t *state, uint64_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * 0x2545f4914f6cdd1du >> 33) % below);
}

static void
import(struct bench *b, const char *name, struct str text)
{
	struct err e = { 0 };
	struct feed_report report = { 0 };
	const char *path = path_join(&b->arena, b->dir, name);
	struct feed_import_options o = { .data = b->dir, .clock = &clock_system, .add = true };
	MUST(file_write(path, text, 0600, &e));
	MUST(feed_import(&o, &path, 1, &report, &e));
	if (report.count.kept == 0)
		die(ERR_INPUT, "nothing of the made-up advisories was kept");
	MUST(app_index_reload(&b->app, &e));
}

static void
advisories(struct bench *b)
{
	BUF_AUTO text = { 0 };
	for (unsigned i = SOURCES; i-- > 0;) {
		buf_addf(&text, "[18 Feb 2026] DSA-%u-1 source-%u - security update\n\t{", 6000 + i, i);
		for (unsigned k = 0; k < PER_SOURCE; k++)
			buf_addf(&text, "%sCVE-2026-%u", k ? " " : "", 10000 + i * PER_SOURCE + k);
		buf_addf(&text, "}\n\t[bookworm] - source-%u 2.0-1\n", i);
	}
	import(b, "DSA.list", buf_str(&text));
}

/* FINDINGS of them come from packages older than the fix; each source has two packages here, and an update is pending
 * for each of those. */
static void
sections_write(const struct bench *b, uint64_t host, struct buf *packages, struct buf *updates)
{
	uint64_t random = 0x9e3779b97f4a7c15u * (host + 1);
	uint64_t pairs = b->packages / 2, old = b->findings / PER_SOURCE / 2;
	uint32_t at = pick(&random, SOURCES);
	buf_addf(packages, "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"own-%u\",\"1\",\"amd64\",\"\",\"\"]",
		 (unsigned)host);
	buf_add(updates, STR("{\"manager\":\"apt\",\"lists_at\":null,\"patches\":["));
	for (uint64_t i = 0, listed = 0; i < pairs; i++) {
		bool behind = i * old / pairs != (i + 1) * old / pairs;
		unsigned s = (unsigned)((at + i * 3) % SOURCES); /* 3 and SOURCES have no common divisor */
		const char *v = behind ? "1.0-1" : "2.0-1";
		buf_addf(packages,
			 ",[\"source-%u\",\"%s\",\"amd64\",\"\",\"\"],[\"lib%u\",\"%s\",\"amd64\",\"source-%u\",\"\"]",
			 s, v, s, v, s);
		if (behind)
			buf_addf(
				updates,
				"%s{\"id\":\"deb:source-%u@2.0-1\",\"title\":\"source-%u\",\"source\":\"source-%u\","
				"\"version\":\"2.0-1\",\"security\":true,\"origins\":\"x\",\"size\":1,\"staged\":false,"
				"\"kept_back\":null,\"packages\":[{\"name\":\"lib%u\",\"arch\":\"amd64\",\"from\":\"1."
				"0-1\","
				"\"to\":\"2.0-1\",\"size\":1}],\"cves\":[]}",
				listed++ ? "," : "", s, s, s, s);
	}
	buf_add(packages, STR("]}"));
	buf_add(updates, STR("]}"));
}

static void
section(struct bench *b, struct str host, const char *name, struct str body)
{
	struct err e = { 0 };
	char hash[SHA256_HEX_LEN];
	bool needed;
	sha256_hex(body, hash);
	MUST(section_announce(b->st, host, str_of(name), str_of(hash), &needed, &e));
	MUST(section_put(b->st, host, str_of(name), str_of(hash), body, 1, &e));
}

static void
fleet(struct bench *b)
{
	struct err e = { 0 };
	MUST(store_begin(b->st, &e));
	for (uint64_t i = 0; i < b->hosts; i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO body = { 0 }, updates = { 0 };
		struct host h = {
			.id = arena_printf(&a, "00000000-0000-4000-8000-%012u", (unsigned)i),
			.name = arena_printf(&a, "pc-%u", (unsigned)i),
			.group = arena_printf(&a, "ward-%u", (unsigned)(i % 40)),
			.state = HOST_ACTIVE,
			.enrolled_at = 1,
			.token = STR("t"),
			.signing_key = STR("k"),
			.agent = STR("0.1.0"),
			.machine = STR("m"),
			.os_key = STR("debian:12"),
		};
		struct patch_list plan;
		sections_write(b, i, &body, &updates);
		MUST(host_insert(b->st, &h, &e));
		section(b, h.id, "packages", buf_str(&body));
		section(b, h.id, "updates", buf_str(&updates));
		MUST(patch_list_parse(&a, buf_str(&updates), &plan, &e));
		MUST(plan_rows_apply(b->st, h.id, &plan, 1, &e));
	}
	MUST(store_commit(b->st, &e));
}

static int64_t
number(struct bench *b, const char *text)
{
	struct err e = { 0 };
	int64_t n = 0;
	SQL_AUTO q = sql_new(b->reader, text);
	MUST(sql_number(&q, &n, &e));
	return n;
}

/* From an imported feed to the last finding on disk. */
static double
settle(struct bench *b, size_t *matched)
{
	struct err e = { 0 };
	struct feed_change change;
	double start = measure_now();
	MUST(feed_change_start(&b->app, b->st, clock_now(&clock_system), &b->arena, &change, &e));
	MUST(queue_start(&b->app, b->st, 1, &b->app.queue, &e));
	for (size_t i = 0; i < change.count; i++)
		queue_match(b->app.queue, change.ids[i]);
	struct index_ref *ref = app_index(&b->app);
	int64_t left, generation = (int64_t)vuln_index_generation(ref->index);
	index_release(&b->app, ref);
	do {
		struct timespec moment = { .tv_nsec = 200000000 };
		(void)nanosleep(&moment, NULL);
		SQL_AUTO q = sql_new(b->reader, "SELECT count(*) FROM host WHERE matched_generation <> ?");
		sql_int(&q, generation);
		MUST(sql_number(&q, &left, &e));
	} while (left > 0);
	double took = measure_now() - start;
	queue_stop(b->app.queue); /* closes the writer's connection */
	b->app.queue = NULL;
	MUST(store_open(app_database(b->dir, &b->arena), STORE_WRITE, &b->st, &e));
	*matched = change.count;
	return took;
}

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

static void
put_double(struct json_writer *w, const char *key, double value, int decimals)
{
	json_key(w, key);
	json_double(w, value, decimals);
}

static void
run(struct bench *b)
{
	BUF_AUTO out = { 0 };
	size_t first, again;
	advisories(b);
	fleet(b);
	double made = peak_mib();
	double cpu = measure_cpu(), took = settle(b, &first);
	cpu = measure_cpu() - cpu;
	int64_t findings = number(b, "SELECT count(*) FROM finding");
	double peak = peak_mib();
	import(b, "DLA.list",
	       STR("[19 Feb 2026] DLA-9000-1 own-7 - security update\n\t{CVE-2026-9}\n\t[bookworm] - own-7 2\n"));
	double second = settle(b, &again);
	struct json_writer w = { .out = &out };
	json_begin_object(&w);
	json_put_i64(&w, "hosts", (int64_t)b->hosts);
	json_put_i64(&w, "packages", (int64_t)b->packages);
	json_put_i64(&w, "matched", (int64_t)first);
	json_put_i64(&w, "findings", findings);
	put_double(&w, "seconds", took, 2);
	put_double(&w, "cpu_seconds", cpu, 2);
	put_double(&w, "cpu_us_per_finding", findings ? cpu * 1e6 / (double)findings : 0, 1);
	put_double(&w, "peak_mib", peak, 0);
	put_double(&w, "peak_before_mib", made, 0);
	json_put_i64(&w, "matched_again", (int64_t)again);
	put_double(&w, "seconds_again", second, 2);
	json_end_object(&w);
	puts(buf_cstr(&out));
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	bool created;
	BUF_AUTO link = { 0 };
	if (argc != 4 || !str_to_u64(str_of(argv[1]), &b.hosts) || !str_to_u64(str_of(argv[2]), &b.packages) ||
	    !str_to_u64(str_of(argv[3]), &b.findings) || b.packages < 2 || b.packages > SOURCES)
		die(ERR_USAGE, "bench-first-match HOSTS PACKAGES FINDINGS");
	const char *tmp = getenv("TMPDIR");
	snprintf(b.dir, sizeof(b.dir), "%s/mamori-first-match-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	if (!mkdtemp(b.dir))
		die(ERR_SYSTEM, "no temporary folder");
	MUST(server_init(b.dir, NULL, "127.0.0.1:8443", &clock_system, &created, &link, &e));
	MUST(app_open(&b.app, b.dir, &clock_system, &b.st, &e));
	MUST(store_open(app_database(b.dir, &b.arena), STORE_READ, &b.reader, &e));
	run(&b);
	store_close(b.reader);
	store_close(b.st);
	app_close(&b.app);
	arena_free(&b.arena);
	MUST(dir_remove_all(b.dir, &e));
	return 0;
}
