/* Seeds: what is read, what is refused by name, attributes and consent, import of tables. */
#include "surface/seed.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EQUAL(got, want) assert_true(str_eq((got), STR(want)))

static int64_t
now(void *user)
{
	(void)user;
	return time_days(2026, 11, 22) * 86400000LL;
}

static const struct clock today = { now, NULL };
static const struct seed_options usual = { .clock = &today };
static const struct seed_options large = { .clock = &today, .large = true };

static const struct {
	const char *told;
	enum thing is;
	const char *value;
} good[] = {
	{ "domain:example.co.jp", THING_DOMAIN, "example.co.jp" },
	{ " Domain: WWW.Example.CO.JP. ", THING_NAME, "www.example.co.jp" },
	{ "example.co.jp", THING_DOMAIN, "example.co.jp" },
	{ "d111.cloudfront.net", THING_DOMAIN, "d111.cloudfront.net" }, /* one customer's, below a public suffix */
	{ "日本語.jp", THING_DOMAIN, "xn--wgv71a119e.jp" },
	{ "ドメイン:ｅｘａｍｐｌｅ．ｊｐ", THING_DOMAIN, "example.jp" },
	{ "domain:lab.test", THING_DOMAIN, "lab.test" },
	{ "hospital.city.kobe.jp", THING_NAME, "hospital.city.kobe.jp" },
	{ "name:医療法人 例", THING_ORGANISATION, "医療法人 例" },
	{ "医療法人さくら会", THING_ORGANISATION, "医療法人さくら会" },
	{ "name:example.co.jp", THING_ORGANISATION, "example.co.jp" },
	{ "Node.js Widgets", THING_ORGANISATION, "Node.js Widgets" },
	{ "St.Luke", THING_ORGANISATION, "St.Luke" },
	{ "Asahikai", THING_ORGANISATION, "Asahikai" },
	{ "Project: Sakura", THING_ORGANISATION, "Project: Sakura" },
	{ "network:192.0.2.0/24", THING_NETWORK, "192.0.2.0/24" },
	{ "192.0.2.77/24", THING_NETWORK, "192.0.2.0/24" },
	{ "192.0.2.7", THING_NETWORK, "192.0.2.7/32" },
	{ "2001:db8::1", THING_NETWORK, "2001:db8::1/128" },
	{ "2001:db8::/32", THING_NETWORK, "2001:db8::/32" },
	{ "192.0.2.0 - 192.0.2.127", THING_NETWORK, "192.0.2.0/25" },
	{ "network:133.0.0.0/16", THING_NETWORK, "133.0.0.0/16" },
	{ "network:54.64.1.2", THING_NETWORK, "54.64.1.2/32" }, /* one machine in a cloud may be one's own */
	{ "as:AS64500", THING_AS, "AS64500" },
	{ "as:64500", THING_AS, "AS64500" },
	{ "AS2510", THING_AS, "AS2510" },
	{ "AS番号:2510", THING_AS, "AS2510" },
};

static void
read_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct seed s, again;
		if (!seed_read(&a, str_of(good[i].told), &usual, &s, &e))
			fail_msg("“%s”: %s", good[i].told, e.text);
		if (s.is != good[i].is || !str_eq(s.value, str_of(good[i].value)))
			fail_msg("“%s” became %s “%.*s”", good[i].told, thing_name(s.is), STR_ARG(s.value));
		assert_int_equal(s.owner, SEED_SELF);
		assert_true(seed_may_expand(&s, NULL));
		/* As it is written it is read again. */
		assert_true(seed_read(&a, seed_text(&a, &s), NULL, &again, &e));
		assert_true(again.is == s.is && str_eq(again.value, s.value));
	}
}

