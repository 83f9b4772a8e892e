/* Asks many DNS questions at once through resolvers: UDP, and TCP when an answer is cut short. On one event loop and one
 * thread. An answer counts only when it comes from the resolver that was asked, to the socket it was asked from, with
 * the random id and the question that were sent. A question is asked again, of the next resolver, with a doubled
 * patience, until its tries are used up; then it is *unknown*, which is not the same as a name that does not exist. */
#ifndef MAMORI_NET_DNS_ASK_H
#define MAMORI_NET_DNS_ASK_H

#include "net/dns.h"

struct event_base;
struct dns_ask;

enum dns_ask_end {
	DNS_ASK_ANSWERED, /* NOERROR or NXDOMAIN: message is set and well-formed */
	DNS_ASK_FAILED, /* the last that answered said SERVFAIL or the like: rcode */
	DNS_ASK_UNKNOWN, /* nobody answered */
};

struct dns_ask_result {
	enum dns_ask_end end;
	const struct dns_name *name; /* as asked; all views live until the callback returns */
	uint16_t type;
	const struct dns_message *message; /* NULL unless answered */
	enum dns_rcode rcode;
	const char *resolver; /* the last that was asked */
	unsigned tries;
	bool tcp;
};

/* May ask more; must not free. */
typedef void dns_ask_fn(void *user, void *question, const struct dns_ask_result *r);

enum { DNS_ASK_RESOLVERS_MAX = 64, DNS_ASK_NO_LIMIT = -1 };

struct dns_ask_options {
	const char *const *resolvers; /* "192.0.2.53:53", "[2001:db8::53]:53"; tried in turns */
	size_t resolver_count;
	dns_ask_fn *done;
	void *user;
	unsigned pending_max; /* questions at a time, 0 = 10,000 */
	unsigned in_flight_max; /* of them sent and not answered, 0 = 1,000 */
	unsigned sockets; /* for each address family, each with a port of its own; 0 = 8 */
	unsigned patience_ms; /* before anything is known of a resolver, and at most for the first try; 0 = 500 */
	unsigned tries; /* 0 = 8 */
	int rate; /* packets a second for one authority, 0 = 30, DNS_ASK_NO_LIMIT */
	bool dnssec; /* asks for NSEC and signatures */
};

struct dns_ask_counts {
	uint64_t asked, answered, failed, unknown; /* questions */
	uint64_t sent, late, strange, malformed,
		tcp; /* packets sent, tries unanswered in time, refused answers, connections */
};

bool dns_ask_new(struct event_base *base, const struct dns_ask_options *o, struct dns_ask **out,
		 struct err *e) MUST_CHECK;
/* authority: whose servers bear it, a hash of the zone's name (dns_name_hash); 0: that of the last two labels.
 * question comes back in the callback. ERR_BUSY when pending_max are under way. */
bool dns_ask(struct dns_ask *a, const struct dns_name *name, uint16_t type, uint64_t authority, void *question,
	     struct err *e) MUST_CHECK;
/* How many more questions it takes now. */
size_t dns_ask_room(const struct dns_ask *a);
struct dns_ask_counts dns_ask_counts(const struct dns_ask *a);
/* Without callbacks for what is under way. */
void dns_ask_free(struct dns_ask *a);

#endif
