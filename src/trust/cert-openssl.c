/* The certificate authority with OpenSSL 3 (trust/cert.h). */
#include "trust/cert.h"

#include "base/codec.h"
#include "base/time.h"
#include "trust/key-openssl.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_MS INT64_C(86400000)
#define CA_YEARS 20
#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 */
#define NAMES_MAX 64
#define SERIAL_BYTES 16

static void
names_cleanup(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static bool
cert_failed(struct err *e, const char *what)
{
	return err_set(e, ERR_SYSTEM, "cannot build a certificate (%s): %s", what, openssl_reason());
}

static bool
cert_to_pem(X509 *x, struct buf *pem, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_X509(bio, x) != 1) {
		BIO_free(bio);
		return cert_failed(e, "PEM");
	}
	pem_take(bio, pem);
	return true;
}

static bool
cert_from_pem(struct str pem, X509 **out, struct err *e)
{
	OPENSSL_AUTO(BIO, bio);
	bio = pem_open(pem, e);
	if (!bio)
		return false;
	X509 *x = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);
	if (!x)
		return err_set(e, ERR_INPUT, "not a certificate in PEM form: %s", openssl_reason());
	ERR_clear_error();
	*out = x;
	return true;
}

static bool
name_set_common(X509_NAME *name, struct str common)
{
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)common.ptr,
					  (int)common.len, -1, 0) == 1;
}

/* Version, random serial, dates, subject and key: all that comes before the extensions. */
static bool
cert_start(X509 *x, struct str common_name, int64_t not_before, int64_t not_after, EVP_PKEY *subject)
{
	unsigned char bytes[SERIAL_BYTES];
	random_bytes(bytes, sizeof(bytes));
	/* Positive, and always of the same length. */
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	BIGNUM *serial = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool ok = serial && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL;
	BN_free(serial);
	return ok && X509_set_version(x, X509_VERSION_3) == 1 &&
	       ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(not_before / 1000)) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(not_after / 1000)) != NULL &&
	       name_set_common(X509_get_subject_name(x), common_name) && X509_set_pubkey(x, subject) == 1;
}

struct extension {
	int nid;
	const char *value; /* OpenSSL's notation; constants only, never a stranger's text */
};

static bool
cert_extend(X509 *x, X509 *issuer, const struct extension *list, size_t count)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid, list[i].value);
		bool ok = ext && X509_add_ext(x, ext, -1) == 1;
		X509_EXTENSION_free(ext);
		if (!ok)
			return false;
	}
	return true;
}

static bool
cert_sign(X509 *x, const struct key *ca_key, struct buf *pem, struct err *e)
{
	if (X509_sign(x, ca_key->pkey, EVP_sha256()) <= 0)
		return cert_failed(e, "signature");
	return cert_to_pem(x, pem, e);
}

bool
ca_create(const struct key *k, const char *name, int64_t now, struct buf *pem, struct err *e)
{
	static const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_subject_key_identifier, "hash" },
	};
	ERR_clear_error();
	int year;
	unsigned month, day;
	time_civil(now / DAY_MS, &year, &month, &day);
	int64_t end = time_days(year + CA_YEARS, month, day > 28 ? 28 : day) * DAY_MS;
	OPENSSL_AUTO(X509, x);
	x = X509_new();
	/* Valid since yesterday: hosts whose clock is behind must be able to enrol. */
	if (!x || !cert_start(x, str_head(str_of(name), COMMON_NAME_MAX), now - DAY_MS, end, k->pkey) ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 || !cert_extend(x, x, extensions, COUNT(extensions)))
		return cert_failed(e, "authority");
	return cert_sign(x, k, pem, e);
}

/* An IP address becomes iPAddress, anything else dNSName (RFC 5280, section 4.2.1.6). */
static bool
names_add(GENERAL_NAMES *list, const char *text, struct err *e)
{
	unsigned char address[16];
	size_t len = inet_pton(AF_INET, text, address) == 1 ? 4 : inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
	struct str name = str_of(text);
	for (size_t i = 0; len == 0 && i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return err_set(e, ERR_INPUT, "\"%s\" cannot stand in a certificate: not a DNS name", text);
	if (name.len == 0 || name.len > 253)
		return err_set(e, ERR_INPUT, "a name of %zu characters cannot stand in a certificate", name.len);
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *value = len ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	if (!g || !value ||
	    ASN1_STRING_set(value, len ? (const void *)address : text, len ? (int)len : (int)name.len) != 1)
		abort();
	GENERAL_NAME_set0_value(g, len ? GEN_IPADD : GEN_DNS, value);
	if (sk_GENERAL_NAME_push(list, g) <= 0)
		abort();
	return true;
}

static bool
cert_add_names(X509 *x, const char *const *names, struct err *e)
{
	if (!names || !names[0])
		return true;
	__attribute__((cleanup(names_cleanup))) GENERAL_NAMES *list = GENERAL_NAMES_new();
	for (size_t i = 0; names[i]; i++) {
		if (i == NAMES_MAX)
			return err_set(e, ERR_TOO_LARGE, "more than %d names for one certificate", NAMES_MAX);
		if (!names_add(list, names[i], e))
			return false;
	}
	if (X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT) != 1)
		return cert_failed(e, "names");
	return true;
}