static const struct {
	const char *told;
	enum err_code code;
	const char *says;
} bad[] = {
	{ "domain:co.jp", ERR_REFUSED, "“co.jp” is a public suffix" },
	{ "co.jp", ERR_REFUSED, "public suffix" },
	{ "kobe.jp", ERR_REFUSED, "public suffix" },
	{ "domain:jp", ERR_REFUSED, "public suffix" },
	{ "github.io", ERR_REFUSED, "public suffix" },
	{ "domain:公司.cn", ERR_REFUSED, "public suffix" },
	{ "domain:192.0.2.1", ERR_USAGE, "no domain" },
	{ "domain:a b", ERR_USAGE, "no domain" },
	{ "domain:", ERR_USAGE, "no domain" },
	{ "domain:https://example.jp/", ERR_USAGE, "no domain" },
	{ "gmail.com", ERR_REFUSED, "Google" },
	{ "www.sakura.ne.jp", ERR_REFUSED, "Sakura Internet" },
	{ "cloudfront.net", ERR_REFUSED, "" },
	{ "Private Registration", ERR_REFUSED, "“Private Registration” is what stands where an owner is hidden" },
	{ "name:REDACTED FOR PRIVACY", ERR_REFUSED, "hidden" },
	{ "name:Domains By Proxy, LLC", ERR_REFUSED, "hidden" },
	{ "name:Whois情報公開代行サービス", ERR_REFUSED, "" },
	{ "name:株式会社", ERR_REFUSED, "names no organisation" },
	{ "name:総合病院", ERR_REFUSED, "names no organisation" },
	{ "name:Hospital", ERR_REFUSED, "names no organisation" },
	{ "東京", ERR_REFUSED, "names no organisation" },
	{ "name:Taro Yamada", ERR_REFUSED, "a person" },
	{ "name:", ERR_USAGE, "without a name" },
	{ "", ERR_USAGE, "without a name" },
	{ " \t", ERR_USAGE, "without a name" },
	{ "name:\xff\xfe例", ERR_USAGE, "UTF-8" },
	{ "network:10.0.0.0/24", ERR_REFUSED, "private addresses" },
	{ "172.20.1.1", ERR_REFUSED, "private addresses" },
	{ "192.168.0.0/16", ERR_REFUSED, "private addresses" },
	{ "192.160.0.0/11", ERR_REFUSED, "private addresses" }, /* contains them */
	{ "100.64.0.0/16", ERR_REFUSED, "carriers" },
	{ "127.0.0.1", ERR_REFUSED, "machine itself" },
	{ "169.254.1.0/24", ERR_REFUSED, "one link" },
	{ "224.0.0.1", ERR_REFUSED, "multicast" },
	{ "198.18.0.0/24", ERR_REFUSED, "special purposes" },
	{ "255.255.255.255", ERR_REFUSED, "special purposes" },
	{ "0.0.0.0/0", ERR_REFUSED, "" },
	{ "::1", ERR_REFUSED, "machine itself" },
	{ "::/0", ERR_REFUSED, "" },
	{ "fd00::/48", ERR_REFUSED, "private addresses" },
	{ "fe80::1", ERR_REFUSED, "one link" },
	{ "ff02::1", ERR_REFUSED, "multicast" },
	{ "2002:c000:204::/48", ERR_REFUSED, "special purposes" },
	{ "64:ff9b::/96", ERR_REFUSED, "special purposes" },
	{ "network:133.0.0.0/15", ERR_REFUSED, "wider than /16" },
	{ "2001:200::/31", ERR_REFUSED, "wider than /32" },
	{ "network:104.16.1.0/24", ERR_REFUSED, "Cloudflare" },
	{ "104.16.1.1", ERR_REFUSED, "Cloudflare" }, /* nobody has an address there alone */
	{ "network:54.64.1.0/24", ERR_REFUSED, "Amazon" },
	{ "2606:4700:10::/48", ERR_REFUSED, "Cloudflare" },
	{ "network:192.0.2.0/33", ERR_USAGE, "no network" },
	{ "network:example.jp", ERR_USAGE, "no network" },
	{ "network:192.0.2.0 - 192.0.2.191", ERR_USAGE, "no network" },
	{ "as:0", ERR_REFUSED, "AS0 is no AS" },
	{ "AS64512", ERR_REFUSED, "private" },
	{ "AS65535", ERR_REFUSED, "reserved" },
	{ "AS4200000000", ERR_REFUSED, "private" },
	{ "as:4294967295", ERR_REFUSED, "reserved" },
	{ "as:23456", ERR_REFUSED, "AS23456" },
	{ "AS13335", ERR_REFUSED, "Cloudflare" },
	{ "AS4713", ERR_REFUSED, "customers" },
	{ "as:AS", ERR_USAGE, "no AS number" },
	{ "as:4294967296", ERR_USAGE, "no AS number" },
	{ "domian:example.jp", ERR_USAGE, "did you mean “domain”" },
	{ "netwrok:192.0.2.0/24", ERR_USAGE, "did you mean “network”" },
};

