/* Version orders. One ops struct per scheme in one table. */
#ifndef MAMORI_VERSION_VERSION_H
#define MAMORI_VERSION_VERSION_H

#include "base/buf.h"

/* Longer versions have no key (they still have their place in compare): what goes into an index is bounded. */
#define VERSION_KEY_INPUT_MAX 4096

struct version_scheme {
	const char *name; /* "deb", "rpm", "apk", … */
	bool (*valid)(struct str v);
	/* <0, 0, >0; total on all inputs, valid or not; linear time and no memory whatever the length. */
	int (*compare)(struct str a, struct str b);
	/* Appends bytes whose memcmp order (str_cmp) is the order of compare, equal bytes for equal versions. A key
	 * ends itself: none is the beginning of another, so that more may follow it. At most 6 bytes for each of the
	 * version and 64 more; false, and *out as it was, for a version over VERSION_KEY_INPUT_MAX. */
	bool (*key)(struct str v, struct buf *out);
};

extern const struct version_scheme version_deb; /* Debian policy 5.6.12 */
extern const struct version_scheme version_rpm; /* rpmvercmp(), epoch:version-release */
extern const struct version_scheme version_apk;
extern const struct version_scheme version_semver; /* semver.org 2.0.0; npm, crates.io, Go (v1.2.3) … */
extern const struct version_scheme version_pep440; /* Python */
extern const struct version_scheme version_maven; /* the version order of Maven's POM reference */
extern const struct version_scheme version_rubygems;
extern const struct version_scheme version_nuget; /* SemVer 2.0.0 with a fourth number, case folded */
extern const struct version_scheme version_packagist; /* Composer: PHP's version_compare() */
extern const struct version_scheme version_windows; /* a.b.c.d of files and builds */
extern const struct version_scheme version_generic; /* applications: what their publishers write */

/* Whether version_generic's order of the two means anything: not where a word decides against a number (8.0-beta3 and
 * 8.0.1 do, R05 and 7.2, 8.0.3b and 8.0.3.1 do not), nor where a build is told, a number of five digits, and what is
 * installed ends before it (8.0.2-23305545 and 8.0.2). Then it is not known which is older. */
bool version_alike(struct str told, struct str installed);

/* NULL when there is none of that name. */
const struct version_scheme *version_scheme_find(struct str name);
/* All of them, in the order of the table; NULL behind the last. */
const struct version_scheme *version_scheme_at(size_t i);

#endif
