/* After an import only what is concerned is matched again, and the result is that of matching everything. */
#include "server/feed_change.h"

#include "server/match_job.h"
#include "store/host_patch.h"
#include "store/sql.h"
#include "store/trend.h"
#include "vuln/feed.h"
#include "world.h"

enum { HOSTS = 6, PACKAGES = 8, ROUNDS = 25 };

static unsigned
pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 16) % n;
}

static void
import(struct world *w, const char *name, struct str text)
{
	struct err e = { 0 };
	struct feed_report report = { 0 };
	const char *path = path_join(&w->arena, w->dir, name);
	struct feed_import_options o = { .data = w->dir, .clock = &w->clock };
	ok(file_write(path, text, 0600, &e));
	ok(feed_import(&o, &path, 1, &report, &e));
	assert_int_equal(report.error.code, ERR_NONE);
}

static void
put(struct world *w, const char *name, struct str body)
{
	char hash[SHA256_HEX_LEN];
	sha256_hex(body, hash);
	struct str check_in = arena_printf(
		&w->arena, "{\"protocol\":1,\"machine\":\"machine-1\",\"sections\":{\"%s\":\"%s\"}}", name, hash);
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", check_in.ptr).status, 200);
	struct str path = arena_printf(&w->arena, "/agent/v1/sections/%s", name);
	assert_int_equal(world_agent(w, "PUT", path.ptr, arena_cstr(&w->arena, body)).status, 204);
}

static void
match(struct world *w, struct str host)
{
	struct err e = { 0 };
	struct match_job j;
	bool due;
	ok(match_compute(&w->app, w->st, host, &j, &due, &e));
	assert_true(due);
	ok(store_begin(w->st, &e));
	ok(match_store(w->st, &j, &e));
	ok(trend_keep(w->st, app_day(&w->app, w->now), &e));
	ok(store_commit(w->st, &e));
	assert_false(j.again);
	match_job_free(&j);
}

static struct str
packages_of(struct world *w, unsigned *seed, unsigned host)
{
	BUF_AUTO text = { 0 };
	buf_add(&text, STR("{\"manager\":\"dpkg\",\"bad\":0,\"packages\":["));
	buf_addf(&text, "[\"own-%u\",\"1.0-1\",\"amd64\",\"\",\"\"]", host);
	for (unsigned i = 0; i < PACKAGES; i++)
		if (pick(seed, 2))
			buf_addf(&text,
				 ",[\"p%u\",\"1.%u-1\",\"amd64\",\"\",\"\"],[\"lib%u\",\"1.%u-1\",\"amd64\",\"p%u\","
				 "\"\"]",
				 i, pick(seed, 4), i, pick(seed, 4), i);
	buf_add(&text, STR("]}"));
	return arena_str(&w->arena, buf_str(&text));
}

static struct str
updates_of(struct world *w, unsigned *seed)
{
	BUF_AUTO text = { 0 };
	bool first = true;
	buf_add(&text, STR("{\"manager\":\"apt\",\"lists_at\":null,\"patches\":["));
	for (unsigned i = 0; i < PACKAGES; i++) {
		if (pick(seed, 3))
			continue;
		unsigned to = 2 + pick(seed, 4);
		buf_addf(&text,
			 "%s{\"id\":\"deb:p%u@1.%u-1\",\"title\":\"p%u\",\"source\":\"p%u\",\"version\":\"1.%u-1\","
			 "\"security\":true,\"origins\":\"x\",\"size\":1,\"staged\":false,\"kept_back\":null,"
			 "\"packages\":[{"
			 "\"name\":\"p%u\",\"arch\":\"amd64\",\"from\":\"1.0-1\",\"to\":\"1.%u-1\",\"size\":1}],"
			 "\"cves\":["
			 "\"CVE-2026-%u\"]}",
			 first ? "" : ",", i, to, i, i, to, i, to, 1000 + pick(seed, 30));
		first = false;
	}
	buf_add(&text, STR("]}"));
	return arena_str(&w->arena, buf_str(&text));
}

#define SYSTEM \
	"{\"os\":{\"id\":\"debian\",\"version\":\"12\",\"name\":\"Debian GNU/Linux 12\",\"codename\":\"bookworm\"," \
	"\"like\":\"\"},\"hostname\":\"pc\",\"kernel\":{\"running\":null,\"installed\":[]},\"reboot_signals\":[]}"

