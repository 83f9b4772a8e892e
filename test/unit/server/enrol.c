/* Tokens and enrolment. */
#include "store/audit.h"
#include "world.h"

static bool
refused_with(const struct answer *a, const char *word)
{
	return a->status == 403 && str_contains(json_get_str(json_get(a->json, "error"), "message"), str_of(word));
}

static void
a_token_lets_in_as_many_as_it_says(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{\"role\":\"host\",\"uses\":2,\"group\":\"ward-3\"}");
	struct answer a = world_enrol(w, &t, "pc-1");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "state"), STR("active")));
	assert_true(str_eq(json_get_str(a.json, "agents"), STR("https://127.0.0.1:8444")));
	assert_int_equal(world_enrol(w, &t, "pc-2").status, 200);
	struct answer third = world_enrol(w, &t, "pc-3");
	assert_true(refused_with(&third, "used up"));
	struct answer list = world_cli(w, "GET", "/api/v1/hosts?group=ward-3", NULL);
	assert_int_equal(json_get_i64(list.json, "total", -1), 2);
}

static void
each_bad_token_is_told_apart(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{\"uses\":5,\"ttl_s\":60}"), wrong = t, unknown = t;
	wrong.secret = STR("not-the-secret");
	unknown.id = STR("nobody");
	struct answer a = world_enrol(w, &wrong, "pc");
	assert_true(refused_with(&a, "unknown"));
	a = world_enrol(w, &unknown, "pc");
	assert_true(refused_with(&a, "unknown"));
	w->now += 61000;
	a = world_enrol(w, &t, "pc");
	assert_true(refused_with(&a, "expired"));

	struct token revoked = world_token(w, "{}");
	struct str path = arena_printf(&w->arena, "/api/v1/tokens/%.*s", STR_ARG(revoked.id));
	assert_int_equal(world_cli(w, "DELETE", path.ptr, NULL).status, 204);
	a = world_enrol(w, &revoked, "pc");
	assert_true(refused_with(&a, "revoked"));

	struct token relay = world_token(w, "{\"role\":\"relay\"}");
	a = world_enrol(w, &relay, "pc");
	assert_true(refused_with(&a, "relay"));
}

static void
a_refused_enrolment_uses_nothing_up(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{\"uses\":1}");
	struct sender s = { .door = DOOR_DASHBOARD, .uid = -1 };
	assert_int_equal(world_send(w, &s, "POST", "/enrol/v1", "{\"protocol\":1}").status, 400);
	assert_int_equal(world_send(w, &s, "POST", "/enrol/v1", "{\"protocol\":2}").status, 426);
	assert_int_equal(world_send(w, &s, "POST", "/enrol/v1", "nonsense").status, 400);
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
}

static void
only_the_hash_of_a_secret_is_kept(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct token t = world_token(w, "{}");
	BUF_AUTO file = { 0 };
	BUF_AUTO wal = { 0 };
	ok(file_read(path_join(&w->arena, w->dir, "mamori.db"), 64 << 20, &file, &e));
	(void)!file_read(path_join(&w->arena, w->dir, "mamori.db-wal"), 64 << 20, &wal, &e);
	assert_false(str_contains(buf_str(&file), t.secret));
	assert_false(str_contains(buf_str(&wal), t.secret));
	struct str code = str_skip(buf_str(&w->link), (size_t)str_rfind_char(buf_str(&w->link), '/') + 1);
	assert_false(str_contains(buf_str(&file), code));
	assert_false(str_contains(buf_str(&wal), code));
}

static void
a_site_that_approves_lets_wait(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{\"approve\":true}");
	struct answer a = world_enrol(w, &t, "pc");
	assert_true(str_eq(json_get_str(a.json, "state"), STR("pending")));
	const char *check_in = "{\"protocol\":1,\"machine\":\"machine-1\",\"sections\":{}}";
	a = world_agent(w, "POST", "/agent/v1/check-in", check_in);
	assert_int_equal(a.status, 403);
	assert_true(str_eq(json_get_str(json_get(a.json, "error"), "code"), STR("pending")));
	struct str path = arena_printf(&w->arena, "/api/v1/hosts/%.*s/approve", STR_ARG(w->host));
	assert_int_equal(world_cli(w, "POST", path.ptr, NULL).status, 200);
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", check_in).status, 200);
}

static void
renewal_keeps_the_host_and_revocation_ends_every_certificate(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	KEY_AUTO fresh = NULL;
	BUF_AUTO csr = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	struct token t = world_token(w, "{}");
	const char *check_in = "{\"protocol\":1,\"machine\":\"machine-1\",\"sections\":{}}";
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	ok(key_generate(&fresh, &e));
	ok(csr_create(fresh, "whoever", &csr, &e));
	json_begin_object(&j);
	json_put_str(&j, "csr", buf_str(&csr));
	json_end_object(&j);
	struct answer a = world_agent(w, "POST", "/agent/v1/renew", buf_cstr(&body));
	assert_int_equal(a.status, 200);
	struct str first = w->certificate, host = w->host;
	w->certificate = json_get_str(a.json, "certificate");
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", check_in).status, 200);

	struct str path = arena_printf(&w->arena, "/api/v1/hosts/%.*s/revoke", STR_ARG(host));
	assert_int_equal(world_cli(w, "POST", path.ptr, NULL).status, 200);
	for (int i = 0; i < 2; i++) {
		a = world_agent(w, "POST", "/agent/v1/check-in", check_in);
		assert_int_equal(a.status, 403);
		assert_true(str_eq(json_get_str(json_get(a.json, "error"), "code"), STR("revoked")));
		w->certificate = first;
	}
}

static void
everything_is_in_the_audit_log(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int64_t broken;
	struct token t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	struct answer a = world_cli(w, "GET", "/api/v1/audit", NULL);
	assert_true(str_contains(a.text, STR("\"host.enrol\"")));
	assert_true(str_contains(a.text, STR("\"token.create\"")));
	assert_true(str_contains(a.text, STR("\"server.init\"")));
	ok(audit_verify(w->st, &broken, &e));
	assert_int_equal(broken, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_lets_in_as_many_as_it_says),
		TEST(each_bad_token_is_told_apart),
		TEST(a_refused_enrolment_uses_nothing_up),
		TEST(only_the_hash_of_a_secret_is_kept),
		TEST(a_site_that_approves_lets_wait),
		TEST(renewal_keeps_the_host_and_revocation_ends_every_certificate),
		TEST(everything_is_in_the_audit_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
