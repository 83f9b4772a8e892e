/* The ways to the server and to packages: direct, and the relays of this machine's site. What does not answer is tried
 * last for a while, longer after each failure; nothing is ever given up for good. ways.json in the state folder. */
#ifndef MAMORI_AGENT_WAY_H
#define MAMORI_AGENT_WAY_H

#include "agent/identity.h"

struct way {
	const char *url; /* of the relay; NULL: direct */
	unsigned failures; /* since it last worked */
	int64_t again; /* not tried first before */
};

struct ways {
	struct way way[NET_WAYS_MAX]; /* as they are tried: direct before relays unless the site says otherwise */
	size_t count;
	const char *packages; /* the relay that packages last came through; NULL: none did, or directly */
	bool packages_direct; /* they last came directly */
};

/* now: for the order. A missing or damaged file only forgets failures. */
void ways_load(const struct agent *a, struct arena *arena, const struct identity *id, int64_t now, struct ways *out);
bool ways_save(const struct agent *a, const struct ways *w, struct err *e) MUST_CHECK;
/* It answered, or did not. */
void way_note(struct way *w, bool answered, int64_t now);
/* For packages: the way that worked last, the relays (those that wait behind the others), direct where the site allows it.
 * Indices into way; gives how many. */
size_t ways_for_packages(const struct ways *w, int64_t now, size_t order[NET_WAYS_MAX]);
/* By name, for files: a relay's address or "direct". An unknown one is none; NULL: none is known. */
void ways_packages_by(struct ways *w, struct str name);
const char *ways_packages_name(const struct ways *w);
/* Asks the process that talks to the network which ways worked in this run, and keeps it. */
void ways_learn(const struct agent *a, struct ways *w, const struct net *net, int64_t now);

#endif
