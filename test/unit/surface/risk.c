/* What must be fixed, and what only looks so: names that seem to point to nothing. */
#include "surface/risk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

struct world {
	struct graph g;
	struct arena a;
	struct risks risks;
};

static void
told(struct world *w, enum fact_kind kind, enum thing subject_is, const char *subject, enum thing object_is,
     const char *object, const char *text)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	assert_non_null(fact_add(&f, kind, subject_is, str_of(subject)));
	if (text)
		fact_text(&f, str_of(text));
	if (object)
		assert_true(fact_object(&f, object_is, str_of(object)));
	graph_learn(&w->g, &f, SERVICE_DNS, STR("test"), 1);
}

static void
alias(struct world *w, const char *from, const char *to)
{
	told(w, FACT_ALIAS, THING_NAME, from, THING_NAME, to, NULL);
}

/* The resolver's word that the name at the end of the alias does not exist. */
static void
dangles(struct world *w, const char *from, const char *to)
{
	alias(w, from, to);
	told(w, FACT_DANGLING, THING_NAME, from, THING_NAME, to, "CNAME");
}

static const char *
found(struct world *w, const char *name)
{
	static const struct own_seed ours = { .is = THING_DOMAIN, .name = STR("unit-seiki.co.jp") };
	const struct risk_options o = { .now = 1000 };
	w->risks = (struct risks){ .arena = &w->a };
	own_judge(&w->g, &ours, 1, NULL, 0);
	risk_find(&w->g, &o, &w->risks);
	for (size_t i = 0; i < w->risks.list.count; i++)
		if (str_eq(graph_at(&w->g, w->risks.list.items[i].node)->name, str_of(name)))
			return w->risks.list.items[i].rule->id;
	return "nothing";
}

static int
setup(void **state)
{
	*state = xcalloc(1, sizeof(struct world));
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	graph_free(&w->g);
	arena_free(&w->a);
	free(w);
	return 0;
}

/* "Critical" only where the registry itself says that anybody can have the domain. */
static void
pain_15_a_takeover_is_told_with_proof_alone(void **state)
{
	struct world *w = *state;
	dangles(w, "fair.unit-seiki.co.jp", "www.gone-event.com");
	assert_string_equal(found(w, "fair.unit-seiki.co.jp"), "dangling");
	told(w, FACT_AVAILABLE, THING_DOMAIN, "gone-event.com", THING_NONE, NULL, NULL);
	/* A registry may not know what is registered elsewhere: DNS must say the same. */
	assert_string_equal(found(w, "fair.unit-seiki.co.jp"), "dangling");
	told(w, FACT_ABSENT, THING_NAME, "gone-event.com", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "fair.unit-seiki.co.jp"), "takeover");
	/* Another registry knows who has it, or its zone is served: what said "free" was wrong. */
	told(w, FACT_REGISTRAR, THING_DOMAIN, "gone-event.com", THING_NONE, NULL, "Registrar A");
	assert_string_equal(found(w, "fair.unit-seiki.co.jp"), "dangling");
}

static void
pain_15_a_served_zone_is_nobodys_to_take(void **state)
{
	struct world *w = *state;
	dangles(w, "fair.unit-seiki.co.jp", "www.gone-event.com");
	told(w, FACT_AVAILABLE, THING_DOMAIN, "gone-event.com", THING_NONE, NULL, NULL);
	told(w, FACT_NAME_SERVER, THING_NAME, "gone-event.com", THING_NAME, "ns1.parking.net", NULL);
	assert_string_equal(found(w, "fair.unit-seiki.co.jp"), "dangling");
}

