/* Who this machine is to its server: what enrolment gave. Writing identity.json is the moment it counts. */
#ifndef MAMORI_AGENT_IDENTITY_H
#define MAMORI_AGENT_IDENTITY_H

#include "agent/net.h"
#include "agent/state.h"

struct identity {
	const char *host, *server;
	const char *agents[NET_BASES_MAX]; /* https://name:port, the server's own first */
	const char *relays[NET_RELAYS_MAX]; /* of this machine's site, as the server said last */
	const char *relays_given[NET_RELAYS_MAX]; /* it was enrolled through these: kept whatever the server says */
	bool relay_only; /* nothing but relays is ever tried */
	const char *ca, *order_key, *certificate; /* PEM */
	const char *serial; /* of the certificate */
	int64_t not_after;
	const char *keys; /* prefix of the two key files */
	int64_t enrolled_at;
};

/* ERR_REFUSED with what to do when this machine is not enrolled. Strings live in the arena. */
bool identity_load(const struct agent *a, struct arena *arena, struct identity *out, struct err *e) MUST_CHECK;
bool identity_save(const struct agent *a, const struct identity *id, struct err *e) MUST_CHECK;
/* "KEYS.tls.key", "KEYS.signing.key" below the state folder. */
const char *identity_key_path(const struct agent *a, struct arena *arena, const struct identity *id, const char *which);
/* The server's "relays" and "relay_only", where an answer has them; whether that changed anything. */
bool identity_relays_take(struct identity *id, struct arena *arena, const struct json *answer);
/* http(s)://host[:port] and nothing else. */
bool relay_url_valid(struct str url);
/* Asks the process without rights what the certificate says; it must be for the TLS key with this digest. */
bool identity_certificate(struct identity *id, struct arena *arena, const struct net *net, struct str pem,
			  struct str key_digest, struct err *e) MUST_CHECK;

#endif
