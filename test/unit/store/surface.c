/* What people decide about the attack surface is kept, once for each thing. */
#include "store/surface.h"

#include "world.h"

static struct surface_verdict
verdict(const char *name, const char *ownership)
{
	return (struct surface_verdict){ .kind = STR("domain"),
					 .name = str_of(name),
					 .ownership = str_of(ownership),
					 .reason = STR("売却済み"),
					 .by = STR("sato"),
					 .at = 1000 };
}

static void
a_verdict_takes_the_place_of_the_one_before(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct surface_verdict *rows, v = verdict("a.example", "approved"), u = verdict("a.example", "excluded"), got;
	struct page page = { .limit = 100 };
	size_t count;
	ok(surface_verdict_put(w->st, &v, &e));
	ok(surface_verdict_put(w->st, &u, &e));
	u = verdict("b.example", "monitor");
	ok(surface_verdict_put(w->st, &u, &e));
	ok(surface_verdict_list(w->st, &w->arena, &page, &rows, &count, &e));
	assert_int_equal(count, 2);
	assert_int_equal(page.total, 2);
	assert_true(str_eq(rows[0].ownership, STR("excluded")) && str_eq(rows[0].reason, STR("売却済み")));
	page = (struct page){ .limit = 1, .offset = 1 };
	ok(surface_verdict_list(w->st, &w->arena, &page, &rows, &count, &e));
	assert_true(count == 1 && str_eq(rows[0].name, STR("b.example")));
	ok(surface_verdict_delete(w->st, STR("domain"), STR("a.example"), &e));
	assert_false(surface_verdict_get(w->st, &w->arena, STR("domain"), STR("a.example"), &got, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_verdict_takes_the_place_of_the_one_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
