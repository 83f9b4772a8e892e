/* Spreadsheets in Office Open XML (ECMA-376), as far as a table of answers, machines or days needs them: the first
 * visible sheet as CSV, and a small sheet written. Nothing but the given bytes is read; formulas are not run: what the
 * program that saved the file had computed counts. */
#ifndef MAMORI_VULN_XLSX_H
#define MAMORI_VULN_XLSX_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends the sheet's rows as CSV without blank rows; dates are written 2026-11-23. ERR_INPUT: damaged or no such file;
 * ERR_TOO_LARGE: more than 100,000 rows, 256 columns, or 64 MiB unpacked. out is then as before. */
bool xlsx_read(struct str bytes, struct buf *out, struct err *e) MUST_CHECK;

struct xlsx_column {
	const char *title;
	double width; /* characters */
	const char *const *choices; /* offered as a drop-down, NULL-terminated; or NULL */
};
/* Appends a file with one sheet: a heading and `rows` rows of texts, row by row. */
bool xlsx_write(struct buf *out, const struct xlsx_column *columns, size_t count, const struct str *cells, size_t rows,
		struct err *e) MUST_CHECK;

#endif
