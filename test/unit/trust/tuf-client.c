#include "trust/tuf.h"

#include "../known.h"
#include "tuf-world.h"

#include <sys/wait.h>

/* Version 1 of everything, trusted and fetched. */
static void
begin(struct world *w)
{
	struct state s = world_state(1);
	struct err e = { 0 };
	world_open(w);
	world_publish(w, &s);
	assert_true(tuf_store_begin(w->folder, world_get(w, "1.root.json"), &e));
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("first update: %s", e.text);
	assert_int_equal(tuf_client_version(c, STR("timestamp")), 1);
}

static void
new_versions_are_taken_and_targets_found(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	begin(&w);
	struct state s = world_state(2);
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_true(tuf_client_update(c, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_OK);
	assert_int_equal(tuf_client_version(c, STR("targets")), 2);
	assert_int_equal(tuf_client_version(c, STR("team")), 2);
	assert_true(tuf_client_expires(c) == NOW + DAY);
	assert_true(tuf_client_find(c, STR("own.deb"), &t, &e));
	assert_true(str_eq(t.role, STR("targets")));
	assert_int_equal(t.length, 7);
	assert_true(str_ends(t.file, STR(".own.deb")) && t.file.len == 64 + 8);
	assert_true(tuf_client_find(c, STR("team/app.deb"), &t, &e));
	assert_true(str_eq(t.role, STR("team")));
	assert_true(str_starts(t.file, STR("team/")));
	assert_true(t.expires == NOW + DAY);
	/* Again: nothing but a look for a root and the timestamp. */
	w.fetched = 0;
	assert_true(tuf_client_update(c, &e));
	assert_int_equal(w.fetched, 2);
	world_close(&w);
}

/* ---- attacks, one for each step of the workflow ---- */

static void
publish_after(struct world *w, struct state s)
{
	world_publish(w, &s);
}

static struct state
next_root(void)
{
	struct state s = world_state(2);
	s.root = 2;
	return s;
}

static void
a_root_too_long(struct world *w)
{
	table_put(&w->endless, STR("2.root.json"), NULL);
}

static void
a_root_not_by_old(struct world *w)
{
	struct state s = next_root();
	s.root_keys = s.root_by = BIT(K_ROOT2) | BIT(K_ROOT3);
	publish_after(w, s);
}

static void
a_root_not_by_new(struct world *w)
{
	struct state s = next_root();
	s.root_keys = BIT(K_ROOT2) | BIT(K_ROOT3);
	publish_after(w, s);
}

static void
a_root_by_one_key_twice(struct world *w)
{
	struct state s = next_root();
	/* One key under two ids: a member more makes another id of the same key. */
	struct json root = world_root(w, &s), *keys = tree_get(&root, STR("keys"));
	struct json twin = *tree_thaw(&w->arena, &w->objects[K_ROOT1]), ids = tree_array();
	BUF_AUTO canonical = { 0 };
	char hex[SHA256_HEX_LEN];
	tree_add(&w->arena, &twin, STR("x"), tree_number(&w->arena, 1));
	assert_true(canonical_write(&twin, &canonical, NULL));
	sha256_hex(buf_str(&canonical), hex);
	struct str id = arena_str(&w->arena, str_of(hex));
	tree_add(&w->arena, keys, id, twin);
	struct json *role = tree_get(tree_get(&root, STR("roles")), STR("root"));
	tree_push(&w->arena, &ids, tree_text(w->ids[K_ROOT1]));
	tree_push(&w->arena, &ids, tree_text(id));
	tree_set(&w->arena, role, STR("keyids"), ids);
	struct str before = w->ids[K_ROOT3];
	struct key *key = w->keys[K_ROOT3];
	w->ids[K_ROOT3] = id;
	w->keys[K_ROOT3] = w->keys[K_ROOT1];
	world_put(w, "2.root.json", world_text(w, root, BIT(K_ROOT1) | BIT(K_ROOT2) | BIT(K_ROOT3)));
	w->ids[K_ROOT3] = before;
	w->keys[K_ROOT3] = key;
}

static void
a_root_key_under_a_false_id(struct world *w)
{
	struct state s = next_root();
	struct str true_id = w->ids[K_ROOT2];
	w->ids[K_ROOT2] = w->ids[K_STRANGER];
	struct json root = world_root(w, &s);
	struct str text = world_text(w, root, s.root_by);
	w->ids[K_ROOT2] = true_id;
	/* The old keys sign, too. */
	struct json *whole;
	assert_true(json_parse(&w->arena, text, NULL, &whole, NULL));
	struct json *more, *list;
	assert_true(json_parse(&w->arena, world_text(w, root, BIT(K_ROOT2)), NULL, &more, NULL));
	whole = tree_thaw(&w->arena, whole);
	list = tree_get(whole, STR("signatures"));
	tree_push(&w->arena, list, json_get(more, "signatures")->item[0]);
	BUF_AUTO out = { 0 };
	struct json_writer writer = { .out = &out };
	json_tree(&writer, whole);
	world_put(w, "2.root.json", buf_str(&out));
}

static void
a_root_rollback(struct world *w)
{
	struct state s = next_root();
	publish_after(w, s);
	/* The client moves on to 2, then 1 comes in the place of 3. */
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, NULL));
	assert_true(tuf_client_update(c, NULL));
	world_put(w, "3.root.json", world_get(w, "1.root.json"));
}

