/* Inside the room: what index-build.c collects and index-write.c writes. Everything here is what the index's rows
 * hold, so that a builder is hardly larger than its index; texts are offsets into its strings. */
#ifndef MAMORI_VULN_INDEX_BUILD_H
#define MAMORI_VULN_INDEX_BUILD_H

#include "vuln/index.h"
#include "vuln/record.h"

/* Rows behind each other in one growing block (an arena would keep every earlier size of it). */
#define ROWS(b, type) ((type *)(void *)(b)->ptr)
#define ROWS_COUNT(b, type) ((b)->len / sizeof(type))
#define ROWS_PUSH(b, type) ((type *)rows_push((b), sizeof(type)))
void *rows_push(struct buf *b, size_t size); /* zeroed */

/* Hashed numbers + 1 of rows; the rows themselves are looked at for their keys. */
struct numbers {
	uint32_t *slots;
	size_t count, slot_count;
};

struct built_vulnerability {
	uint64_t key; /* a CVE's, or INDEX_NAMED | its name's string */
	uint32_t epss, detail; /* as in the index */
	uint32_t parent; /* union of names for one vulnerability */
	uint32_t row; /* where it stands when sorted */
	uint32_t aliases; /* first row of names, by `next` */
	uint16_t cvss10;
	uint8_t severity, rank;
	bool advised; /* an advisory of packages names it */
};

struct built_package {
	uint32_t os, name;
	uint32_t row; /* where it stands when sorted */
};

struct built_row { /* what one advisory says of one package */
	uint32_t package, advisory, kind;
	uint32_t introduced, limit, note;
};

struct built_facts { /* a piece of the section */
	uint32_t place, len;
};

struct built_title {
	uint32_t product, title;
};

struct index_builder {
	struct buf strings; /* the section itself */
	struct numbers string_numbers;
	struct buf vulnerabilities, packages, entries, advisories, lists, cycles, titles;
	struct buf details; /* the section itself */
	struct numbers vulnerability_numbers, package_numbers, facts_numbers;
	struct buf facts; /* what is in the section already */
	struct buf sections[INDEX_SECTIONS];
	struct index_header header;
	struct windows_build *windows; /* made with the first bulletin */
	bool too_large;
};

/* The slot of a key, where its number + 1 is or belongs; room for one more is made first. */
struct probe {
	const struct index_builder *b;
	bool (*is)(const struct index_builder *b, uint32_t number, const void *key);
	uint64_t (*hash_of)(const struct index_builder *b, uint32_t number);
};
uint32_t *numbers_slot(struct numbers *n, const struct probe *p, uint64_t hash, const void *key);
uint32_t index_intern(struct index_builder *b, struct str s); /* each text once */
struct str index_text(const struct index_builder *b, uint32_t at);
/* For the builder's own tables: seeded with its address, so a publisher cannot choose keys that collide. */
uint64_t index_hash(const struct index_builder *b, struct str bytes);
uint32_t index_find_root(struct index_builder *b, uint32_t number);
/* What is known of one name of a vulnerability is known of all. */
void index_learn_alias(struct index_builder *b, uint32_t root, uint32_t alias);
/* A number for the id. */
uint32_t index_vulnerability_number(struct index_builder *b, struct str id);
/* What an advisory calls it; the publisher's own title and CISA's come before. */
void index_advisory_title(struct index_builder *b, uint32_t number, struct str title);

/* Microsoft's updates: bulletins of all feeds (msrc.h) into the sections INDEX_PRODUCTS, INDEX_KBS, INDEX_SUPERSEDED,
 * INDEX_FIXES and INDEX_REVISIONS. */
struct windows_build;
struct windows_build *windows_build_new(struct index_builder *b);
void windows_build_free(struct windows_build *w);
/* False on a damaged body. */
bool windows_build_add(struct windows_build *w, struct str body) MUST_CHECK;
/* Once the vulnerabilities have their rows. */
void windows_build_write(struct windows_build *w);

#endif
