/* Inside the room: a scan, and the forms it is shown in. */
#ifndef MAMORI_CLI_SCAN_OUT_H
#define MAMORI_CLI_SCAN_OUT_H

#include "cli/scan.h"
#include "plan/inventory.h"
#include "vuln/priority.h"

struct scan {
	struct cli *cli;
	const char *root, *dpkg_status, *os_name, *fail_on_text, *systeminfo, *qfe, *rules, *deadlines, *importance,
		*software;
	bool csv, why, exposed;
	unsigned fail_on;
	struct inventory inventory;
	struct str os; /* "debian:12" */
	struct vuln_index *index;
	struct priority_policy policy;
	struct match_request request;
	struct match_result result;
	struct scan_sums sums; /* of the result */
	bool known; /* findings could be computed */
};

/* Keys of a finding from "installed" on. */
void scan_put_verdict(struct json_writer *w, const struct finding *f, const struct priority *p);
/* The cell FIXED IN; why a finding is one: what decided, what is affected and up to where, what that means. */
void scan_fixed_cell(struct cli_table *t, const struct finding *f);
void scan_why_cell(struct cli_table *t, struct str advisory, struct str name, const struct finding *f,
		   const struct priority *p);
void scan_print_json(struct scan *s);
void scan_print_csv(struct scan *s);
void scan_print_table(struct scan *s);

/* mamori scan --software FILE; the exit status. Uses what the options say, and the policy. */
int scan_software(struct scan *s);

/* Findings one after the other with bounded memory: what one gives is good until 500 more were taken. */
struct scan_cursor {
	const struct scan *scan;
	struct arena arena;
	struct match_view *view;
	size_t next, used;
	struct finding finding;
	struct priority priority;
};
bool scan_next(struct scan_cursor *c);
void scan_cursor_cleanup(struct scan_cursor *c);
#define SCAN_CURSOR_AUTO __attribute__((cleanup(scan_cursor_cleanup))) struct scan_cursor

#endif
