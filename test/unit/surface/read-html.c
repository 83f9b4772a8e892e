/* Links of HTML, good and broken. */
#include "surface/read-html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct got {
	struct buf all; /* "url|rel|words;" */
};

static void
take(void *user, const struct html_link *link)
{
	struct got *g = user;
	buf_addf(&g->all, "%.*s|%.*s|%.*s;", STR_ARG(link->url), STR_ARG(link->rel), STR_ARG(link->words));
}

static const struct {
	const char *html, *links;
} pages[] = {
	{ "", "" },
	{ "<p>no links</p>", "" },
	{ "<A HREF='https://a.example/'>One</A>", "https://a.example/||One;" },
	{ "<a href=https://a.example/x>One <b>two</b>\n three</a>", "https://a.example/x||One two three;" },
	{ "<a class=x href = \"https://a.example/?a=1&amp;b=2\" rel=\"nofollow\">&lt;&#x682a;&#26666;&gt;</a>",
	  "https://a.example/?a=1&b=2|nofollow|<株株>;" },
	{ "<a href=\"https://a.example/\"><img src=x alt=\"医療法人\"></a>", "https://a.example/||医療法人;" },
	{ "<a href=\"https://a.example/\" title=\"Only a title\"></a>", "https://a.example/||Only a title;" },
	{ "<a href=/x>医療法人<em>さくら</em>会<br>本院</a>", "/x||医療法人さくら会 本院;" },
	{ "<a name=x>no link</a><a href=\"\">empty</a>", "" },
	{ "<a href=/1>one<a href=/2>two</a>", "/1||one;/2||two;" },
	{ "<a href=/1>never closed", "/1||never closed;" },
	{ "<area href=/map alt=Map><link rel=stylesheet href=/css><link rel=\"x Canonical\" href=/c>",
	  "/map||Map;/c|x Canonical|;" },
	{ "<!-- <a href=/no>x</a> --><a href=/yes>y</a>", "/yes||y;" },
	{ "<script>document.write('<a href=/no>x</a>')</script><a href=/yes>y</a>", "/yes||y;" },
	{ "<style><a href=/no></STYLE ><a href=/yes>y</a>", "/yes||y;" },
	{ "<a href=/yes data-x='a>b' title=\"c>d\">y</a>", "/yes||y;" },
	{ "<a href=\"/unclosed>text</a><a href=/2>two</a>", "\"/unclosed||text;/2||two;" },
	{ "1 < 2 <a href=/x>3 < 4 & 5</a>", "/x||3 < 4 & 5;" },
	{ "<a href", "" },
	{ "<a href=/x", "/x||;" },
	{ "</", "" },
	{ "<", "" },
	{ "<!", "" },
	{ "<!--", "" },
	{ "<script>", "" },
};

static void
links(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct got g = { 0 };
		html_links(str_of(pages[i].html), 100, take, &g);
		assert_string_equal(buf_cstr(&g.all), pages[i].links);
		buf_free(&g.all);
	}
}

static void
hosts(void **state)
{
	static const struct {
		const char *url, *host;
	} known[] = { { "https://www.example.jp/x", "www.example.jp" },
		      { "HTTP://user:pw@Example.JP:8080?x", "Example.JP" },
		      { "//cdn.example#x", "cdn.example" },
		      { " https://%65xample.jp ", "example.jp" },
		      { "https:\\\\example.jp", NULL },
		      { "/relative", NULL },
		      { "mailto:x@example.jp", NULL },
		      { "javascript://example.jp/", NULL },
		      { "https://", NULL },
		      { "https://%zz/", NULL },
		      { "", NULL } };
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		struct str host = STR_NONE;
		assert_int_equal(html_url_host(&a, str_of(known[i].url), &host), known[i].host != NULL);
		assert_true(!known[i].host || str_eq(host, str_of(known[i].host)));
	}
}

static void
encodings(void **state)
{
	static const struct {
		const char *page;
		size_t len;
	} pages_of[] = {
#define PAGE(charset, bytes) \
	{ "<meta charset=\"" charset "\">" bytes, sizeof("<meta charset=\"" charset "\">" bytes) - 1 }
		PAGE("utf-8", "\xe7\x97\x85\xe9\x99\xa2"),
		PAGE("Shift_JIS", "\x95\x61\x89\x40"),
		PAGE("EUC-JP", "\xc9\xc2\xb1\xa1"),
		PAGE("iso-2022-jp", "\x1b$B\x49\x42\x31\x21\x1b(B"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(pages_of); i++) {
		ARENA_AUTO a = { 0 };
		struct str text = html_utf8(&a, str_sub(pages_of[i].page, pages_of[i].len));
		assert_true(str_ends(text, STR("病院")));
	}
	ARENA_AUTO a = { 0 };
	assert_true(str_eq(html_utf8(&a, STR("\xef\xbb\xbfx")), STR("x")));
	assert_true(str_eq(html_utf8(&a, STR("\x95\x61\x89\x40")), STR("病院"))); /* it says nothing of itself */
	(void)html_utf8(&a, STR("<meta charset=euc-jp>\xff\xff\xff"));
	(void)html_utf8(&a, STR("charset="));
}

/* A page of two million of each beginning takes a moment, not an hour. */
static void
hostile(void **state)
{
	static const char *const pieces[] = { "<a '",        "<a x=\"", "<a x='",       "<!--", "<script>",
					      "<",           "&#",      "<a href=/x>",  "<b>",  "</a",
					      "&#99999999;", "<a =",    "<title>x</tit" };
	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		BUF_AUTO page = { 0 };
		struct got g = { 0 };
		while (page.len < 2 << 20)
			buf_add(&page, str_of(pieces[i]));
		size_t n = html_links(buf_str(&page), 10, take, &g);
		assert_true(n <= page.len / 4);
		buf_free(&g.all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(links), cmocka_unit_test(hosts),
					    cmocka_unit_test(encodings), cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
