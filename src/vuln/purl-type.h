/* Inside the room: what the registered definition of a package URL's type demands of its parts. */
#ifndef MAMORI_VULN_PURL_TYPE_H
#define MAMORI_VULN_PURL_TYPE_H

#include "vuln/purl.h"

enum purl_namespace { PURL_NAMESPACE_OPTIONAL, PURL_NAMESPACE_REQUIRED, PURL_NAMESPACE_PROHIBITED };

enum purl_fold {
	PURL_LOWER_NAMESPACE = 1,
	PURL_LOWER_NAME = 2,
	PURL_LOWER_VERSION = 4,
	PURL_LOWER_SUBPATH = 8,
	PURL_UPPER_NAMESPACE = 16,
};

struct purl_type {
	const char *name;
	enum purl_namespace namespace;
	unsigned fold;
	const char *qualifier; /* a key that must be there, or NULL */
	bool path_name; /* the namespace is one segment, all that follows is the name */
	/* More than folding; strings in *p may be replaced. NULL: nothing more. */
	bool (*adjust)(struct purl *p, struct arena *a, struct err *e);
};

/* NULL: not registered. The name in lower case. */
const struct purl_type *purl_type_find(struct str name);

/* A copy in lower (upper) case, ASCII. */
struct str purl_lower(struct arena *a, struct str s);
struct str purl_upper(struct arena *a, struct str s);
/* The value of a qualifier, or STR_NONE. */
struct str purl_qualifier_get(const struct purl *p, const char *key);

#endif
