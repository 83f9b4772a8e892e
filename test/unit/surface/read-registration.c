/* What registries say, as facts: own samples, hostile ones, and real answers of ../shared/data. */
#include "surface/read.h"

#include "base/time.h"
#include "surface/domain.h"
#include "surface/whois.h"

#include <ftw.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"
#include "facts.h"

static const char jprs[] = "[ JPRS database provides information on network administration. ]\n"
			   "Domain Information: [ドメイン情報]\n"
			   "a. [ドメイン名]                 EXAMPLE.OR.JP\n"
			   "e. [そしきめい]                 いりょうほうじんさくらかい\n"
			   "f. [組織名]                     医療法人さくら会\n"
			   "g. [Organization]               Sakurakai Medical Corporation\n"
			   "p. [ネームサーバ]               ns1.provider.example\n"
			   "p. [ネームサーバ]               ns2.provider.example\n"
			   "[状態]                          Connected (2027/03/31)\n"
			   "[登録年月日]                    2001/03/05\n";

static void
a_japanese_domain(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_whois(&f, STR("domain example.or.jp"), str_of(jprs));
	SAYS(&f, FACT_REGISTRANT, "example.or.jp", "医療法人さくら会", NULL);
	SAYS(&f, FACT_REGISTRANT_JA, "example.or.jp", "医療法人さくら会", "");
	SAYS(&f, FACT_REGISTRANT_JA, "example.or.jp", "いりょうほうじんさくらかい", "kana");
	SAYS(&f, FACT_REGISTRANT_EN, "example.or.jp", "Sakurakai Medical Corporation", "");
	SAYS(&f, FACT_NAME_SERVER, "example.or.jp", "ns2.provider.example", "");
	assert_true(fact_of(&f, FACT_CREATED, "example.or.jp", "", "")->number == time_days(2001, 3, 5) * 86400000LL);
	assert_non_null(fact_of(&f, FACT_EXPIRES, "example.or.jp", "", ""));
	SAYS_NOT(&f, FACT_HIDDEN);
	assert_true(facts_are_sound(&f));
	/* The answer to a question below the registered name, and one that is about another name. */
	f = (struct facts){ .arena = &a };
	read_whois(&f, STR("domain www.example.or.jp"), str_of(jprs));
	SAYS(&f, FACT_REGISTRANT, "example.or.jp", NULL, NULL);
	f = (struct facts){ .arena = &a };
	read_whois(&f, STR("domain other.or.jp"), str_of(jprs));
	assert_true(f.count == 0 && f.bad == 1);
}

static const char hidden[] =
	"Domain Name: EXAMPLE.COM\nRegistrar: Example Registrar, Inc.\nCreation Date: 2010-01-02T03:04:05Z\n"
	"Registry Expiry Date: 2030-01-02T03:04:05Z\nRegistrant Organization: Privacy Protect, LLC\n"
	"Registrant Country: US\nAdmin Email: hostmaster@mail.example.net\n"
	"Registrar Abuse Contact Email: abuse@registrar.example\n"
	"Name Server: NS1.EXAMPLE.COM\nDomain Status: ok https://icann.example/epp#ok\n";

static void
a_hidden_owner(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_whois(&f, STR("domain example.com"), str_of(hidden));
	SAYS_NOT(&f, FACT_REGISTRANT);
	SAYS(&f, FACT_HIDDEN, "example.com", "", "");
	SAYS(&f, FACT_REGISTRAR, "example.com", "", "Example Registrar, Inc.");
	SAYS(&f, FACT_CONTACT_MAIL, "example.com", "example.net", "admin");
	/* The registrar's own is nobody's. */
	assert_int_equal(count_of(&f, FACT_CONTACT_MAIL), 1);
	SAYS(&f, FACT_NAME_SERVER, "example.com", "ns1.example.com", "");
}

