/* Names in a zone signed with hashes (RFC 5155): what its records say is there, and what is not. */
#ifndef MAMORI_SURFACE_HASHED_H
#define MAMORI_SURFACE_HASHED_H

#include "base/arena.h"
#include "net/dns.h"

/* salt: binary. False where the parameters ask for more work than a name is worth (more than 100 iterations, RFC 9276). */
bool hashed_name(const struct dns_name *name, struct str salt, unsigned iterations, unsigned char out[20]) MUST_CHECK;

enum { HASHES_MAX = 4096 };

struct hashes_range {
	unsigned char from[20], to[20];
	bool opt_out; /* delegations may lie between */
};

/* Of one zone; begins with its apex alone. */
struct hashes {
	struct dns_name apex;
	struct str salt;
	unsigned iterations;
	ARRAY_OF(struct hashes_range) ranges; /* at most HASHES_MAX */
};

/* Takes the NSEC3 records of the zone out of a message, all of them with the parameters of the first. */
void hashes_take(struct arena *a, struct hashes *h, struct str message);

enum hashed_word { HASHED_UNKNOWN, HASHED_THERE, HASHED_ABSENT };
enum hashed_word hashes_say(const struct hashes *h, struct str name);

#endif
