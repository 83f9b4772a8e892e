/* What one answer states: short sentences about names, addresses, networks, organisations and certificates. Every reader
 * of an answer (DNS, WHOIS, RDAP, certificate logs, search engines, files) turns it into these, and the graph knows
 * nothing else: a new source is one reader.
 *
 * A fact is what somebody says, not what we believe: ownership is judged in rule.h, by the kinds of several facts. */
#ifndef MAMORI_SURFACE_FACT_H
#define MAMORI_SURFACE_FACT_H

#include "base/arena.h"

/* What a subject or an object is. Texts are canonical, so that equal things have equal bytes:
 * domain, name  lower case, without last dot, "xn--" labels (surface/domain.h)
 * address       as inet_ntop writes it
 * network       ADDRESS/PREFIX, bits behind the prefix 0
 * as            "AS64500"
 * organisation  as it was told, one line; what is equal is judged in surface/org-name.h
 * certificate   SHA-256 of its DER in lower-case hex; "SERIAL@ISSUER" where only those are told
 * service       ADDRESS PORT/TRANSPORT ("192.0.2.1 443/tcp", "2001:db8::1 53/udp") */
enum thing {
	THING_NONE,
	THING_DOMAIN, /* registrable: one label below a public suffix */
	THING_NAME, /* a host name below a domain, or the domain's own */
	THING_ADDRESS,
	THING_NETWORK,
	THING_AS,
	THING_ORGANISATION,
	THING_CERTIFICATE,
	THING_SERVICE,
};

/* subject → object. The comment names both; "text" is a value that is no thing. */
enum fact_kind {
	/* DNS */
	FACT_ADDRESS, /* name → address */
	FACT_ALIAS, /* name → name (CNAME) */
	FACT_NAME_SERVER, /* name → name (NS) */
	FACT_MAIL, /* name → name (MX) */
	FACT_SERVICE_AT, /* name → name (SRV); text: the service, "_sip._tcp 5060" */
	FACT_SPF, /* name → name, address or network of one mechanism; text: the mechanism */
	FACT_SPF_POLICY, /* name → text: "-all", "~all", "?all", "+all", "none"; or why it is broken: "two records" … */
	FACT_DMARC_POLICY, /* name → text: "reject", "quarantine", "none", "missing" */
	FACT_DMARC_REPORT, /* name → domain of rua= or ruf= */
	FACT_DKIM, /* name → text: selector and kind of key, "s1 rsa 2048" */
	FACT_TOKEN, /* name → text: "google-site-verification=…": equal tokens are one account's */
	FACT_CA_ALLOWED, /* name → text: the issuer of a CAA record */
	FACT_ZONE, /* name → text: it has an SOA of its own; the mailbox's domain is the text */
	FACT_REVERSE, /* address → name (PTR) */
	FACT_ABSENT, /* name: does not exist (NXDOMAIN) */
	FACT_EMPTY, /* name: exists, without an address */
	FACT_UNKNOWN, /* name: nobody answered; text: why. Not the same as absent. */
	FACT_DANGLING, /* name → name that does not exist (CNAME, NS, MX); text: "CNAME" … */
	FACT_WILDCARD, /* name: any label below it is answered; text: the first answers, or "nsec" */
	FACT_NEXT_NAME, /* name of a zone → name: its NSEC records name it */
	FACT_SIGNED, /* name: its zone is signed; text: "nsec", "nsec, minimal", "nsec3, 1 iterations, salt c0ffee" */
	/* Registration */
	FACT_REGISTRANT, /* domain → organisation; text: its country */
	FACT_REGISTRANT_JA, /* domain → organisation, the kanji name beside FACT_REGISTRANT */
	FACT_REGISTRANT_EN, /* domain → organisation */
	FACT_CONTACT_MAIL, /* domain → domain of a contact's address */
	FACT_REGISTRAR, /* domain → text */
	FACT_HIDDEN, /* domain: its owner is redacted or a service's */
	FACT_CREATED,
	FACT_EXPIRES, /* domain: number */
	FACT_AVAILABLE, /* domain: nobody has registered it */
	FACT_HOLDER, /* network or as → organisation; text: country */
	FACT_IN_NETWORK, /* address → network, the most specific one told */
	FACT_IN_AS, /* address or network → as */
	FACT_COUNTRY, /* address, network or as → text: ISO 3166 */
	/* Certificates */
	FACT_CERTIFICATE_NAME, /* certificate → name; a wildcard's without "*."; number: how many names it has */
	FACT_CERTIFICATE_ORGANISATION, /* certificate → organisation of its subject */
	FACT_CERTIFICATE_ISSUER, /* certificate → text */
	FACT_CERTIFICATE_FROM,
	FACT_CERTIFICATE_UNTIL, /* certificate: number */
	FACT_CERTIFICATE_WEAK, /* certificate: text "rsa 1024", "sha1" */
	FACT_CERTIFICATE_SELF, /* certificate: signed by itself */
	/* What others have seen on the network */
	FACT_SERVICE, /* service → address; text: protocol or module, "rdp", "https" */
	FACT_SERVICE_CERTIFICATE, /* service → certificate */
	FACT_SERVICE_PRODUCT, /* service: text "product\tversion" */
	FACT_SERVICE_CPE, /* service: text, CPE 2.3 */
	FACT_SERVICE_TITLE, /* service: text, of a web page */
	FACT_SERVICE_BANNER, /* service: text, its first line */
	FACT_SERVICE_VULNERABILITY, /* service: text "CVE-…", as the source says */
	FACT_NAME_SEEN, /* name → address, as a source of observations says (not DNS now) */
	FACT_TAG, /* address: text, "self-signed", "eol-product", "medical" … */
	/* Pages and files */
	FACT_LINK, /* name (of a page) → domain; text: the words of the link */
	FACT_MENTION, /* organisation → domain; a search result, a list of members */
	FACT_KINDS,
};

