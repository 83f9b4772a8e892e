/* WHOIS answers in the forms of registries, made up; what must not be kept, too. */
#include "surface/whois.h"

#include "base/buf.h"
#include "base/time.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define EQUAL(got, want) assert_true(str_eq((got), STR(want)))
#define JA_ANSWER \
	"Domain Information: [ドメイン情報]\n" \
	"a. [ドメイン名]                 SAKURA-HP.OR.JP\n" \
	"e. [そしきめい]                 いりょうほうじんさくらかい\n" \
	"f. [組織名]                     医療法人さくら会\n" \
	"g. [Organization]               Sakurakai Medical Corporation\n" \
	"m. [登録担当者]                 TY00001JP\n" \
	"p. [ネームサーバ]               ns1.sakura-hp.or.jp\n" \
	"p. [ネームサーバ]               ns2.example.ne.jp\n" \
	"s. [署名鍵]                     \n" \
	"[状態]                          Connected (2027/03/31)\n" \
	"[登録年月日]                    2001/04/02\n" \
	"[最終更新]                      2026/04/01 01:02:03 (JST)\n"

static int64_t
day(int year, unsigned month, unsigned d)
{
	return time_days(year, month, d) * 86400000LL;
}

static void
check_jprs(const struct registration *r)
{
	const struct registration_party *p = &r->party[REGISTRATION_REGISTRANT];
	assert_int_equal(r->answer, REGISTRATION_FOUND);
	EQUAL(r->name, "sakura-hp.or.jp");
	EQUAL(p->organisation, "医療法人さくら会");
	EQUAL(p->organisation_ja, "医療法人さくら会");
	EQUAL(p->organisation_kana, "いりょうほうじんさくらかい");
	EQUAL(p->organisation_en, "Sakurakai Medical Corporation");
	assert_int_equal(r->servers.count, 2);
	EQUAL(r->servers.item[1], "ns2.example.ne.jp");
	assert_true(r->created == day(2001, 4, 2));
	assert_true(r->expires == day(2027, 3, 31));
	assert_true(r->updated == day(2026, 4, 1) - 9 * 3600000LL + 3723000LL);
	assert_false(r->hidden);
}

static void
jprs_in_utf8(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(&a, STR(JA_ANSWER), &r);
	check_jprs(&r);
}

static void
jprs_in_jis(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	char text[] = JA_ANSWER, jis[4096], *in = text, *out = jis;
	size_t left = sizeof(text) - 1, room = sizeof(jis);
	iconv_t cd = iconv_open("ISO-2022-JP", "UTF-8");
	(void)state;
	assert_true(cd != (iconv_t)-1);
	assert_int_equal(iconv(cd, &in, &left, &out, &room), 0);
	iconv_close(cd);
	whois_read(&a, str_sub(jis, sizeof(jis) - room), &r);
	check_jprs(&r);
}

static void
jpnic_network(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(&a,
		   STR("Network Information: [ネットワーク情報]\n"
		       "a. [IPネットワークアドレス]     192.0.2.0/24\n"
		       "b. [ネットワーク名]             SAKURA-NET\n"
		       "f. [組織名]                     学校法人さくら学園\n"
		       "g. [Organization]               Sakura Gakuen\n"
		       "p. [ネームサーバ]               ns1.example.ac.jp\n"
		       "[割当年月日]                    2010/05/06\n"),
		   &r);
	assert_int_equal(r.answer, REGISTRATION_FOUND);
	assert_int_equal(r.kind, REGISTRATION_NETWORK);
	EQUAL(r.range, "192.0.2.0/24");
	EQUAL(r.name, "SAKURA-NET");
	EQUAL(r.party[REGISTRATION_REGISTRANT].organisation_ja, "学校法人さくら学園");
	EQUAL(r.party[REGISTRATION_REGISTRANT].organisation_en, "Sakura Gakuen");
	assert_true(r.created == day(2010, 5, 6));
}

