/* Relays as the server sees them: enrolment, certificates of their own kind, check-ins, sites, alarms. */
#include "server/relay_in.h"

#include "relay-world.h"

#define STATUS \
	"{\"protocol\":1,\"version\":\"0.1.0\",\"urls\":[\"https://" \
	"10.1.0.5:8480\"],\"space\":5,\"space_max\":9,\"hits\":3," \
	"\"misses\":1,\"served\":7,\"fetched\":2,\"metadata_at\":\"2027-01-15T08:00:00Z\",\"queue\":2,\"trouble\":" \
	"null}"

static bool
says(const struct answer *a, int status, const char *word)
{
	return a->status == status && str_contains(json_get_str(json_get(a->json, "error"), "message"), str_of(word));
}

static void
a_relay_is_enrolled_with_a_token_for_relays_alone(void **state)
{
	struct world *w = *state;
	struct relay_there relay;
	struct cert_info info;
	struct err e = { 0 };
	struct token host = world_token(w, "{\"role\":\"host\"}");
	struct answer a = world_enrol_relay(w, &host, "[\"10.1.0.5\"]", &relay);
	assert_true(says(&a, 403, "for a host, not for a relay"));
	relay = world_make_relay(w, "ward-net");
	ok(cert_read(relay.certificate, &info, &e));
	assert_true(str_starts(str_of(info.common_name), STR("relay-")));
	assert_true(str_eq(json_get_str(relay.answer, "site"), STR("ward-net")));
	struct token used = world_token(w, "{\"role\":\"relay\"}");
	assert_int_equal(world_enrol_relay(w, &used, "[\"10.1.0.6\"]", &relay).status, 200);
	a = world_enrol_relay(w, &used, "[\"10.1.0.6\"]", &relay);
	assert_true(says(&a, 403, "used up"));
}

static void
a_relay_gets_no_name_of_the_server(void **state)
{
	struct world *w = *state;
	struct relay_there relay;
	struct err e = { 0 };
	size_t count;
	ok(app_set_endpoints(&w->app, w->st, "mamori.example", "192.0.2.1:8443", "192.0.2.1:8444", &e));
	struct token t = world_token(w, "{\"role\":\"relay\",\"uses\":9}");
	struct answer a = world_enrol_relay(w, &t, "[\"MAMORI.example\",\"192.0.2.1\"]", &relay);
	assert_true(says(&a, 403, "not this server's own"));
	assert_int_equal(world_enrol_relay(w, &t, "[\"mamori.example\",\"10.1.0.5\"]", &relay).status, 200);
	const struct json *names = json_get_array(relay.answer, "names", &count);
	assert_int_equal(count, 1);
	assert_true(str_eq(names[0].text, STR("10.1.0.5")));
	static const char *const bad[] = { "[\"*.example\"]", "[\"a b\"]", "[\"a/b\"]", "[7]", "[\"\"]", "[]" };
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_in_range(world_enrol_relay(w, &t, bad[i], &relay).status, 400, 403);
}

static void
certificates_of_hosts_and_relays_do_not_stand_for_each_other(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{}");
	struct relay_there relay = world_make_relay(w, "s");
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", STATUS).status, 200);
	struct answer a = world_relay(w, &relay, "/agent/v1/check-in", "{\"protocol\":1}");
	assert_true(says(&a, 403, "of a relay, not of a machine"));
	a = world_relay(w, &relay, "/agent/v1/renew", "{}");
	assert_true(says(&a, 403, "of a relay, not of a machine"));
	static const char *const paths[] = { "/agent/v1/relay", "/agent/v1/relay/renew", "/agent/v1/letters" };
	for (size_t i = 0; i < COUNT(paths); i++) {
		a = world_agent(w, "POST", paths[i], STATUS);
		assert_true(says(&a, 403, "of a machine, not of a relay"));
	}
	struct str path = arena_printf(&w->arena, "/api/v1/relays/%.*s", STR_ARG(relay.id));
	assert_int_equal(world_cli(w, "DELETE", path.ptr, NULL).status, 409);
	assert_int_equal(world_cli(w, "POST", arena_printf(&w->arena, "%s/revoke", path.ptr).ptr, "{}").status, 200);
	a = world_relay(w, &relay, "/agent/v1/relay", STATUS);
	assert_true(says(&a, 403, "revoked"));
	assert_int_equal(world_cli(w, "DELETE", path.ptr, NULL).status, 204);
}

