/* Handlers of the API's rows about bundles (doc/api.md), and what lists of sites say about them. */
#ifndef MAMORI_SERVER_BUNDLES_H
#define MAMORI_SERVER_BUNDLES_H

#include "server/route.h"

route_fn api_bundles, api_bundle_key, api_bundle_begin, api_bundle_sign, api_bundle_receive, api_host_inventory,
	api_host_letter, api_site_next;

/* "bundle":{…} of a site, null where it never had one: into an open object. */
bool bundle_site_write(struct request *r, struct str site, struct err *e) MUST_CHECK;
/* Alarms about sites whose last bundle is old or about to expire: into an open array. */
bool bundle_notices_write(struct request *r, struct err *e) MUST_CHECK;

#endif
