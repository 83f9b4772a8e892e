/* Version orders. One ops struct per scheme in one table. */
#ifndef MAMORI_VERSION_VERSION_H
#define MAMORI_VERSION_VERSION_H

#include "base/buf.h"

struct version_scheme {
	const char *name; /* "deb", "rpm", "apk", … */
	bool (*valid)(struct str v);
	/* <0, 0, >0; total on all inputs, valid or not. */
	int (*compare)(struct str a, struct str b);
};

extern const struct version_scheme version_deb; /* Debian policy 5.6.12 */
extern const struct version_scheme version_rpm; /* rpmvercmp(), epoch:version-release */
extern const struct version_scheme version_apk;
/* NULL when there is none of that name. */
const struct version_scheme *version_scheme_find(struct str name);

#endif
