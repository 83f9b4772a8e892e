/* What the routes of ordered reports share, whatever the report is on. Private to server. */
#ifndef MAMORI_SERVER_API_REPORT_ORDER_H
#define MAMORI_SERVER_API_REPORT_ORDER_H

#include "server/api.h"
#include "server/report_order.h"

typedef void report_order_write_fn(struct request *r, const struct report_order *x);

/* The list of them, newest first. */
bool api_report_orders(struct request *r, struct report_orders *o, report_order_write_fn *write,
		       struct err *e) MUST_CHECK;
/* The one that the path names. */
bool api_report_order(struct request *r, struct report_orders *o, report_order_write_fn *write,
		      struct err *e) MUST_CHECK;
/* Its file as the answer, the order in r->prepared. ERR_CONFLICT: it is not there yet. */
bool api_report_order_read(struct request *r, struct report_orders *o, struct err *e) MUST_CHECK;
/* The fields that end every order. */
void api_report_order_write_end(struct request *r, const struct report_order *x);

#endif
