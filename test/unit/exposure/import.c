/* A whole import: what it counts, that it counts at once or not at all, and what a second import of the same file does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "exposure/importer.h"
#include "exposure/query.h"
#include "os/file.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char folder[40];
	struct arena a;
};

static int
setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	snprintf(p->folder, sizeof(p->folder), "/tmp/mamori-import.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	struct err e = { 0 };
	assert_true(dir_remove_all(p->folder, &e));
	arena_free(&p->a);
	free(p);
	return 0;
}

static const char *
put(struct place *p, const char *name, struct str text)
{
	struct err e = { 0 };
	const char *path = path_join(&p->a, p->folder, name);
	assert_true(file_write(path, text, 0644, &e));
	return path;
}

static const char *
data_of(struct place *p)
{
	return path_join(&p->a, p->folder, "data");
}

static void
banners(struct buf *out, int from, int count)
{
	for (int i = from; i < from + count; i++)
		buf_addf(out,
			 "{\"ip_str\":\"192.0.%d.%d\",\"port\":%d,\"data\":\"word%d "
			 "Dermatology\",\"os\":null,\"org\":\"O%d\",\"timestamp\":"
			 "\"2026-01-01T00:00:00\",\"location\":{\"country_code\":\"%s\"}}\n",
			 i / 250 % 250, i % 250, 1 + i % 60000, i, i % 7, i % 3 ? "JP" : "DE");
}

static uint64_t
count(struct place *p, const char *query)
{
	struct exposure_index *ix;
	struct str *damaged;
	size_t damaged_count;
	struct query *q;
	struct err e = { 0 };
	uint64_t n = 0;
	if (!exposure_open(data_of(p), &ix, &damaged, &damaged_count, &p->a, &e))
		fail_msg("%s", e.text);
	assert_int_equal(damaged_count, 0);
	if (!query_parse(&p->a, str_of(query), &q, &e) || !exposure_query_count(ix, q, &n, &e))
		fail_msg("%s", e.text);
	exposure_close(ix);
	return n;
}

static struct import_options
options(struct place *p)
{
	struct err e = { 0 };
	assert_true(dir_make(data_of(p), 0755, &e));
	return (struct import_options){ .data = data_of(p), .enrich = true, .snapshot = STR("one"), .threads = 2 };
}

static void
import(const struct import_options *o, const char *path, uint64_t kept)
{
	struct import_counts counts = { 0 };
	struct str source;
	struct err e = { 0 };
	if (!exposure_import(o, path, &counts, &source, &e))
		fail_msg("%s", e.text);
	assert_int_equal(counts.kept, kept);
	table_free(&counts.skipped);
}

static void
test_found_again(void **state)
{
	struct place *p = *state;
	struct import_options o = options(p);
	BUF_AUTO text = { 0 };
	banners(&text, 0, 3000);
	const char *path = put(p, "a.jsonl", buf_str(&text));
	import(&o, path, 3000);
	assert_int_equal(count(p, ""), 3000);
	assert_int_equal(count(p, "country:JP"), 2000);
	assert_int_equal(count(p, "word77"), 1);
	assert_int_equal(count(p, "specialty:dermatology"), 3000);
	assert_int_equal(count(p, "source:shodan snapshot:one"), 3000);
	/* The same file again replaces itself; with --add the same banners are the same banners. */
	import(&o, path, 3000);
	assert_int_equal(count(p, ""), 3000);
	o.add = true;
	import(&o, path, 3000);
	assert_int_equal(count(p, ""), 3000);
	/* What the file holds no more is gone, unless it is added to. */
	buf_truncate(&text, 0);
	banners(&text, 5000, 10);
	put(p, "a.jsonl", buf_str(&text));
	import(&o, path, 10);
	assert_int_equal(count(p, ""), 3010);
	o.add = false;
	import(&o, path, 10);
	assert_int_equal(count(p, ""), 10);
	o.enrich = false;
	import(&o, path, 10);
	assert_int_equal(count(p, "specialty:dermatology"), 0);
}

/* Filters that few banners have something for. */
static void
test_rare_filters(void **state)
{
	static const char *const queries[] = { "telnet.do:echo",
					       "telnet.dont:SGA",
					       "telnet.will:NAWS",
					       "telnet.wont:X",
					       "telnet.option:NAWS",
					       "screenshot.hash:-9",
					       "http.dom_hash:4",
					       "http.server_hash:5",
					       "ssh.cipher:aes",
					       "ssh.mac:hmac-sha1",
					       "vuln.verified:CVE-2026-1",
					       "vuln:CVE-2026-2",
					       "-vuln.verified:CVE-2026-2 vuln:CVE-2026-1" };
	struct place *p = *state;
	struct import_options o = options(p);
	const char *path =
		put(p, "rare.jsonl",
		    str_of("{\"ip_str\":\"192.0.2.1\",\"port\":23,\"data\":\"x\",\"timestamp\":\"2026-01-01T00:00:00\","
			   "\"telnet\":{\"do\":[\"ECHO\"],\"dont\":[\"SGA\"],\"will\":[\"NAWS\"],\"wont\":[\"X\"]},"
			   "\"screenshot\":{\"hash\":-9},\"http\":{\"dom_hash\":4,\"server_hash\":5},"
			   "\"ssh\":{\"cipher\":\"aes\",\"mac\":\"hmac-sha1\"},\"vulns\":{"
			   "\"CVE-2026-1\":{\"cvss\":9.8,\"verified\":true},\"CVE-2026-2\":{\"verified\":false}}}\n"
			   "{\"ip_str\":\"192.0.2.2\",\"port\":23,\"data\":\"x\",\"timestamp\":\"2026-01-01T00:00:00\"}"
			   "\n"));

	import(&o, path, 2);
	for (size_t i = 0; i < COUNT(queries); i++)
		if (count(p, queries[i]) != 1)
			fail_msg("%s", queries[i]);
}

