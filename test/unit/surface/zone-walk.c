/* Signed zones: what their NSEC records give away, and where they give nothing away. */
#include "surface/discover.h"

#include "ask_peers.h"

#define DOMAIN "yamamomo.jp"

/* One record of the question's name. */
static size_t
answer(const struct dns_message *q, struct str data, unsigned char *out)
{
	size_t len = dns_reply(out, q, 0, NULL, NULL);
	const unsigned char head[] = { 0xc0, 12, (unsigned char)(q->type >> 8),  (unsigned char)q->type, 0, 1, 0, 0,
				       0,    60, (unsigned char)(data.len >> 8), (unsigned char)data.len };
	out[7] = 1;
	memcpy(out + len, head, sizeof(head));
	memcpy(out + len + sizeof(head), data.ptr, data.len);
	return len + sizeof(head) + data.len;
}

struct link {
	const char *name, *next;
	unsigned type; /* one of its types below 256 */
};

static size_t
nsec(const struct dns_message *q, const char *next, unsigned type, unsigned char *out)
{
	struct dns_name name;
	BUF_AUTO data = { 0 };
	assert_true(dns_name_parse(str_of(next), &name, NULL));
	buf_add(&data, str_sub((const char *)name.wire, name.len));
	buf_add_char(&data, 0);
	buf_add_char(&data, (char)(type / 8 + 1));
	for (unsigned i = 0; i < type / 8; i++)
		buf_add_char(&data, 0);
	buf_add_char(&data, (char)(0x80 >> type % 8));
	return answer(q, buf_str(&data), out);
}

static size_t
chain(const struct link *links, size_t count, const struct dns_message *q, unsigned char *out)
{
	char name[DNS_NAME_TEXT];
	(void)dns_name_text(&q->name, name);
	for (size_t i = 0; q->type == DNS_NSEC && i < count; i++)
		if (strcmp(links[i].name, name) == 0)
			return nsec(q, links[i].next, links[i].type, out);
	return q->type == DNS_NSEC ? dns_reply(out, q, 0, NULL, NULL) : 0;
}

static size_t
open_zone(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	static const struct link links[] = {
		{ DOMAIN, "_dmarc." DOMAIN, DNS_SOA },        { "_dmarc." DOMAIN, "*.dev." DOMAIN, DNS_TXT },
		{ "*.dev." DOMAIN, "host-a." DOMAIN, DNS_A }, { "host-a." DOMAIN, "host-z." DOMAIN, DNS_A },
		{ "host-z." DOMAIN, DOMAIN, DNS_A },
	};
	(void)p;
	return chain(links, COUNT(links), q, out);
}

/* What lies between is made up for each question (RFC 4470). */
static size_t
white_lies(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	static const struct link links[] = { { DOMAIN, "\\000." DOMAIN, DNS_SOA } };
	(void)p;
	return chain(links, COUNT(links), q, out);
}

/* Its chain leads backwards, and for ever. */
static size_t
circle(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	static const struct link links[] = { { DOMAIN, "host-b." DOMAIN, DNS_SOA },
					     { "host-b." DOMAIN, "host-a." DOMAIN, DNS_A },
					     { "host-a." DOMAIN, "host-b." DOMAIN, DNS_A } };
	(void)p;
	return chain(links, COUNT(links), q, out);
}

/* It says that names of strangers follow. */
static size_t
outside(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	static const struct link links[] = { { DOMAIN, "host-a.stranger.jp", DNS_SOA } };
	(void)p;
	return chain(links, COUNT(links), q, out);
}

/* Below "host-d" is a zone of its own; "host-m" is known by a guess. */
static size_t
delegation(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	static const struct link links[] = { { DOMAIN, "host-d." DOMAIN, DNS_SOA },
					     { "host-d." DOMAIN, "host-d." DOMAIN, DNS_SOA },
					     { "host-m." DOMAIN, "host-q." DOMAIN, DNS_A },
					     { "host-q." DOMAIN, DOMAIN, DNS_A } };
	(void)p;
	return chain(links, COUNT(links), q, out);
}

