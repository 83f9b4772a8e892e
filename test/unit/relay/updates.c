/* What people signed where vendors' files are had, and what the relay then lets pass. */
#include "relay/updates.h"

#include "relay/relay-internal.h"
#include "trust/tuf-repo.h"

#include "../os/unit.h"

#include <unistd.h>

#define NOW INT64_C(1790000000000)
#define SETUP "https://vendor.example/dl/setup.msi"
#define TOOL "http://own.example:8080/tool.deb"

enum { ROOT, TARGETS, CATALOG, CUSTOM, KEYS };
static const char *const roles[KEYS] = { "root", "targets", "catalog", "custom" };

struct scene {
	struct arena a;
	struct key *keys[KEYS];
	struct clock clock;
	const char *repo, *data;
	struct relay relay;
	struct buf seen;
};

static int64_t
scene_now(void *user)
{
	(void)user;
	return NOW;
}

static void
sign(struct scene *s, int role)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO out = { 0 };
	const char *path = arena_printf(&s->a, "%s/pending/%s.json", s->repo, roles[role]).ptr;
	assert_ok(file_read(path, 1 << 20, &text, &unit_err));
	assert_ok(tuf_sign(&s->a, buf_str(&text), s->keys[role], &out, &unit_err));
	assert_ok(file_write(path, buf_str(&out), 0644, &unit_err));
}

static void
publish(struct scene *s)
{
	struct tuf_published what;
	TUF_REPO_AUTO r = NULL;
	assert_ok(tuf_repo_open(s->repo, &s->clock, &r, &unit_err));
	assert_ok(tuf_repo_publish(r, &what, &unit_err));
}

static struct scene *
scene_new(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct keyfile files[KEYS];
	s->clock = (struct clock){ scene_now, s };
	s->repo = arena_cstr(&s->a, str_of(unit_path(state, "repo")));
	s->data = arena_cstr(&s->a, str_of(unit_path(state, "relay")));
	for (int i = 0; i < KEYS; i++) {
		BUF_AUTO text = { 0 };
		assert_ok(key_generate(&s->keys[i], &unit_err));
		assert_ok(keyfile_write_public(s->keys[i], roles[i], NULL, NOW, &text, &unit_err));
		assert_ok(keyfile_read(&s->a, buf_str(&text), &files[i], &unit_err));
	}
	struct tuf_repo_plan plan = { .root = { &files[ROOT], 1, 1 },
				      .targets = { &files[TARGETS], 1, 1 },
				      .catalog = { &files[CATALOG], 1, 1 },
				      .custom = { &files[CUSTOM], 1, 1 },
				      .now = NOW };
	assert_ok(tuf_repo_create(s->repo, &plan, &unit_err));
	for (int i = 0; i < KEYS; i++)
		sign(s, i);
	publish(s);
	assert_ok(dir_make(s->data, 0700, &unit_err));
	pthread_mutex_init(&s->relay.mutex, NULL);
	assert_ok(digest_map_open(unit_path(state, "relay/known"), &s->relay.digests, &unit_err));
	return s;
}

static void
scene_free(struct scene *s)
{
	digest_map_close(s->relay.digests);
	buf_free(&s->seen);
	arena_free(&s->relay.arena);
	pthread_mutex_destroy(&s->relay.mutex);
	for (int i = 0; i < KEYS; i++)
		key_free(s->keys[i]);
	arena_free(&s->a);
	free(s);
}

/* A file that is had elsewhere, with what is signed beside it. */
static void
name(struct scene *s, const char *role, const char *path, const char *bytes, const char *beside)
{
	char hex[SHA256_HEX_LEN];
	TUF_REPO_AUTO r = NULL;
	sha256_hex(str_of(bytes), hex);
	struct tuf_put t = {
		.path = str_of(path), .length = strlen(bytes), .sha256 = str_of(hex), .custom = str_of(beside)
	};
	assert_ok(tuf_repo_open(s->repo, &s->clock, &r, &unit_err));
	assert_ok(tuf_repo_put_target(r, role, &t, &unit_err));
	assert_ok(tuf_repo_save(r, &unit_err));
}

static bool
get(void *user, const char *path, size_t max, struct buf *out, struct err *e)
{
	static const char at[] = "/agent/v1/relay/updates/";
	struct scene *s = user;
	assert_true(str_starts(str_of(path), str_of(at)));
	return file_read(path_join(&s->a, path_join(&s->a, s->repo, "metadata"), path + strlen(at)), max, out, e);
}

static void
pull(struct scene *s)
{
	struct updates_source from = { .user = s, .get = get, .now = NOW };
	assert_ok(updates_pull(s->data, &from, &unit_err));
	assert_ok(updates_name(s->data, &s->relay, NOW, &s->seen, &unit_err));
}

static bool
may_pass(struct scene *s, const char *url)
{
	BUF_AUTO canonical = { 0 };
	const struct allowlist *l = atomic_load(&s->relay.allow);
	return l && allow_url(l, str_of(url), &canonical, NULL);
}

