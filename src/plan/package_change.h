/* What changed between two inventories of a host's packages, as patches: what became newer, older, or is gone. What was
 * not there before is no update of it. */
#ifndef MAMORI_PLAN_PACKAGE_CHANGE_H
#define MAMORI_PLAN_PACKAGE_CHANGE_H

#include "os/pkgdb.h"
#include "plan/pkgmgr.h"

struct package_changes {
	struct patch_list newer; /* the patches that came in */
	struct patch_list older; /* by the id of what is not there any more; packages: from that to what is there */
	struct patch_list gone; /* "remove:NAME", one for each source; packages: `to` is what was there */
};

/* Of several versions of one name beside each other (kernels of rpm) nothing is said. Of managers whose versions have no
 * order that we know, nothing at all. In the arena. */
void package_changes(const struct package_list *before, const struct package_list *now, struct arena *a,
		     struct package_changes *out);

#endif