static size_t
hashed(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	(void)p;
	if (q->type == DNS_NSEC3PARAM)
		return answer(q, STR("\1\0\0\1\3\xc0\xff\xee"), out);
	return q->type == DNS_NSEC ? dns_reply(out, q, 0, NULL, NULL) : 0;
}

/* The hosts, each with an address. */
static const char *
made(struct peer *p, struct str name)
{
	(void)p;
	return name.len == strlen("host-a." DOMAIN) && str_starts(name, STR("host-")) ? ADDRESS_TRUE : NULL;
}

static void
walk(struct peer *dns, struct discovery *d)
{
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	const struct str word = STR("host-m");
	struct trial t;
	struct err e = { 0 };
	dns->made = made;
	peer_start(dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = { .ask = t.o, .seeds = &seed, .seed_count = 1, .words = &word, .word_count = 1 };
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
	peer_stop(dns);
}

static const struct node *
host(const struct discovery *d, const char *name)
{
	return graph_find(&d->graph, THING_NAME, str_of(name));
}

static bool
is_signed(const struct discovery *d, const char *how)
{
	size_t i = 0;
	const struct edge *e = graph_out(&d->graph, host(d, DOMAIN), FACT_SIGNED, &i);
	return how ? e && str_eq(e->text, str_of(how)) : !e;
}

static void
a_zone_that_names_all_is_walked(void **state)
{
	struct peer dns = { .whole = open_zone };
	struct discovery d;
	(void)state;
	walk(&dns, &d);
	assert_int_equal(d.walked, 4);
	assert_true(is_signed(&d, "nsec"));
	const struct node *z = host(&d, "host-z." DOMAIN);
	assert_non_null(z);
	assert_int_equal(z->own, OWN_APPROVED);
	assert_true(graph_has(&d.graph, z, FACT_ADDRESS));
	assert_non_null(host(&d, "host-a." DOMAIN));
	assert_null(host(&d, "_dmarc." DOMAIN));
	assert_true(graph_has(&d.graph, host(&d, "dev." DOMAIN), FACT_WILDCARD));
	discovery_free(&d);
}

static void
what_is_made_up_is_left(void **state)
{
	static const struct {
		size_t (*whole)(struct peer *p, const struct dns_message *q, unsigned char *out);
		unsigned walked;
		const char *how;
	} cases[] = { { white_lies, 0, "nsec, minimal" }, { circle, 1, "nsec" }, { outside, 0, "nsec" } };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer dns = { .whole = cases[i].whole };
		struct discovery d;
		walk(&dns, &d);
		assert_int_equal(d.walked, cases[i].walked);
		assert_true(is_signed(&d, cases[i].how));
		assert_null(host(&d, "host-a.stranger.jp"));
		discovery_free(&d);
	}
}

static void
a_chain_is_taken_up_behind_a_zone_below(void **state)
{
	struct peer dns = { .whole = delegation };
	struct discovery d;
	(void)state;
	walk(&dns, &d);
	assert_non_null(host(&d, "host-d." DOMAIN));
	assert_non_null(host(&d, "host-q." DOMAIN));
	assert_int_equal(d.walked, 2);
	discovery_free(&d);
}

static void
hashes_are_noticed(void **state)
{
	struct peer dns = { .whole = hashed }, plain = { 0 };
	struct discovery d;
	(void)state;
	walk(&dns, &d);
	assert_int_equal(d.walked, 0);
	assert_true(is_signed(&d, "nsec3, 1 iterations, salt c0ffee"));
	discovery_free(&d);
	walk(&plain, &d);
	assert_true(is_signed(&d, NULL));
	discovery_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_that_names_all_is_walked),
		cmocka_unit_test(what_is_made_up_is_left),
		cmocka_unit_test(a_chain_is_taken_up_behind_a_zone_below),
		cmocka_unit_test(hashes_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
