/* What a search leads to: further pages, and of a registry's the domains of an organisation that it found. Each page costs whoever holds the key: of one search, and of all of a run, only so many are read, and
 * what was left is told. The question names the page before its blank: "search@2 org:…" (Shodan counts), "search@2@CURSOR …" (Censys
 * names the next one). */
#include "surface/discover-internal.h"

#include "base/json.h"
#include "surface/org-name.h"
#include "surface/rdap.h"

enum { PAGES_DEFAULT = 5, RUN_MOST = 100, SHODAN_PAGE = 100, CURSOR_MOST = 600, HANDLES_MOST = 20, HANDLE_MOST = 200 };

struct search {
	struct run *r;
	enum service service;
	struct str kind, about; /* "search" or "domain" */
	unsigned page; /* that was read */
};

static bool
search_read(struct search *s, struct str what)
{
	struct str word, kind, rest, page, cursor;
	uint64_t n = 1;
	if (!str_split(what, ' ', &word, &s->about))
		return false;
	s->kind = word;
	if (str_split(word, '@', &kind, &rest)) {
		s->kind = kind;
		if (!str_split(rest, '@', &page, &cursor))
			page = rest;
		if (!str_to_u64(page, &n) || n > UINT32_MAX - 1)
			return false;
	}
	s->page = (unsigned)n;
	return true;
}

static void
next_page(const struct search *s, struct str cursor)
{
	struct run *r = s->r;
	unsigned most = r->o->search_pages ? r->o->search_pages : PAGES_DEFAULT;
	if (s->page >= most || r->further_pages[s->service] >= RUN_MOST) {
		r->d->searches_cut++;
		return;
	}
	r->further_pages[s->service]++;
	run_ask(r, s->service, "%.*s@%u%s%.*s %.*s", STR_ARG(s->kind), s->page + 1, cursor.len ? "@" : "",
		STR_ARG(cursor), STR_ARG(s->about));
}

static void
shodan(const struct search *s, const struct json *answer)
{
	size_t count = 0;
	bool domain = str_eq(s->kind, STR("domain"));
	(void)json_get_array(answer, domain ? "data" : "matches", &count);
	if (!count) /* of nothing there is no more, whatever it says */
		return;
	if (domain ? json_get_bool(answer, "more", false)
		   : json_get_i64(answer, "total", 0) > (int64_t)s->page * SHODAN_PAGE)
		next_page(s, STR_NONE);
}

static void
censys(const struct search *s, const struct json *answer)
{
	const struct json *result = json_get(answer, "result");
	struct str cursor = json_get_str(json_get(result, "links"), "next");
	size_t count = 0;
	(void)json_get_array(result, "hits", &count);
	if (!count || !cursor.len || cursor.len > CURSOR_MOST)
		return;
	/* It becomes a part of our next question. */
	for (size_t i = 0; i < cursor.len; i++)
		if (cursor.ptr[i] <= ' ' || cursor.ptr[i] >= 0x7f || cursor.ptr[i] == '@')
			return;
	next_page(s, cursor);
}

struct entities {
	struct run *r;
	struct arena *a;
	struct str asked;
	struct org_name name; /* of what was asked for */
	unsigned followed;
};

/* From an organisation that is called so to the domains that it has registered. */
static void
follow(void *user, const struct registration *found)
{
	struct entities *s = user;
	const struct registration_party *p = &found->party[REGISTRATION_REGISTRANT];
	const struct str told[] = { p->organisation, p->organisation_ja, p->organisation_en, p->name };
	struct str handle = found->handle;
	bool same = false, plain = handle.len > 0 && handle.len <= HANDLE_MOST;
	for (size_t i = 0; i < handle.len; i++)
		plain &= handle.ptr[i] > ' ' && handle.ptr[i] < 0x7f;
	for (size_t i = 0; i < COUNT(told) && plain && !same; i++) {
		struct org_name name;
		org_name_read(s->a, told[i], &name);
		same = told[i].len > 0 && name.usable && org_name_likeness(&s->name, &name) >= ORG_SAME;
	}
	if (found->kind != REGISTRATION_ENTITY || !same || s->followed >= HANDLES_MOST)
		return;
	s->followed++;
	run_ask(s->r, SERVICE_RDAP_SEARCH, "handle %.*s %.*s", STR_ARG(handle), STR_ARG(s->asked));
}

static void
registry(const struct search *s, struct str body)
{
	ARENA_AUTO a = { 0 };
	struct entities e = { .r = s->r, .a = &a, .asked = s->about };
	struct rdap_search found;
	bool names = str_eq(s->kind, STR("entity"));
	org_name_read(&a, s->about, &e.name);
	if (!rdap_search_read(&a, body, names ? follow : NULL, &e, &found, NULL))
		return;
	if (found.cursor.len > 0 && found.results > 0)
		next_page(s, found.cursor);
	else
		s->r->d->searches_cut += found.more;
}

void
search_more(struct run *r, enum service service, struct str what, struct str body)
{
	const struct json_limits limits = { .depth = 48, .string_max = 4 << 20, .total = 64 << 20, .values = 1 << 20 };
	struct search s = { .r = r, .service = service };
	ARENA_AUTO a = { 0 };
	struct json *answer;
	bool engine = service == SERVICE_SHODAN || service == SERVICE_CENSYS;
	if ((!engine && service != SERVICE_RDAP_SEARCH) || !search_read(&s, what))
		return;
	if (!engine) {
		registry(&s, body);
		return;
	}
	if (!(str_eq(s.kind, STR("search")) || str_eq(s.kind, STR("domain"))) ||
	    !json_parse(&a, body, &limits, &answer, NULL))
		return;
	if (service == SERVICE_SHODAN)
		shodan(&s, answer);
	else
		censys(&s, answer);
}
