/* Seeds: where discovery begins, because people say that it is theirs, a group company's or a contractor's.
 *
 * A seed is written KIND:VALUE, or as VALUE alone where it can be told what it is:
 *   domain:example.co.jp          a registrable domain; a host name below one (hospital.city.example.jp) is a seed for itself
 *                                 and what is below it, and not for the domain
 *   name:医療法人 例              an organisation, in whatever script
 *   network:192.0.2.0/24          network:192.0.2.1 is 192.0.2.1/32
 *   as:AS64500                    as:64500
 * and read only where it can lead somewhere: what belongs to everybody (a public suffix, a provider's range or domain, an
 * address of private networks, an owner called "Private Registration", a person) is refused with the reason, so that no run
 * walks through strangers' systems. Documentation addresses and AS numbers are taken: they are nobody's. */
#ifndef MAMORI_SURFACE_SEED_H
#define MAMORI_SURFACE_SEED_H

#include "base/time.h"
#include "surface/fact.h"

enum seed_owner {
	SEED_SELF,
	SEED_GROUP, /* a group company or another corporation of the same owner */
	SEED_CONTRACTOR, /* a contractor or maintenance vendor: has a report of its own, and must have agreed */
};

struct seed {
	enum thing is; /* THING_DOMAIN, THING_NAME, THING_NETWORK, THING_AS or THING_ORGANISATION */
	struct str value; /* canonical, see fact.h; of an organisation one line as it was told */
	enum seed_owner owner;
	struct str company; /* whose it is, of a group company or contractor; empty: not told */
	struct str site; /* the base or branch; empty: not told */
	struct str country; /* ISO 3166 in capitals; empty: not told */
	struct str consent_by; /* who agreed, of a contractor */
	int64_t consent_at; /* and when; 0: nobody did */
	struct str note;
};

enum {
	SEED_TEXT_MAX = 400, /* bytes of one value */
	SEEDS_MAX = 20000,
	SEED_FILE_MAX = 16 << 20, /* bytes of an imported file */
	SEED_FAULTS_MAX = 200, /* of an import that are told one by one; the others are counted */
};

/* "self", "group", "contractor" */
const char *seed_owner_name(enum seed_owner o);
bool seed_owner_parse(struct str s, enum seed_owner *out);
/* How a seed is written: "domain:example.co.jp", "network:192.0.2.0/24". */
struct str seed_text(struct arena *a, const struct seed *s);

struct seed_options {
	bool large; /* --large: networks wider than /16 (IPv6: /32), and what belongs to providers, are taken too */
	const struct clock *clock; /* of a consent: not in the future; NULL: the system's */
};

/* Reads one seed: its kind and value, no attributes. ERR_USAGE: it is none; ERR_REFUSED: it is one that leads to strangers.
 * The value is copied. */
bool seed_read(struct arena *a, struct str told, const struct seed_options *o, struct seed *out,
	       struct err *e) MUST_CHECK;
/* Sets an attribute: owner, company, site, country, consent-by, consent-at, note; the Japanese words of the columns
 * (所有者, 会社名, 拠点, 国, 同意者, 同意日, 備考) are taken, too. An empty value changes nothing. ERR_USAGE: no such
 * attribute, or a value that cannot be. */
bool seed_set(struct arena *a, struct seed *s, struct str attribute, struct str value, const struct seed_options *o,
	      struct err *e) MUST_CHECK;
/* Whether more may be found from it than itself: not from a contractor's without who agreed and when. *why (may be NULL), a
 * sentence for people, is set where not. */
bool seed_may_expand(const struct seed *s, const char **why);

/* ---- many ---- */

struct seeds {
	struct arena *arena;
	struct seed *items;
	size_t count, cap;
};

/* Unless it is there, or SEEDS_MAX are: false. Where it is there, its attributes that were empty are taken over, and a
 * contractor's stays one whoever else names it. */
bool seeds_add(struct seeds *list, const struct seed *s);

struct seed_fault {
	size_t row; /* of the table, its header is row 1; blank lines are none */
	struct str why;
};

struct seed_import {
	size_t rows; /* without the header and blank ones */
	size_t taken, again, bad; /* again: seeds that were there */
	size_t waiting; /* of those taken: contractors' without consent */
	ARRAY_OF(struct seed_fault) faults;
};

/* Reads a table (CSV in UTF-8, UTF-16 or Shift_JIS, text with tabs, .xlsx) with a header row: a column "seed" (起点), or
 * "kind" and "value" (種別, 値), and any of the attributes. A row that cannot be taken is told and left out, the others
 * count. False: the whole file cannot be read (ERR_INPUT, ERR_TOO_LARGE), also for a column that is not known: a misspelt
 * "owner" would make a contractor's systems our own. Then nothing was added. */
bool seeds_import(struct seeds *list, struct str file, const struct seed_options *o, struct seed_import *report,
		  struct err *e) MUST_CHECK;

#endif
