/* An enrolment token: where the server is, which CA key it has, and a secret. One line of text,
 * "mamori1." + base64url of JSON {"u":[urls], "k":ca key digest, "i":id, "s":secret, "e":expiry s}. */
#ifndef MAMORI_TRUST_TOKEN_H
#define MAMORI_TRUST_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"

struct token {
	struct str *urls; /* of the listener that enrols: https://name:port */
	size_t url_count;
	struct str ca_digest; /* hexadecimal SHA-256 of the CA's SubjectPublicKeyInfo */
	struct str id; /* public part, names the row */
	struct str secret; /* the server keeps only its SHA-256 */
	int64_t expires; /* milliseconds */
};

void token_write(const struct token *t, struct buf *out);
/* Blanks and line ends around are taken off; at most 4 KiB. */
bool token_parse(struct arena *a, struct str text, struct token *out, struct err *e) MUST_CHECK;

#endif
