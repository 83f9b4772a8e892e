/* Inside the room: suspicion by all that one address shows (suspect.h), in a ClickHouse. */
#ifndef MAMORI_EXPOSURE_CLICKHOUSE_SUSPECT_H
#define MAMORI_EXPOSURE_CLICKHOUSE_SUSPECT_H

#include "exposure/enrich-rules.h"

/* As segments_suspect(). One row of mamori_commit, whose batch is odd, names what was written and what was looked at; without it
 * nothing counts, and the next import looks. */
bool clickhouse_suspect(const char *data, const char *store, const struct enrich_rules *r, uint64_t *banners,
			struct err *e) MUST_CHECK;

#endif
