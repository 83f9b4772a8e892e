/* Keys and signatures: ECDSA P-256 with SHA-256, the one algorithm every platform of ours verifies.
 * Signatures are DER (RFC 3279, section 2.2.3); public keys travel as SubjectPublicKeyInfo PEM. */
#ifndef MAMORI_TRUST_KEY_H
#define MAMORI_TRUST_KEY_H

#include "base/buf.h"

struct key;

bool key_generate(struct key **out, struct err *e) MUST_CHECK;
/* Private key as PKCS#8 PEM. */
bool key_from_pem(struct str pem, struct key **out, struct err *e) MUST_CHECK;
bool key_to_pem(const struct key *k, struct buf *out, struct err *e) MUST_CHECK;
/* Only the public half; such a key verifies and cannot sign. */
bool key_public_from_pem(struct str pem, struct key **out, struct err *e) MUST_CHECK;
bool key_public_to_pem(const struct key *k, struct buf *out, struct err *e) MUST_CHECK;
/* Loads the file, or generates and writes it with mode 0600. */
bool key_load_or_create(const char *path, struct key **out, struct err *e) MUST_CHECK;
bool key_sign(const struct key *k, struct str message, struct buf *signature, struct err *e) MUST_CHECK;
/* ERR_REFUSED when the signature is not this key's over this message. */
bool key_verify(const struct key *k, struct str message, struct str signature, struct err *e) MUST_CHECK;
/* Lower-case hexadecimal SHA-256 of the SubjectPublicKeyInfo. */
bool key_id(const struct key *k, struct buf *out, struct err *e) MUST_CHECK;
void key_free(struct key *k);
void key_cleanup(struct key **k);
#define KEY_AUTO __attribute__((cleanup(key_cleanup))) struct key *

/* A signed document: the exact bytes of a JSON text and a signature over "mamori\n" TYPE "\n" bytes.
 * As JSON: {"document": "<text>", "signature": "<base64>"}. TYPE ("order", "result", …) keeps one
 * kind from being passed off as another. */
struct json;
struct json_writer;
bool signed_write(struct json_writer *w, const struct key *k, const char *type, struct str document,
		  struct err *e) MUST_CHECK;
/* The document inside, verified; it lives as long as the tree. */
bool signed_open(const struct json *value, const struct key *k, const char *type, struct str *document,
		 struct err *e) MUST_CHECK;

#define SHA256_LEN 32
#define SHA256_HEX_LEN 65
void sha256(struct str bytes, unsigned char out[SHA256_LEN]);
void sha256_hex(struct str bytes, char out[SHA256_HEX_LEN]);
/* In pieces. */
struct sha256_stream;
struct sha256_stream *sha256_open(void);
void sha256_update(struct sha256_stream *s, struct str bytes);
void sha256_close(struct sha256_stream *s, char out[SHA256_HEX_LEN]);
/* Or whole ones, many after each other: what sha256() prepares for each is prepared once. */
void sha256_each(struct sha256_stream *s, struct str bytes, unsigned char out[SHA256_LEN]);
void sha256_free(struct sha256_stream *s);

/* From the system's generator; a failure aborts. */
void random_bytes(void *into, size_t len);
/* n random bytes (1 to 256) as base64url. It never begins with "-": typed behind a command it would be an option. */
void random_token(struct buf *out, size_t n);
/* In constant time. */
bool secret_eq(struct str a, struct str b);

#endif