static void
generic_domain(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(
		&a,
		STR("   Domain Name: EXAMPLE.COM\r\n   Registry Domain ID: 1_DOMAIN_COM-X\r\n"
		    "   Registrar WHOIS Server: whois.registrar.example\r\n   Registrar: Registrar Example Inc.\r\n"
		    "   Registrar IANA ID: 9999\r\n   Creation Date: 2001-02-03T04:05:06Z\r\n"
		    "   Registry Expiry Date: 2031-02-03T04:05:06Z\r\n"
		    "   Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited\r\n"
		    "   Registrant Organization: Example Hospital Group\r\n   Registrant Name: Jane Roe\r\n"
		    "   Registrant Street: 1 Secret Street\r\n   Registrant Email: jane.roe@example.com\r\n"
		    "   Admin Name: John Roe\r\n   Admin Phone: +1.5555550100\r\n"
		    "   Name Server: NS1.EXAMPLE.COM.\r\n   Name Server: ns1.example.com\r\n"
		    "   Name Server: NS2.EXAMPLE.NET\r\n>>> Last update of whois database: 2026-01-01T00:00:00Z <<<\r\n"
		    "Excessive querying is limited; exceeded the limit means no match for you.\r\n"),
		&r);
	const struct registration_party *p = &r.party[REGISTRATION_REGISTRANT];
	assert_int_equal(r.answer, REGISTRATION_FOUND);
	EQUAL(r.name, "example.com");
	EQUAL(r.handle, "1_DOMAIN_COM-X");
	EQUAL(r.registrar, "Registrar Example Inc.");
	EQUAL(r.registrar_id, "9999");
	EQUAL(r.referral, "whois.registrar.example");
	EQUAL(p->organisation, "Example Hospital Group");
	assert_int_equal(p->name.len, 0);
	EQUAL(p->email_domain, "example.com");
	assert_int_equal(r.party[REGISTRATION_ADMIN].name.len, 0);
	EQUAL(r.status.item[0], "clientTransferProhibited");
	assert_int_equal(r.servers.count, 2);
	assert_true(r.created == day(2001, 2, 3) + 14706000LL);
	assert_true(r.updated == 0);
}

static void
objects_by_handle(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(&a,
		   STR("% terms\n\ndomain: example.at\nregistrant: EX1-NICAT\nadmin-c: EX2-NICAT\n"
		       "nserver: ns1.example.at\nnserver: ns2.example.at\nchanged: 20260102 03:04:05\n\n"
		       "personname: Max Muster\norganization: Beispiel GmbH\nnic-hdl: EX1-NICAT\nchanged: 20270101 "
		       "00:00:00\n\n"
		       "personname: Erika Muster\norganization: Andere GmbH\ncountry: Austria\nnic-hdl: EX2-NICAT\n"),
		   &r);
	EQUAL(r.party[REGISTRATION_REGISTRANT].organisation, "Beispiel GmbH");
	EQUAL(r.party[REGISTRATION_ADMIN].organisation, "Andere GmbH");
	assert_int_equal(r.party[REGISTRATION_ADMIN].name.len, 0);
	assert_true(r.updated == day(2026, 1, 2) + 11045000LL);
}

static void
headings(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(&a,
		   STR("\n    Domain name:\n        example.co.uk\n\n    Registrant:\n        Example Clinic Ltd\n\n"
		       "    Registrant's address:\n        1 High Street\n\n    Registrar:\n"
		       "        Registrar Ltd [Tag = EXAMPLE]\n        URL: https://registrar.example\n\n"
		       "    Relevant dates:\n        Registered on: 14-Feb-1999\n        Expiry date:  14-Feb-2033\n\n"
		       "    Name servers:\n        ns1.example.co.uk   192.0.2.1\n        ns2.example.co.uk\n"),
		   &r);
	EQUAL(r.name, "example.co.uk");
	EQUAL(r.party[REGISTRATION_REGISTRANT].organisation, "Example Clinic Ltd");
	EQUAL(r.registrar, "Registrar Ltd");
	EQUAL(r.registrar_url, "https://registrar.example");
	assert_true(r.created == day(1999, 2, 14));
	assert_true(r.expires == day(2033, 2, 14));
	assert_int_equal(r.servers.count, 2);
}

