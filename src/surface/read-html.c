/* HTML, as far as links need it (surface/read-html.h). */
#include "surface/read-html.h"

#include "base/codec.h"
#include "base/decode.h"

#include <ctype.h>
#include <iconv.h>

enum { VALUE_MAX = 4000, SNIFF = 4096, WORDS_MAX = 400 };

/* ---- what the page is written in ---- */

static bool
converted(const char *from, struct str bytes, struct buf *out)
{
	iconv_t to = iconv_open("UTF-8", from);
	char *in = (char *)(uintptr_t)bytes.ptr;
	size_t left = bytes.len, bad = 0;
	if (to == (iconv_t)-1)
		return false;
	while (left > 0 && bad < 1000) {
		size_t room = left * 3 + 16;
		char *begin = buf_reserve(out, room), *end = begin;
		size_t result = iconv(to, &in, &left, &end, &room);
		out->len += (size_t)(end - begin);
		if (result != (size_t)-1 || left == 0)
			break;
		buf_add_char(out, '?');
		in++;
		left--;
		bad++;
	}
	iconv_close(to);
	return bad < 1000;
}

/* charset="euc-jp", charset=Shift_JIS */
static struct str
told_charset(struct str head)
{
	for (size_t i = 0; i + 8 < head.len; i++) {
		if (!str_eq_nocase(str_sub(head.ptr + i, 8), STR("charset=")))
			continue;
		struct str value = str_skip(head, i + 8);
		if (strchr("\"'", value.ptr[0]))
			value = str_skip(value, 1);
		size_t n = 0;
		while (n < value.len && n < 32 && (isalnum((unsigned char)value.ptr[n]) || strchr("-_", value.ptr[n])))
			n++;
		return str_head(value, n);
	}
	return STR_NONE;
}

struct str
html_utf8(struct arena *a, struct str page)
{
	static const struct {
		struct str word;
		const char *charset;
	} known[] = { { STR("euc-jp"), "EUC-JP" },
		      { STR("x-euc-jp"), "EUC-JP" },
		      { STR("iso-2022-jp"), "ISO-2022-JP" },
		      { STR("shift_jis"), "CP932" },
		      { STR("x-sjis"), "CP932" },
		      { STR("windows-31j"), "CP932" },
		      { STR("shift-jis"), "CP932" },
		      { STR("iso-8859-1"), "WINDOWS-1252" },
		      { STR("windows-1252"), "WINDOWS-1252" } };
	BUF_AUTO out = { 0 };
	page = str_head(page, HTML_MAX);
	struct str told = told_charset(str_head(page, SNIFF));
	bool japanese = str_eq_nocase(told, STR("iso-2022-jp"));
	if (str_is_utf8(page) && !japanese)
		return str_starts(page, STR("\xef\xbb\xbf")) ? str_skip(page, 3) : page;
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq_nocase(told, known[i].word) && converted(known[i].charset, page, &out))
			return arena_str(a, buf_str(&out));
	buf_truncate(&out, 0);
	return told.len == 0 && decode_text(page, &out, NULL) ? arena_str(a, buf_str(&out)) : page;
}

/* ---- tokens ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Where a quoted value that begins behind from ends; SIZE_MAX: nowhere. */
static size_t
quote_end(struct html *h, size_t from, char quote)
{
	bool *none = &h->no_quote[quote == '\''];
	const char *end = *none ? NULL : memchr(h->rest.ptr + from, quote, h->rest.len - from);
	*none = !end;
	return end ? (size_t)(end - h->rest.ptr) : SIZE_MAX;
}

/* The ">" of the tag at the start of the rest; its quotes count only behind "=". */
static size_t
tag_end(struct html *h, size_t at)
{
	bool value = false;
	for (; at < h->rest.len; at++) {
		char c = h->rest.ptr[at];
		if (c == '>')
			return at;
		size_t end = value && (c == '"' || c == '\'') ? quote_end(h, at + 1, c) : SIZE_MAX;
		if (end != SIZE_MAX)
			at = end;
		value = c == '=' || (value && is_blank(c));
	}
	return h->rest.len;
}

static bool
is_raw(struct str name)
{
	static const struct str raw[] = { STR("script"), STR("style"),  STR("textarea"), STR("title"),
					  STR("xmp"),    STR("iframe"), STR("noembed"),  STR("noframes") };
	for (size_t i = 0; i < COUNT(raw); i++)
		if (str_eq_nocase(name, raw[i]))
			return true;
	return false;
}

