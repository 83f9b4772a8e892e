/* What the scans of packages and of Windows have in common. */
#ifndef MAMORI_CLI_SCAN_H
#define MAMORI_CLI_SCAN_H

#include "cli/cli.h"
#include "vuln/match.h"

enum fail_on { FAIL_NEVER, FAIL_CRITICAL, FAIL_HIGH, FAIL_KEV, FAIL_ANY };
bool scan_fails(enum fail_on level, const struct vulnerability *v);

/* mamori scan --systeminfo FILE [--qfe FILE]; the exit status. */
int scan_windows(struct cli *c, const char *systeminfo, const char *qfe, enum fail_on fail_on);

#endif
