/* Answers of DNS as facts. */
#include "surface/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns_reply.h"
#include "facts.h"

struct bench {
	struct arena a;
	struct facts f;
	struct reply r;
};

static void
bench_read(struct bench *b, const char *what)
{
	arena_free(&b->a);
	b->f = (struct facts){ .arena = &b->a };
	read_dns(&b->f, str_of(what), buf_str(&b->r.bytes));
	assert_true(facts_are_sound(&b->f));
}

static void
bench_end(struct bench *b)
{
	arena_free(&b->a);
	buf_free(&b->r.bytes);
}

static void
addresses(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "WWW.example.JP", DNS_A, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "www.EXAMPLE.jp", DNS_A, STR("\xc0\0\2\1"));
	reply_raw(&b.r, DNS_ANSWER, "www.example.jp", DNS_A, STR("\xc0\0\2\2"));
	/* What belongs to no question is not believed. */
	reply_raw(&b.r, DNS_ANSWER, "other.example.jp", DNS_A, STR("\xc0\0\2\3"));
	reply_raw(&b.r, DNS_ADDITIONAL, "www.example.jp", DNS_A, STR("\xc0\0\2\4"));
	bench_read(&b, "A www.example.jp");
	assert_int_equal(b.f.count, 2);
	SAYS(&b.f, FACT_ADDRESS, "www.example.jp", "192.0.2.1", "");
	const struct fact *x = fact_of(&b.f, FACT_ADDRESS, "www.example.jp", "192.0.2.2", "");
	assert_non_null(x);
	assert_true(str_eq(x->evidence, STR("www.example.jp. 300 IN A 192.0.2.2")));
	reply_begin(&b.r, "www.example.jp", DNS_AAAA, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "www.example.jp", DNS_AAAA, STR(" \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1"));
	bench_read(&b, "AAAA www.example.jp");
	SAYS(&b.f, FACT_ADDRESS, "www.example.jp", "2001:db8::1", "");
	bench_end(&b);
}

/* In whatever order the links come. */
static void
chains(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "www.example.jp", DNS_A, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "edge.cdn.example", DNS_A, STR("\xc0\0\2\1"));
	reply_to(&b.r, DNS_ANSWER, "www.cdn.example", DNS_CNAME, 0, 0, "edge.cdn.example");
	reply_to(&b.r, DNS_ANSWER, "stray.example.jp", DNS_CNAME, 0, 0, "elsewhere.example");
	reply_to(&b.r, DNS_ANSWER, "www.example.jp", DNS_CNAME, 0, 0, "www.cdn.example");
	bench_read(&b, "A www.example.jp");
	assert_int_equal(b.f.count, 3);
	SAYS(&b.f, FACT_ALIAS, "www.example.jp", "www.cdn.example", "");
	SAYS(&b.f, FACT_ALIAS, "www.cdn.example", "edge.cdn.example", "");
	SAYS(&b.f, FACT_ADDRESS, "edge.cdn.example", "192.0.2.1", "");
	bench_end(&b);
}

static void
loops(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "a.example.jp", DNS_A, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "a.example.jp", DNS_CNAME, 0, 0, "b.example.jp");
	reply_to(&b.r, DNS_ANSWER, "b.example.jp", DNS_CNAME, 0, 0, "a.example.jp");
	bench_read(&b, "A a.example.jp");
	assert_int_equal(count_of(&b.f, FACT_ALIAS), 2);
	SAYS(&b.f, FACT_UNKNOWN, "a.example.jp", "", "CNAME loop");
	SAYS_NOT(&b.f, FACT_EMPTY);
	reply_begin(&b.r, "self.example.jp", DNS_A, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "self.example.jp", DNS_CNAME, 0, 0, "self.example.jp");
	bench_read(&b, "A self.example.jp");
	SAYS(&b.f, FACT_UNKNOWN, "self.example.jp", "", "CNAME loop");
	bench_end(&b);
}

