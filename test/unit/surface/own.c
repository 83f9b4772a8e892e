/* Who owns what: each test is something that other tools get wrong. */
#include "surface/own.h"

#include "surface/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define HOSPITAL "医療法人 やまもも会"
#define OWNER "株式会社ユニット精機"
#define DAY INT64_C(86400000)

struct world {
	struct graph g;
	struct own_seed seeds[8];
	size_t seed_count;
	struct verdict verdicts[8];
	size_t verdict_count;
};

static void
seed(struct world *w, enum thing is, const char *name)
{
	w->seeds[w->seed_count++] = (struct own_seed){ .is = is, .name = str_of(name) };
}

static void
verdict(struct world *w, enum thing is, const char *name, enum ownership own)
{
	w->verdicts[w->verdict_count++] = (struct verdict){ is, str_of(name), own };
}

/* A fact with all that it may have. */
static void
told(struct world *w, enum fact_kind kind, enum thing subject_is, const char *subject, enum thing object_is,
     const char *object, const char *text, int64_t number)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	struct fact *fact = fact_add(&f, kind, subject_is, str_of(subject));
	assert_non_null(fact);
	fact->number = number;
	if (text)
		fact_text(&f, str_of(text));
	if (object)
		assert_true(fact_object(&f, object_is, str_of(object)));
	graph_learn(&w->g, &f, SERVICE_DNS, STR("test"), 1);
}

static void
name_to(struct world *w, enum fact_kind kind, const char *from, const char *to)
{
	told(w, kind, THING_NAME, from, THING_NAME, to, NULL, 0);
}

static void
at(struct world *w, const char *name, const char *address)
{
	told(w, FACT_ADDRESS, THING_NAME, name, THING_ADDRESS, address, NULL, 0);
}

static void
registered(struct world *w, const char *domain, const char *by)
{
	told(w, FACT_REGISTRANT, THING_DOMAIN, domain, THING_ORGANISATION, by, NULL, 0);
}

/* A certificate, by a digit that its digest is made of. names: as many as it says. */
static const char *
certificate(struct world *w, char digit, const char *name, int64_t names)
{
	static char digest[65];
	memset(digest, digit, 64);
	digest[64] = '\0';
	told(w, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, digest, THING_NAME, name, NULL, names);
	return digest;
}

static const struct node *
judged(struct world *w, enum thing is, const char *name)
{
	own_judge(&w->g, w->seeds, w->seed_count, w->verdicts, w->verdict_count);
	const struct node *n = graph_find(&w->g, is, str_of(name));
	assert_non_null(n);
	return n;
}

#define assert_own(w, is, name, expected) \
	assert_string_equal(ownership_name(judged(w, is, name)->own), ownership_name(expected))

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	seed(w, THING_DOMAIN, "unit-seiki.co.jp");
	registered(w, "unit-seiki.co.jp", OWNER);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	graph_free(&w->g);
	free(w);
	return 0;
}

/* ---- domains ---- */

static void
one_class_of_evidence_is_not_enough(void **state)
{
	struct world *w = *state;
	registered(w, "seiki-parts.com", OWNER);
	assert_own(w, THING_DOMAIN, "seiki-parts.com", OWN_CANDIDATE);
	/* The same hand says it once more: its contact's address. */
	told(w, FACT_CONTACT_MAIL, THING_DOMAIN, "seiki-parts.com", THING_DOMAIN, "unit-seiki.co.jp", NULL, 0);
	assert_own(w, THING_DOMAIN, "seiki-parts.com", OWN_CANDIDATE);
	/* Another one says it, too. */
	told(w, FACT_LINK, THING_NAME, "www.unit-seiki.co.jp", THING_DOMAIN, "seiki-parts.com", "グループ会社", 0);
	assert_own(w, THING_DOMAIN, "seiki-parts.com", OWN_APPROVED);
}

