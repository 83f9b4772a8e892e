/* The advisory index: one immutable file, read in place (doc/feed-store.md). Rows are fixed-size structs in the
 * byte order of the machine that built it; the header says which, and another order is refused. */
#ifndef MAMORI_VULN_INDEX_H
#define MAMORI_VULN_INDEX_H

#include "vuln/bucket.h"
#include "vuln/match.h"

#define INDEX_MAGIC "mamoINDX"
#define INDEX_VERSION 1
#define INDEX_ORDER 0x01020304u
#define INDEX_NONE UINT32_MAX

enum index_section {
	INDEX_STRINGS, /* u16 length, bytes; reference = offset */
	INDEX_SYSTEMS,
	INDEX_PACKAGES,
	INDEX_ENTRIES,
	INDEX_ADVISORIES,
	INDEX_LISTS, /* u32 vulnerability numbers, named by advisories */
	INDEX_VULNERABILITIES,
	INDEX_DETAILS,
	INDEX_NAMES, /* ids that are no CVE, and aliases */
	INDEX_CYCLES,
	INDEX_SECTIONS
};

struct index_header {
	char magic[8];
	uint32_t version, order;
	uint64_t size; /* of the file */
	uint64_t checksum; /* of everything behind the header */
	uint64_t generation;
	int64_t built;
	struct {
		uint64_t offset, count; /* bytes; rows (bytes for strings) */
	} sections[INDEX_SECTIONS];
};

struct index_system {
	uint32_t name, first, count, reserved; /* rows of packages, sorted by name */
};

struct index_package {
	uint32_t name, first, count; /* rows of entries, newest advisory first */
};

struct index_entry {
	uint32_t advisory, introduced, limit, kind;
};

struct index_advisory {
	int64_t date;
	uint32_t id, title, first, count; /* of lists */
	uint16_t severity, cvss10; /* 0xffff: unknown */
	uint32_t reserved;
};

struct index_vulnerability {
	uint64_t key; /* year << 40 | number; or INDEX_NAMED | row of names */
	uint32_t epss; /* millionths, INDEX_NONE: unknown */
	uint32_t detail; /* or INDEX_NONE */
	uint16_t cvss10;
	uint8_t severity, reserved;
	uint32_t aliases; /* first row of names that is an alias of it (they follow by `next`), or INDEX_NONE */
};
#define INDEX_NAMED (UINT64_C(1) << 63)

struct index_detail {
	int64_t kev_added, kev_due;
	uint32_t title;
	uint32_t flags; /* 1 exploited, 2 by ransomware */
};

struct index_name {
	uint32_t name, vulnerability, next, reserved;
};

struct index_cycle {
	uint32_t product, cycle, title, reserved;
	int64_t support, eol, extended;
};

struct vuln_index {
	struct str map;
	const struct index_header *header;
	bool mapped;
};

/* Bounds-checked access: past the end gives NULL. */
const void *index_row(const struct vuln_index *ix, enum index_section s, size_t size, uint64_t i);
#define INDEX_ROW(ix, section, type, i) ((const struct type *)index_row((ix), (section), sizeof(struct type), (i)))
size_t index_count(const struct vuln_index *ix, enum index_section s);
struct str index_string(const struct vuln_index *ix, uint32_t at); /* "" when out of bounds */
const struct index_system *index_find_system(const struct vuln_index *ix, struct str os);
const struct index_package *index_find_package(const struct vuln_index *ix, const struct index_system *s,
					       struct str name);
/* Row of an id (or alias), or INDEX_NONE. */
uint32_t index_find_vulnerability(const struct vuln_index *ix, struct str id);
void index_vulnerability(const struct vuln_index *ix, struct arena *a, uint32_t row, struct vulnerability *out);
const struct index_cycle *index_find_cycle(const struct vuln_index *ix, struct str product, struct str cycle);

/* Checks header, sections and checksum of an index in memory. */
bool index_open_mem(struct str bytes, const char *name, struct vuln_index *out, struct err *e) MUST_CHECK;

/* Builds the index of all feeds: buckets' payloads in any order. */
struct index_source {
	const char *path; /* for messages */
	struct bucket head;
	struct str payload;
};
bool index_build(const struct index_source *sources, size_t count, int64_t now, struct buf *out,
		 struct err *e) MUST_CHECK;

#endif
