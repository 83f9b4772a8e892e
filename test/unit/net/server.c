/* The server as decent clients see it. What the others get is in server_hostile.c. */
#include "fixture.h"

#include <sys/stat.h>

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	pki_make(&f->pki);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	if (f->server)
		fixture_stop(f);
	pki_free(&f->pki);
	free(f);
	return 0;
}

static void
round_trip_over_tls(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = listener_tls(f, false);
	fixture_start(f, &l, 1);
	char url[128];
	struct err e = { 0 };
	const char *const headers[] = { "X-Test: 守り", NULL };
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca) };
	__attribute__((cleanup(http_client_cleanup))) struct http_client *c = NULL;
	HTTP_RESPONSE_AUTO r = { 0 };
	assert_true(http_client_new(&o, &c, &e));
	static const char *const methods[] = { "GET", "PUT", "POST", "PATCH", "DELETE" };
	for (size_t i = 0; i < COUNT(methods); i++) {
		char expected[64];
		bool body = i == 1 || i == 2 || i == 3;
		snprintf(expected, sizeof(expected), "%s a=1%%20 守り|%s", methods[i], body ? "body" : "");
		assert_true(http_request(c, methods[i], url_of(f, 0, "/echo?a=1%20", url), headers,
					 body ? STR("body") : STR(""), &r, &e));
		assert_int_equal(r.status, 200);
		assert_string_equal(buf_cstr(&r.body), expected);
		assert_string_equal(r.content_type, "text/plain");
		assert_string_equal(r.etag, "\"v1\"");
	}
	assert_true(http_request(c, "HEAD", url_of(f, 0, "/echo", url), NULL, STR(""), &r, &e));
	assert_int_equal(r.status, 200);
	assert_int_equal(r.body.len, 0);
	assert_true(http_request(c, "GET", url_of(f, 0, "/big", url), NULL, STR(""), &r, &e));
	assert_int_equal(r.body.len, 8u << 20);
}

static void
client_certificate_names_the_host(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = listener_tls(f, true);
	fixture_start(f, &l, 1);
	char url[128];
	struct err e = { 0 };
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca),
					       .certificate_pem = buf_str(&f->pki.client),
					       .key_pem = buf_str(&f->pki.client_key) };
	HTTP_RESPONSE_AUTO r = { 0 };
	assert_true(ask(&o, "GET", url_of(f, 0, "/who", url), STR(""), &r, &e));
	assert_string_equal(buf_cstr(&r.body), "h-1 -1 127.0.0.1");
}

static void
unix_socket_tells_the_uid(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/mamori-srv-XXXXXX", path[64], expected[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	const struct http_listener l = { .unix_path = path };
	fixture_start(f, &l, 1);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	struct err e = { 0 };
	const struct http_client_options o = { .unix_socket = path };
	HTTP_RESPONSE_AUTO r = { 0 };
	assert_true(ask(&o, "GET", "http://mamori/who", STR(""), &r, &e));
	snprintf(expected, sizeof(expected), "- %d uid %d", (int)getuid(), (int)getuid());
	assert_string_equal(buf_cstr(&r.body), expected);
	assert_int_equal(http_server_port(f->server, 0), 0);
	fixture_stop(f);
	assert_int_not_equal(stat(path, &st), 0); /* taken away again */
	assert_false(ask(&o, "GET", "http://mamori/who", STR(""), &r, &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_non_null(strstr(e.text, path));
	rmdir(dir);
}

struct crowd {
	struct fixture *f;
	int answered;
};

#define CROWD 8
#define REQUESTS 100

static void *
crowd_thread(void *user)
{
	struct crowd *crowd = user;
	struct err e = { 0 };
	const struct http_client_options o = { .ca_pem = buf_str(&crowd->f->pki.ca),
					       .certificate_pem = buf_str(&crowd->f->pki.client),
					       .key_pem = buf_str(&crowd->f->pki.client_key) };
	__attribute__((cleanup(http_client_cleanup))) struct http_client *c = NULL;
	HTTP_RESPONSE_AUTO r = { 0 };
	char url[128];
	if (!http_client_new(&o, &c, &e))
		return NULL;
	for (int i = 0; i < REQUESTS; i++) {
		/* Every other one is answered by another thread. */
		const char *path = i & 1 ? "/work" : "/echo?q";
		const char *expected = i & 1 ? "/work" : "POST q |body";
		if (http_request(c, "POST", url_of(crowd->f, 0, path, url), NULL, STR("body"), &r, &e) &&
		    strcmp(buf_cstr(&r.body), expected) == 0)
			crowd->answered++;
	}
	return NULL;
}

static void
many_at_once_keep_alive(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = listener_tls(f, true);
	fixture_start(f, &l, 1);
	struct crowd crowd[CROWD];
	pthread_t threads[CROWD];
	for (size_t i = 0; i < CROWD; i++) {
		crowd[i] = (struct crowd){ .f = f };
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_thread, &crowd[i]), 0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowd[i].answered, REQUESTS);
	}
}