/* Known as these very bytes. */
static bool
known_as(struct scene *s, const char *url, const char *bytes)
{
	struct digest d;
	char hex[SHA256_HEX_LEN], seen[SHA256_HEX_LEN];
	sha256_hex(str_of(bytes), hex);
	if (!digest_find(s->relay.digests, str_of(url), &d))
		return false;
	digest_hex(&d, seen);
	return strcmp(hex, seen) == 0 && d.size == strlen(bytes);
}

static void
signed_addresses_pass_by_their_digest_and_nothing_else_does(void **state)
{
	struct scene *s = scene_new(state);
	name(s, "catalog", "catalog/vendor/setup.msi", "the vendor's",
	     "{\"urls\":[\"https://VENDOR.example:443/dl/setup.msi\"]}");
	name(s, "custom", "custom/own/tool.deb", "our own",
	     "{\"urls\":[7,\"no address\",\"" TOOL "\",\"" TOOL "?v=2\"]}");
	name(s, "custom", "custom/own/plain.deb", "without an address", "");
	/* Nobody has signed it yet. */
	publish(s);
	pull(s);
	assert_false(may_pass(s, SETUP) || may_pass(s, TOOL));
	assert_int_equal(digest_map_count(s->relay.digests), 0);
	sign(s, CATALOG);
	sign(s, CUSTOM);
	publish(s);
	pull(s);
	assert_true(may_pass(s, SETUP) && known_as(s, SETUP, "the vendor's"));
	assert_true(may_pass(s, TOOL) && known_as(s, TOOL, "our own"));
	assert_true(may_pass(s, TOOL "?v=2") && known_as(s, TOOL "?v=2", "our own"));
	assert_int_equal(digest_map_count(s->relay.digests), 3);
	assert_false(may_pass(s, "https://vendor.example/dl/other.msi"));
	assert_false(may_pass(s, "http://vendor.example/dl/setup.msi"));
	assert_false(may_pass(s, "http://own.example/tool.deb"));
	scene_free(s);
}

/* The server's own keys speak for approvals: with them nobody opens a way to another host. */
static void
an_address_that_the_server_signed_opens_nothing(void **state)
{
	struct scene *s = scene_new(state);
	name(s, "approval", "approval/setup.msi", "evil", "{\"urls\":[\"https://evil.example/setup.msi\"]}");
	publish(s);
	pull(s);
	assert_false(may_pass(s, "https://evil.example/setup.msi"));
	assert_int_equal(digest_map_count(s->relay.digests), 0);
	scene_free(s);
}

static void
what_is_signed_no_more_is_known_no_more(void **state)
{
	struct scene *s = scene_new(state);
	name(s, "custom", "custom/own/tool.deb", "our own", "{\"urls\":[\"" TOOL "\"]}");
	sign(s, CUSTOM);
	publish(s);
	pull(s);
	assert_true(known_as(s, TOOL, "our own"));
	name(s, "custom", "custom/own/tool.deb", "a newer one", "{\"urls\":[\"" TOOL "\"]}");
	sign(s, CUSTOM);
	publish(s);
	pull(s);
	assert_true(known_as(s, TOOL, "a newer one"));
	{
		TUF_REPO_AUTO r = NULL;
		assert_ok(tuf_repo_open(s->repo, &s->clock, &r, &unit_err));
		assert_ok(tuf_repo_remove_target(r, "custom", STR("custom/own/tool.deb"), &unit_err));
		assert_ok(tuf_repo_save(r, &unit_err));
	}
	sign(s, CUSTOM);
	publish(s);
	pull(s);
	assert_int_equal(digest_map_count(s->relay.digests), 0);
	assert_false(may_pass(s, TOOL));
	scene_free(s);
}

/* While the server cannot be asked, what it said last counts. */
static void
a_relay_that_was_started_again_knows_them(void **state)
{
	struct scene *s = scene_new(state);
	BUF_AUTO seen = { 0 };
	struct relay again = { .digests = s->relay.digests };
	name(s, "custom", "custom/own/tool.deb", "our own", "{\"urls\":[\"" TOOL "\"]}");
	sign(s, CUSTOM);
	publish(s);
	pull(s);
	assert_true(may_pass(s, TOOL));
	pthread_mutex_init(&again.mutex, NULL);
	assert_ok(updates_name(s->data, &again, NOW, &seen, &unit_err));
	const struct allowlist *l = atomic_load(&again.allow);
	assert_true(l && l->named.count == 1);
	/* Nothing new: the same list, not another one of the same. */
	buf_truncate(&seen, 0);
	assert_ok(updates_name(s->data, &again, NOW, &seen, &unit_err));
	assert_ptr_equal(atomic_load(&again.allow), l);
	/* Without any metadata nothing passes, and nothing is wrong. */
	BUF_AUTO none = { 0 };
	assert_ok(updates_name(unit_path(state, "elsewhere"), &again, NOW, &none, &unit_err));
	arena_free(&again.arena);
	pthread_mutex_destroy(&again.mutex);
	scene_free(s);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(signed_addresses_pass_by_their_digest_and_nothing_else_does),
		WITH_FOLDER(an_address_that_the_server_signed_opens_nothing),
		WITH_FOLDER(what_is_signed_no_more_is_known_no_more),
		WITH_FOLDER(a_relay_that_was_started_again_knows_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
