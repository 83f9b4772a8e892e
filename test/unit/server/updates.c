/* Update metadata as the server hands it out, and what hosts say of it. */
#include "server/updates.h"

#include "world.h"

#define NOTICE "\"code\":\"metadata\""

static void
file_put(struct world *w, const char *name, const char *text)
{
	struct err e = { 0 };
	char part[400], path[500];
	const char *rest = name;
	snprintf(part, sizeof(part), "%s/updates", w->dir);
	ok(dir_make(part, 0700, &e));
	for (const char *slash = strchr(rest, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%s/updates/%.*s", w->dir, (int)(slash - name), name);
		ok(dir_make(part, 0700, &e));
	}
	snprintf(path, sizeof(path), "%s/updates/%s", w->dir, name);
	ok(file_write(path, str_of(text), 0600, &e));
}

static void
repository(struct world *w)
{
	file_put(w, "metadata/1.root.json", "{\"first\":1}");
	file_put(w, "metadata/2.root.json", "{\"second\":2}");
	file_put(w, "metadata/timestamp.json", "{\"signed\":{\"version\":7}}");
	file_put(w, "online/timestamp.pem", "a secret");
	file_put(w, "targets/custom/scripts/abc.pre.sh", "#!/bin/sh\n");
}

static struct answer
as_host(struct world *w, const char *method, const char *path, const char *body)
{
	struct sender s = { .door = DOOR_AGENTS, .certificate = w->certificate, .uid = -1 };
	return world_send(w, &s, method, path, body);
}

static struct answer
check_in(struct world *w, const char *lineage, const char *metadata)
{
	return as_host(
		w, "POST", "/agent/v1/check-in",
		arena_printf(&w->arena,
			     "{\"protocol\":1,\"agent\":\"0.1.0\",\"boot\":\"b\",\"machine\":\"m\",\"lineage\":%s,"
			     "\"now\":\"2027-01-15T08:00:00Z\",\"sections\":{},\"results\":[]%s%s}",
			     lineage, *metadata ? ",\"metadata\":" : "", metadata)
			.ptr);
}

static const char *
lineage_of(struct world *w, const struct answer *a)
{
	return arena_printf(&w->arena, "\"%.*s\"", STR_ARG(json_get_str(a->json, "lineage"))).ptr;
}

static void
hosts_get_the_newest_root_and_the_newest_timestamps_number(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{\"uses\":2}");
	struct answer a = world_enrol(w, &t, "before");
	assert_null(json_get(a.json, "root")); /* there is no repository yet */
	repository(w);
	a = world_enrol(w, &t, "pc");
	assert_int_equal(a.status, 200);
	assert_true(str_eq(json_get_str(a.json, "root"), STR("{\"second\":2}")));
	a = check_in(w, "null", "");
	assert_int_equal(a.status, 200);
	assert_int_equal(json_get_i64(json_get(a.json, "metadata"), "timestamp", 0), 7);
	/* It tells of no metadata: it was enrolled before there was any. */
	assert_true(str_eq(json_get_str(json_get(a.json, "metadata"), "root"), STR("{\"second\":2}")));
	a = check_in(w, lineage_of(w, &a), "{\"root\":2,\"timestamp\":7,\"expires\":null,\"trouble\":null}");
	assert_int_equal(a.status, 200);
	assert_null(json_get(json_get(a.json, "metadata"), "root"));
	/* A repository that is damaged keeps nobody from checking in. */
	file_put(w, "metadata/timestamp.json", "{");
	a = check_in(w, lineage_of(w, &a), "");
	assert_int_equal(a.status, 200);
	assert_null(json_get(a.json, "metadata"));
}

static void
files_are_handed_out_and_nothing_else(void **state)
{
	static const char *const not_there[] = { "/agent/v1/updates/9.root.json",
						 "/agent/v1/updates/..%2Fonline%2Ftimestamp.pem",
						 "/agent/v1/updates/..%2Fmetadata%2F1.root.json",
						 "/agent/v1/updates/%2E.",
						 "/agent/v1/scripts/..%2F..%2F..%2Fonline%2Ftimestamp.pem",
						 "/agent/v1/scripts/..%5C..",
						 "/agent/v1/scripts/abd.pre.sh" };
	struct world *w = *state;
	struct token t = world_token(w, "{}");
	repository(w);
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	struct answer a = as_host(w, "GET", "/agent/v1/updates/1.root.json", NULL);
	assert_int_equal(a.status, 200);
	assert_true(str_eq(a.text, STR("{\"first\":1}")));
	a = as_host(w, "GET", "/agent/v1/scripts/abc.pre.sh", NULL);
	assert_int_equal(a.status, 200);
	assert_true(str_eq(a.text, STR("#!/bin/sh\n")));
	for (size_t i = 0; i < COUNT(not_there); i++)
		if (as_host(w, "GET", not_there[i], NULL).status != 404)
			fail_msg("%s", not_there[i]);
	w->certificate = STR_NONE;
	assert_int_not_equal(as_host(w, "GET", "/agent/v1/updates/1.root.json", NULL).status, 200);
}

static void
what_a_host_refused_stands_on_its_page(void **state)
{
	struct world *w = *state;
	struct token t = world_token(w, "{}");
	repository(w);
	assert_int_equal(world_enrol(w, &t, "pc").status, 200);
	struct str page = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(w->host));
	struct answer a = check_in(w, "null", "{\"root\":1,\"timestamp\":7,\"expires\":null,\"trouble\":null}");
	assert_int_equal(a.status, 200);
	assert_false(str_contains(world_cli(w, "GET", page.ptr, NULL).text, STR(NOTICE)));
	a = check_in(w, lineage_of(w, &a),
		     "{\"root\":1,\"timestamp\":7,\"expires\":\"2027-01-20T08:00:00Z\",\"trouble\":\"old <b>\"}");
	assert_int_equal(a.status, 200);
	struct str shown = world_cli(w, "GET", page.ptr, NULL).text;
	assert_true(str_contains(shown, STR(NOTICE)) && str_contains(shown, STR("old <b>")));
	assert_true(str_contains(world_cli(w, "GET", "/api/v1/audit", NULL).text, STR("\"host.metadata\"")));
	/* An agent that says nothing of it changes nothing; one that is well again does. */
	a = check_in(w, lineage_of(w, &a), "");
	assert_true(str_contains(world_cli(w, "GET", page.ptr, NULL).text, STR(NOTICE)));
	a = check_in(w, lineage_of(w, &a), "{\"root\":1,\"timestamp\":8,\"expires\":null,\"trouble\":null}");
	assert_int_equal(a.status, 200);
	assert_false(str_contains(world_cli(w, "GET", page.ptr, NULL).text, STR(NOTICE)));
	assert_int_equal(check_in(w, lineage_of(w, &a), "{\"expires\":\"soon\"}").status, 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hosts_get_the_newest_root_and_the_newest_timestamps_number, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(files_are_handed_out_and_nothing_else, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(what_a_host_refused_stands_on_its_page, world_setup, world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