static void
answers_without_data(void **state)
{
	static const struct {
		const char *text;
		enum registration_answer answer;
	} rows[] = {
		{ "No match for \"NOBODY.EXAMPLE\".\r\n", REGISTRATION_NOT_FOUND },
		{ "Domain: nobody.example\nStatus: AVAILABLE\n", REGISTRATION_NOT_FOUND },
		{ "[ JPRS database provides information ]\nNo match!!\n", REGISTRATION_NOT_FOUND },
		{ "WHOIS LIMIT EXCEEDED - no match for the impatient\n", REGISTRATION_RATE_LIMITED },
		{ "Your connection limit exceeded. Please slow down and try again later.\n",
		  REGISTRATION_RATE_LIMITED },
		{ "Service temporarily unavailable.\n", REGISTRATION_UNAVAILABLE },
		{ "Reserved by Registry\n", REGISTRATION_RESERVED },
		{ "Invalid input\n", REGISTRATION_INVALID },
		{ "", REGISTRATION_UNCLEAR },
		{ "Welcome.\nHave a nice day.\n", REGISTRATION_UNCLEAR },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA_AUTO a = { 0 };
		struct registration r;
		whois_read(&a, str_of(rows[i].text), &r);
		assert_int_equal(r.answer, rows[i].answer);
	}
}

static void
hidden_owners(void **state)
{
	static const char *const owners[] = { "REDACTED FOR PRIVACY", "Domains By Proxy, LLC", "Private Registration",
					      "Whois Privacy Protection Service", "情報公開代行サービス" };
	(void)state;
	for (size_t i = 0; i < COUNT(owners); i++) {
		ARENA_AUTO a = { 0 };
		struct registration r;
		struct str text = arena_printf(
			&a, "Domain Name: example.com\nRegistrar: X Inc\nRegistrant Organization: %s\n", owners[i]);
		whois_read(&a, text, &r);
		assert_true(r.hidden);
		assert_int_equal(r.party[REGISTRATION_REGISTRANT].organisation.len, 0);
	}
	assert_false(registration_is_hidden(STR("Proxy Medical Systems")));
	assert_false(registration_is_hidden(STR("個人情報保護委員会")));
}

static void
referrals(void **state)
{
	ARENA_AUTO a = { 0 };
	struct registration r;
	(void)state;
	whois_read(&a, STR("refer:        whois.jprs.jp\n\ndomain:       JP\n"), &r);
	EQUAL(r.referral, "whois.jprs.jp");
	whois_read(&a,
		   STR("NetRange: 192.0.0.0 - 192.0.255.255\nNetName: OUTER\n\nOrgName: Outer Inc\n\n"
		       "NetRange: 192.0.2.0 - 192.0.2.255\nNetName: INNER\nReferralServer: "
		       "rwhois://rwhois.example.net:4321\n\n"
		       "OrgName: Inner Hospital\nOrgId: INNER\n"),
		   &r);
	EQUAL(r.range, "192.0.2.0 - 192.0.2.255");
	EQUAL(r.name, "INNER");
	EQUAL(r.party[REGISTRATION_REGISTRANT].organisation, "Inner Hospital");
	EQUAL(r.referral, "rwhois.example.net");
}

/* Hostile text stays text: one line, no controls, capped; lists end. */
static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct registration r;
	(void)state;
	buf_add(&b, STR("Domain Name: example.com\nRegistrant Organization: <script>\033[2Jx\xe2\x80\xae</script> "));
	for (size_t i = 0; i < 5000; i++)
		buf_add_char(&b, 'A');
	for (size_t i = 0; i < 5000; i++)
		buf_addf(&b, "\nName Server: ns%zu.example.com", i);
	buf_add(&b, STR("\nName Server: ../../etc/passwd\nName Server: a b\nReferral URL: javascript:x\n"));
	whois_read(&a, buf_str(&b), &r);
	struct str owner = r.party[REGISTRATION_REGISTRANT].organisation;
	assert_true(str_starts(owner, STR("<script>")));
	assert_true(owner.len <= REGISTRATION_TEXT_MAX);
	assert_true(str_find_char(owner, '\033') < 0);
	assert_false(str_contains(owner, STR("\xe2\x80\xae")));
	assert_int_equal(r.servers.count, REGISTRATION_LIST_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jprs_in_utf8),      cmocka_unit_test(jprs_in_jis),
		cmocka_unit_test(jpnic_network),     cmocka_unit_test(generic_domain),
		cmocka_unit_test(objects_by_handle), cmocka_unit_test(headings),
		cmocka_unit_test(hidden_owners),     cmocka_unit_test(answers_without_data),
		cmocka_unit_test(referrals),         cmocka_unit_test(hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
