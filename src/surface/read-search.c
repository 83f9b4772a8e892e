/* A saved page of search results as facts (surface/read.h): HTML of an engine, a list of addresses, or CSV with a column of them.
 * Engines lead to results through themselves: what they lead to is taken, they themselves are not. */
#include "base/codec.h"
#include "surface/domain.h"
#include "surface/read-html.h"
#include "surface/read-internal.h"
#include "surface/read.h"
#include "vuln/csv.h"
#include "vuln/sheet.h"

enum { RESULTS_MAX = 20000, LINE_MAX_BYTES = 8192 };

struct results {
	struct facts *f;
	struct arena a;
	struct table seen;
	struct str organisation;
};

/* Engines, and what their pages are full of. */
static const struct str engines[] = {
	STR("google.com"),    STR("google.co.jp"),   STR("googleusercontent.com"),
	STR("gstatic.com"),   STR("googleapis.com"), STR("youtube.com"),
	STR("bing.com"),      STR("bing.net"),       STR("microsoft.com"),
	STR("live.com"),      STR("msn.com"),        STR("duckduckgo.com"),
	STR("yahoo.com"),     STR("yahoo.co.jp"),    STR("yimg.jp"),
	STR("yandex.com"),    STR("yandex.ru"),      STR("baidu.com"),
	STR("startpage.com"), STR("ecosia.org"),     STR("brave.com"),
	STR("qwant.com"),     STR("kagi.com"),       STR("goo.ne.jp"),
	STR("naver.com"),     STR("w3.org"),         STR("schema.org"),
};

static bool
is_engine(struct str domain)
{
	for (size_t i = 0; i < COUNT(engines); i++)
		if (str_eq(domain, engines[i]))
			return true;
	return str_starts(domain, STR("google."));
}

/* The value of one key of a query: "/url?q=https%3A%2F%2F…&sa=U" */
static struct str
query_value(struct arena *a, struct str url, struct str key)
{
	BUF_AUTO plain = { 0 };
	struct str path, rest, pair, name, value;
	if (!str_split(url, '?', &path, &rest))
		return STR_NONE;
	while (str_cut(&rest, '&', &pair))
		if (str_split(pair, '=', &name, &value) && str_eq(name, key) && percent_decode(&plain, value))
			return arena_str(a, buf_str(&plain));
	return STR_NONE;
}

/* Bing: u=a1BASE64URL */
static struct str
bing_target(struct arena *a, struct str value)
{
	BUF_AUTO plain = { 0 };
	if (value.len < 3 || !str_starts(value, STR("a1")) || !base64_decode(&plain, str_skip(value, 2)))
		return STR_NONE;
	return arena_str(a, buf_str(&plain));
}

/* Yahoo: …/RU=https%3a%2f%2fwww.example.jp%2f/RK=0/… */
static struct str
yahoo_target(struct arena *a, struct str url)
{
	BUF_AUTO plain = { 0 };
	ptrdiff_t at = str_find(url, STR("/RU="));
	struct str value, rest;
	if (at < 0)
		return STR_NONE;
	value = str_skip(url, (size_t)at + 4);
	if (str_split(value, '/', &value, &rest) || value.len > 0)
		if (percent_decode(&plain, value))
			return arena_str(a, buf_str(&plain));
	return STR_NONE;
}

/* Where an engine's own link leads to; STR_NONE: nowhere else. */
static struct str
target_of(struct arena *a, struct str url)
{
	static const struct str keys[] = { STR("q"), STR("url"), STR("uddg"), STR("u"), STR("RU") };
	struct str host;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct str value = query_value(a, url, keys[i]);
		if (html_url_host(a, value, &host))
			return value;
		value = bing_target(a, value);
		if (html_url_host(a, value, &host))
			return value;
	}
	return yahoo_target(a, url);
}

