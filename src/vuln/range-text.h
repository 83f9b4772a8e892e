/* Inside the room: what a publisher's words say of versions, where a record has no fields for it: "7.0.1-5035 and older",
 * ">= 1.0, < 2.0", "All versions < V3.2.17", "2.11.0 to 2.17.2-p1", "10.5.x.x: 10.5.1.0 and below",
 * "vers:generic/>=7.0|<7.0.5". */
#ifndef MAMORI_VULN_RANGE_TEXT_H
#define MAMORI_VULN_RANGE_TEXT_H

#include "vuln/record.h"

#define RANGE_TEXT_MAX 1024 /* bytes */
#define RANGE_TEXT_RANGES 32
#define RANGE_VERSION_MAX 128 /* longer ones are not understood */

/* The affected ranges, at most RANGE_TEXT_RANGES of them; their strings are views of the text or the arena's. 0: these
 * words are not understood, as a whole. */
size_t range_text(struct str text, struct arena *a, struct affected_range *out);

/* The version with which a range begins: "SonicOS 7.1.1-7040", "5.1.x" is 5.1. Empty when the text means none. */
struct str range_text_start(struct str text, struct arena *a);
/* With which it ends, as out's kind and limit: "<=9.3.0", "22.3R2-S2, 22.3R3" (the first); up to and with 5.1.x is before
 * 5.2. False when the text means none: "publication", an address of a page, a word. */
bool range_text_end(struct str text, bool inclusive, struct arena *a, struct affected_range *out);

/* Words that are not understood, as they are kept for people: cut to RANGE_WORDS_MAX bytes of UTF-8. */
#define RANGE_WORDS_MAX 120
struct str range_words(struct str text);

#endif
