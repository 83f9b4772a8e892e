/* A relay as a member of its server's family: what enrolment gave it, and its talk with the server once it runs. Below
 * the state folder R:
 *
 * relay.json           who it is to the server; writing it is the moment it counts
 * relay.key            its one TLS key (0600): for hosts and to the server
 * status.key           what it signs itself with
 * status.json          what `mamori relay status` shows
 * letters/             relay/letter.h */
#ifndef MAMORI_RELAY_MEMBER_H
#define MAMORI_RELAY_MEMBER_H

#include "base/arena.h"
#include "relay/relay.h"

enum { MEMBER_URLS_MAX = 8, MEMBER_NAMES_MAX = 32 };

struct member {
	const char *data;
	const char *id, *name, *server, *site; /* site: NULL none */
	const char *agents[MEMBER_URLS_MAX], *dashboards[MEMBER_URLS_MAX]; /* of the server; NULL-terminated or full */
	const char *names[MEMBER_NAMES_MAX]; /* of its certificate; likewise */
	const char *ca, *order_key, *certificate; /* PEM */
	int64_t not_after, enrolled_at;
};

struct member_enrolment {
	const char *data, *token_file;
	const char *const *names; /* NULL-terminated, beside the machine's own name and addresses; may be NULL */
	const char *proxy; /* of the company, or the relay above; NULL: from the environment */
	const char *proxy_credentials; /* file with user:password, or NULL */
	bool again; /* an enrolled relay gets a new identity */
	const struct clock *clock;
};
/* ERR_CONFLICT when it is enrolled already. */
bool member_enrol(const struct member_enrolment *o, struct err *e) MUST_CHECK;
/* Everything lives in the arena; *enrolled false: it is not, and *out untouched. */
bool member_load(const char *data, struct arena *a, struct member *out, bool *enrolled, struct err *e) MUST_CHECK;
bool member_save(const struct member *m, struct err *e) MUST_CHECK;

/* What an enrolled relay does beside giving out files. Fills in of o: certificate, key, client CA, tunnels (added to
 * those that are there), service. *out stays NULL, and o as it is, when the relay is not enrolled. It must live as
 * long as the relay runs. */
struct member_run;
bool member_attach(struct relay_options *o, struct member_run **out, struct err *e) MUST_CHECK;
void member_detach(struct member_run *m);

/* What `mamori relay status` tells, as one JSON object. */
bool member_status(const char *data, const struct clock *clock, struct buf *json, struct err *e) MUST_CHECK;

#endif
