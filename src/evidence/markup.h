/* Anybody's text in HTML and SVG. */
#ifndef MAMORI_EVIDENCE_MARKUP_H
#define MAMORI_EVIDENCE_MARKUP_H

#include "base/buf.h"

/* As text or inside a quoted attribute; what is no character there becomes U+FFFD, so that the page stays well formed. */
void markup_text(struct buf *out, struct str s);

#endif
