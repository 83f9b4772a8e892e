/* The client: whom it trusts, and what it says when something is wrong. */
#include "fixture.h"

#include "base/log.h"
#include "os/file.h"

enum { WITH_CLIENT, OPEN, PLAIN, EXPIRED };

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	int64_t now = clock_now(&clock_system);
	BUF_AUTO expired = { 0 };
	BUF_AUTO expired_key = { 0 };
	*state = f;
	pki_make(&f->pki);
	log_set_level(LOG_LEVEL_ERROR);
	pki_issue(&f->pki, "server", true, now - 2 * DAY_MS, now - DAY_MS, &expired, &expired_key);
	struct http_listener listeners[] = {
		[WITH_CLIENT] = listener_tls(f, true),
		[OPEN] = listener_tls(f, false),
		[PLAIN] = { .address = "127.0.0.1:0" },
		[EXPIRED] = listener_tls(f, false),
	};
	listeners[EXPIRED].certificate_pem = buf_str(&expired);
	listeners[EXPIRED].key_pem = buf_str(&expired_key);
	fixture_start(f, listeners, COUNT(listeners));
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	fixture_stop(f);
	pki_free(&f->pki);
	free(f);
	return 0;
}

/* The request fails with this code, and the sentence holds these words. */
static void
assert_fails(const struct http_client_options *o, const char *method, const char *url, struct str body,
	     enum err_code code, const char *words)
{
	struct err e = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	assert_false(ask(o, method, url, body, &r, &e));
	if (e.code != code || !strstr(e.text, words))
		print_error("%s: %s\n", url, e.text);
	assert_int_equal(e.code, code);
	assert_non_null(strstr(e.text, words));
	assert_int_equal(r.status, 0);
}

static void
server_of_another_authority_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pki other = { 0 };
	char url[128];
	pki_make(&other);
	const struct http_client_options foreign = { .ca_pem = buf_str(&other.ca) }, system = { 0 },
					 ours = { .ca_pem = buf_str(&f->pki.ca) };
	assert_fails(&foreign, "GET", url_of(f, OPEN, "/", url), STR(""), ERR_REFUSED, "another authority");
	assert_fails(&system, "GET", url, STR(""), ERR_REFUSED, "another authority");
	snprintf(url, sizeof(url), "https://127.0.0.2:%u/", http_server_port(f->server, OPEN));
	/* Only 127.0.0.1 is listened on. */
	assert_fails(&ours, "GET", url, STR(""), ERR_UNREACHABLE, "refused the connection");
	assert_fails(&ours, "GET", url_of(f, EXPIRED, "/", url), STR(""), ERR_REFUSED, "has expired");
	pki_free(&other);
}

static void
wrong_name_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char url[128], digest[SHA256_HEX_LEN];
	BUF_AUTO pem = { 0 };
	BUF_AUTO key = { 0 };
	KEY_AUTO k = NULL;
	int64_t now = clock_now(&clock_system);
	static const char *const names[] = { "elsewhere.example", NULL };
	const struct cert_request r = { .common_name = STR("127.0.0.1"),
					.names = names,
					.server = true,
					.not_before = now - MINUTE_MS,
					.not_after = now + DAY_MS };
	assert_true(key_generate(&k, &e) && key_to_pem(k, &key, &e));
	assert_true(cert_issue(f->pki.ca_key, buf_str(&f->pki.ca), k, &r, &pem, &e));
	buf_add(&pem, buf_str(&f->pki.ca));
	assert_true(http_server_set_certificate(f->server, OPEN, buf_str(&pem), buf_str(&key), &e));
	assert_true(cert_key_digest(buf_str(&f->pki.ca), digest, &e));
	const struct http_client_options by_ca = { .ca_pem = buf_str(&f->pki.ca) },
					 by_digest = { .ca_key_digest = digest };
	assert_fails(&by_ca, "GET", url_of(f, OPEN, "/", url), STR(""), ERR_REFUSED, "another name");
	assert_fails(&by_digest, "GET", url, STR(""), ERR_REFUSED, "another name");
}

