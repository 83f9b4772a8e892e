/* Short secrets of people (a ward's PIN), stretched so that a stolen database does not give them away at once:
 * PBKDF2-HMAC-SHA256 (RFC 8018). */
#ifndef MAMORI_TRUST_PIN_H
#define MAMORI_TRUST_PIN_H

#include "trust/key.h"

enum { PIN_ROUNDS = 600000, PIN_SALT = 16 };

/* Some tenths of a second at PIN_ROUNDS: not on a thread that others wait for. */
void pin_stretch(struct str pin, struct str salt, unsigned rounds, unsigned char out[SHA256_LEN]);

#endif
