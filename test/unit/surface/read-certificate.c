/* Certificates as facts. */
#include "surface/read.h"

#include "base/time.h"
#include "trust/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facts.h"
#include "make_cert.h"

static struct str
key_of(struct buf *der, char hex[SHA256_HEX_LEN])
{
	sha256_hex(buf_str(der), hex);
	return str_of(hex);
}

static void
a_web_server(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	struct facts f = { .arena = &a };
	char hex[SHA256_HEX_LEN];
	const struct recipe r = {
		.names = "DNS:www.Example.jp,DNS:*.example.jp,DNS:www.example.jp,DNS:localhost,IP:192.0.2.1,"
			 "email:x@example.org",
		.common = "unused.example.net",
		.organisation = "医療法人さくら会",
		.issuer = "Example Issuing CA"
	};
	(void)state;
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	key_of(&der, hex);
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 2);
	SAYS(&f, FACT_CERTIFICATE_NAME, hex, "www.example.jp", "");
	SAYS(&f, FACT_CERTIFICATE_NAME, hex, "example.jp", "wildcard");
	assert_int_equal(fact_of(&f, FACT_CERTIFICATE_NAME, NULL, NULL, NULL)->number, 4);
	SAYS(&f, FACT_CERTIFICATE_ORGANISATION, hex, "医療法人さくら会", "");
	SAYS(&f, FACT_CERTIFICATE_ISSUER, hex, "", "O=Example CA, CN=Example Issuing CA");
	int64_t from = time_days(2026, 1, 2) * 86400000LL + ((3 * 60 + 4) * 60 + 5) * 1000LL;
	assert_true(fact_of(&f, FACT_CERTIFICATE_FROM, hex, "", "")->number == from);
	assert_true(fact_of(&f, FACT_CERTIFICATE_UNTIL, hex, "", "")->number == from + 365 * 86400000LL);
	SAYS_NOT(&f, FACT_CERTIFICATE_WEAK);
	SAYS_NOT(&f, FACT_CERTIFICATE_SELF);
	assert_int_equal(f.bad, 0);
	assert_true(facts_are_sound(&f));
}

static void
weak_ones(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	struct facts f = { .arena = &a };
	const struct recipe r = { .common = "old.example.jp", .issuer = "CA", .rsa = 1024, .hash = EVP_sha1() };
	(void)state;
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	SAYS(&f, FACT_CERTIFICATE_WEAK, NULL, "", "rsa 1024");
	SAYS(&f, FACT_CERTIFICATE_WEAK, NULL, "", "sha1");
	/* Without alternative names the common name counts. */
	SAYS(&f, FACT_CERTIFICATE_NAME, NULL, "old.example.jp", "");
}

static void
signed_by_itself(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	struct facts f = { .arena = &a };
	const struct recipe r = { .common = "nas", .organisation = "Vendor", .hash = EVP_sha1(), .rsa = 2048 };
	(void)state;
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_SELF), 1);
	SAYS_NOT(&f, FACT_CERTIFICATE_NAME); /* "nas" is nobody's name */
	SAYS_NOT(&f, FACT_CERTIFICATE_WEAK); /* its own signature proves nothing anyway */
}

static void
precertificates(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	struct facts f = { .arena = &a };
	const struct recipe r = { .names = "DNS:a.example.jp", .common = "x", .issuer = "CA", .poison = true };
	(void)state;
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	SAYS(&f, FACT_CERTIFICATE_NAME, NULL, "a.example.jp", "");
	assert_int_equal(f.bad, 0);
}

static void
many_names(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	BUF_AUTO names = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	for (int i = 0; i < 120; i++)
		buf_addf(&names, "%sDNS:shop%d.example", i ? "," : "", i);
	const struct recipe r = { .names = buf_cstr(&names), .common = "x", .issuer = "CA" };
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 120);
	assert_int_equal(fact_of(&f, FACT_CERTIFICATE_NAME, NULL, "shop7.example", NULL)->number, 120);
}

static void
hostile(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO der = { 0 };
	struct facts f = { .arena = &a };
	const struct recipe r = { .names = "DNS:a\x1b[2Jb.example.jp,DNS:-.-,DNS:ok.example.jp,DNS:\xff.example",
				  .common = "x",
				  .organisation = "line\none\x1b[31m",
				  .issuer = "C\nA" };
	(void)state;
	make_der(&r, &der);
	read_certificate(&f, buf_str(&der));
	assert_int_equal(count_of(&f, FACT_CERTIFICATE_NAME), 1);
	assert_true(facts_are_sound(&f));
	/* Cut, followed by something, or nothing at all. */
	for (size_t n = 0; n < der.len; n++) {
		f = (struct facts){ .arena = &a };
		char *copy = xrealloc(NULL, n, 1);
		memcpy(copy, der.ptr, n);
		read_certificate(&f, str_sub(copy, n));
		free(copy);
		assert_true(f.count == 0 && f.bad == 1);
	}
	buf_add_char(&der, 'x');
	f = (struct facts){ .arena = &a };
	read_certificate(&f, buf_str(&der));
	assert_true(f.count == 0 && f.bad == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_web_server),     cmocka_unit_test(weak_ones),
					    cmocka_unit_test(signed_by_itself), cmocka_unit_test(precertificates),
					    cmocka_unit_test(many_names),       cmocka_unit_test(hostile) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
