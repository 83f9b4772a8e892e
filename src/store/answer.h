/* DATA/surface/answers.db: what others answered, and the log of every question that left. A database of its own: runs of
 * discovery are long and may not hold the server's writer. The same connection rules as store.h: one writer, committed
 * means on disk. What rows mean is the business of surface/ask.h and surface/query-log.h. */
#ifndef MAMORI_STORE_ANSWER_H
#define MAMORI_STORE_ANSWER_H

#include "store/store.h"

/* ERR_CONFLICT where a newer program wrote it, ERR_NOT_FOUND for STORE_READ where there is none. */
bool answers_open(const char *path, enum store_mode mode, struct store **out, struct err *e) MUST_CHECK;

struct answer_row {
	int service;
	struct str what; /* with service the key */
	int kind, status;
	int64_t at, run;
	int64_t log; /* the line of the log that tells of it */
	struct str from, body;
};

/* ERR_NOT_FOUND never: *found says. Strings live in the arena. */
bool answer_get(struct store *st, int service, struct str what, struct arena *a, struct answer_row *out, bool *found,
		struct err *e) MUST_CHECK;
/* Replaces what was there. known: something may have been; false spares a look. */
bool answer_put(struct store *st, const struct answer_row *r, bool known, struct err *e) MUST_CHECK;
/* All of them, by key; take: false ends the walk (true is returned). Views live until take returns. */
typedef bool answer_take_fn(void *user, const struct answer_row *r);
bool answer_walk(struct store *st, answer_take_fn *take, void *user, struct err *e) MUST_CHECK;

/* The questions of a service that begin so, with an answer of this kind, in their order. */
bool answer_begins(struct store *st, int service, int kind, struct str prefix,
		   void (*take)(void *user, struct str what), void *user, struct err *e) MUST_CHECK;

/* The last attempt that brought nothing, beside the answer that may be there from earlier. */
struct answer_failure {
	int service;
	struct str what;
	int64_t at, run;
	struct str from, why;
};
bool answer_failure_get(struct store *st, int service, struct str what, struct arena *a, struct answer_failure *out,
			bool *found, struct err *e) MUST_CHECK;
bool answer_failure_put(struct store *st, const struct answer_failure *f, struct err *e) MUST_CHECK;

struct log_row {
	int64_t row; /* 1, 2, 3 … without a gap */
	int64_t at;
	int event, service;
	int64_t of; /* of an outcome: the line of its question */
	struct str what, with;
	int kind, status;
	struct str answer; /* of an outcome: the digest of what was stored */
	struct str why;
	struct str digest; /* of this line and all before it */
};

/* Lines up to last are vouched for. */
struct log_seal {
	int64_t last;
	struct str digest, signature;
};

bool log_row_put(struct store *st, const struct log_row *r, struct err *e) MUST_CHECK;
bool log_seal_put(struct store *st, const struct log_seal *s, struct err *e) MUST_CHECK;
/* The last line; *found false on an empty log. */
bool log_last(struct store *st, struct arena *a, struct log_row *out, bool *found, struct err *e) MUST_CHECK;
/* Lines from this one on, at most so many. take: false ends the walk. */
typedef bool log_take_fn(void *user, const struct log_row *r);
bool log_walk(struct store *st, int64_t from, int64_t most, log_take_fn *take, void *user, struct err *e) MUST_CHECK;
typedef bool log_seal_take_fn(void *user, const struct log_seal *s);
bool log_seal_walk(struct store *st, log_seal_take_fn *take, void *user, struct err *e) MUST_CHECK;
/* What line `row` asked; empty: there is no such line. */
bool log_question(struct store *st, int64_t row, struct arena *a, struct str *what, struct err *e) MUST_CHECK;
/* The digest that line `row` has of its answer; empty: there is no such line. */
bool log_answer_digest(struct store *st, int64_t row, struct arena *a, struct str *digest, struct err *e) MUST_CHECK;
/* How many lines there are. */
bool log_count(struct store *st, int64_t *out, struct err *e) MUST_CHECK;
/* The number of the next run. */
bool answers_run_next(struct store *st, int64_t at, int64_t *run, struct err *e) MUST_CHECK;

#endif
