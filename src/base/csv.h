/* The one CSV writer (RFC 4180). */
#ifndef MAMORI_BASE_CSV_H
#define MAMORI_BASE_CSV_H

#include "base/buf.h"

/* One field, quoted where it must be; a leading = + - @ gets an apostrophe before it, so that a spreadsheet does not run a
 * stranger's text as a formula. last: the line ends. */
void csv_add(struct buf *out, struct str field, bool last);
/* The same without the apostrophe: for our own reader, never for a spreadsheet. */
void csv_add_plain(struct buf *out, struct str field, bool last);

#endif
