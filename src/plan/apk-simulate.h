/* apk's simulation (private to the room). */
#ifndef MAMORI_PLAN_APK_SIMULATE_H
#define MAMORI_PLAN_APK_SIMULATE_H

#include "os/pkgdb.h"
#include "plan/group.h"

/* Lines "(1/5) Upgrading musl (1.2.4-r1 -> 1.2.4-r2)" and "(2/5) Installing x (1.0-r0)". The source is the
 * origin of the installed package. At most 100,000. */
bool apk_parse_simulation(struct str text, const struct package_list *installed, struct arena *a,
			  struct update_list *out, struct err *e) MUST_CHECK;

#endif
