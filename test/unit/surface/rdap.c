/* Answers of RDAP: own samples, hostile ones, and those of ../shared/data/rdap. */
#include "surface/rdap.h"

#include "base/buf.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"

#define EQUAL(got, want) assert_true(str_eq((got), STR(want)))

static const char domain[] =
	"{\"objectClassName\":\"domain\",\"handle\":\"D1-EX\",\"ldhName\":\"XN--WGV71A119E.EXAMPLE.\","
	"\"unicodeName\":\"日本語.example\",\"status\":[\"active\",\"client transfer prohibited\"],"
	"\"events\":[{\"eventAction\":\"registration\",\"eventDate\":\"2001-02-03T00:00:00Z\"},"
	"{\"eventAction\":\"expiration\",\"eventDate\":\"2031-02-03T00:00:00+09:00\"}],"
	"\"nameservers\":[{\"ldhName\":\"NS1.EXAMPLE.COM\"},{\"ldhName\":\"ns1.example.com.\"},{\"ldhName\":7}],"
	"\"links\":[{\"rel\":\"self\",\"href\":\"https://a.example/\"},{\"rel\":\"related\","
	"\"type\":\"application/rdap+json\",\"href\":\"https://rdap.registrar.example/domain/x\"}],"
	"\"entities\":[{\"roles\":[\"registrar\"],\"publicIds\":[{\"type\":\"IANA Registrar "
	"ID\",\"identifier\":\"9999\"}],"
	"\"vcardArray\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],[\"fn\",{},\"text\",\"Registrar Inc\"]]],"
	"\"entities\":[{\"roles\":[\"technical\"],\"vcardArray\":[\"vcard\",[[\"org\",{},\"text\",\"Registrar "
	"Desk\"]]]},"
	"{\"roles\":[\"abuse\"],\"vcardArray\":[\"vcard\",[[\"email\",{},\"text\",\"abuse@Registrar.example\"]]]}]},"
	"{\"roles\":[\"registrant\"],\"handle\":\"R1\",\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\",\"Taro Yamada\"],"
	"[\"org\",{\"language\":\"ja\"},\"text\",[\"医療法人さくら会\",\"情報課\"]],[\"org\",{},\"text\",\"Sakurakai\"]"
	","
	"[\"tel\",{},\"uri\",\"tel:+81.300000000\"],[\"adr\",{},\"text\",[\"\",\"\",\"x\",\"\",\"\",\"\",\"JP\"]]]]}]}";

static void
a_domain(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct registration r;
	const struct registration_party *p = &r.party[REGISTRATION_REGISTRANT];
	(void)state;
	assert_true(rdap_read(&a, str_of(domain), 200, &r, &e));
	assert_int_equal(r.kind, REGISTRATION_DOMAIN);
	assert_int_equal(r.answer, REGISTRATION_FOUND);
	EQUAL(r.name, "xn--wgv71a119e.example");
	EQUAL(r.unicode, "日本語.example");
	EQUAL(r.registrar, "Registrar Inc");
	EQUAL(r.registrar_id, "9999");
	EQUAL(r.referral, "https://rdap.registrar.example/domain/x");
	assert_int_equal(r.servers.count, 1);
	assert_int_equal(r.status.count, 2);
	assert_true(r.created == time_days(2001, 2, 3) * 86400000LL);
	assert_true(r.expires == time_days(2031, 2, 3) * 86400000LL - 9 * 3600000LL);
	EQUAL(p->organisation_ja, "医療法人さくら会");
	EQUAL(p->organisation_en, "Sakurakai");
	EQUAL(p->country, "JP");
	assert_int_equal(p->name.len, 0);
	assert_int_equal(r.party[REGISTRATION_TECHNICAL].organisation.len, 0);
	EQUAL(r.party[REGISTRATION_ABUSE].email_domain, "registrar.example");
}

