/* The installer: a process in a session of its own that applies one order's patches and writes down what came of
 * it. It outlives the agent; its lock says whether it lives. */
#ifndef MAMORI_AGENT_INSTALLER_H
#define MAMORI_AGENT_INSTALLER_H

#include "agent/order.h"

/* What one patch of an order ended as. */
struct ending {
	struct str patch;
	enum apply_outcome outcome;
	struct str why, words;
};

struct outcome {
	int64_t finished;
	ARRAY_OF(struct ending) endings;
};

/* Starts it; its lock is held from before this returns until it ends. */
bool installer_start(struct session *s, const struct order_taken *t, struct err *e) MUST_CHECK;
/* True when it ended (or was never started); false when it still runs after ms. */
bool installer_wait(struct session *s, struct str order, unsigned ms);
/* What it wrote; false without an error (*out untouched) when it wrote nothing. */
bool installer_outcome(struct session *s, struct str order, struct outcome *out, bool *there, struct err *e) MUST_CHECK;
/* It died without a word: brings the package manager in order and reads from the package database what happened.
 * Never installs. ERR_BUSY: somebody else holds the package manager, ask again later. */
bool installer_interrupted(struct session *s, const struct order_taken *t, struct outcome *out,
			   struct err *e) MUST_CHECK;

#endif
