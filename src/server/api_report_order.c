/* Ordered reports: listing them, one of them, its file (server/api_report_order.h). */
#include "server/api_report_order.h"

#include "base/sentence.h"

bool
api_report_orders(struct request *r, struct report_orders *o, report_order_write_fn *write, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct report_order *all;
	size_t count;
	if (!request_query(r, allowed, e) || !report_order_list(o, &r->arena, &all, &count, e))
		return false;
	struct page page = { .total = (int64_t)count };
	request_list_begin(r, &page);
	for (size_t i = 0; i < count; i++)
		write(r, &all[i]);
	request_list_end(r);
	return true;
}

bool
api_report_order(struct request *r, struct report_orders *o, report_order_write_fn *write, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct report_order x;
	if (!request_query(r, allowed, e) || !report_order_get(o, &r->arena, r->argument, &x, e))
		return false;
	write(r, &x);
	return true;
}

bool
api_report_order_read(struct request *r, struct report_orders *o, struct err *e)
{
	static const char *const allowed[] = { NULL };
	struct report_order *x = ARENA_NEW(&r->arena, struct report_order);
	if (!request_query(r, allowed, e) || !report_order_get(o, &r->arena, r->argument, x, e))
		return false;
	if (x->state != ORDER_DONE)
		return err_set(e, ERR_CONFLICT,
			       "this report is not there yet, or could not be made: look at its state");
	r->prepared = x;
	return report_order_read(o, x, &r->out, e);
}

void
api_report_order_write_end(struct request *r, const struct report_order *x)
{
	struct json_writer *w = &r->w;
	json_put_str(w, "lang", x->lang);
	json_put_str(w, "by", x->by);
	json_put_time(w, "at", x->at);
	json_put_time(w, "ended_at", x->ended_at);
	json_put_i64(w, "bytes", x->bytes);
	str_or_null(w, "sha256", x->sha256.len ? x->sha256 : STR_NONE);
	str_or_null(w, "error", x->error.len ? tr_sentence(&r->arena, x->error) : STR_NONE);
}
