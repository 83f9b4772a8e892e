/* Inside the room: a query's tree as a condition of ClickHouse's SQL, over the columns of clickhouse-row.h. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_SQL_H
#define MAMORI_EXPOSURE_CLICKHOUSE_SQL_H

#include "exposure/query.h"

/* An expression that is 0 or 1. */
void clickhouse_where(const struct query *q, struct buf *sql);
/* A field's values in one banner as an expression: an array. Of FIELD_IP: FixedString(16) in an array. */
void clickhouse_values(enum field f, struct buf *sql);
/* The column of a field whose values are in an array of their own, or of a text. */
void clickhouse_column(enum field f, struct buf *sql);
bool clickhouse_is_key(enum field f);
bool clickhouse_is_string(enum field f);
/* The units of a text as they are searched: each behind 0x01 unless it is joined to the one before. */
void clickhouse_units(struct str text, struct buf *out);

#endif
