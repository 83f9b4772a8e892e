/* Tables from address to AS and country (MaxMind DB files, as exposure data is enriched with) as a source of discovery. */
#ifndef MAMORI_CLI_SURFACE_GEO_H
#define MAMORI_CLI_SURFACE_GEO_H

#include "surface/own.h"

struct surface_geo;
/* seeds: whose AS numbers lead to their networks; must outlive it. *out NULL where path is NULL. ERR_INPUT. */
bool surface_geo_open(const char *path, const struct own_seed *seeds, size_t count, struct surface_geo **out,
		      struct err *e) MUST_CHECK;
void surface_geo_close(struct surface_geo *x);
/* AS and country of each address that is new in the graph; the first time, the networks of the seeds' AS numbers. */
void surface_geo_more(struct surface_geo *x, const struct graph *g, struct facts *f);

#endif
