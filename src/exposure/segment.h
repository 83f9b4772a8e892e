/* Inside the room: one segment file, written once and read in place. doc/exposure-index.md describes it. Everything that
 * is read passes segment_touch(), which verifies the checksum of each block of the file once. */
#ifndef MAMORI_EXPOSURE_SEGMENT_H
#define MAMORI_EXPOSURE_SEGMENT_H

#include "exposure/docset.h"
#include "exposure/field.h"

#include <stdatomic.h>

#define SEGMENT_MAGIC "mamoEXPO"
enum {
	SEGMENT_VERSION = 3,
	SEGMENT_ORDER = 0x01020304,
	SEGMENT_BLOCK = 16384, /* bytes under one checksum */
	SEGMENT_DOCS_MAX = 1 << 28,
	/* columns behind those of the fields */
	COLUMN_NAMES = FIELDS, /* words of certificate names */
	COLUMN_ORIGIN, /* provenance: numbers of the manifest's origins */
	COLUMNS,
	DICT_BLOCK = 16, /* values between places of the dictionary */
	NUMBERS_BLOCK = 64, /* numbers under one minimum and width */
	NUMBERS_DICT_MAX = 65536, /* so many different numbers have postings of their own */
	SPARSE = 16, /* a column that one banner in so many has keeps a list of who has it */
};

enum section_kind {
	SECTION_INFO, /* struct column_info of each column */
	SECTION_TERMS, /* dictionary, front-coded */
	SECTION_BLOCKS, /* u32 places in it */
	SECTION_POSTINGS,
	SECTION_IDS, /* of each banner (or entry): number of its value + 1, packed; or numbers themselves */
	SECTION_STARTS, /* of each banner the first entry, packed, and the end */
	SECTION_OWNERS, /* posting: banners with a value */
	SECTION_CONFIDENCE, /* u8 of each entry */
	SECTION_VALUES, /* numbers: struct number_value or struct number_block; addresses: number_block, then 16 bytes each */
	SECTION_PERMUTATION, /* addresses: banners by address, packed */
	SECTION_PERMUTATION_STARTS,
	SECTION_RAW, /* struct raw_block of each compressed block */
	SECTION_SHAPES, /* how the texts of a record lie in it */
	SECTION_DICTIONARY, /* of the compression */
	SECTION_MARKS, /* addresses: banner_mark() of each banner, by address */
	SECTION_KINDS
};

enum column_form { FORM_NONE, FORM_VALUES, FORM_NUMBERS, FORM_PLAIN, FORM_ADDRESS, FORM_TEXT };

struct column_info {
	uint8_t form, width, start_width, confident;
	uint8_t listed; /* entries are of the owners, in order, not of every banner */
	uint8_t many; /* starts */
	uint8_t perm_width, perm_start_width;
	uint32_t values; /* different ones */
	uint32_t owners; /* banners that have one */
	uint32_t entries;
	uint32_t v4; /* addresses: the first so many are IPv4 */
	int64_t low, high; /* numbers */
	uint64_t scale; /* plain numbers are multiples of it above their block's minimum */
};

struct number_value {
	int64_t value;
	uint32_t count, at; /* banners; place of its posting */
};

struct number_block {
	int64_t low;
	uint64_t at; /* first bit << 8 | width; width 64: in whole words */
};

struct raw_block {
	uint64_t at;
	uint32_t packed, size; /* bytes in the file and unpacked */
	uint32_t first; /* banner */
	uint32_t pad;
};

struct segment_header {
	char magic[8];
	uint32_t version, order;
	uint64_t zero[6];
};

struct section {
	uint32_t kind, column;
	uint64_t at, size; /* PACKED_PAD bytes of zeros follow */
};

/* The last bytes of the file. */
struct segment_trailer {
	uint64_t sections_at, section_count;
	uint64_t sums_at, sum_count; /* of blocks from the file's start to sums_at */
	uint32_t docs, version;
	uint64_t sum; /* of what lies from sums_at to here */
	char magic[8];
};

/* ---- reading ---- */

struct column {
	const struct column_info *info;
	struct str part[SECTION_KINDS]; /* with their padding left out */
	struct packed ids, starts, perm, perm_starts;
	_Atomic(uint32_t *) owner_list; /* decoded when first asked for */
};

struct segment {
	struct str name; /* of the file */
	const uint8_t *base;
	size_t size;
	bool mapped;
	uint32_t docs;
	struct segment_trailer trailer;
	const uint64_t *sums;
	atomic_uchar *seen; /* of each block: verified */
	atomic_bool damaged; /* named and set aside: it answers no more */
	struct column columns[COLUMNS];
	struct str raw_blocks, shapes, dictionary;
	_Atomic(void *) unpacking; /* ZSTD_DDict */
	uint64_t *dead; /* banners that count no more, or NULL */
	uint32_t dead_count;
	uint32_t origin_first; /* the manifest's origins of this segment */
};

