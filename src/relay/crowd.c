/* Who has to go: connections that take too long, and, when there is no room for another one, somebody who is there. */
#include "relay/relay-internal.h"

#include <netinet/in.h>

void
conn_overdue(struct loop *l)
{
	for (struct conn *c = l->conns, *next; c; c = next) {
		next = c->next;
		hello_look(c);
		if (c->deadline == 0 || l->now < c->deadline)
			continue;
		if (c->state == CONN_SEND)
			conn_reset(c);
		else
			conn_free(c);
	}
}

static bool
is_idle(const struct conn *c)
{
	return c->state == CONN_READ || c->state == CONN_SNIFF || c->state == CONN_HANDSHAKE || c->state == CONN_LINGER;
}

static bool
same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr,
		      sizeof(struct in6_addr)) == 0;
}

/* The host that holds more than half of all connections, if there is one (Boyer and Moore's majority vote). */
static const struct sockaddr_storage *
majority(const struct loop *l)
{
	const struct sockaddr_storage *candidate = NULL;
	size_t votes = 0, held = 0;
	for (const struct conn *c = l->conns; c; c = c->next) {
		if (votes == 0)
			candidate = &c->peer;
		votes += same_host(candidate, &c->peer) ? 1 : (size_t)-1;
	}
	for (const struct conn *c = l->conns; c; c = c->next)
		held += same_host(candidate, &c->peer);
	return held > l->conn_count / 2 ? candidate : NULL;
}

/* One host that asks for much and reads nothing must not keep all others out: of its connections the one that moved
 * nothing for longest goes. */
static struct conn *
of_the_crowd(const struct loop *l, const struct sockaddr_storage *newcomer)
{
	const struct sockaddr_storage *crowd = majority(l);
	struct conn *slowest = NULL;
	if (!crowd || same_host(crowd, newcomer))
		return NULL;
	for (struct conn *c = l->conns; c; c = c->next)
		if (same_host(crowd, &c->peer) && c->state == CONN_SEND && c->deadline > 0 &&
		    (!slowest || c->deadline < slowest->deadline))
			slowest = c;
	return slowest;
}

bool
conn_make_room(struct loop *l, const struct sockaddr_storage *newcomer)
{
	struct conn *oldest = NULL;
	for (struct conn *c = l->conns; c; c = c->next)
		if (is_idle(c) && (!oldest || c->deadline < oldest->deadline))
			oldest = c;
	if (oldest) {
		conn_free(oldest);
		return true;
	}
	struct conn *slowest = of_the_crowd(l, newcomer);
	if (slowest)
		conn_reset(slowest);
	return slowest != NULL;
}
