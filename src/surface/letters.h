/* What letters count as when names are compared: tables of single characters, and nothing of words. */
#ifndef MAMORI_SURFACE_LETTERS_H
#define MAMORI_SURFACE_LETTERS_H

#include "base/str.h"

/* Takes the first character off *rest; U+FFFD for a byte that begins none. *rest may not be empty. */
uint32_t letters_next(struct str *rest);
/* Writes c as UTF-8; the number of bytes (1 to 4). */
size_t letters_put(uint32_t c, char into[4]);
/* A Latin letter without its marks, in lower case: é → "e", ß → "ss", Ł → "l". NULL: it is none with marks. */
const char *letters_latin(uint32_t c);
/* The ASCII letter that it may be taken for: Cyrillic а → 'a', Greek ο → 'o', digit 0 → 'o', 1 → 'l'. 0: none. */
char letters_lookalike(uint32_t c);

#endif
