/* CPE names (NISTIR 7695): "cpe:2.3:a:mozilla:firefox:128.0:*:…" and the older URI "cpe:/a:mozilla:firefox:128.0". */
#ifndef MAMORI_VULN_CPE_H
#define MAMORI_VULN_CPE_H

#include "base/arena.h"

struct cpe {
	char part; /* 'a' application, 'o' operating system, 'h' hardware */
	struct str vendor, product; /* lower case, escapes taken off */
	struct str version; /* empty: any; an update is part of it: "15.1(2)" + "sp1" gives "15.1(2)-sp1" */
	struct str name; /* "a:mozilla:firefox": what the index calls it */
};

/* False when it is none, or names neither vendor nor product. Everything is the arena's. */
bool cpe_parse(struct str text, struct arena *a, struct cpe *out) MUST_CHECK;
/* The index's system key of a distribution's CPE: "cpe:/o:redhat:enterprise_linux:9::baseos" gives "rhel:9",
 * "cpe:/o:suse:sles:15:sp5" "sles:15.5". Empty when it is no distribution that we know. */
struct str cpe_os_key(const struct cpe *c, struct arena *a);

#endif