/* Behind the text of a script, style …: its closing tag, or the end. */
static void
skip_raw(struct html *h)
{
	struct str rest = h->rest;
	while (rest.len > 0) {
		const char *open = memchr(rest.ptr, '<', rest.len);
		rest = open ? str_skip(rest, (size_t)(open - rest.ptr)) : STR_NONE;
		if (rest.len > h->raw.len + 2 && rest.ptr[1] == '/' &&
		    str_eq_nocase(str_sub(rest.ptr + 2, h->raw.len), h->raw))
			break;
		rest = str_skip(rest, rest.len > 0);
	}
	h->rest = rest;
	h->raw = STR_NONE;
}

/* "<!-- … -->", "<!DOCTYPE …>", "<?…>" */
static bool
skip_markup(struct html *h)
{
	if (h->rest.len < 2 || !strchr("!?", h->rest.ptr[1]) || h->rest.ptr[1] == '\0')
		return false;
	bool comment = str_starts(h->rest, STR("<!--"));
	struct str from = str_skip(h->rest, comment ? 2 : 1);
	ptrdiff_t end = comment ? str_find(from, STR("-->")) : str_find_char(from, '>');
	h->rest = end < 0 ? STR_NONE : str_skip(from, (size_t)end + (comment ? 3 : 1));
	return true;
}

static bool
take_tag(struct html *h, struct html_token *out)
{
	size_t at = 1 + (h->rest.len > 1 && h->rest.ptr[1] == '/'), start = at;
	if (at >= h->rest.len || !isalpha((unsigned char)h->rest.ptr[at]))
		return false;
	while (at < h->rest.len && !is_blank(h->rest.ptr[at]) && !strchr("/>", h->rest.ptr[at]))
		at++;
	size_t end = tag_end(h, at);
	out->kind = start == 2 ? HTML_CLOSE : HTML_OPEN;
	out->name = str_sub(h->rest.ptr + start, at - start);
	out->rest = str_sub(h->rest.ptr + at, end - at);
	h->rest = str_skip(h->rest, end + (end < h->rest.len));
	if (out->kind == HTML_OPEN && is_raw(out->name))
		h->raw = out->name;
	return true;
}

void
html_next(struct html *h, struct html_token *out)
{
	*out = (struct html_token){ .kind = HTML_END };
	if (h->raw.len > 0)
		skip_raw(h);
	while (h->rest.len > 0 && h->rest.ptr[0] == '<') {
		if (take_tag(h, out))
			return;
		if (!skip_markup(h))
			break;
	}
	if (h->rest.len == 0)
		return;
	/* A "<" that begins no tag is text. */
	const char *open = memchr(h->rest.ptr + 1, '<', h->rest.len - 1);
	size_t n = open ? (size_t)(open - h->rest.ptr) : h->rest.len;
	*out = (struct html_token){ .kind = HTML_TEXT, .rest = str_head(h->rest, n) };
	h->rest = str_skip(h->rest, n);
}

/* ---- text ---- */

static void
add_character(struct buf *out, uint64_t c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80)
		buf_add_char(out, (char)c);
	else if (c < 0x800)
		buf_addf(out, "%c%c", (char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)));
	else if (c < 0x10000)
		buf_addf(out, "%c%c%c", (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
			 (char)(0x80 | (c & 0x3f)));
	else
		buf_addf(out, "%c%c%c%c", (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
			 (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f)));
}

