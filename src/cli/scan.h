/* What the scans of packages and of Windows have in common. */
#ifndef MAMORI_CLI_SCAN_H
#define MAMORI_CLI_SCAN_H

#include "cli/cli.h"
#include "vuln/priority.h"

enum fail_on { FAIL_NEVER, FAIL_CRITICAL, FAIL_HIGH, FAIL_KEV, FAIL_ANY };
bool scan_fails(enum fail_on level, const struct vulnerability *v);

struct scan_windows_options {
	const char *systeminfo, *qfe; /* files; qfe may be NULL */
	enum fail_on fail_on;
	bool csv, why;
	const struct priority_policy *policy;
};
/* mamori scan --systeminfo FILE [--qfe FILE]; the exit status. */
int scan_windows(struct cli *c, const struct scan_windows_options *o);

/* The first line of --csv, and what packages and Windows have there in common: from "severity" on. */
#define SCAN_CSV_HEADER \
	"package,source,installed,fixed,vulnerability,aliases,advisories,severity,cvss,kev,epss,running,due,action," \
	"action_why,why\r\n"
void scan_csv_verdict(struct buf *out, const struct vulnerability *v, int running, const struct priority *p,
		      struct str why);

#endif
