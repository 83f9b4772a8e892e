/* Inside the room: one string of a record that is scanned. */
#ifndef MAMORI_EXPOSURE_IMPORT_STRING_H
#define MAMORI_EXPOSURE_IMPORT_STRING_H

#include "exposure/import-scan.h"

/* s->p is at an opening quotation mark and goes behind the closing one; *out is filled only when wanted. */
bool scan_string(struct scanner *s, bool wanted, struct str *out) MUST_CHECK;
/* Notes why and where; always false. */
bool scan_fail(struct scanner *s, const char *at, const char *why);

#endif
