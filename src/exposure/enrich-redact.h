/* Patient data that a banner leaks, taken out before it is stored: what a rule's first group matches becomes "[redacted]",
 * in the texts and in the raw record. */
#ifndef MAMORI_EXPOSURE_ENRICH_REDACT_H
#define MAMORI_EXPOSURE_ENRICH_REDACT_H

#include "exposure/banner.h"

struct redact_rules; /* read only, shared by threads */
/* folder: its redact.csv instead of the rules compiled in, when it has one; may be NULL. */
bool redact_open(const char *folder, struct redact_rules **out, struct err *e) MUST_CHECK;
void redact_close(struct redact_rules *r);
void redact_banner(const struct redact_rules *r, struct arena *a, struct banner *b);
/* How many places of the text were taken out; the text itself where there are none. */
size_t redact_text(const struct redact_rules *r, struct arena *a, struct str text, struct str *out);

#endif