static void
what_serves_us_is_a_dependency_however_often(void **state)
{
	struct world *w = *state;
	name_to(w, FACT_NAME_SERVER, "unit-seiki.co.jp", "ns1.dns-provider.net");
	name_to(w, FACT_MAIL, "unit-seiki.co.jp", "mx.mail-provider.net");
	name_to(w, FACT_SPF, "unit-seiki.co.jp", "_spf.mail-provider.net");
	name_to(w, FACT_ALIAS, "www.unit-seiki.co.jp", "unit.cdn-provider.net");
	assert_own(w, THING_DOMAIN, "dns-provider.net", OWN_DEPENDENCY);
	assert_own(w, THING_DOMAIN, "mail-provider.net", OWN_DEPENDENCY);
	assert_own(w, THING_DOMAIN, "cdn-provider.net", OWN_DEPENDENCY);
	assert_own(w, THING_NAME, "unit.cdn-provider.net", OWN_DEPENDENCY);
}

static void
a_certificate_of_many_strangers_says_nothing(void **state)
{
	struct world *w = *state;
	certificate(w, 'a', "unit-seiki.co.jp", 80);
	certificate(w, 'a', "stranger.net", 80);
	name_to(w, FACT_NAME_SERVER, "stranger.net", "ns1.unit-seiki.co.jp");
	assert_own(w, THING_DOMAIN, "stranger.net", OWN_CANDIDATE); /* for its name server alone */
	certificate(w, 'b', "unit-seiki.co.jp", 2);
	certificate(w, 'b', "stranger.net", 2);
	assert_own(w, THING_DOMAIN, "stranger.net", OWN_APPROVED);
}

static void
a_certificate_from_before_the_registration_is_somebody_elses(void **state)
{
	struct world *w = *state;
	const char *c = certificate(w, 'c', "sold-brand.com", 1);
	told(w, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, c, THING_ORGANISATION, OWNER, NULL, 0);
	told(w, FACT_CERTIFICATE_FROM, THING_CERTIFICATE, c, THING_NONE, NULL, NULL, 1000 * DAY);
	told(w, FACT_LINK, THING_NAME, "www.unit-seiki.co.jp", THING_DOMAIN, "sold-brand.com", "brand", 0);
	assert_own(w, THING_DOMAIN, "sold-brand.com", OWN_APPROVED);
	told(w, FACT_CREATED, THING_DOMAIN, "sold-brand.com", THING_NONE, NULL, NULL, 2000 * DAY);
	assert_own(w, THING_DOMAIN, "sold-brand.com", OWN_UNKNOWN);
}

static void
the_same_verification_token_is_one_account(void **state)
{
	struct world *w = *state;
	told(w, FACT_TOKEN, THING_NAME, "unit-seiki.co.jp", THING_NONE, NULL, "google-site-verification=abc", 0);
	told(w, FACT_TOKEN, THING_NAME, "seiki-brand.com", THING_NONE, NULL, "google-site-verification=abc", 0);
	assert_own(w, THING_DOMAIN, "seiki-brand.com", OWN_CANDIDATE);
	told(w, FACT_DMARC_REPORT, THING_NAME, "seiki-brand.com", THING_DOMAIN, "unit-seiki.co.jp", NULL, 0);
	name_to(w, FACT_MAIL, "seiki-brand.com", "mail.unit-seiki.co.jp");
	assert_own(w, THING_DOMAIN, "seiki-brand.com", OWN_APPROVED);
}

static void
an_agency_that_registered_one_domain_owns_none_of_its_customers(void **state)
{
	struct world *w = *state;
	/* The agency registered one that is ours for two other reasons … */
	registered(w, "seiki-campaign.com", "株式会社ウェブ代理店");
	certificate(w, 'd', "unit-seiki.co.jp", 2);
	certificate(w, 'd', "seiki-campaign.com", 2);
	name_to(w, FACT_NAME_SERVER, "seiki-campaign.com", "ns1.unit-seiki.co.jp");
	assert_own(w, THING_DOMAIN, "seiki-campaign.com", OWN_APPROVED);
	/* … and one of another customer, which our page links to. */
	registered(w, "other-customer.com", "株式会社ウェブ代理店");
	told(w, FACT_LINK, THING_NAME, "www.unit-seiki.co.jp", THING_DOMAIN, "other-customer.com", "link", 0);
	assert_own(w, THING_DOMAIN, "other-customer.com", OWN_UNKNOWN);
}

