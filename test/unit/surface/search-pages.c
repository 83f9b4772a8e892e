/* Searches with more than one page: read on within a limit, and what is left is told. */
#include "surface/discover.h"

#include "ask_peers.h"

#include <stdio.h>

#define OWNER "Unit Seiki K.K."
enum { PAGE = 100 };

static _Atomic unsigned hosts; /* that a search finds */

/* "…page=3…" */
static unsigned
number_of(struct str request, const char *key, unsigned none)
{
	ptrdiff_t at = str_find(request, str_of(key));
	unsigned n = 0;
	for (size_t i = at < 0 ? request.len : (size_t)at + strlen(key); i < request.len; i++) {
		if (request.ptr[i] < '0' || request.ptr[i] > '9')
			break;
		n = n * 10 + (unsigned)(request.ptr[i] - '0');
	}
	return at < 0 ? none : n;
}

static void
shodan(struct str request, struct buf *body)
{
	unsigned page = number_of(request, "&page=", 1);
	buf_addf(body, "{\"total\":%u,\"matches\":[", hosts);
	for (unsigned i = (page - 1) * PAGE; i < hosts && i < page * PAGE; i++)
		buf_addf(body, "%s{\"ip_str\":\"198.51.%u.%u\",\"port\":443,\"transport\":\"tcp\"}",
			 i % PAGE ? "," : "", i / 200, 1 + i % 200);
	buf_add(body, STR("]}"));
}

static void
censys(struct str request, struct buf *body)
{
	unsigned from = number_of(request, "&cursor=c", 0);
	buf_add(body, STR("{\"result\":{\"hits\":["));
	for (unsigned i = from; i < hosts && i < from + PAGE; i++)
		buf_addf(body, "%s{\"ip\":\"203.0.%u.%u\"}", i > from ? "," : "", i / 200, 1 + i % 200);
	buf_add(body, STR("],\"links\":{"));
	if (from + PAGE < hosts)
		buf_addf(body, "\"next\":\"c%u\"", from + PAGE);
	buf_add(body, STR("}}}"));
}

static void
reply(struct peer *p, struct str request, struct buf *out)
{
	BUF_AUTO body = { 0 };
	(void)p;
	if (str_starts(request, STR("GET /shodan/shodan/host/search")))
		shodan(request, &body);
	else if (str_starts(request, STR("GET /censys/v2/hosts/search")))
		censys(request, &body);
	else
		buf_add(&body, STR("{}"));
	http_answer(out, 200, "", buf_str(&body));
}

/* A page that promises more for ever, and brings nothing. */
static void
promises(struct peer *p, struct str request, struct buf *out)
{
	(void)p;
	http_answer(out, 200, "",
		    str_starts(request, STR("GET /shodan")) ? STR("{\"total\":100000,\"matches\":[]}")
							    : STR("{\"result\":{\"hits\":[{\"ip\":\"203.0.113.1\"}],"
								  "\"links\":{\"next\":\"a b\\r\\nX: y\"}}}"));
}

static void
run(peer_reply_fn *answers, unsigned pages, struct peer *web, struct discovery *d)
{
	static char shodan_at[64], censys_at[64];
	const struct own_seed seed = { .is = THING_ORGANISATION, .name = STR(OWNER) };
	struct trial t;
	struct err e = { 0 };
	*web = (struct peer){ .reply = answers, .http = true };
	peer_start(web);
	trial_init(&t);
	snprintf(shodan_at, sizeof(shodan_at), "http://%s/shodan", web->at);
	snprintf(censys_at, sizeof(censys_at), "http://%s/censys", web->at);
	t.sources.shodan = str_of(shodan_at);
	t.sources.censys = str_of(censys_at);
	t.o.shodan_key = t.o.censys_key = STR("key");
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_SHODAN && s != SERVICE_CENSYS;
	struct discover_options o = { .ask = t.o, .seeds = &seed, .seed_count = 1, .search_pages = pages };
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
	peer_stop(web);
}

static unsigned
addresses(const struct discovery *d, const char *begin)
{
	unsigned n = 0;
	for (size_t i = 0; i < d->graph.count; i++)
		n += d->graph.nodes[i]->is == THING_ADDRESS && str_starts(d->graph.nodes[i]->name, str_of(begin));
	return n;
}

static void
all_pages_of_a_search_are_read(void **state)
{
	struct peer web;
	struct discovery d;
	(void)state;
	hosts = 350;
	run(reply, 0, &web, &d);
	assert_int_equal(addresses(&d, "198.51."), 350);
	assert_int_equal(d.coverage[SERVICE_SHODAN].asked, 4);
	assert_int_equal(d.coverage[SERVICE_CENSYS].asked, 4);
	assert_int_equal(d.searches_cut, 0);
	discovery_free(&d);
}

static void
a_limit_ends_a_search_and_is_told(void **state)
{
	struct peer web;
	struct discovery d;
	(void)state;
	hosts = 350;
	run(reply, 2, &web, &d);
	assert_int_equal(addresses(&d, "198.51."), 200);
	assert_int_equal(d.coverage[SERVICE_SHODAN].asked, 2);
	assert_int_equal(d.coverage[SERVICE_CENSYS].asked, 2);
	assert_int_equal(d.searches_cut, 2);
	discovery_free(&d);
}

