/* A repository made by hand for tests: every version, date, digest and signature in it can be made wrong. */
#ifndef MAMORI_TEST_TUF_WORLD_H
#define MAMORI_TEST_TUF_WORLD_H

#include "base/codec.h"
#include "base/table.h"
#include "base/time.h"
#include "os/file.h"
#include "trust/canonical.h"
#include "trust/tuf-document.h"
#include "trust/tuf-tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define DAY (INT64_C(24) * 3600 * 1000)

/* Bits name keys: 1 << K. */
enum { K_ROOT1, K_ROOT2, K_ROOT3, K_TIME, K_SNAP, K_TARGETS, K_TEAM1, K_TEAM2, K_STRANGER, K_COUNT };
#define BIT(k) (1U << (k))

/* One state of the repository. Dates are milliseconds behind NOW. */
struct state {
	int64_t root, timestamp, snapshot, targets, team; /* versions that the documents carry */
	int64_t named_snapshot, named_targets, named_team; /* that the lists name; 0: the same, −1: not listed */
	int64_t root_ends, timestamp_ends, snapshot_ends, targets_ends, team_ends;
	int64_t timestamp_issued; /* 0: it does not say */
	unsigned root_keys, time_keys, snap_keys, targets_keys, team_keys; /* who may sign */
	unsigned root_by, time_by, snap_by, targets_by, team_by; /* who has */
	int64_t root_threshold, team_threshold;
	bool plain; /* no consistent snapshots */
	bool lengths; /* lists name lengths and digests */
};

struct world {
	struct arena arena;
	struct key *keys[K_COUNT];
	struct json objects[K_COUNT];
	struct str ids[K_COUNT];
	struct table files; /* name to struct str * */
	struct table endless; /* names that never end */
	unsigned fetched;
	size_t most; /* that was ever asked for */
	char folder[64];
};

static inline struct state
world_state(int64_t version)
{
	return (struct state){
		.root = 1,
		.timestamp = version,
		.snapshot = version,
		.targets = version,
		.team = version,
		.root_ends = 300 * DAY,
		.timestamp_ends = DAY,
		.snapshot_ends = 7 * DAY,
		.targets_ends = 90 * DAY,
		.team_ends = 90 * DAY,
		.root_keys = BIT(K_ROOT1) | BIT(K_ROOT2),
		.time_keys = BIT(K_TIME),
		.snap_keys = BIT(K_SNAP),
		.targets_keys = BIT(K_TARGETS),
		.team_keys = BIT(K_TEAM1),
		.root_by = BIT(K_ROOT1) | BIT(K_ROOT2),
		.time_by = BIT(K_TIME),
		.snap_by = BIT(K_SNAP),
		.targets_by = BIT(K_TARGETS),
		.team_by = BIT(K_TEAM1),
		.root_threshold = 2,
		.team_threshold = 1,
		.lengths = true,
	};
}

static inline void
world_open(struct world *w)
{
	*w = (struct world){ 0 };
	for (int i = 0; i < K_COUNT; i++) {
		BUF_AUTO pem = { 0 };
		assert_true(key_generate(&w->keys[i], NULL));
		assert_true(key_public_to_pem(w->keys[i], &pem, NULL));
		assert_true(tuf_key_object(&w->arena, buf_str(&pem), &w->objects[i], &w->ids[i], NULL));
	}
	memcpy(w->folder, "/tmp/mamori-tuf-XXXXXX", sizeof("/tmp/mamori-tuf-XXXXXX"));
	assert_non_null(mkdtemp(w->folder));
}

static inline void
world_close(struct world *w)
{
	for (int i = 0; i < K_COUNT; i++)
		key_free(w->keys[i]);
	table_free(&w->files);
	table_free(&w->endless);
	assert_true(dir_remove_all(w->folder, NULL));
	arena_free(&w->arena);
}

static inline void
world_put(struct world *w, const char *name, struct str bytes)
{
	struct str *copy = ARENA_NEW(&w->arena, struct str);
	*copy = arena_str(&w->arena, bytes);
	*table_put(&w->files, arena_str(&w->arena, str_of(name)), NULL) = copy;
}

static inline struct str
world_get(struct world *w, const char *name)
{
	struct str *s = table_get(&w->files, str_of(name));
	assert_non_null(s);
	return *s;
}

static inline void
world_drop(struct world *w, const char *name)
{
	*table_put(&w->files, arena_str(&w->arena, str_of(name)), NULL) = NULL;
}

