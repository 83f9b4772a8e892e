/* Inside the room: the client's state, shared by its steps (tuf-client.c), its folder (tuf-store.c) and the search
 * for targets (tuf-find.c). */
#ifndef MAMORI_TRUST_TUF_CLIENT_H
#define MAMORI_TRUST_TUF_CLIENT_H

#include "trust/tuf-document.h"

struct tuf_client {
	struct tuf_options o;
	struct arena arena;
	int64_t time; /* fixed when the update begins; only a signed time moves it on */
	struct tuf_document *root, *timestamp, *snapshot, *targets;
	struct table delegated; /* by role */
	ARRAY_OF(struct tuf_document *) all; /* to be freed */
	bool updated;
	enum tuf_reason reason;
	struct str role; /* of the reason */
};

/* Sets the sentence and the reason; false. */
#define TUF_REFUSE(c, why, whose, e, code, ...) (tuf_mark((c), (why), (whose)), err_set((e), (code), __VA_ARGS__))
void tuf_mark(struct tuf_client *c, enum tuf_reason reason, struct str role);

/* Parses; the client owns the result. Sets the reason. */
bool tuf_take(struct tuf_client *c, struct str bytes, enum tuf_type type, struct str role, struct tuf_document **out,
	      struct err *e) MUST_CHECK;
/* Fetches at most max bytes; too_long is the reason for more. ERR_NOT_FOUND is left without a reason. */
bool tuf_fetch(struct tuf_client *c, struct str name, size_t max, enum tuf_reason too_long, struct str role,
	       struct buf *out, struct err *e) MUST_CHECK;
/* Not expired, by the client's time and by the document's own date of issue. */
bool tuf_is_fresh(const struct tuf_client *c, const struct tuf_document *d);

/* The folder. A file that is missing or cannot be understood is no document. */
struct tuf_document *tuf_stored(struct tuf_client *c, struct str role, enum tuf_type type);
bool tuf_keep(struct tuf_client *c, struct str role, const struct tuf_document *d, struct err *e) MUST_CHECK;
bool tuf_forget(struct tuf_client *c, struct str role, struct err *e) MUST_CHECK;

/* 5.6: targets or a delegated role, verified by the keys of the delegator; from the folder when that is what the
 * snapshot names. */
struct tuf_chain {
	struct str role;
	const struct tuf_keys *keys;
	const struct tuf_holders *holders;
	struct str by; /* who delegated */
};
bool tuf_load_targets(struct tuf_client *c, const struct tuf_chain *chain, struct tuf_document **out,
		      struct err *e) MUST_CHECK;

#endif