static void
fleet(struct world *w, unsigned *seed, struct str hosts[HOSTS])
{
	for (unsigned i = 0; i < HOSTS; i++) {
		struct token t = world_token(w, "{}");
		assert_int_equal(world_enrol(w, &t, "pc").status, 200);
		hosts[i] = w->host;
		put(w, "system", STR(SYSTEM));
		put(w, "packages", packages_of(w, seed, i));
		put(w, "updates", updates_of(w, seed));
	}
}

/* One record for each package, of which some change from round to round. */
static struct str
osv(struct world *w, const unsigned state[PACKAGES])
{
	BUF_AUTO text = { 0 };
	for (unsigned i = 0; i < PACKAGES; i++) {
		unsigned s = state[i];
		if (s % 5 == 4)
			continue; /* withdrawn */
		buf_addf(&text,
			 "{\"id\":\"DSA-%u-1\",\"modified\":\"2026-01-%02uT00:00:00Z\",\"published\":\"2026-01-01T00:"
			 "00:00Z\",\"summary\":\"s%u\",%s\"related\":[\"CVE-2026-%u\",\"CVE-2026-%u\"],\"affected\":[{"
			 "\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"p%u\"},\"ranges\":[{\"type\":"
			 "\"ECOSYSTEM\","
			 "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1.%u-1\"}]}]}]}\n",
			 9000 + i, 1 + s % 28, s % 3,
			 s % 2 ? "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/"
				 "I:H/A:H\"}],"
			       : "",
			 1000 + i * 3, 1001 + i * 3 + s % 2, i, s % 5);
		if (s % 7 == 3) /* another name for one of them */
			buf_addf(&text,
				 "{\"id\":\"GHSA-%04u-1111-1111\",\"modified\":\"2026-01-01T00:00:00Z\",\"published\":"
				 "\"2026-01-01T00:00:00Z\",\"aliases\":[\"CVE-2026-%u\"],\"affected\":[{\"package\":{"
				 "\"ecosystem\":\"Debian:12\",\"name\":\"q%u\"},\"ranges\":[{\"type\":\"ECOSYSTEM\","
				 "\"events\":[{"
				 "\"introduced\":\"0\"}]}]}]}\n",
				 i, 1000 + i * 3, i);
	}
	return arena_str(&w->arena, buf_str(&text));
}

static void
import_known(struct world *w, unsigned *seed)
{
	BUF_AUTO kev = { 0 };
	BUF_AUTO epss = { 0 };
	buf_add(&kev,
		STR("{\"title\":\"k\",\"catalogVersion\":\"2026.03.01\",\"dateReleased\":\"2026-03-01T10:00:00.000Z\","
		    "\"count\":1,\"vulnerabilities\":[{\"cveID\":\"CVE-1999-0001\",\"dateAdded\":\"2026-01-01\","
		    "\"dueDate\":"
		    "\"2026-02-01\"}"));
	buf_add(&epss, STR("#model_version:v1,score_date:2026-03-01T00:00:00+0000\ncve,epss,percentile\n"));
	for (unsigned i = 0; i < PACKAGES * 3; i++) {
		if (pick(seed, 4) == 0)
			buf_addf(&kev,
				 ",{\"cveID\":\"CVE-2026-%u\",\"vulnerabilityName\":\"n\",\"dateAdded\":\"2026-02-%"
				 "02u\","
				 "\"dueDate\":\"2026-03-01\",\"knownRansomwareCampaignUse\":\"%s\"}",
				 1000 + i, 1 + pick(seed, 20), pick(seed, 2) ? "Known" : "Unknown");
		buf_addf(&epss, "CVE-2026-%u,0.%u1,0.5\n", 1000 + i, pick(seed, 9));
	}
	buf_add(&kev, STR("]}"));
	import(w, "kev.json", buf_str(&kev));
	import(w, "epss.csv", buf_str(&epss));
}

/* Everything that pages are made of, as text. */
static const char *const shown[] = {
	"SELECT f.host, f.package, f.installed, f.fixed, f.vulnerability, f.aliases, f.advisories, f.why, f.patch,"
	" f.published, f.first_seen, f.action, f.due, r.en FROM finding f LEFT JOIN reason r ON r.id = f.reason",
	"SELECT id, severity, cvss, epss, kev, kev_due, kev_added, facts, hosts, fixable FROM vulnerability",
	"SELECT id, critical, high, medium, low, unknown, kev, watch, next_window, within_days, act_now, overdue,"
	" matched_generation, eol_ended, not_matched IS NULL FROM host",
	"SELECT patch, vulnerability, source, advisories FROM patch_fix",
	"SELECT id, severity, kev, vulnerabilities FROM patch",
	"SELECT group_name, hosts, clean, critical, unknown, kev, overdue FROM group_sum",
};

