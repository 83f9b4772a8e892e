/* The advisory index: one immutable file, read in place (doc/feed-store.md). Rows are fixed-size structs in the
 * byte order of the machine that built it; the header says which, and another order is refused. */
#ifndef MAMORI_VULN_INDEX_H
#define MAMORI_VULN_INDEX_H

#include "vuln/bucket.h"
#include "vuln/match.h"

#define INDEX_MAGIC "mamoINDX"
#define INDEX_VERSION 6
#define INDEX_ORDER 0x01020304u
#define INDEX_NONE UINT32_MAX
#define INDEX_BLOCK 16384 /* bytes under one checksum */

enum index_section {
	INDEX_STRINGS, /* u16 length, bytes; reference = offset */
	INDEX_SYSTEMS,
	INDEX_PACKAGES,
	INDEX_SLOTS, /* hash tables of the systems' package names */
	INDEX_FACTS, /* what is known of a package; reference = offset / 8 */
	INDEX_ADVISORIES,
	INDEX_LISTS, /* u32 vulnerability numbers, named by advisories */
	INDEX_VULNERABILITIES,
	INDEX_DETAILS,
	INDEX_NAMES, /* ids that are no CVE, and aliases */
	INDEX_CYCLES,
	INDEX_PRODUCTS, /* Microsoft's, by folded name */
	INDEX_KBS, /* by number */
	INDEX_SUPERSEDED, /* u32 rows of kbs, named by kbs */
	INDEX_FIXES,
	INDEX_REVISIONS, /* by row of fixes */
	INDEX_SUMS, /* u64 checksum of each block from the header's end to this section; the last one */
	INDEX_SECTIONS
};

struct index_header {
	char magic[8];
	uint32_t version, order;
	uint64_t size; /* of the file */
	uint64_t checksum; /* of the header with this as 0, and of the sums */
	uint64_t generation;
	int64_t built;
	uint64_t advised; /* so many vulnerabilities, the first, are named by an advisory */
	struct {
		uint64_t offset, count; /* bytes; rows (bytes for strings) */
	} sections[INDEX_SECTIONS];
};

struct index_system {
	uint32_t name, first, count; /* rows of packages, sorted by name */
	uint32_t slot, slots; /* first row and number (a power of two) of its hash table */
	uint32_t reserved;
};

struct index_slot {
	uint32_t hash, package; /* row + 1; 0 = free */
};

struct index_package {
	uint32_t name, facts;
};

/* What the advisories say of one package, in one piece: this head, then the arrays in its order, then the keys'
 * bytes. Packages of which the same is said share it. Versions are ranked: sorted by the bytes of their key in the
 * system's order, so that a host's version is looked up once, and every range is a comparison of numbers. */
struct index_facts_head {
	uint32_t versions, ranges, runs, facts, key_bytes;
	uint32_t fixes_all; /* 1: no range reaches beyond the last version */
};

struct index_version {
	uint32_t text, key, key_len; /* place among the keys' bytes */
};

struct index_range {
	uint32_t introduced, limit; /* ranks, or INDEX_NONE */
	uint32_t kind;
	uint32_t note; /* the publisher's reason, or "" */
};

struct index_run { /* one advisory */
	uint32_t advisory, first, count; /* of ranges; each of them says something */
	uint32_t
		module; /* only packages of a module are meant: its stream "nodejs:18", "" where not stated; or INDEX_NONE */
};

/* Sorted by vulnerability, then by run; runs are sorted newest first: the first that applies decides. */
struct index_fact {
	uint32_t vulnerability, run;
};

struct index_facts {
	const struct index_facts_head *head;
	const struct index_version *versions;
	const struct index_range *ranges;
	const struct index_run *runs;
	const struct index_fact *facts;
	const char *keys;
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
	uint32_t title, vector, title_ja, summary_ja;
	uint32_t flags;
	uint32_t reserved;
};
#define INDEX_KEV 1u
#define INDEX_KEV_RANSOMWARE 2u
/* SSVC: exploitation, automatable and impact, two bits each. */
#define INDEX_SSVC_SHIFT 8
/* While the index is built: whose title it is. */
#define INDEX_TITLE_SHIFT 16

