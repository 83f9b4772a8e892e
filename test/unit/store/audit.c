#include "store/audit.h"

#include "store/sql.h"
#include "world.h"

static void
add(struct world *w, const char *what)
{
	struct err e = { 0 };
	struct audit row = { .at = 1000, .who = STR("admin"), .what = str_of(what), .object = STR("o\"\n") };
	ok(audit_add(w->st, &row, &e));
}

static int64_t
broken(struct world *w)
{
	struct err e = { 0 };
	int64_t row = -1;
	ok(audit_verify(w->st, &row, &e));
	return row;
}

static bool
run(struct world *w, const char *text)
{
	struct err e = { 0 };
	SQL_AUTO q = sql_new(w->st, text);
	return sql_run(&q, &e);
}

static void
rows_cannot_be_changed_or_deleted(void **state)
{
	struct world *w = *state;
	add(w, "one");
	assert_false(run(w, "UPDATE audit SET who = 'nobody'"));
	assert_false(run(w, "DELETE FROM audit"));
	assert_int_equal(broken(w), 0);
}

static void
the_chain_tells_which_row_was_changed(void **state)
{
	struct world *w = *state;
	add(w, "one");
	add(w, "two");
	add(w, "three");
	assert_int_equal(broken(w), 0);
	assert_true(run(w, "DROP TRIGGER audit_no_update")); /* somebody with the file in his hands */
	assert_true(run(w, "UPDATE audit SET who = 'nobody' WHERE seq = 2"));
	assert_int_equal(broken(w), 2);
}

static void
a_missing_row_is_noticed(void **state)
{
	struct world *w = *state;
	add(w, "one");
	add(w, "two");
	add(w, "three");
	assert_true(run(w, "DROP TRIGGER audit_no_delete"));
	assert_true(run(w, "DELETE FROM audit WHERE seq = 2"));
	assert_int_equal(broken(w), 3);
}

static void
the_newest_comes_first(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct page p = { .limit = 1 };
	struct audit *rows;
	size_t count;
	add(w, "one");
	add(w, "two");
	ok(audit_list(w->st, &w->arena, &p, &rows, &count, &e));
	assert_int_equal(count, 1);
	assert_int_equal(p.total, 2);
	assert_true(str_eq(rows[0].what, STR("two")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_cannot_be_changed_or_deleted),
		TEST(the_chain_tells_which_row_was_changed),
		TEST(a_missing_row_is_noticed),
		TEST(the_newest_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
