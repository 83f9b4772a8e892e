/* Update metadata for hosts: the server hands out what lies in DATA/updates and cannot change what it says; what hosts
 * report of it (doc/update-metadata.md, doc/agent-protocol.md). */
#ifndef MAMORI_SERVER_UPDATES_H
#define MAMORI_SERVER_UPDATES_H

#include "server/request.h"

/* GET /agent/v1/updates/NAME and /agent/v1/scripts/HASH.NAME; for relays /agent/v1/relay/updates/NAME … */
bool updates_file(struct request *r, struct err *e);
bool updates_script_file(struct request *r, struct err *e);
/* For relays, GET /agent/v1/relay/index/HASH.feeds.mamori?from=N: the vulnerability data, in pieces of at most 4 MiB. */
bool updates_index_piece(struct request *r, struct err *e);

/* "root":"the newest root's text" of an enrolment; nothing without a repository. */
bool updates_root_write(struct request *r, struct err *e) MUST_CHECK;
/* The member "metadata" of a check-in. */
struct updates_in {
	bool given; /* an agent that says nothing changes nothing */
	int64_t timestamp, expires;
	struct str trouble;
};
/* "metadata":{"timestamp":n} of an answer; nothing without a repository. For a host that tells of none "root" beside it: it was
 * enrolled before there was one. */
bool updates_named_write(struct request *r, const struct updates_in *in, struct err *e) MUST_CHECK;
bool updates_parse(struct arena *a, const struct json *body, struct updates_in *out, struct err *e) MUST_CHECK;
/* On the writer: keeps it, and announces a refusal that is new in log and audit log. */
bool updates_keep(struct request *r, const struct updates_in *in, struct err *e) MUST_CHECK;
/* What is wrong with the metadata of a host, in the reader's language; empty: nothing. */
struct str updates_trouble(struct request *r, struct str host);

#endif
