/* One certificate (RFC 5280) as facts (surface/read.h), read by OpenSSL. It is not judged whether anybody vouches for it. */
#include "base/time.h"
#include "surface/domain.h"
#include "surface/read-internal.h"
#include "surface/read.h"
#include "trust/key.h"

#include <openssl/x509v3.h>

enum { DER_MAX = 1 << 20, NAMES_MAX = 10000, TEXT_MAX = 300, RSA_MIN = 2048, EC_MIN = 224 };

static void
cert_cleanup(X509 **c)
{
	X509_free(*c);
}

static void
names_cleanup(GENERAL_NAMES **n)
{
	GENERAL_NAMES_free(*n);
}

static void
bio_cleanup(BIO **b)
{
	BIO_free(*b);
}

struct certificate {
	struct facts *f;
	struct arena *a;
	X509 *x;
	struct str key; /* its SHA-256 */
};

/* "C=US, O=Let's Encrypt, CN=R3", as crt.sh writes it. */
static struct str
name_text(struct arena *a, const X509_NAME *name)
{
	__attribute__((cleanup(bio_cleanup))) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (!bio || X509_NAME_print_ex(bio, name, 0,
				       XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |
					       (ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_ESC_CTRL)) < 0)
		return STR_NONE;
	long len = BIO_get_mem_data(bio, &text);
	return len > 0 ? str_trim(arena_line(a, str_sub(text, (size_t)len), TEXT_MAX)) : STR_NONE;
}

static struct str
string_text(struct arena *a, const ASN1_STRING *s)
{
	unsigned char *utf8 = NULL;
	int len = s ? ASN1_STRING_to_UTF8(&utf8, s) : -1;
	if (len <= 0)
		return STR_NONE;
	struct str out = str_trim(arena_line(a, str_sub((const char *)utf8, (size_t)len), TEXT_MAX));
	OPENSSL_free(utf8);
	return out;
}

static void
tell_name(struct certificate *c, struct table *seen, struct str told, size_t names)
{
	struct str name = domain_canonical(c->a, told);
	/* A name of one label ("localhost", "nas") is nobody's. */
	if (name.len == 0 || str_find_char(name, '.') < 0 || !read_first_time(seen, c->a, name, STR_NONE))
		return;
	struct fact *fact = read_edge(c->f, FACT_CERTIFICATE_NAME, THING_CERTIFICATE, c->key, THING_NAME, name);
	if (!fact)
		return;
	fact->number = (int64_t)names;
	if (str_starts(told, STR("*.")))
		fact_text(c->f, STR("wildcard"));
	fact_evidence(c->f, told);
}

