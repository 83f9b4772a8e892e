/* Names and domains of ours. */
#include "base/time.h"
#include "surface/domain.h"
#include "surface/risk-internal.h"

static const int64_t day = 86400000;
enum { DOMAIN_SOON_DAYS = 45, DKIM_BITS_MIN = 1025 };

/* ---- names that point to nothing ---- */

static const struct risk_rule takeover = {
	"takeover", RISK_CRITICAL, ADVICE_REMOVE,
	"A name of ours points to a domain that nobody has registered: whoever does owns the name.",
	"Delete the record today, or register the domain."
};
static const struct risk_rule dangling = {
	"dangling", RISK_MEDIUM, ADVICE_REMOVE, "A name of ours points to something that no longer exists.",
	"Delete the record; before that, see whether the service can be claimed by others."
};
static const struct risk_rule claimable = {
	"dangling-service", RISK_HIGH, ADVICE_REMOVE,
	"A name of ours points to a place at a hosting service that no longer exists, and that others may claim.",
	"Delete the record today."
};
static const struct risk_rule forgotten = {
	"forgotten-test-host", RISK_MEDIUM, ADVICE_ASSESS, "A test or old system can be reached under this name.",
	"Take it off the net if nobody needs it; else patch it like the real one."
};

/* Services where a name that was given up can be taken by the next customer. Facts collected from their own manuals. */
static const char hosting[] =
	".github.io|.herokuapp.com|.azurewebsites.net|.cloudapp.net|.cloudapp.azure.com|.trafficmanager.net|"
	".s3.amazonaws.com|.s3-website|.elasticbeanstalk.com|.netlify.app|.pantheonsite.io|.ghost.io|"
	".myshopify.com|.surge.sh|.bitbucket.io|.fastly.net|.wordpress.com|.zendesk.com|.readthedocs.io|"
	".firebaseapp.com|.web.app|.vercel.app|.cloudfront.net|.blob.core.windows.net|.azureedge.net";

/* Proof: the registry says so, DNS knows no such domain either, and nobody says that it is registered. Of what a service's
 * customers have a registry knows nothing at all. */
static bool
is_nobodys(const struct graph *g, const struct node *name)
{
	const struct node *domain = name ? graph_at(g, name->domain) : NULL;
	return domain && graph_has(g, domain, FACT_AVAILABLE) && graph_has(g, domain, FACT_ABSENT) &&
	       !graph_has(g, domain, FACT_REGISTRAR) && !graph_has(g, domain, FACT_CREATED) &&
	       !graph_has(g, domain, FACT_NAME_SERVER) && !graph_has(g, domain, FACT_ADDRESS) &&
	       !domain_is_customers(domain->name);
}

/* Below a domain of ours nobody else can make a name. */
static bool
is_ours(const struct graph *g, const struct node *name)
{
	const struct node *domain = name ? graph_at(g, name->domain) : NULL;
	return domain && domain->own == OWN_APPROVED;
}

static void
pointers(struct risk_search *s, const struct node *n)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(s->g, n, FACT_DANGLING, &i));) {
		const struct node *to = graph_at(s->g, e->to);
		/* The list, and whatever else gives its customers names. */
		bool place =
			to && !is_ours(s->g, to) && (risk_word(to->name, hosting) || domain_is_customers(to->name));
		const struct risk_rule *rule = is_nobodys(s->g, to) ? &takeover : place ? &claimable : &dangling;
		(void)risk_add(s, rule, n, e, to ? to->name : STR_NONE);
	}
}

static bool
test_label(struct str name, struct str domain)
{
	static const char *const labels[] = { "test", "dev", "stg",     "stage", "staging", "old",
					      "demo", "uat", "tmp",     "temp",  "beta",    "sandbox",
					      "poc",  "bak", "preprod", "trial", "legacy" };
	struct str rest = str_head(name, name.len - domain.len), label, part;
	while (str_cut(&rest, '.', &label)) {
		while (str_cut(&label, '-', &part)) {
			part = risk_without_number(part);
			for (size_t i = 0; i < COUNT(labels); i++)
				if (str_eq(part, str_of(labels[i])))
					return true;
		}
	}
	return false;
}

/* ---- domains ---- */

static const struct risk_rule no_spf = { "spf-missing", RISK_MEDIUM, ADVICE_CONFIGURE,
					 "Nothing says which servers may send mail of this domain (SPF).",
					 "Publish an SPF record; for a domain without mail: v=spf1 -all" };
static const struct risk_rule weak_spf = { "spf-weak", RISK_MEDIUM, ADVICE_CONFIGURE,
					   "The SPF record forbids nobody to send mail of this domain, or is broken.",
					   "End it with ~all or -all; keep one record only." };
static const struct risk_rule no_dmarc = {
	"dmarc-missing", RISK_MEDIUM, ADVICE_CONFIGURE,
	"Nothing says what to do with forged mail of this domain (DMARC).",
	"Publish a DMARC record: first p=none with reports, then quarantine, then reject."
};
static const struct risk_rule weak_dmarc = { "dmarc-weak", RISK_LOW, ADVICE_CONFIGURE,
					     "Forged mail of this domain is delivered (DMARC says none).",
					     "Read the reports, then go on to quarantine and reject." };
static const struct risk_rule weak_dkim = {
	"dkim-weak", RISK_LOW, ADVICE_CONFIGURE,
	"Mail of this domain is signed with a key that is too short, or broken (DKIM).",
	"Publish a new key of 2048 bits, sign with it, then take the old one away."
};
static const struct risk_rule ends = {
	"domain-expires", RISK_HIGH, ADVICE_CONFIGURE,
	"The registration of this domain ends soon; whoever registers it next gets its mail.",
	"Renew it, or keep it for years after its last use."
};

