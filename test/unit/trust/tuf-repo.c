/* Repositories as mamori makes them, read by the client. */
#include "trust/tuf-repo.h"

#include "base/codec.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define DAY (INT64_C(24) * 3600 * 1000)

enum { ROOT1, ROOT2, ROOT3, TARGETS, CATALOG, CUSTOM, SPARE, KEYS };

struct place {
	struct arena arena;
	char folder[64];
	struct key *keys[KEYS];
	struct keyfile files[KEYS];
	int64_t now;
	struct clock clock;
	const char *repo, *store, *metadata;
};

static int64_t
place_now(void *user)
{
	return *(int64_t *)user;
}

static void
place_open(struct place *p)
{
	*p = (struct place){ .now = NOW };
	p->clock = (struct clock){ place_now, &p->now };
	memcpy(p->folder, "/tmp/mamori-repo-XXXXXX", sizeof("/tmp/mamori-repo-XXXXXX"));
	assert_non_null(mkdtemp(p->folder));
	p->repo = path_join(&p->arena, p->folder, "repo");
	p->store = path_join(&p->arena, p->folder, "store");
	p->metadata = path_join(&p->arena, p->repo, "metadata");
	for (int i = 0; i < KEYS; i++) {
		BUF_AUTO text = { 0 };
		assert_true(key_generate(&p->keys[i], NULL));
		assert_true(keyfile_write_public(p->keys[i], "custom", NULL, NOW, &text, NULL));
		assert_true(keyfile_read(&p->arena, buf_str(&text), &p->files[i], NULL));
	}
	struct tuf_repo_plan plan = { .root = { &p->files[ROOT1], 2, 2 },
				      .targets = { &p->files[TARGETS], 1, 1 },
				      .catalog = { &p->files[CATALOG], 1, 1 },
				      .custom = { &p->files[CUSTOM], 1, 1 },
				      .now = NOW };
	struct err e = { 0 };
	if (!tuf_repo_create(p->repo, &plan, &e))
		fail_msg("%s", e.text);
	assert_false(tuf_repo_create(p->repo, &plan, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void
place_close(struct place *p)
{
	for (int i = 0; i < KEYS; i++)
		key_free(p->keys[i]);
	assert_true(dir_remove_all(p->folder, NULL));
	arena_free(&p->arena);
}

/* As somebody does on another machine: only the file and the key. */
static void
sign(struct place *p, const char *role, int key)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	BUF_AUTO out = { 0 };
	struct err e = { 0 };
	const char *path = arena_printf(&a, "%s/pending/%s.json", p->repo, role).ptr;
	if (!file_read(path, 1 << 20, &text, &e) || !tuf_sign(&a, buf_str(&text), p->keys[key], &out, &e) ||
	    !file_write(path, buf_str(&out), 0644, &e))
		fail_msg("%s", e.text);
}

static void
publish(struct place *p, struct tuf_published *what)
{
	struct err e = { 0 };
	TUF_REPO_AUTO r = NULL;
	if (!tuf_repo_open(p->repo, &p->clock, &r, &e) || !tuf_repo_publish(r, what, &e))
		fail_msg("%s", e.text);
	what->waiting[0] = what->waiting_count ? arena_str(&p->arena, what->waiting[0]) : STR_NONE;
}

static void
sign_first(struct place *p)
{
	struct tuf_published what;
	sign(p, "root", ROOT1);
	sign(p, "root", ROOT2);
	sign(p, "targets", TARGETS);
	sign(p, "catalog", CATALOG);
	sign(p, "custom", CUSTOM);
	publish(p, &what);
	assert_true(what.changed);
	assert_int_equal(what.waiting_count, 0);
}

static struct tuf_client *
client(struct place *p)
{
	struct tuf_client *c;
	struct err e = { 0 };
	BUF_AUTO root = { 0 };
	assert_true(file_read(path_join(&p->arena, p->metadata, "1.root.json"), 1 << 20, &root, &e));
	if (!file_exists(p->store))
		assert_true(tuf_store_begin(p->store, buf_str(&root), &e));
	struct tuf_options o = {
		.folder = p->store, .fetch = tuf_fetch_folder, .user = (void *)(uintptr_t)p->metadata, .now = p->now
	};
	if (!tuf_client_open(&o, &c, &e))
		fail_msg("%s", e.text);
	return c;
}

static void
client_accepts(struct place *p, const char *path, const char *role)
{
	TUF_CLIENT_AUTO c = client(p);
	struct err e = { 0 };
	struct tuf_target t;
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	if (!path)
		return;
	if (!tuf_client_find(c, str_of(path), &t, &e))
		fail_msg("%s", e.text);
	assert_true(str_eq(t.role, str_of(role)));
}

static void
put(struct place *p, const char *role, const char *path, const char *file)
{
	TUF_REPO_AUTO r = NULL;
	struct err e = { 0 };
	struct tuf_put t = { .path = str_of(path), .file = file, .custom = STR("{\"kind\":\"deb\"}") };
	if (!tuf_repo_open(p->repo, &p->clock, &r, &e) || !tuf_repo_put_target(r, role, &t, &e) ||
	    !tuf_repo_save(r, &e))
		fail_msg("%s", e.text);
}

static void
nothing_appears_before_people_have_signed(void **state)
{
	struct place p;
	struct tuf_published what;
	place_open(&p);
	publish(&p, &what);
	assert_false(what.changed);
	assert_true(str_eq(what.waiting[0], STR("root")));
	assert_false(file_exists(p.metadata));
	sign(&p, "root", ROOT1);
	sign(&p, "root", ROOT1); /* twice the same is once */
	sign(&p, "root", CUSTOM); /* and a stranger's does not count */
	publish(&p, &what);
	assert_false(what.changed);
	sign(&p, "root", ROOT2);
	publish(&p, &what); /* targets lack theirs */
	assert_false(what.changed);
	assert_false(file_exists(p.metadata));
	sign(&p, "targets", TARGETS);
	publish(&p, &what);
	assert_true(what.changed);
	assert_int_equal(what.waiting_count, 2); /* catalog, custom */
	client_accepts(&p, NULL, NULL);
	place_close(&p);
}

static void
files_are_vouched_for_by_their_roles(void **state)
{
	struct place p;
	struct tuf_published what;
	struct err e = { 0 };
	struct tuf_target t;
	place_open(&p);
	sign_first(&p);
	const char *file = path_join(&p.arena, p.folder, "app.deb");
	assert_true(file_write(file, STR("a package"), 0644, &e));
	put(&p, "custom", "custom/app/1.0/app.deb", file);
	publish(&p, &what);
	assert_int_equal(what.waiting_count, 1); /* nobody has signed it yet */
	assert_true(str_eq(what.waiting[0], STR("custom")));
	{
		TUF_CLIENT_AUTO c = client(&p);
		assert_true(tuf_client_update(c, &e));
		assert_false(tuf_client_find(c, STR("custom/app/1.0/app.deb"), &t, &e));
		assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGET_UNKNOWN);
	}
	sign(&p, "custom", CUSTOM);
	publish(&p, &what);
	assert_true(what.changed && what.waiting_count == 0);
	client_accepts(&p, "custom/app/1.0/app.deb", "custom");
	TUF_CLIENT_AUTO c = client(&p);
	assert_true(tuf_client_update(c, &e) && tuf_client_find(c, STR("custom/app/1.0/app.deb"), &t, &e));
	assert_true(str_eq(json_get_str(t.custom, "kind"), STR("deb")));
	BUF_AUTO bytes = { 0 };
	assert_true(
		file_read(arena_printf(&p.arena, "%s/targets/%.*s", p.repo, STR_ARG(t.file)).ptr, 1 << 20, &bytes, &e));
	struct tuf_check *k = tuf_check_open(&t);
	assert_true(tuf_check_add(k, buf_str(&bytes), &e));
	assert_true(tuf_check_end(k, NULL, &e));
	place_close(&p);
}

/* What a taken-over server can do: its own keys sign approvals, and nothing under catalog/ or custom/. */
static void
online_keys_vouch_for_approvals_only(void **state)
{
	struct place p;
	struct err e = { 0 };
	struct tuf_published what;
	struct tuf_target t;
	BUF_AUTO pem = { 0 };
	BUF_AUTO text = { 0 };
	BUF_AUTO out = { 0 };
	KEY_AUTO approval = NULL;
	place_open(&p);
	sign_first(&p);
	{
		TUF_REPO_AUTO r = NULL;
		struct tuf_put a = { .path = STR("approval/deb:bash@5.2-1"),
				     .length = 1,
				     .sha256 =
					     STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") };
		assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
		assert_true(tuf_repo_put_target(r, "approval", &a, &e));
		assert_true(tuf_repo_publish(r, &what, &e));
		a.path = STR("custom/evil.deb");
		assert_false(tuf_repo_put_target(r, "approval", &a, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
	client_accepts(&p, "approval/deb:bash@5.2-1", "approval");
	/* The server puts a package under custom/ and signs it with what it has. */
	put(&p, "custom", "custom/evil.deb", path_join(&p.arena, p.metadata, "timestamp.json"));
	const char *path = path_join(&p.arena, p.repo, "pending/custom.json");
	assert_true(file_read(path_join(&p.arena, p.repo, "online/approval.pem"), 1 << 16, &pem, &e));
	assert_true(key_from_pem(buf_str(&pem), &approval, &e));
	assert_true(file_read(path, 1 << 20, &text, &e));
	assert_true(tuf_sign(&p.arena, buf_str(&text), approval, &out, &e));
	assert_true(file_write(path, buf_str(&out), 0644, &e));
	publish(&p, &what);
	assert_int_equal(what.waiting_count, 1);
	TUF_CLIENT_AUTO c = client(&p);
	assert_true(tuf_client_update(c, &e));
	assert_false(tuf_client_find(c, STR("custom/evil.deb"), &t, &e));
	place_close(&p);
}

static void
paths_that_could_surprise_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "/custom/a",
					   "custom//a",
					   "custom/../a",
					   "custom/.a",
					   "custom/a/",
					   "custom",
					   "other/a",
					   "custom/a\nb",
					   "custom/a*",
					   "custom\\a",
					   "customs/a",
					   "custom/\xff",
					   "custom/[a",
					   "custom/a?",
					   "custom/1/2/3/4/5/6/7/8" };
	struct place p;
	struct err e = { 0 };
	place_open(&p);
	TUF_REPO_AUTO r = NULL;
	assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct tuf_put t = { .path = str_of(bad[i]),
				     .sha256 =
					     STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") };
		if (tuf_repo_put_target(r, "custom", &t, &e))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
	}
	struct tuf_put t = { .path = STR("custom/a"), .sha256 = STR("xyz") };
	assert_false(tuf_repo_put_target(r, "custom", &t, &e));
	t = (struct tuf_put){ .path = STR("custom/a"), .file = "/nowhere/at/all" };
	assert_false(tuf_repo_put_target(r, "custom", &t, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(tuf_repo_put_target(r, "root", &t, &e));
	assert_false(tuf_repo_remove_target(r, "custom", STR("custom/a"), &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	/* A second writer waits its turn. */
	TUF_REPO_AUTO second = NULL;
	assert_false(tuf_repo_open(p.repo, &p.clock, &second, &e));
	assert_int_equal(e.code, ERR_BUSY);
	tuf_repo_close(r);
	r = NULL;
	place_close(&p);
}

static void
timestamps_are_renewed_in_time(void **state)
{
	struct place p;
	struct err e = { 0 };
	struct tuf_published what;
	place_open(&p);
	sign_first(&p);
	publish(&p, &what);
	assert_false(what.changed); /* nothing new, and still fresh */
	assert_int_equal(what.timestamp_version, 1);
	for (int day = 0; day < 60; day += 2) {
		p.now += 2 * DAY;
		publish(&p, &what);
		client_accepts(&p, NULL, NULL);
	}
	assert_int_equal(what.timestamp_version, 16); /* past half of seven days: every four */
	/* A clock that was set back publishes nothing that clients would refuse. */
	p.now -= 10 * DAY;
	TUF_REPO_AUTO r = NULL;
	assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
	assert_false(tuf_repo_publish(r, NULL, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "clock"));
	tuf_repo_close(r);
	r = NULL;
	/* One that runs years ahead neither. */
	p.now = NOW + 3000 * DAY;
	assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
	assert_false(tuf_repo_publish(r, NULL, &e));
	assert_non_null(strstr(e.text, "the root expired"));
	tuf_repo_close(r);
	r = NULL;
	place_close(&p);
}

/* For a bundle that is under way for weeks. */
static void
a_longer_life_is_signed_where_it_is_asked_for(void **state)
{
	struct place p;
	struct err e = { 0 };
	struct tuf_published what;
	place_open(&p);
	sign_first(&p);
	TUF_REPO_AUTO r = NULL;
	assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
	tuf_repo_valid_for(r, 40 * DAY);
	assert_true(tuf_repo_publish(r, &what, &e));
	assert_true(what.changed);
	assert_true(what.expires == NOW + 40 * DAY);
	assert_true(tuf_repo_publish(r, &what, &e)); /* it is valid for so long already */
	assert_false(what.changed);
	tuf_repo_valid_for(r, 4000 * DAY);
	assert_true(tuf_repo_publish(r, &what, &e));
	assert_true(what.expires == NOW + 90 * DAY);
	tuf_repo_close(r);
	r = NULL;
	p.now += 39 * DAY;
	TUF_CLIENT_AUTO c = client(&p);
	assert_true(tuf_client_update(c, &e));
	assert_true(tuf_client_expires(c) == NOW + 90 * DAY);
	place_close(&p);
}

static void
rotate(struct place *p, const char *role, int add, int revoke, bool online)
{
	TUF_REPO_AUTO r = NULL;
	struct err e = { 0 };
	const char *gone[] = { NULL, NULL };
	if (revoke >= 0)
		gone[0] = arena_cstr(&p->arena, str_head(p->files[revoke].keyid, 12));
	struct tuf_rotation change = { .role = role, .revoke = gone, .online = online };
	if (add >= 0) {
		change.add = &p->files[add];
		change.add_count = 1;
	}
	if (!tuf_repo_open(p->repo, &p->clock, &r, &e) || !tuf_repo_rotate(r, &change, &e) || !tuf_repo_save(r, &e))
		fail_msg("%s", e.text);
}

/* A root key is lost: the other two and a new one carry on; clients follow from where they were. */
static void
a_lost_root_key_is_replaced(void **state)
{
	struct place p;
	struct tuf_published what;
	place_open(&p);
	sign_first(&p);
	client_accepts(&p, NULL, NULL);
	rotate(&p, "root", ROOT3, -1, false); /* a third, so that one may be lost */
	sign(&p, "root", ROOT1);
	publish(&p, &what);
	assert_false(what.changed);
	sign(&p, "root", ROOT2);
	publish(&p, &what);
	assert_true(what.changed);
	rotate(&p, "root", SPARE, ROOT1, false); /* ROOT1 is gone */
	sign(&p, "root", ROOT2);
	sign(&p, "root", ROOT3);
	publish(&p, &what);
	assert_true(what.changed);
	client_accepts(&p, NULL, NULL);
	TUF_CLIENT_AUTO c = client(&p);
	assert_int_equal(tuf_client_version(c, STR("root")), 3);
	place_close(&p);
}

static void
lost_keys_of_targets_and_custom_are_replaced(void **state)
{
	struct place p;
	struct tuf_published what;
	struct err e = { 0 };
	place_open(&p);
	sign_first(&p);
	put(&p, "custom", "custom/app", path_join(&p.arena, p.metadata, "timestamp.json"));
	sign(&p, "custom", CUSTOM);
	publish(&p, &what);
	client_accepts(&p, "custom/app", "custom");
	/* The key of targets: a new root names another, which signs targets anew; only together do they appear. */
	rotate(&p, "targets", SPARE, TARGETS, false);
	sign(&p, "root", ROOT1);
	sign(&p, "root", ROOT2);
	publish(&p, &what);
	assert_false(what.changed);
	client_accepts(&p, "custom/app", "custom");
	sign(&p, "targets", SPARE);
	publish(&p, &what);
	assert_true(what.changed && what.waiting_count == 0);
	client_accepts(&p, "custom/app", "custom");
	/* The key of custom was stolen: from the moment that targets say so, what it signed counts no more. */
	rotate(&p, "custom", ROOT3, CUSTOM, false);
	sign(&p, "targets", SPARE);
	publish(&p, &what);
	assert_true(what.changed);
	{
		struct tuf_target t;
		TUF_CLIENT_AUTO c = client(&p);
		assert_true(tuf_client_update(c, &e));
		assert_false(tuf_client_find(c, STR("custom/app"), &t, &e));
		assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGETS_UNSIGNED);
	}
	sign(&p, "custom", ROOT3);
	publish(&p, &what);
	client_accepts(&p, "custom/app", "custom");
	place_close(&p);
}

static void
online_keys_are_replaced(void **state)
{
	static const char *const roles[] = { "timestamp", "snapshot", "approval" };
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct place p;
		struct tuf_published what;
		BUF_AUTO before = { 0 };
		BUF_AUTO after = { 0 };
		place_open(&p);
		sign_first(&p);
		client_accepts(&p, NULL, NULL);
		const char *path = arena_printf(&p.arena, "%s/online/%s.pem", p.repo, roles[i]).ptr;
		assert_true(file_read(path, 1 << 16, &before, NULL));
		rotate(&p, roles[i], -1, -1, true);
		p.now += 5 * DAY;
		publish(&p, &what); /* nobody has signed the change yet: the old key goes on */
		assert_true(what.changed && what.waiting_count == 1);
		client_accepts(&p, NULL, NULL);
		if (i < 2) {
			sign(&p, "root", ROOT1);
			sign(&p, "root", ROOT2);
		} else {
			sign(&p, "targets", TARGETS);
		}
		publish(&p, &what);
		assert_true(what.changed && what.waiting_count == 0);
		client_accepts(&p, NULL, NULL);
		assert_true(file_read(path, 1 << 16, &after, NULL));
		assert_false(str_eq(buf_str(&before), buf_str(&after)));
		p.now += 5 * DAY;
		publish(&p, &what);
		client_accepts(&p, NULL, NULL);
		place_close(&p);
	}
}

static void
rotations_that_lock_out_are_refused(void **state)
{
	struct place p;
	struct err e = { 0 };
	place_open(&p);
	sign_first(&p);
	TUF_REPO_AUTO r = NULL;
	assert_true(tuf_repo_open(p.repo, &p.clock, &r, &e));
	const char *gone[] = { arena_cstr(&p.arena, p.files[ROOT1].keyid), NULL };
	struct tuf_rotation change = { .role = "root", .revoke = gone };
	assert_false(tuf_repo_rotate(r, &change, &e)); /* two are needed, one would be left */
	assert_int_equal(e.code, ERR_USAGE);
	change = (struct tuf_rotation){ .role = "root", .threshold = 3 };
	assert_false(tuf_repo_rotate(r, &change, &e));
	const char *short_id[] = { "ab", NULL };
	change = (struct tuf_rotation){ .role = "root", .revoke = short_id };
	assert_false(tuf_repo_rotate(r, &change, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	change = (struct tuf_rotation){ .role = "nobody" };
	assert_false(tuf_repo_rotate(r, &change, &e));
	change = (struct tuf_rotation){ .role = "custom", .online = true };
	assert_false(tuf_repo_rotate(r, &change, &e));
	tuf_repo_close(r);
	r = NULL;
	place_close(&p);
}

/* A hospital that begins without a catalog, or without packages of its own, adds them later. */
static void
a_role_is_added_later(void **state)
{
	struct place p;
	struct err e = { 0 };
	struct tuf_published what;
	place_open(&p);
	assert_true(dir_remove_all(p.repo, &e));
	struct tuf_repo_plan plan = { .root = { &p.files[ROOT1], 2, 2 },
				      .targets = { &p.files[TARGETS], 1, 1 },
				      .now = NOW };
	assert_true(tuf_repo_create(p.repo, &plan, &e));
	sign(&p, "root", ROOT1);
	sign(&p, "root", ROOT2);
	sign(&p, "targets", TARGETS);
	publish(&p, &what);
	assert_true(what.changed && what.waiting_count == 0);
	client_accepts(&p, NULL, NULL);
	rotate(&p, "custom", CUSTOM, -1, false);
	put(&p, "custom", "custom/a/b/c/d/e/app", path_join(&p.arena, p.metadata, "timestamp.json"));
	sign(&p, "targets", TARGETS);
	sign(&p, "custom", CUSTOM);
	publish(&p, &what);
	assert_true(what.changed && what.waiting_count == 0);
	client_accepts(&p, "custom/a/b/c/d/e/app", "custom");
	place_close(&p);
}

/* What root makes in a server's folder belongs to the server, which publishes without root. */
static void
what_root_makes_is_the_servers(void **state)
{
	struct place p;
	struct tuf_published what;
	if (geteuid() != 0)
		skip();
	place_open(&p);
	assert_true(dir_remove_all(p.repo, NULL));
	assert_int_equal(chown(p.folder, 65534, 65534), 0);
	struct tuf_repo_plan plan = { .root = { &p.files[ROOT1], 2, 2 },
				      .targets = { &p.files[TARGETS], 1, 1 },
				      .custom = { &p.files[CUSTOM], 1, 1 },
				      .now = NOW };
	assert_true(tuf_repo_create(p.repo, &plan, NULL));
	sign(&p, "root", ROOT1);
	sign(&p, "root", ROOT2);
	sign(&p, "targets", TARGETS);
	put(&p, "custom", "custom/x/y", "/proc/self/status");
	publish(&p, &what);
	assert_true(what.changed);
	p.now += 6 * DAY;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		TUF_REPO_AUTO r = NULL;
		struct err e = { 0 };
		struct tuf_put t = { .path = STR("approval/x"), .file = "/proc/self/stat" };
		if (setgid(65534) != 0 || setuid(65534) != 0 || !tuf_repo_open(p.repo, &p.clock, &r, &e) ||
		    !tuf_repo_put_target(r, "approval", &t, &e) || !tuf_repo_publish(r, &what, &e) || !what.changed)
			_exit(1);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	client_accepts(&p, "approval/x", "approval");
	place_close(&p);
}

/* Publishing is killed at any moment; readers always find a state that is whole, and the next publish goes through. */
static void
killed_at_any_moment_the_repository_is_valid(void **state)
{
	struct place p;
	struct tuf_published what;
	struct err e = { 0 };
	place_open(&p);
	sign_first(&p);
	client_accepts(&p, NULL, NULL);
	for (int i = 0; i < 30; i++) {
		struct tuf_put t = { .path = arena_printf(&p.arena, "approval/%d", i),
				     .sha256 =
					     STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") };
		if (i % 3 == 0) { /* with a new root and targets now and then */
			rotate(&p, "timestamp", -1, -1, true);
			sign(&p, "root", ROOT1);
			sign(&p, "root", ROOT2);
		}
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			for (uint64_t n = 1;; n++) { /* one state after the other, until it is killed */
				TUF_REPO_AUTO r = NULL;
				t.length = n;
				if (!tuf_repo_open(p.repo, &p.clock, &r, &e) ||
				    !tuf_repo_put_target(r, "approval", &t, &e) || !tuf_repo_publish(r, NULL, &e))
					_exit(1);
			}
		}
		usleep((useconds_t)(i * 1500 % 40000));
		kill(child, SIGKILL);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		client_accepts(&p, NULL, NULL); /* at once, before anybody repairs anything */
		TUF_REPO_AUTO r = NULL;
		if (!tuf_repo_open(p.repo, &p.clock, &r, &e) || !tuf_repo_put_target(r, "approval", &t, &e) ||
		    !tuf_repo_publish(r, &what, &e))
			fail_msg("round %d: %s", i, e.text);
		tuf_repo_close(r);
		r = NULL;
		client_accepts(&p, t.path.ptr, "approval");
	}
	place_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_appears_before_people_have_signed),
		cmocka_unit_test(files_are_vouched_for_by_their_roles),
		cmocka_unit_test(online_keys_vouch_for_approvals_only),
		cmocka_unit_test(paths_that_could_surprise_are_refused),
		cmocka_unit_test(timestamps_are_renewed_in_time),
		cmocka_unit_test(a_longer_life_is_signed_where_it_is_asked_for),
		cmocka_unit_test(a_lost_root_key_is_replaced),
		cmocka_unit_test(lost_keys_of_targets_and_custom_are_replaced),
		cmocka_unit_test(online_keys_are_replaced),
		cmocka_unit_test(rotations_that_lock_out_are_refused),
		cmocka_unit_test(a_role_is_added_later),
		cmocka_unit_test(what_root_makes_is_the_servers),
		cmocka_unit_test(killed_at_any_moment_the_repository_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
