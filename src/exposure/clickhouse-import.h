/* Inside the room: filling a ClickHouse (exposure/backend.h). */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_IMPORT_H
#define MAMORI_EXPOSURE_CLICKHOUSE_IMPORT_H

#include "exposure/backend.h"
#include "exposure/clickhouse-row.h"
#include "exposure/clickhouse.h"

extern const struct exposure_filling clickhouse_filling;

/* A number for rows that nobody knows yet: even, by time. */
bool clickhouse_batch_new(uint64_t *out, struct err *e) MUST_CHECK;
/* Writes and empties rows, in one INSERT; waits while ClickHouse asks for patience. No rows: nothing is done. */
bool clickhouse_insert(struct clickhouse *h, const char *table, const char *names, struct buf *rows,
		       struct err *e) MUST_CHECK;
bool clickhouse_insert_banners(struct clickhouse *h, struct buf *rows, struct err *e) MUST_CHECK;
/* A row for mamori_dead: row counts no more once cause is committed. */
void clickhouse_put_dead(struct buf *rows, uint64_t cause, const struct clickhouse_row *row);

#endif