static void
another_hospital_of_a_similar_name_is_watched_only(void **state)
{
	struct world *w = *state;
	registered(w, "unit-seikl.co.jp", "株式会社ユニット精器販売");
	assert_own(w, THING_DOMAIN, "unit-seikl.co.jp", OWN_MONITOR);
}

static void
a_branch_is_called_almost_like_us(void **state)
{
	struct world *w = *state;
	w->seed_count = 0;
	seed(w, THING_ORGANISATION, "Unit Seiki Medical Co., Ltd.");
	registered(w, "unit-seiki-usa.com", "Unit Seiki Medical USA Inc.");
	assert_own(w, THING_DOMAIN, "unit-seiki-usa.com", OWN_UNKNOWN);
	const char *c = certificate(w, '6', "www.unit-seiki-usa.com", 2);
	told(w, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, c, THING_ORGANISATION, "Unit Seiki Medical Co., Ltd.",
	     NULL, 0);
	assert_own(w, THING_DOMAIN, "unit-seiki-usa.com", OWN_APPROVED);
}

static void
a_name_alone_finds_its_domain(void **state)
{
	struct world *w = *state;
	w->seed_count = 0;
	seed(w, THING_ORGANISATION, HOSPITAL);
	const char *c = certificate(w, 'e', "www.yamamomo.or.jp", 2);
	told(w, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, c, THING_ORGANISATION, "医療法人やまもも会", NULL, 0);
	assert_own(w, THING_DOMAIN, "yamamomo.or.jp", OWN_CANDIDATE);
	registered(w, "yamamomo.or.jp", "医療法人　やまもも会");
	assert_own(w, THING_DOMAIN, "yamamomo.or.jp", OWN_APPROVED);
	assert_own(w, THING_NAME, "www.yamamomo.or.jp", OWN_APPROVED);
}

/* ---- verdicts ---- */

static void
an_exclusion_takes_with_it_what_hung_on_it_alone(void **state)
{
	struct world *w = *state;
	registered(w, "seiki-parts.com", OWNER);
	told(w, FACT_LINK, THING_NAME, "www.unit-seiki.co.jp", THING_DOMAIN, "seiki-parts.com", "parts", 0);
	certificate(w, 'f', "seiki-parts.com", 2);
	certificate(w, 'f', "parts-annex.com", 2);
	name_to(w, FACT_MAIL, "parts-annex.com", "mail.seiki-parts.com");
	at(w, "shop.seiki-parts.com", "198.51.100.9");
	assert_own(w, THING_DOMAIN, "parts-annex.com", OWN_APPROVED);
	assert_own(w, THING_ADDRESS, "198.51.100.9", OWN_DEPENDENCY);
	verdict(w, THING_DOMAIN, "seiki-parts.com", OWN_EXCLUDED);
	assert_own(w, THING_DOMAIN, "seiki-parts.com", OWN_EXCLUDED);
	assert_own(w, THING_DOMAIN, "parts-annex.com", OWN_UNKNOWN);
	assert_own(w, THING_NAME, "shop.seiki-parts.com", OWN_EXCLUDED);
	assert_own(w, THING_ADDRESS, "198.51.100.9", OWN_UNKNOWN);
}

