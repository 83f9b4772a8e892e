/* Names: canonical form, public suffixes (Public Suffix List, libpsl), internationalised names (libidn2, UTS 46). */
#ifndef MAMORI_SURFACE_DOMAIN_H
#define MAMORI_SURFACE_DOMAIN_H

#include "base/arena.h"

/* Canonical: lower case, "xn--" labels, no last dot, no "*." in front, at most 253 bytes in labels of 1 to 63 letters, digits,
 * "-" and "_". STR_NONE for what is no name (addresses, too). Full-width forms and 。 count as what they stand for. */
struct str domain_canonical(struct arena *a, struct str name);
/* For people: U-labels where all of them are what UTS 46 allows, else as it is. */
struct str domain_unicode(struct arena *a, struct str canonical);
/* One label below the public suffix, a view of name; STR_NONE when name is itself a public suffix (or has one label). */
struct str domain_registrable(struct str canonical);
bool domain_is_public_suffix(struct str canonical);
/* Whether the name lies below a suffix that a service gives names to its customers under ("example.github.io"). */
bool domain_is_customers(struct str canonical);
/* Whether the suffix of a name stands in the list; below an unknown one anything is taken for registrable. */
bool domain_suffix_known(struct str canonical);
/* Whether name is zone or below it. */
bool domain_within(struct str name, struct str zone);
/* The name without its first label; STR_NONE at the end. */
struct str domain_parent(struct str name);
/* 0 to 1: how near a look-alike is (edit distance, confusable letters, same label below another suffix); 1 the same. */
double domain_likeness(struct str a, struct str b);

#endif
