/* By when to act on a finding: a decision tree and sets of deadlines, both data (src/vuln/data). */
#ifndef MAMORI_VULN_PRIORITY_H
#define MAMORI_VULN_PRIORITY_H

#include "vuln/match.h"

enum action { ACTION_WATCH, ACTION_NEXT_WINDOW, ACTION_WITHIN_DAYS, ACTION_NOW };
const char *action_name(enum action a); /* "watch", "next-window", "within-days", "act-now" */

enum importance { IMPORTANCE_LOW, IMPORTANCE_NORMAL, IMPORTANCE_HIGH };
bool importance_parse(struct str s, enum importance *out);

struct priority_rule {
	struct {
		unsigned char column, value;
	} conditions[9];
	size_t count;
	double epss;
	enum action action;
	struct str reason, reason_ja;
};

struct deadline {
	bool any_action, any_severity;
	enum action action;
	enum severity severity;
	int64_t days;
};

/* What is decided for one machine, or for all of them. */
struct priority_policy {
	ARRAY_OF(struct priority_rule) rules;
	ARRAY_OF(struct deadline) deadlines;
	bool exposed; /* the machine can be reached from the internet */
	enum importance importance;
	int64_t now;
};

/* Rules in the form of src/vuln/data/priority.csv; empty text: that file. deadlines: "bod", "pci", "hipaa", "cis" (NULL:
 * the first). Everything is the arena's. ERR_INPUT names the line, ERR_USAGE the sets there are. */
bool priority_policy_read(struct str rules, const char *name, const char *deadlines, struct arena *a,
			  struct priority_policy *out, struct err *e) MUST_CHECK;

struct deadline_set {
	struct str name, title; /* "bod"; one line of English */
};
/* The sets that there are, in their order; at most max. */
size_t deadline_sets(struct arena *a, struct deadline_set *out, size_t max);

bool action_parse(struct str s, enum action *out);
const char *importance_name(enum importance i);

struct priority {
	enum action action;
	int64_t due; /* 0: none */
	struct str reason, reason_ja; /* one sentence */
};

/* published: when its fix was, 0 unknown; fixable: a fixed version is known. What CISA demands of an exploited one stands,
 * unless the machine is exposed and the set is stricter; without a fix only an exploited one is due. */
void priority_decide(const struct priority_policy *p, const struct vulnerability *v, int64_t published, bool fixable,
		     struct priority *out);

#endif
