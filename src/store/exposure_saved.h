/* Questions about exposure data that people keep, by name, and which of the services that answer them nobody has seen. */
#ifndef MAMORI_STORE_EXPOSURE_SAVED_H
#define MAMORI_STORE_EXPOSURE_SAVED_H

#include "store/store.h"

/* One service in the lists below: address, port (big-endian), transport. */
enum { SAVED_SERVICE = 19 };

struct exposure_saved {
	struct str name, query;
	bool notice;
	struct str by;
	int64_t at;
	int64_t counted_at; /* 0: never yet */
	int64_t banners, services, banners_before;
	struct str trouble; /* English; empty: none */
	struct str seen, fresh; /* sorted lists of services */
	int64_t fresh_count;
	int64_t fresh_since; /* 0: nothing is new */
	struct str seen_by;
	int64_t seen_at;
};

/* By name. whole: with all of its lists, else what is new begins only (SAVED_SHOWN) and `seen` is empty. */
enum { SAVED_SHOWN = 20 };
bool exposure_saved_list(struct store *st, struct arena *a, bool whole, struct exposure_saved **out, size_t *count,
			 struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool exposure_saved_get(struct store *st, struct arena *a, struct str name, struct exposure_saved *out,
			struct err *e) MUST_CHECK;
/* Adds it or takes the place of the one of that name. */
bool exposure_saved_put(struct store *st, const struct exposure_saved *s, struct err *e) MUST_CHECK;
/* What was counted, if it is still the same question. */
bool exposure_saved_count(struct store *st, const struct exposure_saved *s, struct err *e) MUST_CHECK;
/* Somebody looked: what was new is seen. ERR_NOT_FOUND. */
bool exposure_saved_acknowledge(struct store *st, const struct exposure_saved *s, struct err *e) MUST_CHECK;
bool exposure_saved_delete(struct store *st, struct str name, struct err *e) MUST_CHECK;

#endif