static inline bool
world_fetch(void *user, const char *name, size_t max, struct buf *out, struct err *e)
{
	struct world *w = user;
	struct str *s = table_get(&w->files, str_of(name));
	w->fetched++;
	w->most = max > w->most ? max : w->most;
	if (table_has(&w->endless, str_of(name)) || (s && s->len > max))
		return err_set(e, ERR_TOO_LARGE, "more than %zu bytes", max);
	if (!s)
		return err_set(e, ERR_NOT_FOUND, "no %s", name);
	buf_add(out, *s);
	return true;
}

static inline struct json
world_signed(struct world *w, const char *type, int64_t version, int64_t ends)
{
	struct json s = tree_object();
	tree_add(&w->arena, &s, STR("_type"), tree_text(str_of(type)));
	tree_add(&w->arena, &s, STR("spec_version"), tree_text(STR("1.0.31")));
	tree_add(&w->arena, &s, STR("version"), tree_number(&w->arena, version));
	tree_add(&w->arena, &s, STR("expires"), tree_time(&w->arena, NOW + ends));
	return s;
}

/* The document as a file's text, signed by these keys. */
static inline struct str
world_text(struct world *w, struct json signed_part, unsigned by)
{
	struct json whole = tree_object(), list = tree_array();
	BUF_AUTO message = { 0 };
	BUF_AUTO text = { 0 };
	assert_true(canonical_write(&signed_part, &message, NULL));
	for (int i = 0; i < K_COUNT; i++) {
		BUF_AUTO der = { 0 };
		BUF_AUTO hex = { 0 };
		struct json sig = tree_object();
		if (!(by & BIT(i)))
			continue;
		assert_true(key_sign(w->keys[i], buf_str(&message), &der, NULL));
		hex_encode(&hex, der.ptr, der.len);
		tree_add(&w->arena, &sig, STR("keyid"), tree_text(w->ids[i]));
		tree_add(&w->arena, &sig, STR("sig"), tree_text(arena_str(&w->arena, buf_str(&hex))));
		tree_push(&w->arena, &list, sig);
	}
	tree_add(&w->arena, &whole, STR("signatures"), list);
	tree_add(&w->arena, &whole, STR("signed"), signed_part);
	struct json_writer writer = { .out = &text };
	json_tree(&writer, &whole);
	return arena_str(&w->arena, buf_str(&text));
}

static inline struct json
world_holders(struct world *w, unsigned keys, int64_t threshold, struct json *objects)
{
	struct json role = tree_object(), ids = tree_array();
	for (int i = 0; i < K_COUNT; i++) {
		if (!(keys & BIT(i)))
			continue;
		tree_set(&w->arena, objects, w->ids[i], w->objects[i]);
		tree_push(&w->arena, &ids, tree_text(w->ids[i]));
	}
	tree_add(&w->arena, &role, STR("keyids"), ids);
	tree_add(&w->arena, &role, STR("threshold"), tree_number(&w->arena, threshold));
	return role;
}

static inline struct json
world_root(struct world *w, const struct state *s)
{
	struct json root = world_signed(w, "root", s->root, s->root_ends), keys = tree_object(), roles = tree_object();
	tree_add(&w->arena, &roles, STR("root"), world_holders(w, s->root_keys, s->root_threshold, &keys));
	tree_add(&w->arena, &roles, STR("timestamp"), world_holders(w, s->time_keys, 1, &keys));
	tree_add(&w->arena, &roles, STR("snapshot"), world_holders(w, s->snap_keys, 1, &keys));
	tree_add(&w->arena, &roles, STR("targets"), world_holders(w, s->targets_keys, 1, &keys));
	tree_add(&w->arena, &root, STR("consistent_snapshot"), tree_bool(!s->plain));
	tree_add(&w->arena, &root, STR("keys"), keys);
	tree_add(&w->arena, &root, STR("roles"), roles);
	return root;
}

/* A target whose content is its path. */
static inline void
world_target(struct world *w, struct json *targets, const char *path)
{
	struct json t = tree_object(), hashes = tree_object();
	char hex[129];
	tuf_digest_hex(false, str_of(path), hex);
	tree_add(&w->arena, &hashes, STR("sha256"), tree_text(arena_str(&w->arena, str_of(hex))));
	tree_add(&w->arena, &t, STR("hashes"), hashes);
	tree_add(&w->arena, &t, STR("length"), tree_number(&w->arena, (int64_t)strlen(path)));
	tree_add(&w->arena, targets, arena_str(&w->arena, str_of(path)), t);
}

