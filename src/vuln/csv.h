/* CSV records (RFC 4180) pulled from an input with bounded memory. */
#ifndef MAMORI_VULN_CSV_H
#define MAMORI_VULN_CSV_H

#include "vuln/input.h"

struct csv_reader {
	struct input *in;
	struct buf record; /* unquoted fields behind each other */
	ARRAY_OF(struct str) fields; /* of the record just read */
	struct arena arena;
	size_t record_max; /* bytes; 0 = 1 MiB */
};

enum csv_status { CSV_RECORD, CSV_BAD, CSV_END, CSV_FAILED };
/* CSV_BAD: this record is malformed (its lines are used up), the next may be fine. */
enum csv_status csv_next(struct csv_reader *r, struct err *e);
void csv_free(struct csv_reader *r);
/* Position of a header's column in the record just read, or -1. */
ptrdiff_t csv_column(const struct csv_reader *r, const char *name);
/* "" when the record is shorter. */
struct str csv_field(const struct csv_reader *r, ptrdiff_t column);

#endif
