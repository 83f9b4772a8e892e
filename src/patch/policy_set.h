/* All policies in force, read once for a batch of hosts: parsed, with the lists of days and the time zones they name. */
#ifndef MAMORI_PATCH_POLICY_SET_H
#define MAMORI_PATCH_POLICY_SET_H

#include "plan/calendar.h"
#include "store/fleet_group.h"
#include "store/policy_text.h"

struct policy_set {
	struct arena *arena; /* of the batch */
	struct store *st;
	int64_t now;
	struct policy *policies;
	size_t count;
	struct day_lists lists; /* all, with the Japanese holidays */
	ARRAY_OF(struct zone *) zones; /* read so far */
	ARRAY_OF(struct str) groups; /* every name that a policy may use */
	struct str_list tags, peopled; /* tags that hosts have, groups that have a host; see policy_set_fleet() */
	bool fleet_known;
};

bool policy_set_load(struct store *st, struct arena *a, int64_t now, struct policy_set *out, struct err *e) MUST_CHECK;
/* By name; NULL when this machine does not know it. From a month ago on, for three years. */
const struct zone *policy_set_zone(struct policy_set *s, struct str name);
/* Of a host: the zone it named, this server's own where it named none. */
const struct zone *policy_set_device(struct policy_set *s, const struct host_facts *h);
/* The zones that the windows of a policy name, as a calendar and a directive want them. */
bool policy_set_zones(struct policy_set *s, const struct policy *p, struct arena *a, struct zone **out, size_t *count,
		      struct err *e) MUST_CHECK;
/* The lists of days that its windows name. */
void policy_set_lists(const struct policy_set *s, const struct policy *p, struct arena *a, struct day_lists *out);
const struct policy *policy_set_find(const struct policy_set *s, struct str name);

struct policy_subject policy_subject_of(const struct host_facts *h);
/* The name of the policy whose word about emergencies counts on this host; empty: none has one. */
bool policy_set_emergency(struct store *st, struct arena *a, struct str host, int64_t now, struct str *out,
			  struct err *e) MUST_CHECK;
/* Reads what only the check of a text asks for: which tags and groups machines have. */
bool policy_set_fleet(struct policy_set *s, struct err *e) MUST_CHECK;
/* What a policy's text may refer to. */
struct policy_world policy_world_of(const struct policy_set *s, struct str_list *groups, bool strict);

#endif
