/* JSON for bulk records: one pass over one record's bytes, strict (RFC 8259, as base/json), that hands out only the values
 * whose paths a table names. Ill-formed UTF-8 in a string becomes U+FFFD and is counted; base/json refuses it.
 *
 * Paths: "location.city" a key in an object, "cpe[]" every element, "vulns.*" every key (its text is the value), and
 * their combinations "http.components.*.categories[]". Everything else is checked and passed over. */
#ifndef MAMORI_EXPOSURE_IMPORT_SCAN_H
#define MAMORI_EXPOSURE_IMPORT_SCAN_H

#include "base/arena.h"
#include "exposure/banner.h"

enum {
	SCAN_DEPTH = 64, /* as base/json */
	SCAN_STRING_MAX = 16 << 20,
	SCAN_VALUES_MAX = 1 << 20, /* a record that states more than this is refused */
	SCAN_KEYS = 64, /* that are remembered, of this length at most */
	SCAN_KEY_MAX = 23,
};

enum scan_kind {
	SCAN_STRING,
	SCAN_NUMBER, /* text as written */
	SCAN_TRUE,
	SCAN_FALSE,
	SCAN_NULL,
	SCAN_KEY, /* of "a.*": the key; what it stands for follows under the paths below it */
	SCAN_OPEN, /* object or array; text: from its first byte to the record's end */
	SCAN_CLOSE, /* text: the whole of it as written */
};

struct scan_value {
	uint16_t id;
	uint8_t kind;
	bool exact; /* strings: nothing was replaced, and no pair of surrogates is in it */
	uint32_t at; /* strings: where in the record the first byte behind the quotation mark stands; else 0 */
	struct str
		text; /* strings: unescaped; a view of the record, or of the scanner's memory until the next record */
};

struct scan_paths; /* compiled; read only, shared by threads */
/* ids count from 1; several paths may share one. */
struct scan_paths *scan_paths_new(void);
void scan_paths_add(struct scan_paths *p, const char *path, uint16_t id);
void scan_paths_ready(struct scan_paths *p);
void scan_paths_free(struct scan_paths *p);

struct scanner {
	struct scan_value *values;
	size_t count, cap;
	struct raw_piece pieces[PIECES_MAX]; /* where this record's strings and numbers stand, keys apart */
	size_t piece_count; /* more than PIECES_MAX: not all are there */
	uint64_t replaced; /* ill-formed bytes in this record's strings */
	bool odd; /* the last string had surrogates or bytes that were replaced */
	const char *why; /* of the failure: an English sentence */
	size_t at; /* where */
	/* private */
	struct str record;
	const char *p, *end;
	uint64_t objects; /* a bit for each open container: object or array */
	unsigned depth;
	uint32_t nodes[SCAN_DEPTH + 1]; /* of each open container; 0: nothing below is asked for */
	size_t opened[SCAN_DEPTH + 1]; /* where it began */
	uint32_t next; /* node of the value that comes */
	/* What the keys of the last record were: most records of a file have the same ones in the same order. */
	const struct scan_paths *paths;
	struct scan_key {
		uint32_t from, next; /* nodes */
		uint8_t len;
		char text[SCAN_KEY_MAX]; /* with its quotation marks and colon */
	} keys[SCAN_KEYS];
	unsigned key;
	char *text;
	size_t text_len, text_cap;
	struct arena more;
};

/* False: not one valid JSON value; what was found before the fault is in values all the same. */
bool scan_record(struct scanner *s, const struct scan_paths *p, struct str record) MUST_CHECK;
void scanner_free(struct scanner *s);
#define SCANNER_AUTO __attribute__((cleanup(scanner_free))) struct scanner

/* Appends s with every ill-formed byte as U+FFFD; how many there were. */
struct buf;
size_t scan_repair(struct buf *out, struct str s);

#endif