static void
read_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct seed s;
		if (seed_read(&a, str_of(bad[i].told), &usual, &s, &e))
			fail_msg("“%s” was taken as %s “%.*s”", bad[i].told, thing_name(s.is), STR_ARG(s.value));
		if (e.code != bad[i].code || !str_contains(str_of(e.text), str_of(bad[i].says)))
			fail_msg("“%s”: (%s) %s", bad[i].told, err_code_name(e.code), e.text);
	}
}

static void
with_large(void **state)
{
	static const char *const taken[] = { "network:133.0.0.0/8", "2400::/12", "gmail.com", "AS13335",
					     "104.16.0.0/16" };
	static const char *const never[] = { "10.0.0.0/8", "co.jp", "as:0", "name:Private Registration", "0.0.0.0/0" };
	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		ARENA_AUTO a = { 0 };
		struct err e = { 0 };
		struct seed s;
		if (!seed_read(&a, str_of(taken[i]), &large, &s, &e))
			fail_msg("%s: %s", taken[i], e.text);
	}
	for (size_t i = 0; i < COUNT(never); i++) {
		ARENA_AUTO a = { 0 };
		struct seed s;
		assert_false(seed_read(&a, str_of(never[i]), &large, &s, NULL));
	}
}

static void
attributes(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct seed s;
	const char *why = NULL;
	(void)state;
	assert_true(seed_read(&a, STR("example.co.jp"), &usual, &s, &e));
	assert_true(seed_set(&a, &s, STR("owner"), STR("Contractor"), &usual, &e));
	assert_true(seed_set(&a, &s, STR("会社名"), STR(" 株式会社保守\nサービス "), &usual, &e));
	EQUAL(s.company, "株式会社保守 サービス");
	assert_true(seed_set(&a, &s, STR("Site"), STR("大阪分院"), &usual, &e));
	assert_true(seed_set(&a, &s, STR("国"), STR("日本"), &usual, &e));
	EQUAL(s.country, "JP");
	assert_true(seed_set(&a, &s, STR("country"), STR("sg"), &usual, &e));
	EQUAL(s.country, "SG");
	/* A contractor who has not agreed: kept, and nothing is looked for. Who and when are both needed. */
	assert_false(seed_may_expand(&s, &why));
	assert_true(str_contains(str_of(why), STR("who agreed")));
	assert_true(seed_set(&a, &s, STR("consent-by"), STR("保守サービス 情報部長"), &usual, &e));
	assert_false(seed_may_expand(&s, NULL));
	assert_true(seed_set(&a, &s, STR("同意日"), STR("2026/10/01"), &usual, &e));
	assert_true(s.consent_at == time_days(2026, 10, 1) * 86400000LL);
	assert_true(seed_may_expand(&s, NULL));
	/* Empty changes nothing. */
	assert_true(seed_set(&a, &s, STR("owner"), STR(" "), &usual, &e));
	assert_int_equal(s.owner, SEED_CONTRACTOR);
	s.owner = SEED_GROUP;
	s.consent_at = 0;
	assert_true(seed_may_expand(&s, NULL));
	static const char *const wrong[][3] = {
		{ "owner", "friend", "“friend” is no owner" },
		{ "country", "JPN", "two letters" },
		{ "country", "1a", "two letters" },
		{ "consent-at", "soon", "no date" },
		{ "consent-at", "2027-01-01", "in the future" },
		{ "consent-at", "1960-01-01", "no date" },
		{ "ownr", "self", "a seed has no “ownr”" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_false(seed_set(&a, &s, str_of(wrong[i][0]), str_of(wrong[i][1]), &usual, &e));
		assert_int_equal(e.code, ERR_USAGE);
		if (!str_contains(str_of(e.text), str_of(wrong[i][2])))
			fail_msg("%s=%s: %s", wrong[i][0], wrong[i][1], e.text);
	}
	enum seed_owner o = SEED_SELF;
	assert_true(seed_owner_parse(STR("委託先"), &o) && o == SEED_CONTRACTOR);
	assert_true(seed_owner_parse(str_of(seed_owner_name(SEED_GROUP)), &o) && o == SEED_GROUP);
	assert_false(seed_owner_parse(STR_NONE, &o));
}

static void
adding(void **state)
{
	ARENA_AUTO a = { 0 };
	struct seeds list = { .arena = &a };
	struct seed s;
	(void)state;
	assert_true(seed_read(&a, STR("example.jp"), &usual, &s, NULL));
	assert_true(seeds_add(&list, &s));
	/* The same again: what was empty is filled, and a contractor's is a contractor's. */
	s.site = STR("本院");
	s.owner = SEED_CONTRACTOR;
	assert_false(seeds_add(&list, &s));
	s.site = STR("分院");
	s.owner = SEED_SELF;
	assert_false(seeds_add(&list, &s));
	assert_int_equal(list.count, 1);
	EQUAL(list.items[0].site, "本院");
	assert_int_equal(list.items[0].owner, SEED_CONTRACTOR);
	assert_false(seed_may_expand(&list.items[0], NULL));
	/* A name of the same bytes is something else. */
	s.is = THING_ORGANISATION;
	assert_true(seeds_add(&list, &s));
	list.count = SEEDS_MAX;
	list.items = ARENA_ARRAY(&a, struct seed, SEEDS_MAX);
	assert_false(seeds_add(&list, &s));
	assert_int_equal(list.count, SEEDS_MAX);
}

static const char table[] = "\xef\xbb\xbfseed,owner,company,site,country,consent-by,consent-at,note\r\n"
			    "domain:example.co.jp,,,本院,JP,,,\r\n"
			    "医療法人さくら会,self,,,,,,\"two\r\nlines, one field\"\r\n"
			    "\r\n"
			    ",,,,,,,\r\n"
			    "co.jp,,,,,,,\r\n"
			    "192.0.2.0/24,group,株式会社例グループ,Singapore,sg,,,\r\n"
			    "domain:vendor.example,contractor,株式会社保守,,,,,\r\n"
			    "domain:vendor2.example,委託先,株式会社保守,,,部長,2026-10-01,\r\n"
			    "example.co.jp,,,,,,,again\r\n"
			    "AS64500,friend,,,,,,\r\n"
			    "name:Private Registration,,,,,,,\r\n";

static void
import(void **state)
{
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct seeds list = { .arena = &a };
	struct seed_import r;
	(void)state;
	if (!seeds_import(&list, str_of(table), &usual, &r, &e))
		fail_msg("%s", e.text);
	assert_int_equal(r.rows, 9);
	assert_int_equal(r.taken, 5);
	assert_int_equal(r.again, 1);
	assert_int_equal(r.bad, 3);
	assert_int_equal(r.waiting, 1);
	assert_int_equal(list.count, 5);
	EQUAL(list.items[0].site, "本院");
	EQUAL(list.items[0].note, "again");
	EQUAL(list.items[1].note, "two lines, one field");
	EQUAL(list.items[2].country, "SG");
	assert_int_equal(list.items[2].owner, SEED_GROUP);
	assert_false(seed_may_expand(&list.items[3], NULL));
	assert_true(seed_may_expand(&list.items[4], NULL));
	assert_int_equal(r.faults.count, 3);
	assert_int_equal(r.faults.items[0].row, 5);
	assert_true(str_contains(r.faults.items[0].why, STR("public suffix")));
	assert_int_equal(r.faults.items[1].row, 10);
	assert_true(str_contains(r.faults.items[1].why, STR("“friend”")));
	assert_int_equal(r.faults.items[2].row, 11);
	/* Once more: nothing new. */
	assert_true(seeds_import(&list, str_of(table), &usual, &r, &e));
	assert_int_equal(r.taken, 0);
	assert_int_equal(r.again, 6);
	assert_int_equal(list.count, 5);
}

static void
import_japanese(void **state)
{
	/* As a Japanese spreadsheet saves it: Shift_JIS, columns kind and value. */
	static const char sjis[] =
		"\x8e\xed\x95\xca,\x92\x6c,\x8f\x8a\x97\x4c\x8e\xd2\n" /* 種別,値,所有者 */
		"\x83\x68\x83\x81\x83\x43\x83\x93,example.jp,\x8e\xa9\x8e\xd0\n" /* ドメイン … 自社 */
		"AS\x94\xd4\x8d\x86,64500,\n" /* AS番号 */
		"\x83\x54\x83\x43\x83\x67,example.jp,\n"; /* サイト: no kind */
	static const char tabs[] = "起点\t拠点\nexample.jp\t本院\n192.0.2.1\t分院\n";
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };
	struct seeds list = { .arena = &a };
	struct seed_import r;
	(void)state;
	if (!seeds_import(&list, str_of(sjis), &usual, &r, &e))
		fail_msg("%s", e.text);
	assert_int_equal(r.taken, 2);
	assert_int_equal(r.bad, 1);
	assert_true(str_contains(r.faults.items[0].why, STR("サイト")));
	assert_int_equal(list.items[1].is, THING_AS);
	if (!seeds_import(&list, str_of(tabs), &usual, &r, &e))
		fail_msg("%s", e.text);
	assert_int_equal(r.taken, 1);
	assert_int_equal(r.again, 1);
	EQUAL(list.items[0].site, "本院");
	EQUAL(list.items[2].value, "192.0.2.1/32");
}

