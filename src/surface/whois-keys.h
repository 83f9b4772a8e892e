/* Which word of WHOIS answers means what: tables only. */
#ifndef MAMORI_SURFACE_WHOIS_KEYS_H
#define MAMORI_SURFACE_WHOIS_KEYS_H

#include "surface/registration.h"

enum whois_what {
	WHOIS_NOTHING,
	WHOIS_DOMAIN,
	WHOIS_UNICODE,
	WHOIS_ID,
	WHOIS_REGISTRAR,
	WHOIS_REGISTRAR_ID,
	WHOIS_REGISTRAR_URL,
	WHOIS_SERVER,
	WHOIS_CREATED,
	WHOIS_UPDATED,
	WHOIS_EXPIRES,
	WHOIS_STATUS,
	WHOIS_REFERRAL,
	WHOIS_NETWORK, /* a range or a prefix */
	WHOIS_NETWORK_NAME,
	WHOIS_AUTNUM,
	WHOIS_PARTY, /* of a role: an organisation, a person, or the handle of a paragraph further down */
	WHOIS_ELSE, /* a heading of what is not read: ends what was open */
	/* Fields of a party: they mean something within a section, behind a role, or in a paragraph with a handle. */
	WHOIS_ORG,
	WHOIS_ORG_JA,
	WHOIS_ORG_KANA,
	WHOIS_ORG_EN,
	WHOIS_NAME,
	WHOIS_HANDLE,
	WHOIS_HANDLE_OR_NAME, /* "contact:" */
	WHOIS_TYPE, /* PERSON, ORGANIZATION */
	WHOIS_COUNTRY,
	WHOIS_EMAIL,
	WHOIS_FIELD_URL,
	WHOIS_FIELD_ID,
};

struct whois_meaning {
	enum whois_what what;
	enum registration_role role;
};

/* key: lower case, one blank between words, without number behind it. */
struct whois_meaning whois_key(struct str key);
/* Within a party or a contact's paragraph; WHOIS_NOTHING for what is no field. */
enum whois_what whois_field(struct str key);
/* "record expires on 14-Sep-2011": the sentences that carry a value; the value's place. */
struct whois_meaning whois_opening(struct str line, size_t *value);
/* What a status says of the whole; REGISTRATION_UNCLEAR: nothing. low: lower case. */
enum registration_answer whois_status(struct str low);
/* What a sentence says of the whole; low: the line in lower case. */
enum registration_answer whois_sentence(struct str low);

#endif
