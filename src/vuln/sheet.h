/* Tables as offices save them, to the one form that csv.h reads. */
#ifndef MAMORI_VULN_SHEET_H
#define MAMORI_VULN_SHEET_H

#include "base/buf.h"

/* Appends the rows as CSV in UTF-8: from .xlsx, or from CSV or text with tabs (Excel's "Unicode text") or semicolons in
 * UTF-8, UTF-16 or Shift_JIS (base/decode.h). The first line that is no remark (#) tells the separator; "sep=;" in front of
 * it does, too, and is left out. Errors name the place and what to do; out is then as before. */
bool sheet_csv(struct str bytes, struct buf *out, struct err *e) MUST_CHECK;

#endif
