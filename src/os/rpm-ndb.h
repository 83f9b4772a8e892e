/* rpm's "ndb" database, the default of SUSE (private to the room). Read by ourselves, because rpm programs built
 * without it (Debian's) answer with no packages at all and leave an empty database of another form behind.
 * Layout: lib/backend/ndb/rpmpkg.c and rpm's header format, rpm 4.14 to 4.20. */
#ifndef MAMORI_OS_RPM_NDB_H
#define MAMORI_OS_RPM_NDB_H

#include "os/pkgdb.h"

/* fd: an open Packages.db. A broken header counts in out->bad; ERR_INPUT when the file is no such database. */
bool rpm_ndb_read(int fd, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;
/* One header as it lies in the database, as a line of rpm_query_format; false when it is broken. */
bool rpm_header_line(struct str header, struct buf *line);

#endif
