/* Letters of hosts (trust/letter.h), handed in by a relay or brought by a bundle: whoever brings one proves nothing by
 * that, the host's signature does. Each is answered by a letter signed with the order key. */
#ifndef MAMORI_SERVER_LETTER_IN_H
#define MAMORI_SERVER_LETTER_IN_H

#include "server/check_in.h"
#include "trust/letter.h"

enum { LETTERS_MAX = 500 };

struct letter_in {
	struct str host; /* as it names it; empty: it is no letter */
	int64_t serial;
	struct letter letter;
	struct host from;
	void *check_in;
	const struct json *sections;
	struct err refused; /* ERR_NONE: it may be taken */
};

/* On a reader: verified against the key of the host that it names. What is wrong with it stands in l->refused. */
void letter_in_open(struct request *r, struct str bytes, struct letter_in *l);
/* On the writer, inside a transaction: kept whole or not at all. *answer: the letter for the host; the one before when
 * this letter came already and its answer was lost. False with ERR_REFUSED, ERR_CONFLICT …: why it is not taken.
 * via: the relay, ptr NULL a bundle. */
bool letter_in_take(struct request *r, struct letter_in *l, struct str via, struct buf *answer,
		    struct err *e) MUST_CHECK;

/* POST /agent/v1/letters */
route_fn letters_prepare, letters_handle;

#endif
