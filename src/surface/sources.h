/* Where public information is asked for: the sources file (YAML), every key optional. What it does not name has the public
 * default. An unknown key or a wrong value is an error with its line. */
#ifndef MAMORI_SURFACE_SOURCES_H
#define MAMORI_SURFACE_SOURCES_H

#include "base/arena.h"

enum service {
	SERVICE_DNS,
	SERVICE_WHOIS,
	SERVICE_RDAP,
	SERVICE_CRTSH,
	SERVICE_CT, /* certificate transparency logs themselves */
	SERVICE_INTERNETDB,
	SERVICE_SHODAN,
	SERVICE_CENSYS,
	SERVICE_EXPOSURE, /* mamori's own index: asks nobody */
	SERVICE_PAGE, /* one polite GET of a home page; only where it was allowed */
	SERVICE_CONFIRM, /* one TLS handshake and one GET to a host of ours, each time because a person names it; never in a run */
	SERVICE_RDAP_SEARCH, /* a registry that lets search: from an organisation's name or a name server to domains */
	SERVICES,
};

/* "dns", "whois", "rdap", "crtsh", "ct", "internetdb", "shodan", "censys", "exposure", "page", "confirm",
 * "rdap-search" */
const char *service_name(enum service s);
bool service_parse(struct str s, enum service *out);

struct whois_host {
	struct str name, at; /* name: as a referral has it; at: "host:port" */
};

struct ct_log {
	struct str url;
	bool tiles; /* static-ct; else RFC 6962 */
};

struct sources {
	struct str *resolvers; /* "192.0.2.53:53"; none: those of this machine (/etc/resolv.conf) */
	size_t resolver_count;
	struct str whois; /* "whois.iana.org:43" */
	struct whois_host *whois_hosts;
	size_t whois_host_count;
	struct str rdap_bootstrap; /* folder with dns.json, ipv4.json, ipv6.json, asn.json */
	struct str
		rdap_search; /* base URL of the registry that is searched; empty: none, since no list says who allows it */
	struct str crtsh, internetdb, shodan, censys; /* base URLs; of those that need a key: empty without it */
	struct ct_log *ct_logs;
	size_t ct_log_count;
	bool disabled[SERVICES];
	/* Questions a second, for one authority (a DNS zone's servers, one server, one base URL). */
	double rate[SERVICES];
	int64_t cache_ms[SERVICES]; /* how long an answer counts */
};

void sources_default(struct sources *s);
/* name: of the file, for errors. On top of the defaults. */
bool sources_load(struct arena *a, struct str yaml, const char *name, struct sources *out, struct err *e) MUST_CHECK;

#endif