/* A delegation beside those that are there. */
static inline struct json *
world_delegate(struct world *w, struct json *signed_part, const char *name, const char *pattern, unsigned keys,
	       int64_t threshold)
{
	struct json *d = tree_get(signed_part, STR("delegations"));
	if (!d) {
		struct json fresh = tree_object();
		tree_add(&w->arena, &fresh, STR("keys"), tree_object());
		tree_add(&w->arena, &fresh, STR("roles"), tree_array());
		d = tree_add(&w->arena, signed_part, STR("delegations"), fresh);
	}
	struct json objects = *tree_get(d, STR("keys"));
	struct json role = world_holders(w, keys, threshold, &objects), paths = tree_array();
	*tree_get(d, STR("keys")) = objects;
	tree_push(&w->arena, &paths, tree_text(str_of(pattern)));
	tree_add(&w->arena, &role, STR("name"), tree_text(str_of(name)));
	tree_add(&w->arena, &role, STR("paths"), paths);
	tree_add(&w->arena, &role, STR("terminating"), tree_bool(false));
	return tree_push(&w->arena, tree_get(d, STR("roles")), role);
}

static inline struct json
world_targets(struct world *w, const struct state *s)
{
	struct json t = world_signed(w, "targets", s->targets, s->targets_ends), list = tree_object();
	world_target(w, &list, "own.deb");
	tree_add(&w->arena, &t, STR("targets"), list);
	world_delegate(w, &t, "team", "team/*", s->team_keys, s->team_threshold);
	return t;
}

static inline struct json
world_team(struct world *w, const struct state *s)
{
	struct json t = world_signed(w, "targets", s->team, s->team_ends), list = tree_object();
	world_target(w, &list, "team/app.deb");
	world_target(w, &list, "outside.deb");
	tree_add(&w->arena, &t, STR("targets"), list);
	return t;
}

static inline void
world_list(struct world *w, struct json *meta, const char *file, int64_t version, struct str bytes, bool lengths)
{
	struct json entry = tree_object(), hashes = tree_object();
	char hex[129];
	tuf_digest_hex(false, bytes, hex);
	tree_add(&w->arena, &entry, STR("version"), tree_number(&w->arena, version));
	if (lengths) {
		tree_add(&w->arena, &hashes, STR("sha256"), tree_text(arena_str(&w->arena, str_of(hex))));
		tree_add(&w->arena, &entry, STR("length"), tree_number(&w->arena, (int64_t)bytes.len));
		tree_add(&w->arena, &entry, STR("hashes"), hashes);
	}
	tree_add(&w->arena, meta, str_of(file), entry);
}

static inline void
world_store(struct world *w, const struct state *s, int64_t version, const char *role, struct str text)
{
	world_put(w, tuf_file_name(&w->arena, s->plain ? 0 : version, str_of(role)).ptr, text);
}

/* Lists over texts that are made already, up to the timestamp. */
static inline void
world_lists(struct world *w, const struct state *s, struct str targets, struct str team)
{
	struct json snapshot = world_signed(w, "snapshot", s->snapshot, s->snapshot_ends);
	struct json timestamp = world_signed(w, "timestamp", s->timestamp, s->timestamp_ends);
	struct json meta = tree_object(), of_snapshot = tree_object();
	int64_t n_targets = s->named_targets ? s->named_targets : s->targets;
	int64_t n_team = s->named_team ? s->named_team : s->team;
	int64_t n_snapshot = s->named_snapshot ? s->named_snapshot : s->snapshot;
	if (n_targets > 0)
		world_list(w, &meta, "targets.json", n_targets, targets, s->lengths);
	if (n_team > 0)
		world_list(w, &meta, "team.json", n_team, team, s->lengths);
	tree_add(&w->arena, &snapshot, STR("meta"), meta);
	struct str text = world_text(w, snapshot, s->snap_by);
	world_store(w, s, n_snapshot, "snapshot", text);
	world_list(w, &of_snapshot, "snapshot.json", n_snapshot, text, s->lengths);
	tree_add(&w->arena, &timestamp, STR("meta"), of_snapshot);
	if (s->timestamp_issued)
		tree_add(&w->arena, &timestamp, STR("issued"), tree_time(&w->arena, NOW + s->timestamp_issued));
	world_put(w, "timestamp.json", world_text(w, timestamp, s->time_by));
	world_store(w, s, n_targets, "targets", targets);
	world_store(w, s, n_team, "team", team);
}

static inline void
world_publish(struct world *w, const struct state *s)
{
	world_put(w, tuf_file_name(&w->arena, s->root, STR("root")).ptr, world_text(w, world_root(w, s), s->root_by));
	world_lists(w, s, world_text(w, world_targets(w, s), s->targets_by),
		    world_text(w, world_team(w, s), s->team_by));
}

static inline struct tuf_options
world_options(struct world *w)
{
	return (struct tuf_options){ .folder = w->folder, .fetch = world_fetch, .user = w, .now = NOW };
}

#endif
