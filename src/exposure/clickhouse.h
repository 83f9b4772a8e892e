/* Inside the room: a ClickHouse server over its HTTP interface. Tables are made when the first import comes; an administrator may
 * make them beforehand, as Distributed ones for a cluster (doc/exposure-clickhouse.md). An import is one batch; rows count from
 * the moment when one row of mamori_commit names their batch. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_H
#define MAMORI_EXPOSURE_CLICKHOUSE_H

#include "base/buf.h"
#include "exposure/clickhouse-pace.h"
#include "exposure/index.h"
#include "net/client.h"

struct clickhouse {
	struct arena arena;
	struct http_client *client;
	const char *url; /* with the settings of every request */
	const char *name; /* for messages: host:port/database */
	struct str database; /* as SQL writes it */
	const char *headers[8];
	int64_t until; /* monotonic milliseconds; 0: no deadline */
	struct pace pace; /* of the answer that is awaited */
};

/* store: clickhouse://[USER@]HOST[:PORT]/DATABASE[?tls=true]. The password is that of $MAMORI_CLICKHOUSE_PASSWORD, of the file that
 * $MAMORI_CLICKHOUSE_PASSWORD_FILE names, or of DATA/clickhouse.password. */
bool clickhouse_open(const char *data, const char *store, struct clickhouse **out, struct err *e) MUST_CHECK;
void clickhouse_close(struct clickhouse *h);
/* Statements that are not answered so many milliseconds from now (0: no limit) are given up, here and there, and are ERR_BUSY. */
void clickhouse_deadline(struct clickhouse *h, int64_t after);

/* Gives the number of bytes that were used: it is called again with the rest and what came behind it. -1: the answer is none. */
typedef ptrdiff_t clickhouse_take_fn(void *user, struct str bytes, struct err *e);
/* A statement with, for INSERT, the rows behind it. Without take no answer but an empty one is right. */
bool clickhouse_run(struct clickhouse *h, struct str sql, struct str rows, clickhouse_take_fn *take, void *user,
		    struct err *e) MUST_CHECK;
/* The answer is one number, neither nothing nor more. */
bool clickhouse_number_of(struct clickhouse *h, struct str sql, uint64_t *out, struct err *e) MUST_CHECK;

/* ---- what there is ---- */

struct clickhouse_batch {
	uint64_t batch;
	struct segment_origin origin;
	bool live;
};
typedef ARRAY_OF(uint64_t) clickhouse_list;
struct clickhouse_state {
	ARRAY_OF(struct clickhouse_batch) batches; /* all that were ever committed, by time */
	clickhouse_list live, ever; /* also joined ones */
	clickhouse_list looked; /* their addresses were looked at for honeypots (clickhouse-suspect.h) */
	clickhouse_list dropped; /* removed so long ago that nobody reads them any more */
	uint64_t dead; /* rows that count no more */
	bool empty; /* there are no tables yet */
};
bool clickhouse_tables(struct clickhouse *h, struct err *e) MUST_CHECK;
bool clickhouse_state_read(struct clickhouse *h, struct arena *a, struct clickhouse_state *out,
			   struct err *e) MUST_CHECK;
/* The same of mamori_commit's rows as they came, but for the marks of dead ones. */
bool clickhouse_state_of(struct arena *a, struct str rows, struct clickhouse_state *out, struct err *e) MUST_CHECK;
/* "batch IN (…) AND …": rows that count. */
void clickhouse_counting(const struct clickhouse *h, const struct clickhouse_state *s, struct buf *sql);
/* "1,2,3"; "0", which is no batch, when there is none. */
void clickhouse_numbers(const uint64_t *items, size_t count, struct buf *sql);
bool clickhouse_has(const uint64_t *items, size_t count, uint64_t n);

#endif
