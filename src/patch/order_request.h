/* Ordering updates: which hosts, which updates, and what comes of it. */
#ifndef MAMORI_PATCH_ORDER_REQUEST_H
#define MAMORI_PATCH_ORDER_REQUEST_H

#include "base/json.h"
#include "store/order.h"
#include "trust/key.h"

enum { ORDER_HOSTS_MAX = 20000, ORDER_PATCHES_MAX = 2000 };

enum order_choice { ORDER_LISTED, ORDER_SECURITY, ORDER_ALL };

struct order_request {
	const char *kind; /* "apply", "stage", "refresh" */
	bool all_hosts;
	struct str *hosts;
	size_t host_count;
	enum order_choice choice;
	struct str *patches; /* with ORDER_LISTED */
	size_t patch_count;
	bool dry_run;
	struct str by;
};

/* The body of POST /api/v1/orders; everything in it is checked, nothing believed. */
bool order_request_parse(struct arena *a, const struct json *body, struct order_request *out, struct err *e) MUST_CHECK;

struct order_item {
	struct str id; /* ptr NULL for a dry run */
	struct str host, host_name;
	struct host_patch *patches;
	size_t patch_count;
	int64_t starts_by;
};
struct order_refusal {
	struct str host, host_name, why;
};
struct order_outcome {
	ARRAY_OF(struct order_item) items;
	ARRAY_OF(struct order_refusal) refused;
};

struct order_context {
	struct store *st;
	struct arena *arena;
	const struct key *key; /* the server's order key */
	int64_t now, interval; /* milliseconds */
};

/* Resolves the choice for each host, signs and stores the orders with their queued attempts. An unknown host is
 * ERR_NOT_FOUND and nothing is ordered. */
bool order_request_run(const struct order_context *c, const struct order_request *r, struct order_outcome *out,
		       struct err *e) MUST_CHECK;
/* Asks one host to look for updates anew; one that waits already suffices. */
bool order_refresh(const struct order_context *c, struct str host, struct str by, struct err *e) MUST_CHECK;
/* Takes back what no host has fetched yet, else ERR_CONFLICT. */
bool order_withdraw(const struct order_context *c, struct str id, struct err *e) MUST_CHECK;
/* Orders whose time is over with nothing reported: their attempts failed. */
bool order_expire_all(const struct order_context *c, struct err *e) MUST_CHECK;

/* When a host fetches an order at the latest, if it is on. */
int64_t next_check_in(int64_t last_seen, int64_t interval, int64_t now);

#endif
