#include "relay/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
	struct arena a;
	struct allowlist list;
};

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	static const char *const allowed[] = { "http://deb.example.org/debian", "https://sec.example.org:8443/",
					       "http://free.example.org/pub,unverified",
					       "https://deb.example.org/other" };
	for (size_t i = 0; i < COUNT(allowed); i++)
		assert_true(allow_add(&f->list, &f->a, str_of(allowed[i]), NULL));
	assert_true(allow_add_file(&f->list, &f->a, STR("https://VENDOR.example.org:443/dl/setup%2Emsi")));
	assert_true(allow_add_file(&f->list, &f->a, STR("http://vendor.example.org:8080/get?file=7")));
	assert_true(allow_add_tunnel(&f->list, &f->a, STR("server.example.org:8444"), NULL));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	arena_free(&f->a);
	free(f);
	return 0;
}

/* Feeds a request and finds its target. */
static void
find(struct fixture *f, const char *text, struct target *t)
{
	struct request r = { .head_max = 16384, .body_max = 0, .proxy = true };
	request_feed(&r, str_of(text));
	assert_int_equal(r.state, REQUEST_DONE);
	target_find(&f->list, &r, t);
	request_free(&r);
}

static void
finds_files_in_one_form(void **state)
{
	static const struct {
		const char *request, *url;
	} rows[] = {
		{ "GET /o/deb.example.org/debian/a HTTP/1.0\r\n\r\n", "http://deb.example.org/debian/a" },
		{ "GET /o/DEB.Example.org:80/debian/a HTTP/1.0\r\n\r\n", "http://deb.example.org/debian/a" },
		{ "GET /o/deb.example.org/debian/x%7ey+z%2B1 HTTP/1.0\r\n\r\n",
		  "http://deb.example.org/debian/x~y%2Bz%2B1" },
		{ "GET /o/deb.example.org/other/a HTTP/1.0\r\n\r\n", "https://deb.example.org/other/a" },
		{ "HEAD /o/sec.example.org:8443/a/b HTTP/1.0\r\n\r\n", "https://sec.example.org:8443/a/b" },
		{ "GET /o/vendor.example.org/dl/setup.msi HTTP/1.0\r\n\r\n",
		  "https://vendor.example.org/dl/setup.msi" },
		{ "GET http://vendor.example.org/dl/setup.msi HTTP/1.1\r\nHost: vendor.example.org\r\n\r\n",
		  "https://vendor.example.org/dl/setup.msi" },
		{ "GET /o/vendor.example.org:8080/get?file=7 HTTP/1.0\r\n\r\n",
		  "http://vendor.example.org:8080/get?file=7" },
		{ "GET /o/free.example.org/pub/list?arch=x&b=1 HTTP/1.0\r\n\r\n",
		  "http://free.example.org/pub/list?arch=x&b=1" },
		{ "GET http://deb.example.org/debian/a HTTP/1.1\r\nHost: deb.example.org\r\n\r\n",
		  "http://deb.example.org/debian/a" },
		{ "GET http://deb.example.org/debian/a HTTP/1.1\r\nHost: DEB.example.org\r\n\r\n",
		  "http://deb.example.org/debian/a" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target t = { 0 };
		find(*state, rows[i].request, &t);
		assert_int_equal(t.kind, TARGET_FILE);
		assert_string_equal(buf_cstr(&t.url), rows[i].url);
		target_free(&t);
	}
}

static void
refuses_what_is_not_on_the_list(void **state)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ "GET /o/evil.example.org/debian/a HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/deb.example.org/debianx/a HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/deb.example.org/debian HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/vendor.example.org/dl/ HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/vendor.example.org/dl/setup.ms HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/vendor.example.org/dl/setup.msi2 HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/vendor.example.org/dl/setup.msi/x HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/vendor.example.org:8443/dl/setup.msi HTTP/1.0\r\n\r\n", 403 },
		{ "CONNECT vendor.example.org:443 HTTP/1.0\r\n\r\n", 403 },
		{ "CONNECT vendor.example.org:8080 HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/deb.example.org/ HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/deb.example.org:8080/debian/a HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/sec.example.org/a HTTP/1.0\r\n\r\n", 403 },
		{ "GET /o/deb.example.org/debian/../x HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/%2e%2e/x HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/.%2E/x HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/a%2fb HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/a%5cb HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/a%00 HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/%252e%252e/x HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/%g0 HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org/debian/%2 HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/me:pw@deb.example.org/debian/a HTTP/1.0\r\n\r\n", 400 },
		{ "GET /o/deb.example.org:/debian/a HTTP/1.0\r\n\r\n", 400 },
		{ "GET http://deb.example.org/debian/a HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", 400 },
		{ "GET http://me@deb.example.org/debian/a HTTP/1.1\r\nHost: me@deb.example.org\r\n\r\n", 400 },
		{ "GET https://deb.example.org/debian/a HTTP/1.1\r\nHost: deb.example.org\r\n\r\n", 403 },
		{ "POST /o/deb.example.org/debian/a HTTP/1.0\r\n\r\n", 405 },
		{ "GET /etc/passwd HTTP/1.0\r\n\r\n", 404 },
		{ "GET /o/deb.example.org HTTP/1.0\r\n\r\n", 404 },
		{ "CONNECT deb.example.org:80 HTTP/1.0\r\n\r\n", 403 },
		{ "CONNECT evil.example.org:443 HTTP/1.0\r\n\r\n", 403 },
		{ "CONNECT server.example.org:22 HTTP/1.0\r\n\r\n", 403 },
		{ "CONNECT server.example.org HTTP/1.0\r\n\r\n", 400 },
		{ "CONNECT /o/deb.example.org/debian/a HTTP/1.0\r\n\r\n", 400 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target t = { 0 };
		find(*state, rows[i].request, &t);
		if (t.kind != TARGET_REFUSED || t.status != rows[i].status)
			fail_msg("%s: kind %d, status %d", rows[i].request, (int)t.kind, t.status);
		assert_non_null(t.why);
		target_free(&t);
	}
}

