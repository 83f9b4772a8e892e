/* What the scans of packages and of Windows have in common. */
#ifndef MAMORI_CLI_SCAN_H
#define MAMORI_CLI_SCAN_H

#include "cli/cli.h"
#include "vuln/priority.h"

/* Of --fail-on; several may be set. */
enum fail_on {
	FAIL_CRITICAL = 1 << 0,
	FAIL_HIGH = 1 << 1, /* and what is worse */
	FAIL_MEDIUM = 1 << 2,
	FAIL_LOW = 1 << 3,
	FAIL_KEV = 1 << 4,
	FAIL_OVERDUE = 1 << 5,
	FAIL_UNKNOWN = 1 << 6, /* something could not be judged, or nobody has rated it */
	FAIL_ANY = 1 << 7
};
bool scan_fail_on_parse(const char *text, unsigned *out, struct err *e) MUST_CHECK;

struct scan_sums {
	size_t findings, kev, by[SEVERITY_CRITICAL + 1], fixable;
	size_t now, overdue; /* to act on now; due before today */
	size_t unknown; /* what could not be judged */
};
void scan_sums_add(struct scan_sums *n, const struct vulnerability *v, const struct priority *p, bool fixable,
		   int64_t now);
void scan_sums_print(const struct scan_sums *n); /* one line */
/* 1 when one of the levels is met, else 0, with a word on stderr when findings without a rating did not count. */
int scan_sums_status(const struct scan_sums *n, unsigned fail_on);

/* Imported feeds that are older than their own rhythm. */
#define SCAN_FEEDS_MAX 32
size_t scan_stale_feeds(struct cli *c, struct str *out, size_t max);
void scan_put_eol(struct json_writer *w, const struct end_of_life *eol); /* "eol": its dates, or null */
void scan_print_eol(const struct end_of_life *eol, struct str system, int64_t now); /* a sentence, where it is known */
void scan_put_stale(struct cli *c, struct json_writer *w); /* "stale": their names */
void scan_warn_stale(struct cli *c); /* on stderr, when there are any */

struct scan_windows_options {
	const char *systeminfo, *qfe; /* files; qfe may be NULL */
	unsigned fail_on;
	bool csv, why;
	const struct priority_policy *policy;
};
/* mamori scan --systeminfo FILE [--qfe FILE]; the exit status. */
int scan_windows(struct cli *c, const struct scan_windows_options *o);

/* The first line of --csv, and what packages and Windows have there in common: from "severity" on. */
#define SCAN_CSV_HEADER \
	"package,source,installed,fixed,vulnerability,aliases,advisories,severity,cvss,kev,epss,running,due,action," \
	"action_why,why,last_affected,title,arch\r\n"
/* From "severity" to "title". */
void scan_csv_verdict(struct buf *out, const struct vulnerability *v, int running, const struct priority *p,
		      struct str why, struct str last_affected);

#endif
