/* Inside the room: what a password protects. The build picks who does it. */
#ifndef MAMORI_TRUST_KEYFILE_CRYPT_H
#define MAMORI_TRUST_KEYFILE_CRYPT_H

#include "base/buf.h"

enum { SEAL_SALT = 16, SEAL_NONCE = 12, SEAL_TAG = 16, SEAL_KEY = 32 };

struct seal {
	unsigned memory_kib, passes, lanes;
	unsigned char salt[SEAL_SALT], nonce[SEAL_NONCE];
};

/* AES-256-GCM under the Argon2id of the password; `clear` is protected from change, too. Appends ciphertext and tag. */
bool seal_close(const struct seal *s, struct str password, struct str clear, struct str secret, struct buf *out,
		struct err *e) MUST_CHECK;
/* ERR_REFUSED: another password, or something was changed. */
bool seal_open(const struct seal *s, struct str password, struct str clear, struct str sealed, struct buf *out,
	       struct err *e) MUST_CHECK;

#endif