static void
a_root_skipped(struct world *w)
{
	struct state s = next_root();
	s.root = 3;
	publish_after(w, s);
	world_put(w, "2.root.json", world_get(w, "3.root.json"));
}

static void
a_root_expired(struct world *w)
{
	struct state s = next_root();
	s.root_ends = 0;
	publish_after(w, s);
}

static void
a_timestamp_missing(struct world *w)
{
	world_drop(w, "timestamp.json");
}

static void
a_timestamp_too_long(struct world *w)
{
	table_put(&w->endless, STR("timestamp.json"), NULL);
}

static void
a_timestamp_unsigned(struct world *w)
{
	struct state s = world_state(2);
	s.time_by = BIT(K_STRANGER) | BIT(K_SNAP);
	publish_after(w, s);
}

static void
a_timestamp_rollback(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, NULL));
	assert_true(tuf_client_update(c, NULL));
	s = world_state(1);
	publish_after(w, s);
}

static void
a_timestamp_snapshot_rollback(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, NULL));
	assert_true(tuf_client_update(c, NULL));
	s = world_state(1);
	s.timestamp = 3;
	publish_after(w, s);
}

static void
a_timestamp_expired(struct world *w)
{
	struct state s = world_state(2);
	s.timestamp_ends = 0;
	publish_after(w, s);
}

static void
a_timestamp_after_root(struct world *w)
{
	struct state s = world_state(2);
	s.timestamp_issued = 301 * DAY;
	s.timestamp_ends = 302 * DAY;
	publish_after(w, s);
}

static void
a_timestamp_names_more(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	struct json *t;
	assert_true(json_parse(&w->arena, world_get(w, "timestamp.json"), NULL, &t, NULL));
	struct json *signed_part = tree_get(tree_thaw(&w->arena, t), STR("signed"));
	struct json *meta = tree_get(signed_part, STR("meta"));
	tree_add(&w->arena, meta, STR("targets.json"), meta->item[0]);
	world_put(w, "timestamp.json", world_text(w, *signed_part, BIT(K_TIME)));
}

static void
a_snapshot_too_long(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	table_put(&w->endless, STR("2.snapshot.json"), NULL);
}

static void
a_snapshot_longer_than_listed(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	BUF_AUTO b = { 0 };
	buf_add(&b, world_get(w, "2.snapshot.json"));
	buf_add_char(&b, ' ');
	world_put(w, "2.snapshot.json", buf_str(&b));
}

static void
a_snapshot_shorter_than_listed(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	struct str text = world_get(w, "2.snapshot.json");
	world_put(w, "2.snapshot.json", str_head(text, text.len - 1));
}

static void
a_snapshot_hash(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	/* Mix and match: another one that is signed as well, and as long. */
	struct str timestamp = world_get(w, "timestamp.json");
	s.snapshot_ends += DAY;
	world_publish(w, &s);
	world_put(w, "timestamp.json", timestamp);
	/* ECDSA signatures differ in length by a byte or two: blanks make up for it. */
	struct json *t;
	assert_true(json_parse(&w->arena, timestamp, NULL, &t, NULL));
	int64_t length = json_get_i64(&json_get(json_get(t, "signed"), "meta")->item[0], "length", 0);
	BUF_AUTO b = { 0 };
	buf_add(&b, world_get(w, "2.snapshot.json"));
	while ((int64_t)b.len < length)
		buf_add_char(&b, '\n');
	world_put(w, "2.snapshot.json", str_head(buf_str(&b), (size_t)length));
}

