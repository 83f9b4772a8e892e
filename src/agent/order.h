/* Orders of the server: verified, written down before their work starts, never taken twice. */
#ifndef MAMORI_AGENT_ORDER_H
#define MAMORI_AGENT_ORDER_H

#include "agent/session.h"

#define ORDER_PATCHES_MAX 20000

enum order_kind { ORDER_APPLY, ORDER_STAGE, ORDER_REFRESH };

/* What an order says; nothing of it is believed before the signature was checked. */
struct order {
	struct str id, host, by;
	enum order_kind kind;
	ARRAY_OF(struct str) patches;
	int64_t issued, expires;
};

/* A patch that is not done, and the sentence that says why. */
struct order_refusal {
	struct str patch, why;
};

/* What is done with the patches. The server's orders only ever apply; the others come from a slot. */
enum order_act { ORDER_ACT_APPLY, ORDER_ACT_BACK, ORDER_ACT_REMOVE, ORDER_ACTS };

/* An order that was taken, or a pass of a slot: orders/ID.json. */
struct order_taken {
	struct order order;
	struct str name; /* in results: of a pass "slot:SLOT/PASS", else empty: the id */
	const char *trigger; /* in results; NULL: order */
	enum order_act act;
	unsigned installed, failed; /* once it ended */
	bool open; /* its results are not all written, or what it asks for was not tried yet */
	int64_t started;
	struct patch_list list; /* what is to be installed, as our own plan said it */
	ARRAY_OF(struct order_refusal) refused;
};

/* The document of an order, without its signature. */
bool order_parse(struct arena *arena, struct str document, struct order *out, struct err *e) MUST_CHECK;
/* Verifies the signature and the host. ERR_REFUSED otherwise: such an order leaves no trace but the log. */
bool order_open(struct session *s, const struct json *signed_order, struct order *out, struct err *e) MUST_CHECK;
bool order_seen(struct session *s, struct str id);
/* The stamp. It is durable before this returns; work starts only then. */
bool order_save(struct session *s, const struct order_taken *t, struct err *e) MUST_CHECK;
bool order_load(struct session *s, struct str id, struct order_taken *out, struct err *e) MUST_CHECK;
/* Ids of open orders. */
bool order_list_open(struct session *s, struct str **ids, size_t *count, struct err *e) MUST_CHECK;
/* Deletes what is left of orders that ended and expired more than 30 days ago: their expiry alone refuses them. */
void order_prune(struct session *s);
/* The later of the clock and the last signed time: what expiry is judged by. */
int64_t order_now(const struct session *s);

#endif
