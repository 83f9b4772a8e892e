/* Our own networks, for `mine:true`: a small file below DATA that says for each origin (what a person set, what the fleet's hosts
 * say of themselves, what the attack surface found) which networks are ours. Whoever knows writes its own part; questions read all
 * of it, so that an address that becomes ours is found in what was imported long ago. */
#ifndef MAMORI_EXPOSURE_MINE_H
#define MAMORI_EXPOSURE_MINE_H

#include "exposure/query.h"

enum mine_origin { MINE_SET, MINE_FLEET, MINE_SURFACE, MINE_ORIGINS };
enum { MINE_MAX = 100000 };

struct mine_network {
	unsigned char net[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned prefix; /* of 128 */
};
struct mine {
	struct {
		struct mine_network *items; /* sorted, each once */
		size_t count;
	} of[MINE_ORIGINS];
};

/* "set", "fleet", "surface" */
const char *mine_origin_name(enum mine_origin o);
/* "192.0.2.0/24", "2001:db8::1": false when it is neither address nor network. Bits behind the prefix become 0. */
bool mine_parse(struct str text, struct mine_network *out) MUST_CHECK;
void mine_write(const struct mine_network *n, struct buf *out);
/* Reached from anywhere: not private, loopback, link-local, shared (100.64/10), multicast or reserved. */
bool mine_is_public(const struct mine_network *n);
/* None there: none is ours. */
bool mine_load(struct arena *a, const char *data, struct mine *out, struct err *e) MUST_CHECK;
/* Replaces the part of one origin; nothing is written when it is the same already. */
bool mine_store(const char *data, enum mine_origin o, const struct mine_network *items, size_t count,
		struct err *e) MUST_CHECK;
/* The file's path. */
const char *mine_path(struct arena *a, const char *data);
/* q with `mine:` as what it means: a disjunction of networks. q itself where it does not ask for it. */
const struct query *mine_expand(const struct mine *m, struct arena *a, const struct query *q);

#endif