/* Where a chain ends that is longer than any in earnest is not known. */
static void
long_chains(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "n0.example.jp", DNS_A, DNS_NXDOMAIN);
	for (int i = 0; i < 40; i++) {
		BUF_AUTO from = { 0 };
		BUF_AUTO to = { 0 };
		buf_addf(&from, "n%d.example.jp", i);
		buf_addf(&to, "n%d.example.jp", i + 1);
		reply_to(&b.r, DNS_ANSWER, buf_cstr(&from), DNS_CNAME, 0, 0, buf_cstr(&to));
	}
	bench_read(&b, "A n0.example.jp");
	assert_int_equal(count_of(&b.f, FACT_ALIAS), 32);
	SAYS(&b.f, FACT_UNKNOWN, "n0.example.jp", "", "broken answer");
	SAYS_NOT(&b.f, FACT_ABSENT);
	SAYS_NOT(&b.f, FACT_DANGLING);
	bench_end(&b);
}

/* RFC 2308: NXDOMAIN is about the end of the chain. */
static void
dangling(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "old.example.jp", DNS_A, DNS_NXDOMAIN);
	reply_to(&b.r, DNS_ANSWER, "old.example.jp", DNS_CNAME, 0, 0, "old-shop.cloud.example");
	reply_soa(&b.r, DNS_AUTHORITY, "cloud.example", "hostmaster.cloud.example");
	bench_read(&b, "A old.example.jp");
	SAYS(&b.f, FACT_ALIAS, "old.example.jp", "old-shop.cloud.example", "");
	SAYS(&b.f, FACT_DANGLING, "old.example.jp", "old-shop.cloud.example", "CNAME");
	SAYS(&b.f, FACT_ABSENT, "old-shop.cloud.example", "", "");
	assert_null(fact_of(&b.f, FACT_ABSENT, "old.example.jp", NULL, NULL));
	bench_end(&b);
}

static void
negative(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "no.example.jp", DNS_A, DNS_NXDOMAIN);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "A no.example.jp");
	assert_int_equal(b.f.count, 1);
	SAYS(&b.f, FACT_ABSENT, "no.example.jp", "", "");
	reply_begin(&b.r, "mail.example.jp", DNS_AAAA, DNS_NOERROR);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "AAAA mail.example.jp");
	SAYS(&b.f, FACT_EMPTY, "mail.example.jp", "", "AAAA");
	/* That there is no MX says nothing of addresses. */
	reply_begin(&b.r, "mail.example.jp", DNS_MX, DNS_NOERROR);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "MX mail.example.jp");
	assert_int_equal(b.f.count, 0);
	/* A referral is no answer at all. */
	reply_begin(&b.r, "mail.example.jp", DNS_A, DNS_NOERROR);
	reply_to(&b.r, DNS_AUTHORITY, "example.jp", DNS_NS, 0, 0, "ns.example.jp");
	bench_read(&b, "A mail.example.jp");
	SAYS(&b.f, FACT_UNKNOWN, "mail.example.jp", "", "referral");
	SAYS_NOT(&b.f, FACT_EMPTY);
	reply_begin(&b.r, "mail.example.jp", DNS_A, DNS_SERVFAIL);
	bench_read(&b, "A mail.example.jp");
	SAYS(&b.f, FACT_UNKNOWN, "mail.example.jp", "", "SERVFAIL");
	SAYS_NOT(&b.f, FACT_ABSENT);
	bench_end(&b);
}

