/* What pages read as sums is what counting gives, whatever happened before (migrations/0002-sums.sql). */
#include "store/finding.h"
#include "store/host_patch.h"
#include "store/sql.h"

#include "world.h"

enum { HOSTS = 5, PATCHES = 7, VULNERABILITIES = 4, STEPS = 400 };

static int64_t
number(struct world *w, const char *text)
{
	struct err e = { 0 };
	int64_t n = -1;
	SQL_AUTO q = sql_new(w->st, text);
	ok(sql_number(&q, &n, &e));
	return n;
}

/* Each gives the rows whose sums are wrong. */
static const char *const wrong[] = {
	("SELECT count(*) FROM host h WHERE (pending, security, running, failed, queued) <> (SELECT count(*),"
	 " coalesce(sum(y.security), 0), coalesce(sum(x.state = 'running'), 0), coalesce(sum(x.state = 'failed'), 0),"
	 " coalesce(sum(x.state = 'queued'), 0) FROM host_patch x JOIN patch y ON y.id = x.patch WHERE x.host = h.id"
	 " AND x.state IN ('missing', 'queued', 'running', 'failed', 'kept-back'))"),
	("SELECT count(*) FROM patch y WHERE (missing, queued, running, installed, rebooting, failed, kept) <> (SELECT"
	 " coalesce(sum(state = 'missing'), 0), coalesce(sum(state = 'queued'), 0), coalesce(sum(state = 'running'), "
	 "0),"
	 " coalesce(sum(state = 'installed'), 0), coalesce(sum(state = 'installed-pending-reboot'), 0),"
	 " coalesce(sum(state = 'failed'), 0), coalesce(sum(state = 'kept-back'), 0) FROM host_patch WHERE patch = "
	 "y.id)"),
	("SELECT count(*) FROM host h WHERE (critical, high, medium, low, unknown, kev) <> (SELECT"
	 " coalesce(sum(severity = 4), 0), coalesce(sum(severity = 3), 0), coalesce(sum(severity = 2), 0),"
	 " coalesce(sum(severity = 1), 0), coalesce(sum(severity = 0), 0), coalesce(sum(kev), 0) FROM vulnerability"
	 " WHERE id IN (SELECT vulnerability FROM finding WHERE host = h.id))"),
	("SELECT count(*) FROM group_sum g WHERE (hosts, clean, unknown, critical, kev, overdue) <> (SELECT count(*),"
	 " coalesce(sum(matched_at > 0 AND critical + high + medium + low + unknown = 0), 0), coalesce(sum(unknown), "
	 "0),"
	 " coalesce(sum(critical), 0), coalesce(sum(kev), 0), coalesce(sum(overdue), 0) FROM host h WHERE h.state ="
	 " 'active' AND coalesce(h.group_name, '') = g.group_name)"),
	("SELECT count(*) FROM vulnerability v WHERE (hosts, fixable) <> (SELECT count(DISTINCT host),"
	 " count(DISTINCT CASE WHEN patch IS NOT NULL THEN host END) FROM finding WHERE vulnerability = v.id)"),
};

static void
sums_are_right(struct world *w, const char *when)
{
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (number(w, wrong[i]) != 0)
			fail_msg("%s: sum %zu", when, i);
}

static struct str
name(struct world *w, const char *kind, unsigned n)
{
	return arena_printf(&w->arena, "%s%u", kind, n);
}

static unsigned
pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 16) % n;
}

static void
patch_step(struct world *w, unsigned *seed)
{
	struct err e = { 0 };
	struct str host = name(w, "h", pick(seed, HOSTS)), patch = name(w, "p", pick(seed, PATCHES));
	struct patch_row row = {
		.id = patch,
		.title = patch,
		.source = patch,
		.version = STR("1"),
		.origins = STR(""),
		.security = pick(seed, 3) == 0,
	};
	struct host_patch p = {
		.host = host,
		.patch = patch,
		.state = (enum patch_state)pick(seed, PATCH_STATES),
		.listed = pick(seed, 2),
		.title = patch,
		.from = STR("0"),
		.to = STR("1"),
		.packages = STR("[]"),
	};
	ok(patch_put(w->st, &row, &e));
	switch (pick(seed, 4)) {
	case 0:
		ok(host_patch_set_state(w->st, host, patch, p.state, STR_NONE, 1, &e));
		break;
	case 1:
		ok(host_patch_prune(w->st, host, &e));
		break;
	case 2:
		ok(host_patch_rebooted(w->st, host, 1, &e));
		break;
	default:
		ok(host_patch_put(w->st, &p, &e));
	}
}

