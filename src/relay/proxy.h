/* The proxy that leads out, with what it wants to know of us. */
#ifndef MAMORI_RELAY_PROXY_H
#define MAMORI_RELAY_PROXY_H

#include "base/buf.h"

/* The proxy's address with user and password of the file (one line, "user:password") in it, as libcurl takes them: each
 * character counts as it stands. Without a file: the address as it is. For an HTTP client's `proxy` only, never to be shown. */
bool proxy_with_credentials(const char *proxy, const char *file, struct buf *out, struct err *e) MUST_CHECK;

#endif
