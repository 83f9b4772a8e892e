/* The attack surface through the API: decisions on assets, runs, what becomes of risks. */
#include "world.h"

#define B "/api/v1/surface/"

static void
decisions_are_canonical_and_remembered(void **state)
{
	struct world *w = *state;
	struct answer a = world_cli(w, "PUT", B "verdicts/domain%3AExample.JP.",
				    "{\"ownership\":\"excluded\",\"reason\":\"sold\"}");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "name"), STR("example.jp")));
	/* A host that is a domain is decided about as the domain that runs have. */
	a = world_cli(w, "PUT", B "verdicts/host%3Aexample.jp", "{\"ownership\":\"approved\"}");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "kind"), STR("domain")));
	a = world_cli(w, "GET", B "verdicts", NULL);
	assert_int_equal(json_get_i64(a.json, "total", -1), 1);
	assert_int_equal(world_cli(w, "DELETE", B "verdicts/domain%3Aexample.jp", NULL).status, 204);
	assert_int_equal(world_cli(w, "DELETE", B "verdicts/domain%3Aexample.jp", NULL).status, 404);
	a = world_cli(w, "GET", "/api/v1/audit", NULL);
	assert_true(str_contains(a.text, STR("surface.verdict")) && str_contains(a.text, STR("surface.undo")));
}

static void
what_is_no_decision_is_refused(void **state)
{
	static const char *const names[] = { "domain%3Awww.example.jp", "address%3A300.1.1.1", "service%3Ax",
					     "example.jp", "domain%3A" };
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(names); i++) {
		BUF_AUTO path = { 0 };
		buf_addf(&path, B "verdicts/%s", names[i]);
		assert_int_equal(world_cli(w, "PUT", buf_cstr(&path), "{\"ownership\":\"approved\"}").status, 400);
	}
	assert_int_equal(world_cli(w, "PUT", B "verdicts/domain%3Aexample.jp", "{\"ownership\":\"candidate\"}").status,
			 400);
	assert_int_equal(world_cli(w, "PUT", B "verdicts/domain%3Aexample.jp", "{}").status, 400);
}

static void
who_only_looks_decides_nothing(void **state)
{
	struct world *w = *state;
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "GET", B "verdicts", NULL).status, 200);
	assert_int_equal(world_call(w, "PUT", B "verdicts/domain%3Aexample.jp", "{\"ownership\":\"excluded\"}").status,
			 403);
	world_sign_in_as(w, "operator");
	assert_int_equal(world_call(w, "PUT", B "verdicts/domain%3Aexample.jp", "{\"ownership\":\"excluded\"}").status,
			 403);
	world_sign_in_as(w, "approver");
	assert_int_equal(world_call(w, "PUT", B "verdicts/domain%3Aexample.jp", "{\"ownership\":\"excluded\"}").status,
			 200);
}

/* ---- runs ---- */