static void
a_contractor_without_consent_leads_nowhere(void **state)
{
	struct world *w = *state;
	w->seeds[w->seed_count++] =
		(struct own_seed){ .is = THING_DOMAIN, .name = STR("contractor.co.jp"), .owner = 2, .stays = true };
	certificate(w, '1', "contractor.co.jp", 2);
	certificate(w, '1', "contractor-lab.com", 2);
	name_to(w, FACT_MAIL, "contractor-lab.com", "mail.contractor.co.jp");
	at(w, "www.contractor.co.jp", "198.51.100.77");
	assert_own(w, THING_DOMAIN, "contractor.co.jp", OWN_APPROVED);
	assert_own(w, THING_DOMAIN, "contractor-lab.com", OWN_UNKNOWN);
	assert_own(w, THING_NAME, "www.contractor.co.jp", OWN_UNKNOWN);
	assert_own(w, THING_ADDRESS, "198.51.100.77", OWN_UNKNOWN);
	assert_true(judged(w, THING_DOMAIN, "contractor.co.jp")->confidence >= 1);
	/* What speaks for it as for anything of ours changes nothing: it was given, and stays what it is. */
	certificate(w, '3', "contractor.co.jp", 2);
	certificate(w, '3', "unit-seiki.co.jp", 2);
	name_to(w, FACT_MAIL, "contractor.co.jp", "mail.unit-seiki.co.jp");
	assert_own(w, THING_DOMAIN, "contractor.co.jp", OWN_APPROVED);
	assert_int_equal(judged(w, THING_DOMAIN, "contractor.co.jp")->rule, RULE_SEED);
	assert_own(w, THING_DOMAIN, "contractor-lab.com", OWN_UNKNOWN);
	w->seeds[w->seed_count - 1].stays = false;
	assert_own(w, THING_DOMAIN, "contractor-lab.com", OWN_APPROVED);
	assert_int_equal(judged(w, THING_NAME, "www.contractor.co.jp")->owner, 2);
}

/* ---- names, addresses, networks ---- */

static void
names_that_are_nowhere_any_more_are_not_told(void **state)
{
	struct world *w = *state;
	certificate(w, '2', "old.unit-seiki.co.jp", 2);
	certificate(w, '2', "www.unit-seiki.co.jp", 2);
	assert_own(w, THING_NAME, "old.unit-seiki.co.jp", OWN_APPROVED);
	told(w, FACT_ABSENT, THING_NAME, "old.unit-seiki.co.jp", THING_NONE, NULL, NULL, 0);
	assert_own(w, THING_NAME, "old.unit-seiki.co.jp", OWN_UNKNOWN);
	/* Nobody answered: that is not the same. */
	told(w, FACT_UNKNOWN, THING_NAME, "www.unit-seiki.co.jp", THING_NONE, NULL, "time-out", 0);
	assert_own(w, THING_NAME, "www.unit-seiki.co.jp", OWN_APPROVED);
}

static void
an_address_needs_more_than_a_name_that_points_to_it(void **state)
{
	struct world *w = *state;
	at(w, "vpn.unit-seiki.co.jp", "198.51.100.1");
	told(w, FACT_REVERSE, THING_ADDRESS, "198.51.100.1", THING_NAME, "p1.flets.isp.ne.jp", NULL, 0);
	assert_own(w, THING_ADDRESS, "198.51.100.1", OWN_DEPENDENCY);
	assert_own(w, THING_NAME, "p1.flets.isp.ne.jp", OWN_UNKNOWN);
	const char *c = certificate(w, '3', "vpn.unit-seiki.co.jp", 1);
	told(w, FACT_SERVICE, THING_SERVICE, "198.51.100.1 443/tcp", THING_ADDRESS, "198.51.100.1", "https", 0);
	told(w, FACT_SERVICE_CERTIFICATE, THING_SERVICE, "198.51.100.1 443/tcp", THING_CERTIFICATE, c, NULL, 0);
	assert_own(w, THING_ADDRESS, "198.51.100.1", OWN_APPROVED);
	/* Somebody else's name is there, too: shared hosting. */
	at(w, "www.stranger.net", "198.51.100.1");
	assert_own(w, THING_ADDRESS, "198.51.100.1", OWN_DEPENDENCY);
	assert_own(w, THING_DOMAIN, "stranger.net", OWN_UNKNOWN);
}

static void
a_network_of_ours_has_our_names_in_it(void **state)
{
	struct world *w = *state;
	told(w, FACT_HOLDER, THING_NETWORK, "198.51.100.0/24", THING_ORGANISATION, OWNER, "JP", 0);
	assert_own(w, THING_NETWORK, "198.51.100.0/24", OWN_CANDIDATE);
	at(w, "www.unit-seiki.co.jp", "198.51.100.2");
	told(w, FACT_IN_NETWORK, THING_ADDRESS, "198.51.100.2", THING_NETWORK, "198.51.100.0/24", NULL, 0);
	assert_own(w, THING_NETWORK, "198.51.100.0/24", OWN_APPROVED);
	assert_own(w, THING_ADDRESS, "198.51.100.2", OWN_APPROVED);
	/* A domain that lies in it, and names ours in its mail policy. */
	at(w, "brand-seiki.net", "198.51.100.3");
	assert_own(w, THING_DOMAIN, "brand-seiki.net", OWN_CANDIDATE);
	name_to(w, FACT_MAIL, "brand-seiki.net", "mail.unit-seiki.co.jp");
	assert_own(w, THING_DOMAIN, "brand-seiki.net", OWN_APPROVED);
}

