/* SHA-256, random bytes and comparing secrets, with OpenSSL 3 (trust/key.h). */
#include "trust/key-openssl.h"

#include "base/arena.h"
#include "base/codec.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

struct sha256_stream {
	EVP_MD_CTX *ctx;
};

static void
hex_of(const unsigned char digest[SHA256_LEN], char out[SHA256_HEX_LEN])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < SHA256_LEN; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * SHA256_LEN] = '\0';
}

void
sha256(struct str bytes, unsigned char out[SHA256_LEN])
{
	if (EVP_Digest(bytes.ptr, bytes.len, out, NULL, EVP_sha256(), NULL) != 1)
		abort(); /* only a broken installation of OpenSSL gets here */
}

void
sha256_hex(struct str bytes, char out[SHA256_HEX_LEN])
{
	unsigned char digest[SHA256_LEN];
	sha256(bytes, digest);
	hex_of(digest, out);
}

struct sha256_stream *
sha256_open(void)
{
	struct sha256_stream *s = xcalloc(1, sizeof(*s));
	s->ctx = EVP_MD_CTX_new();
	if (!s->ctx || EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
		abort();
	return s;
}

void
sha256_update(struct sha256_stream *s, struct str bytes)
{
	if (EVP_DigestUpdate(s->ctx, bytes.ptr, bytes.len) != 1)
		abort();
}

void
sha256_close(struct sha256_stream *s, char out[SHA256_HEX_LEN])
{
	unsigned char digest[SHA256_LEN];
	if (EVP_DigestFinal_ex(s->ctx, digest, NULL) != 1)
		abort();
	hex_of(digest, out);
	sha256_free(s);
}

void
sha256_each(struct sha256_stream *s, struct str bytes, unsigned char out[SHA256_LEN])
{
	if (EVP_DigestInit_ex(s->ctx, NULL, NULL) != 1 || EVP_DigestUpdate(s->ctx, bytes.ptr, bytes.len) != 1 ||
	    EVP_DigestFinal_ex(s->ctx, out, NULL) != 1)
		abort();
}

void
sha256_free(struct sha256_stream *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void
random_bytes(void *into, size_t len)
{
	if (len > INT_MAX || RAND_priv_bytes(into, (int)len) != 1)
		abort(); /* going on with guessable secrets would be worse */
}

void
random_token(struct buf *out, size_t n)
{
	unsigned char bytes[256];
	if (n > sizeof(bytes))
		abort();
	do
		random_bytes(bytes, n);
	while (bytes[0] >> 2 == 62); /* would be "-" */
	base64url_encode(out, bytes, n);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

bool
secret_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