static bool
cert_request_check(const struct cert_request *r, struct err *e)
{
	if (r->common_name.len == 0 || !str_is_utf8(r->common_name))
		return err_set(e, ERR_INPUT, "a certificate needs a name in valid UTF-8");
	/* A server is found by its alternative names; a host is known by the whole of its id. */
	if (r->common_name.len > COMMON_NAME_MAX && !r->server)
		return err_set(e, ERR_INPUT, "the name \"%.*s\" is longer than the %d bytes of a certificate's name",
			       STR_ARG(r->common_name), COMMON_NAME_MAX);
	if (r->not_after <= r->not_before)
		return err_set(e, ERR_INPUT, "a certificate cannot end before it begins");
	return true;
}

bool
cert_issue(const struct key *ca_key, struct str ca_pem, const struct key *subject, const struct cert_request *r,
	   struct buf *pem, struct err *e)
{
	const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, r->relay    ? "serverAuth,clientAuth"
				     : r->server ? "serverAuth"
						 : "clientAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid:always" },
	};
	ERR_clear_error();
	OPENSSL_AUTO(X509, ca);
	OPENSSL_AUTO(X509, x);
	if (!cert_request_check(r, e) || !cert_from_pem(ca_pem, &ca, e))
		return false;
	if (X509_check_private_key(ca, ca_key->pkey) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_INPUT, "the authority's certificate does not belong to the authority's key");
	}
	struct str common_name = r->common_name;
	/* Cut between characters. */
	while (common_name.len > COMMON_NAME_MAX || !str_is_utf8(common_name))
		common_name.len--;
	x = X509_new();
	if (!x || !cert_start(x, common_name, r->not_before, r->not_after, subject->pkey) ||
	    X509_set_issuer_name(x, X509_get_subject_name(ca)) != 1 ||
	    !cert_extend(x, ca, extensions, COUNT(extensions)))
		return cert_failed(e, "fields");
	return cert_add_names(x, r->names, e) && cert_sign(x, ca_key, pem, e);
}

bool
csr_create(const struct key *k, const char *common_name, struct buf *pem, struct err *e)
{
	ERR_clear_error();
	OPENSSL_AUTO(X509_REQ, req);
	req = X509_REQ_new();
	if (!req || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    !name_set_common(X509_REQ_get_subject_name(req), str_head(str_of(common_name), COMMON_NAME_MAX)) ||
	    X509_REQ_set_pubkey(req, k->pkey) != 1 || X509_REQ_sign(req, k->pkey, EVP_sha256()) <= 0)
		return err_set(e, ERR_SYSTEM, "cannot build a certificate request: %s", openssl_reason());
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_X509_REQ(bio, req) != 1) {
		BIO_free(bio);
		return err_set(e, ERR_SYSTEM, "cannot build a certificate request: %s", openssl_reason());
	}
	pem_take(bio, pem);
	return true;
}

/* P-256, or the RSA of a Windows key store (design.md). */
static bool
csr_key_allowed(const EVP_PKEY *pkey)
{
	int bits = EVP_PKEY_get_bits(pkey);
	return pkey_is_p256(pkey) || (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && bits >= 3072 && bits <= 4096);
}

bool
csr_open(struct str pem, struct key **subject, struct err *e)
{
	OPENSSL_AUTO(BIO, bio);
	OPENSSL_AUTO(X509_REQ, req);
	OPENSSL_AUTO(EVP_PKEY, pkey);
	bio = pem_open(pem, e);
	if (!bio)
		return false;
	req = PEM_read_bio_X509_REQ(bio, NULL, pem_no_password, NULL);
	if (!req)
		return err_set(e, ERR_INPUT, "not a certificate request in PEM form: %s", openssl_reason());
	pkey = X509_REQ_get_pubkey(req);
	if (!pkey || !csr_key_allowed(pkey)) {
		ERR_clear_error();
		return err_set(e, ERR_INPUT, "the certificate request is not for a P-256 or RSA-3072 key");
	}
	if (X509_REQ_verify(req, pkey) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_REFUSED, "the certificate request is not signed by the key that it names");
	}
	*subject = key_wrap(pkey, false);
	pkey = NULL;
	return true;
}

