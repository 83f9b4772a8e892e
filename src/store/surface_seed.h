/* The seeds that the server keeps: where it begins to look for what belongs to the organisation. */
#ifndef MAMORI_STORE_SURFACE_SEED_H
#define MAMORI_STORE_SURFACE_SEED_H

#include "store/store.h"

struct surface_seed {
	struct str seed; /* "domain:example.co.jp": its name */
	struct str owner, company, site, country, consent_by, note;
	int64_t consent_at;
	bool large;
	struct str by;
	int64_t at;
};

enum { SURFACE_SEEDS_MAX = 20000, SURFACE_SEED_CHANGES_KEPT = 50 };
/* All of them, by name. */
bool surface_seed_list(struct store *st, struct arena *a, struct surface_seed **out, size_t *count,
		       struct err *e) MUST_CHECK;
/* *found false: it is not kept. */
bool surface_seed_get(struct store *st, struct arena *a, struct str seed, struct surface_seed *out, bool *found,
		      struct err *e) MUST_CHECK;
/* Takes the place of the one before. */
bool surface_seed_put(struct store *st, const struct surface_seed *s, struct err *e) MUST_CHECK;
bool surface_seed_delete(struct store *st, struct str seed, struct err *e) MUST_CHECK;
/* was: JSON. *id: its number; the oldest go. */
bool surface_seed_change_add(struct store *st, int64_t at, struct str by, struct str was, int64_t *id,
			     struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool surface_seed_change_get(struct store *st, struct arena *a, int64_t id, struct str *was, struct err *e) MUST_CHECK;
bool surface_seed_change_delete(struct store *st, int64_t id, struct err *e) MUST_CHECK;

#endif