static void
a_branch_abroad_holds_a_network(void **state)
{
	struct world *w = *state;
	w->seed_count = 0;
	seed(w, THING_ORGANISATION, "Unit Seiki Medical Co., Ltd.");
	seed(w, THING_DOMAIN, "unit-seiki.co.jp");
	told(w, FACT_HOLDER, THING_NETWORK, "192.0.2.0/28", THING_ORGANISATION, "Unit Seiki Medical USA Inc.", "US", 0);
	at(w, "www.unit-seiki.co.jp", "192.0.2.3");
	told(w, FACT_IN_NETWORK, THING_ADDRESS, "192.0.2.3", THING_NETWORK, "192.0.2.0/28", NULL, 0);
	assert_own(w, THING_NETWORK, "192.0.2.0/28", OWN_APPROVED);
	at(w, "stranger.net", "192.0.2.4");
	told(w, FACT_IN_NETWORK, THING_ADDRESS, "192.0.2.4", THING_NETWORK, "192.0.2.0/28", NULL, 0);
	assert_own(w, THING_NETWORK, "192.0.2.0/28", OWN_CANDIDATE);
}

static void
a_provider_holds_its_network_itself(void **state)
{
	struct world *w = *state;
	told(w, FACT_HOLDER, THING_NETWORK, "203.0.113.0/24", THING_ORGANISATION, "株式会社回線事業者", "JP", 0);
	at(w, "www.unit-seiki.co.jp", "203.0.113.5");
	told(w, FACT_IN_NETWORK, THING_ADDRESS, "203.0.113.5", THING_NETWORK, "203.0.113.0/24", NULL, 0);
	at(w, "neighbour.net", "203.0.113.6");
	assert_own(w, THING_NETWORK, "203.0.113.0/24", OWN_UNKNOWN);
	assert_own(w, THING_DOMAIN, "neighbour.net", OWN_UNKNOWN);
}

/* ---- the path ---- */

static void
everything_of_ours_has_a_path_to_a_seed(void **state)
{
	struct world *w = *state;
	registered(w, "seiki-parts.com", OWNER);
	told(w, FACT_LINK, THING_NAME, "www.unit-seiki.co.jp", THING_DOMAIN, "seiki-parts.com", "parts", 0);
	certificate(w, '4', "shop.seiki-parts.com", 1);
	at(w, "shop.seiki-parts.com", "198.51.100.9");
	(void)judged(w, THING_DOMAIN, "seiki-parts.com");
	size_t seen = 0;
	for (size_t i = 0; i < w->g.count; i++) {
		const struct node *n = w->g.nodes[i];
		if (n->own == OWN_UNKNOWN)
			continue;
		unsigned steps = 0;
		for (; !n->seed && steps < 20; n = graph_at(&w->g, n->by), steps++)
			assert_int_not_equal(n->by, GRAPH_NONE);
		assert_true(n->seed);
		seen++;
	}
	assert_true(seen >= 6);
}

static void
a_ring_that_vouches_for_itself_is_not_ours(void **state)
{
	struct world *w = *state;
	static const char *const ring[] = { "ring-one.com", "ring-two.com", "ring-three.com" };
	for (size_t i = 0; i < COUNT(ring); i++) {
		char mail[64];
		certificate(w, '5', ring[i], 3);
		snprintf(mail, sizeof(mail), "mail.%s", ring[(i + 1) % COUNT(ring)]);
		name_to(w, FACT_MAIL, ring[i], mail);
	}
	for (size_t i = 0; i < COUNT(ring); i++)
		assert_own(w, THING_DOMAIN, ring[i], OWN_UNKNOWN);
}

