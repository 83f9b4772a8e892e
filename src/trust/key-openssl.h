/* What the OpenSSL files of this room share. */
#ifndef MAMORI_TRUST_KEY_OPENSSL_H
#define MAMORI_TRUST_KEY_OPENSSL_H

#include "trust/key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* Nothing of ours in PEM is near this long; a stranger's longer text is not even looked at. */
#define PEM_MAX (64u << 10)

struct key {
	EVP_PKEY *pkey;
	bool is_private;
};

/* OpenSSL's last reason in its own words; empties its queue. Valid until the next call in this thread. */
const char *openssl_reason(void);
/* A read-only BIO over a PEM text, or NULL with e set when the text is too long. */
BIO *pem_open(struct str pem, struct err *e);
/* For PEM readers: never asks the terminal for a pass phrase. */
int pem_no_password(char *into, int size, int writing, void *user);
/* Appends what was written to the BIO, wipes and frees it. */
void pem_take(BIO *bio, struct buf *out);
/* P-256 by its name, not by parameters of the sender's own. */
bool pkey_is_p256(const EVP_PKEY *pkey);
/* Takes the EVP_PKEY over. */
struct key *key_wrap(EVP_PKEY *pkey, bool is_private);

#define OPENSSL_AUTO(type, var) __attribute__((cleanup(type##_auto_free))) type *var = NULL
#define OPENSSL_CLEANUP(type) \
	static inline void type##_auto_free(type **p) \
	{ \
		type##_free(*p); \
	}

OPENSSL_CLEANUP(BIO)
OPENSSL_CLEANUP(EVP_PKEY)
OPENSSL_CLEANUP(EVP_PKEY_CTX)
OPENSSL_CLEANUP(EVP_MD_CTX)
OPENSSL_CLEANUP(X509)
OPENSSL_CLEANUP(X509_REQ)
OPENSSL_CLEANUP(X509_NAME)
OPENSSL_CLEANUP(X509_STORE)
OPENSSL_CLEANUP(X509_STORE_CTX)

#endif
