#include "server/endpoint.h"

#include "world.h"

static void
addresses_to_listen_on(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} good[] = {
		{ "127.0.0.1:8443", "127.0.0.1", 8443 },
		{ "[::1]:8443", "::1", 8443 },
		{ "0.0.0.0:0", "0.0.0.0", 0 },
	};
	static const char *const bad[] = { "",          ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
					   "name:8443", "::1]:1" };
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct endpoint p;
	for (size_t i = 0; i < COUNT(good); i++) {
		ok(endpoint_parse(&a, str_of(good[i].text), &p, &e));
		assert_true(str_eq(p.host, str_of(good[i].host)));
		assert_int_equal(p.port, good[i].port);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (endpoint_parse(&a, str_of(bad[i]), &p, &e))
			fail_msg("accepted: %s", bad[i]);
	assert_true(str_eq(endpoint_url(&a, STR("::1"), 8443), STR("https://[::1]:8443")));
}

static void
hosts_of_headers(void **state)
{
	assert_true(str_eq(host_of_header(STR("mamori.example:8443")), STR("mamori.example")));
	assert_true(str_eq(host_of_header(STR("mamori.example")), STR("mamori.example")));
	assert_true(str_eq(host_of_header(STR("[fd00::1]:8443")), STR("fd00::1")));
	assert_true(origin_is(STR("https://Mamori.example:8443"), STR("mamori.example:8443")));
	assert_false(origin_is(STR("https://mamori.example:9443"), STR("mamori.example:8443")));
	assert_false(origin_is(STR("https://mamori.example"), STR("mamori.example:8443")));
	assert_false(origin_is(STR("null"), STR("mamori.example")));
	assert_false(origin_is(STR("http://mamori.example"), STR("mamori.example")));
	assert_false(origin_is(STR("https://"), STR("")));
	assert_false(host_is_address(STR("mamori.example")));
	assert_true(host_is_address(STR("fd00::1")));
}

/* The certificate covers every name that links and tokens carry. */
static void
the_certificate_fits_the_names(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct str urls[4];
	bool renewed;
	BUF_AUTO pem = { 0 };
	BUF_AUTO key = { 0 };
	ok(app_certificate(&w->app, &pem, &key, &renewed, &e));
	assert_false(renewed); /* init made it */
	ok(app_set_endpoints(&w->app, w->st, "mamori.hospital.example", "192.0.2.1:8443", "192.0.2.1:8444", &e));
	buf_truncate(&pem, 0);
	ok(app_certificate(&w->app, &pem, &key, &renewed, &e));
	assert_true(renewed);
	ok(app_certificate(&w->app, &pem, &key, &renewed, &e));
	assert_false(renewed);
	w->now += 370 * INT64_C(86400000); /* less than 30 days are left */
	ok(app_certificate(&w->app, &pem, &key, &renewed, &e));
	assert_true(renewed);
	assert_int_equal(app_urls(&w->app, &w->arena, urls, 4), 2);
	assert_true(str_eq(urls[0], STR("https://mamori.hospital.example:8443")));
	assert_true(str_eq(urls[1], STR("https://192.0.2.1:8443")));
	assert_true(app_knows_host(&w->app, STR("MAMORI.hospital.example")));
	assert_false(app_knows_host(&w->app, STR("evil.example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_to_listen_on),
		cmocka_unit_test(hosts_of_headers),
		TEST(the_certificate_fits_the_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
