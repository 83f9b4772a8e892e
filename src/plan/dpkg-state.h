/* What dpkg's status says beside the installed packages: holds, and work left half done (private to the room). */
#ifndef MAMORI_PLAN_DPKG_STATE_H
#define MAMORI_PLAN_DPKG_STATE_H

#include "base/arena.h"

struct dpkg_state {
	ARRAY_OF(struct str) held; /* names, sorted */
	ARRAY_OF(struct str) unfinished; /* "name (half-configured)" */
	ARRAY_OF(struct str) half_installed; /* names: some of their files may be missing */
	bool journal; /* changes that dpkg had no time to write into its status file */
};

bool dpkg_state_read(const char *root, struct arena *a, struct dpkg_state *out, struct err *e) MUST_CHECK;
bool dpkg_state_held(const struct dpkg_state *s, struct str name);

#endif