/* A run as discovery writes it: one risk, as its source saw it then; or none. */
static void
run_write(struct world *w, int number, const char *began, const char *seen, const char *failed)
{
	struct err e = { 0 };
	const char *folder = arena_printf(&w->arena, "%s/surface/runs/%06d", w->dir, number).ptr;
	BUF_AUTO risks = { 0 };
	BUF_AUTO about = { 0 };
	BUF_AUTO assets = { 0 };
	buf_addf(
		&assets,
		"{\"kind\":\"domain\",\"name\":\"example.jp\",\"ownership\":\"approved\",\"confidence\":1,\"owner\":"
		"\"self\","
		"\"path\":[{\"from\":null,\"rule\":\"seed\"}]}\n"
		"{\"kind\":\"host\",\"name\":\"%s.example.jp\",\"ownership\":\"approved\",\"confidence\":0.9,\"owner\":"
		"\"self\",\"path\":[{\"from\":null,\"rule\":\"seed\"},{\"from\":\"example.jp\",\"rule\":\"below\"}]}\n",
		number % 2 ? "www" : "vpn");
	if (seen)
		buf_addf(&risks,
			 "{\"risk\":\"dmarc-missing\",\"severity\":\"medium\",\"kind\":\"domain\",\"asset\":\"example."
			 "jp\","
			 "\"owner\":\"self\",\"detail\":null,\"source\":\"dns\",\"seen\":\"%s\",\"says\":\"x\",\"act\":"
			 "\"y\"}\n",
			 seen);
	buf_addf(&about,
		 "{\"began\":\"%s\",\"ended\":\"%s\",\"seeds\":[{\"seed\":\"domain:example.jp\"}],\"assets\":{"
		 "\"approved\":2},"
		 "\"coverage\":[{\"source\":\"dns\",\"questions\":9,\"failed\":%s,\"not_asked\":0,\"last_failure\":"
		 "\"https://crt.sh: it answered 502\"}]}",
		 began, began, failed);
	ok(dir_make(path_join(&w->arena, w->dir, "surface"), 0700, &e));
	ok(dir_make(path_join(&w->arena, w->dir, "surface/runs"), 0700, &e));
	ok(dir_make(folder, 0700, &e));
	ok(file_write(path_join(&w->arena, folder, "assets.jsonl"), buf_str(&assets), 0600, &e));
	ok(file_write(path_join(&w->arena, folder, "risks.jsonl"), buf_str(&risks), 0600, &e));
	ok(file_write(path_join(&w->arena, folder, "run.json"), buf_str(&about), 0600, &e));
}

static struct json *
told(struct world *w)
{
	struct answer a = world_cli(w, "POST", B "told", "{}");
	if (a.status != 200)
		fail_msg("told: %d %.*s", a.status, STR_ARG(a.text));
	return a.json;
}

/* The only risk's state among those that the newest run shows, or among those that are gone. */
static const struct json *
state(struct world *w, const char *gone)
{
	struct answer a = world_cli(w, "GET", arena_printf(&w->arena, B "risks?gone=%s", gone).ptr, NULL);
	size_t count;
	assert_int_equal(a.status, 200);
	const struct json *items = json_get_array(a.json, "items", &count);
	return count == 1 ? json_get(&items[0], "state") : NULL;
}

static int
decide(struct world *w, const char *rest)
{
	struct str body = arena_printf(&w->arena, "{\"asset\":\"example.jp\",\"reason\":\"moves\",%s}", rest);
	return world_cli(w, "PUT", B "risks/dmarc-missing", body.ptr).status;
}

static bool
is(const struct json *s, const char *status)
{
	return str_eq(json_get_str(s, "status"), str_of(status));
}

/* The world's clock stands at 2027-01-15. */
static void
done_counts_only_once_a_later_observation_shows_it_no_more(void **state_)
{
	struct world *w = *state_;
	run_write(w, 1, "2027-01-10T00:00:00Z", "2027-01-10T00:00:00Z", "0");
	assert_int_equal(json_get_i64(told(w), "new_risks", -1), 1);
	assert_true(is(state(w, "false"), "open"));
	assert_int_equal(decide(w, "\"status\":\"done\""), 200);
	/* A stored answer of before shows nothing. */
	run_write(w, 2, "2027-02-01T00:00:00Z", "2027-01-10T00:00:00Z", "0");
	assert_int_equal(json_get_i64(told(w), "back", -1), 0);
	assert_true(is(state(w, "false"), "done"));
	run_write(w, 3, "2027-02-02T00:00:00Z", "2027-02-02T00:00:00Z", "0");
	assert_int_equal(json_get_i64(told(w), "back", -1), 1);
	assert_true(is(state(w, "false"), "open"));
	assert_true(json_get_str(state(w, "false"), "note").len > 0);
	w->now += 30 * INT64_C(86400000);
	assert_int_equal(decide(w, "\"status\":\"done\""), 200);
	/* Its source failed: that it is not there proves nothing. */
	run_write(w, 4, "2027-03-01T00:00:00Z", NULL, "3");
	assert_int_equal(json_get_i64(told(w), "gone_risks", -1), 0);
	run_write(w, 5, "2027-03-02T00:00:00Z", NULL, "0");
	assert_int_equal(json_get_i64(told(w), "gone_risks", -1), 1);
	assert_true(is(state(w, "true"), "done"));
	assert_int_equal(json_get_i64(state(w, "true"), "gone_run", -1), 5);
	assert_null(state(w, "false"));
	struct answer a = world_cli(w, "GET", B "risks/dmarc-missing/history?asset=example.jp", NULL);
	assert_int_equal(json_get_i64(a.json, "total", -1), 3);
}

