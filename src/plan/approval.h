/* Whether a patch may be installed on a host, by the policy's rules and what people and vendors said. Pure. */
#ifndef MAMORI_PLAN_APPROVAL_H
#define MAMORI_PLAN_APPROVAL_H

#include "plan/policy.h"

enum verdict {
	VERDICT_NONE,
	VERDICT_APPROVED,
	VERDICT_REJECTED,
	VERDICT_WITHDRAWN
}; /* a person's, for everybody or a group */
enum vendor_answer { VENDOR_NOT_ASKED, VENDOR_UNKNOWN, VENDOR_VALIDATED, VENDOR_FORBIDDEN };

struct approval_facts { /* host × patch */
	struct str app, classification; /* source package; security | bugfix | feature */
	int severity; /* enum severity */
	bool known_exploited, exposed;
	int64_t first_seen; /* of this patch; see approval_inherit() */
	enum verdict verdict;
	struct str verdict_by, verdict_reason; /* reason empty: none was given */
	enum vendor_answer vendor; /* the strictest of the vendors that the host depends on */
	struct str vendor_name;
	int64_t vendor_asked;
	bool pilot; /* the host is in the first ring */
	bool pilot_proved; /* the first ring has it and has soaked: what follows `apply-to-pilot` */
	bool mitigated; /* a workaround stands in */
};

enum approval_state {
	APPROVAL_YES,
	APPROVAL_WAITS, /* for its age: until */
	APPROVAL_WAITS_PERSON, /* no rule fits */
	APPROVAL_WAITS_VENDOR,
	APPROVAL_VENDOR_FORBIDDEN,
	APPROVAL_REJECTED,
	APPROVAL_NEVER, /* a rule says never */
	APPROVAL_WITHDRAWN,
};

struct approval {
	enum approval_state state;
	int64_t until; /* 0: open */
	bool emergency; /* the emergency rule fits as well */
	bool urgent; /* … or it would, but for a vendor's word: then it can only be mitigated */
	size_t rule; /* index of the rule that decided, SIZE_MAX none */
};

/* A patch that supersedes others carries what they would have brought: the strongest class, severity and exploitation of
 * those that still wait, and the age of the oldest that the same rule decides (also the age of the question to the vendor),
 * so that what is superseded never wins by delay. Call before approval_decide(). */
void approval_inherit(const struct policy *p, struct approval_facts *f, const struct approval_facts *older,
		      size_t count);
/* Index of the first rule that fits, SIZE_MAX none. */
size_t approval_rule(const struct policy *p, const struct approval_facts *f);
void approval_decide(const struct policy *p, const struct approval_facts *f, int64_t now, struct approval *out);
/* What an emergency rule asks for: "known exploited, exposed". */
struct str approval_emergency_words(struct arena *a, const struct emergency_rules *r);
/* "approved by rule 2 of policy ward-pc: security, critical or high, after 3 d" … */
struct str approval_why(struct arena *a, const struct policy *p, const struct approval_facts *f,
			const struct approval *r);

#endif
