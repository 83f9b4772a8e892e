/* Looks at one HTTPS server once: one connection, one TLS handshake whoever the certificate is of, one GET. For servers of one's own
 * that a person named; what strangers answer is capped, and whoever dribbles is left. */
#ifndef MAMORI_NET_TLS_LOOK_H
#define MAMORI_NET_TLS_LOOK_H

#include "base/buf.h"

enum { TLS_LOOK_CHAIN = 6, TLS_LOOK_BYTES = 64 << 10, TLS_LOOK_SECONDS = 20 };

struct tls_look {
	char protocol[16]; /* "TLSv1.3" */
	char cipher[64];
	struct buf chain[TLS_LOOK_CHAIN]; /* DER, the server's own first */
	size_t certificates;
	int status; /* of HTTP; 0: it gave no answer to the GET */
	struct buf answer; /* head and body as they came, at most TLS_LOOK_BYTES */
	char shortcoming[200]; /* why there is no answer to the GET */
};

/* address: numeric. host: for SNI and the Host header; the address itself where it has no name. ERR_UNREACHABLE: no connection, or
 * no handshake. Blocks, at most TLS_LOOK_SECONDS. */
bool tls_look(const char *address, unsigned port, const char *host, struct tls_look *out, struct err *e) MUST_CHECK;
void tls_look_free(struct tls_look *l);

#endif
