/* Letters: signed, self-contained messages between one host and its server, for the times when neither can reach the
 * other. Whoever carries one (a relay, a stick) can delay or lose it, not read another meaning into it: the signature is
 * the host's own, or that of the server's order key.
 *
 * Bytes: "mamori-letter 1\n", then zstd over {"document":"…","signature":"…"} (signed_write(), type "letter"); the
 * document is {"kind":"check-in"|"answer","host","serial":n,"made":"…","body":{…}}. Serial numbers rise for each host
 * and direction. */
#ifndef MAMORI_TRUST_LETTER_H
#define MAMORI_TRUST_LETTER_H

#include "base/arena.h"
#include "base/json.h"
#include "trust/key.h"

#define LETTER_MAX ((size_t)4 << 20) /* bytes as they travel */
#define LETTER_TEXT_MAX ((size_t)24 << 20) /* unpacked */
#define LETTER_CHECK_IN "check-in" /* host to server */
#define LETTER_ANSWER "answer" /* server to host */

struct letter {
	const char *kind; /* one of the two */
	struct str host;
	int64_t serial, made;
	const struct json *body; /* letter_open(): an object */
	struct str body_text; /* letter_write(): JSON */
};

/* ERR_TOO_LARGE when it comes out larger than LETTER_MAX. */
bool letter_write(const struct letter *l, const struct key *k, struct buf *out, struct err *e) MUST_CHECK;
/* What its outside claims; the signature is not looked at. For those who only carry it. */
bool letter_peek(struct str bytes, struct arena *a, struct letter *out, struct err *e) MUST_CHECK;
/* A letter that counts: signed by k, of this kind, of this host, newer than the serial number `after`. ERR_TOO_LARGE,
 * ERR_INPUT (no letter), ERR_REFUSED (signature, host), ERR_CONFLICT (replayed): each with its own sentence. */
bool letter_open(struct str bytes, const struct key *k, const char *kind, struct str host, int64_t after,
		 struct arena *a, struct letter *out, struct err *e) MUST_CHECK;

#endif
