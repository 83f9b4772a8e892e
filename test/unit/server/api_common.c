/* A reader of Japanese reads Japanese: every sentence that the API makes, whatever language it was stored in. */
#include "server/api.h"
#include "server/match_job.h"

#include "vuln/feed.h"
#include "world.h"

#define DSA "[18 Feb 2016] DSA-9001-1 openssl - security update\n\t{CVE-2026-1001}\n\t[bookworm] - openssl 3.0.17-1\n"
#define PACKAGES "{\"manager\":\"dpkg\",\"bad\":0,\"packages\":[[\"openssl\",\"3.0.15-1\",\"amd64\",\"\",\"\"]]}"
#define PATCH(name, held) \
	"{\"id\":\"deb:" name "@2\",\"title\":\"" name " 1 → 2\",\"source\":\"" name "\",\"version\":\"2\"," \
	"\"security\":true,\"origins\":\"\",\"size\":1,\"staged\":false,\"kept_back\":" held ",\"packages\":[{" \
	"\"name\":\"" name "\",\"arch\":\"all\",\"from\":\"1\",\"to\":\"2\",\"size\":1}],\"cves\":[]}"
#define UPDATES \
	"{\"manager\":\"apt\",\"lists_at\":null,\"patches\":[" PATCH("bash", "null") "," PATCH( \
		"held", "\"another package manager is at work\"") "," PATCH("zip", "null") "]}"

static struct answer
get(struct world *w, const char *path)
{
	struct sender s = { .door = DOOR_SOCKET, .uid = 0, .lang = LANG_JA };
	struct answer a = world_send(w, &s, "GET", path, NULL);
	if (a.status != 200)
		fail_msg("%s: %d %.*s", path, a.status, STR_ARG(a.text));
	return a;
}

/* Checks every text under one of these keys, however deep; gives how many there were. */
static size_t
texts_are_japanese(const char *path, const struct json *v)
{
	static const char *const keys[] = { "why", "sentence", "text", "plan_error", "message" };
	size_t found = 0;
	for (size_t i = 0; i < v->count; i++) {
		const struct json *item = &v->item[i];
		if (item->kind == JSON_KIND_OBJECT || item->kind == JSON_KIND_ARRAY)
			found += texts_are_japanese(path, item);
		if (v->kind != JSON_KIND_OBJECT || item->kind != JSON_KIND_STRING)
			continue;
		for (size_t k = 0; k < COUNT(keys); k++) {
			if (!str_eq(v->key[i], str_of(keys[k])))
				continue;
			size_t wide = 0;
			for (size_t b = 0; b < item->text.len; b++)
				wide += (unsigned char)item->text.ptr[b] >= 0xe3;
			if (wide < 4)
				fail_msg("%s: %s: %.*s", path, keys[k], STR_ARG(item->text));
			found++;
		}
	}
	return found;
}

static void
all_japanese(struct world *w, size_t least, const char *path)
{
	struct answer a = get(w, path);
	size_t found = texts_are_japanese(path, a.json);
	if (found < least)
		fail_msg("%s: only %zu sentences: %.*s", path, found, STR_ARG(a.text));
}

static void
put(struct world *w, const char *name, const char *body, const char *plan_error)
{
	char hash[SHA256_HEX_LEN];
	sha256_hex(str_of(body), hash);
	struct str check_in = arena_printf(
		&w->arena, "{\"protocol\":1,\"machine\":\"machine-1\",\"plan_error\":%s,\"sections\":{\"%s\":\"%s\"}}",
		plan_error ? plan_error : "null", name, hash);
	assert_int_equal(world_agent(w, "POST", "/agent/v1/check-in", check_in.ptr).status, 200);
	struct str path = arena_printf(&w->arena, "/agent/v1/sections/%s", name);
	assert_int_equal(world_agent(w, "PUT", path.ptr, body).status, 204);
}

static void
feed_imported(struct world *w)
{
	struct err e = { 0 };
	struct feed_report report = { 0 };
	const char *path = path_join(&w->arena, w->dir, "DSA.list");
	struct feed_import_options o = { .data = w->dir, .clock = &w->clock };
	ok(file_write(path, STR(DSA), 0600, &e));
	ok(feed_import(&o, &path, 1, &report, &e));
	ok(app_index_reload(&w->app, &e));
}

