/* What hosts trust of the update metadata, as they told last. */
#ifndef MAMORI_STORE_HOST_METADATA_H
#define MAMORI_STORE_HOST_METADATA_H

#include "store/store.h"

struct host_metadata {
	int64_t timestamp; /* version; 0: nothing was told */
	int64_t expires; /* 0: not complete yet */
	struct str trouble; /* why what came was refused, in English; empty: it was not */
	int64_t at; /* 0: nothing was told */
};
bool host_metadata_get(struct store *st, struct arena *a, struct str host, struct host_metadata *out,
		       struct err *e) MUST_CHECK;
bool host_metadata_put(struct store *st, struct str host, const struct host_metadata *m, struct err *e) MUST_CHECK;

#endif