struct index_name {
	uint32_t name, vulnerability, next, reserved;
};

struct index_cycle {
	uint32_t product, cycle, title, reserved;
	int64_t support, eol, extended;
};

struct index_product {
	uint32_t name, folded; /* as Microsoft writes it; in lower case */
	uint32_t first, count; /* rows of fixes, by vulnerability */
};

struct index_kb {
	int64_t date; /* first named, 0 unknown */
	uint32_t number;
	uint32_t first, count; /* of INDEX_SUPERSEDED */
	uint32_t group; /* updates that supersede each other in a circle share one */
};

struct index_fix {
	uint32_t vulnerability; /* or INDEX_NONE: a service pack, an update for no named reason */
	uint32_t kb_severity; /* row of kbs << 3 | severity */
};

struct index_revision {
	uint32_t fix, revision; /* the build that holds the fix: 10.0.17134.REVISION */
};

struct vuln_index {
	struct str map;
	const struct index_header *header;
	const char *name; /* for messages; owned */
	unsigned char *blocks; /* not 0: checked and good; set by any thread */
	unsigned char *damaged; /* 1: a block was not what its checksum says */
	size_t body, block_count; /* where blocks begin */
	bool mapped;
	bool in_blocks; /* a block is read from fd when its first byte is: for one thread */
	int fd;
};

/* Bounds-checked access: past the end, or in a block that is damaged, gives NULL. */
const void *index_row(const struct vuln_index *ix, enum index_section s, size_t size, uint64_t i);
#define INDEX_ROW(ix, section, type, i) ((const struct type *)index_row((ix), (section), sizeof(struct type), (i)))
size_t index_count(const struct vuln_index *ix, enum index_section s);
struct str index_string(const struct vuln_index *ix, uint32_t at); /* "" when out of bounds */
const struct index_system *index_find_system(const struct vuln_index *ix, struct str os);
const struct index_package *index_find_package(const struct vuln_index *ix, const struct index_system *s,
					       struct str name);
/* False: damaged. */
bool index_package_facts(const struct vuln_index *ix, const struct index_package *p, struct index_facts *out);
/* Row of an id (or alias), or INDEX_NONE. */
uint32_t index_find_vulnerability(const struct vuln_index *ix, struct str id);
void index_vulnerability(const struct vuln_index *ix, struct arena *a, uint32_t row, struct vulnerability *out);
const struct index_cycle *index_find_cycle(const struct vuln_index *ix, struct str product, struct str cycle);

/* Checks header and sections of an index in memory; its blocks are checked when they are first read. */
bool index_open_mem(struct str bytes, const char *name, struct vuln_index *out, struct err *e) MUST_CHECK;
void index_close_mem(struct vuln_index *ix);
/* Writes the checksums of an index whose header has its sections and whose sums have their place. */
void index_seal(char *bytes, size_t len);

/* Builds the index of all feeds, one after the other in any order. What a source points to is not needed any more
 * when its call returns. */
struct index_source {
	const char *path; /* for messages */
	struct bucket head;
	struct str payload;
};
struct index_builder;
struct index_builder *index_builder_new(void);
bool index_builder_add(struct index_builder *b, const struct index_source *s, struct err *e) MUST_CHECK;
/* The index into *out; the builder is used up. */
bool index_builder_finish(struct index_builder *b, int64_t now, struct buf *out, struct err *e) MUST_CHECK;
void index_builder_free(struct index_builder *b);
void index_builder_cleanup(struct index_builder **b);
/* All at once. */
bool index_build(const struct index_source *sources, size_t count, int64_t now, struct buf *out,
		 struct err *e) MUST_CHECK;

#endif