static void
pinned_key_gives_the_authority_back(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char url[128], digest[SHA256_HEX_LEN];
	HTTP_RESPONSE_AUTO r = { 0 };
	assert_true(cert_key_digest(buf_str(&f->pki.ca), digest, &e));
	const struct http_client_options right = { .ca_key_digest = digest };
	assert_true(ask(&right, "POST", url_of(f, OPEN, "/echo", url), STR("token"), &r, &e));
	assert_true(str_eq(buf_str(&r.ca_pem), buf_str(&f->pki.ca)));
	digest[0] = digest[0] == 'a' ? 'b' : 'a';
	assert_fails(&right, "POST", url, STR("token"), ERR_REFUSED, "another authority");
	const struct http_client_options cut = { .ca_key_digest = "abcd" };
	assert_fails(&cut, "GET", url, STR(""), ERR_INPUT, "SHA-256");
}

/* Someone in the middle shows the real authority beside a certificate of his own. */
static void
pinned_key_must_have_signed_the_server(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char url[128], digest[SHA256_HEX_LEN];
	struct pki evil = { 0 };
	BUF_AUTO chain = { 0 };
	BUF_AUTO client_chain = { 0 };
	pki_make(&evil);
	assert_true(cert_key_digest(buf_str(&f->pki.ca), digest, &e));
	const struct http_client_options o = { .ca_key_digest = digest };
	buf_add(&chain, buf_str(&evil.server));
	buf_add(&chain, buf_str(&f->pki.ca));
	assert_true(http_server_set_certificate(f->server, OPEN, buf_str(&chain), buf_str(&evil.server_key), &e));
	assert_fails(&o, "POST", url_of(f, OPEN, "/echo", url), STR("token"), ERR_REFUSED, "another authority");
	/* A host of the same authority is no server. */
	buf_add(&client_chain, buf_str(&f->pki.client));
	buf_add(&client_chain, buf_str(&f->pki.ca));
	assert_true(
		http_server_set_certificate(f->server, OPEN, buf_str(&client_chain), buf_str(&f->pki.client_key), &e));
	assert_fails(&o, "POST", url, STR("token"), ERR_REFUSED, "is refused");
	pki_free(&evil);
}

static void
server_refuses_our_certificate(void **state)
{
	struct fixture *f = *state;
	char url[128];
	int64_t now = clock_now(&clock_system);
	struct pki other = { 0 };
	BUF_AUTO expired = { 0 };
	BUF_AUTO expired_key = { 0 };
	BUF_AUTO large = { 0 };
	pki_make(&other);
	pki_issue(&f->pki, "h-2", false, now - 2 * DAY_MS, now - DAY_MS, &expired, &expired_key);
	memset(buf_reserve(&large, 900000), 'x', 900000);
	large.len = 900000;
	const struct http_client_options none = { .ca_pem = buf_str(&f->pki.ca) },
					 foreign = { .ca_pem = buf_str(&f->pki.ca),
						     .certificate_pem = buf_str(&other.client),
						     .key_pem = buf_str(&other.client_key) },
					 late = { .ca_pem = buf_str(&f->pki.ca),
						  .certificate_pem = buf_str(&expired),
						  .key_pem = buf_str(&expired_key) },
					 server = { .ca_pem = buf_str(&f->pki.ca),
						    .certificate_pem = buf_str(&f->pki.server),
						    .key_pem = buf_str(&f->pki.server_key) };
	const struct str bodies[] = { STR(""), STR("{}"), buf_str(&large) };
	url_of(f, WITH_CLIENT, "/who", url);
	for (size_t i = 0; i < COUNT(bodies); i++) {
		assert_fails(&none, "POST", url, bodies[i], ERR_REFUSED, "enrol it first");
		assert_fails(&foreign, "POST", url, bodies[i], ERR_REFUSED, "another server issued it");
		assert_fails(&late, "POST", url, bodies[i], ERR_REFUSED, "has expired");
		assert_fails(&server, "POST", url, bodies[i], ERR_REFUSED, "refused this machine's certificate");
	}
	assert_int_equal(atomic_load(&f->seen), 0);
	pki_free(&other);
}

