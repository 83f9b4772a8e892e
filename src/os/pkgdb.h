/* Installed packages, read from a root folder without running anything in it. One ops struct per
 * database (dpkg, rpm, apk) in one table; to add one is to add one file and one row. */
#ifndef MAMORI_OS_PKGDB_H
#define MAMORI_OS_PKGDB_H

#include "os/file.h"

struct package {
	struct str name, version, arch;
	struct str source, source_version; /* the source package; equal to name and version when not stated */
};

struct package_list {
	struct package *items; /* sorted by name, then arch, then version */
	size_t count, cap;
	size_t bad; /* broken stanzas that were left out */
	const char *manager; /* "dpkg", "rpm", "apk"; static */
};

struct pkgdb {
	const char *name;
	bool (*present)(const struct root *r);
	/* Strings live in the arena. A broken record is counted in bad and never loses the others. */
	bool (*read)(const struct root *r, struct arena *a, struct package_list *out, struct err *e);
};

/* NULL-terminated. */
extern const struct pkgdb *const pkgdb_all[];
/* Reads every database that is present into one list; ERR_NOT_FOUND when there is none. */
bool pkgdb_read(const struct root *r, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;
/* One dpkg status file's text (Debian policy, control file syntax). */
bool dpkg_parse_status(struct str text, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;

#endif
