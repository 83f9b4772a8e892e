/* What feeds are normalised into: an advisory, facts about one vulnerability, or a product's support dates.
 * Written with wire.h into feed files (doc/feed-store.md). Strings are views. */
#ifndef MAMORI_VULN_RECORD_H
#define MAMORI_VULN_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "vuln/match.h"

enum range_kind {
	RANGE_BEFORE, /* introduced <= v < limit; limit is the fixed version */
	RANGE_UNTIL, /* introduced <= v <= limit */
	RANGE_OPEN, /* introduced <= v, and nothing fixes it */
	RANGE_EXACT, /* v = limit */
	RANGE_NOT_AFFECTED, /* said to be safe */
	RANGE_UNDETERMINED, /* nobody knows: says nothing */
	RANGE_UNREADABLE, /* introduced <= v, up to where words (note) say that no version can be found in */
	RANGE_KINDS
};

struct affected_range {
	enum range_kind kind;
	struct str introduced; /* empty: from the beginning */
	struct str limit;
	struct str note; /* the publisher's reason, for people: "no DSA: minor issue"; may be empty */
};

struct affected {
	struct str os; /* "debian:12"; "cpe": name is "PART:VENDOR:PRODUCT" of a CPE, "a:mozilla:firefox" */
	struct str name; /* source or binary package, as the system's row in ecosystem.c says */
	ARRAY_OF(struct affected_range) ranges;
};

struct affected_list {
	struct affected *items;
	size_t count, cap;
};

/* A note that begins so names products of which some must be there as well: "only with A or B and C". */
#define RANGE_ONLY_WITH "only with "

struct advisory {
	struct str id, title;
	int64_t date; /* published; decides which advisory is the newest; 0: what the feed says today (its import) */
	enum severity severity;
	enum score_rank score_rank; /* SCORE_NOBODY means SCORE_ADVISORY */
	double cvss; /* < 0: unknown */
	bool bundle; /* an update that fixes several things: its severity is not that of each */
	ARRAY_OF(struct str) vulnerabilities; /* CVE ids, or its own id */
	ARRAY_OF(struct str) aliases; /* other names of its one vulnerability */
	struct affected_list affected;
};

struct eol_cycle {
	struct str cycle;
	int64_t support, eol, extended; /* days' 00:00Z; 0 unknown; EOL_NEVER: goes on; EOL_PAST: over, no date */
};
#define EOL_NEVER INT64_MAX
#define EOL_PAST INT64_C(1)

enum record_kind { RECORD_ADVISORY = 1, RECORD_VULNERABILITY, RECORD_EOL, RECORD_PRODUCT };

struct record {
	enum record_kind kind;
	struct advisory advisory;
	struct vulnerability vulnerability;
	struct affected_list products; /* RECORD_VULNERABILITY: what the CVE record says it is in, os "cpe" */
	int64_t published; /* of products: when that was known, 0 unknown */
	struct {
		struct str name, title;
		ARRAY_OF(struct eol_cycle) cycles;
	} product; /* RECORD_EOL: name and cycles; RECORD_PRODUCT: name and title */
};

/* Appends the body; an id that is the row's key is not written again. */
void record_encode(const struct record *r, struct str key, struct buf *out);
/* False on a damaged body. */
bool record_decode(struct str key, struct str body, struct arena *a, struct record *out) MUST_CHECK;

/* "CVE-" year "-" four digits or more. */
bool cve_parse(struct str id, uint32_t *year, uint64_t *number);

#endif
