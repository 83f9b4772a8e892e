/* Answers of WHOIS (RFC 3912): text, which every registry writes in a way of its own.
 *
 * There is one reader for all of them; whois-keys.c has the tables: which word means what. */
#ifndef MAMORI_SURFACE_WHOIS_H
#define MAMORI_SURFACE_WHOIS_H

#include "surface/registration.h"

#define WHOIS_ANSWER_MAX (256u << 10) /* bytes that are read; what follows is not */

/* Reads an answer: UTF-8, ISO-2022-JP (JPNIC, JPRS), else as ISO 8859-1. Never fails: what nothing is known of is
 * REGISTRATION_UNCLEAR. */
void whois_read(struct arena *a, struct str answer, struct registration *out);

#endif