static void
servers_and_mail(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "example.jp", DNS_MX, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "example.jp", DNS_MX, 10, 2, "mx.provider.example");
	bench_read(&b, "MX example.jp");
	const struct fact *x = fact_of(&b.f, FACT_MAIL, "example.jp", "mx.provider.example", "");
	assert_non_null(x);
	assert_int_equal(x->number, 10);
	reply_begin(&b.r, "example.jp", DNS_MX, DNS_NOERROR); /* RFC 7505: no mail here */
	reply_to(&b.r, DNS_ANSWER, "example.jp", DNS_MX, 0, 2, ".");
	bench_read(&b, "MX example.jp");
	assert_int_equal(b.f.count + b.f.bad, 0);
	reply_begin(&b.r, "example.jp", DNS_NS, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "example.jp", DNS_NS, 0, 0, "ns1.provider.example");
	bench_read(&b, "NS example.jp");
	SAYS(&b.f, FACT_NAME_SERVER, "example.jp", "ns1.provider.example", "");
	reply_begin(&b.r, "example.jp", DNS_SOA, DNS_NOERROR);
	reply_soa(&b.r, DNS_ANSWER, "example.jp", "first\\.last.provider.example");
	bench_read(&b, "SOA example.jp");
	SAYS(&b.f, FACT_ZONE, "example.jp", "", "provider.example");
	reply_begin(&b.r, "www.example.jp", DNS_SOA, DNS_NOERROR);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "SOA www.example.jp");
	SAYS_NOT(&b.f, FACT_ZONE);
	bench_end(&b);
}

static void
services(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "_sip._tls.example.jp", DNS_SRV, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "_sip._tls.example.jp", DNS_SRV, 443, 6, "sipdir.online.example");
	reply_to(&b.r, DNS_ANSWER, "_sip._tls.example.jp", DNS_SRV, 0, 6, ".");
	bench_read(&b, "SRV _sip._tls.example.jp");
	assert_int_equal(b.f.count, 1);
	SAYS(&b.f, FACT_SERVICE_AT, "example.jp", "sipdir.online.example", "_sip._tls 443");
	reply_begin(&b.r, "example.jp", DNS_CAA, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "example.jp", DNS_CAA, STR("\0\5issueca.example; account=7"));
	reply_raw(&b.r, DNS_ANSWER, "example.jp", DNS_CAA, STR("\0\11issuewild;"));
	reply_raw(&b.r, DNS_ANSWER, "example.jp", DNS_CAA, STR("\0\5iodefmailto:x@example.jp"));
	bench_read(&b, "CAA example.jp");
	assert_int_equal(b.f.count, 2);
	SAYS(&b.f, FACT_CA_ALLOWED, "example.jp", "", "ca.example");
	SAYS(&b.f, FACT_CA_ALLOWED, "example.jp", "", "none");
	bench_end(&b);
}

static void
reverse(void **state)
{
	static const char v6[] = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, "1.2.0.192.in-addr.arpa", DNS_CNAME, 0, 0, "1.0/25.2.0.192.in-addr.arpa");
	reply_to(&b.r, DNS_ANSWER, "1.0/25.2.0.192.in-addr.arpa", DNS_PTR, 0, 0, "host1.example.jp");
	bench_read(&b, "PTR 1.2.0.192.in-addr.arpa");
	assert_int_equal(b.f.count, 1);
	SAYS(&b.f, FACT_REVERSE, "192.0.2.1", "host1.example.jp", "");
	reply_begin(&b.r, v6, DNS_PTR, DNS_NOERROR);
	reply_to(&b.r, DNS_ANSWER, v6, DNS_PTR, 0, 0, "host6.example.jp");
	BUF_AUTO what = { 0 };
	buf_addf(&what, "PTR %s", v6);
	bench_read(&b, buf_cstr(&what));
	SAYS(&b.f, FACT_REVERSE, "2001:db8::1", "host6.example.jp", "");
	reply_begin(&b.r, "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_NXDOMAIN);
	bench_read(&b, "PTR 1.2.0.192.in-addr.arpa");
	assert_int_equal(b.f.count, 0);
	bench_end(&b);
}