static bool
time_of(const ASN1_TIME *t, int64_t *ms)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*ms = time_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday) * DAY_MS +
	      (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * INT64_C(1000);
	return true;
}

static bool
common_name_of(X509 *x, char *into, size_t size)
{
	X509_NAME *name = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0)
		return false;
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len < 0)
		return false;
	/* A NUL inside would show one name here and another elsewhere. */
	bool ok = len > 0 && (size_t)len < size && str_is_utf8(str_sub((char *)utf8, (size_t)len));
	if (ok) {
		memcpy(into, utf8, (size_t)len);
		into[len] = '\0';
	}
	OPENSSL_free(utf8);
	return ok;
}

static bool
serial_of(X509 *x, char *into, size_t size)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	int len = ASN1_STRING_length(serial);
	if (len <= 0 || (size_t)len * 2 >= size)
		return false;
	BUF_AUTO hex = { 0 };
	hex_encode(&hex, ASN1_STRING_get0_data(serial), (size_t)len);
	memcpy(into, hex.ptr, hex.len + 1);
	return true;
}

bool
cert_read(struct str pem, struct cert_info *out, struct err *e)
{
	OPENSSL_AUTO(X509, x);
	struct cert_info info = { 0 };
	if (!cert_from_pem(pem, &x, e))
		return false;
	if (!common_name_of(x, info.common_name, sizeof(info.common_name)) ||
	    !serial_of(x, info.serial, sizeof(info.serial)) || !time_of(X509_get0_notBefore(x), &info.not_before) ||
	    !time_of(X509_get0_notAfter(x), &info.not_after)) {
		ERR_clear_error();
		return err_set(e, ERR_INPUT, "the certificate lacks a readable name, serial number or dates");
	}
	*out = info;
	return true;
}

bool
cert_key_digest(struct str pem, char out[SHA256_HEX_LEN], struct err *e)
{
	OPENSSL_AUTO(X509, x);
	if (!cert_from_pem(pem, &x, e))
		return false;
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	if (len <= 0)
		return err_set(e, ERR_INPUT, "the certificate's key cannot be read: %s", openssl_reason());
	sha256_hex(str_sub((const char *)der, (size_t)len), out);
	OPENSSL_free(der);
	return true;
}

/* Why a chain was refused, in words that say what to do. */
static bool
cert_refused(X509 *x, int reason, struct err *e)
{
	char name[128] = "?", when[TIME_RFC3339_MAX] = "?";
	int64_t at = 0;
	(void)!common_name_of(x, name, sizeof(name));
	switch (reason) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		if (time_of(X509_get0_notAfter(x), &at))
			time_rfc3339(at, when);
		return err_set(e, ERR_REFUSED, "the certificate of %s expired at %s; enrol anew", name, when);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		if (time_of(X509_get0_notBefore(x), &at))
			time_rfc3339(at, when);
		return err_set(e, ERR_REFUSED, "the certificate of %s is valid only from %s on; check the clocks", name,
			       when);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return err_set(e, ERR_REFUSED, "the certificate of %s was not issued by this server's authority", name);
	default:
		return err_set(e, ERR_REFUSED, "the certificate of %s is refused: %s", name,
			       X509_verify_cert_error_string(reason));
	}
}

bool
cert_check(struct str pem, struct str ca_pem, int64_t now, struct err *e)
{
	OPENSSL_AUTO(X509, x);
	OPENSSL_AUTO(X509, ca);
	OPENSSL_AUTO(X509_STORE, store);
	OPENSSL_AUTO(X509_STORE_CTX, ctx);
	if (!cert_from_pem(pem, &x, e) || !cert_from_pem(ca_pem, &ca, e))
		return false;
	store = X509_STORE_new();
	ctx = X509_STORE_CTX_new();
	if (!store || !ctx || X509_STORE_add_cert(store, ca) != 1 || X509_STORE_CTX_init(ctx, store, x, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "cannot check a certificate: %s", openssl_reason());
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(now / 1000));
	int ok = X509_verify_cert(ctx);
	int reason = X509_STORE_CTX_get_error(ctx);
	ERR_clear_error();
	if (ok != 1)
		return cert_refused(x, reason, e);
	/* An authority is in the store and so verifies itself, but it is nobody's certificate. */
	if (X509_check_ca(x) != 0)
		return err_set(e, ERR_REFUSED, "this is the certificate of an authority, not of a host or server");
	return true;
}