static void
hosts_learn_the_relays_of_their_site(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "ward-net");
	size_t count;
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", STATUS).status, 200);
	assert_int_equal(world_cli(w, "PUT", "/api/v1/sites/ward-net", "{\"relay_only\":true,\"fresh_h\":24}").status,
			 200);
	struct token t = world_token(w, "{\"uses\":3}");
	struct answer a = world_enrol(w, &t, "pc");
	const struct json *urls = json_get_array(a.json, "relays", &count);
	assert_int_equal(count, 0); /* it has no site, the relay has one */
	struct str change = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(w->host));
	assert_int_equal(world_cli(w, "PATCH", change.ptr, "{\"site\":\"ward-net\"}").status, 200);
	a = world_agent(
		w, "POST", "/agent/v1/check-in",
		"{\"protocol\":1,\"agent\":\"0.1.0\",\"boot\":\"b\",\"machine\":\"machine-1\",\"sections\":{}}");
	assert_int_equal(a.status, 200);
	urls = json_get_array(a.json, "relays", &count);
	assert_int_equal(count, 1);
	assert_true(str_eq(urls[0].text, STR("https://10.1.0.5:8480")));
	assert_true(json_get_bool(a.json, "relay_only", false));
	a = world_cli(w, "GET", "/api/v1/relays", NULL);
	const struct json *row = json_get_array(a.json, "items", &count);
	assert_int_equal(count, 1);
	assert_int_equal(json_get_i64(row, "space", 0), 5);
	assert_true(json_get_double(row, "hit_rate", 0) > 0.74);
	a = world_cli(w, "GET", "/api/v1/sites", NULL);
	row = json_get_array(a.json, "items", &count);
	assert_int_equal(count, 1);
	assert_int_equal(json_get_i64(row, "hosts", 0), 1);
	assert_int_equal(json_get_i64(row, "queue", 0), 2);
}

static bool
noticed(struct world *w, const char *code)
{
	size_t count;
	struct answer a = world_cli(w, "GET", "/api/v1/overview", NULL);
	const struct json *notices = json_get_array(a.json, "notices", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&notices[i], "code"), str_of(code)))
			return true;
	return false;
}

static void
silence_and_old_lists_are_alarms(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "ward-net");
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", STATUS).status, 200);
	assert_false(noticed(w, "relay-silent"));
	assert_false(noticed(w, "stale-site")); /* of an hour ago */
	w->now += RELAY_SILENT_MS + 1000;
	assert_true(noticed(w, "relay-silent"));
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", STATUS).status, 200);
	assert_false(noticed(w, "relay-silent"));
	w->now += SITE_FRESH_MS;
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", STATUS).status, 200);
	assert_true(noticed(w, "stale-site"));
	assert_int_equal(world_cli(w, "PUT", "/api/v1/sites/ward-net", "{\"fresh_h\":240}").status, 200);
	assert_false(noticed(w, "stale-site"));
	assert_int_equal(world_cli(w, "PUT", "/api/v1/sites/ward-net", "{\"fresh_h\":0}").status, 400);
}

static void
what_a_relay_says_of_itself_is_capped(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "s");
	BUF_AUTO many = { 0 };
	buf_add(&many, STR("{\"protocol\":1,\"urls\":["));
	for (int i = 0; i < 17; i++)
		buf_addf(&many, "%s\"https://r%d\"", i ? "," : "", i);
	buf_add(&many, STR("]}"));
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", buf_cstr(&many)).status, 413);
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", "{\"protocol\":1,\"urls\":[\"ftp://x\"]}").status,
			 400);
	assert_int_equal(world_relay(w, &relay, "/agent/v1/relay", "{\"protocol\":2}").status, 426);
}

/* ---- what it tells of its origins, and how it did from day to day ---- */