static void
networks(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct registration r;
	(void)state;
	assert_true(
		rdap_read(&a,
			  STR("{\"objectClassName\":\"ip network\",\"startAddress\":\"192.0.2.0\",\"endAddress\":"
			      "\"192.0.2.255\",\"name\":\"EX-NET\",\"country\":\"JP\",\"cidr0_cidrs\":[{\"v4prefix\":"
			      "\"192.0.2.0\",\"length\":24}]}"),
			  200, &r, &e));
	EQUAL(r.range, "192.0.2.0/24");
	EQUAL(r.name, "EX-NET");
	EQUAL(r.party[REGISTRATION_REGISTRANT].country, "JP");
	assert_true(rdap_read(
		&a, STR("{\"objectClassName\":\"autnum\",\"startAutnum\":64500,\"endAutnum\":64502,\"name\":\"X\"}"), 0,
		&r, &e));
	EQUAL(r.range, "AS64500 - AS64502");
	assert_int_equal(r.kind, REGISTRATION_AUTNUM);
}

/* A person's card leaves no name behind; a redaction is seen. */
static void
persons(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct registration r;
	(void)state;
	assert_true(
		rdap_read(&a,
			  STR("{\"objectClassName\":\"entity\",\"handle\":\"P1\",\"vcardArray\":[\"vcard\",[[\"fn\",{},"
			      "\"text\",\"Jane Roe\"],[\"kind\",{},\"text\",\"individual\"]]]}"),
			  0, &r, &e));
	assert_int_equal(r.party[REGISTRATION_REGISTRANT].name.len, 0);
	EQUAL(r.party[REGISTRATION_REGISTRANT].handle, "P1");
	assert_false(r.hidden);
	assert_true(rdap_read(&a,
			      STR("{\"objectClassName\":\"domain\",\"ldhName\":\"example.com\",\"redacted\":[{\"name\":"
				  "{\"description\":\"Registrant Name\"}}]}"),
			      0, &r, &e));
	assert_true(r.hidden);
}

static void
answers_without_data(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct registration r;
	(void)state;
	assert_true(rdap_read(&a, STR("<html>"), 404, &r, &e));
	assert_int_equal(r.answer, REGISTRATION_NOT_FOUND);
	assert_true(rdap_read(&a, STR_NONE, 429, &r, &e));
	assert_int_equal(r.answer, REGISTRATION_RATE_LIMITED);
	assert_true(rdap_read(&a, STR("{\"errorCode\":404}"), 200, &r, &e));
	assert_int_equal(r.answer, REGISTRATION_NOT_FOUND);
	assert_true(rdap_read(&a, STR_NONE, 503, &r, &e));
	assert_int_equal(r.answer, REGISTRATION_UNAVAILABLE);
}

