/* Handlers of the API's rows about relays and sites (doc/api.md). */
#ifndef MAMORI_SERVER_RELAYS_H
#define MAMORI_SERVER_RELAYS_H

#include "server/relay_in.h"

route_fn api_relays, api_relay, api_relay_change, api_relay_revoke, api_relay_delete, api_relay_trend, api_sites,
	api_site_put, api_site_delete;

#endif
