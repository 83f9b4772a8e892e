/* Check-ins: lineage, sections, results, orders. */
#include "server/check_in.h"

#include "server/planner.h"
#include "world.h"

#define UPDATES \
	"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[{\"id\":\"deb:bash@2\",\"title\":\"bash 1 → 2 " \
	"<b>\\\"\",\"source\":\"bash\"," \
	"\"version\":\"2\",\"security\":true,\"origins\":\"Debian-Security\",\"size\":5,\"staged\":false,\"kept_" \
	"back\":null," \
	"\"packages\":[{\"name\":\"bash\",\"arch\":\"amd64\",\"from\":\"1\",\"to\":\"2\",\"size\":5}],\"cves\":[]}]}"

static void
lineage_tells_copies_from_restored_disks(void **state)
{
	static const struct {
		const char *machine, *boot, *lineage;
		enum lineage want;
	} cases[] = {
		{ "m", "b1", "now", LINEAGE_CURRENT },
		{ "m", "b2", "now", LINEAGE_CURRENT }, /* restarted */
		{ "m", "b1", "before", LINEAGE_ANSWER_LOST },
		{ "m", "b2", "before", LINEAGE_REVERTED }, /* put back, and started again */
		{ "m", "b1", "long-ago", LINEAGE_REVERTED },
		{ "m", "b1", NULL, LINEAGE_REVERTED },
		{ "other", "b1", "now", LINEAGE_CURRENT }, /* a network card more */
		{ "other", "b9", "now", LINEAGE_CURRENT }, /* a new mainboard */
		{ "other", "b1", "before", LINEAGE_CLONED }, /* two containers of one machine */
		{ "other", "b9", "before", LINEAGE_CLONED },
		{ "other", "b1", "long-ago", LINEAGE_CLONED },
		{ "other", "b9", "long-ago", LINEAGE_CLONED },
		{ "other", "b9", NULL, LINEAGE_CLONED },
	};
	struct host h = {
		.machine = STR("m"), .boot = STR("b1"), .lineage = STR("now"), .lineage_before = STR("before")
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct check_in c = { .machine = str_of(cases[i].machine),
				      .boot = str_of(cases[i].boot),
				      .lineage = str_of(cases[i].lineage) };
		if (lineage_judge(&h, &c) != cases[i].want)
			fail_msg("case %zu: %d", i, (int)lineage_judge(&h, &c));
	}
	/* The very first one, and the same again when its answer was lost. */
	struct host fresh = { .machine = STR("m"), .boot = STR(""), .lineage = STR(""), .lineage_before = STR("") };
	struct check_in first = { .machine = STR("m"), .boot = STR("b1") };
	assert_int_equal(lineage_judge(&fresh, &first), LINEAGE_CURRENT);
	fresh.boot = STR("b1");
	fresh.lineage = STR("L1");
	assert_int_equal(lineage_judge(&fresh, &first), LINEAGE_ANSWER_LOST);
	/* An administrator says that the hardware has changed. */
	struct host changed = { .machine = STR(""), .lineage = STR("now") };
	struct check_in moved = { .machine = STR("new"), .lineage = STR("now") };
	assert_int_equal(lineage_judge(&changed, &moved), LINEAGE_CURRENT);
}

/* ---- whole exchanges ---- */

struct sent {
	const char *machine, *boot;
	struct str lineage;
	const char *sections; /* JSON object */
	struct str results; /* JSON array */
};

static struct answer
check_in(struct world *w, const struct sent *s)
{
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_cstr(&j, "agent", "0.1.0");
	json_put_cstr(&j, "boot", s->boot ? s->boot : "b1");
	json_put_cstr(&j, "machine", s->machine ? s->machine : "machine-1");
	json_key(&j, "lineage");
	json_str_or_null(&j, s->lineage);
	json_key(&j, "sections");
	json_raw(&j, str_of(s->sections ? s->sections : "{}"));
	json_key(&j, "results");
	json_raw(&j, s->results.len ? s->results : STR("[]"));
	json_end_object(&j);
	return world_agent(w, "POST", "/agent/v1/check-in", buf_cstr(&body));
}