/* ---- what hurts users of other tools (test/PAINS-surface.md) ---- */

/* Our line is the provider's, and so are its AS and network: no other customer becomes ours, also where a person names the AS. */
static void
pain_1_an_as_does_not_bring_the_providers_customers(void **state)
{
	struct world *w = *state;
	told(w, FACT_HOLDER, THING_AS, "AS64500", THING_ORGANISATION, "株式会社回線事業者", "JP", 0);
	told(w, FACT_HOLDER, THING_NETWORK, "203.0.113.0/24", THING_ORGANISATION, "株式会社回線事業者", "JP", 0);
	told(w, FACT_IN_AS, THING_NETWORK, "203.0.113.0/24", THING_AS, "AS64500", NULL, 0);
	at(w, "vpn.unit-seiki.co.jp", "203.0.113.5");
	at(w, "www.neighbour.net", "203.0.113.6");
	at(w, "mail.other-clinic.or.jp", "203.0.113.7");
	static const char *const addresses[] = { "203.0.113.5", "203.0.113.6", "203.0.113.7" };
	for (size_t i = 0; i < COUNT(addresses); i++) {
		told(w, FACT_IN_AS, THING_ADDRESS, addresses[i], THING_AS, "AS64500", NULL, 0);
		told(w, FACT_IN_NETWORK, THING_ADDRESS, addresses[i], THING_NETWORK, "203.0.113.0/24", NULL, 0);
	}
	for (unsigned seeded = 0; seeded < 2; seeded++) {
		assert_own(w, THING_ADDRESS, "203.0.113.5", OWN_DEPENDENCY);
		assert_own(w, THING_NETWORK, "203.0.113.0/24", OWN_UNKNOWN);
		assert_own(w, THING_ADDRESS, "203.0.113.6", OWN_UNKNOWN);
		assert_own(w, THING_DOMAIN, "neighbour.net", OWN_UNKNOWN);
		assert_own(w, THING_DOMAIN, "other-clinic.or.jp", OWN_UNKNOWN);
		assert_own(w, THING_AS, "AS64500", seeded ? OWN_APPROVED : OWN_UNKNOWN);
		seed(w, THING_AS, "AS64500");
	}
}

/* Of an AS of our own, whoever else lies elsewhere in it. */
static void
an_as_that_a_person_named_leads_to_its_networks(void **state)
{
	struct world *w = *state;
	told(w, FACT_IN_AS, THING_NETWORK, "192.0.2.0/24", THING_AS, "AS64500", NULL, 0);
	told(w, FACT_IN_AS, THING_NETWORK, "198.51.100.0/24", THING_AS, "AS64500", NULL, 0);
	told(w, FACT_IN_AS, THING_NETWORK, "203.0.113.0/24", THING_AS, "AS64500", NULL, 0);
	assert_own(w, THING_NETWORK, "192.0.2.0/24", OWN_UNKNOWN); /* an AS that nobody named is evidence of nothing */
	seed(w, THING_AS, "AS64500");
	assert_own(w, THING_NETWORK, "192.0.2.0/24", OWN_APPROVED);
	at(w, "www.neighbour.net", "198.51.100.6");
	told(w, FACT_IN_AS, THING_ADDRESS, "198.51.100.6", THING_AS, "AS64500", NULL, 0);
	told(w, FACT_HOLDER, THING_NETWORK, "203.0.113.0/24", THING_ORGANISATION, "株式会社回線事業者", "JP", 0);
	assert_own(w, THING_NETWORK, "192.0.2.0/24", OWN_APPROVED);
	assert_own(w, THING_NETWORK, "198.51.100.0/24", OWN_UNKNOWN); /* somebody else's name lies there */
	assert_own(w, THING_NETWORK, "203.0.113.0/24", OWN_UNKNOWN); /* somebody else holds it */
	told(w, FACT_HOLDER, THING_AS, "AS64500", THING_ORGANISATION, "株式会社回線事業者", "JP", 0);
	assert_own(w, THING_NETWORK, "203.0.113.0/24", OWN_APPROVED); /* who also holds the AS that is ours */
}

