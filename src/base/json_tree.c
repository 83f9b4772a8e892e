/* The small tree: built without recursion, so the caller's depth limit is the only one. */
#include "base/json.h"

#include "base/json_place.h"
#include "base/table.h"

struct node {
	struct json value;
	struct str key;
};

/* An object or array that is still open. */
struct frame {
	enum json_kind kind;
	size_t first; /* its members are the nodes from here */
	struct str key; /* its own */
};

struct builder {
	struct arena *out;
	struct arena node_memory, frame_memory; /* apart: each array can then grow in place */
	ARRAY_OF(struct node) nodes;
	ARRAY_OF(struct frame) frames;
	struct str key; /* just read */
	size_t left; /* values that the tree may still have */
};

static void
builder_free(struct builder *b)
{
	arena_free(&b->node_memory);
	arena_free(&b->frame_memory);
}

static void
builder_add(struct builder *b, struct json value)
{
	*ARRAY_PUSH(&b->node_memory, &b->nodes) = (struct node){ value, b->key };
	b->key = STR_NONE;
}

/* The key that an object has twice, or STR_NONE. */
static struct str
find_duplicate(const struct str *keys, size_t count)
{
	TABLE_AUTO seen = { 0 };
	bool added;

	if (count <= 8) {
		for (size_t i = 1; i < count; i++)
			for (size_t k = 0; k < i; k++)
				if (str_eq(keys[i], keys[k]))
					return keys[i];
		return STR_NONE;
	}
	for (size_t i = 0; i < count; i++) {
		table_put(&seen, keys[i], &added);
		if (!added)
			return keys[i];
	}
	return STR_NONE;
}

/* Makes the newest open object or array a value of its parent. */
static bool
builder_close(struct builder *b, const struct json_reader *r, struct err *e)
{
	struct frame f = b->frames.items[--b->frames.count];
	struct json v = { .kind = f.kind, .count = b->nodes.count - f.first };
	struct json_place at;
	struct str twice;

	v.item = ARENA_ARRAY(b->out, struct json, v.count);
	for (size_t i = 0; i < v.count; i++)
		v.item[i] = b->nodes.items[f.first + i].value;
	if (f.kind == JSON_KIND_OBJECT) {
		v.key = ARENA_ARRAY(b->out, struct str, v.count);
		for (size_t i = 0; i < v.count; i++)
			v.key[i] = b->nodes.items[f.first + i].key;
		twice = find_duplicate(v.key, v.count);
		if (twice.ptr) {
			at = json_place(r);
			return err_set(e, ERR_INPUT, "line %llu, column %llu: the key \"%.*s\" is there twice", at.line,
				       at.column, STR_ARG(twice));
		}
	}
	b->nodes.count = f.first;
	b->key = f.key;
	builder_add(b, v);
	return true;
}

static bool
builder_take(struct builder *b, struct json_reader *r, enum json_token t, struct err *e)
{
	struct json v = { .kind = JSON_KIND_NULL };

	bool begins = t == JSON_OBJECT || t == JSON_ARRAY || t == JSON_STRING || t == JSON_NUMBER || t == JSON_TRUE ||
		      t == JSON_FALSE || t == JSON_NULL;
	/* "[0,0,0,…" of 16 MB would be a tree of a gigabyte. */
	if (begins && b->left-- == 0)
		return err_set(e, ERR_TOO_LARGE, "the document has more than %zu values, more than are accepted here",
			       json_values_max(r));
	switch (t) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		*ARRAY_PUSH(&b->frame_memory, &b->frames) =
			(struct frame){ t == JSON_OBJECT ? JSON_KIND_OBJECT : JSON_KIND_ARRAY, b->nodes.count, b->key };
		b->key = STR_NONE;
		return true;
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		return builder_close(b, r, e);
	case JSON_KEY:
		b->key = arena_str(b->out, json_text(r));
		return true;
	case JSON_STRING:
	case JSON_NUMBER:
		v.kind = t == JSON_STRING ? JSON_KIND_STRING : JSON_KIND_NUMBER;
		v.text = arena_str(b->out, json_text(r));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		v.kind = JSON_KIND_BOOL;
		v.boolean = t == JSON_TRUE;
		break;
	case JSON_NULL:
		break;
	case JSON_ERROR:
	case JSON_DONE:
		json_error(r, e);
		return false;
	}
	builder_add(b, v);
	return true;
}

bool
json_parse_value(struct arena *a, struct json_reader *r, enum json_token t, struct json **out, struct err *e)
{
	__attribute__((cleanup(builder_free))) struct builder b = { .out = a, .left = json_values_max(r) };

	if (t == JSON_KEY || t == JSON_OBJECT_END || t == JSON_ARRAY_END)
		return err_set(e, ERR_BUG, "a JSON value was to be read where none starts");
	for (;; t = json_next(r)) {
		if (!builder_take(&b, r, t, e))
			return false;
		if (b.frames.count == 0)
			break;
	}
	*out = ARENA_NEW(a, struct json);
	**out = b.nodes.items[0].value;
	return true;
}

bool
json_parse(struct arena *a, struct str text, const struct json_limits *limits, struct json **out, struct err *e)
{
	JSON_READER_AUTO r = json_reader_mem(text, limits);
	struct json *value;

	if (!json_parse_value(a, r, json_next(r), &value, e))
		return false;
	if (json_next(r) != JSON_DONE)
		return json_error(r, e);
	*out = value;
	return true;
}

const struct json *
json_get(const struct json *object, const char *key)
{
	struct str wanted = str_of(key);

	if (!object || object->kind != JSON_KIND_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->count; i++)
		if (str_eq(object->key[i], wanted))
			return &object->item[i];
	return NULL;
}

static const struct json *
get_kind(const struct json *object, const char *key, enum json_kind kind)
{
	const struct json *v = json_get(object, key);

	return v && v->kind == kind ? v : NULL;
}

struct str
json_get_str(const struct json *object, const char *key)
{
	const struct json *v = get_kind(object, key, JSON_KIND_STRING);

	return v ? v->text : STR_NONE;
}

bool
json_get_bool(const struct json *object, const char *key, bool otherwise)
{
	const struct json *v = get_kind(object, key, JSON_KIND_BOOL);

	return v ? v->boolean : otherwise;
}

int64_t
json_get_i64(const struct json *object, const char *key, int64_t otherwise)
{
	const struct json *v = get_kind(object, key, JSON_KIND_NUMBER);
	int64_t n;
	double d;

	if (!v)
		return otherwise;
	if (str_to_i64(v->text, &n))
		return n;
	/* 1.0 and 1e3 are whole numbers too, where a double is exact. */
	if (str_to_double(v->text, &d) && d >= -9007199254740992.0 && d <= 9007199254740992.0 &&
	    (double)(int64_t)d == d)
		return (int64_t)d;
	return otherwise;
}

double
json_get_double(const struct json *object, const char *key, double otherwise)
{
	const struct json *v = get_kind(object, key, JSON_KIND_NUMBER);
	double d;

	return v && str_to_double(v->text, &d) ? d : otherwise;
}

const struct json *
json_get_array(const struct json *object, const char *key, size_t *count)
{
	const struct json *v = get_kind(object, key, JSON_KIND_ARRAY);

	*count = v ? v->count : 0;
	return v && v->count ? v->item : NULL;
}
