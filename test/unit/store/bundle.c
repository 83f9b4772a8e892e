#include "store/bundle.h"
#include "store/finding.h"
#include "store/fleet_group.h"
#include "store/relay.h"

#include "world.h"

static void
put(struct world *w, const char *site, const char *relay, int64_t counter, int64_t seen, int64_t made, int64_t at)
{
	struct err e = { 0 };
	struct bundle_row b = { .site = str_of(site),
				.up = *relay != '\0',
				.counter = counter,
				.id = STR("id"),
				.relay = str_of(relay),
				.seen = seen,
				.made = made,
				.expires = made + 1000,
				.at = at,
				.by = STR("admin") };
	ok(bundle_row_put(w->st, &b, &e));
}

static void
numbers_rise_for_each_site_and_relay(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int64_t n = -1;
	ok(bundle_newest(w->st, STR("annex"), STR(""), &n, &e));
	assert_int_equal(n, 0);
	put(w, "annex", "", 1, 0, 100, 0); /* begun and given up: its number is used up */
	put(w, "annex", "", 2, 0, 200, 200);
	put(w, "other", "", 7, 0, 50, 50);
	put(w, "annex", "relay-a", 5, 2, 300, 310);
	put(w, "annex", "relay-b", 1, 1, 250, 320);
	ok(bundle_newest(w->st, STR("annex"), STR(""), &n, &e));
	assert_int_equal(n, 2);
	ok(bundle_newest(w->st, STR("annex"), STR("relay-b"), &n, &e));
	assert_int_equal(n, 1);
}

static void
what_is_known_of_a_site(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct bundle_site s;
	struct str *sites;
	size_t count;
	ok(bundle_site_get(w->st, &w->arena, STR("annex"), &s, &e));
	assert_int_equal(s.down.counter, 0);
	assert_int_equal(s.seen, 0);
	put(w, "annex", "", 1, 0, 100, 100);
	put(w, "annex", "", 2, 0, 200, 200);
	put(w, "annex", "", 3, 0, 400, 0);
	put(w, "annex", "relay-a", 5, 2, 300, 310);
	put(w, "annex", "relay-a", 6, 3, 500, 0); /* never taken in: what it said does not count */
	ok(bundle_site_get(w->st, &w->arena, STR("annex"), &s, &e));
	assert_int_equal(s.down.counter, 2);
	assert_int_equal(s.up.counter, 5);
	assert_int_equal(s.seen, 2);
	assert_int_equal(s.seen_made, 200);
	put(w, "empty", "", 1, 0, 100, 0);
	ok(bundle_sites(w->st, &w->arena, &sites, &count, &e));
	assert_int_equal(count, 1);
}

