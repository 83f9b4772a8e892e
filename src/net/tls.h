/* TLS of the server's listeners, and what both sides say when it fails (OpenSSL). */
#ifndef MAMORI_NET_TLS_H
#define MAMORI_NET_TLS_H

#include "base/buf.h"

#include <openssl/ssl.h>

/* TLS 1.2 and 1.3. certificate_pem: the server's certificate, then its chain, all of which is sent. With
 * client_ca_pem a client certificate of one of these CAs is required, and no session is resumed, so that every
 * connection is checked anew. */
bool tls_server_context(struct str certificate_pem, struct str key_pem, struct str client_ca_pem, SSL_CTX **out,
			struct err *e) MUST_CHECK;
/* A client certificate is asked for, not required; one that is shown must be of one of these CAs. No session is
 * resumed, so that every connection is checked anew. */
bool tls_ask_client(SSL_CTX *ctx, struct str client_ca_pem, struct err *e) MUST_CHECK;
/* Why a handshake failed on this server, for the log; static text. */
const char *tls_server_reason(const SSL *ssl, unsigned long code);
/* The peer's verified certificate as PEM; false when it gave none. */
bool tls_peer_certificate(const SSL *ssl, struct buf *pem);

/* For clients that know only a digest of the CA's key: accepts the chain in which a CA certificate has that key,
 * and checks the rest of the chain against that certificate alone. */
struct tls_pin {
	char digest[65]; /* lower-case hexadecimal SHA-256 of the SubjectPublicKeyInfo */
	struct buf ca_pem; /* that certificate, once seen */
};
void tls_pin_use(SSL_CTX *ctx, struct tls_pin *pin);

#endif
