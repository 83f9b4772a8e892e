/* Package URLs (ECMA-427, github.com/package-url/purl-spec): pkg:type/namespace/name@version?qualifiers#subpath. */
#ifndef MAMORI_VULN_PURL_H
#define MAMORI_VULN_PURL_H

#include "base/arena.h"
#include "base/buf.h"

#define PURL_MAX 8192 /* bytes of one, written */

struct purl_qualifier {
	struct str key, value;
};

/* Decoded, and in the type's canonical spelling after purl_parse() and purl_normalise(). What is absent is empty. */
struct purl {
	struct str type, namespace, name, version, subpath;
	ARRAY_OF(struct purl_qualifier) qualifiers; /* sorted by key */
};

enum purl_mode {
	PURL_STRICT, /* a qualifier's key must be in lower case, unless it is one that all types share */
	PURL_LENIENT /* keys are folded: for the packages of others that are to become canonical */
};

/* Reads text; every string of *out is in the arena. ERR_INPUT says which rule of the specification or of the type's
 * registered definition it breaks; types without a definition are held to the general rules alone. */
bool purl_parse(struct str text, enum purl_mode mode, struct arena *a, struct purl *out, struct err *e) MUST_CHECK;

/* Puts the parts of a purl that was filled in by hand into canonical spelling and order, with the same errors. */
bool purl_normalise(struct purl *p, struct arena *a, struct err *e) MUST_CHECK;

/* Appends the canonical text of the parts, which need not be normalised; nothing when it fails. */
bool purl_build(const struct purl *p, struct buf *out, struct err *e) MUST_CHECK;

#endif