static void
an_acceptance_ends(void **state_)
{
	struct world *w = *state_;
	run_write(w, 1, "2027-01-10T00:00:00Z", "2027-01-10T00:00:00Z", "0");
	told(w);
	assert_int_equal(decide(w, "\"status\":\"accepted\""), 400);
	assert_int_equal(decide(w, "\"status\":\"accepted\",\"until\":\"2020-01-01\""), 400);
	assert_int_equal(decide(w, "\"status\":\"done\",\"until\":\"2027-01-20\""), 400);
	assert_int_equal(decide(w, "\"status\":\"accepted\",\"until\":\"2027-01-20\""), 200);
	assert_true(is(state(w, "false"), "accepted"));
	w->now += 10 * INT64_C(86400000);
	/* Also without another run. */
	assert_true(is(state(w, "false"), "open") && json_get_bool(state(w, "false"), "expired", false));
	assert_int_equal(json_get_i64(told(w), "expired", -1), 1);
	assert_int_equal(json_get_i64(told(w), "expired", -1), 0);
	assert_true(is(state(w, "false"), "open") && !json_get_bool(state(w, "false"), "expired", true));
}

static void
who_may_decide_about_risks(void **state_)
{
	struct world *w = *state_;
	static const char done[] = "{\"asset\":\"example.jp\",\"status\":\"done\"}";
	static const char accepted[] =
		"{\"asset\":\"example.jp\",\"status\":\"accepted\",\"until\":\"2027-02-01\",\"reason\":\"x\"}";
	run_write(w, 1, "2027-01-10T00:00:00Z", "2027-01-10T00:00:00Z", "0");
	told(w);
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "GET", B "risks", NULL).status, 200);
	assert_int_equal(world_call(w, "PUT", B "risks/dmarc-missing", done).status, 403);
	assert_int_equal(world_call(w, "POST", B "told", "{}").status, 403);
	world_sign_in_as(w, "operator");
	assert_int_equal(world_call(w, "PUT", B "risks/dmarc-missing", done).status, 200);
	assert_int_equal(world_call(w, "PUT", B "risks/dmarc-missing", accepted).status, 403);
	world_sign_in_as(w, "approver");
	assert_int_equal(world_call(w, "PUT", B "risks/dmarc-missing", accepted).status, 200);
	assert_int_equal(world_call(w, "PUT", B "risks/no-such", done).status, 404);
}

