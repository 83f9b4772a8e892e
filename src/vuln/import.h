/* Inside the room: an import whose files are shown under other names than their paths, and what it leaves. */
#ifndef MAMORI_VULN_IMPORT_H
#define MAMORI_VULN_IMPORT_H

#include "vuln/feed.h"

#define FEED_FILES_MAX 4096

struct import_item {
	const char *path;
	const char *label; /* what reports and status show: an address, or NULL for the path */
};

bool feed_import_items(const struct feed_import_options *o, const struct import_item *items, size_t count,
		       struct feed_report *reports, struct err *e) MUST_CHECK;

/* Only the head of a feed file: a status is asked for often, and the payload may be large. */
bool feed_status_of_file(const char *path, struct feed_status *out, struct err *e) MUST_CHECK;

#endif
