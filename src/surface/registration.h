/* What a registry says about a domain, a network, an AS or an organisation: one form for WHOIS and RDAP.
 *
 * Kept is what the rules of ownership need: names, organisations, name servers, dates. Postal addresses, telephone
 * numbers and persons behind a contact are not read; of an e-mail address only its domain. A registrant's name is
 * kept only where no organisation is told and nothing says that it is a person's. */
#ifndef MAMORI_SURFACE_REGISTRATION_H
#define MAMORI_SURFACE_REGISTRATION_H

#include "base/arena.h"

enum registration_kind {
	REGISTRATION_UNKNOWN,
	REGISTRATION_DOMAIN,
	REGISTRATION_NETWORK,
	REGISTRATION_AUTNUM,
	REGISTRATION_ENTITY,
	REGISTRATION_NAMESERVER,
};

enum registration_answer {
	REGISTRATION_UNCLEAR, /* neither data nor a sentence that is known: no proof of anything */
	REGISTRATION_FOUND,
	REGISTRATION_NOT_FOUND,
	REGISTRATION_RESERVED, /* nobody's: the registry keeps it, or does not allow it */
	REGISTRATION_INVALID, /* the registry says that the question is none */
	REGISTRATION_RATE_LIMITED, /* ask later: says nothing about the name */
	REGISTRATION_UNAVAILABLE, /* the registry is ill: says nothing about the name */
};

enum registration_role {
	REGISTRATION_REGISTRANT,
	REGISTRATION_ADMIN,
	REGISTRATION_TECHNICAL,
	REGISTRATION_BILLING,
	REGISTRATION_ABUSE,
	REGISTRATION_ROLES,
};

#define REGISTRATION_LIST_MAX 64 /* name servers, words of status */
#define REGISTRATION_TEXT_MAX 512 /* bytes of one value */

/* Text is one line of UTF-8 without controls; STR_NONE when not told. */
struct registration_party {
	struct str organisation; /* as it stands first: whatever the language */
	struct str organisation_ja, organisation_kana, organisation_en; /* where the form tells them apart */
	struct str name; /* see above */
	struct str handle;
	struct str country;
	struct str email_domain; /* lower case */
};

struct registration_list {
	struct str item[REGISTRATION_LIST_MAX];
	size_t count;
};

struct registration {
	enum registration_kind kind;
	enum registration_answer answer;
	struct str name; /* domain in lower case without last dot; name of a network or an AS */
	struct str unicode; /* of an IDN, where it is told */
	struct str handle;
	struct str range; /* "192.0.2.0 - 192.0.2.255", "192.0.2.0/24", "AS64500" as told */
	struct str registrar, registrar_id, registrar_url;
	struct registration_party party[REGISTRATION_ROLES];
	struct registration_list servers; /* names in lower case, without last dot */
	struct registration_list status;
	int64_t created, updated, expires; /* 0: not told; without a zone: as UTC */
	struct str referral; /* the next server to ask: a host name (WHOIS) or an address (RDAP) */
	bool hidden; /* private registration, redacted, a proxy: the registrant proves nothing */
};

/* One value of a stranger: one line, capped; STR_NONE when nothing is left of it. */
struct str registration_text(struct arena *a, struct str s);
/* A host name in lower case without the last dot; STR_NONE when s is none. Bytes past ASCII are allowed (IDN). */
struct str registration_host(struct arena *a, struct str s);
/* The part behind "@", as registration_host(). */
struct str registration_email_domain(struct arena *a, struct str s);
/* Adds unless it is there, or the list is full. */
void registration_add(struct registration_list *list, struct str s);
/* True for what stands where an owner should be, and is none: "Private Registration", "REDACTED FOR PRIVACY",
 * "Domains By Proxy" … */
bool registration_is_hidden(struct str owner);
/* Takes what a hiding service or a redaction left as owner out of all parties, and sets r->hidden by the registrant. */
void registration_settle(struct registration *r);
/* A date in any of the forms registries write; the day before the month where both are numbers, unless that cannot be
 * or month_first says otherwise. */
bool registration_date(struct str s, bool month_first, int64_t *ms);

#endif