static void
finding_step(struct world *w, unsigned *seed)
{
	struct err e = { 0 };
	struct finding_row f = {
		.host = name(w, "h", pick(seed, HOSTS)),
		.package = name(w, "k", pick(seed, 3)),
		.source = STR("s"),
		.installed = STR("1"),
		.aliases = STR("[]"),
		.advisories = STR("[]"),
		.running = -1,
		.why = STR("why"),
		.due = pick(seed, 200),
		.patch = pick(seed, 2) ? STR("p0") : STR_NONE,
		.vulnerability = { .id = name(w, "CVE-", pick(seed, VULNERABILITIES)),
				   .severity = (int)pick(seed, 5),
				   .kev = pick(seed, 4) == 0,
				   .cvss = -1,
				   .epss = -1 },
	};
	if (pick(seed, 6) == 0) {
		struct finding_row *rows;
		size_t count;
		ok(finding_of_host(w->st, &w->arena, f.host, &rows, &count, &e));
		for (size_t i = 0; i < count; i++)
			ok(finding_delete(w->st, rows[i].id, &e));
		ok(finding_sum(w->st, f.host, 100, &e));
		return;
	}
	ok(vulnerability_put(w->st, &f.vulnerability, &e));
	ok(finding_insert_all(w->st, f.host, &(const struct finding_row *){ &f }, 1, &e));
	ok(finding_sum(w->st, f.host, 100, &e));
}

/* Hosts are matched, move between groups and are revoked. */
static void
host_step(struct world *w, unsigned *seed)
{
	struct err e = { 0 };
	struct str host = name(w, "h", pick(seed, HOSTS));
	struct host h = { .id = host, .matched_at = 1 };
	switch (pick(seed, 4)) {
	case 0:
		ok(host_set_group(w->st, host, pick(seed, 3) ? name(w, "ward-", pick(seed, 2)) : STR_NONE, &e));
		break;
	case 1:
		ok(host_set_state(w->st, host, pick(seed, 4) ? HOST_ACTIVE : HOST_REVOKED, &e));
		break;
	case 2:
		ok(host_set_match(w->st, &h, &e));
		break;
	default:
		ok(finding_sum_due(w->st, 100, &e));
	}
}

static void
sums_follow_every_change(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	unsigned seed = 20261121;
	for (unsigned i = 0; i < HOSTS; i++)
		world_host(w, name(w, "h", i).ptr, "pc", HOST_ACTIVE);
	ok(store_begin(w->st, &e));
	for (unsigned i = 0; i < STEPS; i++) {
		patch_step(w, &seed);
		finding_step(w, &seed);
		host_step(w, &seed);
		if (i % 10 == 0)
			sums_are_right(w, "after some changes");
	}
	assert_true(number(w, "SELECT sum(security) FROM host") > 0);
	assert_true(number(w, "SELECT sum(fixable) FROM vulnerability") > 0);
	assert_true(number(w, "SELECT sum(overdue) FROM group_sum") > 0);
	ok(host_delete(w->st, STR("h0"), &e));
	sums_are_right(w, "after a host was forgotten");
	for (unsigned i = 1; i < HOSTS; i++)
		ok(host_delete(w->st, name(w, "h", i), &e));
	sums_are_right(w, "without any host");
	assert_int_equal(number(w, "SELECT sum(missing + installed) FROM patch"), 0);
	assert_int_equal(number(w, "SELECT sum(hosts) FROM vulnerability"), 0);
	ok(store_commit(w->st, &e));
}

/* The same list by sums (the whole fleet) and by counting (a filter that picks everything). */
static void
a_filter_that_picks_all_gives_the_same(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	unsigned seed = 7;
	for (unsigned i = 0; i < HOSTS; i++) {
		world_host(w, name(w, "h", i).ptr, "pc", HOST_ACTIVE);
		ok(host_set_group(w->st, name(w, "h", i), STR("all"), &e));
	}
	for (unsigned i = 0; i < 100; i++) {
		patch_step(w, &seed);
		finding_step(w, &seed);
	}
	struct patch_filter pf[] = { { .security = -1 }, { .security = -1, .group = STR("all") } };
	struct finding_filter ff[] = { { .kev = -1 }, { .kev = -1, .group = STR("all") } };
	struct patch_row *patches[2];
	struct vulnerability_row *vulnerabilities[2];
	struct page p[2] = { { .limit = 100, .sort = STR("hosts") }, { .limit = 100, .sort = STR("hosts") } }, v[2];
	size_t patch_count[2], vulnerability_count[2];
	for (int i = 0; i < 2; i++) {
		v[i] = (struct page){ .limit = 100, .sort = STR("id") };
		ok(patch_rows(w->st, &w->arena, &pf[i], &p[i], &patches[i], &patch_count[i], &e));
		ok(vulnerability_list(w->st, &w->arena, &ff[i], &v[i], &vulnerabilities[i], &vulnerability_count[i],
				      &e));
		assert_int_equal(p[i].total, (int64_t)patch_count[i]);
		assert_int_equal(v[i].total, (int64_t)vulnerability_count[i]);
	}
	assert_true(patch_count[0] > 3 && patch_count[0] == patch_count[1]);
	assert_true(vulnerability_count[0] == VULNERABILITIES && vulnerability_count[1] == VULNERABILITIES);
	for (size_t i = 0; i < patch_count[0]; i++) {
		assert_true(str_eq(patches[0][i].id, patches[1][i].id));
		assert_memory_equal(patches[0][i].hosts, patches[1][i].hosts, sizeof(patches[0][i].hosts));
	}
	for (size_t i = 0; i < vulnerability_count[0]; i++) {
		assert_int_equal(vulnerabilities[0][i].hosts, vulnerabilities[1][i].hosts);
		assert_int_equal(vulnerabilities[0][i].fixable, vulnerabilities[1][i].fixable);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_follow_every_change),
		TEST(a_filter_that_picks_all_gives_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