static void
import_refused(void **state)
{
	static const char *const files[][2] = {
		{ "", "header" },
		{ "owner,site\nself,x\n", "no column “seed”" },
		{ "seed,ownr\nexample.jp,contractor\n", "did you mean “owner”" },
		{ "seed,価格\nexample.jp,1\n", "“価格” is not known" },
		{ "seed,Seed\na.jp,b.jp\n", "there twice" },
		{ "seed\n\xff\xfe\xfd\x81\n", "" },
	};
	ARENA_AUTO a = { 0 };
	struct seeds list = { .arena = &a };
	struct seed_import r;
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct err e = { 0 };
		if (seeds_import(&list, str_of(files[i][0]), &usual, &r, &e))
			fail_msg("taken: %s", files[i][0]);
		assert_int_equal(e.code, ERR_INPUT);
		if (!str_contains(str_of(e.text), str_of(files[i][1])))
			fail_msg("%s: %s", files[i][0], e.text);
		assert_int_equal(list.count, 0);
	}
}

static void
import_hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct seeds list = { .arena = &a };
	struct seed_import r;
	(void)state;
	/* More faults than are told one by one; all are counted. */
	buf_add(&b, STR("seed\n"));
	for (size_t i = 0; i < 1000; i++)
		buf_add(&b, STR("<script>alert(1)</script>.co jp\x1b[2J:co.jp,x\nco.jp\n"));
	assert_true(seeds_import(&list, buf_str(&b), &usual, &r, &e));
	assert_int_equal(r.rows, 2000);
	assert_int_equal(r.faults.count, SEED_FAULTS_MAX);
	for (size_t i = 0; i < list.count; i++)
		assert_true(str_find_char(list.items[i].value, '\x1b') < 0);
	/* An open quotation mark at the end. */
	assert_true(seeds_import(&list, STR("seed\nexample.jp\n\"open\nmore\n"), &usual, &r, &e));
	assert_int_equal(r.bad, 1);
	assert_int_equal(r.taken, 1);
	/* More seeds than are kept. */
	struct seeds many = { .arena = &a };
	b.len = 0;
	buf_add(&b, STR("seed\n"));
	for (size_t i = 0; i < SEEDS_MAX + 5; i++)
		buf_addf(&b, "d%zu.jp\n", i);
	assert_true(seeds_import(&many, buf_str(&b), &usual, &r, &e));
	assert_int_equal(r.taken, SEEDS_MAX);
	assert_int_equal(r.bad, 5);
	assert_true(str_contains(r.faults.items[0].why, STR("more than 20000")));
	/* A file of more than 16 MiB. */
	b.len = 0;
	char *room = buf_reserve(&b, SEED_FILE_MAX + 1);
	memset(room, 'a', SEED_FILE_MAX + 1);
	b.len = SEED_FILE_MAX + 1;
	assert_false(seeds_import(&list, buf_str(&b), &usual, &r, &e));
	assert_int_equal(e.code, ERR_TOO_LARGE);
	b.len = 0;
	for (size_t i = 0; i < 500; i++)
		buf_add_char(&b, 'x');
	struct seed s;
	assert_false(seed_read(&a, buf_str(&b), &usual, &s, &e));
	assert_int_equal(e.code, ERR_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_good),       cmocka_unit_test(read_bad),       cmocka_unit_test(with_large),
		cmocka_unit_test(attributes),      cmocka_unit_test(adding),         cmocka_unit_test(import),
		cmocka_unit_test(import_japanese), cmocka_unit_test(import_refused), cmocka_unit_test(import_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
