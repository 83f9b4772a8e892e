/* What the files of a relay's membership share (private to the room). */
#ifndef MAMORI_RELAY_MEMBER_INTERNAL_H
#define MAMORI_RELAY_MEMBER_INTERNAL_H

#include "base/json.h"
#include "net/client.h"
#include "relay/member.h"

#define MEMBER_KEY "relay.key"
#define MEMBER_STATUS_KEY "status.key"

void member_list_read(struct arena *a, const struct json *v, const char *key, const char **out, size_t max);
void member_list_write(struct json_writer *w, const char *key, const char *const *items, size_t max);
/* Checks it against the CA and our key. */
bool member_certificate_take(struct member *m, struct arena *a, const struct key *k, struct str pem, int64_t now,
			     struct err *e) MUST_CHECK;
/* The server's refusal as an error, with its own sentence. */
bool member_refused(struct arena *a, const struct http_response *r, struct err *e);
/* This machine's names and addresses, and those given: into names of the member. */
void member_names_collect(struct arena *a, const char *const *given, const char **out);

#endif
