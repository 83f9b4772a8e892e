/* What Microsoft says of its updates, whichever form it comes in: which update (KB) fixes which vulnerability in which
 * product, and which older updates it supersedes. Readers collect facts of one input here; msrc_flush() writes one
 * record per update (doc/feed-store.md: bulletin) with dictionaries of its own, so that a feed file stays small. */
#ifndef MAMORI_VULN_MSRC_H
#define MAMORI_VULN_MSRC_H

#include "vuln/ops.h"

#define RECORD_BULLETIN 16 /* the kind byte of a bulletin's body; record.h has the others */

/* KB numbers have five to eight digits; "KB" or "Q" before them and a version (v2) behind are tolerated. */
bool msrc_kb_parse(struct str text, uint32_t *number);
/* "Critical" critical, "Important" high, "Moderate" medium, "Low" low; else unknown. */
enum severity msrc_severity(struct str text);
/* "10.0.17134.1902" to 1902; 0 for anything else. */
uint32_t msrc_revision(struct str build);

/* ---- collecting ---- */

struct msrc_table;
struct msrc_table *msrc_table_new(void);
void msrc_table_free(struct msrc_table *t);
void msrc_table_cleanup(struct msrc_table **t);
#define MSRC_TABLE_AUTO __attribute__((cleanup(msrc_table_cleanup))) struct msrc_table *

struct msrc_fact {
	uint32_t kb;
	struct str product; /* blanks are made single; at most 255 bytes count */
	struct str vulnerability; /* CVE-… or ADV…; anything else names none: a service pack */
	struct str title; /* of the vulnerability */
	struct str supersedes; /* KBs between ; or , */
	enum severity severity;
	uint32_t revision; /* of the build that holds the fix, 0 unknown */
	int64_t date;
};
enum msrc_added { MSRC_NEW, MSRC_KNOWN, MSRC_FULL };
/* Texts are copied. MSRC_KNOWN: it says nothing new. MSRC_FULL: past the caps, nothing was taken. */
enum msrc_added msrc_add(struct msrc_table *t, const struct msrc_fact *f);
/* One record per update into the sink's bucket `source`, keyed prefix + number. *cyclic counts the facts whose update
 * supersedes, over others, itself: such updates count as equal to each other. */
bool msrc_flush(struct msrc_table *t, struct feed_sink *sink, struct str source, struct str prefix, uint64_t *cyclic,
		struct err *e) MUST_CHECK;

/* ---- reading back ---- */

struct bulletin_row {
	uint32_t product, vulnerability; /* of the bulletin's dictionaries; vulnerability UINT32_MAX: none */
	uint32_t revision;
	enum severity severity;
};

struct bulletin {
	uint32_t kb;
	int64_t date; /* the first that named it */
	ARRAY_OF(uint32_t) supersedes;
	ARRAY_OF(struct str) products;
	ARRAY_OF(struct str) vulnerabilities;
	ARRAY_OF(struct str) titles; /* one for each vulnerability */
	ARRAY_OF(struct bulletin_row) rows;
};
/* False on a damaged body. Views into body; arrays in the arena. */
bool bulletin_decode(struct str body, struct arena *a, struct bulletin *out) MUST_CHECK;

/* ---- groups of updates that supersede each other ---- */

/* Strongly connected groups (Tarjan 1972, without recursion) of a graph of n nodes: edges of i are
 * targets[first[i]] … targets[first[i + 1] - 1]. group[i] is a number below the returned count. */
uint32_t graph_groups(uint32_t n, const uint32_t *first, const uint32_t *targets, uint32_t *group);

#endif
