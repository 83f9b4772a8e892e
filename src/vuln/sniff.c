#include "vuln/sniff.h"

#include "base/json.h"

#define HEAD (256u << 10)

static void
note_key(const struct json_reader *r, struct arena *a, struct str keys[SNIFF_KEYS], size_t *count)
{
	if (*count < SNIFF_KEYS)
		keys[(*count)++] = arena_str(a, json_text(r));
}

/* Keys of the first object and of the first object inside it. The head may be cut anywhere: an error is its end. */
static void
note_keys(struct json_reader *r, struct arena *a, struct sniff *out)
{
	unsigned depth = 0, outer = 0, inner = 0;
	bool inner_done = false;
	for (;;) {
		enum json_token t = json_next(r);
		if (t == JSON_ERROR || t == JSON_DONE)
			return;
		if (t == JSON_OBJECT || t == JSON_ARRAY)
			depth++;
		if (t == JSON_OBJECT && !outer)
			outer = depth;
		else if (t == JSON_OBJECT && !inner && !inner_done)
			inner = depth;
		if (t == JSON_KEY && depth == outer)
			note_key(r, a, out->keys, &out->key_count);
		else if (t == JSON_KEY && inner && depth == inner)
			note_key(r, a, out->inner, &out->inner_count);
		if (t != JSON_OBJECT_END && t != JSON_ARRAY_END)
			continue;
		if (depth == inner) {
			inner = 0;
			inner_done = true;
		}
		if (depth == outer)
			return;
		depth--;
	}
}

/* One of the head's whole lines is a JSON object by itself: then each line is a record, good or bad. */
static bool
is_lines(struct str head)
{
	struct str line;
	for (int i = 0; i < 8 && str_find_char(head, '\n') >= 0 && str_line(&head, &line); i++) {
		if (line.len < 2 || line.ptr[0] != '{')
			continue;
		JSON_READER_AUTO r = json_reader_mem(line, NULL);
		enum json_token t = json_next(r);
		if (t == JSON_OBJECT && json_skip(r) && json_next(r) == JSON_DONE)
			return true;
	}
	return false;
}

bool
sniff_input(struct input *in, struct arena *a, struct sniff *out, struct err *e)
{
	*out = (struct sniff){ .shape = SNIFF_TEXT };
	if (!input_peek(in, HEAD, &out->head, e))
		return false;
	struct str text = str_trim(out->head);
	if (str_starts(text, STR("\xef\xbb\xbf"))) /* byte order mark */
		text = str_trim(str_skip(text, 3));
	if (text.len == 0 || (text.ptr[0] != '{' && text.ptr[0] != '['))
		return true;
	/* "[21 Aug 2026] DSA-…" begins with a bracket, too. */
	if (text.ptr[0] == '[') {
		struct str inside = str_trim(str_skip(text, 1));
		if (inside.len == 0 || (inside.ptr[0] != '{' && inside.ptr[0] != '[' && inside.ptr[0] != ']'))
			return true;
		out->shape = SNIFF_ARRAY;
	} else {
		out->shape = is_lines(out->head) ? SNIFF_LINES : SNIFF_OBJECT;
	}
	JSON_READER_AUTO r = json_reader_mem(text, NULL);
	json_reader_sequence(r);
	note_keys(r, a, out);
	return true;
}

bool
sniff_has(const struct sniff *s, const char *key)
{
	for (size_t i = 0; i < s->key_count; i++)
		if (str_eq(s->keys[i], str_of(key)))
			return true;
	return false;
}

bool
sniff_inner_has(const struct sniff *s, const char *key)
{
	for (size_t i = 0; i < s->inner_count; i++)
		if (str_eq(s->inner[i], str_of(key)))
			return true;
	return false;
}