/* Maps a file. False: e says what is wrong with it (ERR_INPUT: damaged). */
bool segment_open(struct segment *s, const char *path, struct err *e) MUST_CHECK;
/* The same of bytes in memory that stay, aligned to 8. */
bool segment_open_mem(struct segment *s, struct str bytes, struct err *e) MUST_CHECK;
void segment_close(struct segment *s);
/* True when the blocks under these bytes of the segment are what was written; false: s->damaged is set. */
bool segment_touch(struct segment *s, const void *p, size_t len) MUST_CHECK;
/* The same of the whole file, which is read for that. */
bool segment_whole(struct segment *s) MUST_CHECK;
/* What was read of its file is no memory of this process until it is read again. */
void segment_let_go(struct segment *s);
/* For tests and fuzzing: checksums that fit the bytes. */
void segment_seal(char *bytes, size_t len);
/* Sets damaged; gives false. */
bool segment_damage(struct segment *s);

/* What there is of banner doc: entries *first to *first + the result. */
uint32_t column_entries(struct segment *s, struct column *c, uint32_t doc, uint32_t *first);
/* Sorted banners that have a value, info->owners of them; NULL: damaged. */
const uint32_t *column_owners(struct segment *s, struct column *c);
/* Banners with a value. */
bool column_having(struct segment *s, struct column *c, struct docset *out) MUST_CHECK;
/* Verifies all that walking over a column's entries needs. */
bool column_ready(struct segment *s, struct column *c) MUST_CHECK;
/* Entry i of a plain column; it is ready. */
int64_t column_plain(const struct column *c, uint32_t entry);
/* Address of rank r (< info->values); it is ready. */
void column_address(const struct column *c, uint32_t rank, unsigned char ip[16]);
/* IPv4 addresses of the ranks block * NUMBERS_BLOCK + i whose bit i is set; gives how many. */
size_t column_v4_block(const struct column *c, uint32_t block, uint64_t ranks, uint32_t *into);
/* The first rank whose address is not below (v4 and v6 apart: v4 come first). */
uint32_t column_rank(const struct column *c, const unsigned char ip[16]);
bool address_is_v4(const unsigned char ip[16]);

/* A walk through a dictionary, value by value. */
struct dict_walk {
	struct segment *s;
	const struct column *c;
	const uint8_t *p, *end;
	uint64_t at; /* of the posting that comes next */
	uint32_t next; /* number of the value that comes next */
	/* the value */
	uint32_t number, count;
	struct str posting;
	struct str text; /* in room */
	char room[1024];
};
/* From value `number` on. */
bool dict_from(struct segment *s, const struct column *c, uint32_t number, struct dict_walk *w) MUST_CHECK;
/* False at the end, and when the segment is damaged. */
bool dict_next(struct dict_walk *w);
/* The first value that is not before text (folded: in the order that knows no case); info->values when none. */
uint32_t dict_find(struct segment *s, const struct column *c, struct str text, bool folded);
/* Posting of what the walk stands at. */
bool dict_docs(struct dict_walk *w, struct docset *out) MUST_CHECK;
/* Value of a FORM_NUMBERS column. */
const struct number_value *number_at(const struct column *c, uint32_t i);
bool number_docs(struct segment *s, const struct column *c, uint32_t i, struct docset *out) MUST_CHECK;

/* ---- stored records ---- */

struct raw_row {
	uint32_t at, len, shape, literals;
};
struct raw_shape {
	uint32_t at, len, literals;
};
/* The last block that was unpacked, taken apart; one for each thread. */
struct raw_cache {
	const struct segment *s;
	uint32_t block;
	char *bytes;
	size_t len, cap;
	void *context; /* ZSTD_DCtx */
	struct raw_row *rows;
	size_t row_count, row_cap;
	const struct segment *shapes_of;
	struct raw_shape *shapes;
	size_t shape_count;
};
void raw_cache_free(struct raw_cache *c);
struct raw_text {
	enum field field;
	struct str text; /* as the source meant it: unescaped */
	uint32_t at; /* as in struct banner_value */
};
/* Views live until the next call with the same cache; texts that were escaped live in a. */
bool raw_read(struct segment *s, uint32_t doc, struct raw_cache *cache, struct arena *a, struct str *raw,
	      struct raw_text **texts, size_t *count) MUST_CHECK;

#endif