static void
runs_are_read_by_page_and_filter(void **state_)
{
	struct world *w = *state_;
	assert_int_equal(world_cli(w, "GET", B "assets", NULL).status, 404);
	assert_int_equal(json_get_i64(world_cli(w, "GET", B "runs", NULL).json, "total", -1), 0);
	run_write(w, 1, "2027-01-10T00:00:00Z", NULL, "0");
	run_write(w, 2, "2027-01-11T00:00:00Z", NULL, "2");
	struct json *j = world_cli(w, "GET", B "runs?limit=1", NULL).json;
	assert_int_equal(json_get_i64(j, "total", -1), 2);
	size_t count;
	const struct json *items = json_get_array(j, "items", &count);
	assert_true(count == 1 && json_get_i64(&items[0], "run", -1) == 2);
	assert_int_equal(json_get_array(&items[0], "coverage", &count)[0].count > 0, 1);
	/* What was written down in English is told in the reader's language. */
	struct sender ja = { .door = DOOR_SOCKET, .uid = 0, .lang = LANG_JA };
	struct str told = world_send(w, &ja, "GET", B "runs?limit=1", NULL).text;
	assert_true(str_contains(told, STR("https://crt.sh: ")) &&
		    str_contains(told, STR("回答の状態番号は 502 でした")));
	assert_false(str_contains(told, STR("it answered")));
	j = world_cli(w, "GET", B "assets?kind=host", NULL).json;
	items = json_get_array(j, "items", &count);
	assert_true(count == 1 && str_eq(json_get_str(&items[0], "name"), STR("vpn.example.jp")));
	j = world_cli(w, "GET", B "assets?run=1&q=www&sort=-name", NULL).json;
	assert_int_equal(json_get_i64(j, "total", -1), 1);
	assert_int_equal(world_cli(w, "GET", B "assets?kind=hots", NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", B "assets?run=9", NULL).status, 404);
	j = world_cli(w, "GET", B "assets/domain%3Aexample.jp", NULL).json;
	items = json_get_array(j, "neighbours", &count);
	assert_true(count == 1 && str_eq(json_get_str(&items[0], "name"), STR("vpn.example.jp")));
	assert_int_equal(json_get(j, "path")->count, 1);
	assert_int_equal(world_cli(w, "GET", B "assets/host%3Awww.example.jp", NULL).status, 404);
	j = world_cli(w, "GET", B "diff", NULL).json;
	items = json_get_array(j, "items", &count);
	assert_true(count == 2 && str_eq(json_get_str(&items[0], "change"), STR("new")) &&
		    str_eq(json_get_str(&items[1], "change"), STR("gone")));
	assert_int_equal(json_get_i64(world_cli(w, "GET", B "seeds?run=2", NULL).json, "total", -1), 1);
	assert_int_equal(json_get_i64(world_cli(w, "GET", B "seeds", NULL).json, "total", -1), 0); /* none is kept */
}

static bool
noticed(struct world *w, const char *code)
{
	struct answer a = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_int_equal(a.status, 200);
	return str_contains(a.text, arena_printf(&w->arena, "\"%s\"", code));
}

static void
the_overview_tells_what_a_run_brought(void **state_)
{
	struct world *w = *state_;
	assert_false(noticed(w, "surface-risks"));
	run_write(w, 1, "2027-01-10T00:00:00Z", "2027-01-10T00:00:00Z", "0");
	told(w);
	assert_true(noticed(w, "surface-risks") && !noticed(w, "surface-assets") && !noticed(w, "surface-coverage"));
	assert_int_equal(json_get_i64(told(w), "new_risks", -1), 1); /* told twice */
	assert_int_equal(decide(w, "\"status\":\"done\""), 200);
	run_write(w, 2, "2027-02-02T00:00:00Z", "2027-02-02T00:00:00Z", "4");
	struct json *j = told(w);
	assert_int_equal(json_get_i64(j, "new_assets", -1), 1);
	assert_int_equal(json_get_i64(j, "gone_assets", -1), 1);
	assert_true(noticed(w, "surface-assets") && noticed(w, "surface-coverage") && noticed(w, "surface-back"));
	assert_false(noticed(w, "surface-risks"));
	/* News end after a week; what is open again stays. */
	w->now += 8 * INT64_C(86400000);
	assert_false(noticed(w, "surface-assets"));
	assert_true(noticed(w, "surface-back"));
	assert_int_equal(decide(w, "\"status\":\"in-progress\""), 200);
	assert_false(noticed(w, "surface-back"));
}

/* ---- gateways ---- */

static void
the_ledger_is_held_against_what_was_seen(void **state_)
{
	static const char ledger[] = "{\"csv\":\"name,address,maker,firmware,telephone\\nmain,192.0.2.5,"
				     "\u30d5\u30a9\u30fc\u30c6\u30a3\u30cd\u30c3\u30c8,v7.0.1,03-0000\\n"
				     "branch,www.example.jp,Cisco,,\\nold,192.0.2.9,,,\\n\"}";
	static const char *const states[] = { "seen", "not-seen", "differs", "not-declared" };
	static const char *const names[] = { "branch", "old", "main", "" };
	struct world *w = *state_;
	struct err e = { 0 };
	BUF_AUTO risks = { 0 };
	run_write(w, 1, "2027-01-10T00:00:00Z", NULL, "0");
	for (unsigned i = 5; i < 8; i++)
		buf_addf(&risks,
			 "{\"risk\":\"vpn-gateway\",\"severity\":\"medium\",\"kind\":\"service\",\"asset\":\"192.0.2.%"
			 "u 443/tcp\","
			 "\"owner\":\"self\",\"detail\":\"%s\",\"source\":\"shodan\",\"seen\":\"2027-01-10T00:00:00Z\"}"
			 "\n",
			 i,
			 i == 5   ? "FortiGate 7.2.4"
			 : i == 6 ? "SonicWall"
				  : "Cisco ASA");
	ok(file_write(path_join(&w->arena, w->dir, "surface/runs/000001/risks.jsonl"), buf_str(&risks), 0600, &e));
	ok(file_write(path_join(&w->arena, w->dir, "surface/runs/000001/assets.jsonl"),
		      STR("{\"kind\":\"host\",\"name\":\"www.example.jp\",\"ownership\":\"approved\",\"addresses\":["
			  "\"192.0.2.7\"]}"
			  "\n"),
		      0600, &e));
	assert_int_equal(world_cli(w, "POST", B "gateways/import", ledger).status, 200);
	for (size_t i = 0; i < COUNT(states); i++) {
		struct answer a =
			world_cli(w, "GET", arena_printf(&w->arena, B "gateways?state=%s", states[i]).ptr, NULL);
		size_t count;
		const struct json *items = json_get_array(a.json, "items", &count);
		assert_int_equal(count, 1);
		assert_true(str_eq(json_get_str(&items[0], "name"), str_of(names[i])) ||
			    (!*names[i] && !json_get_str(&items[0], "name").len));
	}
	/* Seen by something else than what calls itself a gateway; and open screens, which no ledger allows for. */
	buf_addf(
		&risks,
		"{\"risk\":\"exposed-remote-desktop\",\"severity\":\"critical\",\"kind\":\"service\",\"asset\":"
		"\"192.0.2.5 3389/tcp\",\"owner\":\"self\",\"detail\":null,\"source\":\"shodan\"}\n"
		"{\"risk\":\"vpn-name\",\"severity\":\"info\",\"kind\":\"host\",\"asset\":\"vpn.example.jp\",\"owner\":"
		"\"self\",\"detail\":null,\"source\":\"dns\"}\n");
	run_write(w, 2, "2027-02-10T00:00:00Z", NULL, "0");
	ok(file_write(path_join(&w->arena, w->dir, "surface/runs/000002/risks.jsonl"), buf_str(&risks), 0600, &e));
	ok(file_write(path_join(&w->arena, w->dir, "surface/runs/000002/assets.jsonl"),
		      STR("{\"kind\":\"address\",\"name\":\"192.0.2.9\",\"ownership\":\"approved\",\"services\":[{"
			  "\"service\":"
			  "\"192.0.2.9 443/tcp\",\"product\":\"nginx\",\"source\":\"shodan\"}]}\n"),
		      0600, &e));
	struct answer seen = world_cli(w, "GET", B "gateways?state=seen", NULL);
	assert_true(str_contains(seen.text, STR("192.0.2.9 443/tcp nginx")) &&
		    str_contains(seen.text, STR("does not say that it is a gateway")));
	struct answer doors = world_cli(w, "GET", B "gateways?state=not-declared", NULL);
	assert_true(str_contains(doors.text, STR("192.0.2.5 3389/tcp")) &&
		    str_contains(doors.text, STR("vpn.example.jp")));
	/* A bad row leaves the ledger as it was. */
	assert_int_equal(world_cli(w, "POST", B "gateways/import", "{\"csv\":\"name\\na\\na\\n\"}").status, 400);
	assert_int_equal(world_cli(w, "POST", B "gateways/import", "{\"csv\":\"maker\\nx\\n\"}").status, 400);
	assert_int_equal(json_get_i64(world_cli(w, "GET", B "gateways", NULL).json, "total", -1), 7);
	world_sign_in_as(w, "viewer");
	assert_int_equal(world_call(w, "POST", B "gateways/import", ledger).status, 403);
}

/* ---- which machine it is ---- */

static const char *
host_of(struct world *w, const char *asset)
{
	struct answer a = world_cli(w, "GET", B "risks", NULL);
	size_t count;
	const struct json *rows = json_get_array(a.json, "items", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&rows[i], "asset"), str_of(asset)))
			return arena_printf(&w->arena, "%.*s by %.*s",
					    STR_ARG(json_get_str(json_get(&rows[i], "host"), "name")),
					    STR_ARG(json_get_str(json_get(&rows[i], "host"), "by")))
				.ptr;
	return "no such risk";
}

