/* Verifying signatures of update metadata with OpenSSL 3 (trust/tuf-document.h). */
#include "trust/key-openssl.h"
#include "trust/tuf-document.h"

#include "base/codec.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static EVP_PKEY *
pem_key(struct str pem)
{
	OPENSSL_AUTO(BIO, bio);
	bio = pem_open(pem, NULL);
	return bio ? PEM_read_bio_PUBKEY(bio, NULL, pem_no_password, NULL) : NULL;
}

static EVP_PKEY *
ed25519_key(const struct tuf_key *k)
{
	BUF_AUTO raw = { 0 };
	if (!str_eq(k->scheme, STR("ed25519")) || k->public.len != 64 || !hex_decode(&raw, k->public))
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)raw.ptr, raw.len);
}

static EVP_PKEY *
rsa_key(const struct tuf_key *k)
{
	EVP_PKEY *pkey = str_eq(k->scheme, STR("rsassa-pss-sha256")) ? pem_key(k->public) : NULL;
	if (pkey && (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pkey) < RSA_BITS_MIN ||
		     EVP_PKEY_get_bits(pkey) > RSA_BITS_MAX)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *
ecdsa_key(const struct tuf_key *k)
{
	EVP_PKEY *pkey = str_eq(k->scheme, STR("ecdsa-sha2-nistp256")) ? pem_key(k->public) : NULL;
	if (pkey && !pkey_is_p256(pkey)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

/* One row for each type of key that specification and implementations name. */
static const struct {
	const char *type;
	EVP_PKEY *(*load)(const struct tuf_key *k);
	bool has_digest, pss;
} key_types[] = {
	{ "ecdsa", ecdsa_key, true, false },
	{ "ecdsa-sha2-nistp256", ecdsa_key, true, false },
	{ "ed25519", ed25519_key, false, false },
	{ "rsa", rsa_key, true, true },
};

static bool
identify(const EVP_PKEY *pkey, unsigned char identity[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);
	if (len <= 0)
		return false;
	sha256(str_sub((const char *)der, (size_t)len), identity);
	OPENSSL_free(der);
	return true;
}

bool
tuf_verify(const struct tuf_key *k, struct str message, struct str signature, unsigned char identity[32])
{
	size_t row = 0;
	while (row < COUNT(key_types) && !str_eq(k->type, str_of(key_types[row].type)))
		row++;
	if (row == COUNT(key_types))
		return false;
	OPENSSL_AUTO(EVP_PKEY, pkey);
	OPENSSL_AUTO(EVP_MD_CTX, ctx);
	EVP_PKEY_CTX *how = NULL; /* belongs to ctx */
	pkey = key_types[row].load(k);
	ctx = EVP_MD_CTX_new();
	bool ok = pkey && ctx && identify(pkey, identity) &&
		  EVP_DigestVerifyInit(ctx, &how, key_types[row].has_digest ? EVP_sha256() : NULL, NULL, pkey) == 1 &&
		  (!key_types[row].pss || (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) > 0 &&
					   EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_AUTO) > 0)) &&
		  EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
				   (const unsigned char *)message.ptr, message.len) == 1;
	ERR_clear_error();
	return ok;
}

struct tuf_digest {
	EVP_MD_CTX *ctx;
};

struct tuf_digest *
tuf_digest_open(bool sha512)
{
	struct tuf_digest *d = xcalloc(1, sizeof(*d));
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex(d->ctx, sha512 ? EVP_sha512() : EVP_sha256(), NULL) != 1)
		abort();
	return d;
}

void
tuf_digest_add(struct tuf_digest *d, struct str bytes)
{
	if (EVP_DigestUpdate(d->ctx, bytes.ptr, bytes.len) != 1)
		abort();
}

void
tuf_digest_close(struct tuf_digest *d, char out[129])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (EVP_DigestFinal_ex(d->ctx, digest, &len) != 1)
		abort();
	for (unsigned i = 0; i < len; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * len] = '\0';
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
tuf_digest_hex(bool sha512, struct str bytes, char out[129])
{
	struct tuf_digest *d = tuf_digest_open(sha512);
	tuf_digest_add(d, bytes);
	tuf_digest_close(d, out);
}
