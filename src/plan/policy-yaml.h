/* YAML (libyaml) to the tree that policy_from_node() reads, with caps: 1 MiB, depth 16, 100,000 nodes, no aliases. A room
 * library of its own (plan_yaml_dep), so that the agent does not link libyaml. */
#ifndef MAMORI_PLAN_POLICY_YAML_H
#define MAMORI_PLAN_POLICY_YAML_H

#include "plan/policy.h"

bool policy_from_yaml(struct arena *a, struct str yaml, const struct policy_world *world, struct policy *out,
		      struct policy_remarks *remarks);

#endif
