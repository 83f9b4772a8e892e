/* "host:port" and "[v6]:port", and listening there. */
#ifndef MAMORI_NET_ADDRESS_H
#define MAMORI_NET_ADDRESS_H

#include "base/buf.h"

struct address {
	char host[256]; /* without brackets */
	char port[6];
};

/* ERR_USAGE when the text is not host:port with a port of 0 to 65535. */
bool address_parse(struct str text, struct address *out, struct err *e) MUST_CHECK;
/* Whether only this machine can reach it (127.0.0.0/8, ::1). */
bool address_is_loopback(const char *text);
/* A listening TCP socket, non-blocking, TCP_NODELAY; a taken port is ERR_CONFLICT. */
bool address_listen(const char *text, int *fd, unsigned *port, struct err *e) MUST_CHECK;
/* As address_listen; others of this process may listen on the same port, and connections are shared out (SO_REUSEPORT).
 * Another program of the same user may do so too: whoever must know it is alone asks address_listen first. */
bool address_listen_shared(const char *text, int *fd, unsigned *port, struct err *e) MUST_CHECK;
/* A listening UNIX socket of mode 0600; a socket that nobody answers at is replaced. */
bool address_listen_unix(const char *path, int *fd, struct err *e) MUST_CHECK;

#endif