static void
pain_15_what_looks_dangling_and_is_not(void **state)
{
	struct world *w = *state;
	/* An alias that answers, at a place others can have names at, too. */
	alias(w, "shop.unit-seiki.co.jp", "unit.myshopify.com");
	told(w, FACT_ADDRESS, THING_NAME, "shop.unit-seiki.co.jp", THING_ADDRESS, "198.51.100.9", NULL);
	assert_string_equal(found(w, "shop.unit-seiki.co.jp"), "nothing");
	/* Only an IPv6 address: no address, but a name that exists. */
	alias(w, "six.unit-seiki.co.jp", "six.cdn-provider.net");
	told(w, FACT_EMPTY, THING_NAME, "six.cdn-provider.net", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "six.unit-seiki.co.jp"), "nothing");
	/* Nobody answered: that says nothing. */
	alias(w, "slow.unit-seiki.co.jp", "slow.azurewebsites.net");
	told(w, FACT_UNKNOWN, THING_NAME, "slow.unit-seiki.co.jp", THING_NONE, NULL, "no answer");
	assert_string_equal(found(w, "slow.unit-seiki.co.jp"), "nothing");
	/* It points to our own: wrong, and nobody else's to take. */
	dangles(w, "inner.unit-seiki.co.jp", "gone.unit-seiki.co.jp");
	assert_string_equal(found(w, "inner.unit-seiki.co.jp"), "dangling");
	/* Somebody else's name is none of our business. */
	dangles(w, "fair.stranger.com", "unit.github.io");
	assert_string_equal(found(w, "fair.stranger.com"), "nothing");
}

static void
a_place_at_a_hosting_service_may_be_claimed(void **state)
{
	struct world *w = *state;
	dangles(w, "lp.unit-seiki.co.jp", "unit-campaign.azurewebsites.net");
	assert_string_equal(found(w, "lp.unit-seiki.co.jp"), "dangling-service");
	/* One that stands in no list of ours, though the public suffix list has it; the registry's word about it is none. */
	dangles(w, "docs.unit-seiki.co.jp", "unit.pages.dev");
	assert_string_equal(found(w, "docs.unit-seiki.co.jp"), "dangling-service");
	told(w, FACT_AVAILABLE, THING_DOMAIN, "unit.pages.dev", THING_NONE, NULL, NULL);
	told(w, FACT_ABSENT, THING_NAME, "unit.pages.dev", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "docs.unit-seiki.co.jp"), "dangling-service");
}

/* What a search engine remembers of a delegation is no proof while the name is answered for. */
static void
an_old_delegation_counts_where_nobody_answers(void **state)
{
	struct world *w = *state;
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	assert_non_null(fact_add(&f, FACT_NAME_SERVER, THING_NAME, STR("lab.unit-seiki.co.jp")));
	assert_true(fact_object(&f, THING_NAME, STR("ns1.gone-dns.net")));
	graph_learn(&w->g, &f, SERVICE_SHODAN, STR("test"), 1);
	told(w, FACT_ABSENT, THING_NAME, "ns1.gone-dns.net", THING_NONE, NULL, NULL);
	told(w, FACT_ABSENT, THING_NAME, "gone-dns.net", THING_NONE, NULL, NULL);
	told(w, FACT_AVAILABLE, THING_DOMAIN, "gone-dns.net", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "lab.unit-seiki.co.jp"), "nothing");
	told(w, FACT_UNKNOWN, THING_NAME, "lab.unit-seiki.co.jp", THING_NONE, NULL, "SERVFAIL");
	assert_string_equal(found(w, "lab.unit-seiki.co.jp"), "dangling-name-server");
	told(w, FACT_ADDRESS, THING_NAME, "lab.unit-seiki.co.jp", THING_ADDRESS, "198.51.100.9", NULL);
	assert_string_equal(found(w, "lab.unit-seiki.co.jp"), "nothing");
}