static void
finds_tunnels_and_own_pages(void **state)
{
	static const struct {
		const char *request, *to;
	} rows[] = {
		{ "CONNECT server.example.org:8444 HTTP/1.0\r\n\r\n", "server.example.org:8444" },
		{ "CONNECT deb.example.org:443 HTTP/1.0\r\n\r\n", "deb.example.org:443" },
		{ "CONNECT SEC.example.org:8443 HTTP/1.0\r\n\r\n", "sec.example.org:8443" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target t = { 0 };
		find(*state, rows[i].request, &t);
		assert_int_equal(t.kind, TARGET_TUNNEL);
		assert_string_equal(buf_cstr(&t.url), rows[i].to);
		target_free(&t);
	}
	struct target own = { 0 };
	find(*state, "PUT /relay/v1/letters/h HTTP/1.0\r\n\r\n", &own);
	assert_int_equal(own.kind, TARGET_OWN);
	/* As a proxy for another server, the relay's own pages are no pages. */
	find(*state, "GET http://x.example/relay/v1/health HTTP/1.1\r\nHost: x.example\r\n\r\n", &own);
	assert_int_equal(own.kind, TARGET_REFUSED);
	target_free(&own);
}

static void
lists_are_strict(void **state)
{
	static const char *const bad[] = { "deb.example.org/x", "ftp://a/b",    "http://",        "http://u:p@h/x",
					   "http://h/x?y",      "http://h/x#y", "http://h/../x",  "http://h/x,verified",
					   "http://h/x,",       "http://h:0/",  "http://h:99999/" };
	struct fixture *f = *state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = { 0 };
		if (allow_add(&f->list, &f->a, str_of(bad[i]), &e))
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(e.code, ERR_USAGE);
	}
	static const char *const no_file[] = { "vendor.example.org/x", "ftp://h/x", "https://u:p@h/x", "https://h/../x",
					       "https://h/x#y" };
	size_t named = f->list.named.count;
	for (size_t i = 0; i < COUNT(no_file); i++)
		assert_false(allow_add_file(&f->list, &f->a, str_of(no_file[i])));
	assert_int_equal(f->list.named.count, named);
	assert_false(f->list.origins.items[0].unverified);
	assert_true(f->list.origins.items[2].unverified);
	size_t before = f->list.origins.count;
	assert_true(allow_add(&f->list, &f->a, STR("http://DEB.example.org:80/debian/"), NULL));
	assert_int_equal(f->list.origins.count, before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_files_in_one_form, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_on_the_list, setup, teardown),
		cmocka_unit_test_setup_teardown(finds_tunnels_and_own_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_strict, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