static const struct edge *
text_of(const struct graph *g, const struct node *n, enum fact_kind kind)
{
	size_t i = 0;
	return graph_out(g, n, kind, &i);
}

static void
mail(struct risk_search *s, const struct node *n)
{
	const struct edge *spf = text_of(s->g, n, FACT_SPF_POLICY), *dmarc = text_of(s->g, n, FACT_DMARC_POLICY);
	/* Without an answer nothing is said. */
	if (spf && str_eq(spf->text, STR("none")))
		(void)risk_add(s, &no_spf, n, spf, STR_NONE);
	else if (spf && !str_eq(spf->text, STR("-all")) && !str_eq(spf->text, STR("~all")) &&
		 !str_starts(spf->text, STR("redirect")))
		(void)risk_add(s, &weak_spf, n, spf, spf->text);
	if (dmarc && (str_eq(dmarc->text, STR("missing")) || str_eq(dmarc->text, STR("two records")) ||
		      str_eq(dmarc->text, STR("no policy"))))
		(void)risk_add(s, &no_dmarc, n, dmarc, dmarc->text);
	else if (dmarc && str_eq(dmarc->text, STR("none")))
		(void)risk_add(s, &weak_dmarc, n, dmarc, STR_NONE);
}

static const struct risk_rule lame = {
	"dangling-name-server", RISK_CRITICAL, ADVICE_CONFIGURE,
	"A zone is delegated to a name server below a domain that nobody has registered: whoever does owns the zone.",
	"Take the name server out of the delegation today, or register the domain."
};
static const struct risk_rule lame_perhaps = {
	"dangling-name-server-name", RISK_HIGH, ADVICE_CONFIGURE,
	"A zone is delegated to a name server that does not exist: who can make it exist owns the zone.",
	"Take the name server out of the delegation."
};
static const struct risk_rule lost_mail = {
	"dangling-mail", RISK_HIGH, ADVICE_CONFIGURE,
	"Mail of this domain goes to a host that does not exist: who makes it exist reads the mail.",
	"Take the MX record out, or name the right host."
};

/* What others once saw of a delegation below a domain may be old: it counts where nobody answers for the name now. */
static bool
is_told_now(const struct graph *g, const struct node *n, const struct edge *e)
{
	bool answered = graph_has(g, n, FACT_ADDRESS) || graph_has(g, n, FACT_EMPTY) || graph_has(g, n, FACT_ALIAS) ||
			graph_has(g, n, FACT_ABSENT);
	return n->is == THING_DOMAIN || e->service == SERVICE_DNS || (graph_has(g, n, FACT_UNKNOWN) && !answered);
}

static void
servers(struct risk_search *s, const struct node *n, enum fact_kind kind, const struct risk_rule *proven,
	const struct risk_rule *perhaps)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(s->g, n, kind, &i));) {
		const struct node *to = graph_at(s->g, e->to);
		bool absent = to && graph_has(s->g, to, FACT_ABSENT) && !graph_has(s->g, to, FACT_ADDRESS);
		if (!is_told_now(s->g, n, e))
			continue;
		if (to && is_nobodys(s->g, to))
			(void)risk_add(s, proven, n, e, to->name);
		else if (absent)
			(void)risk_add(s, is_ours(s->g, to) ? &dangling : perhaps, n, e, to->name);
	}
}

/* "s1 rsa 512", "s1 broken": a key that is short can be computed, and then everybody signs. */
static void
signing(struct risk_search *s, const struct node *n)
{
	const struct edge *e;
	for (size_t i = 0; (e = graph_out(s->g, n, FACT_DKIM, &i));) {
		ptrdiff_t at = str_find(e->text, STR(" rsa "));
		unsigned bits = 0;
		for (size_t k = at < 0 ? e->text.len : (size_t)at + 5; k < e->text.len && bits < 100000; k++)
			bits = e->text.ptr[k] >= '0' && e->text.ptr[k] <= '9'
				       ? bits * 10 + (unsigned)(e->text.ptr[k] - '0')
				       : bits;
		if (str_ends(e->text, STR(" broken")) || (at >= 0 && bits < DKIM_BITS_MIN))
			(void)risk_add(s, &weak_dkim, n, e, e->text);
	}
}

void
risk_name(struct risk_search *s, const struct node *n)
{
	const struct node *domain = graph_at(s->g, n->domain);
	size_t i = 0;
	const struct edge *at = graph_out(s->g, n, FACT_ADDRESS, &i);
	pointers(s, n);
	/* Of zones below a domain, too. */
	servers(s, n, FACT_NAME_SERVER, &lame, &lame_perhaps);
	servers(s, n, FACT_MAIL, &lost_mail, &lost_mail);
	risk_gateway_name(s, n);
	if (at && domain && n != domain && test_label(n->name, domain->name))
		(void)risk_add(s, &forgotten, n, at, STR_NONE);
}

void
risk_domain(struct risk_search *s, const struct node *n)
{
	const struct edge *e = text_of(s->g, n, FACT_EXPIRES);
	char at[TIME_RFC3339_MAX];
	mail(s, n);
	signing(s, n);
	if (e && e->number && e->number < s->o->now + DOMAIN_SOON_DAYS * day)
		(void)risk_add(s, &ends, n, e, str_of(time_rfc3339(e->number, at)));
}
