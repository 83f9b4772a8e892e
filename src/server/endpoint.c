#include "server/endpoint.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

bool
endpoint_parse(struct arena *a, struct str text, struct endpoint *out, struct err *e)
{
	ptrdiff_t colon = str_rfind_char(text, ':');
	uint64_t port;
	struct str host = colon > 0 ? str_head(text, (size_t)colon) : STR_NONE;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = str_sub(host.ptr + 1, host.len - 2);
	if (!host.len || !host_is_address(host) || !str_to_u64(str_skip(text, (size_t)colon + 1), &port) ||
	    port > 65535)
		return err_set(e, ERR_USAGE,
			       "%.*s is no address to listen on: give ADDRESS:PORT, such as 127.0.0.1:8443",
			       STR_ARG(text));
	*out = (struct endpoint){ .host = arena_str(a, host), .port = (unsigned)port };
	return true;
}

bool
endpoint_is_wildcard(const struct endpoint *p)
{
	return str_eq(p->host, STR("0.0.0.0")) || str_eq(p->host, STR("::"));
}

bool
endpoint_is_loopback(const struct endpoint *p)
{
	return str_starts(p->host, STR("127.")) || str_eq(p->host, STR("::1"));
}

struct str
endpoint_url(struct arena *a, struct str host, unsigned port)
{
	bool v6 = str_find_char(host, ':') >= 0;
	return arena_printf(a, "https://%s%.*s%s:%u", v6 ? "[" : "", STR_ARG(host), v6 ? "]" : "", port);
}

bool
host_is_address(struct str host)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

struct str
host_of_header(struct str header)
{
	if (str_starts(header, STR("["))) {
		ptrdiff_t end = str_find_char(header, ']');
		return end > 1 ? str_sub(header.ptr + 1, (size_t)end - 1) : STR_NONE;
	}
	struct str host, port;
	return str_split(header, ':', &host, &port) ? host : header;
}

bool
origin_is(struct str origin, struct str header)
{
	const struct str scheme = STR("https://");
	return header.len > 0 && str_starts(origin, scheme) && str_eq_nocase(str_skip(origin, scheme.len), header);
}

size_t
machine_addresses(struct arena *a, struct str *out, size_t max)
{
	struct ifaddrs *list = NULL;
	size_t count = 0;
	if (getifaddrs(&list) != 0)
		return 0;
	for (const struct ifaddrs *i = list; i && count < max; i = i->ifa_next) {
		char text[NI_MAXHOST];
		if (!i->ifa_addr || (i->ifa_flags & IFF_LOOPBACK))
			continue;
		int family = i->ifa_addr->sa_family;
		socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		if ((family != AF_INET && family != AF_INET6) ||
		    getnameinfo(i->ifa_addr, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		if (!strchr(text, '%')) /* link-local ones mean nothing to others */
			out[count++] = arena_str(a, str_of(text));
	}
	freeifaddrs(list);
	return count;
}

struct str
machine_name(struct arena *a)
{
	char name[256] = "";
	if (gethostname(name, sizeof(name) - 1) != 0 || !name[0])
		return STR("localhost");
	return arena_str(a, str_of(name));
}
