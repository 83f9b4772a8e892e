/* Keys and signatures with OpenSSL 3 (trust/key.h). */
#include "trust/key-openssl.h"

#include "base/arena.h"
#include "os/file.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

static bool
reason_is_useless(int reason)
{
	return reason == ERR_R_NESTED_ASN1_ERROR || reason == ERR_R_ASN1_LIB || reason == ERR_R_PEM_LIB;
}

const char *
openssl_reason(void)
{
	const char *text = NULL;
	unsigned long code;
	/* The first error in the queue lies deepest, nearest to the cause. */
	while ((code = ERR_get_error()) != 0) {
		const char *reason = ERR_reason_error_string(code);
		if (!text && reason && !reason_is_useless(ERR_GET_REASON(code)))
			text = reason;
	}
	return text ? text : "unknown reason";
}

BIO *
pem_open(struct str pem, struct err *e)
{
	if (pem.len > PEM_MAX) {
		err_set(e, ERR_TOO_LARGE, "PEM text of %zu bytes is longer than any key or certificate", pem.len);
		return NULL;
	}
	BIO *bio = BIO_new_mem_buf(pem.len ? pem.ptr : "", (int)pem.len);
	if (!bio)
		abort();
	ERR_clear_error();
	return bio;
}

int
pem_no_password(char *into, int size, int writing, void *user)
{
	(void)into, (void)size, (void)writing, (void)user;
	return -1;
}

void
pem_take(BIO *bio, struct buf *out)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);
	if (len > 0) {
		buf_add(out, str_sub(bytes, (size_t)len));
		OPENSSL_cleanse(bytes, (size_t)len);
	}
	BIO_free(bio);
}

bool
pkey_is_p256(const EVP_PKEY *pkey)
{
	char group[32] = "";
	int explicit_params = 0;
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC || EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return false;
	EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_params);
	return !explicit_params && str_eq(str_of(group), STR("prime256v1"));
}

struct key *
key_wrap(EVP_PKEY *pkey, bool is_private)
{
	struct key *k = xcalloc(1, sizeof(*k));
	k->pkey = pkey;
	k->is_private = is_private;
	return k;
}

bool
key_generate(struct key **out, struct err *e)
{
	ERR_clear_error();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	if (!pkey)
		return err_set(e, ERR_SYSTEM, "cannot generate a P-256 key: %s", openssl_reason());
	*out = key_wrap(pkey, true);
	return true;
}

bool
key_from_pem(struct str pem, struct key **out, struct err *e)
{
	OPENSSL_AUTO(BIO, bio);
	bio = pem_open(pem, e);
	if (!bio)
		return false;
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, pem_no_password, NULL);
	if (!pkey)
		return err_set(e, ERR_INPUT, "not an unencrypted private key in PEM form: %s", openssl_reason());
	if (!pkey_is_p256(pkey)) {
		EVP_PKEY_free(pkey);
		return err_set(e, ERR_INPUT, "the private key is not of the kind P-256, the only one used here");
	}
	*out = key_wrap(pkey, true);
	return true;
}

bool
key_to_pem(const struct key *k, struct buf *out, struct err *e)
{
	if (!k->is_private)
		return err_set(e, ERR_BUG, "a public key has no private half to write");
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(bio);
		return err_set(e, ERR_SYSTEM, "cannot write the private key as PEM: %s", openssl_reason());
	}
	pem_take(bio, out);
	return true;
}

bool
key_public_from_pem(struct str pem, struct key **out, struct err *e)
{
	OPENSSL_AUTO(BIO, bio);
	bio = pem_open(pem, e);
	if (!bio)
		return false;
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, pem_no_password, NULL);
	if (!pkey)
		return err_set(e, ERR_INPUT, "not a public key in PEM form: %s", openssl_reason());
	if (!pkey_is_p256(pkey)) {
		EVP_PKEY_free(pkey);
		return err_set(e, ERR_INPUT, "the public key is not of the kind P-256, the only one used here");
	}
	*out = key_wrap(pkey, false);
	return true;
}

bool
key_public_to_pem(const struct key *k, struct buf *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio || PEM_write_bio_PUBKEY(bio, k->pkey) != 1) {
		BIO_free(bio);
		return err_set(e, ERR_SYSTEM, "cannot write the public key as PEM: %s", openssl_reason());
	}
	pem_take(bio, out);
	return true;
}

/* A buf that held a secret. */
static void
secret_free(struct buf *b)
{
	if (b->ptr)
		OPENSSL_cleanse(b->ptr, b->cap);
	buf_free(b);
}

bool
key_load_or_create(const char *path, struct key **out, struct err *e)
{
	__attribute__((cleanup(secret_free))) struct buf pem = { 0 };
	struct err read_error = { 0 };
	if (file_read(path, PEM_MAX, &pem, &read_error)) {
		if (!key_from_pem(buf_str(&pem), out, e))
			return err_wrap(e, "key file %s", path);
		return true;
	}
	if (read_error.code != ERR_NOT_FOUND) {
		if (e)
			*e = read_error;
		return false;
	}
	KEY_AUTO k = NULL;
	if (!key_generate(&k, e) || !key_to_pem(k, &pem, e) || !file_write(path, buf_str(&pem), 0600, e))
		return err_wrap(e, "cannot create the key file %s", path);
	*out = k;
	k = NULL;
	return true;
}

bool
key_sign(const struct key *k, struct str message, struct buf *signature, struct err *e)
{
	if (!k->is_private)
		return err_set(e, ERR_BUG, "a public key cannot sign");
	ERR_clear_error();
	OPENSSL_AUTO(EVP_MD_CTX, ctx);
	unsigned char der[256];
	size_t len = sizeof(der);
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, der, &len, (const unsigned char *)message.ptr, message.len) != 1)
		return err_set(e, ERR_SYSTEM, "cannot sign: %s", openssl_reason());
	buf_add(signature, str_sub((const char *)der, len));
	return true;
}

bool
key_verify(const struct key *k, struct str message, struct str signature, struct err *e)
{
	OPENSSL_AUTO(EVP_MD_CTX, ctx);
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1)
		return err_set(e, ERR_SYSTEM, "cannot check a signature: %s", openssl_reason());
	int rc = EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
				  (const unsigned char *)message.ptr, message.len);
	ERR_clear_error();
	if (rc != 1)
		return err_set(e, ERR_REFUSED, "the signature is not by the expected key over this text");
	return true;
}

bool
key_id(const struct key *k, struct buf *out, struct err *e)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);
	if (len <= 0)
		return err_set(e, ERR_SYSTEM, "cannot encode the public key: %s", openssl_reason());
	char hex[SHA256_HEX_LEN];
	sha256_hex(str_sub((const char *)der, (size_t)len), hex);
	OPENSSL_free(der);
	buf_add(out, str_of(hex));
	return true;
}

void
key_free(struct key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

void
key_cleanup(struct key **k)
{
	key_free(*k);
}
