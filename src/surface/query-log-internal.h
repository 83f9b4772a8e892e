/* What writing and reading the log of questions share. */
#ifndef MAMORI_SURFACE_QUERY_LOG_INTERNAL_H
#define MAMORI_SURFACE_QUERY_LOG_INTERNAL_H

#include "base/json.h"
#include "surface/query-log.h"
#include "trust/key.h"

enum { LOG_HEAD_MAX = 4096 };

/* How far the log was when a run ended. */
struct log_head {
	int64_t row;
	unsigned char digest[SHA256_LEN];
};

/* What digests of many lines share. */
struct log_digest {
	struct sha256_stream *sha;
	struct buf bytes;
};
void log_digest_free(struct log_digest *d);
/* H(before, line). */
void log_chain(struct log_digest *d, const unsigned char before[SHA256_LEN], const struct log_row *r,
	       unsigned char out[SHA256_LEN]);
/* Of a stored answer. */
void log_answer(struct log_digest *d, const struct answer_row *r, unsigned char out[SHA256_LEN]);
/* What a seal's signature is over. */
void log_seal_text(struct buf *out, int64_t last, struct str digest);
/* False with ERR_NOT_FOUND: no run has ended yet; ERR_REFUSED: not signed by this key. */
bool log_head_read(const char *folder, const struct key *k, struct log_head *out, struct err *e) MUST_CHECK;
bool log_head_write(const char *folder, const struct key *k, const struct log_head *h, struct err *e) MUST_CHECK;
const char *log_file(struct arena *a, const char *folder, const char *name);

#endif
