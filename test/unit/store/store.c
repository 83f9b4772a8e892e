#include "store/store.h"

#include "store/setting.h"
#include "store/sql.h"
#include "world.h"

static int64_t
number(struct store *st, const char *text)
{
	struct err e = { 0 };
	int64_t n = -1;
	SQL_AUTO q = sql_new(st, text);
	ok(sql_number(&q, &n, &e));
	return n;
}

static void
a_new_database_has_the_newest_version_and_safe_settings(void **state)
{
	struct world *w = *state;
	assert_int_equal(number(w->st, "SELECT max(version) FROM schema_version"), store_schema_version());
	assert_int_equal(number(w->st, "PRAGMA synchronous"), 2); /* FULL */
	assert_int_equal(number(w->st, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(w->st, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
}

static void
opening_again_changes_nothing(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct str value;
	ok(setting_put(w->st, "name", STR("守り"), &e));
	store_close(w->st);
	w->st = NULL;
	ok(store_open(w->path, STORE_WRITE, &w->st, &e));
	ok(setting_get(w->st, &w->arena, "name", &value, &e));
	assert_true(str_eq(value, STR("守り")));
	assert_int_equal(number(w->st, "SELECT max(version) FROM schema_version"), store_schema_version());
}

static void
a_newer_database_is_refused_by_name(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	STORE_AUTO again = NULL;
	SQL_AUTO q = sql_new(w->st, "INSERT INTO schema_version (version, name) VALUES (9999, '9999-later.sql')");
	ok(sql_run(&q, &e));
	assert_false(store_open(w->path, STORE_WRITE, &again, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "9999"));
	assert_non_null(strstr(e.text, w->path));
	assert_null(again);
}

static void
what_is_no_database_is_said_and_left_alone(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	STORE_AUTO st = NULL;
	BUF_AUTO content = { 0 };
	char path[128];
	snprintf(path, sizeof(path), "%s/other", w->dir);
	ok(file_write(path,
		      STR("This is a letter to my aunt, at least one hundred bytes long, "
			  "so that nobody takes it for an empty file......"),
		      0600, &e));
	assert_false(store_open(path, STORE_WRITE, &st, &e));
	assert_int_equal(e.code, ERR_INPUT);
	ok(file_read(path, 1000, &content, &e));
	assert_true(str_starts(buf_str(&content), STR("This is a letter")));
}

static void
a_reader_cannot_write(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	STORE_AUTO reader = NULL;
	ok(store_open(w->path, STORE_READ, &reader, &e));
	assert_false(setting_put(reader, "name", STR("x"), &e));
	assert_int_equal(number(w->st, "SELECT count(*) FROM setting"), 0);
}

static void
one_failed_job_takes_no_other_with_it(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	ok(store_begin(w->st, &e));
	ok(store_job_begin(w->st, &e));
	ok(setting_put(w->st, "first", STR("1"), &e));
	ok(store_job_keep(w->st, &e));
	ok(store_job_begin(w->st, &e));
	ok(setting_put(w->st, "second", STR("2"), &e));
	store_job_undo(w->st);
	ok(store_job_begin(w->st, &e));
	ok(setting_put(w->st, "third", STR("3"), &e));
	ok(store_job_keep(w->st, &e));
	ok(store_commit(w->st, &e));
	assert_int_equal(number(w->st, "SELECT count(*) FROM setting WHERE key IN ('first', 'third')"), 2);
	assert_int_equal(number(w->st, "SELECT count(*) FROM setting"), 2);
}

static void
a_setting_that_is_no_number_gives_the_default(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int64_t n;
	ok(setting_put(w->st, "interval", STR("soon"), &e));
	ok(setting_number(w->st, "interval", 10, 86400, 300, &n, &e));
	assert_int_equal(n, 300);
	ok(setting_put(w->st, "interval", STR("60"), &e));
	ok(setting_number(w->st, "interval", 10, 86400, 300, &n, &e));
	assert_int_equal(n, 60);
	ok(setting_put(w->st, "interval", STR("1"), &e));
	ok(setting_number(w->st, "interval", 10, 86400, 300, &n, &e));
	assert_int_equal(n, 300);
}

/* A folder of the first release keeps opening, with what is in it. */
static void
the_version_1_database_opens(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	BUF_AUTO sql = { 0 };
	char path[128];
	struct host h;
	sqlite3 *db = NULL;
	snprintf(path, sizeof(path), "%s/old.db", w->dir);
	ok(file_read(FIXTURES "/store/version-1.sql", 1 << 20, &sql, &e));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, buf_cstr(&sql), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	STORE_AUTO st = NULL;
	ok(store_open(path, STORE_WRITE, &st, &e));
	assert_int_equal(number(st, "SELECT max(version) FROM schema_version"), store_schema_version());
	ok(host_get(st, &w->arena, STR("00112233445566778899"), &h, &e));
	assert_true(str_eq(h.name, STR("ward-3-pc-07")));
	assert_int_equal(h.pending, 1);
	/* What later versions sum up is there from the first moment. */
	assert_int_equal(number(st, "SELECT missing FROM patch"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_database_has_the_newest_version_and_safe_settings),
		TEST(opening_again_changes_nothing),
		TEST(a_newer_database_is_refused_by_name),
		TEST(what_is_no_database_is_said_and_left_alone),
		TEST(a_reader_cannot_write),
		TEST(one_failed_job_takes_no_other_with_it),
		TEST(a_setting_that_is_no_number_gives_the_default),
		TEST(the_version_1_database_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