static void
mention(struct results *r, struct str url, struct str words)
{
	ARENA_AUTO a = { 0 };
	struct str host, domain = STR_NONE, target;
	if (html_url_host(&a, url, &host))
		domain = read_registrable(&a, host);
	/* A link without a host is the engine's own, too. */
	if (domain.len == 0 || is_engine(domain)) {
		target = target_of(&a, url);
		domain = html_url_host(&a, target, &host) ? read_registrable(&a, host) : STR_NONE;
		url = target;
	}
	if (domain.len == 0 || is_engine(domain) || !read_first_time(&r->seen, &r->a, domain, words) ||
	    !read_edge(r->f, FACT_MENTION, THING_ORGANISATION, r->organisation, THING_DOMAIN, domain))
		return;
	fact_text(r->f, words);
	fact_evidence(r->f, url);
}

static void
take_link(void *user, const struct html_link *link)
{
	mention(user, link->url, link->words);
}

/* "https://www.example.jp/", "www.example.jp", "example.jp/path" */
static bool
mention_line(struct results *r, struct str line, struct str words)
{
	ARENA_AUTO a = { 0 };
	struct str host, word, rest = line;
	if (!str_word(&rest, &word) || word.len > LINE_MAX_BYTES)
		return false;
	if (!html_url_host(&a, word, &host)) {
		word = arena_printf(&a, "https://%.*s", STR_ARG(word));
		if (!html_url_host(&a, word, &host))
			return false;
	}
	if (read_registrable(&a, host).len == 0)
		return false;
	mention(r, word, words);
	return true;
}

static ptrdiff_t
column_of(const struct csv_reader *csv, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < csv->fields.count; k++)
			if (str_eq_nocase(str_trim(csv->fields.items[k]), str_of(names[i])))
				return (ptrdiff_t)k;
	return -1;
}

/* False: there is no column of addresses, so it is no such table. */
static bool
read_table(struct results *r, struct str file)
{
	static const char *const urls[] = { "url",  "link",    "href",         "address", "domain",
					    "site", "website", "ホームページ", "アドレス" },
				 *const titles[] = { "title", "name", "text", "タイトル", "名称" };
	struct input in;
	BUF_AUTO plain = { 0 };
	struct csv_reader csv = { .in = &in };
	if (!sheet_csv(file, &plain, NULL))
		return false;
	input_of_mem(&in, "results.csv", buf_str(&plain));
	bool known = false;
	if (csv_next(&csv, NULL) == CSV_RECORD) {
		ptrdiff_t url = column_of(&csv, urls, COUNT(urls)), title = column_of(&csv, titles, COUNT(titles));
		known = url >= 0;
		enum csv_status status = CSV_RECORD;
		for (size_t n = 0; known && n < RESULTS_MAX; n++) {
			status = csv_next(&csv, NULL);
			if (status == CSV_END || status == CSV_FAILED)
				break;
			struct str words = title >= 0 ? csv_field(&csv, title) : STR_NONE;
			if (status == CSV_BAD || !mention_line(r, csv_field(&csv, url), words))
				r->f->bad++;
		}
	}
	csv_free(&csv);
	input_close(&in);
	return known;
}

static void
read_list(struct results *r, struct str file)
{
	struct str line;
	for (size_t n = 0; n < RESULTS_MAX && str_line(&file, &line); n++) {
		line = str_trim(line);
		if (line.len > 0 && line.ptr[0] != '#' && !mention_line(r, line, STR_NONE))
			r->f->bad++;
	}
}

static bool
is_html(struct str file)
{
	static const struct str marks[] = { STR("<!doctype"), STR("<html"), STR("<body"), STR("<a "), STR("<div") };
	struct str head = str_head(file, 64 << 10);
	for (size_t i = 0; i < head.len; i++)
		for (size_t k = 0; head.ptr[i] == '<' && k < COUNT(marks); k++)
			if (str_eq_nocase(str_head(str_skip(head, i), marks[k].len), marks[k]))
				return true;
	return false;
}

void
read_search_results(struct facts *f, struct str organisation, struct str file)
{
	struct results r = { .f = f, .organisation = organisation };
	file = str_head(file, HTML_MAX);
	if (is_html(file)) {
		size_t links = html_links(html_utf8(&r.a, file), RESULTS_MAX, take_link, &r);
		f->cut += links > RESULTS_MAX ? links - RESULTS_MAX : 0;
	} else if (!read_table(&r, file))
		read_list(&r, html_utf8(&r.a, file));
	table_free(&r.seen);
	arena_free(&r.a);
}