struct fact {
	enum fact_kind kind;
	enum thing subject_is, object_is;
	struct str subject, object;
	struct str text; /* one line of UTF-8, at most FACT_TEXT_MAX bytes */
	int64_t number; /* of a date milliseconds since 1970 */
	int64_t seen; /* when the source saw it, if it says so; 0: with the answer */
	struct str evidence; /* a short quote of the answer, as it stands there: for people to check */
};

enum {
	FACT_TEXT_MAX = 512,
	FACT_EVIDENCE_MAX = 400,
	FACTS_OF_ANSWER_MAX = 200000, /* of one answer; more is cut, and said */
};

struct facts {
	struct arena *arena;
	struct fact *items;
	size_t count, cap;
	size_t cut; /* left out for the cap */
	size_t bad; /* parts of the answer that could not be read; the others were */
};

/* "alias", "registrant-ja" …: as stored and shown. */
const char *fact_kind_name(enum fact_kind k);
bool fact_kind_parse(struct str s, enum fact_kind *out);
/* "domain", "host", "address", "network", "as", "organisation", "certificate", "service" */
const char *thing_name(enum thing t);
bool thing_parse(struct str s, enum thing *out);
/* The canonical form of s as that thing, see enum thing; STR_NONE where it is none. A host name as a domain gives its
 * registrable domain; a network may be "FIRST - LAST" where that is exactly one; ::ffff:192.0.2.1 is 192.0.2.1. */
struct str thing_canonical(struct arena *a, enum thing t, struct str s);

/* Appends a fact whose subject is canonicalised as subject_is; NULL and f->bad raised where it is none (an invalid name,
 * an address that is text), NULL and f->cut raised at the cap. Strings are copied, texts made one line and cut. After
 * NULL nothing is to be set: the last fact is the one before. */
struct fact *fact_add(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject);
/* Sets the object likewise; false, the fact is taken back and f->bad raised, where it is none of that kind. Only for the
 * last one. */
bool fact_object(struct facts *f, enum thing object_is, struct str object);
void fact_text(struct facts *f, struct str text);
void fact_evidence(struct facts *f, struct str quote);

#endif
