/* Which systems we know, how their versions are ordered, and what others call them: data. */
#ifndef MAMORI_VULN_ECOSYSTEM_H
#define MAMORI_VULN_ECOSYSTEM_H

#include "base/arena.h"
#include "version/version.h"

struct ecosystem {
	const char *osv; /* OSV's name: "Debian", "Rocky Linux"; NULL: not there */
	const char *os; /* before the colon of our key: "debian" */
	const struct version_scheme *scheme;
	bool by_source; /* advisories name source packages, else binary ones */
	const char *eol; /* end-of-life product */
	bool extended_is_free; /* extended support needs no contract (Debian LTS) */
	bool osv_by_source; /* … but OSV's records name sources, and only some list their binary packages */
	bool rolling; /* one stream without releases: advisories are filed under "wolfi", whatever VERSION_ID says */
};

/* What the index calls a source package where by_source is false: "source/openssl-3" (no package has a slash). */
#define SOURCE_PREFIX "source/"

/* By our key ("debian:12" or "debian"); NULL when unknown. */
const struct ecosystem *ecosystem_of_os(struct str os);
/* What the index calls the system of a host's key: the key, or of a rolling one its name alone. */
struct str ecosystem_system(struct str os);
/* "Rocky Linux:9" → "rocky:9", "Ubuntu:22.04:LTS" → "ubuntu:22.04", "Alpine:v3.20" → "alpine:3.20",
 * "SUSE:Linux Enterprise Server 15 SP5" → "sles:15.5", "Wolfi" → "wolfi". Streams that need a contract of their own
 * (Ubuntu Pro, Red Hat's EUS, SUSE's LTSS) are other archives and give nothing.
 * Empty when the system is unknown or no release is named. */
struct str ecosystem_os_key(struct str osv, struct arena *a);
/* Debian's code names: "bookworm" → "debian:12"; STR_NONE when unknown. */
struct str debian_release_key(struct str codename);

#endif
