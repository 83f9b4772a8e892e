/* Groups beside a host's department: made by hand or by rule; and what else policies ask of a host: tags, role, site,
 * redundancy group. */
#ifndef MAMORI_STORE_FLEET_GROUP_H
#define MAMORI_STORE_FLEET_GROUP_H

#include "store/store.h"

struct fleet_group {
	struct str name, rule, by; /* rule: JSON; ptr NULL: by hand */
	int64_t at;
	int64_t hosts; /* read only */
};

bool fleet_group_put(struct store *st, const struct fleet_group *g, struct err *e) MUST_CHECK;
bool fleet_group_get(struct store *st, struct arena *a, struct str name, struct fleet_group *out,
		     struct err *e) MUST_CHECK;
bool fleet_group_delete(struct store *st, struct str name, struct err *e) MUST_CHECK;
bool fleet_group_list(struct store *st, struct arena *a, struct fleet_group **out, size_t *count,
		      struct err *e) MUST_CHECK;
/* by_rule: only rows of that kind are touched. */
bool fleet_member_add(struct store *st, struct str group, struct str host, bool by_rule, struct err *e) MUST_CHECK;
bool fleet_member_remove(struct store *st, struct str group, struct str host, bool by_rule, struct err *e) MUST_CHECK;
/* The group became one by rule, or one by hand: its members are of that kind from now on. */
bool fleet_members_turn(struct store *st, struct str group, bool by_rule, struct err *e) MUST_CHECK;
bool fleet_members(struct store *st, struct arena *a, struct str group, struct str **hosts, size_t *count,
		   struct err *e) MUST_CHECK;
/* Every name that a policy may use: departments and groups. */
bool group_names(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e) MUST_CHECK;

/* Tags that active hosts have; departments and groups that have an active host. */
bool tag_names(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e) MUST_CHECK;
bool peopled_groups(struct store *st, struct arena *a, struct str **names, size_t *count, struct err *e) MUST_CHECK;

/* What policies ask of a host. Lists of the host's groups (its department first) and tags. */
struct host_facts {
	struct str id, name, group, os, role, site, redundancy, timezone, addresses; /* ptr NULL: none */
	struct str *groups, *tags;
	size_t group_count, tag_count;
	int64_t last_seen;
	bool active, exposed;
	struct str role_guess, role_guess_why; /* counts where role is none */
};
bool host_facts_get(struct store *st, struct arena *a, struct str host, struct host_facts *out,
		    struct err *e) MUST_CHECK;
/* NULL pointers leave a text as it is, an empty text takes it away. */
bool host_set_traits(struct store *st, struct str host, struct str role, struct str site, struct str redundancy,
		     struct err *e) MUST_CHECK;
/* What it looks like (ptr NULL: like nothing that matters), and what speaks for it. */
bool host_set_role_guess(struct store *st, struct str host, struct str role, struct str why, struct err *e) MUST_CHECK;
struct guessed_host {
	struct str id, name, group, why; /* group.ptr NULL: none */
};
/* Active hosts without a role of their own that look like this one. */
bool hosts_guessed(struct store *st, struct arena *a, struct str role, int64_t max, struct guessed_host **out,
		   size_t *count, struct err *e) MUST_CHECK;
bool host_set_timezone(struct store *st, struct str host, struct str zone, struct err *e) MUST_CHECK;
bool host_set_tags(struct store *st, struct str host, const struct str *tags, size_t count, struct err *e) MUST_CHECK;

struct redundancy_member {
	struct str group, host, name;
	int64_t last_seen;
};
/* Members of one redundancy group, or of all of them when group is empty. */
bool redundancy_members(struct store *st, struct arena *a, struct str group, struct redundancy_member **out,
			size_t *count, struct err *e) MUST_CHECK;

#endif