static void
enrolled(struct world *w)
{
	struct token t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
}

static void
a_copied_disk_stops_both(void **state)
{
	struct world *w = *state;
	enrolled(w);
	struct answer a = check_in(w, &(struct sent){ 0 });
	assert_int_equal(a.status, 200);
	struct str lineage = json_get_str(a.json, "lineage");
	/* The first of the two to come goes on as if it had new hardware; the other one tells that there are two. */
	a = check_in(w, &(struct sent){ .machine = "machine-2", .boot = "b2", .lineage = lineage });
	assert_int_equal(a.status, 200);
	struct str newer = json_get_str(a.json, "lineage");
	a = check_in(w, &(struct sent){ .lineage = lineage });
	assert_int_equal(a.status, 409);
	assert_true(str_eq(json_get_str(json_get(a.json, "error"), "code"), STR("cloned")));
	a = check_in(w, &(struct sent){ .machine = "machine-2", .boot = "b2", .lineage = newer });
	assert_int_equal(a.status, 409);
	struct answer o = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(str_contains(o.text, STR("\"cloned\"")));
}

static void
new_hardware_is_said_and_accepted(void **state)
{
	struct world *w = *state;
	enrolled(w);
	struct answer a = check_in(w, &(struct sent){ 0 });
	for (int i = 0; i < 3; i++) { /* a card in, a card out */
		a = check_in(w, &(struct sent){ .machine = i % 2 ? "machine-1" : "machine-2",
						.lineage = json_get_str(a.json, "lineage") });
		assert_int_equal(a.status, 200);
	}
	struct answer o = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(str_contains(o.text, STR("\"hardware\"")));
	assert_false(str_contains(o.text, STR("\"cloned\"")));
	w->now += 8 * INT64_C(86400000);
	o = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_false(str_contains(o.text, STR("\"hardware\"")));
}

static void
a_restored_disk_is_said_and_asked_for_everything(void **state)
{
	struct world *w = *state;
	char hash[SHA256_HEX_LEN];
	enrolled(w);
	sha256_hex(STR(UPDATES), hash);
	struct str sections = arena_printf(&w->arena, "{\"updates\":\"%s\"}", hash);
	struct answer a = check_in(w, &(struct sent){ .sections = sections.ptr });
	assert_int_equal(json_get(a.json, "need")->count, 1);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/updates", UPDATES).status, 204);
	struct str old = json_get_str(a.json, "lineage");
	a = check_in(w, &(struct sent){ .lineage = old, .sections = sections.ptr });
	assert_int_equal(json_get(a.json, "need")->count, 0);
	a = check_in(w, &(struct sent){ .lineage = json_get_str(a.json, "lineage"), .sections = sections.ptr });

	a = check_in(w, &(struct sent){ .lineage = old, .boot = "b2", .sections = sections.ptr });
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get(a.json, "need")->count, 1);
	struct answer o = world_cli(w, "GET", "/api/v1/overview", NULL);
	assert_true(str_contains(o.text, STR("\"reverted\"")));
}

static void
sections_are_checked_before_they_are_kept(void **state)
{
	struct world *w = *state;
	char hash[SHA256_HEX_LEN];
	enrolled(w);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/updates", UPDATES).status, 409);
	sha256_hex(STR("not json"), hash);
	struct str sections = arena_printf(&w->arena, "{\"updates\":\"%s\",\"of-the-future\":\"x\"}", hash);
	assert_int_equal(check_in(w, &(struct sent){ .sections = sections.ptr }).status, 200);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/updates", "not json").status, 400);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/secrets", "not json").status, 409);
}

