/* Questions to the outside: each is asked once, at the rate of whoever answers, remembered for its cache time, and logged
 * before it leaves. A run that was killed goes on by running again: what was answered comes from the store.
 *
 * DATA/surface/answers.db (SQLite, of its own: runs are long and may not hold the server's writer) has the answers and the
 * log; each line of the log carries the digest of the one before and every group of lines is signed (log.h). */
#ifndef MAMORI_SURFACE_ASK_H
#define MAMORI_SURFACE_ASK_H

#include "base/time.h"
#include "surface/sources.h"

/* What is asked, canonical, so that the same question has the same bytes:
 * dns        "A www.example.jp", "PTR 1.2.0.192.in-addr.arpa"
 * whois      "domain example.jp", "network 192.0.2.0", "as AS64500"
 * rdap       "domain example.jp", "network 192.0.2.1", "as AS64500", "entity HANDLE"
 * rdap-search "entity Example Clinic", "registrant Example Clinic", "handle HANDLE Example Clinic", "server ns1.example.jp"
 *            (further pages: "entity@2@CURSOR …")
 * crtsh      "domain example.jp", "organisation Example Clinic"
 * ct         "get URL" (below the address of a log that is named; what it says of entries counts for ever: they never change)
 * internetdb "address 192.0.2.1"     shodan "address …", "domain …", "search …"     censys likewise
 *            (further pages: "search@2 …", "search@2@CURSOR …")
 * confirm    "www.example.jp 192.0.2.1 443"
 * page       "https://www.example.jp/" */
struct question {
	enum service service;
	struct str what;
};

enum answer_kind {
	ANSWER_DATA,
	ANSWER_NONE, /* whoever knows says that there is nothing: NXDOMAIN, NODATA, 404, "no match" */
	ANSWER_FAILED, /* nobody could be asked, or nothing sensible came: says nothing about the name */
	ANSWER_NOT_ASKED, /* offline, disabled, no key, or not allowed, and no answer is stored */
};

struct answer {
	const struct question *question;
	enum answer_kind kind;
	struct str body; /* DNS: the message as on the wire; else the body. Lives until the callback returns */
	int http_status; /* 0: not HTTP */
	struct str from; /* who answered: "192.0.2.53:53", "whois.jprs.jp", a URL */
	struct str why; /* of a failure, a sentence */
	int64_t at; /* when it was given */
	bool stored; /* it was not asked in this run */
};

struct asker;

/* Reads the answer; may put more questions. */
typedef void answer_fn(void *user, void *tag, const struct answer *a);

struct asker_options {
	const char *folder; /* DATA/surface */
	const struct sources *sources;
	const struct clock *clock;
	bool offline; /* asks nobody: what is stored counts, however old */
	bool again; /* what is stored does not count */
	bool confirm; /* hosts of ours may be looked at (SERVICE_CONFIRM): a person named them */
	struct str shodan_key, censys_key; /* empty: not asked */
	answer_fn *done;
	void *user;
	bool (*stop)(void *user); /* looked at about once a second: true ends the run cleanly */
	/* About once a second. waiting: questions put and not answered. */
	void (*progress)(void *user, uint64_t answered, uint64_t waiting);
};

struct coverage {
	uint64_t put, stored, asked, data, none, failed, not_asked;
	struct str last_failure; /* a sentence; empty: none */
	int64_t waited_ms; /* for its rate */
};

bool asker_open(const struct asker_options *o, struct asker **out, struct err *e) MUST_CHECK;
/* The same question twice in a run is asked once, and answered to both tags. what is copied. */
void asker_put(struct asker *k, enum service s, struct str what, void *tag);
/* Until no question waits. ERR_UNREACHABLE never: failures are answers. Only the store's own errors, and being stopped
 * (ERR_BUSY). */
bool asker_run(struct asker *k, struct err *e) MUST_CHECK;
/* The questions that begin so and whose answer, with data, is stored; take gets each, in their order. */
bool asker_stored(struct asker *k, enum service s, struct str prefix, void (*take)(void *user, struct str what),
		  void *user, struct err *e) MUST_CHECK;
struct coverage asker_coverage(const struct asker *k, enum service s);
/* Resolvers that were found to lie (they answer for names that cannot exist) or are silent, with the reason, and are not used. */
struct resolver_fault {
	struct str resolver, why;
};
const struct resolver_fault *asker_resolver_faults(const struct asker *k, size_t *count);
void asker_close(struct asker *k);

#endif