static bool
number_of(struct str digits, uint64_t *out)
{
	bool hex = digits.len > 0 && (digits.ptr[0] == 'x' || digits.ptr[0] == 'X');
	uint64_t n = 0;
	digits = str_skip(digits, hex);
	for (size_t i = 0; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.ptr[i];
		if (hex ? !isxdigit(c) : !isdigit(c))
			return false;
		n = n * (hex ? 16 : 10) + (uint64_t)(isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
	}
	*out = n;
	return digits.len > 0;
}

/* "&amp;" and the like at the start of s; 0: none. */
static size_t
reference(struct buf *out, struct str s)
{
	static const struct {
		struct str name;
		uint64_t c;
	} names[] = { { STR("amp"), '&' },   { STR("lt"), '<' },   { STR("gt"), '>' },    { STR("quot"), '"' },
		      { STR("apos"), '\'' }, { STR("nbsp"), ' ' }, { STR("copy"), 0xa9 }, { STR("yen"), 0xa5 } };
	ptrdiff_t end = str_find_char(str_head(s, 12), ';');
	uint64_t c;
	if (end < 2)
		return 0;
	struct str name = str_sub(s.ptr + 1, (size_t)end - 1);
	if (name.ptr[0] == '#' && number_of(str_skip(name, 1), &c)) {
		add_character(out, c);
		return (size_t)end + 1;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, names[i].name)) {
			add_character(out, names[i].c);
			return (size_t)end + 1;
		}
	return 0;
}

void
page_text(struct buf *out, struct str raw, size_t max)
{
	for (size_t i = 0; i < raw.len && out->len < max;) {
		size_t n = raw.ptr[i] == '&' ? reference(out, str_skip(raw, i)) : 0;
		if (n == 0)
			buf_add_char(out, raw.ptr[i]);
		i += n > 0 ? n : 1;
	}
}

/* One attribute off the front of s; false at the end. */
static bool
take_attribute(struct str *s, struct str *name, struct str *value)
{
	size_t n = 0;
	while (s->len > 0 && (is_blank(s->ptr[0]) || s->ptr[0] == '/'))
		*s = str_skip(*s, 1);
	if (s->len == 0)
		return false;
	while (n < s->len && !is_blank(s->ptr[n]) && !(n > 0 && s->ptr[n] == '=') && s->ptr[n] != '/')
		n++;
	*name = str_head(*s, n);
	*value = STR_NONE;
	*s = str_skip(*s, n);
	while (s->len > 0 && is_blank(s->ptr[0]))
		*s = str_skip(*s, 1);
	if (s->len == 0 || s->ptr[0] != '=')
		return true;
	*s = str_skip(*s, 1);
	while (s->len > 0 && is_blank(s->ptr[0]))
		*s = str_skip(*s, 1);
	char quote = s->len > 0 && (s->ptr[0] == '"' || s->ptr[0] == '\'') ? s->ptr[0] : '\0';
	const char *end = quote ? memchr(s->ptr + 1, quote, s->len - 1) : NULL;
	if (end) {
		*value = str_sub(s->ptr + 1, (size_t)(end - s->ptr) - 1);
		*s = str_skip(*s, value->len + 2);
		return true;
	}
	for (n = 0; n < s->len && !is_blank(s->ptr[n]);)
		n++;
	*value = str_head(*s, n);
	*s = str_skip(*s, n);
	return true;
}

struct str
html_attribute(struct arena *a, struct str attributes, struct str name)
{
	BUF_AUTO text = { 0 };
	struct str key, value, rest = str_head(attributes, 64 << 10);
	while (take_attribute(&rest, &key, &value)) {
		if (!str_eq_nocase(key, name))
			continue;
		page_text(&text, str_trim(value), VALUE_MAX);
		return arena_str(a, str_head(buf_str(&text), VALUE_MAX));
	}
	return STR_NONE;
}

/* ---- links ---- */

bool
html_url_host(struct arena *a, struct str url, struct str *host)
{
	BUF_AUTO plain = { 0 };
	url = str_trim(url);
	size_t n = 0;
	if (str_eq_nocase(str_head(url, 7), STR("http://")))
		url = str_skip(url, 7);
	else if (str_eq_nocase(str_head(url, 8), STR("https://")))
		url = str_skip(url, 8);
	else if (str_starts(url, STR("//")))
		url = str_skip(url, 2);
	else
		return false;
	while (n < url.len && !strchr("/?#\\", url.ptr[n]))
		n++;
	struct str authority = str_head(url, n);
	ptrdiff_t at = str_rfind_char(authority, '@');
	authority = at >= 0 ? str_skip(authority, (size_t)at + 1) : authority;
	ptrdiff_t port = str_find_char(authority, ':');
	authority = port >= 0 ? str_head(authority, (size_t)port) : authority;
	if (authority.len == 0 || authority.len > 1000 || !percent_decode(&plain, authority))
		return false;
	*host = arena_str(a, buf_str(&plain));
	return true;
}

