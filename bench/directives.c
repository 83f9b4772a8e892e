/* What a change of policy costs for a large hospital: hosts with pending updates, four policies, rings; every directive is
 * computed, signed and stored. bench-directives [HOSTS [UPDATES]] prints seconds and bytes. */
#include "base/buf.h"
#include "os/file.h"
#include "patch/plan_rows.h"
#include "server/planner.h"
#include "server/server.h"
#include "store/fleet_group.h"
#include "store/host.h"
#include "store/policy_text.h"

#include <stdlib.h>

static double
seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "bench-directives: %s\n", e->text);
	exit(1);
}

static void
fleet_make(struct store *st, size_t hosts, size_t updates)
{
	struct err e = { 0 };
	for (size_t i = 0; i < hosts; i++) {
		ARENA_AUTO a = { 0 };
		struct patch_list plan = { .manager = "apt" };
		struct host h = { .id = arena_printf(&a, "host%06zu", i),
				  .name = arena_printf(&a, "pc-%zu", i),
				  .group = arena_printf(&a, "ward-%zu", i % 100),
				  .state = HOST_ACTIVE,
				  .os_key = STR("debian:12"),
				  .token = STR(""),
				  .signing_key = STR(""),
				  .agent = STR(""),
				  .machine = STR("") };
		struct str tag = i % 50 ? STR("pc") : STR("pilot");
		for (size_t k = 0; k < updates; k++)
			*ARRAY_PUSH(&a, &plan.patches) =
				(struct patch){ .id = arena_printf(&a, "deb:package%zu@2", k),
						.title = arena_printf(&a, "package%zu 1 → 2", k),
						.source = arena_printf(&a, "package%zu", k),
						.version = STR("2"),
						.security = k % 2,
						.origins = STR("Debian") };
		must(host_insert(st, &h, &e) && host_set_tags(st, h.id, &tag, 1, &e) &&
			     plan_rows_apply(st, h.id, &plan, 1, &e),
		     &e);
	}
}

static void
policies_make(struct store *st)
{
	static const char *const json[] = {
		"{\"policy\":\"all\",\"rank\":900,\"approve\":[{\"classification\":\"security\",\"after\":\"0d\"}],"
		"\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\",\"thu\"],\"at\":\"22:00\",\"for\":"
		"\"4h\","
		"\"tz\":\"Asia/Tokyo\"}]},\"rings\":[{\"name\":\"pilot\",\"tags\":[\"pilot\"],\"soak\":\"1d\"},"
		"{\"name\":\"rest\"}]}",
		"{\"policy\":\"ward-3\",\"applies-to\":{\"groups\":[\"ward-3\"]},\"offline-for\":\"7d\"}",
		"{\"policy\":\"servers\",\"applies-to\":{\"roles\":[\"server\"]},\"offline-for\":\"7d\"}",
		"{\"policy\":\"windows\",\"applies-to\":{\"os\":[\"windows\"]},\"offline-for\":\"7d\"}",
	};
	struct err e = { 0 };
	for (size_t i = 0; i < COUNT(json); i++) {
		ARENA_AUTO a = { 0 };
		struct json *j;
		struct policy p;
		BUF_AUTO text = { 0 };
		must(json_parse(&a, str_of(json[i]), NULL, &j, &e) && policy_from_json(&a, j, &p, &e), &e);
		policy_write(&p, &(struct json_writer){ .out = &text });
		struct policy_version v = { .name = p.name,
					    .what = STR("put"),
					    .yaml = STR(""),
					    .json = buf_str(&text),
					    .by = STR("bench"),
					    .note = STR(""),
					    .at = 1 };
		must(policy_text_add(st, &v, &e), &e);
	}
}

int
main(int argc, char **argv)
{
	size_t hosts = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000,
	       updates = argc > 2 ? strtoul(argv[2], NULL, 10) : 30;
	char dir[] = "/tmp/mamori-bench-XXXXXX";
	struct err e = { 0 };
	struct app app;
	struct store *st = NULL;
	bool created;
	BUF_AUTO link = { 0 };
	must(mkdtemp(dir) && server_init(dir, NULL, "127.0.0.1:8443", &clock_system, &created, &link, &e) &&
		     app_open(&app, dir, &clock_system, &st, &e),
	     &e);
	double start = seconds();
	must(store_begin(st, &e), &e);
	fleet_make(st, hosts, updates);
	must(store_commit(st, &e), &e);
	printf("%zu hosts with %zu updates each made in %.1f s\n", hosts, updates, seconds() - start);
	must(store_begin(st, &e), &e);
	policies_make(st);
	must(store_commit(st, &e), &e);
	start = seconds();
	must(planner_settle(&app, st, &e), &e);
	double took = seconds() - start;
	printf("all directives: %.1f s, %.2f ms a host\n", took, took * 1000 / (double)hosts);
	start = seconds();
	must(planner_settle(&app, st, &e), &e);
	printf("nothing due: %.2f ms\n", (seconds() - start) * 1000);
	store_close(st);
	app_close(&app);
	must(dir_remove_all(dir, &e), &e);
	return 0;
}
