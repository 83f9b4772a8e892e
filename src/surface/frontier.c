/* What is asked about a thing, by what it is and whose it seems to be. Each question is put once in a run. */
#include "surface/discover-internal.h"
#include "surface/domain.h"

#include <arpa/inet.h>

enum { DOMAINS_DEFAULT = 5000, REVERSE_PREFIX_MIN = 24 };
/* A first sign is enough to look who has registered it, and where its zone points. */
static const double worth_a_look = 0.2;

static const char *const selectors[] = { "default", "selector1", "selector2", "google", "k1",         "s1",      "s2",
					 "dkim",    "mail",      "smtp",      "zoho",   "protonmail", "mandrill" };

static bool
first(struct node *n, enum asked what)
{
	if (n->stays || (n->asked & what))
		return false;
	n->asked |= what;
	return true;
}

/* Only where one is named that allows it: no list says so. */
static void
search_registry(struct run *r, const char *kind, struct str about)
{
	if (r->o->ask.sources->rdap_search.len > 0)
		run_ask(r, SERVICE_RDAP_SEARCH, "%s %.*s", kind, STR_ARG(about));
}

static void
about_organisation(struct run *r, struct node *n)
{
	if (n->own != OWN_APPROVED || !n->org->usable || !first(n, ASKED_ORGANISATION))
		return;
	run_ask(r, SERVICE_CRTSH, "organisation %.*s", STR_ARG(n->name));
	search_registry(r, "entity", n->name);
	search_registry(r, "registrant", n->name);
	run_ask(r, SERVICE_SHODAN, "search org:\"%.*s\"", STR_ARG(n->name));
	run_ask(r, SERVICE_CENSYS, "search autonomous_system.organization: \"%.*s\"", STR_ARG(n->name));
}

static void
apex(struct run *r, struct str name)
{
	static const char *const types[] = { "A", "AAAA", "NS", "SOA", "MX", "TXT", "CAA" };
	for (size_t i = 0; i < COUNT(types); i++)
		run_ask(r, SERVICE_DNS, "%s %.*s", types[i], STR_ARG(name));
	run_ask(r, SERVICE_DNS, "TXT _dmarc.%.*s", STR_ARG(name));
}

static void
about_domain(struct run *r, struct node *n)
{
	unsigned most = r->o->domains_max ? r->o->domains_max : DOMAINS_DEFAULT;
	bool ours = n->own == OWN_APPROVED;
	bool look = ours || n->own == OWN_CANDIDATE || (n->own == OWN_UNKNOWN && n->confidence >= worth_a_look);
	if (!look)
		return;
	if (!(n->asked & ASKED_REGISTRATION) && r->domains >= most) {
		r->d->limited = true;
		return;
	}
	if (first(n, ASKED_REGISTRATION)) {
		r->domains++;
		run_ask(r, SERVICE_RDAP, "domain %.*s", STR_ARG(n->name));
		run_ask(r, SERVICE_WHOIS, "domain %.*s", STR_ARG(n->name));
		apex(r, n->name);
	}
	if (!ours)
		return;
	if (first(n, ASKED_CERTIFICATES)) {
		run_ask(r, SERVICE_CRTSH, "domain %.*s", STR_ARG(n->name));
		run_ask(r, SERVICE_SHODAN, "domain %.*s", STR_ARG(n->name));
		for (size_t i = 0; i < COUNT(selectors); i++)
			run_ask(r, SERVICE_DNS, "TXT %s._domainkey.%.*s", selectors[i], STR_ARG(n->name));
	}
	if (first(n, ASKED_WALK))
		zone_walk_begin(r, n);
}

/* May anybody register the domain of what does not exist? A service's customers' names are in no registry. */
static void
about_free(struct run *r, const struct node *to)
{
	struct node *domain = to ? graph_at(&r->d->graph, to->domain) : NULL;
	if (!domain || domain->own == OWN_APPROVED || domain_is_customers(domain->name) ||
	    !first(domain, ASKED_REGISTRATION))
		return;
	run_ask(r, SERVICE_RDAP, "domain %.*s", STR_ARG(domain->name));
	run_ask(r, SERVICE_WHOIS, "domain %.*s", STR_ARG(domain->name));
	run_ask(r, SERVICE_DNS, "NS %.*s", STR_ARG(domain->name));
}

/* What else a name server of ours serves. */
static void
about_served(struct run *r, struct node *server)
{
	const struct node *domain = graph_at(&r->d->graph, server->domain);
	if (domain && domain->own == OWN_APPROVED && !domain->stays && first(server, ASKED_SERVED))
		search_registry(r, "server", server->name);
}