/* A network of ours whose addresses all have reverse names below the provider's domain. */
static void
pain_2_reverse_names_of_the_provider_are_not_ours(void **state)
{
	struct world *w = *state;
	seed(w, THING_NETWORK, "198.51.100.0/24");
	for (unsigned i = 0; i < 256; i++) {
		char ip[32], name[64];
		snprintf(ip, sizeof(ip), "198.51.100.%u", i);
		snprintf(name, sizeof(name), "198-51-100-%u.pool.isp.ne.jp", i);
		told(w, FACT_REVERSE, THING_ADDRESS, ip, THING_NAME, name, NULL, 0);
		at(w, name, ip);
	}
	assert_own(w, THING_DOMAIN, "isp.ne.jp", OWN_CANDIDATE); /* it lies in our network: for a person, once */
	assert_own(w, THING_NAME, "198-51-100-7.pool.isp.ne.jp", OWN_UNKNOWN);
	assert_own(w, THING_ADDRESS, "198.51.100.7", OWN_APPROVED);
	size_t shown = 0;
	for (size_t i = 0; i < w->g.count; i++)
		shown += w->g.nodes[i]->is == THING_NAME && w->g.nodes[i]->own != OWN_UNKNOWN;
	assert_int_equal(shown, 0);
}

/* Our page is behind a CDN: its names, addresses and other customers are not ours, though one certificate names all. */
static void
pain_3_a_cdn_is_what_we_depend_on(void **state)
{
	struct world *w = *state;
	name_to(w, FACT_ALIAS, "www.unit-seiki.co.jp", "d123.edge.cdn-provider.net");
	at(w, "d123.edge.cdn-provider.net", "198.51.100.20");
	at(w, "www.unit-seiki.co.jp", "198.51.100.20");
	told(w, FACT_NAME_SEEN, THING_NAME, "www.other-customer.com", THING_ADDRESS, "198.51.100.20", NULL, 0);
	told(w, FACT_SERVICE, THING_SERVICE, "198.51.100.20 443/tcp", THING_ADDRESS, "198.51.100.20", "https", 0);
	const char *c = certificate(w, '7', "www.unit-seiki.co.jp", 3);
	certificate(w, '7', "www.other-customer.com", 3);
	certificate(w, '7', "sni.cdn-provider.net", 3);
	told(w, FACT_SERVICE_CERTIFICATE, THING_SERVICE, "198.51.100.20 443/tcp", THING_CERTIFICATE, c, NULL, 0);
	assert_own(w, THING_NAME, "www.unit-seiki.co.jp", OWN_APPROVED);
	assert_own(w, THING_NAME, "d123.edge.cdn-provider.net", OWN_DEPENDENCY);
	assert_own(w, THING_ADDRESS, "198.51.100.20", OWN_DEPENDENCY);
	assert_own(w, THING_SERVICE, "198.51.100.20 443/tcp", OWN_DEPENDENCY);
	/* A certificate beside ours is one class of evidence: for a person to look at, never approved. */
	assert_own(w, THING_DOMAIN, "other-customer.com", OWN_CANDIDATE);
	assert_own(w, THING_NAME, "www.other-customer.com", OWN_UNKNOWN);
	assert_own(w, THING_DOMAIN, "cdn-provider.net", OWN_CANDIDATE);
	assert_own(w, THING_CERTIFICATE, c, OWN_DEPENDENCY);
}

/* A million names below one domain: what is over the limit of one answer is counted, so that a run can say so. */
static void
pain_14_what_is_left_out_is_counted(void **state)
{
	struct world *w = *state;
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	char name[64];
	for (unsigned i = 0; i < FACTS_OF_ANSWER_MAX + 1000u; i++) {
		snprintf(name, sizeof(name), "n%u.unit-seiki.co.jp", i);
		(void)fact_add(&f, FACT_EMPTY, THING_NAME, str_of(name));
	}
	graph_learn(&w->g, &f, SERVICE_CRTSH, STR("test"), 1);
	assert_int_equal(w->g.refused, 1000);
	assert_own(w, THING_NAME, "n7.unit-seiki.co.jp", OWN_APPROVED);
}

