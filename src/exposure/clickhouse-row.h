/* Inside the room: a banner as a row of ClickHouse's RowBinary form, which needs no escaping. Key columns first, then an array of
 * values for each field, then the units of its texts. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_ROW_H
#define MAMORI_EXPOSURE_CLICKHOUSE_ROW_H

#include "base/buf.h"
#include "base/err.h"
#include "exposure/banner.h"

/* "batch UInt64, …" as CREATE TABLE wants it. */
void clickhouse_row_columns(struct buf *sql);
/* Names as INSERT and SELECT want them; texts: with raw record and texts; units: what only INSERT knows. */
void clickhouse_row_names(bool texts, bool units, struct buf *sql);

struct clickhouse_row {
	uint64_t batch;
	struct banner banner;
	uint64_t *origins;
	size_t origin_count;
};
void clickhouse_row_write(const struct clickhouse_row *r, struct buf *out);
/* A row from the front of bytes, *used of them. 0: there is not all of it yet; -1: this is no row. Views of bytes; the lists are
 * the arena's. */
int clickhouse_row_read(struct str bytes, bool texts, struct arena *a, struct clickhouse_row *out, size_t *used);

/* Gives each whole row at the front of bytes; the number of bytes that they were, -1 on failure: a clickhouse_take_fn's work. The row
 * and the arena live until each returns. */
typedef bool clickhouse_row_fn(void *user, const struct clickhouse_row *row, struct arena *a, struct err *e);
ptrdiff_t clickhouse_rows(struct str bytes, bool texts, clickhouse_row_fn *each, void *user, struct err *e);

/* RowBinary's parts. */
void row_put_number(struct buf *out, uint64_t n, unsigned bytes);
void row_put_text(struct buf *out, struct str text);
struct row_reader {
	const unsigned char *p, *end;
	bool cut; /* more bytes are needed */
};
uint64_t row_number(struct row_reader *r, unsigned bytes);
uint64_t row_length(struct row_reader *r);
struct str row_text(struct row_reader *r);

#endif