static void
a_risk_names_the_machine_that_is_managed(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct host h;
	BUF_AUTO risks = { 0 };
	static const char *const about[] = { "192.0.2.9 443/tcp", "192.0.2.10 443/tcp", "web-old.example.jp",
					     "www.example.jp", "stranger.example.jp" };
	struct token t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &t, "web-old").status, 200);
	ok(host_get(w->st, &w->arena, w->host, &h, &e));
	h.name = STR("web-old");
	h.addresses = STR("[\"10.0.0.5\",\"192.0.2.9\"]");
	ok(host_set_system(w->st, &h, &e));
	run_write(w, 1, "2031-01-01T00:00:00Z", NULL, "0");
	for (size_t i = 0; i < COUNT(about); i++)
		buf_addf(&risks,
			 "{\"risk\":\"known-exploited\",\"severity\":\"critical\",\"kind\":\"x\",\"asset\":\"%s\","
			 "\"owner\":"
			 "\"self\",\"detail\":null,\"source\":\"dns\",\"says\":\"x\",\"act\":\"y\"}\n",
			 about[i]);
	ok(file_write(path_join(&w->arena, w->dir, "surface/runs/000001/risks.jsonl"), buf_str(&risks), 0600, &e));
	ok(file_write(
		path_join(&w->arena, w->dir, "surface/runs/000001/assets.jsonl"),
		STR("{\"kind\":\"host\",\"name\":\"web-old.example.jp\",\"ownership\":\"approved\",\"confidence\":1,"
		    "\"owner\":\"self\",\"addresses\":[\"192.0.2.10\"],\"path\":[]}\n"),
		0600, &e));
	assert_string_equal(host_of(w, about[0]), "web-old by address");
	/* Behind a translation of addresses: the name of ours that points there is the machine's. */
	assert_string_equal(host_of(w, about[1]), "web-old by label");
	assert_string_equal(host_of(w, about[2]), "web-old by label");
	assert_string_equal(host_of(w, about[3]), " by ");
	assert_string_equal(host_of(w, about[4]), " by ");
	/* Two machines of one name: neither is meant. */
	t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &t, "web-old").status, 200);
	assert_string_equal(host_of(w, about[2]), " by ");
	assert_string_equal(host_of(w, about[0]), "web-old by address");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decisions_are_canonical_and_remembered),
		TEST(what_is_no_decision_is_refused),
		TEST(who_only_looks_decides_nothing),
		TEST(done_counts_only_once_a_later_observation_shows_it_no_more),
		TEST(an_acceptance_ends),
		TEST(who_may_decide_about_risks),
		TEST(runs_are_read_by_page_and_filter),
		TEST(the_overview_tells_what_a_run_brought),
		TEST(the_ledger_is_held_against_what_was_seen),
		TEST(a_risk_names_the_machine_that_is_managed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