static struct answer
tell(struct world *w, const struct relay_there *relay, const char *more)
{
	struct str body = arena_printf(
		&w->arena, "{\"protocol\":1,\"version\":\"1\",\"urls\":[],\"space\":50,\"space_max\":90,%s}", more);
	struct answer a = world_relay(w, relay, "/agent/v1/relay", body.ptr);
	assert_int_equal(a.status, 200);
	return world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/relays/%.*s", STR_ARG(relay->id)).ptr, NULL);
}

static const char *
at(struct world *w, int64_t ms)
{
	char text[TIME_RFC3339_MAX];
	return arena_printf(&w->arena, "\"%s\"", time_rfc3339(ms, text)).ptr;
}

/* One origin with one list. expires 0: it does not say. */
static const char *
origin(struct world *w, int64_t checked, int64_t expires)
{
	return arena_printf(&w->arena,
			    "\"metadata_at\":%s,\"origins\":[{\"url\":\"http://deb.example/debian/\",\"by\":\"relay\","
			    "\"unverified\":false,\"lists\":[{\"url\":\"http://deb.example/debian/dists/x/InRelease\","
			    "\"label\":\"Debian x\",\"dated\":null,\"expires\":%s,\"checked\":%s}]}]",
			    at(w, w->now), expires ? at(w, expires) : "null", at(w, checked))
		.ptr;
}

static bool
stands(const struct answer *a, const char *state)
{
	size_t count;
	const struct json *o = json_get_array(a->json, "origins", &count);
	return count == 1 && str_eq(json_get_str(o, "state"), str_of(state));
}

static void
an_origin_whose_signed_list_is_old_is_an_alarm(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "ward-net");
	const int64_t hour = 3600000, day = 24 * hour;
	struct answer a = tell(w, &relay, origin(w, w->now - hour, w->now + day));
	assert_true(stands(&a, "current"));
	assert_false(noticed(w, "stale-origin"));
	assert_int_equal(json_get_i64(a.json, "lists_old", -1), 0);
	a = tell(w, &relay, origin(w, w->now - SITE_FRESH_MS - hour, 0));
	assert_true(stands(&a, "stale"));
	assert_true(noticed(w, "stale-origin"));
	assert_int_equal(json_get_i64(a.json, "lists_old", -1), 1);
	a = tell(w, &relay, origin(w, w->now - hour, w->now - hour));
	assert_true(stands(&a, "expired"));
	assert_true(noticed(w, "stale-origin"));
	/* Nobody asks for it any more: that is no alarm for ever. */
	a = tell(w, &relay, origin(w, w->now - 31 * day, w->now - 20 * day));
	assert_true(stands(&a, "unused"));
	assert_false(noticed(w, "stale-origin"));
	/* A limit of the site's own. */
	assert_int_equal(world_cli(w, "PUT", "/api/v1/sites/ward-net", "{\"fresh_h\":240}").status, 200);
	a = tell(w, &relay, origin(w, w->now - SITE_FRESH_MS - hour, 0));
	assert_true(stands(&a, "current"));
	a = tell(w, &relay, "\"origins\":[{\"url\":\"https://own.example/\",\"by\":\"bundle\",\"unverified\":true}]");
	assert_true(stands(&a, "unread"));
	/* Where the whole site is late, or the relay is silent, that alone is said. */
	a = tell(w, &relay, origin(w, w->now - 20 * day, 0));
	assert_true(stands(&a, "stale") && noticed(w, "stale-origin"));
	w->now += RELAY_SILENT_MS + 1000;
	assert_true(noticed(w, "relay-silent") && !noticed(w, "stale-origin"));
}