static void
nobody(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_rdap(&f, STR("domain example.com"), STR("<html>"), 404);
	SAYS(&f, FACT_AVAILABLE, "example.com", "", "");
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("domain example.com"), STR_NONE, 429);
	SAYS(&f, FACT_UNKNOWN, "example.com", "", "rate limited");
	SAYS_NOT(&f, FACT_AVAILABLE);
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("domain example.com"), STR_NONE, 502);
	SAYS(&f, FACT_UNKNOWN, "example.com", "", "registry unavailable");
	f = (struct facts){ .arena = &a };
	read_whois(&f, STR("domain example.com"), STR_NONE);
	SAYS(&f, FACT_UNKNOWN, "example.com", "", "unclear answer");
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("network 192.0.2.1"), STR_NONE, 404);
	assert_int_equal(f.count, 0);
}

#define NETWORK(range) \
	"{\"objectClassName\":\"ip network\"," range \
	",\"name\":\"EX-NET\",\"country\":\"JP\",\"entities\":[{\"roles\":" \
	"[\"registrant\"],\"vcardArray\":[\"vcard\",[[\"org\",{},\"text\",\"Sakura Hospital\"]]]}]}"

static void
networks(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_rdap(&f, STR("network 192.0.2.70"),
		  STR(NETWORK("\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.95\"")), 200);
	/* No one prefix has it: two are told, and the address is in the narrower one. */
	SAYS(&f, FACT_HOLDER, "192.0.2.0/26", "Sakura Hospital", "JP");
	SAYS(&f, FACT_HOLDER, "192.0.2.64/27", "Sakura Hospital", "JP");
	assert_int_equal(count_of(&f, FACT_IN_NETWORK), 1);
	SAYS(&f, FACT_IN_NETWORK, "192.0.2.70", "192.0.2.64/27", "");
	SAYS(&f, FACT_COUNTRY, "192.0.2.64/27", "", "JP");
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("network 2001:db8:1::5"),
		  STR(NETWORK("\"cidr0_cidrs\":[{\"v6prefix\":\"2001:db8:1::\",\"length\":48}]")), 200);
	SAYS(&f, FACT_IN_NETWORK, "2001:db8:1::5", "2001:db8:1::/48", "");
	/* A question for a network is no address's. */
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("network 192.0.2.0/24"),
		  STR(NETWORK("\"startAddress\":\"192.0.2.0\",\"endAddress\":\"192.0.2.255\"")), 200);
	SAYS(&f, FACT_HOLDER, "192.0.2.0/24", "Sakura Hospital", "JP");
	SAYS_NOT(&f, FACT_IN_NETWORK);
	f = (struct facts){ .arena = &a };
	read_whois(&f, STR("network 192.0.2.1"),
		   STR("NetRange:       192.0.2.0 - 192.0.2.255\nCIDR:           192.0.2.0/24\nNetName:        EX-NET\n"
		       "OrgName:        Sakura Hospital\nCountry:        US\n"));
	SAYS(&f, FACT_IN_NETWORK, "192.0.2.1", "192.0.2.0/24", "");
	SAYS(&f, FACT_HOLDER, "192.0.2.0/24", "Sakura Hospital", NULL);
}

/* The registry that is not the one to ask answers with everything; another network is no answer. */
static void
wrong_networks(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_rdap(&f, STR("network 192.0.2.70"),
		  STR(NETWORK("\"startAddress\":\"0.0.0.0\",\"endAddress\":\"255.255.255.255\"")), 200);
	assert_int_equal(f.count, 0);
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("network 192.0.2.70"),
		  STR(NETWORK("\"startAddress\":\"198.51.100.0\",\"endAddress\":\"198.51.100.255\"")), 200);
	SAYS_NOT(&f, FACT_IN_NETWORK);
	assert_int_equal(f.bad, 1);
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("network nonsense"),
		  STR(NETWORK("\"startAddress\":\"198.51.100.0\",\"endAddress\":\"198.51.100.255\"")), 200);
	assert_true(f.count == 0 && f.bad == 1);
}

#define AUTNUM(from, to) \
	"{\"objectClassName\":\"autnum\",\"startAutnum\":" from ",\"endAutnum\":" to \
	",\"country\":\"JP\",\"entities\":[{" \
	"\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[[\"org\",{},\"text\",\"Sakura Hospital\"]]]}]}"

