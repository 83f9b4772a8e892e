#include "plan/policy-yaml.h"

#include "base/tr.h"
#include "base/utf8.h"
#include "plan/policy-node.h"

#include <yaml.h>

struct yaml_reading {
	yaml_parser_t parser;
	struct arena *a;
	struct policy_remarks *remarks;
	struct str text;
	size_t nodes;
};

static void
parser_cleanup(struct yaml_reading *y)
{
	yaml_parser_delete(&y->parser);
}

static void
event_cleanup(yaml_event_t *e)
{
	yaml_event_delete(e);
}
#define EVENT_AUTO __attribute__((cleanup(event_cleanup))) yaml_event_t

static bool
yaml_wrong(struct yaml_reading *y, const yaml_mark_t *at, const char *text)
{
	policy_remark_add(y->a, y->remarks, false, (unsigned)at->line + 1, (unsigned)at->column + 1, "%s", text);
	return false;
}

/* What is no text at all has an offset only; editors count lines and characters. */
static bool
reader_wrong(struct yaml_reading *y)
{
	size_t bad = y->parser.problem_offset < y->text.len ? y->parser.problem_offset : y->text.len;
	yaml_mark_t at = { .index = bad };

	/* The reader names the byte at which a sequence breaks off, people see where it begins. */
	for (size_t i = 0, n; i < bad; i += n) {
		n = utf8_sequence(y->text.ptr + i, y->text.len - i);
		if (n == 0)
			bad = i;
	}
	for (size_t i = 0; i < bad; i++) {
		unsigned char c = (unsigned char)y->text.ptr[i];
		at.line += c == '\n';
		at.column = c == '\n' ? 0 : at.column + ((c & 0xc0) != 0x80);
	}
	if (bad < y->text.len && y->text.ptr[bad] == '\0')
		return yaml_wrong(y, &at, tr("a NUL byte is here: the file is damaged, or no text"));
	return yaml_wrong(y, &at, tr("bytes that are no UTF-8 text are here; save the file as UTF-8"));
}

static bool
event_next(struct yaml_reading *y, yaml_event_t *event)
{
	const yaml_parser_t *p = &y->parser;

	if (yaml_parser_parse(&y->parser, event))
		return true;
	memset(event, 0, sizeof(*event));
	if (p->error == YAML_READER_ERROR)
		return reader_wrong(y);
	policy_remark_add(y->a, y->remarks, false, (unsigned)p->problem_mark.line + 1,
			  (unsigned)p->problem_mark.column + 1,
			  tr("this is no YAML: %s; look at the line and the one before"),
			  p->problem ? p->problem : tr("bytes that are no text"));
	return false;
}

static bool node_read(struct yaml_reading *y, yaml_event_t *event, unsigned depth, struct policy_node *out);

static bool
node_new(struct yaml_reading *y, const yaml_event_t *event, enum policy_node_kind kind, struct policy_node *out)
{
	*out = (struct policy_node){ .kind = kind,
				     .line = (unsigned)event->start_mark.line + 1,
				     .column = (unsigned)event->start_mark.column + 1 };
	if (++y->nodes > POLICY_NODE_MAX)
		return yaml_wrong(y, &event->start_mark, tr("the policy has more than 100,000 values"));
	return true;
}

static bool
scalar_read(struct yaml_reading *y, const yaml_event_t *event, struct policy_node *out)
{
	struct str s = str_sub((const char *)event->data.scalar.value, event->data.scalar.length);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (!node_new(y, event, POLICY_NODE_SCALAR, out))
		return false;
	out->text = arena_str(y->a, s);
	if (plain && (s.len == 0 || str_eq(s, STR("~")) || str_eq(s, STR("null"))))
		out->kind = POLICY_NODE_NULL;
	return true;
}

static bool
list_read(struct yaml_reading *y, unsigned depth, struct policy_node *out)
{
	ARRAY_OF(struct policy_node) items = { 0 };

	for (;;) {
		EVENT_AUTO event = { 0 };
		struct policy_node one;
		if (!event_next(y, &event))
			return false;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (!node_read(y, &event, depth, &one))
			return false;
		*ARRAY_PUSH(y->a, &items) = one;
	}
	out->item = items.items;
	out->count = items.count;
	return true;
}

