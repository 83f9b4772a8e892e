/* A bundle for a closed site, computed from what its hosts said of themselves: the archives' signed metadata, the packages
 * that the hosts lack, and whatever else is to go along. Fetches into a work folder that an interrupted export finds
 * again; what the site has already is left out. */
#ifndef MAMORI_PATCH_BUNDLE_EXPORT_H
#define MAMORI_PATCH_BUNDLE_EXPORT_H

#include "os/pkgdb.h"
#include "patch/bundle-fetch.h"
#include "plan/source.h"
#include "trust/bundle.h"

struct bundle_host {
	struct str id, name;
	struct source_list sources;
	struct package_list packages;
};

/* A file that goes along as it is. */
struct bundle_extra {
	struct str kind, name;
	const char *path;
	bool compress;
};

struct bundle_left_out { /* what could not be carried, and why */
	struct str what;
	struct err why;
};

struct bundle_report {
	size_t hosts, archives, packages; /* packages: files */
	size_t upgrades, added; /* the most of one host: newer versions; what comes along */
	size_t there; /* members that the site has already */
	uint64_t bytes, fetched; /* of all members as they are stored; over the network in this run */
	size_t bad; /* packages whose entry in a list is broken */
	ARRAY_OF(struct bundle_left_out) left_out;
};

struct bundle_plan {
	struct bundle_fetcher *fetcher;
	const struct bundle_host *hosts;
	size_t host_count;
	ARRAY_OF(struct bundle_extra) extras;
	/* Has the site this file? NULL: nothing is known of it. */
	bool (*has)(void *user, const char *sha256);
	/* What is done, for a progress line; may be NULL. */
	void (*doing)(void *user, const char *what, uint64_t done, uint64_t total);
	void *user;
};

/* Reads the archives, computes what is needed, fetches it and leaves the list of members. An archive that cannot be had is
 * left out and named in the report; ERR_UNREACHABLE when there is no other. */
bool bundle_gather(const struct bundle_plan *p, struct arena *a, struct bundle_list *out, struct bundle_report *report,
		   struct err *e) MUST_CHECK;

#endif
