/* Wildcards and guesses below the first level: what certificates tell of names that nobody made is no host, and where hosts are
 * others are looked for. */
#include "surface/discover.h"

#include "ask_peers.h"

#include <stdio.h>

#define DOMAIN "unit-seiki.co.jp"
enum { PARENTS = 300, LEVELS = 50, PROBES = 3 };

static const char by_hand[] = "\300\0\2\1", caught[] = "\306\63\144\310";

static bool
is(struct str name, const char *label)
{
	return str_ends(name, STR("." DOMAIN)) && str_eq(str_head(name, name.len - strlen("." DOMAIN)), str_of(label));
}

/* "lp" has a wildcard, "corp" has hosts. */
static const char *
company(struct peer *p, struct str name)
{
	(void)p;
	if (is(name, "shop.lp") || is(name, "vpn.corp") || is(name, "git.corp") || is(name, "www"))
		return by_hand;
	return str_ends(name, STR(".lp." DOMAIN)) ? caught : NULL;
}

static const char *
catches_all(struct peer *p, struct str name)
{
	(void)p;
	return is(name, "vpn") ? by_hand : str_ends(name, STR("." DOMAIN)) ? caught : NULL;
}

/* "rr" answers with one of eight addresses, another one each time. */
static const char *
goes_round(struct peer *p, struct str name)
{
	static char address[8][4];
	static unsigned n;
	(void)p;
	if (is(name, "git.rr"))
		return by_hand;
	if (!str_ends(name, STR(".rr." DOMAIN)))
		return NULL;
	n = (n + 3) % 8;
	memcpy(address[n], caught, 3);
	address[n][3] = (char)(1 + n);
	return address[n];
}

static const char *
deep(struct peer *p, struct str name)
{
	(void)p;
	return str_starts(name, STR("host.")) ? by_hand : NULL;
}

static void
run(struct peer *dns, const char *(*made)(struct peer *p, struct str name), struct str names, struct discovery *d)
{
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	const struct str words[] = { STR("git"), STR("nobody") };
	BUF_AUTO json = { 0 };
	struct str name;
	struct trial t;
	struct err e = { 0 };
	unsigned id = 0;
	dns->made = made;
	peer_start(dns);
	buf_add_char(&json, '[');
	while (str_cut(&names, ' ', &name)) {
		id++;
		buf_addf(&json,
			 "%s{\"id\":%u,\"serial_number\":\"%x\",\"issuer_name\":\"CN=CA\",\"name_value\":\"%.*s\"}",
			 id > 1 ? "," : "", id, id, STR_ARG(name));
	}
	buf_add_char(&json, ']');
	const struct discover_file file = { .service = SERVICE_CRTSH,
					    .what = STR("domain " DOMAIN),
					    .body = buf_str(&json) };
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = { .ask = t.o,
				      .seeds = &seed,
				      .seed_count = 1,
				      .files = &file,
				      .file_count = 1,
				      .words = words,
				      .word_count = COUNT(words) };
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
}

static const struct node *
host(const struct discovery *d, const char *name)
{
	const struct node *n = graph_find(&d->graph, THING_NAME, str_of(name));
	assert_non_null(n);
	return n;
}

static void
what_only_a_wildcard_answers_for_is_no_host(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, company, STR("old.lp." DOMAIN " shop.lp." DOMAIN " www." DOMAIN), &d);
	const struct node *old = host(&d, "old.lp." DOMAIN), *shop = host(&d, "shop.lp." DOMAIN);
	assert_int_equal(old->wildcard, BY_WILDCARD_ALONE);
	assert_int_equal(old->own, OWN_MONITOR);
	assert_int_equal(old->rule, RULE_WILDCARD);
	assert_int_equal(shop->wildcard, BY_NO_WILDCARD);
	assert_int_equal(shop->own, OWN_APPROVED);
	assert_int_equal(host(&d, "www." DOMAIN)->own, OWN_APPROVED);
	assert_true(graph_has(&d.graph, host(&d, "lp." DOMAIN), FACT_WILDCARD));
	assert_int_equal(d.by_wildcard, 1);
	discovery_free(&d);
	peer_stop(&dns);
}

static void
hosts_are_guessed_where_hosts_are(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, company, STR("vpn.corp." DOMAIN), &d);
	assert_int_equal(host(&d, "git.corp." DOMAIN)->own, OWN_APPROVED);
	assert_null(graph_find(&d.graph, THING_NAME, STR("nobody.corp." DOMAIN)));
	assert_int_equal(tally_of(&dns.tally, "A nobody.corp." DOMAIN), 1);
	assert_int_equal(tally_of(&dns.tally, "A nobody.vpn.corp." DOMAIN), 0);
	discovery_free(&d);
	peer_stop(&dns);
}

/* A wildcard right below the domain: what people write is there all the same, and says who answers for it. */
static void
a_domain_that_catches_all_keeps_its_names(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, catches_all, STR("www." DOMAIN " vpn." DOMAIN " a8f3e91c07." DOMAIN), &d);
	assert_int_equal(host(&d, "www." DOMAIN)->own, OWN_APPROVED);
	assert_int_equal(host(&d, "www." DOMAIN)->wildcard, BY_WILDCARD_TOO);
	assert_int_equal(host(&d, "vpn." DOMAIN)->wildcard, BY_NO_WILDCARD);
	assert_int_equal(host(&d, "a8f3e91c07." DOMAIN)->own, OWN_MONITOR);
	discovery_free(&d);
	peer_stop(&dns);
}

/* What was made beside a wildcard is told by certificates and by a guess: neither word takes it away. */
static void
what_was_made_beside_a_wildcard_that_goes_round_stays(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, goes_round, STR("git.rr." DOMAIN " visitor7.rr." DOMAIN), &d);
	assert_int_equal(host(&d, "git.rr." DOMAIN)->own, OWN_APPROVED);
	assert_int_equal(host(&d, "visitor7.rr." DOMAIN)->own, OWN_MONITOR);
	discovery_free(&d);
	peer_stop(&dns);
}

static void
of_many_levels_some_are_looked_at(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	BUF_AUTO names = { 0 };
	(void)state;
	for (unsigned i = 0; i < PARENTS; i++)
		buf_addf(&names, "%shost.l%u." DOMAIN, i ? " " : "", i);
	run(&dns, deep, buf_str(&names), &d);
	assert_true(dns.asked < 3u * PARENTS + LEVELS * (PROBES + 2) + 100);
	assert_int_equal(host(&d, "host.l299." DOMAIN)->own, OWN_APPROVED);
	discovery_free(&d);
	peer_stop(&dns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_a_wildcard_answers_for_is_no_host),
		cmocka_unit_test(hosts_are_guessed_where_hosts_are),
		cmocka_unit_test(a_domain_that_catches_all_keeps_its_names),
		cmocka_unit_test(what_was_made_beside_a_wildcard_that_goes_round_stays),
		cmocka_unit_test(of_many_levels_some_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
