/* The turn of one host in the steps of its server system (patch/ring.h: step_due), from what the store knows. */
#ifndef MAMORI_PATCH_STEPS_H
#define MAMORI_PATCH_STEPS_H

#include "patch/policy_set.h"
#include "store/step.h"

/* Silent so long: no step begins. A failure is forgotten after the other time, so that the next night tries again. */
#define STEPS_SILENT_MS (30 * INT64_C(60000))
#define STEPS_FORGET_MS (12 * INT64_C(3600000))

struct step_turn {
	bool member; /* a step is about this host */
	bool turn; /* its updates may go */
	struct str why; /* English, where they may not */
	int64_t state; /* bits of store/step.h */
	int64_t due; /* time alone changes something then; INT64_MAX: nothing known */
	struct str_list stop, start; /* services; never both */
};

/* wants: an approved and released update waits on the host. */
bool step_turn_make(struct policy_set *set, struct arena *a, const struct policy *p, const struct host_facts *h,
		    bool wants, struct step_turn *out, struct err *e) MUST_CHECK;

#endif
