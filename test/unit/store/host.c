#include "store/host.h"

#include "world.h"

static size_t
found(struct world *w, const struct host_filter *f, int64_t *total)
{
	struct err e = { 0 };
	struct page p = { .limit = 10 };
	struct host *hosts;
	size_t count;
	ok(host_list(w->st, &w->arena, f, &p, &hosts, &count, &e));
	if (total)
		*total = p.total;
	return count;
}

static void
names_of_strangers_are_only_text(void **state)
{
	struct world *w = *state;
	world_host(w, "a", "'; DROP TABLE host; --", HOST_ACTIVE);
	world_host(w, "b", "100%_sure", HOST_ACTIVE);
	world_host(w, "c", "100 percent", HOST_ACTIVE);
	assert_int_equal(found(w, &(struct host_filter){ .q = STR("'; DROP TABLE host; --") }, NULL), 1);
	assert_int_equal(found(w, &(struct host_filter){ .q = STR("%_") }, NULL), 1); /* no wildcards */
	assert_int_equal(found(w, &(struct host_filter){ .q = STR("100") }, NULL), 2);
	assert_int_equal(found(w, &(struct host_filter){ 0 }, NULL), 3);
}

static void
filters_narrow_and_pages_count_everything(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int64_t total;
	world_host(w, "a", "alpha", HOST_ACTIVE);
	world_host(w, "b", "beta", HOST_PENDING);
	ok(host_set_group(w->st, STR("a"), STR("皮膚科"), &e));
	assert_int_equal(found(w, &(struct host_filter){ .group = STR("皮膚科") }, NULL), 1);
	assert_int_equal(found(w, &(struct host_filter){ .state = STR("pending") }, NULL), 1);
	struct page p = { .limit = 1, .offset = 5 };
	struct host *hosts;
	size_t count;
	ok(host_list(w->st, &w->arena, &(struct host_filter){ 0 }, &p, &hosts, &count, &e));
	assert_int_equal(count, 0);
	assert_int_equal(p.total, 2);
	assert_int_equal(found(w, &(struct host_filter){ .attention = STR("silent"), .silent_before = 10 }, &total), 1);
}

static void
a_host_that_is_deleted_takes_its_rows_along(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct host h;
	struct patch_row p = {
		.id = STR("deb:a@1"), .title = STR("a"), .source = STR("a"), .version = STR("1"), .origins = STR("")
	};
	struct host_patch x = { .host = STR("a"),
				.patch = p.id,
				.title = p.title,
				.from = STR(""),
				.to = STR("1"),
				.packages = STR("[]") };
	world_host(w, "a", "alpha", HOST_ACTIVE);
	ok(patch_put(w->st, &p, &e));
	ok(host_patch_put(w->st, &x, &e));
	ok(host_get(w->st, &w->arena, STR("a"), &h, &e));
	assert_int_equal(h.pending, 1);
	ok(host_delete(w->st, STR("a"), &e));
	assert_false(host_get(w->st, &w->arena, STR("a"), &h, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(host_patch_get(w->st, &w->arena, STR("a"), p.id, &x, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_of_strangers_are_only_text),
		TEST(filters_narrow_and_pages_count_everything),
		TEST(a_host_that_is_deleted_takes_its_rows_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
