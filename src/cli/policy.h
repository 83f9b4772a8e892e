/* What the verbs of `mamori policy` share: a policy's file with the lists of days that come along. */
#ifndef MAMORI_CLI_POLICY_H
#define MAMORI_CLI_POLICY_H

#include "cli/cli.h"
#include "plan/calendar.h"

struct cli_policy {
	struct policy policy;
	struct day_lists lists; /* the holidays that come with mamori, then --days NAME=CSV */
	struct policy_remarks remarks;
	bool refused;
};

/* Reads FILE; `days` holds "NAME=CSV". False when a file cannot be read at all; a policy that is refused is no failure
 * here: out->refused. */
bool cli_policy_read(struct cli *c, const char *path, const cli_list *days, struct cli_policy *out,
		     struct err *e) MUST_CHECK;
/* "FILE:LINE:COLUMN: warning: …", one a line. */
void cli_policy_remarks(FILE *out, const char *path, const struct policy_remarks *remarks);

#endif