static void
a_delegation_is_taken_over_with_proof_alone(void **state)
{
	struct world *w = *state;
	/* Of a zone below the domain. */
	told(w, FACT_NAME_SERVER, THING_NAME, "sub.unit-seiki.co.jp", THING_NAME, "ns1.gone-dns.net", NULL);
	assert_string_equal(found(w, "sub.unit-seiki.co.jp"), "nothing");
	told(w, FACT_ABSENT, THING_NAME, "ns1.gone-dns.net", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "sub.unit-seiki.co.jp"), "dangling-name-server-name");
	told(w, FACT_AVAILABLE, THING_DOMAIN, "gone-dns.net", THING_NONE, NULL, NULL);
	told(w, FACT_ABSENT, THING_NAME, "gone-dns.net", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "sub.unit-seiki.co.jp"), "dangling-name-server");
	/* Below a domain of ours nobody else can make the name. */
	told(w, FACT_NAME_SERVER, THING_NAME, "lab.unit-seiki.co.jp", THING_NAME, "ns9.unit-seiki.co.jp", NULL);
	told(w, FACT_ABSENT, THING_NAME, "ns9.unit-seiki.co.jp", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "lab.unit-seiki.co.jp"), "dangling");
}

static void
mail_to_a_host_that_is_not_there_is_told(void **state)
{
	struct world *w = *state;
	told(w, FACT_MAIL, THING_NAME, "unit-seiki.co.jp", THING_NAME, "mx.gone-mail.net", NULL);
	told(w, FACT_ABSENT, THING_NAME, "mx.gone-mail.net", THING_NONE, NULL, NULL);
	assert_string_equal(found(w, "unit-seiki.co.jp"), "dangling-mail");
}

static void
mail_that_others_can_forge(void **state)
{
	static const struct {
		enum fact_kind kind;
		const char *text, *id;
	} cases[] = {
		{ FACT_SPF_POLICY, "none", "spf-missing" },     { FACT_SPF_POLICY, "+all", "spf-weak" },
		{ FACT_SPF_POLICY, "two records", "spf-weak" }, { FACT_SPF_POLICY, "-all", "nothing" },
		{ FACT_SPF_POLICY, "~all", "nothing" },         { FACT_DMARC_POLICY, "missing", "dmarc-missing" },
		{ FACT_DMARC_POLICY, "none", "dmarc-weak" },    { FACT_DMARC_POLICY, "reject", "nothing" },
		{ FACT_DKIM, "s1 rsa 512", "dkim-weak" },       { FACT_DKIM, "s1 rsa 1024", "dkim-weak" },
		{ FACT_DKIM, "s1 broken", "dkim-weak" },        { FACT_DKIM, "s1 rsa 2048", "nothing" },
		{ FACT_DKIM, "s1 ed25519", "nothing" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world w = { 0 };
		told(&w, cases[i].kind, THING_NAME, "unit-seiki.co.jp", THING_NONE, NULL, cases[i].text);
		assert_string_equal(found(&w, "unit-seiki.co.jp"), cases[i].id);
		graph_free(&w.g);
		arena_free(&w.a);
	}
	(void)state;
}

static void
a_forgotten_test_host_is_told_by_its_label(void **state)
{
	static const char *const names[] = { "test.unit-seiki.co.jp", "stg2-portal.unit-seiki.co.jp",
					     "old-web01.unit-seiki.co.jp" };
	static const char *const fine[] = { "latest.unit-seiki.co.jp", "contest.unit-seiki.co.jp",
					    "device.unit-seiki.co.jp" };
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(names); i++) {
		told(w, FACT_ADDRESS, THING_NAME, names[i], THING_ADDRESS, "192.0.2.9", NULL);
		told(w, FACT_ADDRESS, THING_NAME, fine[i], THING_ADDRESS, "192.0.2.9", NULL);
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_string_equal(found(w, names[i]), "forgotten-test-host");
		assert_string_equal(found(w, fine[i]), "nothing");
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pain_15_a_takeover_is_told_with_proof_alone),   TEST(pain_15_a_served_zone_is_nobodys_to_take),
		TEST(pain_15_what_looks_dangling_and_is_not),        TEST(a_place_at_a_hosting_service_may_be_claimed),
		TEST(an_old_delegation_counts_where_nobody_answers), TEST(a_delegation_is_taken_over_with_proof_alone),
		TEST(mail_to_a_host_that_is_not_there_is_told),      TEST(mail_that_others_can_forge),
		TEST(a_forgotten_test_host_is_told_by_its_label),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
