/* Where a host's package manager takes updates from: its repositories, read from its own configuration without running
 * anything in the root. apt: sources.list and deb822 files (sources.list(5)); dnf: yum.repos.d; apk: repositories. */
#ifndef MAMORI_PLAN_SOURCE_H
#define MAMORI_PLAN_SOURCE_H

#include "base/json.h"
#include "os/file.h"

enum { SOURCES_MAX = 200, SOURCE_WORDS_MAX = 64, SOURCE_TEXT_MAX = 512 };

struct source {
	struct str manager; /* "apt", "dnf", "apk" */
	struct str kind; /* dnf: "baseurl", "metalink", "mirrorlist"; else empty */
	struct str uri; /* "http://archive.example.org/debian", without credentials and without a slash at the end */
	struct str
		suite; /* apt: "bookworm-security", or a path that ends in a slash (flat); else the repository's id */
	struct str *components; /* apt */
	size_t component_count;
	struct str *architectures; /* those that are asked for */
	size_t architecture_count;
	struct str *keys; /* apt: files or fingerprints of signed-by; dnf: gpgkey */
	size_t key_count;
	bool trusted; /* apt: trusted=yes, its signature is not checked on the host */
};

struct source_list {
	ARRAY_OF(struct source) items;
	size_t bad; /* lines and stanzas that cannot be read */
};

/* What apt, dnf or apk below the root would use: enabled ones only, source code left out. architecture: the machine's own
 * in the manager's words; version: of the system ("12", for dnf's $releasever). Never fails: what cannot be read is not
 * there. Strings live in the arena. */
void sources_read(const struct root *r, struct arena *a, struct str architecture, struct str version,
		  struct source_list *out);

/* The parsers by themselves; each adds to out. */
void sources_parse_apt_line(struct str text, struct arena *a, struct source_list *out);
void sources_parse_apt_stanzas(struct str text, struct arena *a, struct source_list *out);
void sources_parse_dnf(struct str text, struct arena *a, struct source_list *out);
void sources_parse_apk(struct str text, struct arena *a, struct source_list *out);

/* "sources" of the system section (doc/agent-protocol.md), and read again: unknown and malformed ones are left out. */
void sources_write(const struct source_list *l, struct json_writer *w);
void sources_parse(struct arena *a, const struct json *system, struct source_list *out);

/* The URL of a folder or file of it: base, one slash, path. */
struct str source_url(struct arena *a, struct str base, const char *path);

#endif
