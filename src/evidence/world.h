/* The countries: names, and borders projected to a plane, made at build time by tools/world2c.py from packages of free data
 * (Natural Earth; borders are that source's and state no position). Without the packages there are none. */
#ifndef MAMORI_EVIDENCE_WORLD_H
#define MAMORI_EVIDENCE_WORLD_H

#include "base/arena.h"
#include "base/tr.h"

struct world_country {
	char code[4]; /* ISO 3166-1 alpha-2; empty: land that has no code */
	const char *en, *ja;
	uint32_t first, rings; /* in world_rings; none: too small, a dot at x, y */
	int16_t x, y; /* INT16_MIN: not on the map */
};
struct world_ring {
	uint32_t first, points; /* in world_points */
};
/* Where the plane's points lie. */
enum { WORLD_LEFT = 0, WORLD_RIGHT = 20000, WORLD_TOP = -4850, WORLD_BOTTOM = 3820 };

extern const struct world_country world_countries[]; /* by code */
extern const size_t world_country_count;
extern const struct world_ring world_rings[];
extern const int16_t world_points[][2];

/* NULL: not known. ASCII case counts not. */
const struct world_country *world_find(struct str code);
/* In that language; what is not known stays a code. */
struct str world_name(struct arena *a, struct str code, enum lang lang);

#endif