static void
unusable_own_certificate_is_said(void **state)
{
	struct fixture *f = *state;
	char url[128];
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca),
					       .certificate_pem = buf_str(&f->pki.client),
					       .key_pem = buf_str(&f->pki.server_key) };
	assert_fails(&o, "GET", url_of(f, WITH_CLIENT, "/", url), STR(""), ERR_INPUT, "own certificate or key");
}

static void
unreachable_in_plain_words(void **state)
{
	struct fixture *f = *state;
	char url[128];
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca), .proxy = "", .timeout_s = 1 };
	/* A label of 64 letters is no name, which the resolver says without a network. */
	assert_fails(&o, "GET", "https://aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd.invalid/",
		     STR(""), ERR_UNREACHABLE, "not found");
	assert_fails(&o, "GET", "https://127.0.0.1:1/", STR(""), ERR_UNREACHABLE, "refused the connection");
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", http_server_port(f->server, PLAIN));
	assert_fails(&o, "GET", url, STR(""), ERR_UNREACHABLE, "speak https");
	assert_fails(&o, "GET", url_of(f, OPEN, "/held", url), STR(""), ERR_UNREACHABLE, "in time");
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_server_port(f->server, PLAIN));
	assert_fails(&o, "GET", url, STR(""), ERR_REFUSED, "https://");
	assert_fails(&o, "GET", "file:///etc/hostname", STR(""), ERR_REFUSED, "https://");
}

static void
answers_are_capped_and_not_followed(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char url[128];
	HTTP_RESPONSE_AUTO r = { 0 };
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca), .body_max = 1000 };
	assert_fails(&o, "GET", url_of(f, OPEN, "/big", url), STR(""), ERR_TOO_LARGE, "1000");
	assert_true(ask(&o, "GET", url_of(f, OPEN, "/moved", url), STR(""), &r, &e));
	assert_int_equal(r.status, 302);
}

static void
count_progress(void *user, uint64_t got, uint64_t total)
{
	uint64_t *last = user;
	if (got > *last && total == 8u << 20)
		*last = got;
}

static void
downloads_are_whole_or_not_there(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	ARENA_AUTO a = { 0 };
	char dir[] = "/tmp/mamori-dl-XXXXXX", path[64], url[128];
	uint64_t progress = 0;
	struct str *names;
	size_t count;
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca) };
	__attribute__((cleanup(http_client_cleanup))) struct http_client *c = NULL;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/feed.json", dir);
	assert_true(http_client_new(&o, &c, &e));
	assert_false(http_download(c, url_of(f, OPEN, "/big", url), path, 1000000, NULL, NULL, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	assert_false(http_download(c, url_of(f, OPEN, "/missing", url), path, 1000, NULL, NULL, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(http_download(c, url_of(f, OPEN, "/moved", url), path, 1000, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "https://elsewhere.example/x"));
	assert_true(dir_list(&a, dir, 10, &names, &count, &e));
	assert_int_equal(count, 0);
	assert_true(http_download(c, url_of(f, OPEN, "/big", url), path, 8u << 20, count_progress, &progress, &e));
	assert_int_equal(file_size(path), 8u << 20);
	assert_int_equal(progress, 8u << 20);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/echo?mirror", http_server_port(f->server, PLAIN));
	assert_true(http_download(c, url, path, 1000, NULL, NULL, &e));
	assert_true(dir_list(&a, dir, 10, &names, &count, &e));
	assert_int_equal(count, 1);
	BUF_AUTO text = { 0 };
	assert_true(file_read(path, 100, &text, &e));
	assert_string_equal(buf_cstr(&text), "GET mirror |");
	assert_true(dir_remove_all(dir, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(server_of_another_authority_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_name_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(pinned_key_gives_the_authority_back, setup, teardown),
		cmocka_unit_test_setup_teardown(pinned_key_must_have_signed_the_server, setup, teardown),
		cmocka_unit_test_setup_teardown(server_refuses_our_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(unusable_own_certificate_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(unreachable_in_plain_words, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_are_capped_and_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(downloads_are_whole_or_not_there, setup, teardown),
	};
	return cmocka_run_group_tests_name("net/client", tests, NULL, NULL);
}
