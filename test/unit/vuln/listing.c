/* Lists of documents, and what may stand in them. */
#include "vuln/listing.h"
#include "unit.h"
#include "vuln/provider.h"

#define ORIGIN "https://psirt.example:8443"

/* The paths that are taken, one behind the other. */
static const char *
paths(struct arena *a, const char *text, int64_t since, size_t newest, size_t *bad)
{
	struct feed_listing from = { .url = ORIGIN "/csaf/list", .below = "cvrf/", .newest = newest };
	struct listing_entry *list;
	size_t count;
	BUF_AUTO out = { 0 };
	if (!listing_read(str_of(text), &from, since, a, &list, &count, bad, &unit_err)) {
		assert_int_equal(unit_err.code, ERR_INPUT);
		err_clear(&unit_err);
		return "none";
	}
	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%.*s ", STR_ARG(list[i].path));
	return arena_cstr(a, buf_str(&out));
}

#define LINK(url) \
	"{\"updated\":\"2031-01-02T00:00:00Z\",\"link\":[{\"rel\":\"hash\",\"href\":\"x\"},{\"rel\":\"self\"," \
	"\"href\":\"" url "\"}]}"

static void
every_form_of_a_list(void **state)
{
	static const struct {
		const char *text, *paths;
		size_t bad;
	} rows[] = {
		{ "\"a/1.json\",\"2031-01-02T00:00:00Z\"\r\n\"a/2.json\",\"2031-01-03T00:00:00Z\"\r\n",
		  "cvrf/a/2.json cvrf/a/1.json ", 0 },
		{ "\xef\xbb\xbf"
		  "a.json,2031-01-02T00:00:00Z\n../b.json,2031-01-02T00:00:00Z\n/c,2031-01-02T00:00:00Z\n"
		  "d.json,yesterday\ne.json\n.f,2031-01-02T00:00:00Z\ng?x,2031-01-02T00:00:00Z\n",
		  "cvrf/a.json ", 6 },
		{ "{\"value\":[{\"ID\":\"2031-Jan\",\"CurrentReleaseDate\":\"2031-01-02T00:00:00Z\"},{\"ID\":\"a/../"
		  "b\","
		  "\"CurrentReleaseDate\":\"2031-01-02T00:00:00Z\"}]}",
		  "cvrf/2031-Jan ", 1 },
		{ "{\"feed\":{\"entry\":[" LINK(ORIGIN "/.well-known/csaf/1.json") "," LINK(ORIGIN "/a/../2.json") "," LINK(
			  "http://psirt.example:8443/3.json") "," LINK("https://psirt.example/"
								       "4.json") "," LINK(ORIGIN
											  "@ev"
											  "il/"
											  "5."
											  "jso"
											  "n") "," LINK("6.json") "]}}",
		  "/.well-known/csaf/1.json ", 5 },
		{ "{\"feed\":{\"entry\":[{\"updated\":\"2031-01-02T00:00:00Z\",\"content\":{\"src\":\"" ORIGIN
		  "/w/7.json\"}}]}}",
		  "/w/7.json ", 0 },
		{ "{\"feed\":{\"entry\":[]}}", "none", 0 },
		{ "{\"feed\":", "none", 0 },
		{ "<html>moved</html>", "none", 0 },
		{ "", "none", 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		size_t bad = 0;
		assert_string_equal(paths(&a, rows[i].text, 0, 100, &bad), rows[i].paths);
		assert_int_equal(bad, rows[i].bad);
	}
}

static void
only_what_is_new_and_not_too_much(void **state)
{
	static const char text[] = "a,2031-01-02T00:00:00Z\nb,2031-01-04T00:00:00Z\nc,2031-01-03T00:00:00Z\n";
	ARENA_AUTO a = { 0 };
	size_t bad;
	int64_t since;
	assert_string_equal(paths(&a, text, 0, 2, &bad), "cvrf/b cvrf/c ");
	assert_true(time_parse(STR("2031-01-03T00:00:00Z"), &since));
	assert_string_equal(paths(&a, text, since, 100, &bad), "cvrf/b ");
	assert_true(time_parse(STR("2031-01-04T00:00:00Z"), &since));
	assert_string_equal(paths(&a, text, since, 100, &bad), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_list),
		cmocka_unit_test(only_what_is_new_and_not_too_much),
	};
	return cmocka_run_group_tests_name("vuln/listing", tests, NULL, NULL);
}
