#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static void
socket_cleanup(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

#define SOCKET_AUTO __attribute__((cleanup(socket_cleanup))) int

static bool
address_bad(struct str text, struct err *e)
{
	return err_set(e, ERR_USAGE,
		       "\"%.*s\" is not an address to listen on; write it as 127.0.0.1:8443 or [::1]:8443",
		       STR_ARG(text));
}

bool
address_parse(struct str text, struct address *out, struct err *e)
{
	ptrdiff_t colon = str_rfind_char(text, ':');
	uint64_t number;
	if (colon <= 0)
		return address_bad(text, e);
	struct str host = str_head(text, (size_t)colon), port = str_skip(text, (size_t)colon + 1);
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")) && host.len > 2)
		host = str_head(str_skip(host, 1), host.len - 2);
	else if (str_find_char(host, ':') >= 0)
		return address_bad(text, e);
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] <= ' ' || host.ptr[i] > '~' || host.ptr[i] == '[' || host.ptr[i] == ']')
			return address_bad(text, e);
	if (host.len >= sizeof(out->host) || port.len >= sizeof(out->port) || !str_to_u64(port, &number) ||
	    number > 65535)
		return address_bad(text, e);
	memcpy(out->host, host.ptr, host.len);
	out->host[host.len] = '\0';
	snprintf(out->port, sizeof(out->port), "%u", (unsigned)number);
	return true;
}

bool
address_is_loopback(const char *text)
{
	struct address a;
	unsigned char v4[4] = { 0 };
	if (!address_parse(str_of(text), &a, NULL))
		return false;
	if (inet_pton(AF_INET, a.host, v4) == 1)
		return v4[0] == 127;
	return str_eq(str_of(a.host), STR("::1"));
}

static unsigned
port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} name = { 0 };
	socklen_t len = sizeof(name);
	if (getsockname(fd, &name.any, &len) != 0)
		return 0;
	return ntohs(name.any.sa_family == AF_INET6 ? name.in6.sin6_port : name.in.sin_port);
}

static bool
bind_failed(const char *text, struct err *e)
{
	if (errno == EADDRINUSE)
		return err_set(
			e, ERR_CONFLICT,
			"the port of %s is already taken by another program; stop that one or choose another port",
			text);
	if (errno == EADDRNOTAVAIL)
		return err_set(e, ERR_USAGE, "%s is not an address of this machine", text);
	if (errno == EACCES)
		return err_set(e, ERR_REFUSED, "this user may not listen on %s; choose a port above 1023", text);
	return err_sys(e, "cannot listen on %s", text);
}

static bool
listen_at(const char *text, bool shared, int *fd, unsigned *port, struct err *e)
{
	struct address a;
	struct addrinfo *list = NULL;
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	if (!address_parse(str_of(text), &a, e))
		return false;
	int rc = getaddrinfo(a.host, a.port, &hints, &list);
	if (rc != 0)
		return err_set(e, ERR_USAGE, "cannot listen on %s: %s", text, gai_strerror(rc));
	SOCKET_AUTO s = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	bool ok = s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		  (!shared || setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
		  /* Without it every TLS answer waits 44 ms for the peer's delayed acknowledgement. */
		  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
		  bind(s, list->ai_addr, list->ai_addrlen) == 0 && listen(s, BACKLOG) == 0;
	int saved = errno;
	freeaddrinfo(list);
	errno = saved;
	if (!ok)
		return bind_failed(text, e);
	*port = port_of(s);
	*fd = s;
	s = -1;
	return true;
}

bool
address_listen(const char *text, int *fd, unsigned *port, struct err *e)
{
	return listen_at(text, false, fd, port, e);
}

bool
address_listen_shared(const char *text, int *fd, unsigned *port, struct err *e)
{
	return listen_at(text, true, fd, port, e);
}

/* Whether a server answers at this path; a leftover of a crash does not. */
static bool
unix_answers(const struct sockaddr_un *sun)
{
	SOCKET_AUTO s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return s >= 0 && (connect(s, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN);
}

bool
address_listen_unix(const char *path, int *fd, struct err *e)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len >= sizeof(sun.sun_path))
		return err_set(
			e, ERR_USAGE,
			"the path %s is too long for a socket (%zu of at most %zu bytes); choose a shorter folder",
			path, len, sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, len + 1);
	struct stat st;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return err_set(e, ERR_CONFLICT, "%s is in the way: it should be the server's socket", path);
		if (unix_answers(&sun))
			return err_set(e, ERR_CONFLICT, "another server answers at %s already", path);
		if (unlink(path) != 0)
			return err_sys(e, "cannot replace the old socket %s", path);
	}
	SOCKET_AUTO s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody can connect between bind and listen, so the mode is in force before the first peer. */
	if (s < 0 || bind(s, (struct sockaddr *)&sun, sizeof(sun)) != 0 || chmod(path, 0600) != 0 ||
	    listen(s, BACKLOG) != 0)
		return err_sys(e, "cannot listen on the socket %s", path);
	*fd = s;
	s = -1;
	return true;
}