/* What every list of hosts shows is one line of bounded length, whatever a host says of itself. */
static void
a_hosts_own_words_stay_short_and_plain(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char hash[SHA256_HEX_LEN];
	struct str *ids;
	size_t count;
	struct host h;
	BUF_AUTO body = { 0 };
	enrolled(w);
	buf_add(&body, STR("{\"hostname\":\"a\\n\\u001b[2Jb\\u202e\",\"os\":{\"id\":\"debian\",\"version\":\"12\","
			   "\"name\":\""));
	for (int i = 0; i < 5000; i++)
		buf_add(&body, STR("x"));
	buf_add(&body,
		STR("\"},\"hardware\":{\"interfaces\":[{\"name\":\"e\",\"mac\":\"\",\"addresses\":[\"10.0.0.1\""));
	for (int i = 0; i < 4000; i++)
		buf_add(&body, STR(",\"a very long address that is none at all and goes on and on, and on\""));
	buf_add(&body, STR("]}]}}"));
	sha256_hex(buf_str(&body), hash);
	struct str sections = arena_printf(&w->arena, "{\"system\":\"%s\"}", hash);
	assert_int_equal(check_in(w, &(struct sent){ .sections = sections.ptr }).status, 200);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/system", buf_cstr(&body)).status, 204);
	ok(host_ids(w->st, &w->arena, HOST_ACTIVE, &ids, &count, &e));
	ok(host_get(w->st, &w->arena, ids[0], &h, &e));
	assert_true(str_eq(h.name, STR("a  [2Jb ")));
	assert_int_equal(h.os_name.len, 200);
	assert_true(h.addresses.len < 64 * 70);
	assert_true(str_starts(h.addresses, STR("[\"10.0.0.1\",")));
}

static void
section_send(struct world *w, const char *name, const char *body)
{
	char hash[SHA256_HEX_LEN];
	sha256_hex(str_of(body), hash);
	struct str sections = arena_printf(&w->arena, "{\"%s\":\"%s\"}", name, hash);
	assert_int_equal(check_in(w, &(struct sent){ .sections = sections.ptr }).status, 200);
	struct str path = arena_printf(&w->arena, "/agent/v1/sections/%s", name);
	assert_int_equal(world_agent(w, "PUT", path.ptr, body).status, 204);
}

/* The policy that gives the host its hours. */
static struct str
hours_from(struct world *w, struct str host)
{
	struct answer a =
		world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/hosts/%.*s/policy", STR_ARG(host)).ptr, NULL);
	size_t count;
	const struct json *lines = json_get_array(a.json, "lines", &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_get_str(&lines[i], "key"), STR("install.windows")))
			return json_get_str(&lines[i], "from");
	return STR("");
}

/* A closed network has no way out: what a host says of its network never decides whether it is heard. */
static void
pain_15_a_host_without_a_default_gateway_reports_and_gets_its_policy(void **state)
{
	static const char *const networks[] = {
		"[]",
		"[{\"name\":\"eth0\",\"mac\":\"\",\"addresses\":[]}]",
		"[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"addresses\":[\"169.254.7.7\"]}]",
	};
	struct world *w = *state;
	struct err e = { 0 };
	struct str *ids;
	size_t count;
	enrolled(w);
	assert_int_equal(world_cli(w, "POST", "/api/v1/policies/assistant", "{}").status, 200);
	ok(host_ids(w->st, &w->arena, HOST_ACTIVE, &ids, &count, &e));
	for (size_t i = 0; i < COUNT(networks); i++) {
		section_send(w, "system",
			     arena_printf(&w->arena,
					  "{\"os\":{\"id\":\"debian\",\"version\":\"12\"},\"hostname\":\"island-%zu\","
					  "\"hardware\":{\"interfaces\":%s}}",
					  i, networks[i])
				     .ptr);
		struct answer a = world_cli(w, "GET", "/api/v1/hosts", NULL);
		assert_true(str_contains(a.text, arena_printf(&w->arena, "island-%zu", i)));
		ok(planner_settle(&w->app, w->st, &e));
		a = check_in(w, &(struct sent){ .sections = "{}" });
		assert_int_equal(a.status, 200);
		if (i == 0)
			assert_non_null(json_get(a.json, "directive"));
	}
	assert_true(str_eq(hours_from(w, ids[0]), STR("hospital")));
}

