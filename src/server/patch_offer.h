/* Which pending update of a host brings a fixed version: looked up, not searched. Private to server. */
#ifndef MAMORI_SERVER_PATCH_OFFER_H
#define MAMORI_SERVER_PATCH_OFFER_H

#include "base/table.h"
#include "plan/pkgmgr.h"
#include "version/version.h"

struct patch_offers {
	struct arena arena;
	const struct patch_list *plan;
	const struct version_scheme *scheme;
	struct table sources, packages; /* name to its offers, each of a higher version than those before it */
};

void patch_offers_init(struct patch_offers *o, const struct patch_list *plan, const struct version_scheme *scheme);
void patch_offers_free(struct patch_offers *o);
#define PATCH_OFFERS_AUTO __attribute__((cleanup(patch_offers_free))) struct patch_offers

/* The first update in the plan's order that holds this version or a later one, of the same source or with the package
 * itself (a new kernel is another package of the same source); STR_NONE when there is none. */
struct str patch_offers_find(const struct patch_offers *o, struct str source, struct str package, struct str fixed);

#endif
