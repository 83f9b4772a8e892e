/* What a check-in says about slots: the slot machine's last decision, finished slots, and what somebody at the machine
 * wished. */
#ifndef MAMORI_SERVER_SLOT_IN_H
#define MAMORI_SERVER_SLOT_IN_H

#include "server/request.h"
#include "store/directive.h"

enum { SLOT_IN_ASKS = 20, SLOT_IN_FINISHED = 64 };

struct slot_ask {
	struct str ask, why, raw; /* ask: hold, release, now, later */
	int64_t until, at;
};
struct slot_end {
	struct str id, how;
	int64_t at;
};
struct slot_in {
	bool given;
	struct str unused; /* a slot whose lease it hands back; empty: none */
	struct str mitigate; /* what it wants a lease for to mitigate only; empty: nothing */
	struct slot_report report; /* host, at and unhealthy_since are filled in by slot_in_keep() */
	bool healthy;
	int64_t serial; /* of the directive that the host obeys, 0 none */
	struct slot_ask asks[SLOT_IN_ASKS];
	size_t ask_count;
	struct slot_end ended[SLOT_IN_FINISHED];
	size_t ended_count;
};

/* Reads the three keys of a check-in; whatever is too long or of the wrong kind is ERR_INPUT. */
bool slot_in_parse(struct arena *a, const struct json *body, struct slot_in *out, struct err *e) MUST_CHECK;
/* On the writer: report, finished slots, holds that the machine asked for or released, and the lease for its slot. */
bool slot_in_keep(struct request *r, const struct slot_in *in, struct err *e) MUST_CHECK;

/* POLICY/WINDOW/DATE/HOST of this very host. */
bool slot_id_is_of(struct str id, struct str host);

#endif
