/* JSON that changes (trust/tuf-tree.h). Members have room for the next power of two, so that adding one by one to a
 * large object costs no more than its size. */
#include "trust/tuf-tree.h"

#include "base/time.h"
#include "trust/canonical.h"

/* Room for one more behind `count` members: grown whenever count is a power of two. */
static void
grow(struct arena *a, struct json *v)
{
	size_t n = v->count;
	if (n & (n - 1))
		return;
	struct json *items = ARENA_ARRAY(a, struct json, n ? 2 * n : 1);
	if (n)
		memcpy(items, v->item, n * sizeof(*items));
	v->item = items;
	if (v->kind != JSON_KIND_OBJECT)
		return;
	struct str *keys = ARENA_ARRAY(a, struct str, n ? 2 * n : 1);
	if (n)
		memcpy(keys, v->key, n * sizeof(*keys));
	v->key = keys;
}

static struct json
thaw(struct arena *a, const struct json *v)
{
	struct json copy = *v;
	copy.count = 0;
	copy.item = NULL;
	copy.key = NULL;
	for (size_t i = 0; i < v->count; i++) { /* recursion: the reader has capped the depth */
		if (v->kind == JSON_KIND_OBJECT)
			tree_add(a, &copy, v->key[i], thaw(a, &v->item[i]));
		else
			tree_push(a, &copy, thaw(a, &v->item[i]));
	}
	return copy;
}

struct json *
tree_thaw(struct arena *a, const struct json *v)
{
	struct json *copy = ARENA_NEW(a, struct json);
	*copy = thaw(a, v);
	return copy;
}

struct json
tree_object(void)
{
	return (struct json){ .kind = JSON_KIND_OBJECT };
}

struct json
tree_array(void)
{
	return (struct json){ .kind = JSON_KIND_ARRAY };
}

struct json
tree_text(struct str s)
{
	return (struct json){ .kind = JSON_KIND_STRING, .text = s };
}

struct json
tree_number(struct arena *a, int64_t n)
{
	return (struct json){ .kind = JSON_KIND_NUMBER, .text = arena_printf(a, "%lld", (long long)n) };
}

struct json
tree_bool(bool b)
{
	return (struct json){ .kind = JSON_KIND_BOOL, .boolean = b };
}

struct json
tree_time(struct arena *a, int64_t ms)
{
	char text[TIME_RFC3339_MAX];
	return tree_text(arena_str(a, str_of(time_rfc3339(ms - ms % 1000, text))));
}

struct json *
tree_get(struct json *object, struct str key)
{
	for (size_t i = 0; object && object->kind == JSON_KIND_OBJECT && i < object->count; i++)
		if (str_eq(object->key[i], key))
			return &object->item[i];
	return NULL;
}

struct json *
tree_add(struct arena *a, struct json *object, struct str key, struct json value)
{
	grow(a, object);
	if (object->kind != JSON_KIND_OBJECT || !object->key)
		abort();
	object->key[object->count] = key;
	object->item[object->count] = value;
	return &object->item[object->count++];
}

struct json *
tree_set(struct arena *a, struct json *object, struct str key, struct json value)
{
	struct json *have = tree_get(object, key);
	if (!have)
		return tree_add(a, object, key, value);
	*have = value;
	return have;
}

bool
tree_remove(struct json *object, struct str key)
{
	struct json *have = tree_get(object, key);
	if (!have)
		return false;
	size_t i = (size_t)(have - object->item), behind = object->count - i - 1;
	memmove(&object->item[i], &object->item[i + 1], behind * sizeof(*object->item));
	memmove(&object->key[i], &object->key[i + 1], behind * sizeof(*object->key));
	object->count--;
	return true;
}

struct json *
tree_push(struct arena *a, struct json *array, struct json value)
{
	grow(a, array);
	array->item[array->count] = value;
	return &array->item[array->count++];
}

void
tree_take_out(struct json *array, size_t i)
{
	memmove(&array->item[i], &array->item[i + 1], (array->count - i - 1) * sizeof(*array->item));
	array->count--;
}

bool
tuf_key_object(struct arena *a, struct str public_pem, struct json *object, struct str *id, struct err *e)
{
	KEY_AUTO k = NULL;
	BUF_AUTO pem = { 0 };
	BUF_AUTO canonical = { 0 };
	char hex[SHA256_HEX_LEN];
	/* Written anew, so that one key has one form and one id. */
	if (!key_public_from_pem(public_pem, &k, e) || !key_public_to_pem(k, &pem, e))
		return false;
	struct json o = tree_object(), value = tree_object();
	tree_add(a, &value, STR("public"), tree_text(arena_str(a, buf_str(&pem))));
	tree_add(a, &o, STR("keytype"), tree_text(STR("ecdsa")));
	tree_add(a, &o, STR("keyval"), value);
	tree_add(a, &o, STR("scheme"), tree_text(STR("ecdsa-sha2-nistp256")));
	if (!canonical_write(&o, &canonical, e))
		return false;
	sha256_hex(buf_str(&canonical), hex);
	*object = o;
	*id = arena_str(a, str_of(hex));
	return true;
}
