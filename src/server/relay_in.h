/* Relays as the server sees them: enrolment, their own check-in, renewal (doc/agent-protocol.md). */
#ifndef MAMORI_SERVER_RELAY_IN_H
#define MAMORI_SERVER_RELAY_IN_H

#include "server/check_in.h"

route_fn relay_enrol_prepare, relay_enrol_handle, relay_check_in_prepare, relay_check_in_handle, relay_renew_prepare,
	relay_renew_handle;

/* A relay speaks once a minute; silent after this. */
#define RELAY_INTERVAL_MS INT64_C(60000)
#define RELAY_SILENT_MS INT64_C(900000)

/* "relays":[…],"relay_only":bool of an answer to a host, by its site; nothing where it has no relays. */
bool relays_write(struct request *r, struct err *e) MUST_CHECK;
/* Alarms about relays that are silent and sites whose metadata is old: into an open array. */
bool relay_notices_write(struct request *r, struct err *e) MUST_CHECK;

#endif
