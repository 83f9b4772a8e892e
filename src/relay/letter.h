/* The relay's letter box: what hosts leave for the server, and what the server has for hosts, while neither reaches the
 * other. Also the place where bundles take letters from and put them.
 *
 * R/letters/out/HOST.letter    newest of a host, on its way to the server
 * R/letters/in/HOST.letter     newest of the server for a host
 * R/letters/in/HOST.refused    why the server did not take the host's last one (JSON of an error)
 *
 * Every file is written whole and durably before anybody hears that it was taken. A newer letter replaces an older
 * one: a host repeats in each what the server has not confirmed. Safe to call from any thread. */
#ifndef MAMORI_RELAY_LETTER_H
#define MAMORI_RELAY_LETTER_H

#include "base/buf.h"
#include "base/time.h"
#include "relay/relay.h"

struct letter_box;

bool letter_box_open(const char *data, const struct clock *clock, struct letter_box **out, struct err *e) MUST_CHECK;
void letter_box_close(struct letter_box *b);

/* A call below /relay/v1/letters/; false: it is not one of these. A host (certificate) has its own place only. */
bool letter_box_call(struct letter_box *b, struct relay_call *c);
/* How many wait to go out. */
size_t letter_box_waiting(struct letter_box *b);
/* One came in since the last forwarding. */
bool letter_box_new(struct letter_box *b);

/* A host's letter, as letter_box_call() takes it. ERR_REFUSED another host's, ERR_CONFLICT older than the one here. */
bool letter_box_put(struct letter_box *b, struct str host, struct str bytes, struct err *e) MUST_CHECK;
/* The newest for a host; ERR_NOT_FOUND none, ERR_REFUSED the server refused its last one, with the server's words. */
bool letter_box_get(struct letter_box *b, struct str host, struct buf *bytes, struct err *e) MUST_CHECK;

/* Hands all that waits to the server, in parts: body is {"letters":["base64",…]}, the answer {"letters":[{"host",
 * "serial","letter"},…],"refused":[{"host","serial","message"},…]}. What it took is removed here only then. */
typedef bool letter_send_fn(void *user, struct str body, struct buf *answer, struct err *e);
bool letter_box_forward(struct letter_box *b, letter_send_fn *send, void *user, struct err *e) MUST_CHECK;

#endif
