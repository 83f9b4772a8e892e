/* Shodan's answers as facts. */
#include "surface/read.h"

#include "base/json.h"
#include "base/time.h"
#include "trust/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"
#include "facts.h"
#include "make_cert.h"

static const char host[] =
	"{\"ip\":3221225985,\"ip_str\":\"192.0.2.1\",\"hostnames\":[\"vpn.example.jp\"],\"domains\":[\"example.jp\"],"
	"\"country_code\":\"JP\",\"org\":\"Sakura Hospital\",\"isp\":\"Example ISP\",\"asn\":\"AS64500\",\"os\":null,"
	"\"last_update\":\"2026-11-01T02:03:04.567890\",\"ports\":[443,3389],\"tags\":[\"vpn\"],\"vulns\":[\"CVE-2023-"
	"27997\"],"
	"\"data\":[{\"port\":443,\"transport\":\"tcp\",\"product\":\"Fortinet\\tFortiGate\",\"version\":7.2,"
	"\"timestamp\":"
	"\"2026-11-01T00:00:00.000001\",\"data\":\"HTTP/1.1 200 OK\\r\\nServer: xxxxxxxx-xxxxx\\r\\n\",\"hash\":-1,"
	"\"_shodan\":{\"module\":\"https\",\"id\":\"x\"},\"http\":{\"title\":\"ログイン\\n画面\"},\"cpe23\":["
	"\"cpe:2.3:o:fortinet:fortios:7.2.0\"],\"vulns\":{\"CVE-2023-27997\":{\"verified\":true,\"cvss\":9.8}},\"ssl\":"
	"{"
	"\"cert\":{\"serial\":340282366920938463463374607431768211455,\"issued\":\"20260101000000Z\",\"expires\":"
	"\"20270101000000Z\",\"expired\":false,\"issuer\":{\"C\":\"US\",\"O\":\"Example\",\"CN\":\"Example "
	"CA\"},\"subject\":{"
	"\"CN\":\"*.example.jp\",\"O\":\"医療法人さくら会\"}}}},"
	"{\"port\":3389,\"transport\":\"tcp\",\"timestamp\":\"x\",\"data\":\"\",\"ssl\":{\"cert\":{\"fingerprint\":{"
	"\"sha256\":"
	"\"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\"}}}}]}";

static void
a_host(void **state)
{
	static const char cert[] = "ffffffffffffffffffffffffffffffff@C=US, O=Example, CN=Example CA",
			  at[] = "192.0.2.1 443/tcp";
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_shodan(&f, STR("address 192.0.2.1"), str_of(host));
	SAYS(&f, FACT_SERVICE, at, "192.0.2.1", "https");
	assert_true(fact_of(&f, FACT_SERVICE, at, NULL, NULL)->seen == time_days(2026, 11, 1) * 86400000LL);
	SAYS(&f, FACT_SERVICE_PRODUCT, at, "", "Fortinet FortiGate\t7.2");
	SAYS(&f, FACT_SERVICE_CPE, at, "", "cpe:2.3:o:fortinet:fortios:7.2.0");
	SAYS(&f, FACT_SERVICE_TITLE, at, "", "ログイン 画面");
	SAYS(&f, FACT_SERVICE_BANNER, at, "", "HTTP/1.1 200 OK");
	SAYS(&f, FACT_SERVICE_VULNERABILITY, at, "", "CVE-2023-27997");
	SAYS(&f, FACT_SERVICE_CERTIFICATE, at, cert, "");
	SAYS(&f, FACT_CERTIFICATE_NAME, cert, "example.jp", NULL);
	SAYS(&f, FACT_CERTIFICATE_ORGANISATION, cert, "医療法人さくら会", "");
	assert_true(fact_of(&f, FACT_CERTIFICATE_UNTIL, cert, "", "")->number == time_days(2027, 1, 1) * 86400000LL);
	SAYS(&f, FACT_SERVICE, "192.0.2.1 3389/tcp", "192.0.2.1", "");
	SAYS(&f, FACT_SERVICE_CERTIFICATE, "192.0.2.1 3389/tcp",
	     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "");
	SAYS(&f, FACT_IN_AS, "192.0.2.1", "AS64500", "");
	SAYS(&f, FACT_COUNTRY, "192.0.2.1", "", "JP");
	SAYS(&f, FACT_NAME_SEEN, "vpn.example.jp", "192.0.2.1", "");
	SAYS(&f, FACT_TAG, "192.0.2.1", "", "vpn");
	assert_int_equal(f.bad, 0);
	assert_true(facts_are_sound(&f));
	f = (struct facts){ .arena = &a };
	read_shodan(&f, STR("address 192.0.2.2"), str_of(host));
	assert_true(f.count == 0 && f.bad == 1);
}

