/* Links of a page to other domains as facts (surface/read.h). */
#include "surface/domain.h"
#include "surface/read-html.h"
#include "surface/read-internal.h"
#include "surface/read.h"

enum { LINKS_MAX = 20000 };

struct page {
	struct facts *f;
	struct arena a;
	struct table seen;
	struct str name, own; /* the page's host, and its domain */
};

/* Advertisements and visitors' comments are not the page's own words. */
static bool
is_strangers(struct str rel)
{
	struct str word;
	while (str_word(&rel, &word))
		if (str_eq_nocase(word, STR("ugc")) || str_eq_nocase(word, STR("sponsored")))
			return true;
	return false;
}

static void
take(void *user, const struct html_link *link)
{
	struct page *p = user;
	ARENA_AUTO a = { 0 };
	struct str host;
	if (is_strangers(link->rel) || !html_url_host(&a, link->url, &host))
		return;
	struct str domain = read_registrable(&a, host);
	if (domain.len == 0 || str_eq(domain, p->own) || !read_first_time(&p->seen, &p->a, domain, link->words))
		return;
	if (!read_edge(p->f, FACT_LINK, THING_NAME, p->name, THING_DOMAIN, domain))
		return;
	fact_text(p->f, link->words);
	fact_evidence(p->f, link->url);
}

void
read_page(struct facts *f, struct str url, struct str html)
{
	struct page p = { .f = f };
	struct str host = STR_NONE;
	if (html_url_host(&p.a, url, &host))
		p.name = domain_canonical(&p.a, host);
	if (p.name.len == 0) {
		f->bad++;
	} else {
		p.own = domain_registrable(p.name);
		size_t links = html_links(html_utf8(&p.a, html), LINKS_MAX, take, &p);
		f->cut += links > LINKS_MAX ? links - LINKS_MAX : 0;
	}
	table_free(&p.seen);
	arena_free(&p.a);
}
