/* What is written of an asset beside its path: whose accounts a domain's tokens are, and what only a wildcard answers for. */
#include "surface/result-facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
told(struct graph *g, enum fact_kind kind, const char *name, const char *text)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	assert_non_null(fact_add(&f, kind, THING_NAME, str_of(name)));
	fact_text(&f, str_of(text));
	(void)graph_learn(g, &f, SERVICE_DNS, STR("test"), 1);
}

static bool
writes(const struct graph *g, const char *name, const char *wanted)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	result_facts_write(&w, g, graph_find(g, THING_NAME, str_of(name)));
	json_end_object(&w);
	return str_contains(buf_str(&text), str_of(wanted));
}

static void
accounts_are_told_by_their_service(void **state)
{
	struct graph g = { 0 };
	(void)state;
	told(&g, FACT_TOKEN, "unit-seiki.co.jp", "google-site-verification=abcdefgh");
	told(&g, FACT_TOKEN, "unit-seiki.co.jp", "google-site-verification=another1");
	told(&g, FACT_TOKEN, "unit-seiki.co.jp", "MS=ms12345678");
	told(&g, FACT_TOKEN, "unit-seiki.co.jp", "unheard-of-verification=12345678");
	assert_true(writes(&g, "unit-seiki.co.jp", "\"accounts\":[\"Google\",\"Microsoft 365\"]"));
	told(&g, FACT_ZONE, "stranger.jp", "stranger.jp");
	assert_false(writes(&g, "stranger.jp", "accounts"));
	graph_free(&g);
}

static void
wildcards_and_names_that_were_left_are_told(void **state)
{
	struct graph g = { 0 };
	(void)state;
	told(&g, FACT_WILDCARD, "unit-seiki.co.jp", "192.0.2.1");
	told(&g, FACT_ZONE, "old.unit-seiki.co.jp", "");
	assert_true(writes(&g, "unit-seiki.co.jp", "\"any_name_below\":\"192.0.2.1\""));
	assert_false(writes(&g, "old.unit-seiki.co.jp", "wildcard"));
	graph_find(&g, THING_NAME, STR("old.unit-seiki.co.jp"))->wildcard = BY_WILDCARD_ALONE;
	graph_find(&g, THING_NAME, STR("old.unit-seiki.co.jp"))->left = true;
	assert_true(writes(&g, "old.unit-seiki.co.jp", "\"wildcard\":true"));
	assert_true(writes(&g, "old.unit-seiki.co.jp", "\"not_asked\":true"));
	graph_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_are_told_by_their_service),
		cmocka_unit_test(wildcards_and_names_that_were_left_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
