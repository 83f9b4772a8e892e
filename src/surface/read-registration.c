/* What registries say (whois.h, rdap.h) as facts. An answer that is about something else than what was asked says nothing. */
#include "surface/domain.h"
#include "surface/rdap.h"
#include "surface/read-internal.h"
#include "surface/read.h"
#include "surface/whois.h"

#include <arpa/inet.h>

enum { AS_RANGE_MAX = 16 };

struct registry {
	struct facts *f;
	struct arena *a;
	const struct registration *r;
	struct str asked; /* canonical, of the question */
};

static void
tell(struct registry *g, enum fact_kind k, enum thing is, struct str object, struct str text, struct str evidence)
{
	if (object.len == 0 || !read_edge(g->f, k, THING_DOMAIN, g->asked, is, object))
		return;
	fact_text(g->f, text);
	fact_evidence(g->f, evidence);
}

static void
tell_date(struct registry *g, enum fact_kind k, int64_t ms)
{
	struct fact *fact = ms != 0 ? fact_add(g->f, k, THING_DOMAIN, g->asked) : NULL;
	if (fact)
		fact->number = ms;
}

static struct str
owner_of(const struct registration_party *p)
{
	return p->organisation.len > 0 ? p->organisation : p->name;
}

static void
tell_owner(struct registry *g)
{
	const struct registration_party *p = &g->r->party[REGISTRATION_REGISTRANT];
	struct str owner = owner_of(p);
	tell(g, FACT_REGISTRANT, THING_ORGANISATION, owner, p->country, owner);
	tell(g, FACT_REGISTRANT_JA, THING_ORGANISATION, p->organisation_ja, STR_NONE, p->organisation_ja);
	tell(g, FACT_REGISTRANT_JA, THING_ORGANISATION, p->organisation_kana, STR("kana"), p->organisation_kana);
	tell(g, FACT_REGISTRANT_EN, THING_ORGANISATION, p->organisation_en, STR_NONE, p->organisation_en);
}

/* Where abuse is to be told is mostly the registrar's; the others are the owner's or whoever works for him. */
static void
tell_contacts(struct registry *g)
{
	static const struct {
		enum registration_role role;
		struct str word;
	} roles[] = { { REGISTRATION_REGISTRANT, STR("registrant") },
		      { REGISTRATION_ADMIN, STR("admin") },
		      { REGISTRATION_TECHNICAL, STR("technical") } };
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct str host = g->r->party[roles[i].role].email_domain;
		tell(g, FACT_CONTACT_MAIL, THING_DOMAIN, host, roles[i].word, host);
	}
}

static void
tell_domain(struct registry *g)
{
	const struct registration *r = g->r;
	tell_owner(g);
	tell_contacts(g);
	if (r->hidden)
		fact_add(g->f, FACT_HIDDEN, THING_DOMAIN, g->asked);
	if (read_value(g->f, FACT_REGISTRAR, THING_DOMAIN, g->asked, r->registrar))
		fact_evidence(g->f, r->registrar);
	tell_date(g, FACT_CREATED, r->created);
	tell_date(g, FACT_EXPIRES, r->expires);
	for (size_t i = 0; i < r->servers.count; i++)
		if (read_edge(g->f, FACT_NAME_SERVER, THING_NAME, g->asked, THING_NAME, r->servers.item[i]))
			fact_evidence(g->f, r->servers.item[i]);
}

static void
tell_holder(struct registry *g, enum thing is, struct str subject)
{
	const struct registration_party *p = &g->r->party[REGISTRATION_REGISTRANT];
	const struct str names[] = { owner_of(p), p->organisation_ja, p->organisation_en };
	for (size_t i = 0; i < COUNT(names); i++) {
		bool again = names[i].len == 0;
		for (size_t k = 0; k < i; k++)
			again |= str_eq(names[i], names[k]);
		if (again || !read_edge(g->f, FACT_HOLDER, is, subject, THING_ORGANISATION, names[i]))
			continue;
		fact_text(g->f, p->country);
		fact_evidence(g->f, g->r->range);
	}
	if (p->country.len == 2)
		read_value(g->f, FACT_COUNTRY, is, subject, p->country);
}

/* "192.0.2.0/25, 192.0.2.128/26" of ARIN, or a range, which may take several networks. */
static void
tell_network(struct registry *g)
{
	char nets[READ_NETWORKS_MAX][READ_NETWORK_TEXT];
	struct str list = g->r->range, piece, base, width;
	unsigned char address[16];
	unsigned bytes = str_find_char(g->asked, ':') >= 0 ? 16 : 4;
	bool single = !str_split(g->asked, '/', &base, &width), inside = false;
	struct read_range range;
	if (!single)
		g->asked = base;
	if (inet_pton(bytes == 4 ? AF_INET : AF_INET6, arena_cstr(g->a, g->asked), address) != 1) {
		g->f->bad++;
		return;
	}
	for (size_t n = 0; n < READ_NETWORKS_MAX && str_cut(&list, ',', &piece); n++) {
		if (!read_range(str_trim(piece), &range)) {
			g->f->bad++;
			continue;
		}
		size_t count = read_range_networks(&range, nets);
		/* All of it is what a registry answers that is not the one to ask. */
		bool all = count == 1 && str_ends(str_of(nets[0]), STR("/0"));
		for (size_t i = 0; i < count && !all; i++) {
			struct read_range one;
			tell_holder(g, THING_NETWORK, str_of(nets[i]));
			if (!read_range(str_of(nets[i]), &one) || !read_range_holds(&one, address, bytes))
				continue;
			inside = true;
			if (single &&
			    read_edge(g->f, FACT_IN_NETWORK, THING_ADDRESS, g->asked, THING_NETWORK, str_of(nets[i])))
				fact_evidence(g->f, g->r->range);
		}
	}
	g->f->bad += !inside;
}

