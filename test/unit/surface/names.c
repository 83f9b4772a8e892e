/* A domain with more names than anybody can be asked about: the most telling ones are asked for, the others are known and told. */
#include "surface/discover-internal.h"
#include "surface/result.h"

#include "ask_peers.h"

#include <stdio.h>

#define DOMAIN "unit-seiki.co.jp"
enum { RANDOM = 3000, MOST = 100 };

static const char *
made(struct peer *p, struct str name)
{
	(void)p;
	return str_ends(name, STR(DOMAIN)) ? "\300\0\2\1" : NULL;
}

static void
entry(struct buf *json, const char *label, unsigned id)
{
	buf_addf(json,
		 "{\"id\":%u,\"serial_number\":\"%x\",\"issuer_name\":\"CN=CA\",\"name_value\":\"%s." DOMAIN "\"},", id,
		 id, label);
}

/* What a certificate search tells of a service that gives each visitor a name. */
static void
certificates(struct buf *json)
{
	static const char *const people[] = { "vpn", "mail-tokyo", "portal2", "xn--wgv71a" };
	buf_add_char(json, '[');
	for (unsigned i = 0; i < RANDOM; i++) {
		char label[24];
		snprintf(label, sizeof(label), "u%015llx",
			 (unsigned long long)str_hash(str_sub((char *)&i, sizeof(i)), 5) >> 4);
		entry(json, label, i + 1);
		if (i % 800 == 400)
			entry(json, people[i / 800], RANDOM + i);
	}
	buf_truncate(json, json->len - 1);
	buf_add_char(json, ']');
}

static void
run(unsigned most, struct peer *dns, struct discovery *d)
{
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	BUF_AUTO json = { 0 };
	struct trial t;
	struct err e = { 0 };
	certificates(&json);
	const struct discover_file file = { .service = SERVICE_CRTSH,
					    .what = STR("domain " DOMAIN),
					    .body = buf_str(&json) };
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = {
		.ask = t.o, .seeds = &seed, .seed_count = 1, .files = &file, .file_count = 1, .names_max = most
	};
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
}

static unsigned
asked(const struct discovery *d)
{
	unsigned n = 0;
	for (size_t i = 0; i < d->graph.count; i++)
		n += d->graph.nodes[i]->is == THING_NAME && graph_has(&d->graph, d->graph.nodes[i], FACT_ADDRESS);
	return n;
}

static void
of_too_many_the_most_telling_are_asked_about(void **state)
{
	struct peer dns = { .made = made };
	struct discovery d;
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	(void)state;
	peer_start(&dns);
	run(MOST, &dns, &d);
	assert_int_equal(tally_of(&dns.tally, "A vpn." DOMAIN), 1);
	assert_int_equal(tally_of(&dns.tally, "AAAA mail-tokyo." DOMAIN), 1);
	assert_int_equal(tally_of(&dns.tally, "A portal2." DOMAIN), 1);
	assert_int_equal(tally_of(&dns.tally, "A xn--wgv71a." DOMAIN), 1);
	/* A fifth is kept for what later answers may tell. */
	assert_int_equal(asked(&d), MOST - MOST / 5);
	assert_int_equal(d.names_left, RANDOM + 4 - asked(&d));
	assert_int_equal(d.domains_left, 1);
	json_begin_object(&w);
	discovery_write(&w, &d);
	json_end_object(&w);
	assert_true(str_contains(buf_str(&text), STR("\"limited\":true")));
	discovery_free(&d);
	peer_stop(&dns);
}

static void
what_was_not_asked_about_is_known_and_says_so(void **state)
{
	struct peer dns = { .made = made };
	struct discovery d;
	size_t left = 0;
	(void)state;
	peer_start(&dns);
	run(MOST, &dns, &d);
	for (size_t i = 0; i < d.graph.count; i++) {
		const struct node *n = d.graph.nodes[i];
		left += n->left;
		if (n->left)
			assert_int_equal(n->own, OWN_APPROVED);
	}
	assert_int_equal(left, d.names_left);
	assert_int_equal(graph_find(&d.graph, THING_DOMAIN, STR(DOMAIN))->names_left, left);
	discovery_free(&d);
	peer_stop(&dns);
}

static void
few_names_are_all_asked_about(void **state)
{
	struct peer dns = { .made = made };
	struct discovery d;
	(void)state;
	peer_start(&dns);
	run(RANDOM + 4, &dns, &d);
	assert_int_equal(asked(&d), RANDOM + 4);
	assert_int_equal(d.names_left, 0);
	discovery_free(&d);
	peer_stop(&dns);
}

static void
labels_of_people_and_of_machines(void **state)
{
	static const char *const people[] = { "www",        "vpn2", "mail-tokyo", "dev.portal",
					      "xn--wgv71a", "ns1",  "smtp",       "idp03" };
	static const char *const machines[] = { "a8f3e91c07", "xkqzvbtrml", "i-0c4de2f19a", "u5d41402abc4b2a7.vpn",
						"averyveryverylonglabelthatnobodytypes" };
	(void)state;
	for (size_t i = 0; i < COUNT(people); i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s." DOMAIN, people[i]);
		if (!names_of_people(str_of(name), STR(DOMAIN)))
			fail_msg("%s is of people", name);
	}
	for (size_t i = 0; i < COUNT(machines); i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s." DOMAIN, machines[i]);
		if (names_of_people(str_of(name), STR(DOMAIN)))
			fail_msg("%s is of a machine", name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_too_many_the_most_telling_are_asked_about),
		cmocka_unit_test(what_was_not_asked_about_is_known_and_says_so),
		cmocka_unit_test(few_names_are_all_asked_about),
		cmocka_unit_test(labels_of_people_and_of_machines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
