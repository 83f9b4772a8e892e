/* Canonical JSON (trust/canonical.h). */
#include "trust/canonical.h"

/* Sorted by the bytes of the keys. */
struct member {
	struct str key;
	const struct json *value;
};

static int
member_compare(const void *a, const void *b)
{
	return str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void
write_string(struct str s, struct buf *out)
{
	size_t from = 0;
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '"' && s.ptr[i] != '\\')
			continue;
		buf_add(out, str_sub(s.ptr + from, i - from));
		buf_add_char(out, '\\');
		from = i; /* the character itself goes with the next piece */
	}
	buf_add(out, str_sub(s.ptr + from, s.len - from));
	buf_add_char(out, '"');
}

static bool
write_number(struct str text, struct buf *out, struct err *e)
{
	struct str digits = text.len && text.ptr[0] == '-' ? str_skip(text, 1) : text;
	for (size_t i = 0; i < digits.len; i++)
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return err_set(e, ERR_INPUT, "canonical JSON has whole numbers only, not %.*s", STR_ARG(text));
	buf_add(out, str_eq(text, STR("-0")) ? digits : text);
	return true;
}

static bool
write_object(const struct json *value, struct buf *out, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct member *members = ARENA_ARRAY(&a, struct member, value->count + 1);
	for (size_t i = 0; i < value->count; i++)
		members[i] = (struct member){ value->key[i], &value->item[i] };
	qsort(members, value->count, sizeof(*members), member_compare);
	buf_add_char(out, '{');
	for (size_t i = 0; i < value->count; i++) {
		if (i)
			buf_add_char(out, ',');
		write_string(members[i].key, out);
		buf_add_char(out, ':');
		if (!canonical_write(members[i].value, out, e))
			return false;
	}
	buf_add_char(out, '}');
	return true;
}

static bool
write_array(const struct json *value, struct buf *out, struct err *e)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < value->count; i++) {
		if (i)
			buf_add_char(out, ',');
		if (!canonical_write(&value->item[i], out, e))
			return false;
	}
	buf_add_char(out, ']');
	return true;
}

/* Recursion: the reader has capped the depth. */
bool
canonical_write(const struct json *value, struct buf *out, struct err *e)
{
	switch (value->kind) {
	case JSON_KIND_NULL:
		buf_add(out, STR("null"));
		return true;
	case JSON_KIND_BOOL:
		buf_add(out, value->boolean ? STR("true") : STR("false"));
		return true;
	case JSON_KIND_NUMBER:
		return write_number(value->text, out, e);
	case JSON_KIND_STRING:
		write_string(value->text, out);
		return true;
	case JSON_KIND_ARRAY:
		return write_array(value, out, e);
	case JSON_KIND_OBJECT:
		return write_object(value, out, e);
	}
	return err_set(e, ERR_BUG, "a JSON value of an unknown kind");
}
