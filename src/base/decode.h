/* Text files as offices save them: to UTF-8, whatever they were written in. */
#ifndef MAMORI_BASE_DECODE_H
#define MAMORI_BASE_DECODE_H

#include "base/buf.h"

/* Appends bytes as UTF-8 without a byte order mark: UTF-8 with or without one, UTF-16 with one, else CP932 (the
 * Shift_JIS of Japanese Windows), taken strictly. ERR_INPUT names line and byte of what is none of them, and where a NUL
 * stands; out is then as before. */
bool decode_text(struct str bytes, struct buf *out, struct err *e) MUST_CHECK;

#endif
