/* Inside the room: Oracle's Java, whose versions have a form for each place: 8u381 in its advisories, 1.8.0-update381 in CPE,
 * 1.8.0_381 from itself, 8.0.3810.9 in the list of Windows. */
#ifndef MAMORI_VULN_JAVA_VERSION_H
#define MAMORI_VULN_JAVA_VERSION_H

#include "base/arena.h"

/* Of a product "a:oracle:jre". */
bool java_is(struct str product);
/* As 8u381; a version of another form, as 17.0.9, is what it is. */
struct str java_version(struct str version, struct arena *a);
/* "8", "17": with it the line of releases begins that a version is of. */
struct str java_line(struct str version);

#endif
