/* Where every update of a host stands, in one word and one sentence: computed by the code that makes it happen. */
#ifndef MAMORI_PATCH_LIFE_H
#define MAMORI_PATCH_LIFE_H

#include "patch/outlook.h"
#include "plan/mitigate.h"
#include "plan/slot.h"

struct host_life {
	struct arena *arena;
	struct outlook outlook;
	struct directive directive; /* of the outlook, unsigned */
	struct slot_decision slot; /* what the slot machine would do there now */
	struct str slot_why; /* its sentence: the host's own words where it obeys this very directive */
	struct slot_report report;
	struct mitigate_list mitigations; /* of its emergencies: as it told, else as it will do */
	bool own_words;
	int64_t interval, now;
};

/* interval: of check-ins, milliseconds. */
bool host_life_make(struct policy_set *set, struct arena *a, struct str host, int64_t interval, struct host_life *out,
		    struct err *e) MUST_CHECK;

/* When a machine is surely back from this slot: by the policy's ready-by, else a restart may begin until its end and takes
 * as long as was learned (reboot_ms, 0 unknown). On the full five minutes, for people. */
int64_t slot_back_by(const struct policy *p, const struct slot *s, int64_t reboot_ms);

/* installed, installed-pending-reboot, missing, queued, running, waiting-approval, waiting-vendor, waiting-ring,
 * waiting-window, held, vendor-forbidden, mitigated, failed, withdrawn, kept-back, not-applicable */
struct life {
	const char *state;
	struct str why;
	int64_t next; /* when the next thing happens by itself; 0: unknown, or somebody must act */
};
void life_of(const struct host_life *h, const struct host_patch *row, struct life *out);

#endif
