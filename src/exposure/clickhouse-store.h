/* Inside the room: ClickHouse as a store of banners (exposure/backend.h), in two files: backend-clickhouse.c counts,
 * clickhouse-find.c gives banners. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_STORE_H
#define MAMORI_EXPOSURE_CLICKHOUSE_STORE_H

#include "exposure/clickhouse.h"
#include "exposure/mine.h"

struct clickhouse_store {
	struct arena arena;
	struct clickhouse *h;
	struct clickhouse_state state;
	struct mine mine;
};

/* " FROM … WHERE …": the rows that count and match. */
void clickhouse_from_where(const struct clickhouse_store *s, const struct query *q, struct buf *sql);

/* exposure_search() and exposure_diff() of a struct clickhouse_store. */
bool clickhouse_search(void *store, const struct query *q, const struct exposure_page *page, exposure_each_fn *each,
		       void *user, struct err *e) MUST_CHECK;
bool clickhouse_diff(void *store, const struct query *before, const struct query *after, exposure_difference_fn *each,
		     void *user, struct err *e) MUST_CHECK;

#endif