static void
what_looks_like_a_server_is_not_restarted_at_night(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct str *ids;
	size_t count;
	enrolled(w);
	ok(host_ids(w->st, &w->arena, HOST_ACTIVE, &ids, &count, &e));
	struct answer a = world_cli(w, "POST", "/api/v1/policies/assistant", "{}");
	assert_int_equal(json_get(a.json, "servers")->count, 0); /* nothing is known of it yet */
	assert_true(str_eq(hours_from(w, ids[0]), STR("hospital")));
	section_send(w, "packages",
		     "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"mariadb-server\",\"1\",\"amd64\",\"\",\"\"]]}");
	section_send(w, "system",
		     "{\"os\":{\"id\":\"debian\",\"version\":\"12\",\"name\":\"Debian\"},\"hostname\":\"emr-db\","
		     "\"hardware\":{\"maker\":\"QEMU\",\"interfaces\":[]}}");
	a = world_cli(w, "POST", "/api/v1/policies/assistant", "{\"dry_run\":true}");
	assert_int_equal(json_get(a.json, "servers")->count, 1);
	const struct json *server = &json_get(a.json, "servers")->item[0];
	assert_true(str_eq(json_get_str(json_get(server, "host"), "name"), STR("emr-db")));
	assert_true(str_eq(json_get_str(server, "why"), STR("no graphical login, MariaDB, virtual machine")));
	assert_true(str_eq(hours_from(w, ids[0]), STR("server-inspection")));
	/* A person's word counts more, and so does a desktop that is found later. */
	const char *host = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(ids[0])).ptr;
	assert_int_equal(world_cli(w, "PATCH", host, "{\"role\":\"ward\"}").status, 200);
	assert_true(str_eq(hours_from(w, ids[0]), STR("ward-night")));
	a = world_cli(w, "POST", "/api/v1/policies/assistant", "{\"dry_run\":true}");
	assert_int_equal(json_get(a.json, "servers")->count, 0);
	assert_int_equal(world_cli(w, "PATCH", host, "{\"role\":null}").status, 200);
	assert_true(str_eq(hours_from(w, ids[0]), STR("server-inspection")));
	section_send(w, "packages",
		     "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"gdm3\",\"1\",\"amd64\",\"\",\"\"]]}");
	assert_true(str_eq(hours_from(w, ids[0]), STR("hospital")));
}

/* A page that counts disks must not meet a text in their place. */
static void
a_section_is_shown_in_its_own_shape(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char hash[SHA256_HEX_LEN];
	struct str *ids;
	size_t count;
	static const char odd[] =
		"{\"hostname\":\"pc\",\"hardware\":\"none\",\"kernel\":[1],\"reboot_signals\":{},"
		"\"timezone\":5,\"last_user\":[],\"settings\":[7,{\"setting\":\"lockout\",\"state\":\"odd\"},"
		"{\"setting\":\"smb1\",\"state\":\"conflict\",\"why\":\"somebody\\nelse\"}]}";
	enrolled(w);
	sha256_hex(str_of(odd), hash);
	struct str sections = arena_printf(&w->arena, "{\"system\":\"%s\"}", hash);
	assert_int_equal(check_in(w, &(struct sent){ .sections = sections.ptr }).status, 200);
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/system", odd).status, 204);
	ok(host_ids(w->st, &w->arena, HOST_ACTIVE, &ids, &count, &e));
	struct answer a = world_cli(w, "GET", arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(ids[0])).ptr, NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get(json_get(a.json, "hardware"), "disks")->kind, JSON_KIND_ARRAY);
	assert_int_equal(json_get(json_get(a.json, "kernel"), "installed")->kind, JSON_KIND_ARRAY);
	assert_int_equal(json_get(a.json, "reboot_signals")->kind, JSON_KIND_ARRAY);
	const struct json *settings = json_get_array(a.json, "settings", &count);
	assert_int_equal(count, 1);
	assert_true(str_eq(json_get_str(&settings[0], "state"), STR("conflict")));
	assert_true(str_eq(json_get_str(&settings[0], "why"), STR("somebody else")));
}

