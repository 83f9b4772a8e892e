#include "store/section.h"

#include "world.h"

static const char H1[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char H2[] = "2222222222222222222222222222222222222222222222222222222222222222";

static bool
needed(struct world *w, const char *host, const char *hash)
{
	struct err e = { 0 };
	bool n = false;
	ok(section_announce(w->st, str_of(host), STR("packages"), str_of(hash), &n, &e));
	return n;
}

static void
put(struct world *w, const char *host, const char *hash, const char *body)
{
	struct err e = { 0 };
	ok(section_put(w->st, str_of(host), STR("packages"), str_of(hash), str_of(body), 5, &e));
}

static int64_t
bodies(struct world *w)
{
	struct err e = { 0 };
	struct str body;
	int64_t n = 0;
	static const char *const hosts[] = { "a", "b" };
	for (size_t i = 0; i < COUNT(hosts); i++) {
		ok(section_body(w->st, &w->arena, str_of(hosts[i]), "packages", &body, &e));
		n += body.ptr != NULL;
	}
	return n;
}

static void
the_same_content_is_asked_of_every_host(void **state)
{
	struct world *w = *state;
	world_host(w, "a", "a", HOST_ACTIVE);
	world_host(w, "b", "b", HOST_ACTIVE);
	assert_true(needed(w, "a", H1));
	put(w, "a", H1, "{}");
	assert_false(needed(w, "a", H1));
	/* b knows the hash but has not shown that it has the content. */
	assert_true(needed(w, "b", H1));
	assert_int_equal(bodies(w), 1);
	put(w, "b", H1, "{}");
	assert_false(needed(w, "b", H1));
	assert_int_equal(bodies(w), 2);
}

static void
changed_content_is_asked_for(void **state)
{
	struct world *w = *state;
	world_host(w, "a", "a", HOST_ACTIVE);
	needed(w, "a", H1);
	put(w, "a", H1, "old");
	assert_true(needed(w, "a", H2));
	put(w, "a", H2, "new");
	struct err e = { 0 };
	struct str body;
	ok(section_body(w->st, &w->arena, STR("a"), "packages", &body, &e));
	assert_true(str_eq(body, STR("new")));
}

static void
what_was_not_announced_is_refused(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "a", "a", HOST_ACTIVE);
	needed(w, "a", H1);
	ok(section_check(w->st, STR("a"), STR("packages"), str_of(H1), &e));
	assert_false(section_check(w->st, STR("a"), STR("packages"), str_of(H2), &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void
after_forgetting_all_is_asked_for(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	world_host(w, "a", "a", HOST_ACTIVE);
	world_host(w, "b", "b", HOST_ACTIVE);
	needed(w, "a", H1);
	needed(w, "b", H1);
	put(w, "a", H1, "{}");
	put(w, "b", H1, "{}");
	ok(section_forget(w->st, STR("a"), &e));
	assert_true(needed(w, "a", H1));
	assert_false(needed(w, "b", H1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_content_is_asked_of_every_host),
		TEST(changed_content_is_asked_for),
		TEST(what_was_not_announced_is_refused),
		TEST(after_forgetting_all_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
