/* Installed packages, read from a root folder without running anything in it. One ops struct per
 * database (dpkg, rpm, apk) in one table; to add one is to add one file and one row. */
#ifndef MAMORI_OS_PKGDB_H
#define MAMORI_OS_PKGDB_H

#include "os/file.h"

struct package {
	struct str name, version, arch;
	struct str source, source_version; /* the source package; equal to name and version when not stated */
	bool unfinished; /* its files are on disk, but the manager has not configured it yet */
};

struct package_list {
	struct package *items; /* sorted by name, then arch, then version */
	size_t count, cap;
	size_t bad; /* broken stanzas that were left out */
	const char *manager; /* "dpkg", "opkg", "rpm", "apk"; static; of the first database that is present */
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
#define PACKAGES_MAX 200000
extern const struct pkgdb pkgdb_dpkg, pkgdb_opkg, pkgdb_rpm, pkgdb_apk;

/* One dpkg status file's text (Debian policy, control file syntax). */
bool dpkg_parse_status(struct str text, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;

/* The text of apk's "installed" database. */
bool apk_parse_installed(struct str text, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;
/* Lines of rpm_query_format, as rpm prints them. */
bool rpm_parse_query(struct str text, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;
extern const char rpm_query_format[];
/* What the rpm program says of the database in this folder: for machines whose librpm is unknown to us. */
bool rpm_program_query(const char *dbpath, struct arena *a, struct package_list *out, struct err *e) MUST_CHECK;

/* Printable UTF-8 without blanks, 1 to 512 bytes: what may be a name or a version. */
bool package_word_valid(struct str s);
/* By name, then arch, then version. */
void package_list_sort(struct package_list *l);
/* The packages of this name, *count of them, behind each other; NULL when there is none. */
const struct package *package_list_find(const struct package_list *l, struct str name, size_t *count);

#endif
