/* Certificates that were issued to hosts: what binds a TLS connection to a host. */
#ifndef MAMORI_STORE_CERTIFICATE_H
#define MAMORI_STORE_CERTIFICATE_H

#include "store/store.h"

struct certificate {
	struct str serial, host, key_digest;
	int64_t not_after, issued_at, revoked_at;
};

bool certificate_insert(struct store *st, const struct certificate *c, struct err *e) MUST_CHECK;
/* ERR_NOT_FOUND when this server issued none of that serial number. */
bool certificate_get(struct store *st, struct arena *a, struct str serial, struct certificate *out,
		     struct err *e) MUST_CHECK;
/* The newest one of a host that is not revoked. */
bool certificate_newest(struct store *st, struct arena *a, struct str host, struct certificate *out,
			struct err *e) MUST_CHECK;
bool certificate_revoke_host(struct store *st, struct str host, int64_t now, struct err *e) MUST_CHECK;

#endif
