/* Inside the room: a banner's texts as the JSON strings of its record. */
#ifndef MAMORI_EXPOSURE_RAW_TEXT_H
#define MAMORI_EXPOSURE_RAW_TEXT_H

#include "base/arena.h"

/* By the character behind a backslash: what it stands for; 0: nothing ("u" is more than one character). */
extern const char raw_text_escapes[256];

/* Does the JSON string whose first character is at p say this text, to its last byte? Not told of pairs of surrogates: then
 * the text is stored beside the record. */
bool raw_text_says(const char *p, const char *end, struct str text);
/* Place in raw of a JSON string (behind its quotation mark) that says this text, or 0. */
size_t raw_text_find(struct str raw, struct str text);
/* What a JSON string says, of which raw_text_says() was true. Of others something, but never more bytes than it has. */
struct str raw_text_read(struct arena *a, struct str escaped);

#endif