/* A key of a map: text, and the only one of its name. */
static bool
key_read(struct yaml_reading *y, const yaml_event_t *event, const struct policy_name *before, size_t count,
	 struct policy_name *out)
{
	if (event->type != YAML_SCALAR_EVENT)
		return yaml_wrong(y, &event->start_mark, tr("a key is to be a word"));
	*out = (struct policy_name){ .line = (unsigned)event->start_mark.line + 1,
				     .column = (unsigned)event->start_mark.column + 1 };
	out->text = arena_str(y->a, str_sub((const char *)event->data.scalar.value, event->data.scalar.length));
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(before[i].text, out->text))
			continue;
		policy_remark_add(y->a, y->remarks, false, out->line, out->column,
				  tr("the key “%.*s” is here for the second time; the first is in line %u"),
				  STR_ARG(arena_line(y->a, out->text, 60)), before[i].line);
		return false;
	}
	return true;
}

static bool
map_read(struct yaml_reading *y, unsigned depth, struct policy_node *out)
{
	enum { KEYS_MAX = 200 }; /* more than any map of the schema has; looking for duplicates stays cheap */
	ARRAY_OF(struct policy_node) items = { 0 };
	ARRAY_OF(struct policy_name) keys = { 0 };

	for (;;) {
		EVENT_AUTO key = { 0 };
		EVENT_AUTO value = { 0 };
		struct policy_node one;
		struct policy_name name;
		if (!event_next(y, &key))
			return false;
		if (key.type == YAML_MAPPING_END_EVENT)
			break;
		if (keys.count == KEYS_MAX)
			return yaml_wrong(y, &key.start_mark, tr("too many keys in one place"));
		if (!key_read(y, &key, keys.items, keys.count, &name) || !event_next(y, &value) ||
		    !node_read(y, &value, depth, &one))
			return false;
		*ARRAY_PUSH(y->a, &keys) = name;
		*ARRAY_PUSH(y->a, &items) = one;
	}
	out->item = items.items;
	out->key = keys.items;
	out->count = items.count;
	return true;
}

static bool
node_read(struct yaml_reading *y, yaml_event_t *event, unsigned depth, struct policy_node *out)
{
	if (depth >= POLICY_NODE_DEPTH)
		return yaml_wrong(y, &event->start_mark, tr("the policy is nested too deeply"));
	if (event->type == YAML_SCALAR_EVENT)
		return scalar_read(y, event, out);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return node_new(y, event, POLICY_NODE_LIST, out) && list_read(y, depth + 1, out);
	if (event->type == YAML_MAPPING_START_EVENT)
		return node_new(y, event, POLICY_NODE_MAP, out) && map_read(y, depth + 1, out);
	/* An alias could make a small file a huge tree. */
	return yaml_wrong(y, &event->start_mark, tr("aliases (*name) are not taken; write the value again"));
}

/* Exactly one document. */
static bool
document_read(struct yaml_reading *y, struct policy_node *root)
{
	for (bool had = false;;) {
		EVENT_AUTO event = { 0 };
		if (!event_next(y, &event))
			return false;
		if (event.type == YAML_STREAM_END_EVENT) {
			if (!had)
				return yaml_wrong(y, &event.start_mark,
						  tr("this is no policy: it is to begin with policy: NAME"));
			return true;
		}
		if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT ||
		    event.type == YAML_DOCUMENT_END_EVENT)
			continue;
		if (had)
			return yaml_wrong(y, &event.start_mark, tr("one file holds one policy; divide it at ---"));
		if (!node_read(y, &event, 0, root))
			return false;
		had = true;
	}
}

bool
policy_from_yaml(struct arena *a, struct str yaml, const struct policy_world *world, struct policy *out,
		 struct policy_remarks *remarks)
{
	__attribute__((cleanup(parser_cleanup))) struct yaml_reading y = { .a = a, .remarks = remarks, .text = yaml };
	const yaml_mark_t top = { 0 };
	struct policy_node root;

	if (!yaml_parser_initialize(&y.parser))
		abort(); /* out of memory */
	if (yaml.len > POLICY_TEXT_MAX)
		return yaml_wrong(&y, &top, tr("the policy is larger than 1 MiB"));
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y.parser, (const unsigned char *)yaml.ptr, yaml.len);
	return document_read(&y, &root) && policy_from_node(a, &root, world, out, remarks);
}
