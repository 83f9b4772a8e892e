/* Addresses, methods, bodies, filters, and the command line without a server. */
#include "server/route.h"

#include "world.h"

static int
code_is(const struct answer *a, int status, const char *code)
{
	return a->status == status && str_eq(json_get_str(json_get(a->json, "error"), "code"), str_of(code));
}

static void
what_is_not_there_is_said_in_json(void **state)
{
	struct world *w = *state;
	struct answer a = world_cli(w, "GET", "/api/v1/nothing", NULL);
	assert_true(code_is(&a, 404, "not-found"));
	a = world_cli(w, "GET", "/../../etc/passwd", NULL);
	assert_true(code_is(&a, 404, "not-found"));
	a = world_cli(w, "PUT", "/api/v1/hosts", NULL);
	assert_int_equal(a.status, 405);
	a = world_cli(w, "GET", "/api/v1/hosts/none", NULL);
	assert_true(code_is(&a, 404, "not-found"));
	a = world_cli(w, "GET", "/api/v1/hosts/%00", NULL);
	assert_true(code_is(&a, 400, "usage"));
	a = world_cli(w, "GET", "/agent/v1/check-in", NULL); /* agents have a listener of their own */
	assert_true(code_is(&a, 404, "not-found"));
}

static void
bodies_are_json_of_bounded_size(void **state)
{
	struct world *w = *state;
	BUF_AUTO big = { 0 };
	struct answer a = world_cli(w, "POST", "/api/v1/tokens", "uses=1");
	assert_true(code_is(&a, 400, "input"));
	a = world_cli(w, "POST", "/api/v1/tokens", "[]");
	assert_true(code_is(&a, 400, "input"));
	a = world_cli(w, "POST", "/api/v1/tokens", "{\"uses\":0}");
	assert_true(code_is(&a, 400, "usage"));
	for (int i = 0; i < 20000; i++)
		buf_add_char(&big, '[');
	a = world_cli(w, "POST", "/api/v1/tokens", buf_cstr(&big));
	assert_true(code_is(&a, 413, "too-large"));
	a = world_cli(w, "POST", "/api/v1/orders", buf_cstr(&big));
	assert_true(code_is(&a, 400, "input"));
}

static void
unknown_filters_and_sorts_are_refused(void **state)
{
	static const char *const paths[] = {
		"/api/v1/hosts?colour=red",
		"/api/v1/hosts?limit=0x10",
		"/api/v1/hosts?limit=1001",
		"/api/v1/hosts?offset=-1",
		"/api/v1/hosts?sort=password",
		"/api/v1/hosts?attention=everything",
		"/api/v1/patches?security=maybe",
		"/api/v1/host-patches?state=x",
		"/api/v1/history?from=yesterday",
		"/api/v1/vulnerabilities?severity=awful",
		"/api/v1/vulnerabilities?severity=high,awful",
		"/api/v1/history?sort=password",
		"/api/v1/hosts?q=%ff",
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct answer a = world_cli(w, "GET", paths[i], NULL);
		if (!code_is(&a, 400, "usage"))
			fail_msg("%s: %d", paths[i], a.status);
	}
}

/* Every list answers with total and items on an empty database, in every order it offers. */
static void
every_list_answers(void **state)
{
	static const char *const paths[] = {
		"/api/v1/hosts",
		"/api/v1/hosts?sort=-name",
		"/api/v1/hosts?sort=security",
		"/api/v1/hosts?sort=-findings",
		"/api/v1/hosts?sort=group&q=a&group=b&state=active&os=debian:12&attention=kev",
		"/api/v1/groups",
		"/api/v1/patches",
		"/api/v1/patches?sort=-severity",
		"/api/v1/patches?sort=hosts&security=true&state=missing",
		"/api/v1/host-patches",
		"/api/v1/host-patches?sort=-at&security=false",
		"/api/v1/host-patches?sort=-severity&group=a&q=b",
		"/api/v1/host-patches?sort=title&security=true&state=missing",
		"/api/v1/host-patches?sort=-host&security=true",
		"/api/v1/host-patches?group=a&q=x&host=y&patch=z&state=missing",
		"/api/v1/host-patches?sort=patch&group=a&q=x&host=y&patch=z&state=missing",
		"/api/v1/host-patches?group=a",
		"/api/v1/hosts?sort=attention",
		"/api/v1/patches?q=a&group=b&host=c&state=failed&security=false&sort=-hosts",
		"/api/v1/vulnerabilities?q=a&group=b&host=c&sort=-hosts",
		"/api/v1/history",
		"/api/v1/history?sort=-at",
		"/api/v1/history?sort=host",
		"/api/v1/history?sort=-group",
		"/api/v1/history?sort=patch",
		"/api/v1/history?sort=state",
		"/api/v1/history?from=2026-01-01&to=2026-12-31&state=failed&q=x",
		"/api/v1/vulnerabilities",
		"/api/v1/vulnerabilities?sort=-hosts&severity=critical&kev=true&q=CVE",
		"/api/v1/vulnerabilities?severity=critical,high,unknown",
		"/api/v1/tokens",
		"/api/v1/audit",
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct answer a = world_cli(w, "GET", paths[i], NULL);
		if (a.status != 200 || json_get_i64(a.json, "total", -1) < 0 || !json_get(a.json, "items"))
			fail_msg("%s: %d %.*s", paths[i], a.status, STR_ARG(a.text));
	}
	assert_int_equal(world_cli(w, "GET", "/api/v1/overview", NULL).status, 200);
	assert_int_equal(world_cli(w, "GET", "/api/v1/feeds", NULL).status, 200);
	assert_int_equal(world_cli(w, "POST", "/api/v1/feeds/reload", NULL).status, 200);
}

static void
without_a_server_the_command_line_has_the_folder_to_itself(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int status = 0;
	BUF_AUTO answer = { 0 };
	/* The world is the owner at the moment. */
	assert_false(server_api_local(w->dir, &w->clock, "GET", "/api/v1/hosts", STR_NONE, &status, &answer, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	store_close(w->st);
	w->st = NULL;
	app_close(&w->app);
	ok(server_api_local(w->dir, &w->clock, "GET", "/api/v1/hosts?limit=5", STR_NONE, &status, &answer, &e));
	assert_int_equal(status, 200);
	assert_true(str_contains(buf_str(&answer), STR("\"total\":0")));
	w->app = (struct app){ .folder_lock = -1 };
	assert_false(server_api_local("/nonexistent/mamori", &w->clock, "GET", "/", STR_NONE, &status, &answer, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void
a_second_init_changes_nothing(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	bool created = true;
	BUF_AUTO link = { 0 };
	ok(server_init(w->dir, "other", "127.0.0.1:1", &w->clock, &created, &link, &e));
	assert_false(created);
	assert_int_equal(link.len, 0);
	assert_true(str_eq(w->app.name, STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_there_is_said_in_json),
		TEST(bodies_are_json_of_bounded_size),
		TEST(unknown_filters_and_sorts_are_refused),
		TEST(every_list_answers),
		TEST(without_a_server_the_command_line_has_the_folder_to_itself),
		TEST(a_second_init_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
