/* Exposure data as the server reads it: opened once, given to one request at a time, opened anew when something was imported.
 * Private to server. */
#ifndef MAMORI_SERVER_EXPOSURE_POOL_H
#define MAMORI_SERVER_EXPOSURE_POOL_H

#include "exposure/backend.h"

struct exposure_pool;
/* data must outlive it. */
struct exposure_pool *exposure_pool_new(const char *data);
void exposure_pool_free(struct exposure_pool *p);
/* Another store than the files below data (backend.h), before anything is asked; store must outlive it. ERR_USAGE: none that is
 * known. */
bool exposure_pool_set_store(struct exposure_pool *p, const char *store, struct err *e) MUST_CHECK;
const char *exposure_pool_store(const struct exposure_pool *p); /* NULL: the files */
/* Somebody is being answered. */
bool exposure_pool_busy(struct exposure_pool *p);

/* An export comes in pieces and is audited once: its later pieces are known by their mark for an hour. */
bool exposure_export_known(struct exposure_pool *p, uint64_t mark, int64_t now);
void exposure_export_note(struct exposure_pool *p, uint64_t mark, int64_t now);

struct exposure_use {
	struct exposure_pool *pool;
	const struct exposure_backend *backend;
	void *state; /* NULL: nothing is held */
};
/* The newest data; each call with it has limit_ms (0: as long as it takes). */
bool exposure_borrow(struct exposure_pool *p, int64_t limit_ms, struct exposure_use *out, struct err *e) MUST_CHECK;
void exposure_return(struct exposure_use *u);
#define EXPOSURE_USE_AUTO __attribute__((cleanup(exposure_return))) struct exposure_use

#endif
