/* HTML of strangers, as far as links need it (private to the room): tags, attributes and text in one pass, whatever the page is
 * made of. Nothing nests here, so depth costs nothing; what a browser would drop at the end of a broken page is dropped. */
#ifndef MAMORI_SURFACE_READ_HTML_H
#define MAMORI_SURFACE_READ_HTML_H

#include "base/arena.h"
#include "base/buf.h"

enum { HTML_MAX = 16 << 20 };

enum html_kind { HTML_END, HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html_token {
	enum html_kind kind;
	struct str name; /* of a tag, as written */
	struct str rest; /* the tag's attributes, or the text: raw */
};

struct html {
	struct str rest;
	bool no_quote[2]; /* no " (') is left, so that nobody looks for it again and again */
	struct str raw; /* the element whose text is no markup: script, style … */
};

/* The page as UTF-8: by its byte order mark, its own bytes, what it says of itself, else as Japanese Windows writes. */
struct str html_utf8(struct arena *a, struct str page);
void html_next(struct html *h, struct html_token *out);
/* An attribute's value, character references resolved, at most 4,000 bytes; STR_NONE where it is not there. */
struct str html_attribute(struct arena *a, struct str attributes, struct str name);
/* Text with its character references resolved, at most max bytes. */
void page_text(struct buf *out, struct str raw, size_t max);
/* Host of an http or https address ("//host/" too); false for every other. */
bool html_url_host(struct arena *a, struct str url, struct str *host);

/* A link: <a> or <area> with its words, or a <link> that names the page's other self. */
struct html_link {
	struct str url;
	struct str rel;
	struct str words; /* one line; a picture's alternative text, a title where there is nothing else */
};
typedef void html_link_fn(void *user, const struct html_link *link);
/* Calls link for each, at most max of them; returns how many there were. page: UTF-8. */
size_t html_links(struct str page, size_t max, html_link_fn *link, void *user);

#endif