static void
a_page_that_brings_nothing_is_the_last(void **state)
{
	struct peer web;
	struct discovery d;
	(void)state;
	run(promises, 0, &web, &d);
	assert_int_equal(d.coverage[SERVICE_SHODAN].asked, 1);
	assert_int_equal(d.coverage[SERVICE_CENSYS].asked, 1);
	discovery_free(&d);
}

/* ---- a registry that is searched ---- */

#define RESULT(name) "{\"objectClassName\":\"domain\",\"ldhName\":\"" name "\"}"
#define OF_HANDLE "GET /r/domains/reverse_search/entity?handle=US-1&role=registrant"

static void
registry(struct peer *p, struct str request, struct buf *out)
{
	(void)p;
	if (str_starts(request, STR("GET /r/entities?fn=Unit%20Seiki%20K.K. ")))
		http_answer(out, 200, "",
			    STR("{\"entitySearchResults\":[{\"objectClassName\":\"entity\",\"handle\":\"US-1\","
				"\"vcardArray\":["
				"\"vcard\",[[\"org\",{},\"text\",\"Unit Seiki Co., Ltd.\"]]]},"
				"{\"objectClassName\":\"entity\",\"handle\":\"XX-2\",\"vcardArray\":[\"vcard\",[["
				"\"org\",{},\"text\",\"Unit Foods K.K.\"]]]}]}"));
	else if (str_starts(request, STR(OF_HANDLE "&cursor=n2%3D ")))
		http_answer(out, 200, "", STR("{\"domainSearchResults\":[" RESULT("unit-seiki.net") "]}"));
	else if (str_starts(request, STR(OF_HANDLE " ")))
		http_answer(
			out, 200, "",
			STR("{\"domainSearchResults\":[" RESULT("unitseiki.com") "],\"paging_metadata\":{\"links\":[{"
										 "\"rel\":\"next\",\"href\":\"http://x/"
										 "r?handle=US-1&cursor=n2%3D\"}]}}"));
	else if (str_starts(request, STR("GET /r/domains?nsLdhName=ns1.unitseiki.jp ")))
		http_answer(out, 200, "", STR("{\"domainSearchResults\":[" RESULT("unit-ns.org") "]}"));
	else if (str_contains(request, STR("/reverse_search/entity?fn=")))
		http_answer(out, 501, "", STR(""));
	else
		http_answer(out, 404, "", STR("{\"errorCode\":404}"));
}

static void
search(const char *at, struct discovery *d)
{
	static const struct own_seed seeds[] = { { .is = THING_ORGANISATION, .name = STR(OWNER) },
						 { .is = THING_DOMAIN, .name = STR("unitseiki.jp") } };
	const struct discover_file zone = { .service = SERVICE_RDAP,
					    .what = STR("domain unitseiki.jp"),
					    .body = STR("{\"objectClassName\":\"domain\",\"ldhName\":\"unitseiki.jp\","
							"\"nameservers\":[{\"ldhName\":\"ns1.unitseiki.jp\"}]}") };
	struct trial t;
	struct err e = { 0 };
	trial_init(&t);
	t.sources.rdap_search = str_of(at);
	for (unsigned s = 0; s < SERVICES; s++)
		t.sources.disabled[s] = s != SERVICE_RDAP_SEARCH;
	struct discover_options o = {
		.ask = t.o, .seeds = seeds, .seed_count = COUNT(seeds), .files = &zone, .file_count = 1
	};
	if (!discover(&o, d, &e))
		fail_msg("%s", e.text);
	trial_end(&t);
}

/* From the name to the registry's handle of it, and from there to its domains; a stranger's handle is not followed. */
static void
a_registry_leads_from_a_name_to_domains(void **state)
{
	static const char *const found[] = { "unitseiki.com", "unit-seiki.net", "unit-ns.org" };
	char at[64];
	struct peer web = { .reply = registry, .http = true };
	struct discovery d;
	(void)state;
	peer_start(&web);
	snprintf(at, sizeof(at), "http://%s/r/", web.at);
	search(at, &d);
	for (size_t i = 0; i < COUNT(found); i++) {
		const struct node *n = graph_find(&d.graph, THING_DOMAIN, str_of(found[i]));
		assert_non_null(n);
		assert_int_not_equal(n->own, OWN_APPROVED); /* a sign, and no proof */
	}
	/* entity, registrant, handle twice, server; nobody asks about XX-2, and what is not offered is not asked again */
	const struct coverage *c = &d.coverage[SERVICE_RDAP_SEARCH];
	assert_int_equal(c->put, 5);
	assert_int_equal(c->asked, 5);
	assert_int_equal(c->failed, 1);
	assert_true(str_contains(c->last_failure, STR("does not offer this search (501)")));
	discovery_free(&d);
	peer_stop(&web);
}

/* No list says who allows it. */
static void
no_registry_is_searched_that_nobody_named(void **state)
{
	struct discovery d;
	(void)state;
	search("", &d);
	assert_int_equal(d.coverage[SERVICE_RDAP_SEARCH].put, 0);
	discovery_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pages_of_a_search_are_read),
		cmocka_unit_test(a_limit_ends_a_search_and_is_told),
		cmocka_unit_test(a_page_that_brings_nothing_is_the_last),
		cmocka_unit_test(a_registry_leads_from_a_name_to_domains),
		cmocka_unit_test(no_registry_is_searched_that_nobody_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
