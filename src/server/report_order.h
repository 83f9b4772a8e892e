/* Reports that people order from the page: made one after the other by `mamori exposure report` or `mamori surface report` in a
 * process of its own, at the lowest priority, bounded in time and memory, and kept as files. Private to server. */
#ifndef MAMORI_SERVER_REPORT_ORDER_H
#define MAMORI_SERVER_REPORT_ORDER_H

#include "base/json.h"
#include "base/time.h"

enum {
	ORDERS_KEPT = 30, /* the oldest goes when one more comes */
	ORDERS_WAITING = 5,
	ORDER_FILE_MAX = 64 << 20,
};

enum order_state { ORDER_WAITING, ORDER_RUNNING, ORDER_DONE, ORDER_FAILED };

struct report_order {
	struct str id, kind, format, lang, by;
	struct str country, query, as_of, from; /* of exposure */
	int64_t top;
	struct str owner; /* of the attack surface, kind "surface" */
	int64_t run, before; /* before 0: the report finds it */
	int64_t at, ended_at;
	enum order_state state;
	int64_t bytes;
	struct str sha256, error; /* error: its sentence in English */
};

struct report_orders;
/* Kept below data, in folder ("exposure/reports"). What an earlier server left unfinished has failed. data, store (of exposure;
 * NULL: files) and clock must outlive it. */
struct report_orders *report_orders_new(const char *data, const char *folder, const char *store,
					const struct clock *clock);
/* Ends the one that is being made. */
void report_orders_free(struct report_orders *o);

const char *order_state_name(enum order_state s);
/* A new id is put into x->id. ERR_BUSY: too many wait. */
bool report_order_add(struct report_orders *o, struct arena *a, struct report_order *x, struct err *e) MUST_CHECK;
/* Newest first. */
bool report_order_list(struct report_orders *o, struct arena *a, struct report_order **out, size_t *count,
		       struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool report_order_get(struct report_orders *o, struct arena *a, struct str id, struct report_order *out,
		      struct err *e) MUST_CHECK;
/* The file of one that is done. */
bool report_order_read(struct report_orders *o, const struct report_order *x, struct buf *out,
		       struct err *e) MUST_CHECK;
/* ERR_CONFLICT while it is made. */
bool report_order_remove(struct report_orders *o, struct arena *a, struct str id, struct err *e) MUST_CHECK;

#endif