static void
autnums(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_rdap(&f, STR("as AS64500"), STR(AUTNUM("64500", "64500")), 200);
	SAYS(&f, FACT_HOLDER, "AS64500", "Sakura Hospital", "JP");
	SAYS(&f, FACT_COUNTRY, "AS64500", "", "JP");
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("as AS64501"), STR(AUTNUM("64500", "64500")), 200);
	assert_true(f.count == 0 && f.bad == 1);
	f = (struct facts){ .arena = &a };
	read_rdap(&f, STR("as AS64501"), STR(AUTNUM("64496", "65000")), 200); /* a registry's block */
	assert_true(f.count == 0 && f.bad == 1);
}

static void
hostile(void **state)
{
	static const char *const whats[] = { "", "domain", "domain ", "domain jp", "network ", "as ", "as X", "x y" };
	(void)state;
	for (size_t i = 0; i < COUNT(whats); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_whois(&f, str_of(whats[i]), str_of(hidden));
		read_rdap(&f, str_of(whats[i]), STR(AUTNUM("64500", "64500")), 200);
		assert_int_equal(f.count, 0);
		assert_int_equal(f.bad, 2);
	}
	ARENA_AUTO a = { 0 };
	BUF_AUTO deep = { 0 };
	struct facts f = { .arena = &a };
	read_whois(&f, STR("domain example.com"),
		   STR("Domain Name: example.com\nRegistrant Organization: A\xff\xfe\x1b[31mB\r\x01\nName Server: "
		       "\x80.example\n"));
	assert_true(facts_are_sound(&f));
	for (int i = 0; i < 1000000; i++)
		buf_add(&deep, STR("{\"entities\":["));
	read_rdap(&f, STR("domain example.com"), buf_str(&deep), 200);
	assert_true(f.bad > 0);
}

/* Real answers: whatever they are, a domain's gives facts of that domain alone. */
static void
real_answers(void **state)
{
	static const struct {
		const char *path, *what, *subject;
		enum fact_kind kind;
		bool whois;
	} known[] = {
#define RDAP "rdap/icann-rdap-common/src/response/test_files/"
#define CLIENT "rdap/icann-rdap-client/src/test_files/"
#define WHOIS "whois-responses/spec/fixtures/responses/"
		{ RDAP "domain_afnic_fr.json", "domain afnic.fr", "afnic.fr", FACT_NAME_SERVER, false },
		{ CLIENT "lemonde.fr.json", "domain lemonde.fr", "lemonde.fr", FACT_CREATED, false },
		{ CLIENT "microsoft.click.json", "domain microsoft.click", "microsoft.click", FACT_EXPIRES, false },
		{ RDAP "network_192_198_0_0.json", "network 192.198.0.1", "192.198.0.1", FACT_IN_NETWORK, false },
		{ RDAP "autnum_16509.json", "as AS16509", "AS16509", FACT_HOLDER, false },
		{ WHOIS "whois.jprs.jp/jp/status_registered.txt", "domain google.jp", "google.jp", FACT_NAME_SERVER,
		  true },
	};
	size_t read = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO body = { 0 };
		struct facts f = { .arena = &a };
		if (!known_read(known[i].path, &body))
			continue;
		read++;
		if (known[i].whois)
			read_whois(&f, str_of(known[i].what), buf_str(&body));
		else
			read_rdap(&f, str_of(known[i].what), buf_str(&body), 200);
		assert_true(facts_are_sound(&f));
		SAYS(&f, known[i].kind, known[i].subject, NULL, NULL);
		assert_int_equal(f.bad, 0);
	}
	if (read == 0) {
		print_message("# SKIP real_answers: ../shared/data is not here\n");
		skip();
	}
}

/* The walk of nftw() has no argument. */
static size_t files, domains, unsound, silent;

/* Every answer as one to a question for the name it is about. */
static int
one_answer(const char *path, const struct stat *st, int type, struct FTW *at)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO body = { 0 };
	struct registration *r = ARENA_NEW(&a, struct registration);
	struct facts f = { .arena = &a };
	FILE *in = type == FTW_F && str_ends(str_of(path), STR(".txt")) ? fopen(path, "rb") : NULL;
	(void)st, (void)at;
	if (!in)
		return 0;
	body.len = fread(buf_reserve(&body, WHOIS_ANSWER_MAX), 1, WHOIS_ANSWER_MAX, in);
	fclose(in);
	files++;
	whois_read(&a, buf_str(&body), r);
	struct str name = domain_canonical(&a, r->name);
	if (r->answer != REGISTRATION_FOUND || name.len == 0 || !str_eq(domain_registrable(name), name))
		return 0;
	domains++;
	read_whois(&f, arena_printf(&a, "domain %.*s", STR_ARG(name)), buf_str(&body));
	bool about = facts_are_sound(&f);
	for (size_t i = 0; i < f.count; i++)
		about &= str_eq(f.items[i].subject, name);
	silent += f.count == 0; /* "gov: ACTIVE", and no more */
	unsound += !about;
	return 0;
}