static void
matched(struct world *w)
{
	struct err e = { 0 };
	struct match_job j;
	bool due;
	ok(match_compute(&w->app, w->st, w->host, &j, &due, &e));
	ok(match_store(w->st, &j, &e));
	match_job_free(&j);
}

/* One host with an update missing, one held back, one that failed; another one that waits for approval. */
static void
ward(struct world *w)
{
	struct token pending = world_token(w, "{\"approve\":true}"), t = world_token(w, "{}");
	assert_int_equal(world_enrol(w, &pending, "pending-pc").status, 200);
	assert_int_equal(world_enrol(w, &t, "ward-3-pc-07").status, 200);
	put(w, "packages", PACKAGES, NULL);
	put(w, "updates", UPDATES, NULL);
	struct str order = arena_printf(
		&w->arena, "{\"kind\":\"apply\",\"hosts\":[\"%.*s\"],\"patches\":[\"deb:zip@2\"]}", STR_ARG(w->host));
	struct answer a = world_cli(w, "POST", "/api/v1/orders", order.ptr);
	assert_int_equal(a.status, 200);
	struct err e = { 0 };
	struct attempt attempt;
	struct str id = json_get_str(json_get(a.json, "orders")->item, "id");
	struct str name = arena_printf(&w->arena, "%.*s/deb:zip@2", STR_ARG(id));
	ok(attempt_get(w->st, &w->arena, name, &attempt, &e));
	attempt.state = PATCH_FAILED;
	attempt.finished = w->now;
	attempt.why = STR("installing updates: the disk is full (E: You don't have enough free space)");
	ok(attempt_update(w->st, &attempt, &e));
	ok(host_patch_set_state(w->st, w->host, STR("deb:zip@2"), PATCH_FAILED, name, w->now, &e));
}

static void
every_sentence_is_in_the_readers_language(void **state)
{
	struct world *w = *state;
	all_japanese(w, 1, "/api/v1/overview"); /* no feed */
	ward(w);
	feed_imported(w);
	matched(w);
	const char *host = arena_printf(&w->arena, "/api/v1/hosts/%.*s", STR_ARG(w->host)).ptr;
	all_japanese(w, 3, "/api/v1/overview");
	all_japanese(w, 2, "/api/v1/hosts");
	all_japanese(w, 2, host);
	all_japanese(w, 3, "/api/v1/host-patches");
	all_japanese(w, 1, "/api/v1/patches/deb%3Aheld%402");
	all_japanese(w, 1, "/api/v1/history");
	all_japanese(w, 1, arena_printf(&w->arena, "%s/findings", host).ptr);
	all_japanese(w, 1, "/api/v1/vulnerabilities/CVE-2026-1001");
	put(w, "updates", UPDATES, "\"reading /etc/apt: Permission denied\"");
	all_japanese(w, 2, host);
	w->now += 30 * INT64_C(86400000);
	all_japanese(w, 4, "/api/v1/overview");
	all_japanese(w, 2, "/api/v1/hosts");
}

static void
feeds_have_japanese_names_and_tell_the_age_of_the_data(void **state)
{
	struct world *w = *state;
	feed_imported(w);
	struct answer feeds = get(w, "/api/v1/feeds"), overview = world_cli(w, "GET", "/api/v1/overview", NULL);
	const struct json *items = json_get(feeds.json, "items");
	assert_true(items->count >= 6);
	for (size_t i = 0; i < items->count; i++) {
		struct str title = json_get_str(&items->item[i], "title");
		if (title.len < 3 || !str_contains(title, STR("\xe3")))
			fail_msg("feed %.*s: its title needs Japanese in ja.po",
				 STR_ARG(json_get_str(&items->item[i], "feed")));
	}
	/* Imported today, ten years old. */
	assert_true(str_starts(json_get_str(json_get(overview.json, "feeds"), "oldest"), STR("2016-02-")));
	assert_true(str_contains(overview.text, STR("the oldest as of 2016-02-")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_sentence_is_in_the_readers_language),
		TEST(feeds_have_japanese_names_and_tell_the_age_of_the_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
