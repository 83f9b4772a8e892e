/* Ranges and versions of OSV records. */
#include "../unit-feed.h"

#define OSV(ecosystem, inside) \
	"{\"id\":\"X-1\",\"modified\":\"2031-01-01T00:00:00Z\",\"aliases\":[\"CVE-2031-0001\"],\"affected\":[{" inside \
	",\"package\":{\"ecosystem\":\"" ecosystem "\",\"name\":\"c\"}}]}\n"
#define RANGE(events) "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]"

static void
events_are_ranges(void **state)
{
	static const struct {
		const char *inside, *affected, *safe; /* versions, with blanks between */
	} rows[] = {
		{ RANGE("{\"introduced\":\"0\"},{\"fixed\":\"2\"}"), "1 1.9", "2 3" },
		{ RANGE("{\"introduced\":\"0\"},{\"last_affected\":\"2\"}"), "1 2", "2.1" },
		{ RANGE("{\"introduced\":\"1\"},{\"fixed\":\"2\"},{\"introduced\":\"3\"},{\"fixed\":\"4\"}"), "1 3.5",
		  "0.9 2 4" },
		{ RANGE("{\"fixed\":\"4\"},{\"introduced\":\"3\"},{\"fixed\":\"2\"},{\"introduced\":\"1\"}"), "1 3.5",
		  "0.9 2 4" },
		{ RANGE("{\"introduced\":\"1\"}"), "1 99", "0.9" },
		{ RANGE("{\"introduced\":\"1\"},{\"limit\":\"5\"}"), "1 4.9", "5 6" },
		{ RANGE("{\"introduced\":\"1\"},{\"limit\":\"*\"}"), "1 6", "0.1" },
		{ "\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]}],\"versions\":[\"1\",\"3\"]",
		  "1 3", "2" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO text = { 0 };
		buf_addf(&text,
			 "{\"id\":\"X-1\",\"modified\":\"2031-01-01T00:00:00Z\",\"aliases\":[\"CVE-2031-0001\"],"
			 "\"affected\":[{%s,\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"c\"}}]}\n",
			 rows[i].inside);
		assert_int_equal(feed_import_text(state, "osv", buf_str(&text)).count.kept, 1);
		for (int safe = 0; safe < 2; safe++) {
			struct str list = str_of(safe ? rows[i].safe : rows[i].affected), v;
			while (str_word(&list, &v)) {
				bool found = feed_findings(state, &a, "debian:12", "c", arena_cstr(&a, v))[0] != '\0';
				if (found == (safe == 1))
					fail_msg("row %zu: %.*s", i, STR_ARG(v));
			}
		}
	}
}

static void
rolling_systems_have_no_release(void **state)
{
	ARENA_AUTO a = { 0 };
	assert_int_equal(
		feed_import_text(state, "osv", STR(OSV("Wolfi", RANGE("{\"introduced\":\"0\"},{\"fixed\":\"2-r1\"}"))))
			.count.kept,
		1);
	assert_true(strstr(feed_findings(state, &a, "wolfi:20230201", "c", "2-r0"), "CVE-2031-0001 2-r1|") != NULL);
	assert_string_equal(feed_findings(state, &a, "wolfi:20230201", "c", "2-r1"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(events_are_ranges),
		unit_test_in_folder(rolling_systems_have_no_release),
	};
	return cmocka_run_group_tests_name("vuln/feeds/osv", tests, NULL, NULL);
}
