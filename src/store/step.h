/* What the hosts of a server system know of each other, and how long updates take by model of machine. */
#ifndef MAMORI_STORE_STEP_H
#define MAMORI_STORE_STEP_H

#include "store/store.h"

enum {
	STEP_WANTS = 1, /* an approved and released update waits on it */
	STEP_BUSY = 2, /* one runs, or waits for its reboot */
	STEP_FAILED = 4, /* one failed lately */
	STEP_STOPPED = 8, /* its services are stopped for the others */
	STEP_UNHEALTHY = 16,
};

struct step_member {
	struct str host;
	int64_t state; /* bits of above */
	int64_t last_seen, backup_at;
};
/* Active hosts of a group (department or group) whose policy has steps about them. */
bool step_members(struct store *st, struct arena *a, struct str group, struct step_member **out, size_t *count,
		  struct err *e) MUST_CHECK;
/* STEP_BUSY and STEP_FAILED of a host; *oldest_failure: the first one after failed_after, 0 none. */
bool step_patches(struct store *st, struct str host, int64_t failed_after, int64_t *state, int64_t *oldest_failure,
		  struct err *e) MUST_CHECK;

bool host_set_backup(struct store *st, struct str host, int64_t at, struct err *e) MUST_CHECK;
/* What the host itself saw: counts where it is newer than what is known. */
bool host_saw_backup(struct store *st, struct str host, int64_t at, struct err *e) MUST_CHECK;
bool host_backup(struct store *st, struct str host, int64_t *at, struct err *e) MUST_CHECK;

bool host_set_model(struct store *st, struct str host, struct str model, struct err *e) MUST_CHECK;
struct model_time {
	int64_t install_ms, reboot_ms; /* 0: unknown */
};
/* Of a host's model. */
bool model_time_get(struct store *st, struct str host, struct model_time *out, struct err *e) MUST_CHECK;
/* From what hosts report: per model the 90th percentile of what its hosts learned, followed slowly. *changed: models whose
 * times moved by more than a tenth; the directives of their hosts are then due. */
bool model_times_learn(struct store *st, struct arena *a, int64_t *changed, struct err *e) MUST_CHECK;

#endif
