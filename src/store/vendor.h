/* Vendors of medical records and devices: which hosts depend on one, what it says about each update, and the one-time
 * links by which it answers. */
#ifndef MAMORI_STORE_VENDOR_H
#define MAMORI_STORE_VENDOR_H

#include "store/store.h"

struct vendor {
	struct str name, contact, by;
	int64_t at;
	int64_t hosts, waiting,
		overdue; /* read only: hosts that depend on it, questions open, those past their deadline */
};
bool vendor_put(struct store *st, const struct vendor *v, struct err *e) MUST_CHECK;
bool vendor_get(struct store *st, struct arena *a, struct str name, struct vendor *out, struct err *e) MUST_CHECK;
bool vendor_delete(struct store *st, struct str name, struct err *e) MUST_CHECK;
bool vendor_list(struct store *st, struct arena *a, int64_t now, struct vendor **out, size_t *count,
		 struct err *e) MUST_CHECK;

struct vendor_scope {
	struct str kind, target; /* host or group */
};
bool vendor_scopes(struct store *st, struct arena *a, struct str vendor, struct vendor_scope **out, size_t *count,
		   struct err *e) MUST_CHECK;
bool vendor_scopes_set(struct store *st, struct str vendor, const struct vendor_scope *scopes, size_t count,
		       struct err *e) MUST_CHECK;

struct vendor_answer_row {
	struct str vendor, patch, answer; /* validated, forbidden, unknown */
	int64_t asked_at, due, at; /* due 0: no deadline; at 0: not answered */
	struct str by, note;
	struct str title; /* read only; of the patch */
	int64_t hosts; /* read only; that depend on the vendor and wait for it */
	bool security;
	int severity;
};
bool vendor_answer_put(struct store *st, const struct vendor_answer_row *r, struct err *e) MUST_CHECK;
/* Asks about every update that waits on a host of the vendor and was not asked about yet; sets a deadline where none is. */
bool vendor_ask(struct store *st, struct str vendor, int64_t now, int64_t due, struct err *e) MUST_CHECK;
struct vendor_answer_filter {
	struct str vendor, patch, answer; /* empty: all */
	int64_t overdue_at; /* only open questions whose deadline is before; 0: all */
};
bool vendor_answers(struct store *st, struct arena *a, const struct vendor_answer_filter *f, struct page *p,
		    struct vendor_answer_row **out, size_t *count, struct err *e) MUST_CHECK;

/* For a host: each update × vendor it depends on. Patches without a row have not been asked about. */
bool vendors_of_host(struct store *st, struct arena *a, struct str host, struct str **names, size_t *count,
		     struct err *e) MUST_CHECK;
bool vendor_answers_of_host(struct store *st, struct arena *a, struct str host, struct vendor_answer_row **out,
			    size_t *count, struct err *e) MUST_CHECK;

struct vendor_link {
	struct str hash, vendor, by;
	int64_t created_at, expires, used_at;
};
bool vendor_link_insert(struct store *st, const struct vendor_link *l, struct err *e) MUST_CHECK;
bool vendor_link_get(struct store *st, struct arena *a, struct str hash, struct vendor_link *out,
		     struct err *e) MUST_CHECK;
/* Takes it: ERR_REFUSED when used or past its deadline. */
bool vendor_link_take(struct store *st, struct str hash, int64_t now, struct err *e) MUST_CHECK;

#endif
