/* Links of a page to other domains as facts. */
#include "surface/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"

static void
other_domains(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_page(&f, STR("https://www.example.co.jp/group/"),
		  STR("<a href=\"/about\">about</a><a href=\"https://recruit.example.co.jp/\">recruit</a>"
		      "<a href=\"https://www.sakura-care.jp/\">株式会社さくらケア</a>"
		      "<a href=\"http://www.sakura-care.jp/news\">株式会社さくらケア</a>"
		      "<a href=\"//sakura-global.example.com/\">Global</a>"
		      "<a rel=\"ugc nofollow\" href=\"https://spam.example.net/\">x</a>"
		      "<a rel=sponsored href=\"https://ad.example.net/\">x</a>"
		      "<a href=\"mailto:info@mail.example.org\">mail</a><a href=\"https://192.0.2.1/\">address</a>"
		      "<a href=\"https://co.jp/\">suffix</a><link rel=canonical href=\"https://new-name.example/\">"));
	assert_int_equal(f.count, 3);
	SAYS(&f, FACT_LINK, "www.example.co.jp", "sakura-care.jp", "株式会社さくらケア");
	SAYS(&f, FACT_LINK, "www.example.co.jp", "example.com", "Global");
	SAYS(&f, FACT_LINK, "www.example.co.jp", "new-name.example", "");
	assert_true(str_eq(fact_of(&f, FACT_LINK, NULL, "sakura-care.jp", NULL)->evidence,
			   STR("https://www.sakura-care.jp/")));
}

static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO page = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_page(&f, STR("not an address"), STR("<a href=https://a.example/>x</a>"));
	assert_true(f.count == 0 && f.bad == 1);
	read_page(&f, STR("https://www.example.jp/"),
		  STR("<a href=\"https://\xff\xfe.example/\">\xff\x1b[31m</a><a "
		      "href='https://ok.example/'>a\x01\xff\xe2\x80\xae</a>"));
	assert_true(facts_are_sound(&f));
	SAYS(&f, FACT_LINK, NULL, "ok.example", NULL);
	for (int i = 0; i < 30000; i++)
		buf_addf(&page, "<a href=https://d%d.example/>x</a>", i);
	f = (struct facts){ .arena = &a };
	read_page(&f, STR("https://www.example.jp/"), buf_str(&page));
	assert_int_equal(f.count, 20000);
	assert_int_equal(f.cut, 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(other_domains), cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
