/* The log of questions: what was asked, of whom, when, and what came of it. A line is written before its question leaves,
 * another with its answer. Each line's digest is the SHA-256 of the digest before it and the line's canonical bytes; every
 * group that is committed at once ends with a signature by the key that this folder made for itself (log.key). log.head, written
 * when a run ends, says how far the log went: what is cut off behind it shows. It proves what happened to whoever trusts that
 * nobody had the key and the folder at once; a copy of an export elsewhere proves the rest. */
#ifndef MAMORI_SURFACE_QUERY_LOG_H
#define MAMORI_SURFACE_QUERY_LOG_H

#include "store/answer.h"
#include "surface/ask.h"

enum query_event { QUERY_RUN, QUERY_ASKED, QUERY_ANSWERED };

/* ---- reading: a folder is DATA/surface ---- */

struct query_line {
	int64_t row, at;
	enum query_event event;
	enum service service;
	struct str what; /* the question; of a run its settings */
	struct str with; /* asked: of whom, where that is known before; answered: by whom. Never with a key */
	/* Of an outcome. */
	int64_t of; /* the line of its question, 0 where none left */
	enum answer_kind kind;
	int status; /* of HTTP */
	struct str why; /* of a failure */
	struct str answer; /* digest of the stored answer, lower-case hexadecimal; empty: none */
	struct str digest; /* of the line */
};

/* Lines from this one on, at most so many; ERR_NOT_FOUND where there is no log. Strings live in the arena. */
bool query_log_list(const char *folder, int64_t from, size_t most, struct arena *a, struct query_line **out,
		    size_t *count, int64_t *total, struct err *e) MUST_CHECK;
/* JSON Lines: first the public key, then every line, and each signature behind the last line it covers. take gets one
 * line with its line feed; false ends it. */
typedef bool query_log_take_fn(void *user, struct str line);
bool query_log_export(const char *folder, query_log_take_fn *take, void *user, struct err *e) MUST_CHECK;

enum { QUERY_FAULTS_MAX = 50 };

struct query_fault {
	int64_t row; /* of the log, 0: not of one line */
	struct str what; /* a sentence that names it */
};

struct query_check {
	uint64_t rows, seals, answers; /* looked at */
	struct query_fault fault[QUERY_FAULTS_MAX];
	size_t faults; /* all of them; the first are kept */
};

/* Looks at every line, signature and stored answer. True whenever it could be looked at: faults == 0 says that it is whole.
 * Sentences live in the arena. */
bool query_log_verify(const char *folder, struct arena *a, struct query_check *out, struct err *e) MUST_CHECK;

/* ---- writing: for the asker alone ---- */

struct query_log;
/* ERR_REFUSED when the log does not reach to where it was when the last run ended: what is written behind would hide it. */
bool query_log_open(struct store *st, const char *folder, struct query_log **out, struct err *e) MUST_CHECK;
/* Inside a transaction. row and digest are filled in. */
bool query_log_add(struct query_log *l, struct log_row *r, struct err *e) MUST_CHECK;
/* Before the commit: what was added since is vouched for. */
bool query_log_seal(struct query_log *l, struct err *e) MUST_CHECK;
/* After the last commit: log.head. */
bool query_log_end(struct query_log *l, struct err *e) MUST_CHECK;
void query_log_free(struct query_log *l);
/* What a line tells of a stored answer. */
void query_log_answer_digest(struct query_log *l, const struct answer_row *r, unsigned char out[32]);

#endif