static void
a_snapshot_unsigned(struct world *w)
{
	struct state s = world_state(2);
	s.snap_by = BIT(K_TIME);
	publish_after(w, s);
}

static void
a_snapshot_version(struct world *w)
{
	struct state s = world_state(2);
	s.named_snapshot = 3;
	publish_after(w, s);
}

static void
a_snapshot_rollback(struct world *w)
{
	struct state s = world_state(5), old = world_state(6);
	publish_after(w, s);
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, NULL));
	assert_true(tuf_client_update(c, NULL));
	old.targets = 4;
	publish_after(w, old);
}

static void
a_snapshot_delegated_rollback(struct world *w)
{
	struct state s = world_state(5), old = world_state(6);
	publish_after(w, s);
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, NULL));
	assert_true(tuf_client_update(c, NULL));
	old.team = 4;
	publish_after(w, old);
}

static void
a_snapshot_removed(struct world *w)
{
	struct state s = world_state(2);
	s.named_team = -1;
	publish_after(w, s);
}

static void
a_snapshot_expired(struct world *w)
{
	struct state s = world_state(2);
	s.snapshot_ends = -1000;
	publish_after(w, s);
}

static void
a_targets_too_long(struct world *w)
{
	struct state s = world_state(2);
	s.lengths = false;
	publish_after(w, s);
	table_put(&w->endless, STR("2.targets.json"), NULL);
}

static void
a_targets_hash(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	/* Of the same length: an older file's signatures may be longer, which is refused before. */
	struct str bytes = arena_str(&w->arena, world_get(w, "2.targets.json"));
	((char *)(uintptr_t)bytes.ptr)[bytes.len / 2] ^= 1;
	world_put(w, "2.targets.json", bytes);
}

static void
a_targets_unsigned(struct world *w)
{
	struct state s = world_state(2);
	s.targets_by = BIT(K_TEAM1) | BIT(K_STRANGER);
	publish_after(w, s);
}

static void
a_targets_version(struct world *w)
{
	struct state s = world_state(2);
	s.named_targets = 3;
	publish_after(w, s);
}

static void
a_targets_expired(struct world *w)
{
	struct state s = world_state(2);
	s.targets_ends = 0;
	publish_after(w, s);
}

static void
a_targets_is_snapshot(struct world *w)
{
	struct state s = world_state(2);
	s.lengths = false;
	publish_after(w, s);
	world_put(w, "2.targets.json", world_get(w, "2.snapshot.json"));
}

static void
a_snapshot_of_next_spec(struct world *w)
{
	struct state s = world_state(2);
	s.lengths = false;
	publish_after(w, s);
	struct json *t;
	assert_true(json_parse(&w->arena, world_get(w, "2.snapshot.json"), NULL, &t, NULL));
	struct json *part = tree_get(tree_thaw(&w->arena, t), STR("signed"));
	tree_set(&w->arena, part, STR("spec_version"), tree_text(STR("2.0.0")));
	world_put(w, "2.snapshot.json", world_text(w, *part, BIT(K_SNAP)));
}

static void
a_not_json(struct world *w)
{
	world_put(w, "timestamp.json", STR("<html>Please log in</html>"));
}

static void
a_two_signatures_of_one_id(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	struct json *t;
	assert_true(json_parse(&w->arena, world_get(w, "timestamp.json"), NULL, &t, NULL));
	struct json *whole = tree_thaw(&w->arena, t), *list = tree_get(whole, STR("signatures"));
	tree_push(&w->arena, list, list->item[0]);
	BUF_AUTO b = { 0 };
	struct json_writer writer = { .out = &b };
	json_tree(&writer, whole);
	world_put(w, "timestamp.json", buf_str(&b));
}

static void
a_store_is_no_folder(struct world *w)
{
	struct state s = world_state(2);
	publish_after(w, s);
	assert_true(file_remove(path_join(&w->arena, w->folder, "timestamp.json"), NULL));
	assert_true(dir_make(path_join(&w->arena, w->folder, "timestamp.json"), 0755, NULL));
}