static void
renewed_certificate_without_a_restart(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = listener_tls(f, false);
	fixture_start(f, &l, 1);
	struct pki fresh = { 0 };
	pki_make(&fresh);
	char url[128];
	struct err e = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	const struct http_client_options o = { .ca_pem = buf_str(&f->pki.ca) }, now = { .ca_pem = buf_str(&fresh.ca) };
	assert_true(ask(&o, "GET", url_of(f, 0, "/echo", url), STR(""), &r, &e));
	assert_false(http_server_set_certificate(f->server, 0, buf_str(&fresh.server), buf_str(&fresh.client_key), &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_true(ask(&o, "GET", url, STR(""), &r, &e));
	assert_true(http_server_set_certificate(f->server, 0, buf_str(&fresh.server), buf_str(&fresh.server_key), &e));
	assert_true(ask(&now, "GET", url, STR(""), &r, &e));
	assert_false(ask(&o, "GET", url, STR(""), &r, &e));
	pki_free(&fresh);
}

static void
taken_port_and_missing_certificate_are_refused(void **state)
{
	struct fixture *f = *state;
	struct http_listener l = listener_tls(f, false);
	fixture_start(f, &l, 1);
	char address[32];
	struct http_server *second = NULL;
	struct err e = { 0 };
	snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(f->server, 0));
	l.address = address;
	assert_false(http_server_new(&l, 1, on_request, f, &second, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.text, address));
	const struct http_listener open = { .address = "0.0.0.0:0" };
	assert_false(http_server_new(&open, 1, on_request, f, &second, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	l.address = "127.0.0.1:0";
	l.key_pem = buf_str(&f->pki.client_key);
	assert_false(http_server_new(&l, 1, on_request, f, &second, &e));
	assert_int_equal(e.code, ERR_INPUT);
	assert_null(second);
}

static void
stop_answers_what_is_in_flight(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = { .address = "127.0.0.1:0" };
	fixture_start(f, &l, 1);
	BUF_AUTO got = { 0 };
	int idle = raw_connect(http_server_port(f->server, 0));
	int fd = raw_connect(http_server_port(f->server, 0));
	raw_send(fd, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
	while (!atomic_load(&f->working))
		usleep(1000);
	http_server_stop(f->server);
	assert_true(raw_closed(idle, 1000));
	atomic_store(&f->release, 1);
	assert_true(raw_expect(fd, &got, "\r\n\r\n/held", 2000));
	assert_true(str_contains(buf_str(&got), STR("Connection: close\r\n")));
	assert_true(raw_closed(fd, 1000));
	close(fd);
	close(idle);
}

static void
stop_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = { .address = "127.0.0.1:0" };
	fixture_start(f, &l, 1);
	int fd = raw_connect(http_server_port(f->server, 0));
	raw_send(fd, "GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
	while (!atomic_load(&f->working))
		usleep(1000);
	int64_t begin = clock_now(&clock_system);
	http_server_stop(f->server);
	pthread_join(f->thread, NULL);
	int64_t took = clock_now(&clock_system) - begin;
	assert_in_range(took, 2500, 4500);
	/* The worker answers late: nobody is there any more, and nothing breaks. */
	atomic_store(&f->release, 1);
	while (atomic_load(&f->working))
		usleep(1000);
	http_server_free(f->server);
	f->server = NULL;
	close(fd);
}

/* Over TLS, in the middle of an answer: the place is free at once, not after the timeout. */
static void
reader_that_leaves_frees_its_place(void **state)
{
	struct fixture *f = *state;
	const struct http_listener l = listener_tls(f, false);
	fixture_start(f, &l, 1);
	char url[128];
	struct err e = { 0 };
	HTTP_RESPONSE_AUTO r = { 0 };
	const struct http_client_options cut = { .ca_pem = buf_str(&f->pki.ca), .body_max = 1000 };
	const struct http_client_options hasty = { .ca_pem = buf_str(&f->pki.ca), .timeout_s = 1 };
	assert_false(ask(&cut, "GET", url_of(f, 0, "/big", url), STR(""), &r, &e));
	assert_false(ask(&hasty, "GET", url_of(f, 0, "/held", url), STR(""), &r, &e));
	usleep(100000); /* the loop sees them go */
	int64_t begin = clock_now(&clock_system);
	http_server_stop(f->server);
	pthread_join(f->thread, NULL);
	assert_true(clock_now(&clock_system) - begin < 1000);
	assert_int_equal(atomic_load(&f->working), 1);
	atomic_store(&f->release, 1);
	while (atomic_load(&f->working))
		usleep(1000);
	http_server_free(f->server);
	f->server = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip_over_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(client_certificate_names_the_host, setup, teardown),
		cmocka_unit_test_setup_teardown(unix_socket_tells_the_uid, setup, teardown),
		cmocka_unit_test_setup_teardown(many_at_once_keep_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(renewed_certificate_without_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(taken_port_and_missing_certificate_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_answers_what_is_in_flight, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_that_leaves_frees_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_does_not_wait_for_ever, setup, teardown),
	};
	return cmocka_run_group_tests_name("net/server", tests, NULL, NULL);
}