struct collector {
	struct arena a; /* of one link */
	struct buf words;
	struct html_link link;
	struct str title;
	bool open;
	size_t count, max;
	html_link_fn *fn;
	void *user;
};

/* Blanks and line ends count as one blank. */
static struct str
one_line(struct arena *a, struct str text)
{
	BUF_AUTO out = { 0 };
	struct str word;
	while (str_word(&text, &word)) {
		if (out.len > 0)
			buf_add_char(&out, ' ');
		buf_add(&out, word);
	}
	return str_trim(arena_line(a, buf_str(&out), WORDS_MAX));
}

static void
link_end(struct collector *c)
{
	if (!c->open)
		return;
	struct str words = one_line(&c->a, buf_str(&c->words));
	c->link.words = words.len > 0 ? words : one_line(&c->a, c->title);
	if (c->count++ < c->max)
		c->fn(c->user, &c->link);
	c->open = false;
	arena_free(&c->a);
	buf_truncate(&c->words, 0);
}

static void
link_begin(struct collector *c, struct str attributes)
{
	link_end(c);
	c->link = (struct html_link){ .url = html_attribute(&c->a, attributes, STR("href")),
				      .rel = html_attribute(&c->a, attributes, STR("rel")) };
	c->title = html_attribute(&c->a, attributes, STR("title"));
	if (c->title.len == 0)
		c->title = html_attribute(&c->a, attributes, STR("alt"));
	c->open = c->link.url.len > 0;
	if (!c->open)
		arena_free(&c->a);
}

static bool
names_page(struct str rel)
{
	static const struct str words[] = { STR("canonical"), STR("alternate"), STR("author"),
					    STR("me"),        STR("home"),      STR("publisher") };
	struct str word;
	while (str_word(&rel, &word))
		for (size_t i = 0; i < COUNT(words); i++)
			if (str_eq_nocase(word, words[i]))
				return true;
	return false;
}

/* Words go on through these, as when an engine marks what was searched for: "医療法人<b>さくら</b>会". */
static bool
is_inline(struct str name)
{
	static const struct str tags[] = { STR("b"),    STR("i"),    STR("em"),  STR("strong"), STR("span"),
					   STR("mark"), STR("font"), STR("u"),   STR("s"),      STR("small"),
					   STR("big"),  STR("wbr"),  STR("sub"), STR("sup"),    STR("abbr"),
					   STR("bdi"),  STR("ruby") };
	for (size_t i = 0; i < COUNT(tags); i++)
		if (str_eq_nocase(name, tags[i]))
			return true;
	return false;
}

static void
opened(struct collector *c, const struct html_token *t)
{
	if (str_eq_nocase(t->name, STR("a")))
		link_begin(c, t->rest);
	else if (str_eq_nocase(t->name, STR("area"))) {
		link_begin(c, t->rest);
		link_end(c);
	} else if (str_eq_nocase(t->name, STR("link"))) {
		ARENA_AUTO a = { 0 };
		if (!names_page(html_attribute(&a, t->rest, STR("rel"))))
			return;
		link_begin(c, t->rest);
		link_end(c);
	} else if (c->open && c->words.len < WORDS_MAX && str_eq_nocase(t->name, STR("img"))) {
		ARENA_AUTO a = { 0 };
		buf_add_char(&c->words, ' ');
		buf_add(&c->words, html_attribute(&a, t->rest, STR("alt")));
	}
}

size_t
html_links(struct str page, size_t max, html_link_fn *link, void *user)
{
	struct html h = { .rest = str_head(page, HTML_MAX) };
	struct collector c = { .max = max, .fn = link, .user = user };
	struct html_token t;
	for (html_next(&h, &t); t.kind != HTML_END; html_next(&h, &t)) {
		if (t.kind != HTML_TEXT && c.open && c.words.len < WORDS_MAX && !is_inline(t.name))
			buf_add_char(&c.words, ' ');
		if (t.kind == HTML_OPEN)
			opened(&c, &t);
		else if (t.kind == HTML_CLOSE && str_eq_nocase(t.name, STR("a")))
			link_end(&c);
		else if (t.kind == HTML_TEXT && c.open && c.words.len < WORDS_MAX)
			page_text(&c.words, t.rest, WORDS_MAX * 2);
	}
	link_end(&c);
	arena_free(&c.a);
	buf_free(&c.words);
	return c.count;
}
