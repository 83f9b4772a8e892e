/* What is known about talking to the server: last success, failures since, and why we stopped. */
#ifndef MAMORI_AGENT_CONTACT_H
#define MAMORI_AGENT_CONTACT_H

#include "agent/state.h"

struct contact {
	const char *host; /* of which identity this tells */
	int64_t tried, reached; /* last try, last answer that was a success; 0 never */
	int64_t next; /* when the next check-in is due */
	unsigned failures; /* since the last success */
	unsigned interval; /* seconds, from the server */
	int64_t signed_time; /* latest time that a signature of the server vouched for */
	int64_t refreshed; /* last try to refresh the package lists */
	const char *refresh_error; /* why that failed; NULL: it did not */
	int64_t stage_failed; /* last time that fetching ahead failed, 0: it did not */
	const char *state; /* "active" "pending" "revoked" "cloned" "expired" */
	const char *error; /* last failure's sentence, NULL after a success */
	const char *notice; /* the server's, NULL none */
};

/* A missing or damaged file is an empty contact: nothing here is needed to go on. Of another host: empty too. */
void contact_load(const struct agent *a, struct arena *arena, const char *host, struct contact *out);
bool contact_save(const struct agent *a, const struct contact *c, struct err *e) MUST_CHECK;
/* Seconds until the next check-in: the interval, doubled with every failure after the first up to an hour, ±10 %.
 * random: any number. */
unsigned contact_delay(const struct contact *c, uint32_t random);

#endif