struct attack {
	const char *name;
	void (*prepare)(struct world *w);
	enum tuf_reason reason;
	const char *says; /* a part of the sentence */
};

static const struct attack attacks[] = {
	{ "5.3.3 endless root", a_root_too_long, TUF_ROOT_TOO_LONG, "does not end after" },
	{ "5.3.4 (1) root by new keys only", a_root_not_by_old, TUF_ROOT_NOT_BY_OLD, "keys of the trusted root 1" },
	{ "5.3.4 (2) root by old keys only", a_root_not_by_new, TUF_ROOT_NOT_BY_NEW, "that it names itself" },
	{ "5.3.4 one key counted twice", a_root_by_one_key_twice, TUF_ROOT_NOT_BY_NEW, "that it names itself" },
	{ "4.3 a key under an id that is not its own", a_root_key_under_a_false_id, TUF_ROOT_NOT_BY_NEW, "itself" },
	{ "5.3.5 old root", a_root_rollback, TUF_ROOT_ROLLBACK, "an old root is being replayed" },
	{ "5.3.5 root left out", a_root_skipped, TUF_ROOT_SKIPPED, "every root in between" },
	{ "5.3.10 root expired", a_root_expired, TUF_ROOT_EXPIRED, "root 2 expired" },
	{ "5.4.1 no timestamp", a_timestamp_missing, TUF_UNAVAILABLE, "fetching update metadata timestamp.json" },
	{ "5.4.1 endless timestamp", a_timestamp_too_long, TUF_TIMESTAMP_TOO_LONG, "endless" },
	{ "5.4.2 timestamp by others", a_timestamp_unsigned, TUF_TIMESTAMP_UNSIGNED, "timestamp 2 is not signed" },
	{ "5.4.3.1 old timestamp", a_timestamp_rollback, TUF_TIMESTAMP_ROLLBACK, "timestamp 1 is older" },
	{ "5.4.3.2 old snapshot in the timestamp", a_timestamp_snapshot_rollback, TUF_TIMESTAMP_SNAPSHOT_ROLLBACK,
	  "names snapshot 1" },
	{ "5.4.4 timestamp expired", a_timestamp_expired, TUF_TIMESTAMP_EXPIRED, "timestamp 2 expired" },
	{ "a clock past the root's end", a_timestamp_after_root, TUF_TIMESTAMP_EXPIRED, "clock may be wrong" },
	{ "4.6 timestamp lists more", a_timestamp_names_more, TUF_MALFORMED, "nothing else" },
	{ "5.5.1 endless snapshot", a_snapshot_too_long, TUF_SNAPSHOT_TOO_LONG, "endless" },
	{ "5.5.1 snapshot longer than listed", a_snapshot_longer_than_listed, TUF_SNAPSHOT_TOO_LONG, "does not end" },
	{ "5.5.2 snapshot shorter than listed", a_snapshot_shorter_than_listed, TUF_SNAPSHOT_HASH,
	  "length and digest" },
	{ "5.5.2 another snapshot", a_snapshot_hash, TUF_SNAPSHOT_HASH, "length and digest" },
	{ "5.5.3 snapshot by others", a_snapshot_unsigned, TUF_SNAPSHOT_UNSIGNED, "snapshot 2 is not signed" },
	{ "5.5.4 snapshot of another version", a_snapshot_version, TUF_SNAPSHOT_VERSION, "names 3" },
	{ "5.5.5 targets went back", a_snapshot_rollback, TUF_SNAPSHOT_ROLLBACK, "targets.json 4" },
	{ "5.5.5 a delegated role went back", a_snapshot_delegated_rollback, TUF_SNAPSHOT_ROLLBACK, "team.json 4" },
	{ "5.5.5 a delegated role vanished", a_snapshot_removed, TUF_SNAPSHOT_REMOVED, "team.json any more" },
	{ "5.5.6 snapshot expired", a_snapshot_expired, TUF_SNAPSHOT_EXPIRED, "snapshot 2 expired" },
	{ "5.6.1 endless targets", a_targets_too_long, TUF_TARGETS_TOO_LONG, "endless" },
	{ "5.6.2 other targets", a_targets_hash, TUF_TARGETS_HASH, "digest the snapshot names" },
	{ "5.6.3 targets by others", a_targets_unsigned, TUF_TARGETS_UNSIGNED, "“targets” 2 is not signed" },
	{ "5.6.4 targets of another version", a_targets_version, TUF_TARGETS_VERSION, "names 3" },
	{ "5.6.5 targets expired", a_targets_expired, TUF_TARGETS_EXPIRED, "“targets” 2 expired" },
	{ "4.2 another role's metadata", a_targets_is_snapshot, TUF_WRONG_TYPE, "exchanged" },
	{ "4.3 a later specification", a_snapshot_of_next_spec, TUF_SPEC_VERSION, "2.0.0" },
	{ "a captive portal", a_not_json, TUF_MALFORMED, "no JSON" },
	{ "4.2 two signatures of one key id", a_two_signatures_of_one_id, TUF_MALFORMED, "two signatures" },
	{ "the store cannot be written", a_store_is_no_folder, TUF_STORE, "keeping trusted metadata" },
};

