/* Sessions, roles, CSRF, foreign names, the socket. */
#include "world.h"

static int
status(struct world *w, const struct sender *s, const char *method, const char *path)
{
	return world_send(w, s, method, path, "{}").status;
}

static void
a_link_works_once_and_for_a_day(void **state)
{
	struct world *w = *state;
	assert_true(str_contains(buf_str(&w->link), STR("https://127.0.0.1:8443/#/signin/")));
	struct answer a = world_sign_in(w, buf_str(&w->link));
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "role"), STR("administrator")));
	assert_true(str_contains(a.cookie, STR("__Host-mamori=")));
	assert_true(str_contains(a.cookie, STR("HttpOnly")));
	assert_true(str_contains(a.cookie, STR("SameSite=Strict")));
	assert_int_equal(world_call(w, "GET", "/api/v1/session", NULL).status, 200);
	assert_int_equal(world_sign_in(w, buf_str(&w->link)).status, 401);

	struct answer link = world_cli(w, "POST", "/api/v1/signin-links", "{}");
	w->now += 86400001;
	assert_int_equal(world_sign_in(w, json_get_str(link.json, "link")).status, 401);
}

static void
guessing_is_slowed_down(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < SIGNIN_FAILURES; i++)
		assert_int_equal(world_sign_in(w, STR("x/guess")).status, 401);
	assert_int_equal(world_sign_in(w, STR("x/guess")).status, 429);
	assert_int_equal(world_sign_in(w, buf_str(&w->link)).status, 429);
	w->now += 600001;
	assert_int_equal(world_sign_in(w, buf_str(&w->link)).status, 200);
}

static void
a_session_ends_idle_or_old_or_signed_out(void **state)
{
	struct world *w = *state;
	world_sign_in_as(w, "viewer");
	w->now += SESSION_IDLE_MS - 1000;
	assert_int_equal(world_call(w, "GET", "/api/v1/hosts", NULL).status, 200);
	w->now += 2000;
	assert_int_equal(world_call(w, "GET", "/api/v1/hosts", NULL).status, 401);
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "DELETE", "/api/v1/session", NULL).status, 204);
	assert_int_equal(world_call(w, "GET", "/api/v1/hosts", NULL).status, 401);
}

static void
without_a_session_there_is_nothing(void **state)
{
	struct world *w = *state;
	static const char *const paths[] = { "/api/v1/session", "/api/v1/overview", "/api/v1/hosts", "/api/v1/hosts/x",
					     "/api/v1/patches", "/api/v1/history",  "/api/v1/audit", "/api/v1/tokens" };
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct answer a = world_call(w, "GET", paths[i], NULL);
		assert_int_equal(a.status, 401);
		assert_true(str_eq(json_get_str(json_get(a.json, "error"), "code"), STR("unauthenticated")));
	}
}

static void
a_change_needs_the_sessions_own_token(void **state)
{
	struct world *w = *state;
	world_sign_in_as(w, "administrator");
	struct sender good = world_browser(w), none = good, wrong = good;
	none.headers.csrf = STR_NONE;
	wrong.headers.csrf = STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(status(w, &none, "POST", "/api/v1/tokens"), 403);
	assert_int_equal(status(w, &wrong, "POST", "/api/v1/tokens"), 403);
	assert_int_equal(status(w, &good, "POST", "/api/v1/tokens"), 200);
}

static void
foreign_pages_and_names_are_refused(void **state)
{
	struct world *w = *state;
	world_sign_in_as(w, "administrator");
	struct sender origin = world_browser(w), host = origin, form = origin, plain = origin;
	origin.headers.origin = STR("https://evil.example");
	host.headers.host = STR("evil.example:8443");
	host.headers.origin = STR("https://evil.example:8443"); /* DNS rebinding */
	form.headers.content_type = STR("text/plain");
	plain.headers.origin = STR("http://127.0.0.1:8443");
	assert_int_equal(status(w, &origin, "POST", "/api/v1/tokens"), 403);
	assert_int_equal(status(w, &host, "POST", "/api/v1/tokens"), 403);
	assert_int_equal(status(w, &form, "POST", "/api/v1/tokens"), 400);
	assert_int_equal(status(w, &plain, "POST", "/api/v1/tokens"), 403);
}

static void
each_role_does_what_it_may(void **state)
{
	static const struct {
		const char *role, *method, *path;
		bool allowed;
	} cases[] = {
		{ "viewer", "GET", "/api/v1/hosts", true },
		{ "viewer", "GET", "/api/v1/audit", false },
		{ "viewer", "POST", "/api/v1/orders", false },
		{ "auditor", "GET", "/api/v1/audit", true },
		{ "auditor", "POST", "/api/v1/orders", false },
		{ "operator", "GET", "/api/v1/audit", true },
		{ "operator", "POST", "/api/v1/orders", true },
		{ "operator", "POST", "/api/v1/hosts/x/approve", false },
		{ "approver", "POST", "/api/v1/hosts/x/approve", true },
		{ "approver", "POST", "/api/v1/hosts/x/revoke", false },
		{ "approver", "POST", "/api/v1/tokens", false },
		{ "administrator", "POST", "/api/v1/hosts/x/revoke", true },
		{ "administrator", "POST", "/api/v1/tokens", true },
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		world_sign_in_as(w, cases[i].role);
		int got = world_call(w, cases[i].method, cases[i].path, "{}").status;
		if ((got != 403) != cases[i].allowed)
			fail_msg("%s %s %s: %d", cases[i].role, cases[i].method, cases[i].path, got);
	}
}

static void
the_socket_is_for_root_and_ourselves(void **state)
{
	struct world *w = *state;
	struct sender stranger = { .door = DOOR_SOCKET, .uid = 31337 }, unknown = { .door = DOOR_SOCKET, .uid = -1 };
	assert_int_equal(world_cli(w, "GET", "/api/v1/hosts", NULL).status, 200);
	assert_int_equal(status(w, &stranger, "GET", "/api/v1/hosts"), 403);
	assert_int_equal(status(w, &unknown, "GET", "/api/v1/hosts"), 403);
}

static void
certificates_of_others_are_refused(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO k = NULL;
	BUF_AUTO pem = { 0 };
	struct cert_request request = { .common_name = STR("host"),
					.not_before = w->now - 1000,
					.not_after = w->now + 100000 };
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", "{}").status, 403); /* none at all */
	ok(key_generate(&k, &e));
	/* Even of our own CA: one that was never given to a host. */
	ok(cert_issue(w->app.ca_key, buf_str(&w->app.ca_pem), k, &request, &pem, &e));
	w->certificate = buf_str(&pem);
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", "{}").status, 403);
	w->certificate = STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_true(world_agent(w, "POST", "/agent/v1/check-in", "{}").status >= 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_works_once_and_for_a_day),
		TEST(guessing_is_slowed_down),
		TEST(a_session_ends_idle_or_old_or_signed_out),
		TEST(without_a_session_there_is_nothing),
		TEST(a_change_needs_the_sessions_own_token),
		TEST(foreign_pages_and_names_are_refused),
		TEST(each_role_does_what_it_may),
		TEST(the_socket_is_for_root_and_ourselves),
		TEST(certificates_of_others_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