static void
refused(const struct import_options *o, const char *path, enum err_code code, const char *words)
{
	struct import_counts counts = { 0 };
	struct str source;
	struct err e = { 0 };
	assert_false(exposure_import(o, path, &counts, &source, &e));
	assert_int_equal(e.code, code);
	if (!strstr(e.text, words))
		fail_msg("%s", e.text);
	table_free(&counts.skipped);
}

static void
test_nothing_gained(void **state)
{
	struct place *p = *state;
	struct import_options o = options(p);
	BUF_AUTO text = { 0 };
	banners(&text, 0, 5);
	import(&o, put(p, "good.jsonl", buf_str(&text)), 5);
	refused(&o, put(p, "empty.json", STR("")), ERR_INPUT, "0 records: the file is empty");
	refused(&o, put(p, "letter.txt", STR("dear all\n")), ERR_INPUT, "0 records: this is no form that mamori knows");
	refused(&o, put(p, "none.xml", STR("<nmaprun start=\"1\"></nmaprun>")), ERR_INPUT,
		"0 records: the file holds none");
	refused(&o, put(p, "bad.jsonl", STR("{\"ip_str\":\"192.0.2.1\",\"port\":99999,\"data\":\"\"}\n")), ERR_INPUT,
		"port-out-of-range 1");
	refused(&o, path_join(&p->a, p->folder, "missing"), ERR_NOT_FOUND, "missing");
	o.rules = path_join(&p->a, p->folder, "no-such-rules");
	refused(&o, path_join(&p->a, p->folder, "good.jsonl"), ERR_NOT_FOUND, "no-such-rules");
	/* What was there before stays. */
	assert_int_equal(count(p, ""), 5);
}

static void
test_folder(void **state)
{
	struct place *p = *state;
	struct import_options o = options(p);
	struct import_counts counts = { 0 };
	struct str source;
	struct err e = { 0 };
	BUF_AUTO text = { 0 };
	const char *folder = path_join(&p->a, p->folder, "in");
	assert_true(dir_make(path_join(&p->a, folder, "deeper"), 0755, &e));
	banners(&text, 0, 5);
	put(p, "in/a.jsonl", buf_str(&text));
	put(p, "in/notes.txt", STR("hello"));
	buf_truncate(&text, 0);
	banners(&text, 100, 7);
	put(p, "in/deeper/b.jsonl", buf_str(&text));
	assert_true(exposure_import(&o, folder, &counts, &source, &e));
	assert_int_equal(counts.kept, 12);
	assert_int_equal(counts.read, 13);
	assert_true(table_has(&counts.skipped, STR("unrecognised-file")));
	assert_int_equal(count(p, ""), 12);
	table_free(&counts.skipped);
}

/* Killed at any moment: all of it counts or nothing does, and what counted before still does. */
static void
test_killed(void **state)
{
	struct place *p = *state;
	struct import_options o = options(p);
	BUF_AUTO text = { 0 };
	banners(&text, 100000, 3);
	import(&o, put(p, "before.jsonl", buf_str(&text)), 3);
	buf_truncate(&text, 0);
	banners(&text, 0, 30000);
	const char *path = put(p, "large.jsonl", buf_str(&text));
	unsigned finished = 0;
	for (useconds_t wait = 2000; wait < 3000000 && finished < 1; wait += wait / 2) {
		pid_t child = fork();
		int status = 0;
		assert_true(child >= 0);
		if (child == 0) {
			struct import_counts counts = { 0 };
			struct str source;
			struct err e = { 0 };
			signal(SIGSEGV, SIG_DFL); /* the test framework's would go on with the tests here */
			_exit(exposure_import(&o, path, &counts, &source, &e) ? 0 : 1);
		}
		usleep(wait);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		uint64_t n = count(p, "");
		bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
			fail_msg("the import ended by signal %d", WTERMSIG(status));
		if (done ? n != 30003 : n != 3 && n != 30003)
			fail_msg("%llu after %u us", (unsigned long long)n, (unsigned)wait);
		finished += done;
	}
	import(&o, path, 30000);
	assert_int_equal(count(p, ""), 30003);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rare_filters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_gained, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