/* Where the certificate itself is told, what it says counts. */
static void
a_chain(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO body = { 0 };
	struct facts f = { .arena = &a };
	struct json_writer w = { .out = &body };
	char hex[SHA256_HEX_LEN], *pem = NULL;
	const struct recipe r = { .names = "DNS:pacs.example.jp", .common = "x", .issuer = "CA" };
	X509 *x = make_cert(&r);
	BIO *bio = BIO_new(BIO_s_mem());
	(void)state;
	PEM_write_bio_X509(bio, x);
	long len = BIO_get_mem_data(bio, &pem);
	json_begin_object(&w);
	json_key(&w, "matches");
	json_begin_array(&w);
	json_begin_object(&w);
	json_put_cstr(&w, "ip_str", "192.0.2.9");
	json_put_i64(&w, "port", 8443);
	json_key(&w, "ssl");
	json_begin_object(&w);
	json_key(&w, "chain");
	json_begin_array(&w);
	json_str(&w, str_sub(pem, (size_t)len));
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	unsigned char *bytes = NULL;
	int n = i2d_X509(x, &bytes);
	sha256_hex(str_sub((const char *)bytes, (size_t)n), hex);
	OPENSSL_free(bytes);
	X509_free(x);
	BIO_free(bio);
	read_shodan(&f, STR("search example"), buf_str(&body));
	SAYS(&f, FACT_SERVICE_CERTIFICATE, "192.0.2.9 8443/tcp", hex, "");
	SAYS(&f, FACT_CERTIFICATE_NAME, hex, "pacs.example.jp", "");
}

static void
a_domain(void **state)
{
	ARENA_AUTO a = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	read_shodan(
		&f, STR("domain example.jp"),
		STR("{\"domain\":\"example.jp\",\"tags\":[\"ipv6\"],\"data\":[{\"subdomain\":\"\",\"type\":\"MX\","
		    "\"value\":"
		    "\"mx.example.net\",\"last_seen\":\"2026-01-19T22:49:41.467000+00:00\"},{\"subdomain\":\"www\","
		    "\"type\":\"A\","
		    "\"value\":\"192.0.2.1\",\"last_seen\":\"2026-01-19T22:49:41.467000+00:00\"},{\"subdomain\":"
		    "\"v6\",\"type\":"
		    "\"AAAA\",\"value\":\"nonsense\"},{\"subdomain\":\"lab\",\"type\":\"NS\",\"value\":\"ns1.gone."
		    "net\","
		    "\"last_seen\":\"2026-01-19T22:49:41.467000+00:00\"},{\"subdomain\":\"\",\"type\":\"NS\",\"value\":"
		    "\"ns9.gone.net\"},7],\"subdomains\":[\"www\",\"*.dev\",\"a.b\",7],\"more\":"
		    "false}"));
	SAYS(&f, FACT_NAME_SEEN, "www.example.jp", "192.0.2.1", "");
	SAYS(&f, FACT_NAME_SEEN, "dev.example.jp", "", "");
	SAYS(&f, FACT_NAME_SEEN, "a.b.example.jp", "", "");
	/* Whom a part of it was given to is told; of the domain itself DNS says so. */
	SAYS(&f, FACT_NAME_SERVER, "lab.example.jp", "ns1.gone.net", "");
	assert_int_equal(count_of(&f, FACT_NAME_SERVER), 1);
	SAYS_NOT(&f, FACT_MAIL); /* what was seen some day is no answer of DNS */
	f = (struct facts){ .arena = &a };
	read_shodan(&f, STR("domain example.com"),
		    STR("{\"domain\":\"example.jp\",\"data\":[],\"subdomains\":[\"www\"]}"));
	assert_true(f.count == 0 && f.bad == 1);
}