static void
hostile(void **state)
{
	static const char *const refused[] = { "", "[]", "<html>", "{\"objectClassName\":\"help\"}", "{\"ldhName\":" };
	/* clang-format off */
	static const char *const taken[] = {
		"{\"objectClassName\":\"domain\",\"entities\":7,\"events\":{},\"nameservers\":[[]],\"status\":[{}]}",
		"{\"objectClassName\":\"domain\",\"entities\":[{\"roles\":[7],\"vcardArray\":[\"vcard\",[7,[],[1,2,3,4]]]}]}",
		"{\"objectClassName\":\"domain\",\"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":[7,[[\"org\",{},7,{}]]]}]}",
		"{\"objectClassName\":\"ip network\",\"cidr0_cidrs\":[{\"v4prefix\":7,\"length\":\"x\"}],\"startAddress\":[]}",
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct registration r;
		assert_false(rdap_read(&a, str_of(refused[i]), 200, &r, &e));
		assert_int_equal(e.code, ERR_INPUT);
	}
	for (size_t i = 0; i < COUNT(taken); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct registration r;
		assert_true(rdap_read(&a, str_of(taken[i]), 200, &r, &e));
		assert_int_equal(r.servers.count + r.party[REGISTRATION_REGISTRANT].organisation.len + r.range.len, 0);
	}
}

static const struct {
	const char *path;
	enum registration_kind kind;
	const char *name, *registrar, *owner;
	size_t servers;
} known[] = {
#define COMMON "rdap/icann-rdap-common/src/response/test_files/"
#define CLIENT "rdap/icann-rdap-client/src/test_files/"
#define SRV "rdap/icann-rdap-srv/resources/test-data-files/"
	{ COMMON "domain_afnic_fr.json", REGISTRATION_DOMAIN, "afnic.fr", NULL, NULL, 3 },
	{ COMMON "lookup_with_redaction.json", REGISTRATION_DOMAIN, "example.com", "Example Registrar Inc.", NULL, 2 },
	{ COMMON "network_192_198_0_0.json", REGISTRATION_NETWORK, NULL, NULL, NULL, 0 },
	{ COMMON "autnum_16509.json", REGISTRATION_AUTNUM, "AMAZON-02", NULL, "Amazon.com, Inc.", 0 },
	{ COMMON "nameserver_ns1_nic_fr.json", REGISTRATION_NAMESERVER, "ns1.nic.fr", NULL, NULL, 0 },
	{ COMMON "entity_arin_hostmaster.json", REGISTRATION_ENTITY, NULL, NULL, NULL, 0 },
	{ COMMON "entities_fn_arin.json", REGISTRATION_ENTITY, NULL, NULL, NULL, 0 },
	{ COMMON "domain_search_with_redaction.json", REGISTRATION_DOMAIN, "example1.com", NULL, NULL, 0 },
	{ CLIENT "home.moscow.json", REGISTRATION_DOMAIN, "home.moscow", NULL, NULL, 2 },
	{ CLIENT "lemonde.fr.json", REGISTRATION_DOMAIN, "lemonde.fr", NULL, NULL, 4 },
	{ CLIENT "microsoft.click.json", REGISTRATION_DOMAIN, "microsoft.click", NULL, NULL, 4 },
	{ SRV "as65541.json", REGISTRATION_AUTNUM, "AS-RTR-1", NULL, "Example", 0 },
	{ SRV "0_2_192_in-addr_arpa.json", REGISTRATION_DOMAIN, "0.2.192.in-addr.arpa", NULL, "Example", 2 },
	{ SRV "xn--fo-5ja_example.json", REGISTRATION_DOMAIN, "xn--fo-5ja.example", NULL, NULL, 2 },
	{ SRV "entity-rfc9083-fig15.json", REGISTRATION_ENTITY, NULL, NULL, "Example", 0 },
};

static bool
same(struct str got, const char *want)
{
	return !want || str_eq(got, str_of(want));
}

static void
real_answers(void **state)
{
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO body = { 0 };
		struct err e = { 0 };
		struct registration r = { 0 };
		if (!known_read(known[i].path, &body)) {
			print_message("# SKIP real_answers: ../shared/data/rdap is not here\n");
			buf_free(&body);
			skip();
		}
		bool ok = rdap_read(&a, buf_str(&body), 0, &r, &e);
		const struct registration_party *p = &r.party[REGISTRATION_REGISTRANT];
		if (ok && r.kind == known[i].kind && same(r.name, known[i].name) &&
		    same(r.registrar, known[i].registrar) && same(p->organisation, known[i].owner) &&
		    r.servers.count == known[i].servers)
			continue;
		wrong++;
		print_message("# differs %s: %s kind %d name %.*s registrar %.*s owner %.*s, %zu servers\n",
			      known[i].path, e.text, (int)r.kind, STR_ARG(r.name), STR_ARG(r.registrar),
			      STR_ARG(p->organisation), r.servers.count);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain), cmocka_unit_test(networks),     cmocka_unit_test(persons),
		cmocka_unit_test(hostile),  cmocka_unit_test(real_answers), cmocka_unit_test(answers_without_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
