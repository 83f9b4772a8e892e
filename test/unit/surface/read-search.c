/* Saved pages of search results as facts. */
#include "surface/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

#define NAME STR("医療法人さくら会")

static void
read_it(struct facts *f, struct arena *a, const char *file)
{
	*f = (struct facts){ .arena = a };
	read_search_results(f, NAME, str_of(file));
	assert_true(facts_are_sound(f));
}

static void
engines(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	(void)state;
	read_it(&f, &a,
		"<!DOCTYPE html><html><body><a href=\"https://www.google.com/preferences\">Settings</a>"
		"<a href=\"/url?q=https://www.sakura.or.jp/&amp;sa=U&amp;ved=x\">医療法人さくら会 公式</a>"
		"<a href=\"https://www.google.co.jp/url?sa=t&amp;url=https%3A%2F%2Fsakura-clinic.jp%2F\">分院</a>"
		"<a href=\"//duckduckgo.com/l/?uddg=https%3A%2F%2Fduck.example%2F&amp;rut=1\">d</a>"
		"<a "
		"href=\"https://www.bing.com/ck/"
		"a?!&amp;&amp;p=x&amp;u=a1aHR0cHM6Ly9iaW5nZWQuZXhhbXBsZS8&amp;ntb=1\">b</a>"
		"<a "
		"href=\"https://r.search.yahoo.com/_ylt=x/RV=2/RE=1/RO=10/RU=https%3a%2f%2fyahooed.example%2f/RK=0/"
		"RS=x\">y</a>"
		"<a href=\"https://direct.example/\">direct</a></body></html>");
	assert_int_equal(f.count, 6);
	SAYS(&f, FACT_MENTION, "医療法人さくら会", "sakura.or.jp", "医療法人さくら会 公式");
	SAYS(&f, FACT_MENTION, NULL, "sakura-clinic.jp", "分院");
	SAYS(&f, FACT_MENTION, NULL, "duck.example", NULL);
	SAYS(&f, FACT_MENTION, NULL, "binged.example", NULL);
	SAYS(&f, FACT_MENTION, NULL, "yahooed.example", NULL);
	SAYS(&f, FACT_MENTION, NULL, "direct.example", "direct");
}

static void
lists(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	(void)state;
	read_it(&f, &a,
		"# results\nhttps://www.sakura.or.jp/a\r\n\nsakura-clinic.jp\nwww.sakura.or.jp/b\nnot a name\n");
	assert_int_equal(f.count, 2);
	SAYS(&f, FACT_MENTION, "医療法人さくら会", "sakura.or.jp", "");
	SAYS(&f, FACT_MENTION, NULL, "sakura-clinic.jp", "");
	assert_int_equal(f.bad, 1);
}

static void
tables(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f;
	(void)state;
	read_it(&f, &a, "Title,URL\n\"さくら会, 本院\",https://www.sakura.or.jp/\n分院,sakura-clinic.jp\n,,\nx,..\n");
	assert_int_equal(f.count, 2);
	SAYS(&f, FACT_MENTION, NULL, "sakura.or.jp", "さくら会, 本院");
	SAYS(&f, FACT_MENTION, NULL, "sakura-clinic.jp", "分院");
	assert_true(f.bad > 0);
	/* As Excel of a Japanese Windows saves it. */
	read_it(&f, &a, "\x96\xbc\x8f\xcc\tURL\n\x95\x61\x89\x40\thttps://sjis.example/\n");
	SAYS(&f, FACT_MENTION, NULL, "sjis.example", "病院");
}

static void
hostile(void **state)
{
	static const char *const files[] = { "",
					     "\n",
					     ",",
					     "url",
					     "url\n",
					     "url\n\"",
					     "\xff\xfe\xfd",
					     "<a href=",
					     "<html><a href=//>",
					     "<a href=\"https://www.bing.com/?u=a1\">",
					     "<a href=\"/url?q=%\">x</a>",
					     "<a href=\"https://r.yahoo.com/RU=%zz/\">x</a>" };
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f;
		read_it(&f, &a, files[i]);
		SAYS_NOT(&f, FACT_MENTION);
	}
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	read_search_results(&f, STR_NONE, STR("https://www.sakura.or.jp/\n"));
	assert_true(f.count == 0 && f.bad == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(engines), cmocka_unit_test(lists),
					    cmocka_unit_test(tables), cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
