/* Certificates made for a test. */
#ifndef MAMORI_TEST_SURFACE_MAKE_CERT_H
#define MAMORI_TEST_SURFACE_MAKE_CERT_H

#include "base/buf.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

struct recipe {
	const char *names; /* "DNS:www.example.jp,DNS:*.example.jp" */
	const char *common, *organisation;
	const char *issuer; /* common name; NULL: signed by itself */
	const EVP_MD *hash; /* NULL: SHA-256 */
	unsigned rsa; /* bits; 0: P-256 */
	bool poison;
};

static inline void
make_name(X509_NAME *name, const char *common, const char *organisation)
{
	if (organisation)
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)organisation, -1, -1, 0);
	if (common)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0);
}

static inline void
make_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* 2026-01-02T03:04:05Z to 2027-01-02T03:04:05Z, serial number 0x0abc. */
static inline X509 *
make_cert(const struct recipe *r)
{
	EVP_PKEY *key = r->rsa ? EVP_RSA_gen(r->rsa) : EVP_EC_gen("P-256"), *ca = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0x0abc);
	ASN1_TIME_set_string(X509_getm_notBefore(x), "20260102030405Z");
	ASN1_TIME_set_string(X509_getm_notAfter(x), "20270102030405Z");
	make_name(X509_get_subject_name(x), r->common, r->organisation);
	make_name(X509_get_issuer_name(x), r->issuer ? r->issuer : r->common,
		  r->issuer ? "Example CA" : r->organisation);
	X509_set_pubkey(x, key);
	if (r->names)
		make_extension(x, NID_subject_alt_name, r->names);
	if (r->poison)
		make_extension(x, NID_ct_precert_poison, "critical,NULL");
	X509_sign(x, r->issuer ? ca : key, r->hash ? r->hash : EVP_sha256());
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca);
	return x;
}

static inline void
make_der(const struct recipe *r, struct buf *out)
{
	unsigned char *der = NULL;
	X509 *x = make_cert(r);
	int len = i2d_X509(x, &der);
	if (len <= 0)
		abort();
	buf_add(out, str_sub((const char *)der, (size_t)len));
	OPENSSL_free(der);
	X509_free(x);
}

#endif
