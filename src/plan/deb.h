/* A downloaded .deb: its own changelog (private to the room). */
#ifndef MAMORI_PLAN_DEB_H
#define MAMORI_PLAN_DEB_H

#include "base/buf.h"

/* The changelog inside usr/share/doc of a .deb, unpacked; out stays empty when it holds none (many keep it
 * in a sister package). Sizes are capped: a .deb may come from anywhere. */
bool deb_changelog(const char *path, struct buf *out, struct err *e) MUST_CHECK;
/* What is at the start of a gzip stream, at most max bytes; damage ends it early. */
bool gzip_head(struct str packed, size_t max, struct buf *out);
/* apt's own name of the file in its archive folder: "apt_2.6.1_amd64.deb", ":" and "_" as %3a and %5f. */
void deb_file_name(struct str name, struct str version, struct str arch, struct buf *out);

#endif
