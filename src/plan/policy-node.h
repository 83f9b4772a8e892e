/* The tree between a policy's text and its schema: values with the place where each was written (private to plan and
 * plan_yaml). */
#ifndef MAMORI_PLAN_POLICY_NODE_H
#define MAMORI_PLAN_POLICY_NODE_H

#include "plan/policy.h"

enum policy_node_kind { POLICY_NODE_NULL, POLICY_NODE_SCALAR, POLICY_NODE_LIST, POLICY_NODE_MAP };

struct policy_name {
	struct str text;
	unsigned line, column;
};

struct policy_node {
	enum policy_node_kind kind;
	unsigned line, column; /* from 1; 0 unknown */
	struct str text; /* scalar, as written */
	size_t count; /* members of a list or map */
	struct policy_node *item;
	struct policy_name *key; /* maps only */
};

enum { POLICY_NODE_DEPTH = 16, POLICY_NODE_MAX = 100000, POLICY_TEXT_MAX = 1024 * 1024, POLICY_REMARKS_MAX = 100 };

/* One remark more; fmt has been looked up with tr() already. After POLICY_REMARKS_MAX the rest is dropped. */
void policy_remark_add(struct arena *a, struct policy_remarks *remarks, bool warning, unsigned line, unsigned column,
		       const char *fmt, ...) PRINTF_LIKE(6, 7);

/* What is only wrong when the whole is read (policy-check.c). */
void policy_check(struct arena *a, const struct policy_node *n, const struct policy_world *world,
		  const struct policy *p, struct policy_remarks *remarks);

#endif
