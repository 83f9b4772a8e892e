/* What must be fixed: from the facts about what is ours. Each finding names the rule, the thing, what was seen by whom and when,
 * and what to do. Nothing is tried out: what is told is what others saw. */
#ifndef MAMORI_SURFACE_RISK_H
#define MAMORI_SURFACE_RISK_H

#include "surface/own.h"

struct vuln_index;

enum severity_of_risk { RISK_INFO, RISK_LOW, RISK_MEDIUM, RISK_HIGH, RISK_CRITICAL };

enum advice {
	ADVICE_REMOVE, /* take it off the net: nobody needs it there */
	ADVICE_CLOSE, /* needed inside, not outside: behind a VPN or a list of addresses */
	ADVICE_CONFIGURE,
	ADVICE_PATCH,
	ADVICE_ASSESS, /* a person must look */
};

struct risk_rule {
	const char *id; /* "exposed-remote-desktop" */
	enum severity_of_risk severity;
	enum advice advice;
	const char *says; /* an English sentence: what is wrong */
	const char *act; /* an English sentence: what to do */
};

struct risk {
	const struct risk_rule *rule;
	uint32_t node; /* what it is about */
	uint32_t edge; /* the fact that shows it, GRAPH_NONE: that none is there */
	struct str detail; /* "CVE-2024-…", "nginx 1.10.3", a date; empty */
	struct str more; /* beside it: vulnerabilities of that version, the version of that vulnerability; empty */
	struct str maker, model, version; /* of a gateway; empty: not told */
};

struct risks {
	ARRAY_OF(struct risk) list;
	struct arena *arena;
};

struct risk_options {
	int64_t now;
	/* Whether a vulnerability is known to be exploited; NULL: no index is at hand. */
	bool (*exploited)(void *user, struct str vulnerability);
	void *user;
	/* For versions that were seen; NULL: none is at hand. */
	const struct vuln_index *index;
};

/* After own_judge(): of approved things, and of dependencies only what they do to ours (dangling names). In falling severity. */
void risk_find(const struct graph *g, const struct risk_options *o, struct risks *out);
/* By which rules a run was judged: the program's version, and a digest of the rules of ownership with their weights. */
struct str risk_rules_version(struct arena *a);
const char *risk_severity_name(enum severity_of_risk s); /* "critical" … "info" */
const char *risk_advice_name(enum advice a); /* "remove", "close", "configure", "patch", "assess" */

#endif
