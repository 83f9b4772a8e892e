/* Inside the room: an import whose files are shown under other names than their paths. */
#ifndef MAMORI_VULN_IMPORT_H
#define MAMORI_VULN_IMPORT_H

#include "vuln/feed.h"

struct import_item {
	const char *path;
	const char *label; /* what reports and status show: an address, or NULL for the path */
};

bool feed_import_items(const struct feed_import_options *o, const struct import_item *items, size_t count,
		       struct feed_report *reports, struct err *e) MUST_CHECK;

#endif