/* The whole way of an update: plan, order, delivery, signed results. */
static void
an_order_lives_through_check_ins(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char hash[SHA256_HEX_LEN];
	struct str document;
	struct json *order;
	enrolled(w);
	sha256_hex(STR(UPDATES), hash);
	struct str sections = arena_printf(&w->arena, "{\"updates\":\"%s\"}", hash);
	struct answer a = check_in(w, &(struct sent){ .sections = sections.ptr });
	assert_int_equal(world_agent(w, "PUT", "/agent/v1/sections/updates", UPDATES).status, 204);

	struct answer made = world_cli(w, "POST", "/api/v1/orders",
				       "{\"kind\":\"apply\",\"hosts\":\"all\",\"patches\":\"security\"}");
	assert_int_equal(made.status, 200);
	assert_int_equal(json_get_i64(made.json, "patches", 0), 1);
	struct answer rows = world_cli(w, "GET", "/api/v1/host-patches?state=queued", NULL);
	assert_int_equal(json_get_i64(rows.json, "total", 0), 1);
	assert_true(str_contains(rows.text, STR("<b>\\\""))); /* hostile names stay text */

	a = check_in(w, &(struct sent){ .lineage = json_get_str(a.json, "lineage") });
	assert_int_equal(json_get(a.json, "orders")->count, 1);
	ok(signed_open(&json_get(a.json, "orders")->item[0], w->app.order_key, "order", &document, &e));
	ok(json_parse(&w->arena, document, NULL, &order, &e));
	struct str id = json_get_str(order, "id");
	assert_true(str_eq(json_get_str(order, "host"), w->host));

	struct str result =
		arena_printf(&w->arena,
			     "{\"attempt\":\"%.*s/deb:bash@2\",\"order\":\"%.*s\",\"host\":\"%.*s\","
			     "\"patch\":\"deb:bash@2\",\"state\":\"installed\",\"started\":\"2027-01-15T08:00:00Z\","
			     "\"finished\":\"2027-01-15T08:00:01Z\"}",
			     STR_ARG(id), STR_ARG(id), STR_ARG(w->host));
	KEY_AUTO foreign = NULL;
	BUF_AUTO forged = { 0 };
	BUF_AUTO genuine = { 0 };
	ok(key_generate(&foreign, &e));
	struct json_writer fw = { .out = &forged }, gw = { .out = &genuine };
	json_begin_array(&fw);
	ok(signed_write(&fw, foreign, "result", result, &e));
	json_end_array(&fw);
	json_begin_array(&gw);
	ok(signed_write(&gw, w->signing, "result", result, &e));
	json_end_array(&gw);

	a = check_in(w, &(struct sent){ .lineage = json_get_str(a.json, "lineage"), .results = buf_str(&forged) });
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get(a.json, "accepted")->count, 0);
	assert_true(json_get_str(a.json, "notice").len > 0);
	for (int i = 0; i < 2; i++) { /* sent again after a lost answer */
		a = check_in(
			w, &(struct sent){ .lineage = json_get_str(a.json, "lineage"), .results = buf_str(&genuine) });
		assert_int_equal(json_get(a.json, "accepted")->count, 1);
		assert_int_equal(json_get(a.json, "orders")->count, 0);
	}
	struct answer history = world_cli(w, "GET", "/api/v1/history?state=installed", NULL);
	assert_int_equal(json_get_i64(history.json, "total", 0), 1);
}

static void
other_protocols_are_told_which_one_is_spoken(void **state)
{
	struct world *w = *state;
	enrolled(w);
	struct answer a = world_agent(w, "POST", "/agent/v1/check-in", "{\"protocol\":7}");
	assert_int_equal(a.status, 426);
	assert_int_equal(json_get_i64(a.json, "protocol", 0), 1);
	assert_true(str_eq(json_get_str(json_get(a.json, "error"), "code"), STR("protocol")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lineage_tells_copies_from_restored_disks),
		TEST(a_copied_disk_stops_both),
		TEST(new_hardware_is_said_and_accepted),
		TEST(a_restored_disk_is_said_and_asked_for_everything),
		TEST(a_section_is_shown_in_its_own_shape),
		TEST(sections_are_checked_before_they_are_kept),
		TEST(a_hosts_own_words_stay_short_and_plain),
		TEST(pain_15_a_host_without_a_default_gateway_reports_and_gets_its_policy),
		TEST(what_looks_like_a_server_is_not_restarted_at_night),
		TEST(an_order_lives_through_check_ins),
		TEST(other_protocols_are_told_which_one_is_spoken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