static void
what_a_relay_tells_is_copied_not_believed(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "s");
	BUF_AUTO many = { 0 };
	size_t count;
	buf_add(&many, STR("\"refused_total\":-5,\"refused\":[{\"what\":\"evil.example\\nx\",\"peer\":\"10.1.0.9\","
			   "\"count\":3,"
			   "\"last\":\"2027-01-15T08:00:00Z\",\"more\":{\"a\":1}},7],\"origins\":["));
	for (int i = 0; i < 40; i++)
		buf_addf(&many, "%s{\"url\":\"https://o%d.example/\",\"by\":\"else\",\"lists\":7}", i ? "," : "", i);
	buf_add(&many, STR("]"));
	struct answer a = tell(w, &relay, buf_cstr(&many));
	const struct json *o = json_get_array(a.json, "origins", &count);
	assert_int_equal(count, 32);
	assert_true(str_eq(json_get_str(o, "by"), STR("relay")));
	assert_true(str_eq(json_get_str(o, "state"), STR("unread")));
	const struct json *refused = json_get_array(a.json, "refused", &count);
	assert_int_equal(count, 1);
	assert_true(str_find_char(json_get_str(refused, "what"), '\n') < 0);
	assert_int_equal(json_get_i64(refused, "count", 0), 3);
	assert_null(json_get(refused, "more"));
	assert_int_equal(json_get_i64(a.json, "refused_total", -1), 0);
	/* A relay of an earlier version says nothing of it: what was known stays. */
	a = tell(w, &relay, "\"queue\":1");
	(void)json_get_array(a.json, "origins", &count);
	assert_int_equal(count, 32);
}

static void
days_add_up_over_a_restart(void **state)
{
	struct world *w = *state;
	struct relay_there relay = world_make_relay(w, "s");
	struct str path = arena_printf(&w->arena, "/api/v1/relays/%.*s/trend", STR_ARG(relay.id));
	size_t count;
	(void)tell(w, &relay, "\"hits\":10,\"misses\":10,\"served\":1000,\"fetched\":400");
	(void)tell(w, &relay, "\"hits\":30,\"misses\":10,\"served\":3000,\"fetched\":400");
	/* Started anew. */
	(void)tell(w, &relay, "\"hits\":5,\"misses\":5,\"served\":100,\"fetched\":50");
	w->now += 2 * INT64_C(86400000);
	(void)tell(w, &relay, "\"hits\":6,\"misses\":5,\"served\":170,\"fetched\":50");
	struct answer a = world_cli(w, "GET", path.ptr, NULL);
	assert_int_equal(a.status, 200);
	const struct json *day = json_get_array(a.json, "items", &count);
	assert_int_equal(count, 2);
	assert_int_equal(json_get_i64(&day[0], "hits", 0), 35);
	assert_int_equal(json_get_i64(&day[0], "misses", 0), 15);
	assert_true(json_get_double(&day[0], "hit_rate", 0) > 0.69);
	assert_int_equal(json_get_i64(&day[0], "served", 0), 3100);
	assert_int_equal(json_get_i64(&day[0], "fetched", 0), 450);
	assert_int_equal(json_get_i64(&day[1], "hits", 0), 1);
	assert_int_equal(json_get_i64(&day[1], "served", 0), 70);
	assert_int_equal(json_get_i64(&day[1], "space", 0), 50);
	assert_true(str_eq(json_get_str(&day[1], "day"), json_get_str(a.json, "today")));
	a = world_cli(w, "GET", arena_printf(&w->arena, "%s?days=1", path.ptr).ptr, NULL);
	(void)json_get_array(a.json, "items", &count);
	assert_int_equal(count, 1);
	assert_int_equal(world_cli(w, "GET", arena_printf(&w->arena, "%s?days=401", path.ptr).ptr, NULL).status, 400);
	assert_int_equal(world_cli(w, "GET", "/api/v1/relays/nobody/trend", NULL).status, 404);
	/* Days that are too old go. */
	w->now += 401 * INT64_C(86400000);
	(void)tell(w, &relay, "\"hits\":7,\"misses\":5,\"served\":170,\"fetched\":50");
	a = world_cli(w, "GET", arena_printf(&w->arena, "%s?days=400", path.ptr).ptr, NULL);
	(void)json_get_array(a.json, "items", &count);
	assert_int_equal(count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_relay_is_enrolled_with_a_token_for_relays_alone),
		TEST(a_relay_gets_no_name_of_the_server),
		TEST(certificates_of_hosts_and_relays_do_not_stand_for_each_other),
		TEST(hosts_learn_the_relays_of_their_site),
		TEST(silence_and_old_lists_are_alarms),
		TEST(what_a_relay_says_of_itself_is_capped),
		TEST(an_origin_whose_signed_list_is_old_is_an_alarm),
		TEST(what_a_relay_tells_is_copied_not_believed),
		TEST(days_add_up_over_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
