/* What will happen on a host, and why: effective policy → approvals of what waits → rings → holds → leases. One place; the
 * directive is written from it, and so is every "why". */
#ifndef MAMORI_PATCH_OUTLOOK_H
#define MAMORI_PATCH_OUTLOOK_H

#include "patch/policy_set.h"
#include "patch/ring.h"
#include "patch/steps.h"
#include "plan/approval.h"
#include "plan/directive.h"
#include "store/approval.h"
#include "store/directive.h"
#include "store/ring_stage.h"
#include "store/vendor.h"

struct patch_outlook {
	struct pending_patch row;
	struct approval_facts facts;
	struct approval approval;
	struct ring_decision ring;
	bool stage_known; /* its way through the rings was computed */
	bool ring_known; /* ring says something */
	int64_t emergency_since; /* 0: none */
	bool goes; /* it is in the directive */
	bool step_waits; /* not in it: it is not this host's turn in its server system */
	int64_t since; /* not before; 0: now */
};

struct outlook {
	struct host_facts host;
	struct policy_subject subject;
	struct effective_policy policy;
	bool governed; /* a policy applies */
	bool rings; /* and has more than one ring */
	size_t ring;
	struct patch_outlook *patches;
	size_t count;
	struct str *withdrawn; /* updates that were withdrawn and are on this host, or wait there */
	size_t withdrawn_count;
	struct hold *holds;
	size_t hold_count;
	bool lease_needed, lease_found;
	struct lease_row lease;
	bool reboot_consented;
	struct step_turn steps;
	struct model_time estimate; /* of machines of its model */
	int64_t due; /* time alone changes something then; INT64_MAX: nothing known */
};

bool outlook_make(struct policy_set *set, struct arena *a, struct str host, struct outlook *out,
		  struct err *e) MUST_CHECK;
/* The stored form of a policy's decisions about one update: JSON [[state,because,until],…]. */
struct str ring_decisions_write(struct arena *a, const struct ring_decision *d, size_t count);
bool ring_decisions_read(struct arena *a, struct str json, size_t ring, struct ring_decision *out);
/* Why an update of it waits for its ring, without the numbers that only the ring's own page has. */
struct str outlook_ring_why(struct arena *a, const struct outlook *o, const struct patch_outlook *p);

/* An emergency of this host that was announced, or that a vendor's word keeps from being installed. */
bool patch_outlook_urgent(const struct patch_outlook *p);
/* The directive that says all this; times and serial are the caller's. */
bool outlook_directive(struct policy_set *set, const struct outlook *o, struct arena *a, struct directive *out,
		       struct err *e) MUST_CHECK;

#endif
