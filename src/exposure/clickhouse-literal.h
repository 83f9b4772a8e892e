/* Text as ClickHouse's SQL writes it. Debian's ClickHouse has no bound parameters, so whatever a stranger said goes through
 * here and nowhere else. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_LITERAL_H
#define MAMORI_EXPOSURE_CLICKHOUSE_LITERAL_H

#include "base/buf.h"

/* A string literal of any bytes: letters, digits, blanks and a few marks stand for themselves, all others are \xHH, so
 * that no byte of the text can end it. */
void clickhouse_string(struct buf *sql, struct str bytes);
/* A number of the type Int64, also the smallest. */
void clickhouse_number(struct buf *sql, int64_t n);
/* A name of a database: false when it is none (letters, digits and _, at most 64, no digit first). */
bool clickhouse_name(struct str name) MUST_CHECK;
/* Text that a regular expression (RE2) matches as it stands; goes through clickhouse_string() afterwards. */
void clickhouse_pattern(struct buf *pattern, struct str text);

#endif
