/* Inside the room: fonts in a PDF made small. */
#ifndef MAMORI_EVIDENCE_PDF_FONTS_H
#define MAMORI_EVIDENCE_PDF_FONTS_H

#include "base/buf.h"

/* Cairo leaves out the glyphs that nobody needs, but for some texts keeps every subroutine of a CFF font: with Noto CJK a megabyte.
 * Those that no glyph calls are emptied, which compresses to nothing. A PDF of another form than cairo's stays as it is. */
void pdf_fonts_slim(struct buf *pdf);
/* The same of one CFF font program (Adobe technical notes 5176 and 5177), whose length stays. False: it is not understood and
 * unchanged. */
bool cff_slim(unsigned char *font, size_t len);

#endif
