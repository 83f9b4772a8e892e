#include "surface/query-log.h"

#include "ask_peers.h"
#include "base/json.h"
#include "trust/key.h"
#include "store/connection.h"

/* A folder with a few dozen lines. */
static void
fill(struct trial *t, struct peer *dns)
{
	struct peer *const peers[] = { dns };
	char what[64];
	peer_start(dns);
	trial_init(t);
	trial_resolvers(t, peers, 1);
	for (unsigned run = 0; run < 2; run++) {
		trial_open(t);
		for (unsigned i = 0; i < 10; i++) {
			snprintf(what, sizeof(what), "A %s%u.example%u.jp", i % 2 ? "host" : "nx", i, run);
			trial_put(t, SERVICE_DNS, what);
		}
		trial_run(t);
		trial_close(t);
	}
}

static void
end(struct trial *t, struct peer *dns)
{
	trial_end(t);
	peer_stop(dns);
}

/* As somebody would who has the database alone. */
static void
tamper(struct trial *t, const char *sql)
{
	ARENA_AUTO a = { 0 };
	STORE_AUTO st = NULL;
	struct err e = { 0 };
	char *why = NULL;
	assert_true(answers_open(path_join(&a, t->folder, "answers.db"), STORE_WRITE, &st, &e));
	if (sqlite3_exec(st->db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	assert_true(sqlite3_total_changes(st->db) > 0);
}

static void
verify(struct trial *t, struct arena *a, struct query_check *out)
{
	struct err e = { 0 };
	if (!query_log_verify(t->folder, a, out, &e))
		fail_msg("%s", e.text);
}

static bool
names(const struct query_check *c, int64_t row, const char *word)
{
	for (size_t i = 0; i < c->faults && i < QUERY_FAULTS_MAX; i++)
		if (c->fault[i].row == row && str_contains(c->fault[i].what, str_of(word)))
			return true;
	return false;
}

static void
a_whole_log_is_found_whole(void **state)
{
	struct peer dns = { 0 };
	struct trial t;
	ARENA_AUTO a = { 0 };
	struct query_check c;
	struct query_line *lines;
	struct err e = { 0 };
	size_t count;
	int64_t total;
	fill(&t, &dns);
	verify(&t, &a, &c);
	assert_int_equal(c.faults, 0);
	assert_int_equal(c.answers, 20);
	assert_true(c.seals >= 4 && c.rows > 40);
	assert_true(query_log_list(t.folder, 1, 10, &a, &lines, &count, &total, &e));
	assert_int_equal(count, 10);
	assert_int_equal(total, c.rows);
	assert_int_equal(lines[0].event, QUERY_RUN);
	/* The looks at the resolver, then the questions, each before its answer. */
	assert_true(query_log_list(t.folder, 1, 1000, &a, &lines, &count, &total, &e));
	unsigned asked = 0, answered = 0;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(lines[i].row, i + 1);
		asked += lines[i].event == QUERY_ASKED;
		if (lines[i].event != QUERY_ANSWERED || lines[i].of == 0)
			continue;
		answered++;
		assert_true(lines[i].of < lines[i].row);
		assert_true(str_eq(lines[i].what, lines[lines[i].of - 1].what));
		assert_true(str_eq(lines[i].with, str_of(dns.at)));
	}
	assert_int_equal(asked, 2 * (5 + 10));
	assert_int_equal(answered, 2 * 10);
	end(&t, &dns);
}

/* Each way to tamper, and what names it. */
static void
what_was_done_to_it_is_named(void **state)
{
	static const struct {
		const char *sql;
		int64_t row;
		const char *word;
	} ways[] = {
		{ "UPDATE log SET what = 'A other.example.jp' WHERE id = 8", 8, "changed" },
		{ "UPDATE log SET at = at + 1 WHERE id = 9", 9, "changed" },
		{ "UPDATE log SET partner = 'nobody' WHERE id = 20", 20, "changed" },
		{ "DELETE FROM log WHERE id = 10", 10, "removed" },
		{ "DELETE FROM log WHERE id BETWEEN 10 AND 12", 10, "lines 10 to 12" },
		{ "DELETE FROM log WHERE id = 1", 1, "removed" },
		/* Cut off, with the signatures: log.head tells. */
		{ "DELETE FROM log WHERE id > 30; DELETE FROM seal WHERE last > 30", 31, "removed" },
		/* Put in, all behind it moved by one. */
		{ "UPDATE log SET id = -id - 1 WHERE id >= 15; UPDATE log SET id = -id WHERE id < 0;"
		  "INSERT INTO log SELECT 15, at, event, service, question, 'A new.example.jp', partner, kind, status, "
		  "answer, why, "
		  "digest FROM log WHERE id = 14",
		  15, "put in" },
		{ "INSERT INTO log SELECT max(id) + 1, at, event, service, question, what, partner, kind, status, "
		  "answer, why, digest "
		  "FROM log",
		  0, "nothing of the log is signed" },
		{ "UPDATE seal SET signature = (SELECT signature FROM seal s WHERE s.last = (SELECT min(last) FROM "
		  "seal)) WHERE last = "
		  "(SELECT max(last) FROM seal)",
		  0, "signature" },
		{ "DELETE FROM seal", 1, "nothing of the log is signed" },
		{ "UPDATE body SET bytes = x'00' WHERE id = 1", 0, "was changed" },
		{ "UPDATE answer SET kind = 1 WHERE kind = 0 AND what = 'A host1.example0.jp'", 0,
		  "A host1.example0.jp" },
		{ "UPDATE answer SET what = 'A invented.example.jp' WHERE what = 'A host1.example0.jp'", 0,
		  "A invented.example.jp" },
		{ "UPDATE answer SET log = 100000 WHERE what = 'A host1.example0.jp'", 100000, "not in the log" },
	};
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct peer dns = { 0 };
		struct trial t;
		ARENA_AUTO a = { 0 };
		struct query_check c;
		fill(&t, &dns);
		tamper(&t, ways[i].sql);
		verify(&t, &a, &c);
		bool named = false;
		for (size_t j = 0; j < c.faults && j < QUERY_FAULTS_MAX; j++)
			named |= (ways[i].row == 0 || c.fault[j].row == ways[i].row) &&
				 str_contains(c.fault[j].what, str_of(ways[i].word));
		if (!named)
			fail_msg("%s: not named among %zu faults (%.*s)", ways[i].sql, c.faults,
				 STR_ARG(c.faults ? c.fault[0].what : STR("none")));
		end(&t, &dns);
	}
}