/* Each of several organisations in one run gets what is its own, and nothing of one is told as another's. */
static void
pain_16_several_organisations_are_one_run(void **state)
{
	struct world *w = *state;
	w->seeds[w->seed_count++] = (struct own_seed){ .is = THING_DOMAIN, .name = STR("daughter.co.jp"), .owner = 1 };
	w->seeds[w->seed_count++] =
		(struct own_seed){ .is = THING_DOMAIN, .name = STR("contractor.co.jp"), .owner = 2 };
	static const struct {
		const char *domain, *registrant, *other;
		int owner;
	} rows[] = {
		{ "unit-seiki.co.jp", OWNER, "seiki-parts.com", 0 },
		{ "daughter.co.jp", "株式会社むすめ", "daughter-shop.com", 1 },
		{ "contractor.co.jp", "株式会社保守サービス", "contractor-lab.com", 2 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char page[64];
		registered(w, rows[i].domain, rows[i].registrant);
		registered(w, rows[i].other, rows[i].registrant);
		snprintf(page, sizeof(page), "www.%s", rows[i].domain);
		told(w, FACT_LINK, THING_NAME, page, THING_DOMAIN, rows[i].other, "link", 0);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_own(w, THING_DOMAIN, rows[i].other, OWN_APPROVED);
		assert_int_equal(judged(w, THING_DOMAIN, rows[i].other)->owner, rows[i].owner);
	}
}

/* Two names that an old certificate has, each an alias of the other: a dead end that is no host. */
static void
pain_11_aliases_in_a_circle_are_no_hosts(void **state)
{
	struct world *w = *state;
	name_to(w, FACT_ALIAS, "one.unit-seiki.co.jp", "two.unit-seiki.co.jp");
	name_to(w, FACT_ALIAS, "two.unit-seiki.co.jp", "one.unit-seiki.co.jp");
	name_to(w, FACT_ALIAS, "three.unit-seiki.co.jp", "four.unit-seiki.co.jp");
	assert_own(w, THING_NAME, "one.unit-seiki.co.jp", OWN_UNKNOWN);
	assert_own(w, THING_NAME, "two.unit-seiki.co.jp", OWN_UNKNOWN);
	assert_own(w, THING_NAME, "three.unit-seiki.co.jp", OWN_APPROVED);
	assert_own(w, THING_NAME, "four.unit-seiki.co.jp", OWN_APPROVED);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_class_of_evidence_is_not_enough),
		TEST(what_serves_us_is_a_dependency_however_often),
		TEST(a_certificate_of_many_strangers_says_nothing),
		TEST(a_certificate_from_before_the_registration_is_somebody_elses),
		TEST(the_same_verification_token_is_one_account),
		TEST(an_agency_that_registered_one_domain_owns_none_of_its_customers),
		TEST(another_hospital_of_a_similar_name_is_watched_only),
		TEST(a_branch_is_called_almost_like_us),
		TEST(a_name_alone_finds_its_domain),
		TEST(an_exclusion_takes_with_it_what_hung_on_it_alone),
		TEST(a_contractor_without_consent_leads_nowhere),
		TEST(names_that_are_nowhere_any_more_are_not_told),
		TEST(an_address_needs_more_than_a_name_that_points_to_it),
		TEST(a_network_of_ours_has_our_names_in_it),
		TEST(a_branch_abroad_holds_a_network),
		TEST(a_provider_holds_its_network_itself),
		TEST(everything_of_ours_has_a_path_to_a_seed),
		TEST(a_ring_that_vouches_for_itself_is_not_ours),
		TEST(pain_1_an_as_does_not_bring_the_providers_customers),
		TEST(an_as_that_a_person_named_leads_to_its_networks),
		TEST(pain_2_reverse_names_of_the_provider_are_not_ours),
		TEST(pain_3_a_cdn_is_what_we_depend_on),
		TEST(pain_11_aliases_in_a_circle_are_no_hosts),
		TEST(pain_14_what_is_left_out_is_counted),
		TEST(pain_16_several_organisations_are_one_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
