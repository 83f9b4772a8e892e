/* What a look at a host of ours brought (ask-confirm.c) as facts. */
#include "base/codec.h"
#include "surface/read-html.h"
#include "surface/read-internal.h"
#include "surface/read.h"
#include "trust/key.h"

enum { TITLE_MAX = 200, CHAIN_MAX = 6 };

static void
chain_read(const struct read_seen *s, const struct json *tree)
{
	size_t count = 0;
	const struct json *chain = json_get_array(tree, "chain", &count);
	for (size_t i = 0; i < count && i < CHAIN_MAX; i++) {
		BUF_AUTO der = { 0 };
		char digest[SHA256_HEX_LEN];
		if (!base64_decode(&der, chain[i].text)) {
			s->f->bad++;
			continue;
		}
		/* Those behind the first are the issuers'. */
		if (i == 0) {
			sha256_hex(buf_str(&der), digest);
			(void)read_edge(s->f, FACT_SERVICE_CERTIFICATE, THING_SERVICE, s->service, THING_CERTIFICATE,
					str_of(digest));
			read_certificate(s->f, buf_str(&der));
		}
	}
}

/* "nginx/1.18.0 (Ubuntu)" */
static void
product_read(const struct read_seen *s, struct str value)
{
	struct str word, product, version = STR_NONE;
	if (!str_word(&value, &word))
		return;
	if (!str_split(word, '/', &product, &version))
		product = word;
	read_seen_product(s, product, version);
}

static void
headers_read(const struct read_seen *s, const struct json *tree)
{
	size_t count = 0;
	const struct json *headers = json_get_array(tree, "headers", &count);
	for (size_t i = 0; i < count && i < READ_LIST_MAX; i++) {
		struct str name, value;
		if (i == 0)
			read_seen_value(s, FACT_SERVICE_BANNER, headers[i].text);
		if (!str_split(headers[i].text, ':', &name, &value))
			continue;
		if (str_eq_nocase(name, STR("server")) || str_eq_nocase(name, STR("x-powered-by")))
			product_read(s, str_trim(value));
	}
}

static void
title_read(const struct read_seen *s, struct str body)
{
	BUF_AUTO text = { 0 };
	struct html h = { .rest = html_utf8(s->a, body) };
	struct html_token t = { 0 };
	do
		html_next(&h, &t);
	while (t.kind != HTML_END && !(t.kind == HTML_OPEN && str_eq_nocase(t.name, STR("title"))));
	/* What is in it is no markup, and passed over by whoever looks for links. */
	ptrdiff_t end = t.kind == HTML_END ? 0 : str_find_char(h.rest, '<');
	if (end > 0)
		page_text(&text, str_head(h.rest, (size_t)end), TITLE_MAX);
	read_seen_value(s, FACT_SERVICE_TITLE, str_trim(arena_line(s->a, buf_str(&text), TITLE_MAX)));
}

void
read_confirm(struct facts *f, struct str what, struct str body)
{
	ARENA_AUTO a = { 0 };
	const struct json *tree = read_json(f, &a, body);
	struct str host, address;
	struct read_seen s = { .f = f, .a = &a };
	if (!tree)
		return;
	s.address = read_address(&a, json_get_str(tree, "address"));
	s.service = read_service(&a, s.address, json_get_i64(tree, "port", 0), STR("tcp"));
	if (!s.service.len || !str_word(&what, &host) || !str_word(&what, &address) ||
	    !str_eq(read_address(&a, address), s.address)) {
		f->bad++;
		return;
	}
	if (!read_seen_service(&s, STR("https")))
		return;
	if (!read_address(&a, host).len)
		(void)read_edge(f, FACT_NAME_SEEN, THING_NAME, host, THING_ADDRESS, s.address);
	chain_read(&s, tree);
	headers_read(&s, tree);
	title_read(&s, json_get_str(tree, "body"));
}
