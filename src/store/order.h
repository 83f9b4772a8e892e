/* Orders to hosts and the attempts that they lead to: the history. */
#ifndef MAMORI_STORE_ORDER_H
#define MAMORI_STORE_ORDER_H

#include "store/host_patch.h"

struct order {
	struct str id, host;
	const char *kind; /* "apply", "stage", "refresh" */
	struct str state; /* queued fetched done withdrawn expired; read only */
	int64_t issued, expires;
	struct str by;
	struct str signed_text; /* the signed document as JSON */
};

bool order_insert(struct store *st, const struct order *o, struct err *e) MUST_CHECK;
bool order_get(struct store *st, struct arena *a, struct str id, struct order *out, struct err *e) MUST_CHECK;
bool order_set_state(struct store *st, struct str id, const char *state, struct err *e) MUST_CHECK;
/* Orders that a host has not reported on; they are marked fetched, with the answer's lineage. */
bool order_deliver(struct store *st, struct arena *a, struct str host, struct str lineage, int64_t now,
		   struct order **out, size_t *count, struct err *e) MUST_CHECK;
/* The host shows the lineage of the answer that carried them: stage and refresh orders have arrived. */
bool order_arrived(struct store *st, struct str host, struct str lineage, struct err *e) MUST_CHECK;
/* The oldest order whose time is over with nothing reported; false in *found when there is none. */
bool order_expired(struct store *st, struct arena *a, int64_t now, struct order *out, bool *found,
		   struct err *e) MUST_CHECK;
bool order_pending(struct store *st, struct str host, const char *kind, bool *pending, struct err *e) MUST_CHECK;

/* One patch of an apply order on its host: a row of the history. */
struct attempt {
	struct str id, order, host, patch, title, from, to, packages;
	enum patch_state state; /* queued running installed installed-pending-reboot failed */
	int64_t at, finished;
	struct str cause; /* "order" */
	struct str by, why, words; /* ptr NULL: none */
	struct str signed_text; /* the host's signed result */
	struct str host_name, group; /* read only */
	bool reported; /* read only: the host's signed result is stored */
};

struct history_filter {
	struct str q, host, group, patch, state;
	int64_t from, to; /* 0: open */
};

bool attempt_insert(struct store *st, const struct attempt *t, struct err *e) MUST_CHECK;
bool attempt_get(struct store *st, struct arena *a, struct str id, struct attempt *out, struct err *e) MUST_CHECK;
/* State, times, why, words, packages, from, to, title and the signed result. */
bool attempt_update(struct store *st, const struct attempt *t, struct err *e) MUST_CHECK;
bool attempt_of_order(struct store *st, struct arena *a, struct str order, struct attempt **out, size_t *count,
		      struct err *e) MUST_CHECK;
/* An order that was taken back before anything happened leaves no history. */
bool attempt_delete_of_order(struct store *st, struct str order, struct err *e) MUST_CHECK;
/* Sort keys: at host group patch state; without one, running ones first, then newest. */
bool attempt_known_sort(struct str key);
bool attempt_list(struct store *st, struct arena *a, const struct history_filter *f, struct page *p,
		  struct attempt **out, size_t *count, struct err *e) MUST_CHECK;

#endif
