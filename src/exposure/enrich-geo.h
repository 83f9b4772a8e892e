/* Country and network of an address, from MaxMind DB files (free ones: npm @ip-location-db). */
#ifndef MAMORI_EXPOSURE_ENRICH_GEO_H
#define MAMORI_EXPOSURE_ENRICH_GEO_H

#include "base/arena.h"

struct geo;
/* All *.mmdb of the folder; *out = NULL when there are none. A damaged one is ERR_INPUT. */
bool geo_open(const char *folder, struct geo **out, struct err *e) MUST_CHECK;
/* One file of that form. */
bool geo_open_file(const char *path, struct geo **out, struct err *e) MUST_CHECK;
void geo_close(struct geo *g);
/* Every network of the files that says its AS, as an IPv6 prefix (IPv4 within ::ffff:0:0/96). False: a file is damaged. */
typedef void geo_network_fn(void *user, const unsigned char ip[16], unsigned bits, uint32_t as);
bool geo_each_network(const struct geo *g, geo_network_fn *each, void *user, struct err *e) MUST_CHECK;
/* Views of the file, or the arena's; empty when it says nothing. */
void geo_find(const struct geo *g, const unsigned char ip[16], struct arena *a, struct str *country, struct str *asn);

#endif