static void
they_are_listed_newest_first(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct page p = { .limit = 10 };
	struct bundle_row *rows, one;
	size_t count;
	put(w, "annex", "", 1, 0, 100, 100);
	put(w, "other", "", 1, 0, 300, 300);
	put(w, "annex", "relay-a", 1, 1, 200, 210);
	ok(bundle_row_list(w->st, &w->arena, STR_NONE, &p, &rows, &count, &e));
	assert_int_equal(count, 3);
	assert_int_equal(p.total, 3);
	assert_int_equal(rows[0].made, 300);
	assert_true(rows[1].up);
	ok(bundle_row_list(w->st, &w->arena, STR("annex"), &p, &rows, &count, &e));
	assert_int_equal(count, 2);
	ok(bundle_row_get(w->st, &w->arena, STR("annex"), 1, &one, &e));
	assert_false(one.up);
	assert_false(bundle_row_get(w->st, &w->arena, STR("annex"), 9, &one, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void
finding(struct world *w, const char *host, const char *package, const char *cve, int severity, bool kev, bool fixed)
{
	struct err e = { 0 };
	struct finding_row f = {
		.host = str_of(host),
		.package = str_of(package),
		.source = str_of(package),
		.installed = STR("1"),
		.fixed = fixed ? STR("2") : STR_NONE,
		.aliases = STR("[]"),
		.advisories = STR("[]"),
		.running = -1,
		.why = STR("why"),
		.patch = STR_NONE,
		.vulnerability = { .id = str_of(cve), .severity = severity, .kev = kev, .cvss = -1, .epss = -1 }
	};
	ok(vulnerability_put(w->st, &f.vulnerability, &e));
	ok(finding_insert_all(w->st, f.host, &(const struct finding_row *){ &f }, 1, &e));
}

static void
lacks(struct world *w, const char *host, const char *patch, int64_t size, enum patch_state state)
{
	struct err e = { 0 };
	struct patch_row row = { .id = str_of(patch),
				 .title = str_of(patch),
				 .source = str_of(patch),
				 .version = STR("2"),
				 .origins = STR(""),
				 .size = size };
	struct host_patch p = { .host = str_of(host),
				.patch = row.id,
				.state = state,
				.listed = true,
				.title = row.id,
				.from = STR("1"),
				.to = STR("2"),
				.packages = STR("[]") };
	ok(patch_put(w->st, &row, &e));
	ok(host_patch_put(w->st, &p, &e));
}

static void
the_next_one_is_for_what_its_machines_told(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct page p = { .limit = 1 };
	struct bundle_next n;
	world_host(w, "a", "a", HOST_ACTIVE);
	world_host(w, "b", "b", HOST_ACTIVE);
	world_host(w, "gone", "gone", HOST_REVOKED);
	world_host(w, "away", "away", HOST_ACTIVE);
	for (const char *const *id = (const char *const[]){ "a", "b", "gone", NULL }; *id; id++)
		ok(host_set_traits(w->st, str_of(*id), STR_NONE, STR("annex"), STR_NONE, &e));
	finding(w, "a", "openssl", "CVE-1", 4, false, true);
	finding(w, "b", "openssl", "CVE-1", 4, false, true);
	finding(w, "b", "openssl", "CVE-2", 2, false, true);
	finding(w, "b", "zlib", "CVE-3", 1, true, true);
	finding(w, "b", "bash", "CVE-4", 4, true, false); /* nothing to bring yet */
	finding(w, "gone", "curl", "CVE-5", 4, true, true);
	finding(w, "away", "curl", "CVE-5", 4, true, true);
	lacks(w, "a", "deb:x@2", 100, PATCH_MISSING);
	lacks(w, "b", "deb:x@2", 100, PATCH_FAILED);
	lacks(w, "b", "deb:y@2", 30, PATCH_INSTALLED);
	lacks(w, "away", "deb:z@2", 7, PATCH_MISSING);
	ok(letter_row_put(w->st, &(struct letter_row){ .host = STR("a"), .relay = STR_NONE, .answer = STR("x") }, &e));
	ok(letter_row_put(w->st, &(struct letter_row){ .host = STR("b"), .relay = STR_NONE, .answer = STR_NONE }, &e));
	ok(bundle_next_get(w->st, &w->arena, STR("annex"), &p, &n, &e));
	assert_int_equal(n.hosts, 2);
	assert_int_equal(n.updates, 1);
	assert_int_equal(n.bytes, 100);
	assert_int_equal(n.vulnerabilities, 3);
	assert_int_equal(n.letters, 1);
	assert_int_equal(p.total, 2);
	assert_int_equal(n.need_count, 1);
	assert_true(str_eq(n.needs[0].package, STR("zlib"))); /* exploited ones first */
	p = (struct page){ .limit = 1, .offset = 1 };
	ok(bundle_next_get(w->st, &w->arena, STR("annex"), &p, &n, &e));
	assert_true(str_eq(n.needs[0].package, STR("openssl")));
	assert_int_equal(n.needs[0].severity, 4);
	assert_int_equal(n.needs[0].hosts, 2);
	assert_int_equal(n.needs[0].vulnerabilities, 2);
	ok(bundle_next_get(w->st, &w->arena, STR("nowhere"), &p, &n, &e));
	assert_int_equal(n.hosts + n.updates + n.vulnerabilities + n.letters + p.total, 0);
}

static size_t
hosts_at(struct world *w, const char *site)
{
	struct err e = { 0 };
	struct host_filter f = { .site = str_of(site) };
	struct page p = { .limit = 10 };
	struct host *hosts;
	size_t count;
	ok(host_list(w->st, &w->arena, &f, &p, &hosts, &count, &e));
	assert_int_equal(p.total, count);
	return count;
}

static void
machines_are_found_by_their_site(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "a", "a", HOST_ACTIVE);
	world_host(w, "b", "b", HOST_ACTIVE);
	world_host(w, "c", "c", HOST_ACTIVE);
	ok(host_set_traits(w->st, STR("a"), STR_NONE, STR("annex"), STR_NONE, &e));
	assert_int_equal(hosts_at(w, "annex"), 1);
	assert_int_equal(hosts_at(w, "-"), 2);
	assert_int_equal(hosts_at(w, ""), 3);
	assert_int_equal(hosts_at(w, "nowhere"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_rise_for_each_site_and_relay, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_is_known_of_a_site, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(they_are_listed_newest_first, world_setup, world_teardown),
		TEST(the_next_one_is_for_what_its_machines_told),
		TEST(machines_are_found_by_their_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
