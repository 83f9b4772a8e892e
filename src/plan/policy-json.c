/* A policy as JSON: the same keys, the same schema. */
#include "plan/policy-node.h"

static void
node_make(struct arena *a, const struct json *j, struct policy_node *n)
{
	*n = (struct policy_node){ .kind = POLICY_NODE_SCALAR, .text = j->text };
	switch (j->kind) {
	case JSON_KIND_NULL:
		n->kind = POLICY_NODE_NULL;
		return;
	case JSON_KIND_BOOL:
		n->text = j->boolean ? STR("true") : STR("false");
		return;
	case JSON_KIND_NUMBER:
	case JSON_KIND_STRING:
		return;
	case JSON_KIND_ARRAY:
	case JSON_KIND_OBJECT:
		break;
	}
	n->kind = j->kind == JSON_KIND_ARRAY ? POLICY_NODE_LIST : POLICY_NODE_MAP;
	n->count = j->count;
	n->item = ARENA_ARRAY(a, struct policy_node, j->count + 1);
	n->key = ARENA_ARRAY(a, struct policy_name, j->count + 1);
	for (size_t i = 0; i < j->count; i++) {
		node_make(a, &j->item[i], &n->item[i]);
		if (j->kind == JSON_KIND_OBJECT)
			n->key[i].text = j->key[i];
	}
}

bool
policy_from_json(struct arena *a, const struct json *j, struct policy *out, struct err *e)
{
	struct policy_remarks remarks = { 0 };
	struct policy_node root;

	if (!j)
		return err_set(e, ERR_INPUT, "this is no policy: it is to begin with policy: NAME");
	node_make(a, j, &root);
	if (policy_from_node(a, &root, NULL, out, &remarks))
		return true;
	for (size_t i = 0; i < remarks.items.count; i++) {
		if (!remarks.items.items[i].warning) {
			err_set(e, ERR_INPUT, "%.*s", STR_ARG(remarks.items.items[i].text));
			break;
		}
	}
	return false;
}