/* What was trusted before is trusted after, and the next honest update goes through. */
static void
still_works(struct world *w, const char *name)
{
	struct err e = { 0 };
	struct state s = world_state(9);
	struct tuf_target t;
	table_free(&w->endless);
	(void)rmdir(path_join(&w->arena, w->folder, "timestamp.json")); /* which one of the attacks made */
	struct tuf_options o = world_options(w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	s.root = tuf_client_version(c, STR("root"));
	s.root++;
	s.root_keys = s.root_by = BIT(K_ROOT1) | BIT(K_ROOT2);
	world_publish(w, &s);
	for (int64_t v = s.root + 1; v < s.root + 3; v++)
		world_drop(w, tuf_file_name(&w->arena, v, STR("root")).ptr);
	if (!tuf_client_update(c, &e) || !tuf_client_find(c, STR("team/app.deb"), &t, &e))
		fail_msg("%s: the honest update behind it failed: %s", name, e.text);
}

static void
each_attack_has_its_own_refusal(void **state)
{
	for (size_t i = 0; i < COUNT(attacks); i++) {
		struct world w;
		struct err e = { 0 };
		begin(&w);
		attacks[i].prepare(&w);
		struct tuf_options o = world_options(&w);
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		if (tuf_client_update(c, &e))
			fail_msg("%s: accepted", attacks[i].name);
		if (tuf_client_reason(c, NULL) != attacks[i].reason)
			fail_msg("%s: refused as %s (%s)", attacks[i].name, tuf_reason_name(tuf_client_reason(c, NULL)),
				 e.text);
		if (!str_contains(str_of(e.text), str_of(attacks[i].says)))
			fail_msg("%s: says “%s”", attacks[i].name, e.text);
		struct tuf_target t;
		assert_false(tuf_client_find(c, STR("own.deb"), &t, &e));
		still_works(&w, attacks[i].name);
		world_close(&w);
	}
}

/* Reads of strangers' lengths are bounded by ours. */
static void
a_listed_length_is_capped(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	struct state s = world_state(2);
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	o.limits.snapshot_max = 200;
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_false(tuf_client_update(c, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_SNAPSHOT_TOO_LONG);
	assert_non_null(strstr(e.text, "is said to have"));
	world_close(&w);
}

static void
fast_forward_is_recovered_from_by_new_keys(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	/* Somebody with the online keys ran all versions ahead. */
	struct state s = world_state(TUF_NUMBER_MAX);
	s.targets = s.team = 1;
	s.named_targets = s.named_team = TUF_NUMBER_MAX - 1;
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	{
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_false(tuf_client_update(
			c, &e)); /* such targets do not exist; but timestamp and snapshot are trusted */
		assert_true(tuf_client_version(c, STR("timestamp")) == TUF_NUMBER_MAX);
		assert_true(tuf_client_version(c, STR("snapshot")) == TUF_NUMBER_MAX);
	}
	s = world_state(2);
	world_publish(&w, &s);
	{
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_false(tuf_client_update(c, &e));
		assert_int_equal(tuf_client_reason(c, NULL), TUF_TIMESTAMP_ROLLBACK);
	}
	/* A new timestamp key is enough, the snapshot's key being the same. */
	s.root = 2;
	s.time_keys = s.time_by = BIT(K_TEAM2);
	world_publish(&w, &s);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	assert_int_equal(tuf_client_version(c, STR("timestamp")), 2);
	assert_int_equal(tuf_client_version(c, STR("snapshot")), 2);
	world_close(&w);
}

static void
roots_are_followed_one_by_one(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	/* 2 and 3 expired long ago; only the last one's date counts. Its keys have nothing in common with the first's. */
	struct state s = next_root();
	s.root_ends = -100 * DAY;
	s.root_keys = BIT(K_ROOT2) | BIT(K_ROOT3);
	s.root_by = BIT(K_ROOT1) | BIT(K_ROOT2) | BIT(K_ROOT3);
	world_publish(&w, &s);
	s.root = 3;
	s.root_ends = 100 * DAY;
	s.root_keys = BIT(K_ROOT3) | BIT(K_TEAM2);
	s.root_by = BIT(K_ROOT2) | BIT(K_ROOT3) | BIT(K_TEAM2);
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	assert_int_equal(tuf_client_version(c, STR("root")), 3);
	/* Not more of them in one update than allowed. */
	world_close(&w);
	begin(&w);
	for (s = next_root(); s.root < 6; s.root++)
		world_publish(&w, &s);
	o = world_options(&w);
	o.limits.roots = 2;
	TUF_CLIENT_AUTO few = NULL;
	assert_true(tuf_client_open(&o, &few, &e));
	assert_true(tuf_client_update(few, &e));
	assert_int_equal(tuf_client_version(few, STR("root")), 3);
	world_close(&w);
}

static void
a_known_timestamp_does_not_last_for_ever(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	struct tuf_options o = world_options(&w);
	o.now = NOW + DAY;
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_false(tuf_client_update(c, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TIMESTAMP_EXPIRED);
	world_close(&w);
}

static void
signed_times_stand_against_a_clock_set_back(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	struct state s = world_state(2);
	s.timestamp_issued = 2 * DAY;
	s.timestamp_ends = 3 * DAY;
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	{
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_true(tuf_client_update(c, &e));
		assert_true(tuf_client_seen(c) == NOW + 2 * DAY);
		assert_true(tuf_client_time(c) == NOW + 2 * DAY);
	}
	/* The battery is empty, the clock begins anew: a snapshot that ended yesterday does not come to life again. */
	o.now = NOW - 3000 * DAY;
	s = world_state(3);
	s.snapshot_ends = DAY;
	s.timestamp_ends = 3 * DAY;
	world_publish(&w, &s);
	{
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_true(tuf_client_time(c) == NOW + 2 * DAY);
		assert_false(tuf_client_update(c, &e));
		assert_int_equal(tuf_client_reason(c, NULL), TUF_SNAPSHOT_EXPIRED);
	}
	/* So does what the caller remembers. */
	o.seen = NOW + 4 * DAY;
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_false(tuf_client_update(c, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TIMESTAMP_EXPIRED);
	world_close(&w);
}

static void
no_root_no_trust(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct state s = world_state(1);
	world_open(&w);
	world_publish(&w, &s);
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = NULL;
	assert_false(tuf_client_open(&o, &c, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	s.root_by = BIT(K_ROOT1); /* two are needed */
	world_publish(&w, &s);
	assert_false(tuf_store_begin(w.folder, world_get(&w, "1.root.json"), &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_true(file_write(path_join(&w.arena, w.folder, "root.json"), world_get(&w, "1.root.json"), 0644, &e));
	assert_false(tuf_client_open(&o, &c, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_true(file_write(path_join(&w.arena, w.folder, "root.json"), STR("{"), 0644, &e));
	assert_false(tuf_client_open(&o, &c, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(tuf_store_begin(w.folder, world_get(&w, "1.root.json"), &e)); /* never replaced by the way */
	assert_int_equal(e.code, ERR_CONFLICT);
	world_close(&w);
}

static void
without_consistent_snapshots_too(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	struct state s = world_state(1);
	s.plain = true;
	s.lengths = false;
	world_open(&w);
	world_publish(&w, &s);
	assert_true(tuf_store_begin(w.folder, world_get(&w, "1.root.json"), &e));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_true(tuf_client_update(c, &e));
	assert_true(tuf_client_find(c, STR("team/app.deb"), &t, &e));
	assert_true(str_eq(t.file, STR("team/app.deb")));
	world_close(&w);
}

static void
damaged_copies_are_fetched_again(void **state)
{
	static const char *const names[] = { "timestamp.json", "snapshot.json", "targets.json" };
	struct err e = { 0 };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct world w;
		begin(&w);
		assert_true(file_write(path_join(&w.arena, w.folder, names[i]), STR("{\"signed\": "), 0644, &e));
		struct tuf_options o = world_options(&w);
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		if (!tuf_client_update(c, &e))
			fail_msg("%s: %s", names[i], e.text);
		world_close(&w);
	}
}

static void
cut_off_what_is_there_is_read(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	begin(&w);
	struct tuf_options o = world_options(&w);
	{ /* a delegated role is there once it was looked for */
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_true(tuf_client_update(c, &e));
		assert_true(tuf_client_find(c, STR("team/app.deb"), &t, &e));
	}
	o.fetch = NULL;
	o.now = NOW + 5 * DAY;
	TUF_CLIENT_AUTO c = NULL;
	assert_true(tuf_client_open(&o, &c, &e));
	assert_false(tuf_client_update(c, &e));
	assert_true(tuf_client_find(c, STR("team/app.deb"), &t, &e));
	assert_true(t.expires == NOW + DAY);
	/* A timestamp came, and then the line went dead: what was trusted before is still there. */
	struct state s = world_state(2);
	world_publish(&w, &s);
	world_drop(&w, "2.snapshot.json");
	o = world_options(&w);
	{
		TUF_CLIENT_AUTO half = NULL;
		assert_true(tuf_client_open(&o, &half, &e));
		assert_false(tuf_client_update(half, &e));
		assert_int_equal(tuf_client_version(half, STR("timestamp")), 2);
	}
	o.fetch = NULL;
	TUF_CLIENT_AUTO again = NULL;
	assert_true(tuf_client_open(&o, &again, &e));
	assert_true(tuf_client_find(again, STR("own.deb"), &t, &e));
	world_close(&w);
}

/* A child updates as fast as it can while new states appear, and is killed at any moment: what it leaves is always a
 * state from which an update goes on. */
static void
killed_at_any_moment_the_store_is_valid(void **state)
{
	struct world w;
	struct err e = { 0 };
	begin(&w);
	struct state s = world_state(2);
	world_publish(&w, &s);
	for (int i = 0; i < 40; i++) {
		s = world_state(i + 3);
		s.root = i + 2;
		s.time_keys = s.time_by = i % 2 ? BIT(K_TIME) : BIT(K_TEAM2); /* rotated each time */
		world_publish(&w, &s);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct tuf_options o = world_options(&w);
			for (;;) {
				TUF_CLIENT_AUTO c = NULL;
				struct tuf_target t;
				if (!tuf_client_open(&o, &c, NULL))
					_exit(1);
				(void)!tuf_client_update(c, NULL);
				if (c && tuf_client_version(c, STR("targets")) == i + 3)
					(void)!tuf_client_find(c, STR("team/app.deb"), &t, NULL);
			}
		}
		usleep((useconds_t)(i * 700 % 9000));
		kill(child, SIGKILL);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		struct tuf_options o = world_options(&w);
		struct tuf_target t;
		TUF_CLIENT_AUTO c = NULL;
		if (!tuf_client_open(&o, &c, &e) || !tuf_client_update(c, &e) ||
		    !tuf_client_find(c, STR("team/app.deb"), &t, &e))
			fail_msg("round %d: %s", i, e.text);
		assert_int_equal(tuf_client_version(c, STR("timestamp")), i + 3);
	}
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_versions_are_taken_and_targets_found),
		cmocka_unit_test(each_attack_has_its_own_refusal),
		cmocka_unit_test(a_listed_length_is_capped),
		cmocka_unit_test(fast_forward_is_recovered_from_by_new_keys),
		cmocka_unit_test(roots_are_followed_one_by_one),
		cmocka_unit_test(a_known_timestamp_does_not_last_for_ever),
		cmocka_unit_test(signed_times_stand_against_a_clock_set_back),
		cmocka_unit_test(no_root_no_trust),
		cmocka_unit_test(without_consistent_snapshots_too),
		cmocka_unit_test(damaged_copies_are_fetched_again),
		cmocka_unit_test(cut_off_what_is_there_is_read),
		cmocka_unit_test(killed_at_any_moment_the_store_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