/* Whether the hosts that serve a zone of ours, or take its mail, are there. */
static void
about_servers(struct run *r, const struct node *n)
{
	static const enum fact_kind kinds[] = { FACT_NAME_SERVER, FACT_MAIL };
	const struct graph *g = &r->d->graph;
	const struct edge *e;
	for (size_t k = 0; n->own == OWN_APPROVED && !n->stays && k < COUNT(kinds); k++)
		for (size_t i = 0; (e = graph_out(g, n, kinds[k], &i));) {
			struct node *to = graph_at(g, e->to);
			if (to && kinds[k] == FACT_NAME_SERVER)
				about_served(r, to);
			if (to && first(to, ASKED_ADDRESSES))
				run_ask(r, SERVICE_DNS, "A %.*s", STR_ARG(to->name));
			else if (to && graph_has(g, to, FACT_ABSENT) && !graph_has(g, to, FACT_ADDRESS))
				about_free(r, to);
		}
}

/* A name that nobody answers for: who was to serve it? */
static void
about_zone(struct run *r, struct node *n)
{
	const struct graph *g = &r->d->graph;
	if (n->own == OWN_APPROVED && graph_has(g, n, FACT_UNKNOWN) && first(n, ASKED_APEX))
		run_ask(r, SERVICE_DNS, "NS %.*s", STR_ARG(n->name));
}

static void
about_dangling(struct run *r, const struct node *n)
{
	const struct edge *e;
	for (size_t i = 0; n->own == OWN_APPROVED && (e = graph_out(&r->d->graph, n, FACT_DANGLING, &i));)
		about_free(r, graph_at(&r->d->graph, e->to));
}

/* RFC 1035 3.5, RFC 3596 2.5 */
static void
reverse(struct run *r, struct str address)
{
	unsigned char b[16];
	char text[INET6_ADDRSTRLEN];
	BUF_AUTO name = { 0 };
	if (address.len >= sizeof(text))
		return;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, b) == 1) {
		run_ask(r, SERVICE_DNS, "PTR %u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
	} else if (inet_pton(AF_INET6, text, b) == 1) {
		for (size_t i = 16; i-- > 0;)
			buf_addf(&name, "%x.%x.", b[i] & 15, b[i] >> 4);
		run_ask(r, SERVICE_DNS, "PTR %.*sip6.arpa", STR_ARG(buf_str(&name)));
	}
}

static void
about_address(struct run *r, struct node *n)
{
	if ((n->own != OWN_APPROVED && n->own != OWN_DEPENDENCY) || !first(n, ASKED_OBSERVERS))
		return;
	reverse(r, n->name);
	networks_want(r, n);
	run_ask(r, SERVICE_INTERNETDB, "address %.*s", STR_ARG(n->name));
	run_ask(r, SERVICE_SHODAN, "address %.*s", STR_ARG(n->name));
	run_ask(r, SERVICE_CENSYS, "address %.*s", STR_ARG(n->name));
}

/* A small network of ours is looked through by its reverse names; a large one would be a flood of them. */
static void
about_network(struct run *r, struct node *n)
{
	struct str base, prefix;
	char text[INET_ADDRSTRLEN];
	unsigned char b[4];
	uint64_t bits;
	if (n->own != OWN_APPROVED || !first(n, ASKED_REVERSE) || !str_split(n->name, '/', &base, &prefix))
		return;
	run_ask(r, SERVICE_RDAP, "network %.*s", STR_ARG(base));
	if (!str_to_u64(prefix, &bits) || bits < REVERSE_PREFIX_MIN || bits > 32 || base.len >= sizeof(text))
		return;
	memcpy(text, base.ptr, base.len);
	text[base.len] = '\0';
	if (inet_pton(AF_INET, text, b) != 1)
		return;
	for (unsigned i = 0; i < 1u << (32 - bits); i++)
		run_ask(r, SERVICE_DNS, "PTR %u.%u.%u.%u.in-addr.arpa", b[3] + i, b[2], b[1], b[0]);
}

/* Who holds it. */
static void
about_as(struct run *r, struct node *n)
{
	if (n->own == OWN_APPROVED && first(n, ASKED_REGISTRATION))
		run_ask(r, SERVICE_RDAP, "as %.*s", STR_ARG(n->name));
}

void
frontier(struct run *r)
{
	struct graph *g = &r->d->graph;
	for (size_t i = 0; i < g->count; i++) {
		struct node *n = g->nodes[i];
		if (n->is == THING_ORGANISATION)
			about_organisation(r, n);
		else if (n->is == THING_DOMAIN)
			about_domain(r, n);
		else if (n->is == THING_ADDRESS)
			about_address(r, n);
		else if (n->is == THING_NETWORK)
			about_network(r, n);
		else if (n->is == THING_AS)
			about_as(r, n);
		if (n->is == THING_NAME)
			about_zone(r, n);
		if (n->is == THING_NAME || n->is == THING_DOMAIN) {
			about_dangling(r, n);
			about_servers(r, n);
		}
		if (n->is == THING_DOMAIN) {
			names_ask(r, n);
			levels_begin(r, n);
		}
	}
	networks_step(r);
}
