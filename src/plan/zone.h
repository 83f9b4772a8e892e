/* Time zones as lists of UTC transitions, so that a host computes its slots without a zone database (Windows has no
 * IANA zones): the server reads them (RFC 8536), the signed policy carries them. */
#ifndef MAMORI_PLAN_ZONE_H
#define MAMORI_PLAN_ZONE_H

#include "base/arena.h"
#include "base/json.h"

struct zone_transition {
	int64_t at; /* UTC, from then on: */
	int32_t offset; /* seconds east of UTC */
};

struct zone {
	struct str name; /* "Asia/Tokyo" */
	int32_t offset; /* before the first transition */
	ARRAY_OF(struct zone_transition) transitions; /* sorted */
};

/* NAME below folder (NULL: /usr/share/zoneinfo), the rule at the file's end expanded up to `until`. ERR_NOT_FOUND names
 * the zone; a name that leaves the folder is ERR_INPUT. */
bool zone_load(const char *folder, struct str name, int64_t until, struct arena *a, struct zone *out,
	       struct err *e) MUST_CHECK;
bool zone_parse(struct arena *a, struct str name, struct str tzif, int64_t until, struct zone *out,
		struct err *e) MUST_CHECK;
/* This machine's own: /etc/localtime below root; UTC when there is none. */
void zone_device(const char *root, int64_t until, struct arena *a, struct zone *out);

int32_t zone_offset(const struct zone *z, int64_t utc);
/* Wall-clock milliseconds (as if UTC) to an instant: a time in a gap is the first valid minute after it, a repeated
 * time its first occurrence. */
int64_t zone_instant(const struct zone *z, int64_t local);
static inline int64_t
zone_local(const struct zone *z, int64_t utc)
{
	return utc + zone_offset(z, utc) * 1000LL;
}

/* {"name","offset","transitions":[[at_ms,offset],…]} */
void zone_write(const struct zone *z, int64_t from, int64_t until, struct json_writer *w);
bool zone_read(struct arena *a, const struct json *j, struct zone *out, struct err *e) MUST_CHECK;

#endif
