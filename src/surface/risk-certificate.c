/* Certificates: only those that something of ours shows. */
#include "base/time.h"
#include "surface/risk-internal.h"

static const int64_t day = 86400000;
enum { SOON_DAYS = 30, NAMES_MAX = 2000, ALIASES_MAX = 8 };

static const struct risk_rule expired = { "certificate-expired", RISK_MEDIUM, ADVICE_CONFIGURE,
					  "A service shows a certificate that is no longer valid.",
					  "Renew it; let it renew itself from now on." };
static const struct risk_rule expiring = { "certificate-expires", RISK_LOW, ADVICE_CONFIGURE,
					   "A service shows a certificate that ends soon.",
					   "Renew it; let it renew itself from now on." };
static const struct risk_rule weak = { "certificate-weak", RISK_MEDIUM, ADVICE_CONFIGURE,
				       "A service shows a certificate with a weak key or signature.",
				       "Have a new one issued: RSA of 2048 bits or more, or ECDSA, with SHA-256." };
static const struct risk_rule self_signed = { "certificate-self-signed", RISK_LOW, ADVICE_CONFIGURE,
					      "A service shows a certificate that it issued to itself.",
					      "Have one issued by a certificate authority." };
static const struct risk_rule mismatch = {
	"certificate-name", RISK_LOW, ADVICE_CONFIGURE,
	"A service shows a certificate for other names than those that point to it.",
	"Have one issued for the names that people use, or take away the names that are used no more."
};

static const struct edge *
first(const struct graph *g, const struct node *n, enum fact_kind kind)
{
	size_t i = 0;
	return graph_out(g, n, kind, &i);
}

static bool
covers(const struct edge *told, struct str have, struct str name)
{
	ptrdiff_t dot = str_find_char(name, '.');
	if (str_eq(have, name))
		return true;
	return str_eq(told->text, STR("wildcard")) && dot > 0 && str_eq(str_skip(name, (size_t)dot + 1), have);
}

static bool
names_it(const struct graph *g, const struct node *certificate, struct str name)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(g, certificate, FACT_CERTIFICATE_NAME, &i));)
		if (covers(e, graph_at(g, e->to)->name, name))
			return true;
	return false;
}

/* Of a name that points to the service, and of those that are aliases of it: whether the certificate names one of ours.
 * *ours: how many of ours there are at all. */
static bool
reached(const struct graph *g, const struct node *certificate, const struct node *name, unsigned depth, size_t *ours)
{
	const struct edge *e;
	if (name->own == OWN_APPROVED) {
		++*ours;
		if (names_it(g, certificate, name->name))
			return true;
	}
	for (size_t i = 0; depth < ALIASES_MAX && *ours < NAMES_MAX && (e = graph_in(g, name, FACT_ALIAS, &i));)
		if (reached(g, certificate, graph_at(g, e->from), depth + 1, ours))
			return true;
	return false;
}

static void
mismatches(struct risk_search *s, const struct node *certificate, const struct node *service, const struct edge *shown)
{
	const struct edge *at = first(s->g, service, FACT_SERVICE),
			  *e = first(s->g, certificate, FACT_CERTIFICATE_NAME);
	size_t ours = 0;
	if (!at || !e)
		return;
	struct str named = graph_at(s->g, e->to)->name;
	for (size_t i = 0; ours < NAMES_MAX && (e = graph_in(s->g, graph_at(s->g, at->to), FACT_ADDRESS, &i));)
		if (reached(s->g, certificate, graph_at(s->g, e->from), 0, &ours))
			return;
	if (ours)
		(void)risk_add(s, &mismatch, service, shown, named);
}

static void
dates(struct risk_search *s, const struct node *service, const struct edge *until)
{
	char at[TIME_RFC3339_MAX];
	if (until && until->number < s->o->now)
		(void)risk_add(s, &expired, service, until, str_head(str_of(time_rfc3339(until->number, at)), 10));
	else if (until && until->number < s->o->now + SOON_DAYS * day)
		(void)risk_add(s, &expiring, service, until, str_head(str_of(time_rfc3339(until->number, at)), 10));
}

void
risk_certificates(struct risk_search *s, const struct node *service)
{
	const struct edge *shown, *e;
	for (size_t i = 0; (shown = graph_out(s->g, service, FACT_SERVICE_CERTIFICATE, &i));) {
		const struct node *n = graph_at(s->g, shown->to);
		dates(s, service, first(s->g, n, FACT_CERTIFICATE_UNTIL));
		for (size_t k = 0; (e = graph_out(s->g, n, FACT_CERTIFICATE_WEAK, &k));)
			(void)risk_add(s, &weak, service, e, e->text);
		e = first(s->g, n, FACT_CERTIFICATE_SELF);
		if (e)
			(void)risk_add(s, &self_signed, service, e, STR_NONE);
		mismatches(s, n, service, shown);
	}
}
