/* The directive of a host: computed from what the store knows, signed, with a serial that only rises. */
#ifndef MAMORI_PATCH_DIRECTIVE_MAKE_H
#define MAMORI_PATCH_DIRECTIVE_MAKE_H

#include "patch/outlook.h"
#include "trust/key.h"

struct directive_work {
	struct str host;
	struct directive_row row; /* to be stored; serial as before where nothing changed but its next date */
	bool changed;
	struct str *stages; /* updates whose way through the policy's rings must be computed */
	size_t stage_count;
	struct str *emergencies; /* updates that are an emergency for this host */
	size_t emergency_count;
};

struct directive_maker {
	struct policy_set *set;
	const struct key *order_key;
	struct str server;
};

/* Reads only: any thread with a reader's connection. */
bool directive_make(const struct directive_maker *m, struct arena *a, struct str host, struct directive_work *out,
		    struct err *e) MUST_CHECK;
/* On the writer: keeps it unless something newer is there. *announced: emergencies that begin with this. */
bool directive_keep(struct store *st, struct arena *a, const struct directive_work *w, int64_t now,
		    struct str **announced, size_t *announced_count, struct err *e) MUST_CHECK;

#endif
