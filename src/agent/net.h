/* The part of the agent that talks to the network: a process of its own, without rights, started before anything
 * is read from the network. It holds the TLS key in memory and answers typed messages (frame.h); it never sees
 * the signing key, and what it says is believed as little as the network itself. */
#ifndef MAMORI_AGENT_NET_H
#define MAMORI_AGENT_NET_H

#include "base/buf.h"

enum net_verb {
	NET_POST = 1,
	NET_PUT,
	NET_CERTIFICATE, /* not sent: checks the PEM in the body, so that the part with rights never parses one */
	NET_RELAY_PUT, /* to a relay itself, the first that answers; ERR_UNREACHABLE without one */
	NET_RELAY_GET,
	NET_GET,
	NET_WAYS, /* not sent: {"ways":[true|false|null,…]}, which of them answered, did not, were not tried */
};

struct net_answer {
	int status;
	struct buf body;
	struct buf ca; /* enrolment: the CA's certificate as the server presented it */
};
void net_answer_free(struct net_answer *a);
#define NET_ANSWER_AUTO __attribute__((cleanup(net_answer_free))) struct net_answer

/* Injected, so that tests need no server. Any HTTP status is true; no answer is ERR_UNREACHABLE.
 * NET_CERTIFICATE answers 200 and {"serial","not_after","key"} (key: digest of its public key), else ERR_INPUT. */
struct net {
	bool (*call)(void *user, enum net_verb verb, const char *path, struct str body, struct net_answer *out,
		     struct err *e);
	void *user;
};

static inline bool
net_call(const struct net *n, enum net_verb verb, const char *path, struct str body, struct net_answer *out,
	 struct err *e)
{
	return n->call(n->user, verb, path, body, out, e);
}

#define NET_BASES_MAX 8
#define NET_RELAYS_MAX 8
#define NET_WAYS_MAX (1 + 2 * NET_RELAYS_MAX)

struct net_options {
	/* As they are tried: "" directly, else the URL of a relay, through which the server's TLS goes end to end.
	 * NULL-terminated or full; none at all: directly. */
	const char *way[NET_WAYS_MAX];
	const char *base[NET_BASES_MAX]; /* https://name:port, tried in order; NULL-terminated or full */
	struct str ca_pem;
	const char *ca_key_digest; /* enrolment */
	struct str certificate_pem, key_pem;
};

struct net_process;
/* Starts the process; it has given up its rights when this returns true. */
bool net_process_start(const struct net_options *o, struct net_process **out, struct err *e) MUST_CHECK;
struct net net_process_port(struct net_process *p);
void net_process_stop(struct net_process *p); /* NULL is fine */
void net_process_cleanup(struct net_process **p);
#define NET_PROCESS_AUTO __attribute__((cleanup(net_process_cleanup))) struct net_process *

#endif
