/* What a publisher of CSAF says of its lists. */
#include "vuln/provider.h"
#include "unit.h"

#define ORIGIN "https://psirt.example"
#define FEED(label, url) "{\"tlp_label\":\"" label "\",\"url\":\"" url "\"}"
#define ROLIE(feeds) "{\"distributions\":[{\"directory_url\":\"" ORIGIN "/dir\"},{\"rolie\":{\"feeds\":[" feeds "]}}]}"

static void
public_lists_on_its_own_host(void **state)
{
	static const struct {
		const char *text, *lists;
		size_t bad;
	} rows[] = {
		{ ROLIE(FEED("WHITE", ORIGIN "/w.json") "," FEED("AMBER", ORIGIN "/a.json") "," FEED(
			  "CLEAR", ORIGIN "/c.json") "," FEED("WHITE", ORIGIN "/w.json")),
		  ORIGIN "/w.json " ORIGIN "/c.json ", 0 },
		{ ROLIE(FEED("WHITE", "https://psirt.example.evil/w.json") "," FEED("WHITE",
										    "http://psirt.example/w.json")),
		  "", 2 },
		/* Nothing for everybody: the folder. */
		{ ROLIE(FEED("RED", ORIGIN "/r.json")), ORIGIN "/dir/changes.csv ", 0 },
		{ "{\"distributions\":[{\"directory_url\":\"" ORIGIN "/a/\"},{\"directory_url\":\"" ORIGIN
		  "/b\"},{\"directory_url\":\"https://other.example/c\"},{\"directory_url\":7}]}",
		  ORIGIN "/a/changes.csv " ORIGIN "/b/changes.csv ", 1 },
		{ "{\"distributions\":[]}", "", 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO out = { 0 };
		struct provider p;
		assert_true(provider_read(str_of(rows[i].text), STR(ORIGIN), &a, &p));
		for (size_t k = 0; k < p.lists.count; k++)
			buf_addf(&out, "%.*s ", STR_ARG(p.lists.items[k]));
		assert_string_equal(buf_cstr(&out), rows[i].lists);
		assert_int_equal(p.bad, rows[i].bad);
	}
}

static void
anything_else_is_none(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"distributions\":{}}", "{\"distributions\":[", "a,b\n"
	};
	ARENA_AUTO a = { 0 };
	struct provider p;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(provider_read(str_of(texts[i]), STR(ORIGIN), &a, &p));
}

static void
a_thousand_lists_are_sixteen(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO text = { 0 };
	struct provider p;
	buf_add(&text, STR("{\"distributions\":["));
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "%s{\"directory_url\":\"" ORIGIN "/%d\"}", i ? "," : "", i);
	buf_add(&text, STR("]}"));
	assert_true(provider_read(buf_str(&text), STR(ORIGIN), &a, &p));
	assert_int_equal(p.lists.count, PROVIDER_LISTS_MAX);
	assert_int_equal(p.bad, 1000 - PROVIDER_LISTS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_lists_on_its_own_host),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(a_thousand_lists_are_sixteen),
	};
	return cmocka_run_group_tests_name("vuln/provider", tests, NULL, NULL);
}
