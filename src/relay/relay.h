/* mamori relay: gives hosts of the closed side what a list of origins has, from its cache or as it arrives, and
 * carries their letters. See doc/relay.md. */
#ifndef MAMORI_RELAY_RELAY_H
#define MAMORI_RELAY_RELAY_H

#include "base/buf.h"
#include "base/time.h"
#include "relay/cache.h"
#include "relay/digest.h"

/* One request below /relay/v1/ that waits for its answer. Its body is whole. */
struct relay_call;
struct str relay_call_method(const struct relay_call *c);
struct str relay_call_path(const struct relay_call *c); /* undecoded, without the query */
struct str relay_call_query(const struct relay_call *c);
struct str relay_call_body(const struct relay_call *c);
struct str relay_call_peer(const struct relay_call *c); /* address */
struct str relay_call_header(const struct relay_call *c, const char *name); /* or STR_NONE */
/* PEM of the client certificate, verified against client_ca_pem; STR_NONE: none was shown. */
struct str relay_call_certificate(const struct relay_call *c);
/* Answers, from any thread, once; c is gone then. type may be NULL. */
void relay_call_reply(struct relay_call *c, int status, const char *type, struct str body);

struct relay;

/* What the relay does beside giving out files. NULL members are left out. */
struct relay_service {
	void *user;
	/* Called on a worker thread. Only for calls with a certificate of ours; GET /relay/v1/health is answered
	 * without it. false: there is no such page. */
	bool (*call)(void *user, struct relay *r, struct relay_call *c);
	/* About once a second, on a thread of its own, between start and end of the relay; may take long, and should
	 * look at relay_ending() when it does. */
	void (*tick)(void *user, struct relay *r);
};

struct relay_limit {
	unsigned from, until; /* minutes of the day, local time; from > until: over midnight */
	uint64_t bytes_per_second;
};

struct relay_options {
	const char *data; /* state folder: cache/ and known/ below it */
	const char *listen; /* ADDR:PORT */
	const char *const *allow; /* NULL-terminated, "ORIGIN-URL[,unverified]" */
	const char *const *tunnels; /* NULL-terminated, host:port of the server's listeners; may be NULL */
	const char *const *upstreams; /* NULL-terminated, URLs of relays to ask instead of the origins; may be NULL */
	const char *const *keyrings; /* NULL-terminated, beside the system's; may be NULL */
	const char *proxy; /* URL of the company proxy, or NULL */
	const char *proxy_credentials; /* file with user:password, or NULL */
	const char *proxy_ca; /* PEM file trusted besides the system's for origins (TLS inspection), or NULL */
	const struct relay_limit *limits;
	size_t limit_count;
	uint64_t cache_size;
	int64_t cache_age;
	bool offline; /* no origin is asked */
	struct str certificate_pem, key_pem, client_ca_pem; /* empty certificate: plain HTTP only */
	/* Takes in the vulnerability data that came from the server, for questions asked at the site; or NULL. */
	bool (*index)(const char *data, const char *file, int64_t now, struct err *e);
	const struct relay_service *service; /* or NULL */
	const struct clock *clock;
	int ready_fd; /* one byte is written when the port accepts; -1: none */
};

struct relay_stats {
	struct cache_stats cache;
	uint64_t requests, hits, misses, joined, refused; /* since the start */
	uint64_t bytes_served, bytes_fetched;
	uint64_t mismatches; /* files of an origin that were not what was signed */
	uint64_t connections, fetches; /* now */
	int64_t uplink_ok, uplink_failed; /* when an origin last answered, and last did not; milliseconds, 0: never */
	int64_t started;
	uint64_t known; /* names whose digest is known */
};

/* Runs until SIGTERM or SIGINT, then ends within 5 s. */
bool relay_run(const struct relay_options *o, struct err *e) MUST_CHECK;

/* For services. */
bool relay_ending(const struct relay *r);
struct relay_stats relay_stats(const struct relay *r);
struct cache *relay_cache(struct relay *r);
struct digest_map *relay_digests(struct relay *r);
/* Another origin or tunnel (a bundle or the server names it); adding one that is there already is fine. */
bool relay_allow(struct relay *r, struct str text, struct err *e) MUST_CHECK;
bool relay_allow_tunnel(struct relay *r, struct str host_port, struct err *e) MUST_CHECK;
/* The files that approved content names, instead of those named before; nothing else of their hosts may pass. */
void relay_allow_files(struct relay *r, const struct str *urls, size_t count);
/* New certificate for the listener (renewal, enrolment). */
bool relay_set_certificate(struct relay *r, struct str certificate_pem, struct str key_pem, struct str client_ca_pem,
			   struct err *e) MUST_CHECK;

#endif
