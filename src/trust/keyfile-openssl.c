/* Sealing with a password: Argon2id (RFC 9106) by libargon2, AES-256-GCM (NIST SP 800-38D) by OpenSSL 3. */
#include "trust/keyfile-crypt.h"
#include "trust/keyfile.h"

#include <argon2.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

void
secret_wipe(struct buf *b)
{
	if (b->ptr)
		OPENSSL_cleanse(b->ptr, b->cap);
	buf_free(b);
}

static void
cipher_free(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}
#define CIPHER_AUTO __attribute__((cleanup(cipher_free))) EVP_CIPHER_CTX *

static bool
stretch(const struct seal *s, struct str password, unsigned char key[SEAL_KEY], struct err *e)
{
	int rc = argon2id_hash_raw(s->passes, s->memory_kib, s->lanes, password.ptr, password.len, s->salt, SEAL_SALT,
				   key, SEAL_KEY);
	if (rc == ARGON2_OK)
		return true;
	return err_set(e, rc == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_SYSTEM : ERR_INPUT,
		       "the key cannot be computed from the password with %u KiB of memory: %s", s->memory_kib,
		       argon2_error_message(rc));
}

/* One pass of the cipher; closing says which direction. The tag is read from or written to `tag`. */
static bool
cipher_run(const struct seal *s, const unsigned char key[SEAL_KEY], bool closing, struct str clear, struct str in,
	   unsigned char *out, unsigned char tag[SEAL_TAG])
{
	CIPHER_AUTO c = EVP_CIPHER_CTX_new();
	int n = 0, end = 0;
	return c && in.len <= INT_MAX && clear.len <= INT_MAX &&
	       EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, s->nonce, closing) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)clear.ptr, (int)clear.len) == 1 &&
	       EVP_CipherUpdate(c, out, &n, (const unsigned char *)in.ptr, (int)in.len) == 1 &&
	       (closing || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, tag) == 1) &&
	       EVP_CipherFinal_ex(c, out + n, &end) == 1 &&
	       (!closing || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, tag) == 1);
}

bool
seal_close(const struct seal *s, struct str password, struct str clear, struct str secret, struct buf *out,
	   struct err *e)
{
	unsigned char key[SEAL_KEY], tag[SEAL_TAG];
	if (!stretch(s, password, key, e))
		return false;
	unsigned char *into = (unsigned char *)buf_reserve(out, secret.len + SEAL_TAG);
	bool ok = cipher_run(s, key, true, clear, secret, into, tag);
	OPENSSL_cleanse(key, sizeof(key));
	if (!ok)
		return err_set(e, ERR_SYSTEM, "the private key cannot be encrypted");
	memcpy(into + secret.len, tag, SEAL_TAG);
	out->len += secret.len + SEAL_TAG;
	return true;
}

bool
seal_open(const struct seal *s, struct str password, struct str clear, struct str sealed, struct buf *out,
	  struct err *e)
{
	unsigned char key[SEAL_KEY], tag[SEAL_TAG];
	if (sealed.len < SEAL_TAG)
		return err_set(e, ERR_INPUT, "the encrypted part is too short");
	struct str body = str_head(sealed, sealed.len - SEAL_TAG);
	memcpy(tag, sealed.ptr + body.len, SEAL_TAG);
	if (!stretch(s, password, key, e))
		return false;
	unsigned char *into = (unsigned char *)buf_reserve(out, body.len + 1);
	bool ok = cipher_run(s, key, false, clear, body, into, tag);
	OPENSSL_cleanse(key, sizeof(key));
	if (!ok) {
		OPENSSL_cleanse(into, body.len);
		return err_set(e, ERR_REFUSED, "the password is wrong, or the file was changed");
	}
	out->len += body.len;
	return true;
}