static void
hostile(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"error\":\"No information available for that IP.\"}",
		"{\"matches\":7}",
		"{\"matches\":[7,null,{},{\"ip_str\":\"x\",\"port\":1},{\"ip_str\":\"192.0.2.1\",\"port\":"
		"99999999999999999999}]}",
		"{\"domain\":\"..\",\"data\":[]}",
		"{\"ip_str\":\"192.0.2.1\",\"data\":[[[]]],\"vulns\":{},\"tags\":7,\"hostnames\":{}}",
		"{\"ip_str\":\"192.0.2.1\",\"data\":[{\"port\":1,\"ssl\":{\"chain\":[\"-----BEGIN "
		"CERTIFICATE-----\\nAAAA\"],"
		"\"cert\":{\"serial\":-5,\"issuer\":7,\"subject\":[]}},\"http\":7,\"cpe23\":{\"a\":1},\"vulns\":[[]]}]"
		"}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		read_shodan(&f, STR("address 192.0.2.1"), str_of(bad[i]));
		assert_true(facts_are_sound(&f));
		SAYS_NOT(&f, FACT_SERVICE_CERTIFICATE);
	}
	ARENA_AUTO a = { 0 };
	BUF_AUTO wide = { 0 };
	struct facts f = { .arena = &a };
	buf_add(&wide, STR("{\"matches\":["));
	for (int i = 0; i < 21000; i++)
		buf_addf(&wide, "%s{\"ip_str\":\"192.0.%d.%d\",\"port\":1}", i ? "," : "", i / 256 % 256, i % 256);
	buf_add(&wide, STR("]}"));
	read_shodan(&f, STR("search x"), buf_str(&wide));
	assert_int_equal(count_of(&f, FACT_SERVICE), 20000);
	assert_int_equal(f.cut, 1000);
}

/* The "body" of an example of the interface's description. */
static bool
example(const char *name, struct arena *a, struct buf *body)
{
	BUF_AUTO file = { 0 };
	BUF_AUTO path = { 0 };
	struct json *tree = NULL;
	buf_addf(&path, "shodan-openapi/examples/%s", name);
	if (!known_read(buf_cstr(&path), &file) || !json_parse(a, buf_str(&file), NULL, &tree, NULL))
		return false;
	struct json_writer w = { .out = body };
	json_tree(&w, json_get(json_get(tree, "response"), "body"));
	return true;
}

static void
real_answers(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO one = { 0 };
	BUF_AUTO two = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	if (!example("shodan-rest-host-lookup-example.json", &a, &one) ||
	    !example("shodan-rest-search-example.json", &a, &two)) {
		print_message("# SKIP real_answers: ../shared/data/shodan-openapi is not here\n");
		skip();
	}
	read_shodan(&f, STR("address 1.1.1.1"), buf_str(&one));
	SAYS(&f, FACT_SERVICE_TITLE, "1.1.1.1 443/tcp", "", "Cloudflare DNS");
	SAYS(&f, FACT_SERVICE_CPE, "1.1.1.1 443/tcp", "", "cpe:2.3:a:cloudflare:nginx:*");
	SAYS(&f, FACT_IN_AS, "1.1.1.1", "AS13335", "");
	f = (struct facts){ .arena = &a };
	read_shodan(&f, STR("search nginx"), buf_str(&two));
	SAYS(&f, FACT_SERVICE_PRODUCT, "203.0.113.42 443/tcp", "", "nginx\t1.25.3");
	SAYS(&f, FACT_NAME_SEEN, "www.example.com", "203.0.113.42", "");
	SAYS(&f, FACT_COUNTRY, "203.0.113.42", "", "US");
	assert_int_equal(f.bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_host), cmocka_unit_test(a_chain),
					    cmocka_unit_test(a_domain), cmocka_unit_test(hostile),
					    cmocka_unit_test(real_answers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
