/* mamori's own exposure index as a source of discovery: what imports say about what is ours. Nobody is asked for it. And the other
 * way: what discovery found to be ours is `mine:true` in exposure's questions. */
#ifndef MAMORI_CLI_SURFACE_EXPOSURE_H
#define MAMORI_CLI_SURFACE_EXPOSURE_H

#include "surface/discover.h"
#include "surface/seed.h"

struct surface_exposure;

/* The index below data/exposure. Where there is none: *out NULL, or ERR_NOT_FOUND when it was asked for. */
bool surface_exposure_open(const char *data, bool wanted, struct surface_exposure **out, struct err *e) MUST_CHECK;
/* discover_options.more: facts about what became ours since it was called last; user: a struct surface_exposure. */
void surface_exposure_more(void *user, const struct graph *g, struct facts *f);
/* What was asked of it, as of the other sources; last_failure lives as long as x. */
struct coverage surface_exposure_coverage(const struct surface_exposure *x);
void surface_exposure_close(struct surface_exposure *x);
/* Public addresses and networks that are approved, contractors' left out, become the networks of ours that discovery knows, in the
 * place of those of the run before. */
bool surface_exposure_mine(const char *data, const struct graph *g, const struct seeds *list, struct err *e) MUST_CHECK;

#endif