static void
all_real_answers(void **state)
{
	BUF_AUTO folder = { 0 };
	(void)state;
	if (nftw(known_path(&folder, "whois-responses/spec/fixtures/responses"), one_answer, 16, FTW_PHYS) != 0 ||
	    files == 0) {
		print_message("# SKIP all_real_answers: ../shared/data/whois-responses is not here\n");
		buf_free(&folder);
		skip();
	}
	print_message("# %zu answers, %zu about a domain, %zu of them say nothing of it\n", files, domains, silent);
	assert_int_equal(unsound, 0);
	assert_true(domains > files / 4 && silent * 20 < domains);
}

#define ENTITY(role) \
	"{\"objectClassName\":\"entity\",\"handle\":\"EX-7\"," role \
	"\"vcardArray\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],[\"kind\",{},\"text\",\"org\"]," \
	"[\"fn\",{},\"text\",\"Example Clinic\"]]]}"
#define DOMAIN(name, more) "{\"objectClassName\":\"domain\",\"ldhName\":\"" name "\"" more "}"

/* RFC 9082 3.2, RFC 9536: what is found is told as if it had been asked about; whose it is counts only where it is said. */
static void
what_a_search_finds(void **state)
{
	static const char found[] = "{\"domainSearchResults\":[" DOMAIN(
		"EXAMPLE.com",
		",\"entities\":[" ENTITY(
			"\"roles\":[\"registrant\"],") "]") "," DOMAIN("short.net",
								       "") "," DOMAIN("2.0.192.in-addr.arpa",
										      "") "," DOMAIN("www.example.org",
												     "") ",7]}";
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_rdap_search(&f, STR("handle EX-7 Example Clinic"), str_of(found));
	SAYS(&f, FACT_REGISTRANT, "example.com", "Example Clinic", NULL);
	SAYS(&f, FACT_MENTION, "Example Clinic", "short.net", NULL);
	assert_int_equal(count_of(&f, FACT_MENTION), 1);
	assert_int_equal(count_of(&f, FACT_REGISTRANT), 1);
	assert_int_equal(f.bad, 2); /* neither a zone of addresses nor a name below a domain is one */
	f = (struct facts){ .arena = &a };
	read_rdap_search(&f, STR("registrant@2@abc Example Clinic"), str_of(found));
	SAYS(&f, FACT_MENTION, "Example Clinic", "short.net", NULL);
	f = (struct facts){ .arena = &a };
	read_rdap_search(&f, STR("server ns1.example.jp"), str_of(found));
	SAYS(&f, FACT_NAME_SERVER, "short.net", "ns1.example.jp", NULL);
	SAYS_NOT(&f, FACT_MENTION);
	/* Entities are followed by their handles, and state nothing; what is no search states nothing either. */
	f = (struct facts){ .arena = &a };
	read_rdap_search(&f, STR("entity Example Clinic"), STR("{\"entitySearchResults\":[" ENTITY("") "]}"));
	assert_true(f.count == 0 && f.bad == 0);
	read_rdap_search(&f, STR("entity Example Clinic"), STR(ENTITY("")));
	assert_true(f.count == 0 && f.bad == 1);
	assert_true(facts_are_sound(&f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_japanese_domain),
					    cmocka_unit_test(a_hidden_owner),
					    cmocka_unit_test(what_a_search_finds),
					    cmocka_unit_test(nobody),
					    cmocka_unit_test(networks),
					    cmocka_unit_test(wrong_networks),
					    cmocka_unit_test(autnums),
					    cmocka_unit_test(hostile),
					    cmocka_unit_test(real_answers),
					    cmocka_unit_test(all_real_answers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
