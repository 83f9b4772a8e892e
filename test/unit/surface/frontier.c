/* What is asked where names lead to nothing: who was to serve them, and whether anybody may register that. */
#include "surface/discover.h"

#include "ask_peers.h"

#define DOMAIN "unit-seiki.co.jp"

static const char *
made(struct peer *p, struct str name)
{
	(void)p;
	return str_eq(name, STR(DOMAIN)) ? ADDRESS_TRUE : NULL;
}

static bool
is_name(const struct dns_message *q, const char *name)
{
	char text[DNS_NAME_TEXT];
	(void)dns_name_text(&q->name, text);
	return strcmp(text, name) == 0;
}

static size_t
name_server(const struct dns_message *q, const char *server, unsigned char *out)
{
	struct dns_name name;
	size_t len = dns_reply(out, q, 0, NULL, NULL);
	assert_true(dns_name_parse(str_of(server), &name, NULL));
	const unsigned char head[] = { 0xc0, 12, 0, DNS_NS, 0, 1, 0, 0, 0, 60, 0, (unsigned char)name.len };
	out[7] = 1;
	memcpy(out + len, head, sizeof(head));
	memcpy(out + len + sizeof(head), name.wire, name.len);
	return len + sizeof(head) + name.len;
}

/* "lab" was given to servers of which none answers for it. */
static size_t
given_away(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	(void)p;
	if (!is_name(q, "lab." DOMAIN))
		return 0;
	return q->type == DNS_NS ? name_server(q, "ns1.gone-provider.com", out)
				 : dns_reply(out, q, DNS_SERVFAIL, NULL, NULL);
}

/* The same at a place of a service's customer, which no registry knows. */
static size_t
given_to_a_customer(struct peer *p, const struct dns_message *q, unsigned char *out)
{
	(void)p;
	if (!is_name(q, "lab." DOMAIN))
		return 0;
	return q->type == DNS_NS ? name_server(q, "ns1.gone.github.io", out)
				 : dns_reply(out, q, DNS_SERVFAIL, NULL, NULL);
}

static void
run(struct peer *dns, size_t (*whole)(struct peer *p, const struct dns_message *q, unsigned char *out),
    struct discovery *d)
{
	struct peer *const peers[] = { dns };
	const struct own_seed seed = { .is = THING_DOMAIN, .name = STR(DOMAIN) };
	const struct discover_file file = { .service = SERVICE_CRTSH,
					    .what = STR("domain " DOMAIN),
					    .body = STR("[{\"id\":1,\"serial_number\":\"01\",\"issuer_name\":\"CN=CA\","
							"\"name_value\":\"lab." DOMAIN "\"}]") };
	struct trial t;
	struct err e = { 0 };
	dns->made = made;
	dns->whole = whole;
	peer_start(dns);
	trial_init(&t);
	trial_resolvers(&t, peers, 1);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_DNS;
	struct discover_options o = { .ask = t.o, .seeds = &seed, .seed_count = 1, .files = &file, .file_count = 1 };
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
	peer_stop(dns);
}

static void
a_zone_that_nobody_serves_is_looked_into(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, given_away, &d);
	const struct node *lab = graph_find(&d.graph, THING_NAME, STR("lab." DOMAIN));
	const struct node *provider = graph_find(&d.graph, THING_DOMAIN, STR("gone-provider.com"));
	assert_non_null(lab);
	assert_non_null(provider);
	assert_true(graph_has(&d.graph, lab, FACT_NAME_SERVER));
	assert_true(graph_has(&d.graph, lab, FACT_UNKNOWN));
	/* DNS itself says that the provider's domain is none: the proof beside the registry's word. */
	assert_true(graph_has(&d.graph, provider, FACT_ABSENT));
	assert_int_equal(d.coverage[SERVICE_RDAP].put, 3);
	discovery_free(&d);
}

static void
a_customers_name_is_in_no_registry(void **state)
{
	struct peer dns = { 0 };
	struct discovery d;
	(void)state;
	run(&dns, given_to_a_customer, &d);
	const struct node *place = graph_find(&d.graph, THING_DOMAIN, STR("gone.github.io"));
	assert_non_null(place);
	assert_false(graph_has(&d.graph, place, FACT_ABSENT));
	assert_int_equal(d.coverage[SERVICE_RDAP].put, 2); /* of the seed and its address */
	discovery_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_that_nobody_serves_is_looked_into),
		cmocka_unit_test(a_customers_name_is_in_no_registry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