static void
texts(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "example.jp", DNS_TXT, DNS_NOERROR);
	/* Cut in the middle of words, as long records are. */
	reply_txt(&b.r, "example.jp", "v=spf1 include:_spf.provider.example -all", 7);
	reply_txt(&b.r, "example.jp", "google-site-verification=abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE", 255);
	reply_txt(&b.r, "example.jp", "MS=ms12345678", 255);
	reply_txt(&b.r, "example.jp", "just a remark", 255);
	bench_read(&b, "TXT example.jp");
	SAYS(&b.f, FACT_SPF, "example.jp", "_spf.provider.example", "include:_spf.provider.example");
	SAYS(&b.f, FACT_SPF_POLICY, "example.jp", "", "-all");
	assert_int_equal(count_of(&b.f, FACT_TOKEN), 2);
	SAYS(&b.f, FACT_TOKEN, "example.jp", "", "MS=ms12345678");
	reply_begin(&b.r, "_dmarc.example.jp", DNS_TXT, DNS_NOERROR);
	reply_txt(&b.r, "_dmarc.example.jp", "v=DMARC1; p=quarantine; rua=mailto:a@reports.example!10m", 255);
	bench_read(&b, "TXT _dmarc.example.jp");
	SAYS(&b.f, FACT_DMARC_POLICY, "example.jp", "", "quarantine");
	SAYS(&b.f, FACT_DMARC_REPORT, "example.jp", "reports.example", NULL);
	SAYS_NOT(&b.f, FACT_SPF_POLICY);
	bench_end(&b);
}

/* Nothing known of a policy is not the same as none. */
static void
missing_texts(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "example.jp", DNS_TXT, DNS_NOERROR);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "TXT example.jp");
	SAYS(&b.f, FACT_SPF_POLICY, "example.jp", "", "none");
	SAYS_NOT(&b.f, FACT_EMPTY);
	reply_begin(&b.r, "_dmarc.example.jp", DNS_TXT, DNS_NXDOMAIN);
	reply_soa(&b.r, DNS_AUTHORITY, "example.jp", "hostmaster.example.jp");
	bench_read(&b, "TXT _dmarc.example.jp");
	assert_int_equal(b.f.count, 1);
	SAYS(&b.f, FACT_DMARC_POLICY, "example.jp", "", "missing");
	reply_begin(&b.r, "_dmarc.example.jp", DNS_TXT, DNS_SERVFAIL);
	bench_read(&b, "TXT _dmarc.example.jp");
	SAYS_NOT(&b.f, FACT_DMARC_POLICY);
	/* Half an answer: what it has counts, what it lacks does not. */
	reply_begin(&b.r, "example.jp", DNS_TXT, DNS_NOERROR);
	reply_txt(&b.r, "example.jp", "MS=ms12345678", 255);
	b.r.bytes.ptr[7] = 2;
	bench_read(&b, "TXT example.jp");
	SAYS(&b.f, FACT_TOKEN, "example.jp", "", "MS=ms12345678");
	SAYS_NOT(&b.f, FACT_SPF_POLICY);
	assert_true(b.f.bad > 0);
	bench_end(&b);
}

