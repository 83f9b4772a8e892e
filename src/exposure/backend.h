/* What answers questions about exposure: the files below DATA, or (--store) an outside engine. One ops struct each, in one
 * table; the query tree and what comes back are the same. */
#ifndef MAMORI_EXPOSURE_BACKEND_H
#define MAMORI_EXPOSURE_BACKEND_H

#include "exposure/index.h"
#include "exposure/query.h"

struct enrich_rules;

/* How a store is filled: one writer for each thread of an import, all of them committed at once. */
struct exposure_filling {
	bool (*begin)(const char *data, const char *store, const struct segment_origin *o, void **writer,
		      struct err *e);
	bool (*add)(void *writer, const struct banner *b, struct err *e);
	/* Writes out what is in memory when it is more than this; nothing counts yet. */
	bool (*relieve)(void *writer, size_t memory, struct err *e);
	void (*digest)(void *writer, struct str digest);
	/* Durable and counting, all or nothing; frees the writers. earlier: as segments_replace(), NULL: nothing is replaced. */
	bool (*commit)(const char *data, const char *store, void **writers, size_t count,
		       const struct segment_origin *earlier, struct err *e);
	void (*abandon)(void *writer);
	/* Marks what looks like a honeypot by all that an address shows, where nobody looked yet (suspect.h). */
	bool (*suspect)(const char *data, const char *store, const struct enrich_rules *r, uint64_t *banners,
			struct err *e);
};

struct exposure_backend {
	const char *scheme; /* of --store; "" for the files below DATA */
	/* What open gives goes into every other call. */
	bool (*open)(const char *data, const char *store, void **state, struct err *e);
	void (*close)(void *state);
	bool (*count)(void *state, const struct query *q, uint64_t *out, struct err *e);
	bool (*facet)(void *state, const struct query *q, enum field field, enum field second, size_t top,
		      struct arena *a, struct facet *out, struct err *e);
	bool (*histogram)(void *state, const struct query *q, enum field field, enum histogram_step step,
			  struct arena *a, struct facet *out, struct err *e);
	bool (*distinct)(void *state, const struct query *q, enum field field, uint64_t *out, struct err *e);
	bool (*search)(void *state, const struct query *q, const struct exposure_page *page, exposure_each_fn *each,
		       void *user, struct err *e);
	bool (*diff)(void *state, const struct query *before, const struct query *after, exposure_difference_fn *each,
		     void *user, struct err *e);
	/* Parts that could not be read and were left out of the answers. */
	void (*damaged)(void *state, struct arena *a, struct str **names, size_t *count);
	/* Where what it holds came from, each once, by snapshot, source, file, digest and rules; not when it was imported (0).
	 * NULL: this store does not tell. */
	bool (*origins)(void *state, struct arena *a, struct segment_origin **out, size_t *count, struct err *e);
	/* Each of these may be NULL: this store does not know. Calls that are not done so many milliseconds from now (0: no
	 * limit) are ERR_BUSY; something newer is there than what was opened; what was imported, with its time. */
	void (*deadline)(void *state, int64_t after);
	bool (*stale)(void *state);
	bool (*imports)(void *state, struct arena *a, struct segment_origin **out, size_t *count, struct err *e);
	const struct exposure_filling *filling;
};
extern const struct exposure_backend exposure_backend_files, exposure_backend_clickhouse;

/* NULL-terminated; a program that shall not carry them all has a table of its own. */
extern const struct exposure_backend *const exposure_backends[];
/* By the scheme of store, NULL: files. */
bool exposure_backend_find(const char *store, const struct exposure_backend **out, struct err *e) MUST_CHECK;

#endif