/* The common name counts where there is no alternative name, as it once did for everybody. */
static void
tell_names(struct certificate *c)
{
	TABLE_AUTO seen = { 0 };
	__attribute__((cleanup(names_cleanup))) GENERAL_NAMES *list =
		X509_get_ext_d2i(c->x, NID_subject_alt_name, NULL, NULL);
	int count = list ? sk_GENERAL_NAME_num(list) : 0;
	size_t dns = 0;
	for (int i = 0; i < count; i++)
		dns += sk_GENERAL_NAME_value(list, i)->type == GEN_DNS;
	for (int i = 0; i < count && i < NAMES_MAX; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
		if (name->type != GEN_DNS)
			continue;
		tell_name(c, &seen,
			  str_sub((const char *)ASN1_STRING_get0_data(name->d.dNSName),
				  (size_t)ASN1_STRING_length(name->d.dNSName)),
			  dns);
	}
	const X509_NAME *subject = X509_get_subject_name(c->x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (dns == 0 && at >= 0)
		tell_name(c, &seen, string_text(c->a, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), 1);
}

static void
tell_organisations(struct certificate *c)
{
	const X509_NAME *subject = X509_get_subject_name(c->x);
	for (int at = -1, n = 0; n < 8 && (at = X509_NAME_get_index_by_NID(subject, NID_organizationName, at)) >= 0;
	     n++) {
		struct str name = string_text(c->a, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
		if (name.len > 0 &&
		    read_edge(c->f, FACT_CERTIFICATE_ORGANISATION, THING_CERTIFICATE, c->key, THING_ORGANISATION, name))
			fact_evidence(c->f, name_text(c->a, subject));
	}
}

static void
tell_date(struct certificate *c, enum fact_kind k, const ASN1_TIME *at)
{
	struct tm tm = { 0 };
	if (!at || !ASN1_TIME_to_tm(at, &tm)) {
		c->f->bad++;
		return;
	}
	int64_t days = time_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
	struct fact *fact = fact_add(c->f, k, THING_CERTIFICATE, c->key);
	if (fact)
		fact->number = ((days * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60000 + tm.tm_sec * 1000;
}

static void
tell_weak_key(struct certificate *c)
{
	EVP_PKEY *key = X509_get0_pubkey(c->x);
	int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE, bits = key ? EVP_PKEY_get_bits(key) : 0;
	const char *word = kind == EVP_PKEY_RSA   ? "rsa"
			   : kind == EVP_PKEY_DSA ? "dsa"
			   : kind == EVP_PKEY_EC  ? "ec"
						  : NULL;
	bool weak = (kind == EVP_PKEY_RSA && bits < RSA_MIN) || kind == EVP_PKEY_DSA ||
		    (kind == EVP_PKEY_EC && bits < EC_MIN);
	if (word && weak)
		read_value(c->f, FACT_CERTIFICATE_WEAK, THING_CERTIFICATE, c->key,
			   arena_printf(c->a, "%s %d", word, bits));
}

static void
tell_weak_signature(struct certificate *c)
{
	static const struct {
		int hash;
		struct str word;
	} weak[] = {
		{ NID_md2, STR("md2") }, { NID_md4, STR("md4") }, { NID_md5, STR("md5") }, { NID_sha1, STR("sha1") }
	};
	int hash = NID_undef;
	if (!OBJ_find_sigid_algs(X509_get_signature_nid(c->x), &hash, NULL))
		return;
	for (size_t i = 0; i < COUNT(weak); i++)
		if (hash == weak[i].hash)
			read_value(c->f, FACT_CERTIFICATE_WEAK, THING_CERTIFICATE, c->key, weak[i].word);
}

static void
tell_whole(struct certificate *c)
{
	struct str issuer = name_text(c->a, X509_get_issuer_name(c->x));
	tell_names(c);
	tell_organisations(c);
	read_value(c->f, FACT_CERTIFICATE_ISSUER, THING_CERTIFICATE, c->key, issuer);
	tell_date(c, FACT_CERTIFICATE_FROM, X509_get0_notBefore(c->x));
	tell_date(c, FACT_CERTIFICATE_UNTIL, X509_get0_notAfter(c->x));
	tell_weak_key(c);
	/* Who signs himself proves nothing by it, whatever the hash. */
	if (X509_self_signed(c->x, 1) == 1)
		fact_add(c->f, FACT_CERTIFICATE_SELF, THING_CERTIFICATE, c->key);
	else
		tell_weak_signature(c);
}

void
read_certificate(struct facts *f, struct str der)
{
	ARENA_AUTO a = { 0 };
	char digest[SHA256_HEX_LEN];
	const unsigned char *p = (const unsigned char *)der.ptr;
	__attribute__((cleanup(cert_cleanup))) X509 *x =
		der.len > 0 && der.len <= DER_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;
	/* Bytes behind it would be another certificate's digest. */
	if (!x || p != (const unsigned char *)der.ptr + der.len) {
		f->bad++;
		return;
	}
	sha256_hex(der, digest);
	struct certificate c = { .f = f, .a = &a, .x = x, .key = arena_str(&a, str_of(digest)) };
	tell_whole(&c);
}
