/* Identities of what enrols: ids, and certificates for the key of a request. */
#ifndef MAMORI_SERVER_CERTIFY_H
#define MAMORI_SERVER_CERTIFY_H

#include "server/request.h"
#include "trust/cert.h"

/* "PREFIX" and twenty random hex digits, in the arena. "relay-" keeps a relay's apart from those of hosts wherever only a
 * certificate's name is seen. */
struct str certify_id(struct arena *a, struct str prefix);

/* Signs a certificate of half a year for the key of `csr` and says what to store of it: `of` brings its common name, its
 * names and whether it is a relay's; the times are set here. */
bool certify(struct request *r, struct str csr, struct cert_request of, struct buf *pem, struct certificate *out,
	     struct err *e) MUST_CHECK;

#endif