/* "AS64500", "AS64500 - AS64502": a wide range is a registry's, and says nothing of one AS. */
static void
tell_as(struct registry *g)
{
	struct str low, high;
	uint64_t from, to, asked;
	if (!str_split(g->r->range, '-', &low, &high))
		low = high = g->r->range;
	low = str_trim(low);
	high = str_trim(high);
	if (!str_to_u64(str_skip(low, str_eq_nocase(str_head(low, 2), STR("AS")) ? 2 : 0), &from) ||
	    !str_to_u64(str_skip(high, str_eq_nocase(str_head(high, 2), STR("AS")) ? 2 : 0), &to) ||
	    !str_to_u64(str_skip(g->asked, 2), &asked) || asked < from || asked > to || to - from >= AS_RANGE_MAX) {
		g->f->bad++;
		return;
	}
	tell_holder(g, THING_AS, g->asked);
}

static void
tell_without_data(struct registry *g, bool domain)
{
	static const struct {
		enum registration_answer answer;
		struct str why;
	} whys[] = { { REGISTRATION_UNCLEAR, STR("unclear answer") },
		     { REGISTRATION_RATE_LIMITED, STR("rate limited") },
		     { REGISTRATION_UNAVAILABLE, STR("registry unavailable") } };
	if (!domain)
		return;
	if (g->r->answer == REGISTRATION_NOT_FOUND)
		fact_add(g->f, FACT_AVAILABLE, THING_DOMAIN, g->asked);
	for (size_t i = 0; i < COUNT(whys); i++)
		if (g->r->answer == whys[i].answer && fact_add(g->f, FACT_UNKNOWN, THING_NAME, g->asked))
			fact_text(g->f, whys[i].why);
}

static void
take(struct facts *f, struct arena *a, struct str what, const struct registration *r)
{
	struct registry g = { .f = f, .a = a, .r = r };
	struct str kind;
	if (!str_split(what, ' ', &kind, &g.asked)) {
		f->bad++;
		return;
	}
	bool domain = str_eq(kind, STR("domain"));
	if (domain) /* what is asked for may be below it, but it is the registrable name that is registered */
		g.asked = read_registrable(a, g.asked);
	if (g.asked.len == 0) {
		f->bad++;
		return;
	}
	if (r->answer != REGISTRATION_FOUND) {
		tell_without_data(&g, domain);
		return;
	}
	if (domain && (r->kind == REGISTRATION_DOMAIN || r->kind == REGISTRATION_UNKNOWN)) {
		struct str name = r->name.len > 0 ? domain_canonical(a, r->name) : g.asked;
		if (str_eq(name, g.asked))
			tell_domain(&g);
		else
			f->bad++;
	} else if (str_eq(kind, STR("network")) && r->kind == REGISTRATION_NETWORK)
		tell_network(&g);
	else if (str_eq(kind, STR("as")) && r->kind == REGISTRATION_AUTNUM)
		tell_as(&g);
	else if (!str_eq(kind, STR("entity")))
		f->bad++;
}

void
read_whois(struct facts *f, struct str what, struct str answer)
{
	ARENA_AUTO a = { 0 };
	struct registration *r = ARENA_NEW(&a, struct registration);
	whois_read(&a, answer, r);
	take(f, &a, what, r);
}

void
read_rdap(struct facts *f, struct str what, struct str body, int http_status)
{
	ARENA_AUTO a = { 0 };
	struct registration *r = ARENA_NEW(&a, struct registration);
	if (rdap_read(&a, body, http_status, r, NULL))
		take(f, &a, what, r);
	else
		f->bad++;
}

/* ---- searches ---- */

struct finding {
	struct facts *f;
	struct arena *a;
	struct str organisation, server; /* one of them was asked for */
};

static void
find(void *user, const struct registration *r)
{
	struct finding *s = user;
	struct registry g = { .f = s->f, .a = s->a, .r = r };
	if (r->kind != REGISTRATION_DOMAIN)
		return;
	struct str name = domain_canonical(s->a, r->name);
	g.asked = name.len > 0 ? domain_registrable(name) : STR_NONE;
	/* A zone of addresses is no domain of anybody's. */
	if (g.asked.len == 0 || !str_eq(g.asked, name) || domain_within(name, STR("arpa"))) {
		s->f->bad++;
		return;
	}
	tell_domain(&g);
	if (s->server.len > 0 && r->servers.count == 0)
		tell(&g, FACT_NAME_SERVER, THING_NAME, s->server, STR_NONE, s->server);
	/* A search may be wider than what was asked: a sign to look there, no more. */
	bool told = owner_of(&r->party[REGISTRATION_REGISTRANT]).len > 0;
	if (s->organisation.len > 0 && !told &&
	    read_edge(s->f, FACT_MENTION, THING_ORGANISATION, s->organisation, THING_DOMAIN, g.asked))
		fact_evidence(s->f, g.asked);
}

void
read_rdap_search(struct facts *f, struct str what, struct str body)
{
	ARENA_AUTO a = { 0 };
	struct finding s = { .f = f, .a = &a };
	struct rdap_search found;
	struct str kind, about, handle, page;
	if (!str_split(what, ' ', &kind, &about)) {
		f->bad++;
		return;
	}
	if (!str_split(kind, '@', &kind, &page)) /* kind is cut at its page */
		page = STR_NONE;
	if (str_eq(kind, STR("server")))
		s.server = about;
	else if (!str_eq(kind, STR("handle")))
		s.organisation = about;
	else if (!str_split(about, ' ', &handle, &s.organisation))
		s.organisation = STR_NONE;
	if (!rdap_search_read(&a, body, find, &s, &found, NULL))
		f->bad++;
}