static void
refused(void **state)
{
	struct bench b = { 0 };
	(void)state;
	/* Another question's answer. */
	reply_begin(&b.r, "www.example.jp", DNS_A, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "www.example.jp", DNS_A, STR("\xc0\0\2\1"));
	bench_read(&b, "A mail.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	bench_read(&b, "AAAA www.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	bench_read(&b, "www.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	bench_read(&b, "A *.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	/* A question is no answer. */
	b.r.bytes.ptr[2] = 1;
	bench_read(&b, "A www.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	buf_truncate(&b.r.bytes, 5);
	bench_read(&b, "A www.example.jp");
	assert_true(b.f.count == 0 && b.f.bad == 1);
	/* An address of three octets. */
	reply_begin(&b.r, "www.example.jp", DNS_A, DNS_NOERROR);
	reply_raw(&b.r, DNS_ANSWER, "www.example.jp", DNS_A, STR("\xc0\0\2"));
	bench_read(&b, "A www.example.jp");
	SAYS_NOT(&b.f, FACT_ADDRESS);
	SAYS_NOT(&b.f, FACT_EMPTY);
	assert_int_equal(b.f.bad, 1);
	bench_end(&b);
}

/* Controls and bytes that are no UTF-8 in names and texts, and very many records. */
static void
hostile(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "example.jp", DNS_TXT, DNS_NOERROR);
	reply_txt(&b.r, "example.jp", "v=spf1 include:\x1b[2J\xff.example a:\x01 -all", 255);
	reply_txt(&b.r, "example.jp", "google-site-verification=\xff\xfe\xfd\xfc\xfb\xfa\xf9", 255);
	reply_txt(&b.r, "example.jp", "asv=\x1b]0;x\x07\x01\x02\x03", 255);
	bench_read(&b, "TXT example.jp");
	SAYS(&b.f, FACT_SPF_POLICY, "example.jp", "", "-all");
	assert_int_equal(count_of(&b.f, FACT_TOKEN), 1);
	reply_begin(&b.r, "example.jp", DNS_NS, DNS_NOERROR);
	for (int i = 0; i < 300; i++)
		reply_to(&b.r, DNS_ANSWER, "example.jp", DNS_NS, 0, 0,
			 i % 2 ? "ns.\\000\\255.example" : "ns1.example.net");
	bench_read(&b, "NS example.jp");
	assert_int_equal(count_of(&b.f, FACT_NAME_SERVER), 150);
	assert_int_equal(b.f.bad, 150);
	reply_begin(&b.r, "example.jp", DNS_TXT, DNS_NOERROR);
	for (int i = 0; i < 1500; i++)
		reply_txt(&b.r, "example.jp", "v=spf1 -all", 255);
	bench_read(&b, "TXT example.jp");
	SAYS(&b.f, FACT_SPF_POLICY, "example.jp", "", "two records");
	assert_true(b.f.cut > 0);
	bench_end(&b);
}

/* Every prefix of a good answer, and every byte of it changed: nothing is read past it. */
static void
damaged(void **state)
{
	struct bench b = { 0 };
	(void)state;
	reply_begin(&b.r, "www.example.jp", DNS_A, DNS_NXDOMAIN);
	reply_to(&b.r, DNS_ANSWER, "www.example.jp", DNS_CNAME, 0, 0, "x.cdn.example");
	reply_soa(&b.r, DNS_AUTHORITY, "cdn.example", "hostmaster.cdn.example");
	size_t whole = b.r.bytes.len;
	for (size_t n = 0; n < whole; n++) {
		char *copy = xrealloc(NULL, n, 1);
		memcpy(copy, b.r.bytes.ptr, n);
		b.f = (struct facts){ .arena = &b.a };
		read_dns(&b.f, STR("A www.example.jp"), str_sub(copy, n));
		assert_int_equal(count_of(&b.f, FACT_ABSENT), 0);
		free(copy);
	}
	for (size_t n = 0; n < whole * 8; n++) {
		b.r.bytes.ptr[n / 8] = (char)(b.r.bytes.ptr[n / 8] ^ 1 << n % 8);
		bench_read(&b, "A www.example.jp");
		b.r.bytes.ptr[n / 8] = (char)(b.r.bytes.ptr[n / 8] ^ 1 << n % 8);
	}
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses), cmocka_unit_test(chains),      cmocka_unit_test(loops),
		cmocka_unit_test(dangling),  cmocka_unit_test(negative),    cmocka_unit_test(servers_and_mail),
		cmocka_unit_test(services),  cmocka_unit_test(reverse),     cmocka_unit_test(texts),
		cmocka_unit_test(refused),   cmocka_unit_test(hostile),     cmocka_unit_test(missing_texts),
		cmocka_unit_test(damaged),   cmocka_unit_test(long_chains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