static int
compare_lines(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static struct str
dump(struct world *w)
{
	struct err e = { 0 };
	BUF_AUTO all = { 0 };
	ARRAY_OF(struct str) lines = { 0 };
	for (size_t i = 0; i < COUNT(shown); i++) {
		SQL_AUTO q = sql_new(w->st, shown[i]);
		while (sql_row(&q)) {
			BUF_AUTO line = { 0 };
			buf_addf(&line, "%zu", i);
			for (int c = 0; c < sqlite3_column_count(q.stmt); c++) {
				struct str s = sql_get_str(&q, &w->arena);
				buf_addf(&line, "|%.*s", STR_ARG(s));
			}
			*ARRAY_PUSH(&w->arena, &lines) = arena_str(&w->arena, buf_str(&line));
		}
		ok(sql_end(&q, &e));
	}
	qsort(lines.items, lines.count, sizeof(*lines.items), compare_lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_addf(&all, "%.*s\n", STR_ARG(lines.items[i]));
	return arena_str(&w->arena, buf_str(&all));
}

static struct feed_change
changed(struct world *w)
{
	struct err e = { 0 };
	struct feed_change c;
	ok(app_index_reload(&w->app, &e));
	ok(feed_change_start(&w->app, w->st, w->now, &w->arena, &c, &e));
	return c;
}

static void
same(struct str incremental, struct str full, unsigned round)
{
	struct str x, y;
	while (str_cut(&incremental, '\n', &x) && str_cut(&full, '\n', &y))
		if (!str_eq(x, y))
			fail_msg("round %u: %.*s\nis in full: %.*s", round, STR_ARG(x), STR_ARG(y));
	assert_int_equal(incremental.len, full.len);
}

static void
what_is_concerned_is_enough(void **state)
{
	struct world *w = *state;
	unsigned seed = 7, known[PACKAGES] = { 0 };
	size_t matched = 0, spared = 0, judged = 0;
	struct str hosts[HOSTS];
	for (unsigned i = 0; i < PACKAGES; i++)
		known[i] = pick(&seed, 100);
	fleet(w, &seed, hosts);
	for (unsigned round = 0; round < ROUNDS; round++) {
		w->now += 3600000;
		for (unsigned n = pick(&seed, 3); n > 0; n--)
			known[pick(&seed, PACKAGES)] = pick(&seed, 100);
		import(w, "osv.jsonl", osv(w, known));
		if (pick(&seed, 2))
			import_known(w, &seed);
		if (pick(&seed, 3) == 0) { /* and one host's own packages */
			struct str last = w->host;
			put(w, "packages", packages_of(w, &seed, HOSTS - 1));
			if (pick(&seed, 2))
				match(w, last);
		}
		struct feed_change c = changed(w);
		for (size_t i = 0; i < c.count; i++)
			match(w, c.ids[i]);
		match(w, w->host); /* whose section came: its own job */
		matched += c.count;
		spared += c.hosts - c.count;
		judged += c.findings;
		struct str incremental = dump(w);
		for (unsigned i = 0; i < HOSTS; i++)
			match(w, hosts[i]);
		same(incremental, dump(w), round);
	}
	/* Neither is all of it matched every time, nor nothing. */
	assert_true(matched > HOSTS);
	assert_true(spared > HOSTS);
	assert_true(judged > 0);
}

static void
only_hosts_with_the_package_are_matched(void **state)
{
	struct world *w = *state;
	unsigned seed = 3, known[PACKAGES] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct str hosts[HOSTS];
	fleet(w, &seed, hosts);
	import(w, "osv.jsonl", osv(w, known));
	assert_int_equal(changed(w).count, HOSTS); /* the first time, everybody */
	for (unsigned i = 0; i < HOSTS; i++)
		match(w, hosts[i]);
	import(w, "own.jsonl",
	       STR("{\"id\":\"DSA-1-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"published\":\"2026-01-01T00:00:00Z\","
		   "\"related\":[\"CVE-2026-5555\"],\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":"
		   "\"own-2\"},"
		   "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"2-1\"}]}]}]}"
		   "\n"));
	/* It replaces what Debian's source said before: everything that is gone concerns its hosts, too. */
	struct feed_change c = changed(w);
	for (size_t i = 0; i < c.count; i++)
		match(w, c.ids[i]);
	import(w, "own.jsonl",
	       STR("{\"id\":\"DSA-1-1\",\"modified\":\"2026-01-02T00:00:00Z\",\"published\":\"2026-01-01T00:00:00Z\","
		   "\"related\":[\"CVE-2026-5555\"],\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":"
		   "\"own-2\"},"
		   "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"3-1\"}]}]}]}"
		   "\n"));
	struct err e = { 0 };
	ok(app_index_reload(&w->app, &e));
	struct answer a = world_cli(w, "POST", "/api/v1/feeds/reload", "{}");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(a.json, "hosts", -1), HOSTS);
	assert_int_equal(json_get_i64(a.json, "matched", -1), 1);
	/* The same feeds again: nobody but the one who waits still. */
	a = world_cli(w, "POST", "/api/v1/feeds/reload", "{}");
	assert_true(json_get_i64(a.json, "matched", -1) <= 1);
	match(w, hosts[2]);
	a = world_cli(w, "POST", "/api/v1/feeds/reload", "{}");
	assert_int_equal(json_get_i64(a.json, "matched", -1), 0);
	a = world_cli(w, "GET", "/api/v1/findings?vulnerability=CVE-2026-5555", NULL);
	assert_int_equal(json_get_i64(a.json, "total", -1), 1);
	assert_true(str_eq(json_get_str(json_get(a.json, "items")->item, "fixed"), STR("3-1")));
}

static void
being_exploited_needs_no_matching(void **state)
{
	struct world *w = *state;
	unsigned seed = 3, known[PACKAGES] = { 3, 3, 3, 3, 3, 3, 3, 3 };
	struct str hosts[HOSTS];
	fleet(w, &seed, hosts);
	import(w, "osv.jsonl", osv(w, known));
	changed(w);
	for (unsigned i = 0; i < HOSTS; i++)
		match(w, hosts[i]);
	assert_int_equal(json_get_i64(world_cli(w, "GET", "/api/v1/findings?action=act-now", NULL).json, "total", -1),
			 0);
	import(w, "kev.json",
	       STR("{\"title\":\"k\",\"catalogVersion\":\"2026.03.01\",\"dateReleased\":\"2026-03-01T10:00:00.000Z\","
		   "\"count\":1,"
		   "\"vulnerabilities\":[{\"cveID\":\"CVE-2026-1000\",\"vulnerabilityName\":\"n\",\"dateAdded\":\"2026-"
		   "02-01\","
		   "\"dueDate\":\"2026-02-20\",\"knownRansomwareCampaignUse\":\"Known\"}]}"));
	struct feed_change c = changed(w);
	assert_int_equal(c.count, 0);
	struct answer a = world_cli(w, "GET", "/api/v1/findings?action=act-now&due=overdue&sort=due", NULL);
	int64_t urgent = json_get_i64(a.json, "total", -1);
	assert_true(urgent > 0);
	assert_int_equal(c.findings, urgent);
	const struct json *first = json_get(a.json, "items")->item;
	assert_true(str_eq(json_get_str(first, "due"), STR("2026-02-20T00:00:00Z")));
	assert_true(json_get_bool(first, "overdue", false));
	assert_true(str_eq(json_get_str(first, "action_why"), STR("Ransomware is known to use it.")));
	struct sender reader = { .door = DOOR_SOCKET, .uid = 0, .lang = LANG_JA };
	a = world_send(w, &reader, "GET", "/api/v1/findings?action=act-now", NULL);
	assert_true(str_eq(json_get_str(json_get(a.json, "items")->item, "action_why"),
			   STR("ランサムウェアによる悪用が確認されています。")));
	a = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(json_get_i64(json_get(a.json, "actions"), "overdue_now", 0) > 0);
	a = world_cli(w, "GET", "/api/v1/hosts?attention=overdue&sort=-overdue", NULL);
	assert_true(json_get_i64(a.json, "total", 0) > 0);
	a = world_cli(w, "GET", "/api/v1/vulnerabilities?sort=due", NULL);
	assert_true(str_eq(json_get_str(json_get(a.json, "items")->item, "id"), STR("CVE-2026-1000")));
	assert_true(str_eq(json_get_str(json_get(a.json, "items")->item, "action"), STR("act-now")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_concerned_is_enough),
		TEST(only_hosts_with_the_package_are_matched),
		TEST(being_exploited_needs_no_matching),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
