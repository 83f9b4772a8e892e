/* The search through delegations (5.6.7). */
#include "trust/tuf.h"

#include "../known.h"
#include "tuf-world.h"

/* One more delegated role: its metadata, its line in the snapshot. */
struct extra {
	const char *name;
	struct json signed_part;
	unsigned by;
};

static struct json
role(struct world *w, const char *const *targets)
{
	struct json t = world_signed(w, "targets", 1, 90 * DAY), list = tree_object();
	for (; targets && *targets; targets++)
		world_target(w, &list, *targets);
	tree_add(&w->arena, &t, STR("targets"), list);
	return t;
}

/* Root, targets as given, these roles, and lists over all of it. */
static void
publish(struct world *w, struct json targets, const struct extra *extra, size_t count)
{
	struct state s = world_state(1);
	struct json meta = tree_object(), of_snapshot = tree_object();
	struct json snapshot = world_signed(w, "snapshot", 1, DAY), timestamp = world_signed(w, "timestamp", 1, DAY);
	world_put(w, "1.root.json", world_text(w, world_root(w, &s), s.root_by));
	struct str text = world_text(w, targets, BIT(K_TARGETS));
	world_put(w, "1.targets.json", text);
	world_list(w, &meta, "targets.json", 1, text, true);
	for (size_t i = 0; i < count; i++) {
		text = world_text(w, extra[i].signed_part, extra[i].by);
		world_put(w, tuf_file_name(&w->arena, 1, str_of(extra[i].name)).ptr, text);
		world_list(w, &meta, arena_printf(&w->arena, "%s.json", extra[i].name).ptr, 1, text, true);
	}
	tree_add(&w->arena, &snapshot, STR("meta"), meta);
	text = world_text(w, snapshot, BIT(K_SNAP));
	world_put(w, "1.snapshot.json", text);
	world_list(w, &of_snapshot, "snapshot.json", 1, text, true);
	tree_add(&w->arena, &timestamp, STR("meta"), of_snapshot);
	world_put(w, "timestamp.json", world_text(w, timestamp, BIT(K_TIME)));
}

static struct tuf_client *
open_updated(struct world *w, const struct tuf_options *o)
{
	struct tuf_client *c;
	struct err e = { 0 };
	assert_true(tuf_store_begin(w->folder, world_get(w, "1.root.json"), &e));
	assert_true(tuf_client_open(o, &c, &e));
	if (!tuf_client_update(c, &e))
		fail_msg("%s", e.text);
	return c;
}

static const char *const one[] = { "app.deb", NULL }, *const other[] = { "app.deb", "tool.deb", NULL };

