/* Between whois.c (lines, sections and paragraphs of an answer) and whois-values.c (what one value tells). */
#ifndef MAMORI_SURFACE_WHOIS_INTERNAL_H
#define MAMORI_SURFACE_WHOIS_INTERNAL_H

#include "surface/registration.h"
#include "surface/whois-keys.h"

#define KEY_MAX 160
#define CONTACTS_MAX 64

/* A paragraph, as the objects of RPSL are: who it is about is known only at its end. */
struct whois_paragraph {
	struct registration_party party;
	struct str name;
	bool domain, person;
};

struct whois_section {
	enum whois_what what; /* WHOIS_NOTHING: none is open */
	enum registration_role role;
	size_t indent, lines;
	bool gap; /* a blank line since the heading */
};

struct whois_reader {
	struct arena *a;
	struct registration *out;
	struct whois_section section;
	struct whois_paragraph here;
	struct whois_paragraph contact[CONTACTS_MAX];
	size_t contacts;
	struct str told[REGISTRATION_ROLES]; /* an owner, or a handle */
	struct str asked; /* the name in a sentence that says there is none */
	struct str spare; /* the organisation of a paragraph that is nobody's */
	bool bracketed, month_first, reserved;
	enum registration_answer by_status, by_sentence;
};

/* Lower case, one blank between words, without the ornaments that registries put around a key. */
struct str whois_normal(struct str s, char into[KEY_MAX]);
/* Where nothing stands yet; what came first counts. */
void whois_first(struct whois_reader *r, struct str *into, struct str value);
/* A name without what registries put around it. */
struct str whois_bare_name(struct str value);
/* The name that the answer is about. */
void whois_take_domain(struct whois_reader *r, struct str value);
/* A value of a party; false for anything else. */
bool whois_take_field(struct whois_reader *r, struct registration_party *p, struct str *name, enum whois_what what,
		      struct str value);
/* A value that means the same wherever it stands; false where it means nothing. */
bool whois_take(struct whois_reader *r, struct whois_meaning m, struct str value);

#endif
