/* Zones signed with NSEC3: what a few of its records say of the words that are guessed. */
#include "surface/hashed.h"
#include "surface/discover.h"

#include "ask_peers.h"

#include <stdio.h>

#define DOMAIN "yamamomo.jp"
#define SALT "\xaa\xbb\xcc\xdd"

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

static void
base32(const unsigned char hash[20], char out[33])
{
	for (size_t i = 0; i < 32; i++) {
		unsigned at = (unsigned)i * 5, two = hash[at / 8] << 8 | (at / 8 < 19 ? hash[at / 8 + 1] : 0);
		out[i] = digits[two >> (11 - at % 8) & 31];
	}
	out[32] = '\0';
}

/* RFC 5155, appendix A. */
static void
names_are_hashed_as_the_standard_says(void **state)
{
	static const struct {
		const char *name, *hash;
	} known[] = { { "example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" },
		      { "a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
		      { "ai.example", "gjeqe526plbf1g8mklp59enfd789njgi" },
		      { "NS1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr" },
		      { "xx.example", "t644ebqk9bibcna874givr6joj62mlhv" } };
	struct dns_name name;
	unsigned char hash[20];
	char text[33];
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_true(dns_name_parse(str_of(known[i].name), &name, NULL));
		assert_true(hashed_name(&name, STR(SALT), 12, hash));
		base32(hash, text);
		assert_string_equal(text, known[i].hash);
	}
	assert_false(hashed_name(&name, STR(SALT), 101, hash)); /* RFC 9276 */
}

/* ---- a zone of four names ---- */

static const char *const names[] = { DOMAIN, "www." DOMAIN, "admin." DOMAIN, "odd." DOMAIN };
static unsigned iterations, flags;

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

/* All of the chain, in the authority section. */
static size_t
hashes(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	unsigned char hash[COUNT(names)][20];
	struct dns_name name;
	if (q->type != DNS_NSEC)
		return 0;
	(void)p;
	size_t len = dns_reply(out, q, 0, NULL, NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_true(dns_name_parse(str_of(names[i]), &name, NULL));
		assert_true(hashed_name(&name, STR(SALT), iterations > 100 ? 100 : iterations, hash[i]));
	}
	qsort(hash, COUNT(names), 20, by_bytes);
	for (size_t i = 0; i < COUNT(names); i++) {
		const unsigned char *next = hash[(i + 1) % COUNT(names)];
		char label[33], owner[64];
		base32(hash[i], label);
		snprintf(owner, sizeof(owner), "%s." DOMAIN, label);
		assert_true(dns_name_parse(str_of(owner), &name, NULL));
		const unsigned char head[] = { 0,    DNS_NSEC3,
					       0,    1,
					       0,    0,
					       0,    60,
					       0,    30,
					       1,    (unsigned char)flags,
					       0,    (unsigned char)iterations,
					       4,    0xaa,
					       0xbb, 0xcc,
					       0xdd, 20 };
		memcpy(out + len, name.wire, name.len);
		len += name.len;
		memcpy(out + len, head, sizeof(head));
		memcpy(out + len + sizeof(head), next, 20);
		len += sizeof(head) + 20;
	}
	out[9] = COUNT(names);
	return len;
}

static const char *
made(struct peer *p, struct str name)
{
	(void)p;
	return str_eq(name, STR("www." DOMAIN)) || str_eq(name, STR("admin." DOMAIN)) ? ADDRESS_TRUE : NULL;
}

static void
run(struct peer *dns, struct discovery *d)
{
	static const struct str words[] = { STR("www"),     STR("admin"),   STR("nobody1"),
					    STR("nobody2"), STR("nobody3"), STR("a.b") };
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	struct trial t;
	struct err e = { 0 };
	*dns = (struct peer){ .made = made, .whole = hashes };
	peer_start(dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = {
		.ask = t.o, .seeds = &seed, .seed_count = 1, .words = words, .word_count = COUNT(words)
	};
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
}

static unsigned
nobodies(struct peer *dns)
{
	return tally_of(&dns->tally, "A nobody1." DOMAIN) + tally_of(&dns->tally, "A nobody2." DOMAIN) +
	       tally_of(&dns->tally, "A nobody3." DOMAIN);
}

static void
what_lies_between_two_hashes_is_not_asked(void **state)
{
	struct peer dns;
	struct discovery d;
	(void)state;
	iterations = 1;
	flags = 0;
	run(&dns, &d);
	assert_int_equal(nobodies(&dns), 0);
	assert_int_equal(d.hashed_absent, 3);
	assert_int_equal(d.hashed_there, 2); /* and needed no second question */
	assert_int_equal(tally_of(&dns.tally, "A a.b." DOMAIN), 1);
	assert_true(graph_has(&d.graph, graph_find(&d.graph, THING_NAME, STR("admin." DOMAIN)), FACT_ADDRESS));
	discovery_free(&d);
	peer_stop(&dns);
}

/* Delegations may lie in a gap; and a zone that asks for too much work is asked like any other. */
static void
what_proves_nothing_is_asked(void **state)
{
	struct peer dns;
	struct discovery d;
	(void)state;
	iterations = 1;
	flags = 1;
	run(&dns, &d);
	assert_int_equal(nobodies(&dns), 3);
	assert_int_equal(d.hashed_absent, 0);
	discovery_free(&d);
	peer_stop(&dns);
	iterations = 200;
	flags = 0;
	run(&dns, &d);
	assert_int_equal(nobodies(&dns), 3);
	discovery_free(&d);
	peer_stop(&dns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_hashed_as_the_standard_says),
		cmocka_unit_test(what_lies_between_two_hashes_is_not_asked),
		cmocka_unit_test(what_proves_nothing_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