static void
the_first_that_knows_it_counts(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	world_open(&w);
	struct json targets = role(&w, NULL);
	world_delegate(&w, &targets, "a", "*", BIT(K_TEAM1), 1);
	world_delegate(&w, &targets, "b", "*", BIT(K_TEAM2), 1);
	const struct extra extra[] = { { "a", role(&w, one), BIT(K_TEAM1) }, { "b", role(&w, other), BIT(K_TEAM2) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_find(c, STR("app.deb"), &t, &e));
	assert_true(str_eq(t.role, STR("a")));
	assert_true(tuf_client_find(c, STR("tool.deb"), &t, &e));
	assert_true(str_eq(t.role, STR("b")));
	world_close(&w);
}

/* Depth first: what "a" delegates to is asked before "b". */
static void
depth_before_breadth(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	world_open(&w);
	struct json targets = role(&w, NULL), a = role(&w, NULL);
	world_delegate(&w, &targets, "a", "*", BIT(K_TEAM1), 1);
	world_delegate(&w, &targets, "b", "*", BIT(K_TEAM2), 1);
	world_delegate(&w, &a, "c", "*.deb", BIT(K_STRANGER), 1);
	const struct extra extra[] = { { "a", a, BIT(K_TEAM1) },
				       { "b", role(&w, one), BIT(K_TEAM2) },
				       { "c", role(&w, one), BIT(K_STRANGER) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_find(c, STR("app.deb"), &t, &e));
	assert_true(str_eq(t.role, STR("c")));
	world_close(&w);
}

static void
a_terminating_delegation_ends_the_search(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	world_open(&w);
	struct json targets = role(&w, NULL);
	struct json *a = world_delegate(&w, &targets, "a", "*", BIT(K_TEAM1), 1);
	*tree_get(a, STR("terminating")) = tree_bool(true);
	world_delegate(&w, &targets, "b", "*", BIT(K_TEAM2), 1);
	const struct extra extra[] = { { "a", role(&w, one), BIT(K_TEAM1) }, { "b", role(&w, other), BIT(K_TEAM2) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_find(c, STR("app.deb"), &t, &e));
	assert_false(tuf_client_find(c, STR("tool.deb"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGET_UNKNOWN);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(file_exists(path_join(&w.arena, w.folder, "b.json"))); /* never asked */
	world_close(&w);
}

static void
a_role_speaks_only_for_its_paths(void **state)
{
	static const char *const outside[] = { "team/app.deb", "other/app.deb", NULL };
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	world_open(&w);
	struct json targets = role(&w, NULL);
	world_delegate(&w, &targets, "team", "team/*", BIT(K_TEAM1), 1);
	const struct extra extra[] = { { "team", role(&w, outside), BIT(K_TEAM1) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_find(c, STR("team/app.deb"), &t, &e));
	assert_false(tuf_client_find(c, STR("other/app.deb"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGET_UNKNOWN);
	world_close(&w);
}

static void
circles_end(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	world_open(&w);
	struct json targets = role(&w, NULL), a = role(&w, NULL), b = role(&w, NULL);
	world_delegate(&w, &targets, "a", "*", BIT(K_TEAM1), 1);
	world_delegate(&w, &a, "b", "*", BIT(K_TEAM2), 1);
	world_delegate(&w, &b, "a", "*", BIT(K_TEAM1), 1);
	world_delegate(&w, &b, "b", "*", BIT(K_TEAM2), 1);
	const struct extra extra[] = { { "a", a, BIT(K_TEAM1) }, { "b", b, BIT(K_TEAM2) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	w.fetched = 0;
	assert_false(tuf_client_find(c, STR("app.deb"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGET_UNKNOWN);
	assert_int_equal(w.fetched, 2);
	world_close(&w);
}

static void
a_chain_without_end_is_cut(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	struct extra extra[40];
	world_open(&w);
	struct json targets = role(&w, NULL);
	world_delegate(&w, &targets, "r0", "*", BIT(K_TEAM1), 1);
	for (size_t i = 0; i < COUNT(extra); i++) {
		extra[i] = (struct extra){ arena_printf(&w.arena, "r%zu", i).ptr,
					   role(&w, i + 1 == COUNT(extra) ? one : NULL), BIT(K_TEAM1) };
		world_delegate(&w, &extra[i].signed_part, arena_printf(&w.arena, "r%zu", i + 1).ptr, "*", BIT(K_TEAM1),
			       1);
	}
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	o.limits.visits = 16;
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	w.fetched = 0;
	assert_false(tuf_client_find(c, STR("app.deb"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_SEARCH_TOO_LONG);
	assert_int_equal(w.fetched, 15);
	assert_non_null(strstr(e.text, "the first 16 roles"));
	world_close(&w);
}

/* What is wrong with a delegated role ends the search, with the reason, and its successor is not asked. */
static void
a_role_that_fails_ends_the_search(void **state)
{
	static const struct {
		unsigned by;
		int64_t ends, threshold;
		bool listed, there;
		enum tuf_reason reason;
	} rows[] = {
		{ BIT(K_STRANGER), DAY, 1, true, true, TUF_TARGETS_UNSIGNED },
		{ BIT(K_TEAM1), DAY, 2, true, true, TUF_TARGETS_UNSIGNED },
		{ BIT(K_TEAM1), 0, 1, true, true, TUF_TARGETS_EXPIRED },
		{ BIT(K_TEAM1), DAY, 1, false, true, TUF_TARGETS_UNLISTED },
		{ BIT(K_TEAM1), DAY, 1, true, false, TUF_UNAVAILABLE },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world w;
		struct err e = { 0 };
		struct tuf_target t;
		world_open(&w);
		struct json targets = role(&w, NULL), a = role(&w, one);
		*tree_get(&a, STR("expires")) = tree_time(&w.arena, NOW + rows[i].ends);
		world_delegate(&w, &targets, "a", "*", BIT(K_TEAM1) | BIT(K_TEAM2), rows[i].threshold);
		world_delegate(&w, &targets, "b", "*", BIT(K_TEAM2), 1);
		const struct extra extra[] = { { "b", role(&w, one), BIT(K_TEAM2) }, { "a", a, rows[i].by } };
		publish(&w, targets, extra, rows[i].listed ? 2 : 1);
		if (!rows[i].there)
			world_drop(&w, "1.a.json");
		struct tuf_options o = world_options(&w);
		TUF_CLIENT_AUTO c = open_updated(&w, &o);
		assert_false(tuf_client_find(c, STR("app.deb"), &t, &e));
		struct str whose;
		if (tuf_client_reason(c, &whose) != rows[i].reason)
			fail_msg("row %zu: %s: %s", i, tuf_reason_name(tuf_client_reason(c, NULL)), e.text);
		assert_true(str_eq(whose, STR("a")));
		world_close(&w);
	}
}

/* One name, two delegators with different keys: each is believed only for its own. */
static void
a_role_is_checked_for_each_delegator(void **state)
{
	struct world w;
	struct err e = { 0 };
	struct tuf_target t;
	static const char *const deep[] = { "x/app.deb", "y/app.deb", NULL };
	world_open(&w);
	struct json targets = role(&w, NULL), a = role(&w, NULL), b = role(&w, NULL);
	world_delegate(&w, &targets, "a", "x/*", BIT(K_TEAM1), 1);
	world_delegate(&w, &targets, "b", "y/*", BIT(K_TEAM1), 1);
	world_delegate(&w, &a, "shared", "x/*", BIT(K_TEAM2), 1);
	world_delegate(&w, &b, "shared", "y/*", BIT(K_STRANGER), 1);
	const struct extra extra[] = { { "a", a, BIT(K_TEAM1) },
				       { "b", b, BIT(K_TEAM1) },
				       { "shared", role(&w, deep), BIT(K_TEAM2) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_find(c, STR("x/app.deb"), &t, &e));
	assert_false(tuf_client_find(c, STR("y/app.deb"), &t, &e));
	assert_int_equal(tuf_client_reason(c, NULL), TUF_TARGETS_UNSIGNED);
	world_close(&w);
}

struct seen {
	size_t count;
	struct str last;
};

static bool
see(void *user, const struct tuf_target *t, struct err *e)
{
	struct seen *s = user;
	s->count++;
	s->last = t->path;
	return s->count < 100 || err_set(e, ERR_BUG, "too many");
}

static void
all_of_a_role(void **state)
{
	static const char *const mixed[] = { "team/a", "team/b", "outside", "own.deb", NULL };
	static const char *const own[] = { "own.deb", "team/b", NULL };
	struct world w;
	struct err e = { 0 };
	struct seen seen = { 0 };
	world_open(&w);
	struct json targets = role(&w, own);
	world_delegate(&w, &targets, "team", "team/*", BIT(K_TEAM1), 1);
	const struct extra extra[] = { { "team", role(&w, mixed), BIT(K_TEAM1) } };
	publish(&w, targets, extra, COUNT(extra));
	struct tuf_options o = world_options(&w);
	TUF_CLIENT_AUTO c = open_updated(&w, &o);
	assert_true(tuf_client_each(c, STR("team"), see, &seen, &e));
	assert_int_equal(seen.count, 1); /* team/b is targets' own, the others are outside */
	assert_true(str_eq(seen.last, STR("team/a")));
	assert_true(tuf_client_each(c, STR("targets"), see, &seen, &e));
	assert_int_equal(seen.count, 3);
	assert_false(tuf_client_each(c, STR("nobody"), see, &seen, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	world_close(&w);
}

/* Names that would be the file of a top-level role, here or on a file system that knows no case. */
static void
delegations_that_cannot_be_are_refused(void **state)
{
	static const char *const names[] = { "root",
					     "Root",
					     "TIMESTAMP",
					     "snapshot",
					     "targets",
					     "",
					     "a-name-that-is-longer-than-any-role-s-name-may-be-in-a-file-s-name" };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct world w;
		struct err e = { 0 };
		world_open(&w);
		struct json targets = role(&w, NULL);
		world_delegate(&w, &targets, names[i], "*", BIT(K_TEAM1), 1);
		publish(&w, targets, NULL, 0);
		assert_true(tuf_store_begin(w.folder, world_get(&w, "1.root.json"), &e));
		struct tuf_options o = world_options(&w);
		TUF_CLIENT_AUTO c = NULL;
		assert_true(tuf_client_open(&o, &c, &e));
		assert_false(tuf_client_update(c, &e));
		assert_int_equal(tuf_client_reason(c, NULL), TUF_MALFORMED);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_knows_it_counts),
		cmocka_unit_test(depth_before_breadth),
		cmocka_unit_test(a_terminating_delegation_ends_the_search),
		cmocka_unit_test(a_role_speaks_only_for_its_paths),
		cmocka_unit_test(circles_end),
		cmocka_unit_test(a_chain_without_end_is_cut),
		cmocka_unit_test(a_role_that_fails_ends_the_search),
		cmocka_unit_test(a_role_is_checked_for_each_delegator),
		cmocka_unit_test(all_of_a_role),
		cmocka_unit_test(delegations_that_cannot_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
