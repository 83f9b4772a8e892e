/* Hexadecimal, base64 and percent encodings. */
#ifndef MAMORI_BASE_CODEC_H
#define MAMORI_BASE_CODEC_H

#include "base/buf.h"

void hex_encode(struct buf *out, const void *bytes, size_t len); /* lower case */
bool hex_decode(struct buf *out, struct str hex) MUST_CHECK;
void base64_encode(struct buf *out, const void *bytes, size_t len); /* RFC 4648 section 4, padded */
void base64url_encode(struct buf *out, const void *bytes, size_t len); /* section 5, no padding */
/* Takes both alphabets, padding optional; refuses anything else. */
bool base64_decode(struct buf *out, struct str text) MUST_CHECK;
/* RFC 3986: all but unreserved characters are escaped. */
void percent_encode(struct buf *out, struct str s);
bool percent_decode(struct buf *out, struct str s) MUST_CHECK;

#endif
