/* Which form a file has, by what its records say. */
#ifndef MAMORI_EXPOSURE_IMPORT_SNIFF_H
#define MAMORI_EXPOSURE_IMPORT_SNIFF_H

#include "exposure/importer.h"

enum { SNIFF_HEAD = 1 << 18 };

struct sniff_mark {
	const char *path;
	unsigned weight; /* percent; they add up */
};
/* Sum of the weights of the paths that some record at the head states; NULL path ends the list. A record that is cut off
 * counts as far as it goes. */
unsigned sniff_marks(struct str head, const struct sniff_mark *marks);
/* The importer that is surest, at least half sure; NULL when none is. */
const struct importer *sniff_importer(struct str head);

extern const struct importer import_shodan, import_censys, import_zgrab2, import_masscan, import_nmap,
	import_internetdb, import_sonar, import_plain;

#endif
