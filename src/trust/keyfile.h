/* Key files of people: an ECDSA P-256 key that signs update metadata away from any server, encrypted by a password
 * (Argon2id, RFC 9106; AES-256-GCM, which also protects the clear part from change). One JSON document:
 *
 * {"mamori-key": 1, "role": "root", "keyid": "…", "public": "PEM", "created": "…", "comment": "…",
 *  "kdf": {"name": "argon2id", "memory": KiB, "passes": n, "lanes": n, "salt": base64},
 *  "cipher": {"name": "aes-256-gcm", "nonce": base64}, "private": base64}
 *
 * The public half can be read without the password. A file without "kdf", "cipher" and "private" is a public key. */
#ifndef MAMORI_TRUST_KEYFILE_H
#define MAMORI_TRUST_KEYFILE_H

#include "base/json.h"
#include "trust/key.h"

enum { KEYFILE_MAX = 16 << 10, KEYFILE_PASSWORD_MIN = 8, KEYFILE_PASSWORD_MAX = 1024 };

struct keyfile {
	struct str role; /* what it is meant for: "root", "targets", "catalog", "custom" … */
	struct str keyid; /* as update metadata names it; checked against the key */
	struct str public_pem;
	struct str comment;
	int64_t created;
	bool is_private; /* holds the private half, too */
	const struct json *whole; /* for keyfile_open() */
};

/* Reads and checks the clear part. Everything lives in the arena. */
bool keyfile_read(struct arena *a, struct str text, struct keyfile *out, struct err *e) MUST_CHECK;
/* The private key. ERR_REFUSED: the password is wrong, or the file was changed. Takes about a second and 256 MiB. */
bool keyfile_open(const struct keyfile *f, struct str password, struct key **out, struct err *e) MUST_CHECK;

struct keyfile_cost { /* 0: the default; what a file may ask of its reader is capped */
	unsigned memory_kib, passes, lanes;
};
/* Appends the file's text. role: 1 to 64 of a–z 0–9 - . */
bool keyfile_write(const struct key *k, const char *role, const char *comment, int64_t now, struct str password,
		   const struct keyfile_cost *cost, struct buf *out, struct err *e) MUST_CHECK;
/* Only the public half. */
bool keyfile_write_public(const struct key *k, const char *role, const char *comment, int64_t now, struct buf *out,
			  struct err *e) MUST_CHECK;

/* Password bytes: overwritten before they are freed. */
void secret_wipe(struct buf *b);
#define SECRET_AUTO __attribute__((cleanup(secret_wipe))) struct buf

#endif