/* Whoever rewrites a line and every digest behind it cannot sign. */
static void
a_rewritten_chain_is_not_signed(void **state)
{
	struct peer dns = { 0 };
	struct trial t;
	ARENA_AUTO a = { 0 };
	struct query_check c;
	fill(&t, &dns);
	tamper(&t, "DELETE FROM seal WHERE last > (SELECT min(last) FROM seal)");
	verify(&t, &a, &c);
	assert_true(c.faults > 0);
	/* A key of its own is another key. */
	end(&t, &dns);
	struct peer again = { 0 };
	struct err e = { 0 };
	fill(&t, &again);
	assert_true(file_remove(path_join(&a, t.folder, "log.key"), &e));
	KEY_AUTO other = NULL;
	assert_true(key_load_or_create(path_join(&a, t.folder, "log.key"), &other, &e));
	verify(&t, &a, &c);
	assert_true(names(&c, 1, "signature") || c.faults > 3);
	end(&t, &again);
}

/* What is written behind a cut would hide it. */
static void
a_cut_log_takes_no_more(void **state)
{
	struct peer dns = { 0 };
	struct trial t;
	struct err e = { 0 };
	fill(&t, &dns);
	tamper(&t, "DELETE FROM log WHERE id > 30; DELETE FROM seal WHERE last > 30");
	assert_false(asker_open(&t.o, &t.asker, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.text, "log"));
	t.asker = NULL;
	end(&t, &dns);
}

struct exported {
	unsigned lines, asked, seals;
	bool key;
};

static bool
take(void *user, struct str line)
{
	struct exported *x = user;
	ARENA_AUTO a = { 0 };
	struct json *tree;
	struct err e = { 0 };
	if (!json_parse(&a, line, NULL, &tree, &e))
		fail_msg("%s", e.text);
	x->lines++;
	x->key |= str_contains(json_get_str(tree, "key"), STR("PUBLIC KEY"));
	x->asked += str_eq(json_get_str(tree, "event"), STR("asked"));
	x->seals += json_get(tree, "sealed") != NULL;
	assert_false(str_contains(line, STR("PRIVATE")));
	return true;
}

static void
it_is_exported_as_json_lines(void **state)
{
	struct peer dns = { 0 };
	struct trial t;
	ARENA_AUTO a = { 0 };
	struct query_check c;
	struct exported x = { 0 };
	struct err e = { 0 };
	fill(&t, &dns);
	verify(&t, &a, &c);
	assert_true(query_log_export(t.folder, take, &x, &e));
	assert_true(x.key);
	assert_int_equal(x.asked, 2 * (5 + 10));
	assert_int_equal(x.seals, c.seals);
	assert_int_equal(x.lines, 1 + c.rows + c.seals);
	end(&t, &dns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_is_found_whole),      cmocka_unit_test(what_was_done_to_it_is_named),
		cmocka_unit_test(a_rewritten_chain_is_not_signed), cmocka_unit_test(a_cut_log_takes_no_more),
		cmocka_unit_test(it_is_exported_as_json_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
