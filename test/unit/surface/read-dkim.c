/* DKIM keys (RFC 6376). */
#include "base/codec.h"
#include "surface/read-internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "facts.h"

/* "v=DKIM1; k=rsa; p=…" with a new key; plain: as PKCS #1 has it. */
static void
rsa_record(unsigned bits, bool plain, struct buf *out)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	unsigned char *der = NULL;
	int len = plain ? i2d_PublicKey(key, &der) : i2d_PUBKEY(key, &der);
	assert_true(len > 0);
	buf_addf(out, "v=DKIM1; %sp=", plain ? "" : "k=rsa; t=y; ");
	base64_encode(out, der, (size_t)len);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
keys(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO small = { 0 };
	BUF_AUTO plain = { 0 };
	struct facts f = { .arena = &a };
	(void)state;
	rsa_record(1024, false, &small);
	rsa_record(512, true, &plain);
	assert_true(read_dkim(&f, STR("s1._domainkey.example.jp"), buf_str(&small)));
	SAYS(&f, FACT_DKIM, "example.jp", "", "s1 rsa 1024");
	assert_true(read_dkim(&f, STR("old.2._domainkey.mail.example.jp"), buf_str(&plain)));
	SAYS(&f, FACT_DKIM, "mail.example.jp", "", "old.2 rsa 512");
	/* Folded, as some write it. */
	buf_truncate(&small, small.len - 4);
	BUF_AUTO folded = { 0 };
	rsa_record(1024, false, &folded);
	ptrdiff_t at = str_find(buf_str(&folded), STR("p=")) + 30;
	struct str head = str_head(buf_str(&folded), (size_t)at), tail = str_skip(buf_str(&folded), (size_t)at);
	struct str whole = arena_printf(&a, "%.*s %.*s", STR_ARG(head), STR_ARG(tail));
	assert_true(read_dkim(&f, STR("s2._domainkey.example.jp"), whole));
	SAYS(&f, FACT_DKIM, "example.jp", "", "s2 rsa 1024");
}

static const struct {
	const char *name, *record, *text;
} others[] = {
	{ "e._domainkey.example.jp",
	  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "e ed25519" },
	{ "e._domainkey.example.jp", "v=DKIM1; k=ed25519; p=11qYAYKx", "e broken" },
	{ "r._domainkey.example.jp", "v=DKIM1; p=", "r revoked" },
	{ "r._domainkey.example.jp", "p=;", "r revoked" },
	{ "x._domainkey.example.jp", "v=DKIM1; k=rsa; p=AAAA", "x broken" },
	{ "x._domainkey.example.jp", "v=DKIM1; k=rsa; p=!!!", "x broken" },
	{ "x._domainkey.example.jp", "v=DKIM1; k=lattice; p=AAAA", "x unknown kind" },
	{ "x._domainkey.example.jp", "v=DKIM2; p=AAAA", NULL },
	{ "x._domainkey.example.jp", "v=DKIM1; k=rsa", NULL },
	{ "_domainkey.example.jp", "o=~; p=x", NULL },
	{ "example.jp", "v=DKIM1; p=", NULL },
	{ "x._domainkey.example.jp", "", NULL },
};

static void
records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		ARENA_AUTO a = { 0 };
		struct facts f = { .arena = &a };
		assert_int_equal(read_dkim(&f, str_of(others[i].name), str_of(others[i].record)),
				 others[i].text != NULL);
		assert_int_equal(f.count, others[i].text ? 1 : 0);
		if (others[i].text)
			SAYS(&f, FACT_DKIM, "example.jp", "", others[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keys), cmocka_unit_test(records) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
